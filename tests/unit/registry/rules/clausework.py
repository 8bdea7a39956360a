"""Clauses of every kind, and asking one of them, for tests."""

from __future__ import annotations

from typing import Any

from rakkan.registry.rules.audit import Audit, audit
from rakkan.registry.rules.case import EMPTY_CASE, Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.finding import ItemEvidence, ItemJudge
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.statement import parse_model
from rakkan.schemas.work import Work
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW
from tests.unit.registry.rules.casework import (
    TRAIN,
    case,
    record,
    who,
)
from tests.unit.registry.rules.test_finding import FED, ITEM, SHARE, policy_of

CLAUSES: dict[str, dict[str, Any]] = {
    "consent.share": {"scope": TRAIN, "grantee": "self", "minBp": 10000, "minAssurance": 1},
    "consent.denied": {"scope": TRAIN, "grantee": "self", "maxBp": 0},
    "consent.unrevoked": {},
    "withdrawal.mode": {"modes": ["prospective", "sunset"]},
    "validity.min_remaining_days": {"days": 30},
    "challenge.window": {"days": 7},
    "licence.in": {"licences": ["CC0-1.0", "CC-BY-4.0"]},
    "licence.not": {"licences": ["CC-BY-NC-4.0"]},
    "licence.output": {"licence": "CC-BY-SA-4.0"},
    "persons.minors": {},
    "persons.releases": {},
    "provenance.unknown": {"maxBp": 0},
    "synthetic.share": {"maxBp": 0},
    "claim.min_age_days": {"days": 30},
    "generator.outputs_trainable": {"models": ["autov2:0123456789"]},
    "dispute.open": {"maxBp": 0},
    "similar.unresolved": {"maxBp": 0},
    "duplicate.per_grantor": {"maxBp": 5000},
    "grantor.distinct": {"min": 2},
    "source.denylist": {"grantors": [who("eve")]},
}


def clause(name: str, **more: Any) -> dict[str, Any]:
    return {"clause": name, **CLAUSES[name], **more}


def said(
    asked: dict[str, Any],
    *facts: ConsentFact,
    about: Case = EMPTY_CASE,
    work: bytes | None = ITEM,
    share: bool = True,
) -> tuple[str, str]:
    """Outcome and code of one clause, beside a share clause that says what is relied on."""
    policy = policy_of(*([SHARE] if share else []), asked)
    judge = ItemJudge(policy, grantee_self=COMMUNITY, instant=NOW)
    judged = judge.judge(ItemEvidence(ITEM, FED, work, facts, about))
    return judged.outcomes[-1].value, parse_canonical(judged.document)["reasons"][-1]["code"]


def audited(
    *items: tuple[ConsentFact, ...], clauses: list[dict[str, Any]], about: Case = EMPTY_CASE
) -> Audit:
    evidence = [
        ItemEvidence(bytes([place]) * 32, FED, ITEM, facts, about) for place, facts in enumerate(items)
    ]
    return audit(evidence, policy_of(*clauses), grantee_self=COMMUNITY, instant=NOW)


def terms(
    licence: str, *, alike: bool = False, commercial: bool = True, outputs: str | None = None
) -> dict[str, Any]:
    value = {"licence": licence, "attribution": "name", "shareAlike": alike, "commercial": commercial}
    return {"terms": {**value, **({"outputsLicence": outputs} if outputs else {})}}


def work_of(**more: Any) -> Case:
    """The case of an item whose registered work says this of itself."""
    value = {
        "audience": cases.AUDIENCE,
        "creator": who("ann"),
        "making": "generated",
        "stampedAt": "2026-11-22T12:00:00Z",
        "asset": {"mediaType": "image/png", "width": 8, "height": 8},
        **more,
    }
    return case(claims=(record(parse_model(Work, value), "work", signers=("ann",), proven=-20),))


REGISTERED = work_of().claims[0].record_id
