"""The folder of segments: rotation, several processes, a full disk, a sudden end."""

from __future__ import annotations

import fcntl
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rakkan.registry.content.segments import Damage, SegmentStore
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.values import RAW, Cid

TINY = 64 * 1024


def fresh(count: int, size: int = 40) -> list[Block]:
    return [Block.of(secrets.token_bytes(size), RAW) for _ in range(count)]


def cids(blocks: list[Block]) -> list[Cid]:
    return [block.cid for block in blocks]


def content_of(store: SegmentStore, blocks: list[Block]) -> bool:
    return all(store.get(block.cid) == block.content for block in blocks)


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


def fill(store: SegmentStore) -> tuple[list[Block], list[Block]]:
    """Put until refused: what was acknowledged, and what was not."""
    acknowledged: list[Block] = []
    for _ in range(200):
        batch = fresh(10, 1000)
        try:
            store.put(batch)
        except Unavailable as error:
            if error.code == "content-unavailable" and error.hint:
                return acknowledged, batch
            raise
        acknowledged += batch
    raise AssertionError("the disk never was full")


def check_full(store: SegmentStore, acknowledged: list[Block], refused: list[Block]) -> None:
    assert acknowledged
    for opened in (store, SegmentStore(store._folder)):
        assert content_of(opened, acknowledged)
        assert opened.missing(cids(refused)) == cids(refused)
        assert not [found for found in opened.blocks() if isinstance(found, Damage)]


def test_a_full_disk_refuses_the_batch_and_keeps_the_others(tmp_path: Path) -> None:
    """On a file system of its own, in a mount namespace that ends with the child; needs root."""
    mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted; the limit on file size is tested")
    script = """
        import subprocess, sys
        from pathlib import Path
        from rakkan.registry.content.segments import SegmentStore
        from tests.unit.registry.content.test_segments import TINY, check_full, content_of, fill
        subprocess.run(sys.argv[2:], check=True)
        folder = Path(sys.argv[1])
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(60_000))
        with SegmentStore(folder / "blocks", segment_bytes=TINY) as store:
            acknowledged, refused = fill(store)
            check_full(store, acknowledged, refused)
            ballast.unlink()  # room again: the same batch goes through, with nobody restarting anything
            store.put(refused)
            assert content_of(SegmentStore(folder / "blocks"), acknowledged + refused)
        print(len(acknowledged))
    """
    child = run_child(script, tmp_path, *mount[2:], before=mount[:2])
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert 100 <= int(out) < 200


def test_a_limit_on_file_size_refuses_the_batch_and_keeps_the_others(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from rakkan.registry.content.segments import SegmentStore
        from tests.unit.registry.content.test_segments import check_full, content_of, fill, fresh
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 1_000_000))
        store = SegmentStore(Path(sys.argv[1]))
        acknowledged, refused = fill(store)
        check_full(store, acknowledged, refused)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        store.put(refused)
        assert content_of(SegmentStore(Path(sys.argv[1])), acknowledged + refused)
        print(len(acknowledged))
    """
    answer = run_child(script, tmp_path / "blocks")
    out, err = answer.communicate(timeout=60)
    assert answer.returncode == 0, err
    assert int(out) == 90


def run_child(script: str, *arguments: object, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[4],
    )


WRITER = """
    import random, sys
    from pathlib import Path
    from rakkan.registry.content.segments import SegmentStore
    from rakkan.registry.ports import Block
    from rakkan.schemas.values import RAW

    chance = random.Random(int(sys.argv[2]))
    store = SegmentStore(Path(sys.argv[1]), segment_bytes=400_000)
    print("ready", flush=True)
    while True:
        seed, count = chance.randrange(2**32), chance.choice([1, 3, 50, 400])
        many = random.Random(seed)
        print("begin", seed, count, flush=True)
        store.put([Block.of(many.randbytes(many.randint(1, 900)), RAW) for _ in range(count)])
        print("done", seed, count, flush=True)
"""


def batch_of(seed: int, count: int) -> list[Block]:
    """The batch that the writer made of this seed."""
    many = random.Random(seed)
    return [Block.of(many.randbytes(many.randint(1, 900)), RAW) for _ in range(count)]


def test_killed_at_any_moment_every_acknowledged_batch_is_whole(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    acknowledged: list[tuple[int, int]] = []
    for life in range(10):
        # two at once, so that locks are orphaned and torn ends are met by another writer
        writers = [run_child(WRITER, tmp_path, life * 10 + number) for number in range(2)]
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
        time.sleep(chance.uniform(0.0, 0.25))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            out, err = writer.communicate(timeout=30)
            assert not err
            lines = [line.split() for line in out.splitlines() if line.startswith("done")]
            acknowledged += [(int(seed), int(count)) for _, seed, count in lines]
        if life % 3 == 0:
            SegmentStore(tmp_path).close()  # an index that the next crash makes stale
    assert len(acknowledged) > 20
    opened = SegmentStore(tmp_path, segment_bytes=400_000)
    for seed, count in acknowledged:
        assert content_of(opened, batch_of(seed, count))
    opened.put(fresh(3))  # cuts off what the last one left
    assert not [found for found in opened.blocks() if isinstance(found, Damage)]


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from rakkan.registry.content.segments import SegmentStore
        from tests.unit.registry.content.test_segments import batch_of
        store = SegmentStore(Path(sys.argv[1]), segment_bytes=50_000)
        for seed in range(int(sys.argv[2]), int(sys.argv[2]) + 40):
            store.put(batch_of(seed // 2, 5))
    """
    children = [run_child(script, tmp_path, start) for start in (0, 20, 60)]
    for child in children:
        _, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
    opened = SegmentStore(tmp_path)
    stored = [found for found in opened.blocks() if isinstance(found, Block)]
    wanted = {block.cid for seed in range(100) for block in batch_of(seed // 2, 5)}
    assert len(stored) == len(wanted)  # each once, though two processes had it
    assert {block.cid for block in stored} == wanted


def test_a_forked_process_goes_on_with_the_same_store(tmp_path: Path) -> None:
    store, before = SegmentStore(tmp_path), fresh(5)
    store.put(before)
    mine, theirs = fresh(50), [Block.of(b"child %d" % number, RAW) for number in range(50)]
    child = os.fork()
    if child == 0:
        try:
            for block in theirs:
                store.put([block])
        finally:
            os._exit(0)
    for block in mine:
        store.put([block])
    assert os.waitpid(child, 0)[1] == 0
    assert content_of(store, before + mine + theirs)
    assert not [found for found in SegmentStore(tmp_path).blocks() if isinstance(found, Damage)]


def test_small_blocks_are_stored_fast(tmp_path: Path) -> None:
    blocks = fresh(10_000, 200)
    store = SegmentStore(tmp_path)
    began = time.perf_counter()
    for start in range(0, len(blocks), 1000):
        store.put(blocks[start : start + 1000])
    rate = len(blocks) / (time.perf_counter() - began)
    assert rate > 2000, "10,000 blocks, one fsync per 1000"


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
