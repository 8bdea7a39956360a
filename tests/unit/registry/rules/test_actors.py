"""Actors: successors, guardians, stolen keys, and how well somebody is known."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rakkan.registry.rules.actors import UNIDENTIFIED, Known
from rakkan.registry.rules.facts import RecordFact
from tests.unit.registry.rules.casework import (
    DAY,
    actors,
    ask,
    at,
    by,
    case,
    identified,
    key,
    said,
    who,
)

GUARDIANS = ("g1", "g2", "g3")


def _known(*records: RecordFact, known_at: float | None = None) -> Known:
    return actors(*records).as_known(at(known_at) if known_at is not None else None)


def _guarded(actor: str = "ann", **more: Any) -> RecordFact:
    named: dict[str, Any] = {"name": "guarded", "guardians": GUARDIANS, "threshold": 2, "days": -90}
    return key("guardians", actor, **{**named, **more})


def _recover(signers: tuple[str, ...] = ("bob", "g1", "g3"), **more: Any) -> RecordFact:
    return key("recover", "ann", successor="bob", signers=signers, **{"guardianship": "guarded", **more})


def test_a_rotated_key_is_the_same_person() -> None:
    known = _known(key("rotate", "ann", successor="bob"), key("rotate", "bob", successor="cleo", days=-20))
    assert known.person(who("ann")) == known.person(who("bob")) == known.person(who("cleo"))
    assert known.person(who("dan")) == who("dan")
    assert _known(key("rotate", "ann", successor="bob"), known_at=-31).person(who("bob")) == who("bob")


@pytest.mark.parametrize(
    "rotation",
    [
        key("rotate", "ann", successor="bob", signers=("bob",)),  # anybody can say so
        key("rotate", "ann", successor="bob", signers=("ann",)),
        key("rotate", "ann", successor="bob", logged=False),
    ],
)
def test_what_makes_nobody_a_successor(rotation: RecordFact) -> None:
    known = _known(rotation)
    assert known.person(who("ann")) != known.person(who("bob"))


def test_a_key_has_one_successor_and_states_nothing_after_it() -> None:
    rotations = key("rotate", "ann", successor="bob"), key("rotate", "ann", successor="thief", days=-20)
    known = _known(*reversed(rotations))
    assert known.person(who("ann")) == known.person(who("bob"))
    assert known.person(who("thief")) == who("thief")
    assert known.kin(who("thief")) == known.kin(who("ann"))
    assert known.key_fault(who("ann"), at(-30)) == ""
    assert known.key_fault(who("ann"), at(-29)) == "key-rotated"
    assert said(by(0), case=case(actors=actors(*rotations))) == ("allowed", "granted-to-public")
    late = by(0, known_from=at(-3))
    assert said(late, case=case(actors=actors(*rotations))) == ("undetermined", "key-rotated")


# --- recovery ---


@pytest.mark.parametrize(
    ("recover", "counts"),
    [
        (_recover(), True),
        (_recover(("bob", "g1", "g2", "g3")), True),
        (_recover(("bob", "g1")), False),
        (_recover(("bob", "g1", "g4")), False),
        (_recover(("g1", "g2")), False),  # the new key does not agree
        (_recover(("bob", "g1", "g3"), guardianship="other"), False),
        (_recover(("bob", "g1", "g3"), days=-95), False),  # before anybody was named
        (_recover(("bob", "g1", "g3"), logged=False), False),
        (_recover(("bob", "ann", "g1")), False),  # the lost key is none of its guardians
    ],
)
def test_recovery_takes_enough_guardians(recover: RecordFact, counts: bool) -> None:
    known = _known(_guarded(), recover)
    assert (known.person(who("ann")) == known.person(who("bob"))) is counts


def test_a_guardianship_set_after_the_loss_does_not_count() -> None:
    new = _guarded(name="new", guardians=("x1", "x2"), days=-5)
    stolen = key("compromised", "ann", since=-10)
    by_thief = _recover(("thief", "x1", "x2"), guardianship="new", days=-4)
    mine = _recover(days=-2)
    known = _known(_guarded(), new, stolen, by_thief, mine)
    assert known.person(who("ann")) == known.person(who("bob"))
    alone = _known(_guarded(), new, mine)  # nobody says that it was lost: those named last count
    assert alone.person(who("ann")) != alone.person(who("bob"))
    first = _known(_guarded(guardians=("x1", "x2"), days=-5, name="new"), stolen, by_thief)
    assert first.person(who("thief")) == who("thief")


def test_nobody_names_guardians_for_another() -> None:
    forged = _guarded(signers=("thief",))
    assert _known(forged, _recover()).person(who("bob")) == who("bob")


# --- compromise ---


@pytest.mark.parametrize(
    ("signers", "more", "counts"),
    [
        (("ann",), {}, True),
        (("g1", "g2"), {"guardianship": "guarded"}, True),
        (("g1",), {"guardianship": "guarded"}, False),
        (("g1", "g2"), {}, False),
        (("g1", "g2"), {"guardianship": "guarded", "since": -90}, False),  # named at that very moment
        (("stranger",), {}, False),
        (("bob",), {}, False),
    ],
)
def test_who_may_say_that_a_key_is_in_other_hands(
    signers: tuple[str, ...], more: dict[str, Any], counts: bool
) -> None:
    known = _known(_guarded(), key("compromised", "ann", **{"signers": signers, "since": -10, **more}))
    assert (known.compromised_since(who("ann")) is not None) is counts


def test_a_successor_may_say_so_and_the_earliest_moment_holds() -> None:
    rotated = key("rotate", "ann", successor="bob", days=-30)
    said_by_bob = key("compromised", "ann", signers=("bob",), since=-10)
    known = _known(rotated, said_by_bob, key("compromised", "ann", since=-8))
    assert known.compromised_since(who("ann")) == at(-10)
    assert known.compromised_since(who("bob")) is None
    assert known.person(who("ann")) == known.person(who("bob"))
    before = _known(rotated, key("compromised", "ann", signers=("bob",), since=-30))
    assert before.person(who("ann")) != before.person(who("bob"))  # known at T is not before T


def test_what_a_stolen_key_states_does_not_count_whatever_date_it_bears() -> None:
    stolen = case(actors=actors(key("compromised", "ann", since=-10, days=-2)))
    for known_from, expected in ((-11, "allowed"), (-10, "undetermined"), (-1, "undetermined")):
        grant = by(0, known_from=at(known_from), validFrom="2020-01-01T00:00:00Z")
        assert said(grant, case=stolen)[0] == expected
        assert said(grant, case=stolen, known_at=at(-2) - DAY / 9)[0] == (
            "allowed" if known_from < -2 else "undetermined"
        )
    assert said(by(0, known_from=at(-10)), case=stolen)[1] == "key-compromised"
    refusal = by(0, scopes={"cawg.ai_generative_training": "notAllowed"}, known_from=at(-1))
    assert said(refusal, case=stolen) == ("denied", "not-allowed")


def test_a_thief_granted_thirty_thousand_works_and_after_recovery_none_stands() -> None:
    records = [_guarded(), key("compromised", "ann", since=-10, signers=("g1", "g2"), guardianship="guarded")]
    shared = actors(*records, _recover(days=-5))
    stolen, kept = by(0, known_from=at(-9)), by(1, known_from=at(-40))
    theirs, mine = case(actors=shared), by(2, "bob", known_from=at(-1))
    for _ in range(30_000):  # one reading of the actors serves them all
        assert ask(stolen, case=theirs).code == "key-compromised"
    assert said(kept, case=theirs)[0] == "allowed"
    assert said(mine, case=theirs)[0] == "allowed"
    assert said(mine, stolen, kept, case=theirs)[0] == "allowed"  # one person, not two claimants


def test_a_thief_who_rotates_first_is_not_the_artist() -> None:
    thief = key("rotate", "ann", successor="thief", days=-9)
    records = _guarded(), key("compromised", "ann", since=-10, signers=("g1", "g2"), guardianship="guarded")
    known = _known(*records, thief, _recover(days=-5))
    assert known.person(who("ann")) == known.person(who("bob")) != known.person(who("thief"))
    assert known.compromised_since(who("bob")) is None


def test_the_order_of_records_does_not_matter() -> None:
    records = [
        _guarded(),
        key("rotate", "ann", successor="thief", days=-9),
        key("compromised", "ann", since=-10, signers=("g1", "g2"), guardianship="guarded"),
        _recover(days=-5),
    ]
    seen = {
        tuple(_known(*order).person(who(name)) for name in ("ann", "bob", "thief"))
        for order in itertools.permutations(records)
    }
    assert len(seen) == 1


# --- assurance ---


@pytest.mark.parametrize(
    ("method", "level"),
    [("site", 1), ("dns", 1), ("ens", 1), ("aggregator", 2), ("steward", 3), ("vouch", 0)],
)
def test_methods_show_levels(method: str, level: int) -> None:
    assert _known(identified("ann", method)).assurance(who("ann"), at(0)) == level


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (identified("ann", checker="somebody"), 0),
        (identified("ann", signers=("ann",)), 0),
        (identified("ann", signers=("checker",)), 0),  # named without having agreed
        (identified("ann", until=0), 0),
        (identified("ann", days=1), 0),
        (identified("ann", days=0), 2),
        (identified("ann", logged=False), 0),
    ],
)
def test_which_checks_count(found: RecordFact, level: int) -> None:
    assert _known(found).assurance(who("ann"), at(0)) == level


def test_the_highest_counts_for_every_key_of_the_person() -> None:
    known = _known(
        identified("ann", "site"), identified("bob", "steward"), key("rotate", "ann", successor="bob")
    )
    assert known.assurance(who("ann"), at(0)) == known.assurance(who("bob"), at(0)) == 3


def test_an_identification_by_a_stolen_key_is_only_possible() -> None:
    records = identified("ann", days=-5), key("compromised", "ann", since=-10)
    known = _known(*records)
    assert known.assurance(who("ann"), at(0)) == 0
    assert known.assurance(who("ann"), at(0), possible=True) == 2
    checker = identified("ann", days=-5), key("compromised", "checker", since=-10)
    assert _known(*checker).assurance(who("ann"), at(0)) == 0


@pytest.mark.parametrize(
    ("records", "level"),
    [
        ([identified("bob", "site")], 1),
        ([identified("bob", "steward")], 1),
        ([], 0),
        ([identified("bob", "vouch", checker="cleo"), identified("cleo", "site")], 0),  # only vouched for
        ([identified("bob", "vouch", checker="ann")], 0),  # a circle
        ([identified("bob", "site", until=0)], 0),
        ([identified("bob", "site"), key("rotate", "ann", successor="bob")], 1),
        ([identified("ann", "steward"), identified("bob", "site")], 3),
    ],
)
def test_vouching(records: list[RecordFact], level: int) -> None:
    vouch = identified("ann", "vouch", checker="bob")
    assert _known(vouch, *records).assurance(who("ann"), at(0)) == level


def test_nobody_vouches_for_themselves_under_another_key() -> None:
    vouch = identified("ann", "vouch", checker="bob")
    known = _known(vouch, key("rotate", "ann", successor="bob"))
    assert known.assurance(who("ann"), at(0)) == 0
    doubtful = key("rotate", "ann", successor="bob", logged=False)
    kin = _known(vouch, doubtful, identified("bob", "site"))
    assert kin.assurance(who("ann"), at(0)) == 0  # who may be the same person does not vouch
    assert _known(vouch, identified("bob", "site")).assurance(who("ann"), at(0)) == 1


def test_everybody_unidentified_is_one_person() -> None:
    known = _known(
        identified("ann"), identified("bob"), identified("cleo"), key("rotate", "ann", successor="bob")
    )
    crowd = [who(f"wallet {number}") for number in range(100)]
    assert known.persons(crowd, at(0)) == {UNIDENTIFIED}
    everybody = [*crowd, who("ann"), who("bob"), who("cleo")]
    assert known.persons(everybody, at(0)) == {UNIDENTIFIED, known.person(who("ann")), who("cleo")}
    assert known.persons(everybody, at(400)) == {UNIDENTIFIED}
    assert known.persons([], at(0)) == frozenset()


def test_states_of_knowledge_are_kept_apart() -> None:
    shared = actors(*(identified("ann", "site", days=-number) for number in range(100)))
    for number in range(100):
        level = shared.as_known(at(-number)).assurance(who("ann"), at(0))
        assert level == 1
    assert shared.as_known(at(-100)).assurance(who("ann"), at(0)) == 0
