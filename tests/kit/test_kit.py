"""The test kit: our own implementation passes, and what is wrong in any way does not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.code import ROOT
from tests.kit.drive import VECTORS, drive, main
from tests.kit.expand import expanded
from tests.kit.ours import replies, reply
from tests.kit.wrong import FAULTS, overlooking

OURS = [sys.executable, "-m", "tests.kit.ours"]


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def vectors() -> Any:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_ours_passes_everything(vectors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", *OURS]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{len(vectors['tests'])} passed, 0 failed"


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_caught(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", sys.executable, "-m", "tests.kit.wrong", fault]) == 1
    said = capsys.readouterr().out
    assert "expected" in said or "lines answer" in said
    assert not said.endswith(" 0 failed\n")


def test_who_knows_no_case_passes_as_a_judge(vectors: Any) -> None:
    blind = [sys.executable, "-m", "tests.kit.wrong", "blind"]
    assert not drive(blind, level=3).failed
    score = drive(blind, level=4)
    assert set(score.failed) == {"effective"}
    counted = [each for each in vectors["tests"] if each["level"] == 4]
    assert 50 < score.failed["effective"] < len(counted)


def test_levels_add_up(vectors: Any) -> None:
    for level in (1, 2, 3):
        score = drive(OURS, level=level)
        assert score.passed.total() == sum(each["level"] <= level for each in vectors["tests"])


def test_a_command_that_never_ends_has_failed() -> None:
    score = drive([sys.executable, "-c", "import signal; signal.pause()"], level=1, seconds=0.5)
    assert not score.passed
    assert "found nothing" in score.failures[0]


def test_a_command_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", "no-such-command"]) == 2
    assert "no-such-command" in capsys.readouterr().err


def test_a_line_is_a_line_whatever_stands_in_it(tmp_path: Path) -> None:
    odd = "one\u2028two\u0085three"
    test = {"name": "odd", "level": 1, "request": {"op": "echo", "text": odd}, "reply": {"text": odd}}
    file = tmp_path / "odd.json"
    file.write_text(json.dumps({"records": {}, "tests": [test]}), encoding="utf-8")
    echo = (
        "import json, sys\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    print(json.dumps({'id': asked['id'], 'text': asked['text']}, ensure_ascii=False))\n"
    )
    assert drive([sys.executable, "-c", echo], file=file).passed == {"echo": 1}


def test_what_ours_cannot_serve_is_an_error() -> None:
    asked = ['{"id": 1, "op": "guess"}', '{"id": 2, "op": "withdrawal-key", "recordId": "zzz"}']
    assert [json.loads(each) for each in replies(asked)] == [
        {"id": 1, "error": "op-unknown"},
        {"id": 2, "error": "cid-form"},
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("logIndex", "withdrawnAt", "withdrawnItemAt", "knownAt", "policy", "provenAt", "case"),
        *("digests", "identities", "checkers", "claims", "mandates", "coauthors", "releases"),
        *("disputes", "rulings", "adjudicators", "stewards", "similar", "runs", "gates", "trainers"),
    ],
)
def test_nothing_in_a_request_can_be_overlooked(vectors: Any, name: str) -> None:
    """Whoever ignores this member gives another answer to some test."""
    asked = [each for each in vectors["tests"] if each["request"]["op"] == "effective"]
    assert any(
        reply(expanded(overlooking(each["request"], name), vectors["records"])) != each["reply"]
        for each in asked
    )


def test_order_and_repetition_change_nothing(vectors: Any) -> None:
    for each in vectors["tests"]:
        if each["request"]["op"] == "effective":
            request = expanded(each["request"], vectors["records"])
            case = {name: [*reversed(values), *values] for name, values in request.get("case", {}).items()}
            if "similar" in case:
                case["similar"] = request["case"]["similar"]
            facts = [*reversed(request["consents"]), *request["consents"]]
            turned = {**request, "consents": facts, **({"case": case} if case else {})}
            assert reply(turned) == each["reply"], each["name"]
