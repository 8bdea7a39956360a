"""kill -9 at every named point: started again, nothing is lost, nothing is done twice."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import rakkan.registry
from rakkan.manifests.samples import render_samples
from rakkan.registry.failpoints import FAILPOINTS
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings, load_settings
from tests.flows.receiver import receiving
from tests.homes import new_home

STATES = ("mined", "final")
"""What ``transaction.{state}`` becomes: an observation other than absent."""


def points_in_code() -> set[str]:
    """Every ``failpoint(…)`` there is, read from the source itself."""
    found: set[str] = set()
    for folder in rakkan.registry.__path__:
        for path in Path(folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "failpoint":
                    continue
                (name,) = node.args
                if isinstance(name, ast.Constant):
                    found.add(str(name.value))
                else:
                    assert ast.unparse(name) == "f'transaction.{observed.state}'", (
                        f"{path}: {ast.unparse(name)}"
                    )
                    found |= {f"transaction.{state}" for state in STATES}
    return found


def test_every_point_in_the_code_is_in_the_list_that_is_killed_below() -> None:
    assert sorted(points_in_code()) == sorted(FAILPOINTS)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a chain that no process runs, and pictures; to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    new_home(folder / "home", chain="local")
    for path in render_samples(folder / "all")[:2]:
        (folder / "pictures").mkdir(exist_ok=True)
        shutil.copy(path, folder / "pictures")
    return folder


def drive(folder: Path, settings: Settings, hook: str, failpoint: str = "") -> int:
    environment = {**os.environ, "RAKKAN_FAILPOINT": failpoint}
    words = [str(settings.folder), str(folder / "pictures"), str(settings.folder.parent / "out"), hook]
    command = [sys.executable, "-m", "tests.flows.crash_driver", *words]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], timeout=120, check=False)
    return done.returncode


@pytest.mark.chain
@pytest.mark.parametrize("point", FAILPOINTS)
def test_killed_and_started_again(point: str, founded: Path, tmp_path: Path) -> None:
    shutil.copytree(founded / "home", tmp_path / "home")
    settings = load_settings(home=tmp_path / "home")

    with receiving() as receiver:
        assert drive(founded, settings, receiver.url, point) == -signal.SIGKILL, "the point was never reached"
        assert drive(founded, settings, receiver.url) == 0
    # an endpoint is told everything, in order; what was sent when the process died comes again under its id
    again = [receiver.ids[0]] if point == "webhook.sent" else []
    assert len(receiver.ids) == 2 + len(again)
    assert receiver.ids == again + list(dict.fromkeys(receiver.ids))
    assert all(message.headers["webhook-signature"].startswith("v1,") for message in receiver.messages)

    with open_registry(settings) as registry:
        assert registry.store.records.count() == {"work": 2, "consent": 2}
        assert registry.store.log.size == 4
        assert registry.store.records.pending() == []
        assert [head.size for head in registry.store.log.heads()][-1:] == [4]
        anchors = registry.store.log.anchors()
        assert [size for size, _, _ in anchors] == [4]
        transactions = registry.store.outbox.all()
        assert [(each.name.partition(":")[0], each.state) for each in transactions] == [("anchor", "final")]
        # what the chain saw: four contracts, and one anchor, once
        assert registry.ledger.head().nonce == 5
        seen = inspect(registry)
        assert (seen.problems, seen.unknown, seen.records, seen.anchors) == ((), (), 4, 1)
        outputs = sorted((tmp_path / "out").iterdir())
        assert [path.name for path in outputs] == sorted(
            path.name for path in (founded / "pictures").iterdir()
        )
        for path in outputs:
            answer = verify_name(settings, str(path), VerifyOptions())
            assert (answer.state, answer.anchor["state"]) == ("trusted", "final")
