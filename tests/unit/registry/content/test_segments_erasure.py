"""Blocks taken out of segments: gone from the disk, and no damage."""

from __future__ import annotations

from pathlib import Path

from rakkan.registry.content.segments import Damage, SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.values import RAW, Cid


def test_removed_bytes_are_off_the_disk_and_are_no_damage(tmp_path: Path) -> None:
    secret, kept = Block.of(b"a name that has to go " * 10, RAW), Block.of(b"a block that stays", RAW)
    store = SegmentStore(tmp_path)
    store.put([kept, secret])
    store.put([secret, Block.of(b"later", RAW)])
    store.remove([secret.cid])
    assert all(secret.content not in path.read_bytes() for path in tmp_path.iterdir())
    for again in (store, SegmentStore(tmp_path)):
        assert [each.cid for each in again.blocks() if isinstance(each, Block)] == [
            kept.cid,
            Cid.of(b"later", RAW),
        ]
        assert not [each for each in again.blocks() if isinstance(each, Damage)]


def test_an_erasure_that_was_cut_off_is_finished_by_doing_it_again(tmp_path: Path) -> None:
    secret = Block.of(b"a name that has to go " * 10, RAW)
    store = SegmentStore(tmp_path)
    store.put([secret])
    place = tmp_path / "000001.blocks"
    before = place.read_bytes()
    store.remove([secret.cid])
    place.write_bytes(before)  # as if the power had failed after the note and before the zeros
    with (tmp_path / "erased").open("ab") as file:
        file.write(b"\0\0\0")  # and a torn row behind it
    again = SegmentStore(tmp_path)
    assert again.missing([secret.cid]) == [secret.cid]
    again.remove([secret.cid])
    assert secret.content not in place.read_bytes()
    again.put([secret])
    assert SegmentStore(tmp_path).get(secret.cid) == secret.content


def test_rot_beside_an_erasure_is_still_damage(tmp_path: Path) -> None:
    secret, rotten = Block.of(b"s" * 200, RAW), Block.of(b"r" * 200, RAW)
    store = SegmentStore(tmp_path)
    store.put([secret, rotten])
    store.remove([secret.cid])
    place = tmp_path / "000001.blocks"
    place.write_bytes(place.read_bytes().replace(b"r" * 200, b"r" * 199 + b"x"))
    assert [each.cid for each in SegmentStore(tmp_path).blocks() if isinstance(each, Damage)] == [rotten.cid]
