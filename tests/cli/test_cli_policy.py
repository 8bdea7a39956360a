"""``rakkan policy`` as people and scripts call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.registry.rules.policy.document import parse_policy, shipped_policies
from tests.cli.conftest import Atelier, Rakkan

SHIPPED = shipped_policies()


def test_a_policy_is_begun_and_has_an_id_of_its_own(rakkan: Rakkan, tmp_path: Path) -> None:
    path = tmp_path / "our.json"
    words = ("policy", "new", "--name", "our-lora", "--from", "strict-art-lora", "--valid-days", 30)
    assert rakkan(*words, "--out", path).code == 0
    policy = parse_policy(path.read_bytes())
    assert (policy.name, policy.valid_days) == ("our-lora", 30)
    assert policy.clauses == SHIPPED["strict-art-lora"].clauses
    assert rakkan("policy", "id", path).out.strip() == str(policy.cid)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=8, sort_keys=True))
    assert rakkan("--json", "policy", "id", path).document["policyDigest"] == policy.cid.digest.hex()
    assert parse_policy(rakkan(*words).out.encode()) == policy


def test_nothing_is_written_over(rakkan: Rakkan, tmp_path: Path) -> None:
    path = tmp_path / "our.json"
    path.write_text("mine")
    ran = rakkan("--json", "policy", "new", "--name", "x", "--out", path)
    assert (ran.code, ran.document["error"]["code"]) == (2, "output-exists")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["Our LoRA", "", "a" * 65])
def test_a_name_that_no_policy_can_have(rakkan: Rakkan, name: str) -> None:
    ran = rakkan("--json", "policy", "new", "--name", name)
    assert (ran.code, ran.document["error"]["code"]) == (2, "policy-clause")


@pytest.mark.parametrize("name", SHIPPED)
def test_each_policy_is_explained(rakkan: Rakkan, name: str) -> None:
    told = rakkan("--json", "policy", "explain", name).document
    assert [each["sentence"] for each in told["clauses"]] == SHIPPED[name].sentences
    said = rakkan("policy", "explain", name).out
    assert all(sentence in said for sentence in SHIPPED[name].sentences)


def test_clauses_are_listed(rakkan: Rakkan) -> None:
    told = rakkan("--json", "policy", "clauses").document["clauses"]
    assert {"clause": "grantor.distinct", "fields": ["min"]}.items() <= told[-2].items()
    assert len(told) == 20


def test_what_changes(rakkan: Rakkan) -> None:
    same = rakkan("policy", "diff", "share-alike", "share-alike")
    assert (same.code, same.out) == (0, "They ask for the same.\n")
    ran = rakkan("--json", "policy", "diff", "community-lora", "strict-art-lora")
    assert ran.code == 1
    assert {each["direction"] for each in ran.document["changes"]} == {"stricter"}


def test_a_trial_says_what_it_would_be_and_keeps_nothing(
    rakkan: Rakkan, atelier: Atelier, tmp_path: Path
) -> None:
    lock, at_home = tmp_path / "lock.json", ("--home", atelier.home)
    assert rakkan("dataset", "lock", atelier.stamped, "--out", lock).code == 0
    tried = rakkan(*at_home, "--json", "policy", "test", "community-lora", lock)
    assert (tried.code, tried.document["outcome"]) == (0, "approved")
    assert rakkan(*at_home, "policy", "test", "strict-art-lora", lock).code == 3
    empty = rakkan(*at_home, "policy", "simulate", "strict-art-lora")
    assert (empty.code, empty.out) == (0, "No verdict was made here that this could change.\n")


def test_what_would_flip(rakkan: Rakkan, atelier: Atelier, tmp_path: Path) -> None:
    lock, at_home = tmp_path / "lock.json", ("--home", atelier.home)
    rakkan("dataset", "lock", atelier.stamped, "--out", lock)
    assert rakkan(*at_home, "verdict", "make", lock, "--policy", "community-lora").code == 0
    told = rakkan(*at_home, "--json", "policy", "simulate", "strict-art-lora")
    (verdict,) = told.document["verdicts"]
    assert (told.code, verdict["before"], verdict["after"]) == (1, "approved", "undetermined")
    assert {each["reasons"][0]["code"] for each in verdict["flips"]} == {"assurance-too-low"}
    assert rakkan(*at_home, "policy", "simulate", "community-lora").code == 0
    consent = rakkan(*at_home, "--json", "consent", "list").document["consents"][0]["recordId"]
    gone = rakkan(*at_home, "--json", "policy", "simulate", "--without", consent)
    assert (gone.code, gone.document["verdicts"][0]["after"]) == (1, "rejected")
    assert len(gone.document["verdicts"][0]["flips"]) == 1


def test_wrong_words(rakkan: Rakkan, atelier: Atelier, tmp_path: Path) -> None:
    at_home = ("--home", atelier.home, "--json")
    for words, code, name in (
        (("policy", "simulate"), 2, "nothing-supposed"),
        (("policy", "simulate", "--without", "no-such.png"), 2, "image-missing"),
        (("policy", "simulate", "no-such"), 4, "policy-missing"),
        (("policy", "test", "share-alike", tmp_path / "none"), 4, "file-missing"),
        (("policy", "diff", "share-alike", "no-such"), 4, "policy-missing"),
    ):
        ran = rakkan(*at_home, *words)
        assert (ran.code, ran.document["error"]["code"]) == (code, name), words
    picture = next(atelier.stamped.iterdir())
    work = rakkan(*at_home, "verify", picture).document["record"]["recordId"]
    ran = rakkan(*at_home, "policy", "simulate", "--without", work)
    assert (ran.code, ran.document["error"]["code"]) == (2, "record-kind")
