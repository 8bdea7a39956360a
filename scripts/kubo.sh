#!/bin/sh
# Builds the pinned Kubo (a real IPFS node) from its Go module, unless it is there, and prints its path last.
# It needs Go (at least the version in Kubo's go.mod) and a module proxy; it installs nothing else.
set -eu
VERSION=v0.42.0
MODULE=github.com/ipfs/kubo
ENGINES="${RAKKAN_ENGINES:-${XDG_CACHE_HOME:-$HOME/.cache}/rakkan/engines}"
FOLDER="$ENGINES/kubo-$VERSION"
TARGET="$FOLDER/ipfs"

if [ -x "$TARGET" ]; then
    echo "$TARGET"
    exit 0
fi
if ! command -v go >/dev/null 2>&1; then
    echo "kubo.sh: Go is not installed. Install it (https://go.dev/doc/install), or put Kubo $VERSION at $TARGET." >&2
    exit 1
fi

WORK=$(mktemp -d)
PART="$FOLDER/.ipfs.$$"
trap 'rm -rf "$WORK" "$PART"' EXIT
trap 'exit 1' HUP INT TERM

echo "kubo.sh: fetching $MODULE@$VERSION" >&2
# Not "go install module@version": that asks for the list of all versions, which not every proxy gives.
cd "$WORK"
SOURCE=$(go mod download -json "$MODULE@$VERSION" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
if [ ! -d "$SOURCE" ]; then
    echo "kubo.sh: $MODULE@$VERSION could not be fetched; is the Go module proxy reachable (go env GOPROXY)?" >&2
    exit 1
fi
cp -R "$SOURCE" "$WORK/kubo" # the module cache is read-only
chmod -R u+w "$WORK/kubo"
mkdir -p "$FOLDER"
echo "kubo.sh: building (some minutes)" >&2
(cd "$WORK/kubo" && go build -trimpath -o "$PART" ./cmd/ipfs)
"$PART" version >&2
mv -f "$PART" "$TARGET" # within one folder, so whole or not at all
echo "$TARGET"
