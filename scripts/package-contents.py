#!/usr/bin/env python3
"""Compares packages with what git tracks: everything that is needed, nothing else, and one content from both ways.

Arguments: the sdist, the wheel built from it, the wheel built from the checkout. It decides which tracked files
belong where, and names each one that is missing or too much.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

PACKAGES = ("registry", "manifests", "api", "cli", "contracts", "schemas")
NOT_INSTALLED = ("contracts/test/", "contracts/foundry.toml")
LOOSE = {"LICENSE", "README.md", "pyproject.toml", ".gitignore"}


def tracked() -> set[str]:
    """Files that git knows or would add, as they are in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return {name for name in listed.split("\0") if name and Path(name).is_file()}


def in_wheel(path: Path) -> dict[str, str]:
    """Digest by name, without the folder of the package's own facts."""
    with zipfile.ZipFile(path) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
        return {name: hashlib.sha256(wheel.read(name)).hexdigest() for name in names}


def in_sdist(path: Path) -> set[str]:
    """Names below the sdist's one folder."""
    with tarfile.open(path) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()} - {"PKG-INFO"}


def differ(what: str, found: set[str], wanted: set[str]) -> bool:
    """Say what is missing or too much."""
    for name in sorted(wanted - found):
        print(f"{what} lacks {name}", file=sys.stderr)
    for name in sorted(found - wanted):
        print(f"{what} should not contain {name}", file=sys.stderr)
    return found != wanted


def main(sdist: Path, wheel: Path, direct: Path) -> int:
    """Compare; 1 if anything differs."""
    files = tracked()
    packaged = {name for name in files if name.split("/")[0] in PACKAGES}
    installed = {f"rakkan/{name}" for name in packaged if not name.startswith(NOT_INSTALLED)}
    sources = packaged | {name for name in files if name.startswith("tests/")} | (LOOSE & files)
    from_sdist, from_checkout = in_wheel(wheel), in_wheel(direct)
    wrong = [
        differ("the wheel", set(from_sdist), installed),
        differ("the sdist", in_sdist(sdist), sources),
        from_sdist != from_checkout,
    ]
    if wrong[2]:
        print("the wheel from the sdist is not the wheel from the checkout", file=sys.stderr)
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
