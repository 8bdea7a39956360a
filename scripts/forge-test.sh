#!/bin/sh
# Runs the Solidity tests with forge and solc from node_modules; nothing is downloaded.
# Arguments go to `forge test`, for example: scripts/forge-test.sh --match-contract Gate -vvv
set -eu
cd "$(dirname "$0")/.."
for forge in node_modules/@foundry-rs/forge-*/bin/forge; do :; done
if [ ! -x "$forge" ]; then
    echo "forge is not installed; run: npm ci --ignore-scripts" >&2
    exit 127
fi
export FOUNDRY_CONFIG=contracts/foundry.toml
export HOME="$PWD/contracts/cache" # forge keeps a cache there, too
exec "$forge" test --root . --use scripts/solc-wrap.mjs --offline "$@"
