"""kill -9 at every named point: started again, nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rakkan.registry.failpoints import FAILPOINTS
from rakkan.registry.flows.fsck import inspect
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings
from tests.homes import new_home
from tests.support import work_record

POINTS = [name for name in FAILPOINTS if not name.startswith("stamp.")]


def drive(settings: Settings, records: Path, failpoint: str = "") -> int:
    environment = {**os.environ, "RAKKAN_FAILPOINT": failpoint}
    command = [sys.executable, "-m", "tests.flows.crash_driver", str(settings.folder), str(records)]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], timeout=120, check=False)
    return done.returncode


@pytest.mark.chain
@pytest.mark.parametrize("point", POINTS)
def test_killed_and_started_again(point: str, tmp_path: Path) -> None:
    settings = new_home(tmp_path / "home", chain="local")
    with open_registry(settings) as registry:
        records = [work_record(registry.home.keys.artist, origin=registry.origin) for _ in range(7)]
    source = tmp_path / "records"
    source.write_bytes(b"".join(record.statement + b"\n" + record.envelope + b"\n" for record in records))

    assert drive(settings, source, point) == -signal.SIGKILL, "the point was never reached"
    assert drive(settings, source) == 0

    with open_registry(settings) as registry:
        assert registry.store.records.count() == {"work": 7}
        assert registry.store.log.size == 7
        anchors = registry.store.log.anchors()
        assert [size for size, _, _ in anchors] == [7]
        transactions = registry.store.outbox.all()
        assert [(each.name.partition(":")[0], each.state) for each in transactions] == [("anchor", "final")]
        # what the chain saw: four contracts, and one anchor, once
        assert registry.ledger.head().nonce == 5
        seen = inspect(registry)
        assert (seen.problems, seen.records, seen.anchors) == ((), 7, 1)
