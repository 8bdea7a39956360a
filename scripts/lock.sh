#!/bin/sh
# Rewrites the lock files from pyproject.toml: one for everything that runs, one without the extras, one that
# adds the development group. All are universal (every platform, Python >= 3.11) and hash-pinned; no index
# address is recorded. What is pinned stays as it is, unless it no longer fits: add --upgrade to renew it.
set -eu
cd "$(dirname "$0")/.."
UV="${UV:-.venv/bin/uv}"
lock() {
    "$UV" pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet "$@" pyproject.toml
}
lock --all-extras -o requirements.lock "$@"
lock -c requirements.lock -o requirements-core.lock # the same versions, fewer packages
lock --all-extras --group dev -o requirements-dev.lock "$@"
