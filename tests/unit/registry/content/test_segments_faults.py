"""Full disks, kills and crowds: what was acknowledged is kept whole, what was refused is not there."""

from __future__ import annotations

import os
import random
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
from rakkan.schemas.values import RAW
from tests.unit.registry.content.made import cids, content_of, fresh


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
        from tests.unit.registry.content.made import TINY
        from tests.unit.registry.content.test_segments_faults import check_full, content_of, fill
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
        from tests.unit.registry.content.test_segments_faults import check_full, content_of, fill, fresh
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
        from tests.unit.registry.content.test_segments_faults import batch_of
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


def test_a_batch_costs_the_disk_as_much_as_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Speed is in the number of waits for the disk, which does not grow with the batch."""
    store, real = SegmentStore(tmp_path), os.fsync
    waits: list[int] = []

    def waited(descriptor: int) -> None:
        waits.append(descriptor)
        real(descriptor)

    store.put(fresh(1))  # makes the first segment
    monkeypatch.setattr(os, "fsync", waited)
    store.put(fresh(1))
    alone = len(waits)
    store.put(fresh(1000, 200))
    assert 0 < alone == len(waits) - alone
