#!/bin/sh
# Installs the engines that the tests drive, where they are missing: Kubo (built with Go), Chromium and curl
# (from the distribution, when we may). What cannot be had is said; the tests then say what they need.
set -eu
cd "$(dirname "$0")/.."
scripts/kubo.sh || echo "engines: Kubo could not be built; tests marked kubo will fail" >&2
for program in chromium curl; do
    if ! command -v "$program" >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$program") >/dev/null 2>&1 ||
            echo "engines: $program could not be installed; tests that need it will fail" >&2
    fi
done
