#!/bin/sh
# Rewrites the lock files from pyproject.toml: one for running, one that adds the development group.
# Both are universal (every platform, Python >= 3.11) and hash-pinned; no index address is recorded.
set -eu
cd "$(dirname "$0")/.."
UV="${UV:-.venv/bin/uv}"
common="--universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet"
$UV pip compile $common --all-extras pyproject.toml -o requirements.lock
$UV pip compile $common --all-extras --group dev pyproject.toml -o requirements-dev.lock
