#!/bin/sh
# Builds sdist and wheel, installs each outside the checkout with runtime dependencies only, and lets the
# command and the package data prove that they are whole.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m build --no-isolation --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$root/requirements.lock"
for package in "$work"/dist/*.whl "$work"/dist/*.tar.gz; do
    "$work/env/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$package"
    (
        cd "$work"
        env/bin/rakkan --help >/dev/null
        env/bin/rakkan --home "$work/home-$(basename "$package")" init --chain none --creator "Package check" >/dev/null
        env/bin/python - <<'PY'
import json
from importlib.resources import files

import rakkan.schemas
from rakkan.contracts import artifact

assert "site-packages" in str(next(iter(rakkan.schemas.__path__))), rakkan.schemas.__path__
assert artifact("ConsentGate").bytecode
assert json.loads(files("rakkan.schemas").joinpath("json/work.schema.json").read_text())
assert files("rakkan.api").joinpath("templates").is_dir()
PY
    )
    echo "$(basename "$package"): installed and working outside the checkout"
done
