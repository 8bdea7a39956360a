#!/bin/sh
# Fails if a generated file differs from what is staged or committed, or is new: `git diff` alone does not see
# files that git does not know yet. Arguments: the paths of generated files.
set -eu
cd "$(dirname "$0")/.."
new=$(git ls-files --others --exclude-standard -- "$@")
if [ -n "$new" ]; then
    echo "Generated, but not in git; add them:" >&2
    echo "$new" >&2
    exit 1
fi
git --no-pager diff --exit-code -- "$@" || {
    echo "Generated files have changed: look at the difference, and commit it." >&2
    exit 1
}
