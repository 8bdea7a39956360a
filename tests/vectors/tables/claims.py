"""Claims and noes on a claimed work: expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    MINING,
    NO,
    Row,
    claim,
    consent,
    identified,
    key,
    reserved,
    row,
    ruling,
)

GRANTED = "allowed granted-to-public"
CONFLICT = "undetermined claims-conflict"
STOLEN = "undetermined key-compromised"


def rows() -> list[Row]:
    return [*_claims(), *_noes(), *_passed_on()]


def _claims() -> list[Row]:
    ann, ben = consent(0), consent(1, "ben")

    def rivals(mine: float | None, theirs: float | None, **levels: str) -> dict[str, Any]:
        known = [identified(name, method) for name, method in levels.items()]
        return {"claims": [claim("ann", proven=mine), claim("ben", proven=theirs)], "identities": known}

    return [
        row("claim: the claimant grants", GRANTED, ann, claims=[claim("ann")]),
        row("claim: somebody else grants", "undetermined claimant-other", ben, claims=[claim("ann")]),
        row(
            "claim: void",
            "undetermined claim-void",
            ann,
            claims=[claim("ann"), claim("ben")],
            rulings=[ruling("void", claim("ann"))],
        ),
        row(
            "claim: a rival's is void",
            GRANTED,
            ann,
            claims=[claim("ann"), claim("ben", proven=-5)],
            rulings=[ruling("void", claim("ben", proven=-5))],
        ),
        row("claim: the earlier", GRANTED, ann, **rivals(-20, -10)),
        row("claim: the later", CONFLICT, ann, **rivals(-10, -20)),
        row("claim: both at once", CONFLICT, ann, **rivals(-10, -10)),
        row("claim: proven before unproven", GRANTED, ann, **rivals(-10, None)),
        row("claim: neither is proven", CONFLICT, ann, **rivals(None, None)),
        row("claim: not proven then", CONFLICT, ann, known=-11, **rivals(-10, None)),
        row("claim: assurance before date", GRANTED, ann, **rivals(-10, -20, ann="site")),
        row("claim: higher assurance", GRANTED, ann, **rivals(-10, -20, ann="steward", ben="aggregator")),
        row("claim: lower assurance", CONFLICT, ann, **rivals(-20, -10, ben="dns")),
        row("claim: a rival's grant is passed over", GRANTED, ann, ben, **rivals(-20, -10)),
        row(
            "claim: a rival perhaps as well known",
            CONFLICT,
            ann,
            claims=[claim("ann", proven=-10), claim("ben", proven=-20)],
            identities=[identified("ann", "site"), identified("ben", "site", logged=False)],
        ),
        row(
            "claim: doubtful, raises nobody",
            CONFLICT,
            ann,
            claims=[claim("ann", proven=-10), claim("ben", proven=-20)],
            identities=[identified("ann", "site", logged=False)],
        ),
        row(
            "claim: of a stolen key",
            STOLEN,
            ann,
            claims=[claim("ann", days=-2)],
            identities=[key("ann", "compromised", ["ann"], since=text(-5))],
        ),
        row(
            "claim: withdrawn by the claimant",
            "denied withdrawn",
            consent(0, withdrawn=-1),
            claims=[claim("ann")],
        ),
        row(
            "claim: withdrawn by somebody else",
            "undetermined claimant-other",
            consent(1, "ben", withdrawn=-1),
            claims=[claim("ann")],
        ),
    ]


def _noes() -> list[Row]:
    no, mine = reserved(1, "ben"), [claim("ann")]
    return [
        row("no of a stranger, over the claimant's yes", GRANTED, consent(0), no, claims=mine),
        row(
            "no of an equal claimant",
            CONFLICT,
            consent(0),
            no,
            claims=[claim("ann", proven=-9), claim("ben", proven=-9)],
        ),
        row("no of a stranger alone", "denied reserved", no, claims=mine),
        row(
            "no of a stranger, over the claimant's silence",
            CONFLICT,
            consent(0, scopes={MINING: "allowed"}),
            no,
            claims=mine,
        ),
        row(
            "no of the claimant", "denied not-allowed", consent(0, scopes=NO), consent(1, "ben"), claims=mine
        ),
        row("noes of both", "denied not-allowed", consent(0, scopes=NO), no, claims=mine),
    ]


def _passed_on() -> list[Row]:
    """Reservations that were read elsewhere."""
    derived = {"vocabulary": "aipref", "version": "draft-ietf-aipref-vocab-08", "sha256": "ab" * 32}
    basis = {"claim": "unstated", "coauthorsComplete": False}
    no = reserved(1, "ben", derived=derived, rightsBasis=basis)
    return [
        row("passed on: alone", "denied reserved", no),
        row("passed on: over a grant that nobody's claim bears out", "denied reserved", consent(0), no),
        row("passed on: over the claimant's yes", GRANTED, consent(0), no, claims=[claim("ann")]),
        row(
            "passed on: over the claimant's silence",
            CONFLICT,
            consent(0, scopes={MINING: "allowed"}),
            no,
            claims=[claim("ann")],
        ),
        row("passed on: beside another grantor's yes", "denied reserved", consent(0), consent(2, "zoe"), no),
    ]
