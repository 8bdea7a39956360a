"""Blocks on their way in and out: the size and the digest that every content store insists on.

It decides what may be stored and what may be given back. It leaves out where blocks are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from rakkan.registry.ports import Block
from rakkan.schemas.errors import Integrity, Invalid
from rakkan.schemas.values import Cid

MAX_BLOCK: Final = 1 << 20
"""Bytes in a block: what every IPFS node accepts (bitswap's limit is 2 MiB, older nodes take 1)."""


def is_intact(cid: Cid, content: bytes | memoryview) -> bool:
    """Whether these bytes are the ones that the CID names."""
    return hashlib.sha256(content).digest() == cid.digest


def check_digest(cid: Cid, content: bytes | memoryview, where: str) -> None:
    """Refuse bytes that are not what the CID names.

    Args:
        cid: The name.
        content: The bytes.
        where: Who or what holds them, to end the sentence.

    Raises:
        Integrity: ``block-digest``.
    """
    if not is_intact(cid, content):
        raise Integrity(
            f"Block {cid} has other bytes in {where}.",
            code="block-digest",
            hint="Do not use them; fetch the block from another place.",
            cid=str(cid),
        )


def admit(blocks: Iterable[Block]) -> list[Block]:
    """Check blocks that are to be stored, all before the first is; each is kept once.

    Raises:
        Integrity: ``block-digest``.
        Invalid: ``block-too-large``.
    """
    admitted: dict[Cid, Block] = {}
    for block in blocks:
        if len(block.content) > MAX_BLOCK:
            raise Invalid(
                f"Block {block.cid} has {len(block.content)} bytes; at most {MAX_BLOCK} are stored.",
                code="block-too-large",
                hint="Split it, or store only its digest.",
            )
        check_digest(block.cid, block.content, "what was handed in")
        admitted.setdefault(block.cid, block)
    return list(admitted.values())
