"""Near-duplicates in a real home: found before anything counts, flagged until cleared, told to strangers too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.flows.comparing import Gallery
from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.flows.verify.consent_check import consent_check
from rakkan.registry.flows.verify.dossier import Dossier, gather_work
from rakkan.registry.flows.verify.evidence import pack, unpack
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.flows.verify.record_checks import Trust
from rakkan.registry.service import Registry
from rakkan.registry.store.tables import LikenessRow, table
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Outcome
from tests.flows.homesteads import TRAIN, People, link, who
from tests.homes import new_registry

EARLY, LATE = Digest.of(b"the first"), Digest.of(b"nearly the same")
GRANTED, SIMILAR = "allowed granted-to-public", "undetermined similar-unresolved"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        community = Community(adjudicators=(who("judge"),), stewards=(who("steward"),))
        opened.home.community.write_bytes(canonical(community.to_json()))
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    return People(registry)


def looks(
    apart: int, *, alg: str = "pdq-256", quality: int = 90, pipeline: str = "pdq/512"
) -> dict[str, Any]:
    """A picture whose fingerprint differs from the plainest in so many bits."""
    bits = ((1 << apart) - 1).to_bytes(32).hex()
    return {"fingerprints": [{"alg": alg, "pipeline": pipeline, "bits": bits, "quality": quality}]}


def answer(registry: Registry, work: Digest = LATE) -> str:
    found = show(registry, [work], scopes=[TRAIN], grantee="public")[TRAIN]
    ((many,),) = ask(registry, [work], Inquiry(TRAIN, "public", registry.clock.now()))
    assert (many.answer, many.code) == (found.answer, found.code), "one of thousands is answered alike"
    return f"{found.answer.value} {found.code}"


@pytest.mark.parametrize(
    ("by", "look", "expected"),
    [
        ("other", looks(31), SIMILAR),
        ("other", looks(0), SIMILAR),
        ("artist", looks(0), GRANTED),
        ("other", looks(32), GRANTED),
        ("other", looks(0, quality=49), GRANTED),
        ("other", looks(0, alg="phash-256"), GRANTED),
        ("other", looks(0, pipeline="pdq/64"), GRANTED),
    ],
)
def test_what_looks_like_an_earlier_work_of_somebody_else_is_not_allowed(
    registry: Registry, people: People, by: str, look: dict[str, Any], expected: str
) -> None:
    people.work("artist", EARLY, **looks(0))
    people.consent("artist", EARLY)
    people.work(by, LATE, **look)
    people.consent(by, LATE)
    assert answer(registry) == expected
    assert answer(registry, EARLY) == GRANTED, "what came first is not in doubt for what came later"


def test_a_reservation_on_ones_own_earlier_work(registry: Registry, people: People) -> None:
    early = people.work("artist", EARLY, **looks(0))
    people.work("artist", LATE, **looks(3))
    people.consent("artist", LATE)
    people.consent("stranger", EARLY, kind="reservation", use="notAllowed")
    assert answer(registry) == GRANTED, "who claims nothing on the earlier work holds nothing"
    people.on(1)
    people.consent("artist", EARLY, kind="reservation", use="notAllowed")
    assert answer(registry) == SIMILAR
    before = show(
        registry, [LATE], scopes=[TRAIN], used_at=people.on(0), known_at=people.on(0), grantee="public"
    )
    assert before[TRAIN].code == "granted-to-public", "then it was not reserved"
    people.on(2)
    people.rule("cleared", early, by="artist", item=LATE.hex)
    assert answer(registry) == GRANTED


@pytest.mark.parametrize(("by", "expected"), [("steward", GRANTED), ("artist", GRANTED), ("other", SIMILAR)])
def test_who_may_clear(registry: Registry, people: People, by: str, expected: str) -> None:
    people.work("artist", EARLY, **looks(0))
    late = people.work("other", LATE, **looks(1))
    people.consent("other", LATE)
    people.rule("cleared", late, by=by)
    assert answer(registry) == expected


def test_nothing_has_a_place_in_the_log_before_it_was_compared(registry: Registry, people: People) -> None:
    store = registry.store
    people.work("artist", EARLY, **looks(0))
    assert store.likenesses.compared() == store.likenesses.last() == 1
    people.work("other", LATE, **looks(1), log=False)
    store.records.mark_pinned(
        [each.record.record_id.digest for each in store.records.unpinned()], people.on(0)
    )
    assert store.records.unlogged(upto=store.likenesses.compared()) == []
    assert Gallery(registry).compare() == 1, "a gallery that starts anew knows what was compared before"
    assert Gallery(registry).compare() == 0
    assert len(store.records.unlogged(upto=store.likenesses.compared())) == 1


def test_every_pair_is_found_and_nothing_else(registry: Registry, people: People) -> None:
    """Against a plain reading of all pairs."""
    apart = [0, 10, 20, 31, 32, 45, 62, 63, 100, 256]
    ids = [
        people.work("artist", Digest.of(b"%d" % each), **looks(each), log=False).record_id.digest
        for each in apart
    ]
    Gallery(registry).compare()
    found = registry.store.likenesses.of(ids)
    expected = {
        one: {
            other for right, other in zip(apart, ids, strict=True) if one != other and abs(left - right) <= 31
        }
        for left, one in zip(apart, ids, strict=True)
    }
    assert found == {one: others for one, others in expected.items() if others}


def test_a_stranger_sees_it_in_the_bundle(registry: Registry, people: People) -> None:
    people.work("artist", EARLY, **looks(0))
    late = people.work("other", LATE, **looks(1))
    people.consent("other", LATE)

    def judged(dossier: Dossier) -> tuple[Outcome, str, str]:
        check, words = consent_check(dossier, Trust(withdrawals=True, records=True), people.on(0), "public")
        return check.outcome, check.code, words[TRAIN]

    home = gather_work(registry, _stored(registry, late))
    assert judged(home) == (Outcome.UNDETERMINED, "consent-open", "undetermined")
    bundle = unpack(pack(gather_work(registry, _stored(registry, late), portable=True))[1])
    assert judged(bundle) == judged(home)


def _stored(registry: Registry, record: Record) -> Any:
    return registry.store.records.get([record.record_id.digest])[record.record_id.digest]


def test_an_impossible_fingerprint_is_nobody(registry: Registry, people: People) -> None:
    people.work("artist", EARLY, **looks(0))
    short: dict[str, Any] = {
        "fingerprints": [{"alg": "pdq-256", "pipeline": "pdq/512", "bits": "00" * 31, "quality": 100}]
    }
    people.work("other", LATE, **short)
    people.consent("other", LATE)
    assert answer(registry) == GRANTED
    assert link(people.work("third", Digest.of(b"third"), **looks(2)))


def test_fsck_misses_a_pair_that_is_gone(registry: Registry, people: People) -> None:
    people.work("artist", EARLY, **looks(0))
    people.work("other", LATE, **looks(1))
    assert inspect(registry).problems == ()
    with registry.store.database.write() as connection:
        connection.execute(table(LikenessRow).delete())
    (problem,) = inspect(registry).problems
    assert (problem.code, "looks like" in problem.message) == ("index-damaged", True)


def test_a_picture_that_is_registered_later_changes_no_answer_about_then(
    registry: Registry, people: People
) -> None:
    people.on(-9)
    people.work("artist", EARLY, **looks(0))
    people.consent("artist", EARLY, kind="reservation", use="notAllowed")
    people.consent("other", LATE)
    used = people.on(-5)

    def codes(*known_at: datetime | None) -> list[str]:
        ((*answers,),) = ask(registry, [LATE], Inquiry(TRAIN, "public", used, None, known_at))
        return [each.code for each in answers]

    assert codes(used, None) == ["granted-to-public", "granted-to-public"]
    registered = people.on(-1)
    people.work("other", LATE, **looks(0))
    people.on(0)
    assert codes(used, registered, None) == ["granted-to-public", "similar-unresolved", "similar-unresolved"]
