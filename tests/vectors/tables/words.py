"""What single words, ranks and instants mean: expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.cases import COMMUNITY, wallet_did
from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_COMMUNITY,
    LIKENESS,
    LORA,
    MINING,
    NO,
    STYLE,
    TRAIN,
    YES,
    Row,
    consent,
    reserved,
    row,
    who,
)

OURS: dict[str, Any] = {"grantee": [COMMUNITY]}
OTHERS: dict[str, Any] = {"grantee": [ANOTHER_COMMUNITY]}
UPPER = "eip155:31337:0x" + COMMUNITY.rpartition("0x")[2].upper()
WALLET = wallet_did(b"\x07" * 32)


def rows() -> list[Row]:
    return [*_words(), *_ranks(), *_times()]


def _words() -> list[Row]:
    fine = {TRAIN: "constrained", LORA: "allowed", STYLE: "notAllowed"}
    return [
        row("nobody says anything", "undetermined no-consent"),
        row("a grant to everybody", "allowed granted-to-public", consent(0)),
        row("a grant to us", "allowed granted", consent(0, **OURS)),
        row("a no in a grant", "denied not-allowed", consent(0, scopes=NO)),
        row("a scope that narrows an allowed one", "allowed granted-to-public", consent(0), scope=LORA),
        row("another scope", "undetermined scope-unstated", consent(0), scope=MINING),
        row(
            "narrower says nothing of broader",
            "undetermined scope-unstated",
            consent(0, scopes={LORA: "allowed"}),
        ),
        row("constrained is a no", "denied constrained", consent(0, scopes=fine)),
        row("narrower lifts constrained", "allowed granted-to-public", consent(0, scopes=fine), scope=LORA),
        row("narrower refuses", "denied not-allowed", consent(0, scopes=fine), scope=STYLE),
        row(
            "constrained falls on the narrower", "denied constrained", consent(0, scopes=fine), scope=LIKENESS
        ),
        row(
            "narrower no under a broader yes",
            "denied not-allowed",
            consent(0, scopes={TRAIN: "allowed", LORA: "notAllowed"}),
            scope=LORA,
        ),
        row("a scope unknown here", "undetermined scope-unstated", consent(0), scope="org.example.other"),
        row(
            "a scope of others, stated",
            "allowed granted-to-public",
            consent(0, scopes={"org.example.other": "allowed"}),
            scope="org.example.other",
        ),
        row("a grant to others", "undetermined grantee-other", consent(0, **OTHERS)),
        row("no to others is none to us", "undetermined grantee-other", consent(0, scopes=NO, **OTHERS)),
        row("addresses in any case", "allowed granted", consent(0, **OURS), asked=UPPER),
        row("a no in any case", "denied not-allowed", consent(0, scopes=NO, grantee=[UPPER])),
        row("a DID, exactly", "allowed granted", consent(0, grantee=[who("zoe")]), asked=who("zoe")),
        row("a wallet in any case", "allowed granted", consent(0, grantee=[WALLET]), asked=WALLET.lower()),
        row("asked for anybody", "undetermined grantee-other", consent(0, **OURS), asked="public"),
        row("asked for anybody, granted", "allowed granted-to-public", consent(0), asked="public"),
        row("a mandate says nothing", "undetermined scope-unstated", consent(0, kind="mandate", **OURS)),
        row("a likeness grants nothing", "undetermined grantee-other", consent(0, kind="likeness", **OTHERS)),
        row(
            "a likeness says no",
            "denied not-allowed",
            consent(0),
            consent(1, scopes=NO, kind="likeness", **OURS),
        ),
    ]


def _ranks() -> list[Row]:
    named, public = consent(0, **OURS), consent(1)
    named_no, public_no = reserved(2, **OURS), reserved(3)
    return [
        row("a reservation", "denied reserved", public_no),
        row("a reservation never grants", "undetermined scope-unstated", reserved(0, scopes=YES)),
        row("a constrained reservation", "denied constrained", reserved(0, scopes={TRAIN: "constrained"})),
        row("granted to us, reserved from us", "allowed granted", named, named_no),
        row("reserved from us, granted to all", "denied reserved", named_no, public),
        row("granted to all, reserved from all", "allowed granted-to-public", public, public_no),
        row("granted to us, reserved from all", "allowed granted", named, public_no),
        row(
            "a no in a grant to us, a grant to all",
            "denied not-allowed",
            consent(0, scopes=NO, **OURS),
            public,
        ),
        row("within a rank every no wins", "denied not-allowed", public, consent(4, scopes=NO)),
        row("two grants of a rank both hold", "allowed granted-to-public", public, consent(4)),
        row(
            "of two noes the plainest",
            "denied not-allowed",
            consent(4, scopes={TRAIN: "constrained"}),
            consent(5, scopes=NO),
        ),
        row(
            "a rank that is silent is passed",
            "denied reserved",
            consent(0, scopes={MINING: "allowed"}, **OURS),
            public_no,
        ),
    ]


def _times() -> list[Row]:
    span: dict[str, Any] = {"validFrom": text(-2), "validUntil": text(2)}
    return [
        row("before it begins", "undetermined not-yet-valid", consent(0, **span), used=-3),
        row("at its first instant", "allowed granted-to-public", consent(0, **span), used=-2),
        row("at its last", "allowed granted-to-public", consent(0, **span), used=1),
        row("at its end", "undetermined expired", consent(0, **span), used=2),
        row("a no ends too", "undetermined expired", reserved(0, **span), used=2),
        row("not known then", "undetermined no-consent", consent(0), known=-31),
        row("known then", "allowed granted-to-public", consent(0), known=-30),
        row(
            "a no not known then",
            "allowed granted-to-public",
            consent(0),
            reserved(1, days=-1, **OURS),
            known=-2,
        ),
        row("the same, known now", "denied reserved", consent(0), reserved(1, days=-1, **OURS)),
        row("in no log", "undetermined unlogged", consent(0, logged=False)),
        row("a no in no log", "denied reserved", consent(0), reserved(1, logged=False, **OURS)),
        row(
            "nearest to a yes is told",
            "undetermined expired",
            consent(0, **span),
            consent(1, **OTHERS),
            used=3,
        ),
    ]
