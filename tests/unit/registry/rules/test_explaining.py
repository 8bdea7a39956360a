"""Explanations against every answer in the vectors: nothing is left out, and the parts are those of the answer."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from rakkan.registry.rules.explaining import Explanation, explain
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.values import DAG_JSON, Cid
from rakkan.schemas.verdict import Answer
from tests.kit.drive import VECTORS
from tests.kit.expand import expanded
from tests.kit.wire import case_of, consent_fact
from tests.unit.registry.rules.cases import in_force

PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))
ANSWERS = [each for each in PUBLISHED["tests"] if each["request"]["op"] == "effective"]


def explained(request: dict[str, Any]) -> tuple[Explanation, Any, Any]:
    asked = request["question"]
    facts = [consent_fact(each) for each in request["consents"]]
    case = case_of(request.get("case"))
    return (
        explain(
            facts,
            scope=asked["scope"],
            grantee=asked["grantee"],
            used_at=parse_instant(asked["usedAt"]),
            known_at=parse_instant(asked["knownAt"]) if "knownAt" in asked else None,
            policy=Cid.parse(asked["policy"]) if "policy" in asked else None,
            case=case,
        ),
        facts,
        case,
    )


@pytest.mark.parametrize("test", ANSWERS, ids=[each["name"] for each in ANSWERS])
def test_every_answer_is_taken_apart_without_a_rest(test: dict[str, Any]) -> None:
    found, facts, case = explained(expanded(test["request"], PUBLISHED["records"]))
    answer, reply = found.answer, test["reply"]
    assert (answer.answer.value, answer.code) == (reply["answer"], reply["code"])
    assert [str(Cid(DAG_JSON, fact.record_id)) for fact in answer.relied] == reply["relied"]
    everything = {
        *(each.record_id for each in facts),
        *(each.record_id for each in (*case.mandates.values(), *case.releases.values())),
        *(each.record_id for group in case.coauthors.values() for each in group),
        *(each.record_id for fact in facts for each in case.runs.get(fact.envelope, ())),
        *(each.record_id for each in (*case.claims, *case.disputes, *case.rulings, *case.actors.records)),
    }
    assert Counter(voice.record_id for voice in found.voices) == Counter(everything), "each once"
    parts = {voice.record_id: voice for voice in found.voices}
    relied = [parts[fact.record_id] for fact in answer.relied]
    if answer.answer is Answer.UNDETERMINED and answer.code not in ("claims-conflict", "similar-unresolved"):
        assert {(voice.part, voice.code) for voice in relied} <= {("silent", answer.code)}
    elif answer.code != "claims-conflict":
        assert {voice.part for voice in relied} == {"decides"}
        assert {voice.record_id for voice in found.voices if voice.part == "decides"} == {
            fact.record_id for fact in answer.relied
        }
    for fact in answer.relied:
        leaning = {each.record_id for each in answer.supports.get(fact.record_id, ())}
        assert leaning <= set(parts[fact.record_id].because)
        assert {parts[each].code for each in leaning} <= {"holds"}
    for voice in found.voices:
        assert set(voice.because) <= everything | {voice.record_id}


def test_reasons_name_the_records_for_which_they_hold() -> None:
    wanted = {
        "superseded": {"grant", "reservation", "likeness"},
        "void": {"ruling"},
        "budget-spent": {"training-run"},
        "suspended": {"dispute", "ruling"},
        "key-compromised": {"key"},
        "key-rotated": {"key"},
        "claimant-other": {"work", "authorship"},
        "claim-void": {"work", "authorship"},
    }
    met: set[str] = set()
    for test in ANSWERS:
        found, _, _ = explained(expanded(test["request"], PUBLISHED["records"]))
        kinds = {voice.record_id: voice.kind for voice in found.voices}
        for voice in found.voices:
            if voice.part == "silent" and voice.code in wanted and voice.because:
                met.add(voice.code)
                assert {kinds[each] for each in voice.because} & wanted[voice.code], voice
    assert met == wanted.keys()


def test_what_is_in_force_is_what_is_heard() -> None:
    for test in ANSWERS:
        request = expanded(test["request"], PUBLISHED["records"])
        found, facts, case = explained(request)
        asked = request["question"]
        known_at = parse_instant(asked["knownAt"]) if "knownAt" in asked else None
        force = in_force(facts, used_at=parse_instant(asked["usedAt"]), known_at=known_at, case=case)
        before = ("unknown", "void", "expired", "not-yet-valid")
        mine = {fact.record_id for fact in facts}
        aside = {voice.record_id for voice in found.voices if voice.code in before}
        replaced = {voice.record_id for voice in found.voices if voice.code == "superseded"}
        counting = {fact.record_id for fact in force}
        assert counting.isdisjoint(aside)
        assert mine - aside - replaced <= counting, (
            "one that is replaced in doubt alone is heard for its noes"
        )
