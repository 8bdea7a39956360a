"""The folder of segments: rotation, several processes, a full disk, a sudden end."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from rakkan.registry.content.segments import Damage, SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Unavailable
from tests.unit.registry.content.made import cids, content_of, fresh


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    written: list[Block] = []
    with SegmentStore(tmp_path, segment_bytes=5000) as store:
        for _ in range(20):
            written += fresh(10, 100)
            store.put(written[-10:])
        assert content_of(store, written)
    assert len(list(tmp_path.glob("*.blocks"))) >= 5
    opened = SegmentStore(tmp_path)
    assert content_of(opened, written)
    assert sorted(cids([found for found in opened.blocks() if isinstance(found, Block)]), key=str) == sorted(
        cids(written), key=str
    )


def test_storing_again_takes_no_place(tmp_path: Path) -> None:
    store, blocks = SegmentStore(tmp_path), fresh(5)
    store.put(blocks)
    size = (tmp_path / "000001.blocks").stat().st_size
    store.put(blocks)
    SegmentStore(tmp_path).put(blocks[:2])
    assert (tmp_path / "000001.blocks").stat().st_size == size


def test_a_reader_sees_what_others_write_through_every_rotation(tmp_path: Path) -> None:
    reader, one, two = SegmentStore(tmp_path), SegmentStore(tmp_path), SegmentStore(tmp_path)
    one._limit = two._limit = 3000
    written: list[Block] = []
    for number in range(30):
        batch = fresh(7, 100)
        (one, two)[number % 3 == 0].put(batch)
        written += batch
        if number % 4 == 0:
            assert content_of(reader, batch)
    late = SegmentStore(tmp_path)
    for store in (reader, one, two, late):
        assert store.missing(cids(written)) == []
        assert content_of(store, written)
    assert len(list(tmp_path.glob("*.blocks"))) > 4


def test_rot_is_named_and_healed_by_storing_again(tmp_path: Path) -> None:
    store, blocks = SegmentStore(tmp_path), fresh(6)
    store.put(blocks)
    path = tmp_path / "000001.blocks"
    path.write_bytes(path.read_bytes().replace(blocks[3].content, bytes(40)))
    damage = [found for found in store.blocks() if isinstance(found, Damage)]
    assert [(each.file, each.cid, each.length) for each in damage] == [(path.name, blocks[3].cid, 40)]
    assert path.read_bytes()[damage[0].offset :][:40] == bytes(40)
    store.put(blocks)
    for opened in (store, SegmentStore(tmp_path)):
        assert content_of(opened, blocks)
    assert store.missing(cids(blocks)) == []


def test_another_process_that_writes_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    store = SegmentStore(tmp_path, wait=0.2)
    store.put(fresh(1))
    with (tmp_path / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unavailable) as caught:
            store.put(fresh(1))
        assert caught.value.code == "content-unavailable"
        fcntl.flock(lock, fcntl.LOCK_UN)
        store.put(fresh(1))


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable) as caught:
        SegmentStore(tmp_path / "file" / "blocks")
    assert caught.value.code == "content-unavailable"


def test_a_folder_taken_away_is_unavailable_not_missing(tmp_path: Path) -> None:
    store, blocks = SegmentStore(tmp_path / "blocks"), fresh(2)
    store.put(blocks)
    shutil.rmtree(tmp_path / "blocks")
    for question in (
        lambda: store.get(blocks[0].cid),
        lambda: store.missing(cids(blocks)),
        lambda: store.put(fresh(1)),
        lambda: list(store.blocks()),
    ):
        with pytest.raises(Unavailable) as caught:
            question()
        assert caught.value.code == "content-unavailable"
