"""What a segment makes of a file that a crash or a bad disk left behind."""

from __future__ import annotations

import contextlib
import random
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.content.segments import Damage, SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Integrity, NotFound
from rakkan.schemas.values import RAW, Cid

HEAD = 32
BATCH = 64


def fresh(count: int, size: int = 40) -> list[Block]:
    return [
        Block.of(secrets.token_bytes(size), RAW)
        if number % 2
        else Block.of(b'"%s"' % secrets.token_hex(size).encode())
        for number in range(count)
    ]


def cids(*batches: list[Block]) -> list[Cid]:
    return [block.cid for batch in batches for block in batch]


class Disk:
    """A folder with one segment of several batches.

    Attributes:
        ends: File size after each batch, the empty segment first.
    """

    def __init__(self, folder: Path, *batches: list[Block]) -> None:
        self.folder = folder
        self.path = folder / "000001.blocks"
        self.batches = batches
        store = SegmentStore(folder)
        self.ends = [HEAD]
        for batch in batches:
            store.put(batch)
            self.ends.append(self.path.stat().st_size)
        self.content = self.path.read_bytes()

    def left_with(self, content: bytes) -> SegmentStore:
        """The store, opened on other bytes."""
        self.path.with_suffix(".index").unlink(missing_ok=True)
        self.path.write_bytes(content)
        return SegmentStore(self.folder)

    def flipped(self, at: int, mask: int = 1) -> bytes:
        return self.content[:at] + bytes([self.content[at] ^ mask]) + self.content[at + 1 :]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """Three batches, acknowledged."""
    return Disk(tmp_path / "blocks", fresh(3), fresh(1), fresh(4))


def test_the_form_on_disk(disk: Disk) -> None:
    marker = disk.content[16:32]
    assert disk.content[:16] == b"rakkan-blocks/1\n"
    assert [disk.content[end : end + 16] for end in disk.ends[:-1]] == [marker] * 3
    assert disk.content.count(marker) == 4


def test_a_batch_cut_off_anywhere_is_gone_whole_and_the_others_are_whole(disk: Disk) -> None:
    first, second, third = disk.batches
    for size in range(disk.ends[2], disk.ends[3], 3):
        store = disk.left_with(disk.content[:size])
        assert store.missing(cids(first, second, third)) == cids(third)
        # reading cuts nothing off: it could be another process, still writing
        assert disk.path.stat().st_size == size
    store = disk.left_with(disk.content[: disk.ends[3] - 1])
    more = fresh(2)
    store.put(more)
    assert disk.path.read_bytes().startswith(disk.content[: disk.ends[2]])
    for opened in (store, SegmentStore(disk.folder)):
        assert opened.missing(cids(first, second, third, more)) == cids(third)
        assert not [found for found in opened.blocks() if isinstance(found, Damage)]


def test_a_length_without_bytes_is_torn_too(disk: Disk) -> None:
    store = disk.left_with(disk.content + bytes(5000))
    assert store.missing(cids(*disk.batches)) == []
    more = fresh(2)
    store.put(more)
    assert SegmentStore(disk.folder).missing(cids(*disk.batches, more)) == []
    assert disk.path.read_bytes().startswith(disk.content)
    assert bytes(4000) not in disk.path.read_bytes()


def test_an_unwritten_middle_of_the_last_batch_loses_only_what_was_not_written(disk: Disk) -> None:
    """The file has its length, a page in between never came: no block of the others may suffer."""
    start, stop = disk.ends[2] + BATCH, disk.ends[3]
    hole = disk.content[: start + 10] + bytes(60) + disk.content[start + 70 : stop]
    store = disk.left_with(hole)
    first, second, third = disk.batches
    assert store.missing(cids(first, second)) == []
    for block in third:
        with pytest.raises((NotFound, Integrity)):
            store.get(block.cid)
        break
    store.put(third)
    assert [SegmentStore(disk.folder).get(cid) for cid in cids(third)] == [b.content for b in third]


def test_every_flipped_bit_costs_at_most_one_block_and_is_noticed(disk: Disk) -> None:
    """Acknowledged batches are never cut off for rot, not even the last one, not even without an index."""
    everything = [block for batch in disk.batches for block in batch]
    for at in range(0, len(disk.content), 3):
        content = disk.flipped(at, 1 << at % 8)
        store = disk.left_with(content)
        lost = []
        for block in everything:
            try:
                assert store.get(block.cid) == block.content
            except (NotFound, Integrity):
                lost.append(block)
        assert len(lost) <= 1, at
        damage = [found for found in store.blocks() if isinstance(found, Damage)]
        assert damage or not lost, at
        if at >= HEAD:
            assert damage, at
            assert any(each.offset <= at < each.offset + each.length or each.cid for each in damage), at
        store.put(everything)
        assert disk.path.read_bytes().startswith(content)
        opened = SegmentStore(disk.folder)
        assert [opened.get(block.cid) for block in everything] == [block.content for block in everything], at
        for path in disk.folder.glob("000002.*"):
            path.unlink()


def test_a_block_that_looks_like_a_segment_changes_nothing(tmp_path: Path) -> None:
    inner = Disk(tmp_path / "inner", fresh(3))
    outer = Disk(tmp_path / "outer", [Block.of(inner.content, RAW), *fresh(2)], fresh(2))
    store = outer.left_with(outer.content)
    assert store.missing(cids(*outer.batches)) == []
    assert store.missing(cids(*inner.batches)) == cids(*inner.batches)
    # with the batch damaged around it, an inner block may be found: it is what its CID says
    store = outer.left_with(outer.flipped(HEAD + BATCH))
    for block in inner.batches[0]:
        assert store.missing([block.cid]) == [block.cid] or store.get(block.cid) == block.content


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_done_to_the_file_no_wrong_byte_comes_out(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk = Disk(tmp_path_factory.mktemp("disk") / "blocks", fresh(3), fresh(2))
    chance = random.Random(seed)
    content = bytearray(disk.content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.randint(1, 90)]
            case 2:
                content[at:at] = chance.randbytes(chance.randint(1, 90))
            case 3:
                content += content[at : at + 200]
        content = content or bytearray(b"?")
    store = disk.left_with(bytes(content))
    everything = [block for batch in disk.batches for block in batch]
    for block in everything:
        with contextlib.suppress(NotFound, Integrity):
            assert store.get(block.cid) == block.content
    assert all(
        Cid.of(found.content, found.cid.codec) == found.cid
        for found in store.blocks()
        if isinstance(found, Block)
    )
    store.put(everything)
    assert [SegmentStore(disk.folder).get(block.cid) for block in everything] == [
        b.content for b in everything
    ]
