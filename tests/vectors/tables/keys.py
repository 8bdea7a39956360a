"""Successors, stolen keys, guardians, assurance: expected answers, by hand."""

from __future__ import annotations

from tests.unit.registry.rules.cases import COMMUNITY
from tests.unit.registry.rules.casework import text
from tests.vectors.consent_world import (
    NO,
    Row,
    Told,
    consent,
    identified,
    key,
    reserved,
    row,
    who,
)

GRANTED = "allowed granted-to-public"
CONFLICT = "undetermined claims-conflict"
STOLEN = "undetermined key-compromised"
ROTATED = "undetermined key-rotated"


def rows() -> list[Row]:
    return [*_keys(), *_guardians(), *_levels()]


def _keys() -> list[Row]:
    lost = [key("ann", "compromised", ["ann"], since=text(-35), days=-1)]
    early = [key("ann", "compromised", ["ann"], since=text(-20), days=-1)]
    moved = [key("ann", "rotate", ["ann", "new"], successor=who("new"), days=-20)]
    alone = [key("ann", "rotate", ["ann"], successor=who("new"), days=-20)]
    return [
        row("key: stolen before", STOLEN, consent(0), identities=lost),
        row("key: stolen after", GRANTED, consent(0), identities=early),
        row("key: not known to be stolen then", GRANTED, consent(0), identities=lost, known=-2),
        row("key: its noes stand", "denied not-allowed", consent(0, scopes=NO), identities=lost),
        row(
            "key: a stranger's word",
            GRANTED,
            consent(0),
            identities=[key("ann", "compromised", ["zoe"], since=text(-35))],
        ),
        row(
            "key: a successor's word",
            STOLEN,
            consent(0),
            identities=[*moved, key("ann", "compromised", ["new"], since=text(-35), days=-1)],
        ),
        row(
            "key: not logged, counts at once",
            STOLEN,
            consent(0),
            identities=[key("ann", "compromised", ["ann"], since=text(-35), logged=False)],
        ),
        row("key: the old one states something new", ROTATED, consent(0, days=-10), identities=moved),
        row("key: the old one, before", GRANTED, consent(0), identities=moved),
        row(
            "key: the new one is the same person",
            GRANTED,
            consent(0),
            consent(1, "new", days=-10),
            identities=moved,
        ),
        row(
            "key: the new one did not sign",
            CONFLICT,
            consent(0),
            consent(1, "new", days=-10),
            identities=alone,
        ),
        row(
            "key: the new one replaces",
            "undetermined superseded",
            consent(0),
            consent(1, "new", days=-10, grantee=[who("zoe")], supersedes=consent(0).link),
            identities=moved,
        ),
        row(
            "key: not logged, another person",
            CONFLICT,
            consent(0),
            consent(1, "new"),
            identities=[key("ann", "rotate", ["ann", "new"], successor=who("new"), days=-20, logged=False)],
        ),
        row(
            "key: kin replaces the yes",
            "undetermined claims-conflict",
            consent(0),
            consent(1, "new", grantee=[who("zoe")], supersedes=consent(0).link),
            identities=[key("ann", "rotate", ["ann", "new"], successor=who("new"), days=-20, logged=False)],
        ),
        row(
            "key: a stolen one replaces the yes",
            "undetermined superseded",
            consent(0),
            consent(1, days=-10, grantee=[who("zoe")], supersedes=consent(0).link),
            identities=early,
        ),
        row(
            "key: a stolen one leaves the no",
            "denied reserved",
            reserved(0, grantee=[COMMUNITY]),
            consent(1, days=-10, supersedes=reserved(0, grantee=[COMMUNITY]).link),
            identities=early,
        ),
    ]


def _guardians() -> list[Row]:
    three = [who(each) for each in ("g1", "g2", "g3")]
    named = key("ann", "guardians", ["ann"], guardians=three, threshold=2, days=-100)
    thief = key("ann", "guardians", ["ann"], guardians=[who("t1")], threshold=1, days=-15)

    def lost(*signers: str, by: Told = named) -> Told:
        return key("ann", "compromised", list(signers), since=text(-35), guardianship=by.link, days=-1)

    def recovered(*signers: str, by: Told = named, days: float = -12) -> Told:
        return key("ann", "recover", ["new", *signers], successor=who("new"), guardianship=by.link, days=days)

    new = consent(1, "new", days=-10)
    gone = key("ann", "compromised", ["ann"], since=text(-20), days=-19)
    return [
        row("guardians: two of three say it", STOLEN, consent(0), identities=[named, lost("g1", "g2")]),
        row("guardians: one of three", GRANTED, consent(0), identities=[named, lost("g1")]),
        row(
            "guardians: named too late", GRANTED, consent(0), identities=[named, thief, lost("t1", by=thief)]
        ),
        row(
            "guardians: recovered, one person",
            GRANTED,
            consent(0),
            new,
            identities=[named, recovered("g1", "g3")],
        ),
        row(
            "guardians: one of three recovers nothing",
            CONFLICT,
            consent(0),
            new,
            identities=[named, recovered("g1")],
        ),
        row(
            "guardians: those a thief named recover nothing",
            CONFLICT,
            consent(0),
            new,
            identities=[named, gone, thief, recovered("t1", by=thief)],
        ),
        row(
            "guardians: recovered, the old key is over",
            ROTATED,
            consent(0, days=-10),
            identities=[named, recovered("g1", "g2")],
        ),
    ]


def _levels() -> list[Row]:
    found = []
    for title, level, records in (
        ("unidentified", 0, [identified("zoe")]),
        ("a site", 1, [identified("ann", "site")]),
        ("DNS", 1, [identified("ann", "dns")]),
        ("ENS", 1, [identified("ann", "ens")]),
        ("an aggregator", 2, [identified("ann")]),
        ("a steward", 3, [identified("ann", "steward")]),
        ("the highest of several", 2, [identified("ann", "site"), identified("ann")]),
        ("a vouch", 1, [identified("ben"), identified("ann", "vouch", checker="ben")]),
        ("a vouch by nobody known", 0, [identified("ann", "vouch", checker="ben")]),
        (
            "a vouch on a vouch",
            0,
            [
                identified("ben", "vouch", checker="cat"),
                identified("cat"),
                identified("ann", "vouch", checker="ben"),
            ],
        ),
        ("by a checker whom nobody trusts", 0, [identified("ann", checker="zoe")]),
        ("not agreed to", 0, [identified("ann", signers=["checker"])]),
        ("ended", 0, [identified("ann", until=-1)]),
        ("in no log", 0, [identified("ann", logged=False)]),
    ):
        found.append(row(f"assurance: {title}", GRANTED, consent(0), identities=records, assurance=level))
    known = [identified("ann"), identified("agent", "site")]
    above = consent(1, kind="mandate", grantee=[who("agent")])
    under = consent(9, "agent", mandate=above.link)
    return [
        *found,
        row(
            "assurance: the least of agent and principal",
            GRANTED,
            under,
            mandates=[above],
            identities=known,
            assurance=1,
        ),
    ]
