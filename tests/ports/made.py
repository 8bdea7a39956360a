"""Blocks out of chance for the suites of the content store."""

from __future__ import annotations

import secrets

from rakkan.registry.ports import Block
from rakkan.schemas.canonical import canonical
from rakkan.schemas.values import RAW


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def record(**more: object) -> Block:
    """A record that no other test has."""
    return Block.of(canonical({"nonce": secrets.token_hex(16), **more}))


def raw(size: int) -> Block:
    return Block.of(secrets.token_bytes(size), RAW)
