"""Records into the durable log, the root of a large tree, and how soon the command speaks."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from rakkan.registry.flows.accept import accept
from rakkan.registry.rules.tree import root_of
from rakkan.registry.worker import Worker
from tests.bench.measure import Row, medians, once
from tests.homes import new_registry
from tests.support import work_record


def rows(folder: Path) -> Iterator[Row]:
    """All rows about the registry."""
    yield from _log(folder)
    yield from _tree()
    yield from _startup(folder)


def _log(folder: Path) -> Iterator[Row]:
    with new_registry(folder / "home") as registry:
        artist = registry.home.keys.artist
        records = [work_record(artist, origin=registry.origin, fingerprints=_looks()) for _ in range(10_000)]

        def run() -> None:
            for start in range(0, len(records), 1000):
                done = accept(registry, records[start : start + 1000], publish=True)
                assert all(each.error is None for each in done)
            Worker(registry).settle()

        seconds = once(run)
        assert registry.store.log.size == len(records)
    rate = len(records) / seconds
    yield Row(
        "10,000 verified records into the durable log",
        f"{rate:,.0f}/s",
        "SQLite, bulk, fsync",
        "≥ 2,000/s",
        rate >= 2000,
    )


def _looks() -> list[dict[str, str | int]]:
    """The fingerprint that decides, of a picture that looks like no other."""
    return [{"alg": "pdq-256", "pipeline": "pdq/512", "bits": secrets.token_hex(32), "quality": 100}]


def _tree() -> Iterator[Row]:
    leaves = b"".join(hashlib.sha256(number.to_bytes(8)).digest() for number in range(1_000_000))
    floor = once(lambda: [hashlib.sha256(leaves[:65]).digest() for _ in range(1_000_000)])
    seconds = medians({"root": lambda: root_of(leaves)}, 3)["root"]
    tracemalloc.start()
    root_of(leaves[: 32 * 100_000])
    peak = tracemalloc.get_traced_memory()[1] / (32 * 100_000)
    tracemalloc.stop()
    against = f"1M hashes alone {floor:.2f} s; peak {peak:.1f}× the leaves"
    yield Row("root of 1,000,000 leaves", f"{seconds:.2f} s", against, "< 3 s", seconds < 3)


def _startup(folder: Path) -> Iterator[Row]:
    command = Path(sys.executable).with_name("rakkan")

    def rakkan() -> None:
        environment = {**os.environ, "RAKKAN_HOME": str(folder)}
        subprocess.run([str(command), "--help"], check=True, env=environment, capture_output=True)

    def python() -> None:
        subprocess.run([sys.executable, "-c", "pass"], check=True, capture_output=True)

    times = medians({"rakkan": rakkan, "python": python}, 7, time.perf_counter)
    yield Row(
        "rakkan --help",
        f"{times['rakkan']:.2f} s",
        f"bare Python {times['python']:.2f} s",
        "< 0.4 s",
        times["rakkan"] < 0.4,
    )
