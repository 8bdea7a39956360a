"""Those who grant in another's name: expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_WORK,
    LORA,
    MINING,
    NO,
    Row,
    Told,
    about_actor,
    consent,
    dispute,
    row,
    who,
)

GRANTED = "allowed granted-to-public"
BROKEN = "undetermined mandate-broken"
ELSEWHERE = {"name": "work", "digest": {"sha256": ANOTHER_WORK.hex}}


def rows() -> list[Row]:
    return [*_mandates(), *_chains(), *_mandated_words()]


def mandate(number: int, grantor: str = "ann", to: str = "agent", **more: Any) -> Told:
    return consent(number, grantor, kind="mandate", grantee=[who(to)], **more)


def _under(above: Told, number: int = 9, grantor: str = "agent", **more: Any) -> Told:
    return consent(number, grantor, mandate=above.link, **more)


def _mandates() -> list[Row]:
    found = []
    mandates: list[tuple[str, str, dict[str, Any]]] = [
        ("a mandate over the work", GRANTED, {}),
        ("over all works of the author", GRANTED, {"about": about_actor("ann", title="author")}),
        ("over all works of somebody else", BROKEN, {"about": about_actor("ben", title="author")}),
        ("over another work", BROKEN, {"about": ELSEWHERE}),
        ("for another scope", BROKEN, {"scopes": {MINING: "allowed"}}),
        ("for a narrower scope", BROKEN, {"scopes": {LORA: "allowed"}}),
        ("that refuses the scope", BROKEN, {"scopes": NO}),
        ("to somebody else", BROKEN, {"to": "ben"}),
        ("in no log", BROKEN, {"logged": False}),
        ("not known by then", BROKEN, {"days": 1}),
        ("that has ended", BROKEN, {"validUntil": text(-1)}),
        ("that begins later", BROKEN, {"validFrom": text(1)}),
        ("withdrawn", BROKEN, {"withdrawn": -1}),
    ]
    for title, expected, given in mandates:
        above = mandate(1, **given)
        known = 0 if given.get("days") else None
        found.append(row(f"mandate: {title}", expected, _under(above), mandates=[above], known=known))
    above = mandate(1)
    silent = _under(above, scopes=NO)
    found += [
        row(
            "mandate: withdrawn later",
            GRANTED,
            _under(mandate(1, withdrawn=-1)),
            mandates=[mandate(1, withdrawn=-1)],
            used=-2,
        ),
        row("mandate: not found", BROKEN, _under(above), mandates=[]),
        row("mandate: a no under a broken one", "denied not-allowed", silent, mandates=[]),
        row("mandate: its principal acts", GRANTED, _under(above, grantor="ann"), mandates=[above]),
        row("mandate: a grant is none", BROKEN, _under(consent(1)), mandates=[consent(1)]),
        row("mandate: disputed", BROKEN, _under(above), mandates=[above], disputes=[dispute("zoe", above)]),
        row(
            "mandate: in the principal's name, beside theirs",
            GRANTED,
            consent(0),
            _under(above),
            mandates=[above],
        ),
        row(
            "mandate: principal replaces",
            "undetermined superseded",
            _under(above),
            consent(10, grantee=[who("zoe")], supersedes=_under(above).link),
            mandates=[above],
        ),
        row(
            "mandate: agent does not replace",
            "undetermined claims-conflict",
            consent(0),
            consent(10, "agent", grantee=[who("zoe")], supersedes=consent(0).link),
            mandates=[above],
        ),
        row(
            "mandate: replaced",
            BROKEN,
            _under(above),
            mandates=[above, mandate(2, to="ben", supersedes=above.link)],
        ),
    ]
    return found


def _chains() -> list[Row]:
    root = mandate(1, to="house")
    below = mandate(2, "house", "agent", mandate=root.link)
    narrow = mandate(2, "house", "agent", mandate=root.link, scopes={LORA: "allowed"})
    gap = mandate(2, "ben", "agent", mandate=root.link)
    deep = [mandate(1, "ann", "agent")]
    for number in range(2, 10):
        deep.append(mandate(number, "agent", "agent", mandate=deep[-1].link))
    return [
        row("chain: two deep", GRANTED, _under(below), mandates=[root, below]),
        row("chain: root not found", BROKEN, _under(below), mandates=[below]),
        row("chain: given on by a stranger", BROKEN, _under(gap), mandates=[root, gap]),
        row("chain: narrowed, for the whole", BROKEN, _under(narrow), mandates=[root, narrow]),
        row("chain: narrowed, for the part", GRANTED, _under(narrow), mandates=[root, narrow], scope=LORA),
        row("chain: eight deep", GRANTED, _under(deep[7], 20), mandates=deep),
        row("chain: nine deep", BROKEN, _under(deep[8], 20), mandates=deep),
    ]


def _mandated_words() -> list[Row]:
    above = mandate(1)
    return [
        row(
            "mandate: agent's yes and principal's no",
            "denied not-allowed",
            consent(0, scopes=NO),
            _under(above),
            mandates=[above],
        ),
        row(
            "mandate: agents of two persons",
            "undetermined claims-conflict",
            _under(above),
            consent(10, "ben"),
            mandates=[above],
        ),
    ]
