"""Lists of digests: a dataset of which only the digests are at hand, one a line.

It decides the form: ``sha256:<hex>`` or 64 hex digits or a CIDv1 of raw bytes, then, if anything, a space and a
path for people. What is fed to training beside the pictures is not known from a list: no caption, once each.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from rakkan.registry.flows.judge.forms.entry import Entry, Read, Refusal
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.values import RAW, Cid, Digest

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_MAX_LINE: Final = 4096 + 128


def read_listing(path: Path) -> Read:
    """The items of a list, in its order; empty lines and lines that begin with ``#`` are passed over.

    Raises:
        Invalid: ``dataset-list``, if it is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                line = text.strip()
                if line and not line.startswith("#"):
                    yield _entry(line, number)
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name} is not UTF-8.", code="dataset-list") from error


def _entry(line: str, number: int) -> Entry | Refusal:
    name, _, path = line.partition(" ")
    try:
        if len(line) > _MAX_LINE:
            raise Invalid("The line is too long.", code="dataset-list", hint="One digest a line.")
        return Entry(path.strip() or name.replace(":", "/"), _digest(name), 0)
    except DomainError as error:
        return Refusal(f"line {number}", error)


def _digest(name: str) -> bytes:
    if _HEX.fullmatch(name):
        return bytes.fromhex(name)
    if ":" in name:
        digest = Digest.parse(name)
        if digest.kind == "sha256":
            return digest.raw
        raise Invalid(f"A {digest.kind} is no item.", code="dataset-list", hint="Name items by sha256.")
    cid = Cid.parse(name)
    if cid.codec != RAW:
        raise Invalid(f"{name} is not of raw bytes.", code="dataset-list", hint="Name files, not records.")
    return cid.digest
