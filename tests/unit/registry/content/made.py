"""Blocks out of chance, and whether a store has them."""

from __future__ import annotations

import secrets

from rakkan.registry.content.segments import SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.values import RAW, Cid

TINY = 64 * 1024


def fresh(count: int, size: int = 40) -> list[Block]:
    return [Block.of(secrets.token_bytes(size), RAW) for _ in range(count)]


def cids(blocks: list[Block]) -> list[Cid]:
    return [block.cid for block in blocks]


def content_of(store: SegmentStore, blocks: list[Block]) -> bool:
    return all(store.get(block.cid) == block.content for block in blocks)
