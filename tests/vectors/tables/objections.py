"""Disputes, rulings, likeness to earlier works: expected answers, by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    ANOTHER_WORK,
    NO,
    WORK,
    Row,
    claim,
    consent,
    dispute,
    identified,
    key,
    reserved,
    row,
    ruling,
    who,
)

GRANTED = "allowed granted-to-public"
SUSPENDED = "undetermined suspended"


def rows() -> list[Row]:
    return [*_disputes(), *_rulings(), *_similar()]


def _disputes() -> list[Row]:
    grant, two = consent(0), [claim("ann", proven=-20), claim("zoe", proven=-10)]
    early, late = dispute("zoe", grant, days=-16), dispute("zoe", grant, days=-1)
    named = [identified("zoe", days=-50), identified("yan", days=-50)]
    not_hers = dispute("zoe", grant, "not-the-author")
    crowd = [dispute(f"wallet {number}", grant, days=-20 + 10 * number) for number in range(3)]
    ends = [
        ("a moment before", GRANTED, -1.5),
        ("from when it is known", SUSPENDED, -1),
        ("at the last", SUSPENDED, 12.9),
    ]
    return [
        *(row(f"dispute: {title}", code, grant, disputes=[late], used=used) for title, code, used in ends),
        row("dispute: 14 days later", GRANTED, grant, disputes=[late], used=13),
        row("dispute: not known then", GRANTED, grant, disputes=[late], known=-2),
        row(
            "dispute: a no stands",
            "denied not-allowed",
            consent(0, scopes=NO),
            disputes=[dispute("zoe", consent(0, scopes=NO))],
        ),
        row("dispute: another grant stands", GRANTED, grant, consent(1), disputes=[late]),
        row("dispute: one per accuser", GRANTED, grant, disputes=[early, late], identities=named),
        row(
            "dispute: another accuser",
            SUSPENDED,
            grant,
            disputes=[early, dispute("yan", grant)],
            identities=named,
        ),
        row("dispute: unidentified accusers are one", GRANTED, grant, disputes=crowd, used=5),
        row("dispute: of this item", SUSPENDED, grant, disputes=[dispute("zoe", grant, item=WORK.hex)]),
        row(
            "dispute: of another item",
            GRANTED,
            grant,
            disputes=[dispute("zoe", grant, item=ANOTHER_WORK.hex)],
        ),
        row(
            "dispute: of a claim",
            SUSPENDED,
            grant,
            claims=[claim("ann")],
            disputes=[dispute("zoe", claim("ann"))],
        ),
        row("dispute: not the author, by an equal", SUSPENDED, grant, disputes=[not_hers]),
        row("dispute: not the author, by a lower", GRANTED, grant, claims=two, disputes=[not_hers]),
        row(
            "dispute: forged, by a lower",
            SUSPENDED,
            grant,
            claims=two,
            disputes=[dispute("zoe", grant, "forged")],
        ),
        row(
            "dispute: not the author, by a better known",
            SUSPENDED,
            grant,
            disputes=[not_hers],
            identities=named,
        ),
    ]


def _rulings() -> list[Row]:
    grant = consent(0)
    paused = dispute("zoe", grant, days=-2)
    stolen = [key("judge", "compromised", ["judge"], since=text(-5))]
    over = ruling("dismissed", grant, of=paused)
    void = ruling("void", grant)
    found = [
        row(f"ruling: {title}", code, grant, disputes=[paused], rulings=[given])
        for title, code, given in (
            ("dismissed", GRANTED, over),
            ("dismissed by the accuser", SUSPENDED, ruling("dismissed", grant, of=paused, by="zoe")),
            ("dismissed in no log", SUSPENDED, ruling("dismissed", grant, of=paused, logged=False)),
            ("another dispute dismissed", SUSPENDED, ruling("dismissed", grant, of=dispute("yan", grant))),
            ("void", "undetermined void", void),
        )
    ]
    return [
        *found,
        row("ruling: dismissed later", SUSPENDED, grant, disputes=[paused], rulings=[over], used=-1.5),
        row(
            "ruling: dismissed by a stolen key",
            SUSPENDED,
            grant,
            disputes=[paused],
            rulings=[over],
            identities=stolen,
        ),
        row("ruling: void is from the start", "undetermined void", grant, rulings=[void], used=-20),
        row("ruling: void, not known then", GRANTED, grant, rulings=[void], used=-20, known=-20),
        row("ruling: void by nobody named", GRANTED, grant, rulings=[ruling("void", grant, by="zoe")]),
        row("ruling: void in no log", SUSPENDED, grant, rulings=[ruling("void", grant, logged=False)]),
        row("ruling: void by a stolen key", SUSPENDED, grant, rulings=[void], identities=stolen),
        row("ruling: a void no", "undetermined void", reserved(0), rulings=[ruling("void", reserved(0))]),
        row(
            "ruling: a no, void in doubt",
            "denied reserved",
            reserved(0),
            rulings=[ruling("void", reserved(0), logged=False)],
        ),
        row(
            "ruling: void for another item",
            GRANTED,
            grant,
            rulings=[ruling("void", grant, item=ANOTHER_WORK.hex)],
        ),
    ]


def _similar() -> list[Row]:
    grant, mine, earlier = consent(0), claim("ann"), claim("ben", days=-60)
    code = "undetermined similar-unresolved"

    def alike(*holders: str, reserved: bool = False, days: float = -60) -> list[dict[str, Any]]:
        named = [who(each) for each in holders]
        return [
            {"earlier": earlier.link["/"], "holders": named, "reserved": reserved, "knownFrom": text(days)}
        ]

    others: list[tuple[str, str, dict[str, Any]]] = [
        ("to somebody else's", code, {"similar": alike("ben")}),
        ("to one's own", GRANTED, {"similar": alike("ann")}),
        ("to one's own, reserved", code, {"similar": alike("ann", reserved=True)}),
        ("to nobody's", code, {"similar": alike()}),
        ("not known then", GRANTED, {"similar": alike("ben", days=-1), "known": -2}),
        (
            "cleared by a steward",
            GRANTED,
            {"similar": alike("ben"), "rulings": [ruling("cleared", mine, by="steward")]},
        ),
        (
            "cleared by its holder",
            GRANTED,
            {"similar": alike("ben"), "rulings": [ruling("cleared", mine, by="ben")]},
        ),
        (
            "cleared by one of two holders",
            code,
            {"similar": alike("ben", "cat"), "rulings": [ruling("cleared", mine, by="ben")]},
        ),
        (
            "cleared by the later claimant",
            code,
            {"similar": alike("ben"), "rulings": [ruling("cleared", mine, by="ann")]},
        ),
        (
            "cleared in no log",
            code,
            {"similar": alike("ben"), "rulings": [ruling("cleared", mine, by="steward", logged=False)]},
        ),
        (
            "cleared from the earlier one",
            GRANTED,
            {"similar": alike("ben"), "rulings": [ruling("cleared", earlier, by="ben", item=WORK.hex)]},
        ),
        (
            "cleared, another item",
            code,
            {
                "similar": alike("ben"),
                "rulings": [ruling("cleared", earlier, by="ben", item=ANOTHER_WORK.hex)],
            },
        ),
    ]
    return [
        *(
            row(f"similar: {title}", expected, grant, claims=[mine], **given)
            for title, expected, given in others
        ),
        row("similar: a no stays a no", "denied reserved", reserved(0), claims=[mine], similar=alike("ben")),
    ]
