"""The index beside a segment saves time and is never believed."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from rakkan.registry.content.index import BlockIndex
from rakkan.registry.content.segments import SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.values import RAW, Cid

MARKER = b"m" * 16


def test_places_come_back_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "000001.index"
    keys = [Cid.of(str(number).encode(), RAW if number % 2 else 0x0129).binary for number in range(500)]
    index = BlockIndex(path, MARKER, 10_000)
    for number, key in enumerate(keys):
        index.add(key, (number, number + 1))
    index.save(9000)
    index.add(keys[7], (2**40, 2**20))
    for opened in (index, BlockIndex(path, MARKER, 9000)):
        assert opened.covered == 9000
        assert [list(opened.find(key))[-1] for key in keys] == [(n, n + 1) for n in range(500)]
        assert list(opened.find(Cid.of(b"absent").binary)) == []
    assert list(index.find(keys[7])) == [(2**40, 2**20), (7, 8)]
    assert not index.is_saved
    index.save(9500)
    assert list(BlockIndex(path, MARKER, 9500).find(keys[7])) == [(2**40, 2**20)]


def test_a_table_that_is_not_of_this_segment_as_it_is_now_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "000001.index"
    index = BlockIndex(path, MARKER, 100)
    index.add(Cid.of(b"x").binary, (1, 2))
    index.save(100)
    good = path.read_bytes()
    assert BlockIndex(path, MARKER, 100).covered == 100
    assert BlockIndex(path, MARKER, 99).covered == 0
    assert BlockIndex(path, b"n" * 16, 100).covered == 0
    for content in [b"", good[:50], good[:-1], good + b"\0" * 49] + [
        good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))
    ]:
        path.write_bytes(content)
        assert BlockIndex(path, MARKER, 100).covered == 0


@pytest.fixture
def filled(tmp_path: Path) -> tuple[Path, list[Block]]:
    """A folder with two segments, closed."""
    blocks = [Block.of(secrets.token_bytes(100), RAW) for _ in range(60)]
    with SegmentStore(tmp_path / "blocks", segment_bytes=4000) as store:
        for start in range(0, 60, 10):
            store.put(blocks[start : start + 10])
    return tmp_path / "blocks", blocks


def test_the_index_can_be_deleted_and_spoilt(filled: tuple[Path, list[Block]]) -> None:
    folder, blocks = filled
    tables = sorted(folder.glob("*.index"))
    assert [path.stem for path in tables] == [path.stem for path in sorted(folder.glob("*.blocks"))]
    assert len(tables) > 1
    for spoilt in (None, b"", secrets.token_bytes(500)):
        for path in tables:
            path.unlink()
            if spoilt is not None:
                path.write_bytes(spoilt)
        with SegmentStore(folder) as store:
            assert [store.get(block.cid) for block in blocks] == [block.content for block in blocks]
        assert all(path.stat().st_size > 500 for path in tables)


def test_an_index_from_an_older_backup_is_caught_up(filled: tuple[Path, list[Block]]) -> None:
    folder, blocks = filled
    old = {path: path.read_bytes() for path in folder.glob("*.index")}
    more = [Block.of(secrets.token_bytes(10), RAW) for _ in range(5)]
    with SegmentStore(folder) as store:
        store.put(more)
    for path, content in old.items():
        path.write_bytes(content)
    assert SegmentStore(folder).missing([block.cid for block in [*blocks, *more]]) == []


def test_a_folder_that_takes_no_index_still_serves(
    filled: tuple[Path, list[Block]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, blocks = filled
    for path in folder.glob("*.index"):
        path.unlink()
        path.mkdir()  # so that neither reading nor replacing works, not even for root
    with SegmentStore(folder) as store:
        assert store.missing([block.cid for block in blocks]) == []
    assert not list(folder.glob("*.tmp"))
