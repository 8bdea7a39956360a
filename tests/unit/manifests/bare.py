"""Manifest stores with nothing in them and no signature: for the walk alone."""

from __future__ import annotations

import struct

import cbor2
import pytest

from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import parse

TAIL = bytes.fromhex("00110010800000aa00389b71")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def described(uuid: bytes, label: bytes, *children: bytes, toggles: int = 3, private: bytes = b"") -> bytes:
    return box(
        b"jumb", box(b"jumd", uuid + TAIL + bytes([toggles]) + label + b"\0" + private) + b"".join(children)
    )


def claim(**changes: object) -> bytes:
    fields = {"alg": "sha256", "created_assertions": [], "signature": "self#jumbf=c2pa.signature"}
    return cbor2.dumps(fields | changes)


def manifest(
    *assertions: bytes, fields: bytes = b"", label: bytes = b"urn:c2pa:1", extra: tuple[bytes, ...] = ()
) -> bytes:
    return described(
        b"c2ma",
        label,
        described(b"c2as", b"c2pa.assertions", *assertions),
        described(b"c2cl", b"c2pa.claim.v2", box(b"cbor", fields or claim())),
        described(b"c2cs", b"c2pa.signature", box(b"cbor", b"\xd2\x80")),
        *extra,
    )


def store(*manifests: bytes) -> bytes:
    return described(b"c2pa", b"c2pa", *(manifests or (manifest(),)))


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableManifest) as caught:
        parse(content)
    return caught.value.code
