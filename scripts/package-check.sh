#!/bin/sh
# Builds sdist and wheel and lets the command prove, outside the checkout, that they are whole:
# the wheel with core dependencies only, where each missing extra must be named in one line; the sdist with all.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset RAKKAN_HOME RAKKAN_DATABASE_URL RAKKAN_KUBO RAKKAN_RPC_URL RAKKAN_CLOCK RAKKAN_TRUST PYTHONPATH

quietly() { "$@" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }; }
quietly .venv/bin/python -m build --no-isolation --outdir "$work/dist" . # the wheel from the sdist
quietly .venv/bin/python -m build --no-isolation --wheel --outdir "$work/direct" .
.venv/bin/python scripts/package-contents.py "$work"/dist/*.tar.gz "$work"/dist/*.whl "$work"/direct/*.whl

# env NAME LOCK PACKAGE: an environment with exactly what the lock names
env() {
    python3 -m venv "$work/$1"
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$root/$2"
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check --no-deps "$3"
}

# refused CODE WORDS COMMAND…: the command ends with this code, says these words, and shows no traceback
refused() {
    code=$1 words=$2
    shift 2
    found=0
    "$@" >"$work/out" 2>&1 || found=$?
    if [ "$found" != "$code" ] || ! grep -qF "$words" "$work/out" || grep -q Traceback "$work/out"; then
        echo "$*: exit code $found, not $code with \"$words\":" >&2
        cat "$work/out" >&2
        exit 1
    fi
}

cd "$work"
env core requirements-core.lock "$work"/dist/*.whl
core/bin/pip check --quiet
for absent in fastapi uvicorn web3 httpx ipfshttpclient psycopg; do
    ! core/bin/python -c "import $absent" 2>/dev/null || { echo "requirements-core.lock brings $absent" >&2; exit 1; }
done
core/bin/rakkan --help >/dev/null
core/bin/rakkan --home home init --chain none --creator "Package check" >/dev/null
core/bin/python -c 'from pathlib import Path; from rakkan.manifests.samples import render_samples; render_samples(Path("pictures"))'
core/bin/rakkan --home home --quiet stamp pictures --out stamped >/dev/null
core/bin/rakkan --home home verify "$(find stamped -name '*.png' | head -n 1)" >/dev/null
refused 5 "rakkan[server]" core/bin/rakkan --home home serve --port 9
refused 5 "rakkan[chain]" core/bin/rakkan --home other init --chain http://127.0.0.1:9
RAKKAN_KUBO=/ip4/127.0.0.1/tcp/9 refused 5 "rakkan[ipfs]" core/bin/rakkan --home home publish
RAKKAN_DATABASE_URL=postgresql+psycopg://127.0.0.1:9/x refused 5 "rakkan[postgres]" core/bin/rakkan --home home fsck
echo "wheel: works outside the checkout with core dependencies only, and names what is missing"

env whole requirements.lock "$work"/dist/*.tar.gz
whole/bin/pip check --quiet
whole/bin/rakkan --help >/dev/null
whole/bin/python - <<'PY'
import json
from importlib.resources import files
from pathlib import Path

import rakkan.schemas
from rakkan.api.app import create_app
from rakkan.contracts import artifact
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings

assert "site-packages" in str(next(iter(rakkan.schemas.__path__))), rakkan.schemas.__path__
assert artifact("ConsentGate").bytecode
assert json.loads(files("rakkan.schemas").joinpath("json/work.schema.json").read_text())
assert files("rakkan.api").joinpath("templates").is_dir()
with open_registry(Settings(home=Path("home"))) as registry:
    assert create_app(registry).openapi()["paths"]
PY
echo "sdist: installs and works outside the checkout with all extras"
