"""Withdrawn, replaced, said by several persons, bound: expected answers, by hand."""

from __future__ import annotations

from typing import Any

from rakkan.schemas.values import Cid
from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_COMMUNITY,
    INFERENCE,
    LIKENESS,
    LORA,
    MINING,
    NO,
    TRAIN,
    Row,
    consent,
    reserved,
    row,
)

OURS: dict[str, Any] = {"grantee": [COMMUNITY]}
OTHERS: dict[str, Any] = {"grantee": [ANOTHER_COMMUNITY]}
POLICY = str(Cid.of(b"policy"))
OTHER_POLICY = str(Cid.of(b"another policy"))


def rows() -> list[Row]:
    return [*_withdrawals(), *_replaced(), *_persons(), *_needs()]


def _withdrawals() -> list[Row]:
    taken = consent(0, withdrawn=-5)
    forever: dict[str, Any] = {"withdrawal": {"authority": "0x" + "11" * 20, "mode": "irrevocable"}}
    return [
        row("used before the withdrawal", "allowed granted-to-public", taken, used=-6),
        row("used at the withdrawal", "denied withdrawn", taken, used=-5),
        row("used after the withdrawal", "denied withdrawn", taken),
        row("used after, not known then", "allowed granted-to-public", taken, known=-6),
        row("one work withdrawn", "denied withdrawn", consent(0, item=-5)),
        row("one work withdrawn, before", "allowed granted-to-public", consent(0, item=-5), used=-6),
        row("another grant stands", "allowed granted-to-public", taken, consent(1)),
        row("its noes stay", "denied not-allowed", consent(0, scopes=NO, withdrawn=-5)),
        row("a withdrawn reservation stays", "denied reserved", reserved(0, withdrawn=-5)),
        row("irrevocable", "allowed granted-to-public", consent(0, withdrawn=-5, **forever)),
        row("irrevocable, and a later no", "denied reserved", consent(0, **forever), reserved(1, **OURS)),
        row("a reservation speaks before withdrawn", "denied reserved", taken, reserved(1)),
        row("withdrawn and expired", "undetermined expired", consent(0, withdrawn=-5, validUntil=text(-1))),
        row("withdrawn in no log", "denied withdrawn", consent(0, withdrawn=-5, logged=False)),
    ]


def _replaced() -> list[Row]:
    first = consent(0)
    link: dict[str, Any] = {"supersedes": first.link}
    return [
        row("replaced by a no", "denied not-allowed", first, consent(1, scopes=NO, **link)),
        row("replaced by a grant to others", "undetermined superseded", first, consent(1, **OTHERS, **link)),
        row(
            "replaced later on",
            "allowed granted-to-public",
            first,
            consent(1, **OTHERS, validFrom=text(1), **link),
        ),
        row(
            "replaced by one in no log",
            "allowed granted-to-public",
            first,
            consent(1, logged=False, **OTHERS, **link),
        ),
        row(
            "replaced by somebody else",
            "undetermined claims-conflict",
            first,
            consent(1, "ben", **OTHERS, **link),
        ),
        row(
            "replaced by one that has ended",
            "undetermined expired",
            first,
            consent(1, validUntil=text(-1), **link),
        ),
        row("replaced by one withdrawn", "denied withdrawn", first, consent(1, withdrawn=-1, **link)),
        row(
            "a no replaced by a yes",
            "allowed granted-to-public",
            reserved(0, **OURS),
            consent(1, supersedes=reserved(0, **OURS).link),
        ),
        row(
            "not known to be replaced then",
            "allowed granted-to-public",
            first,
            consent(1, days=-1, **OTHERS, **link),
            known=-2,
        ),
    ]


def _persons() -> list[Row]:
    ann, ben = consent(0), consent(1, "ben")
    return [
        row("two persons grant", "undetermined claims-conflict", ann, ben),
        row("one grants, one reserves", "undetermined claims-conflict", ann, reserved(1, "ben")),
        row("both refuse", "denied not-allowed", consent(0, scopes=NO), reserved(1, "ben")),
        row(
            "both refuse in other words",
            "denied reserved",
            reserved(0),
            reserved(1, "ben", scopes={TRAIN: "constrained"}),
        ),
        row(
            "one speaks of another scope",
            "undetermined claims-conflict",
            ann,
            consent(1, "ben", {MINING: "allowed"}),
        ),
        row("one has ended", "allowed granted-to-public", ann, consent(1, "ben", validUntil=text(-1))),
        row(
            "who withdrew is still a claimant",
            "undetermined claims-conflict",
            ann,
            consent(1, "ben", withdrawn=-5),
        ),
        row("both withdrew", "denied withdrawn", consent(0, withdrawn=-5), consent(1, "ben", withdrawn=-5)),
    ]


def _needs() -> list[Row]:
    bound = consent(0, bounds={"policy": {"/": POLICY}})
    soon: dict[str, Any] = {"trainBy": text(1)}
    shown: dict[str, Any] = {"persons": {"depicted": "others", "minors": "none"}}
    unknown: dict[str, Any] = {"persons": {"depicted": "none", "minors": "unknown"}}
    half: dict[str, Any] = {"rightsBasis": {"claim": "created", "coauthorsComplete": True, "shareBp": 5000}}
    open_ended: dict[str, Any] = {"rightsBasis": {"claim": "created", "coauthorsComplete": False}}
    person = {LIKENESS: "allowed"}
    return [
        row("bound to this policy", "allowed granted-to-public", bound, policy=POLICY),
        row("bound to another policy", "undetermined policy-other", bound, policy=OTHER_POLICY),
        row("bound, asked without a policy", "undetermined policy-other", bound),
        row("training before trainBy", "allowed granted-to-public", consent(0, **soon)),
        row("training at trainBy", "undetermined train-by-passed", consent(0, **soon), used=1),
        row("LoRA at trainBy", "undetermined train-by-passed", consent(0, **soon), used=1, scope=LORA),
        row(
            "inference after trainBy",
            "allowed granted-to-public",
            consent(0, scopes={INFERENCE: "allowed"}, **soon),
            used=2,
            scope=INFERENCE,
        ),
        row(
            "mining after trainBy",
            "allowed granted-to-public",
            consent(0, scopes={MINING: "allowed"}, **soon),
            used=2,
            scope=MINING,
        ),
        row("a no after trainBy", "denied not-allowed", consent(0, scopes=NO, **soon), used=2),
        row("half of the rights", "undetermined coauthors-missing", consent(0, **half)),
        row("co-authors may be missing", "undetermined coauthors-missing", consent(0, **open_ended)),
        row("half of the rights refuses", "denied not-allowed", consent(0, scopes=NO, **half)),
        row(
            "somebody is shown",
            "undetermined release-missing",
            consent(0, scopes=person, **shown),
            scope=LIKENESS,
        ),
        row("somebody is shown, for training", "allowed granted-to-public", consent(0, **shown)),
        row(
            "the grantor is shown",
            "allowed granted-to-public",
            consent(0, scopes=person, persons={"depicted": "grantor", "minors": "none"}),
            scope=LIKENESS,
        ),
        row(
            "minors unknown",
            "undetermined minors-unknown",
            consent(0, scopes=person, **unknown),
            scope=LIKENESS,
        ),
        row(
            "a minor, no guardian",
            "undetermined guardian-missing",
            consent(0, scopes=person, persons={"depicted": "none", "minors": "yes"}),
            scope=LIKENESS,
        ),
    ]
