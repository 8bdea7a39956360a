"""Thousands of works asked at once: every answer is what the rules say of that work alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from rakkan.api.public import PublicRegistry
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.asking import Held, Inquiry, ask
from rakkan.registry.flows.consent.cases import open_casebook, proven, recorded
from rakkan.registry.flows.consent.shelf import Shelf
from rakkan.registry.flows.founding import found
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.consent import effective
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Digest
from tests.flows.crowd import COMMUNITY, POLICY, Crowd
from tests.flows.homesteads import DAY, LIKENESS, START, TRAIN, People, key, link, subject, who
from tests.homes import new_registry

INQUIRIES = (
    Inquiry(TRAIN, "public", START),
    Inquiry(TRAIN, COMMUNITY, START, POLICY, (None, START - 10 * DAY)),
    Inquiry(
        "org.rakkan.finetune_lora", COMMUNITY.lower(), START - 10 * DAY, known_at=(START - 10 * DAY, None)
    ),
    Inquiry(LIKENESS, "public", START + 3 * DAY, known_at=(None, START - 20 * DAY)),
)


@pytest.fixture
def registry(tmp_path: Path, database_url: str) -> Iterator[Registry]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        community = Community(checkers=(who("checker"),), adjudicators=(who("judge"),))
        opened.home.community.write_bytes(canonical(community.to_json()))
        yield opened


def judged(registry: Registry, digests: Sequence[Digest]) -> Callable[[Digest, Inquiry], tuple[Held, ...]]:
    """What the rules say of each of these works, read from records."""
    book = open_casebook(registry, digests)

    def judge(digest: Digest, inquiry: Inquiry) -> tuple[Held, ...]:
        facts, case = book.about([digest], recorded(registry, book.pairs([digest])))
        return tuple(_held(facts, case, inquiry, known_at) for known_at in inquiry.known_at)

    return judge


def _held(facts: Sequence[ConsentFact], case: Case, inquiry: Inquiry, known_at: datetime | None) -> Held:
    held = effective(
        facts,
        scope=inquiry.scope,
        grantee=inquiry.grantee,
        used_at=inquiry.used_at,
        known_at=known_at,
        policy=inquiry.policy,
        case=case,
    )
    first = held.relied[0] if held.relied else None
    named = (first.record_id, first.envelope) if first else (None, None)
    return Held(held.answer, held.code, held.assurance, *named)


@pytest.mark.parametrize("seed", range(2))
def test_every_answer_is_that_of_the_work_alone(registry: Registry, seed: int) -> None:
    crowd = Crowd(registry, seed)
    crowd.gather(200 if registry.store.database.dialect == "sqlite" else 30)
    digests = [digest for work in crowd.works for digest in work]
    digests += [Digest.of(b"nobody %d" % each) for each in range(5)]
    digests += [Digest("c2paClaim", crowd.works[0][0].raw), Digest("datasetRoot", crowd.works[1][1].raw)]
    seen: Counter[str] = Counter()
    for whose, inquiries in ((PublicRegistry(registry), INQUIRIES), (registry, INQUIRIES[1:2])):
        judge = judged(whose, digests)
        for inquiry in inquiries:
            answers = ask(whose, digests, inquiry)
            for digest, held in zip(digests, answers, strict=True):
                assert held == judge(digest, inquiry), (digest, inquiry)
                seen.update(each.code for each in held)
        for digest in digests[:40]:
            assert ask(whose, [digest], INQUIRIES[1]) == [judged(whose, [digest])(digest, INQUIRIES[1])]
    assert len(seen) >= 10, "chance brought little: change the seed"
    with registry.store.database.read() as connection:
        shelf = Shelf(registry.store, connection, digests, proven(registry))
    rows = [row for rows in shelf.under.values() for row in rows]
    awkward = sum(row.record_id in shelf.awkward for row in rows)
    assert 0 < awkward < len(rows) * 0.9, "both ways of reading were taken"


def test_works_that_differ_in_one_moment_alone_are_not_alike(tmp_path: Path) -> None:
    """The same terms, taken back before the use, after it, or never."""
    with new_registry(tmp_path / "home") as registry:
        people = People(registry)
        works = [Digest.of(b"alike %d" % each) for each in range(3)]
        people.on(-9)
        consents = [people.consent("ann", work) for work in works]
        for place, day in enumerate((-5, -1)):
            people.on(day)
            people.hand_in(withdrawal_statement(consents[place], None, registry.origin), ["ann"])
        for order in (works, works[::-1]):
            answers = dict(
                zip(order, ask(registry, order, Inquiry(TRAIN, "public", START - 3 * DAY)), strict=True)
            )
            assert [answers[work][0].code for work in works] == ["withdrawn", *["granted-to-public"] * 2]
            assert [answers[work][0].record_id for work in works] == [
                each.record_id.digest for each in consents
            ]


def test_what_was_kept_in_private_is_known_from_when_it_is_published(registry: Registry) -> None:
    """Nobody decides later, with a grant out of a drawer, what was allowed before."""
    people, public, work = People(registry), PublicRegistry(registry), Digest.of(b"out of a drawer")
    people.on(-9)
    statement = people.consent_statement("ann", [subject(work)])
    drawer = Record.build(statement, [sign_did(statement, key("ann"))])
    accept_one(registry, drawer, publish=False)
    used = people.on(-5)
    before = Inquiry(TRAIN, "public", used, known_at=(used,))
    assert codes(public, work, before) == ["no-consent"]
    published = people.on(-1)
    publish(registry, [str(drawer.record_id)])
    people.on(0)
    for whose in (public, registry):
        assert codes(whose, work, before) == ["no-consent"]
        assert codes(whose, work, Inquiry(TRAIN, "public", used)) == ["granted-to-public"]
        since = Inquiry(TRAIN, "public", published, known_at=(published,))
        assert codes(whose, work, since) == ["granted-to-public"]
    people.on(1)
    assert not accept_one(registry, drawer, publish=True)  # again changes nothing
    assert codes(public, work, since) == ["granted-to-public"]
    assert inspect(registry).problems == ()


def test_a_name_that_is_told_later_changes_no_answer_about_then(registry: Registry) -> None:
    """A work record handed in after the training does not bring grants about something else to the work."""
    people, public = People(registry), PublicRegistry(registry)
    file, other = Digest.of(b"somebody's file"), Digest("c2paClaim", hashlib.sha256(b"other").digest())
    people.on(-9)
    people.consent("ann", other)
    mandate = people.consent("ann", other, kind="mandate", grantee=[who("agent")])
    people.on(-8)
    people.consent("agent", file, mandate=link(mandate), scope=LIKENESS)
    used = people.on(-5)
    asked = ((file, TRAIN), (file, LIKENESS), (other, TRAIN))
    then = {scope: Inquiry(scope, "public", used, None, (used,)) for _, scope in asked}
    before = [codes(public, work, then[scope]) for work, scope in asked]
    assert before == [["scope-unstated"], ["mandate-broken"], ["granted-to-public"]]
    linked = people.on(-1)
    both = Subject(name="work", digest={each.kind: each.hex for each in (file, other)})
    made = {
        "creator": who("ann"),
        "making": "generated",
        "stampedAt": format_instant(linked),
        "asset": {"mediaType": "image/png", "width": 8, "height": 8},
    }
    people.state("work", [both], made, "ann")
    people.on(0)
    assert [codes(public, work, then[scope]) for work, scope in asked] == before
    for work, scope in asked:
        assert codes(public, work, Inquiry(scope, "public", used)) == ["granted-to-public"]
    since = Inquiry(TRAIN, "public", linked, None, (linked,))
    assert codes(public, file, since) == ["granted-to-public"]


def test_what_is_told_later_replaces_as_it_did_before(registry: Registry) -> None:
    """A consent about something else that replaces one on the work goes on doing so, and says no more."""
    people, public = People(registry), PublicRegistry(registry)
    file, other = Digest.of(b"a file"), Digest("c2paClaim", hashlib.sha256(b"its other name").digest())
    people.on(-9)
    first = people.consent("ann", file)
    people.on(-8)
    second = people.consent("ann", other, supersedes=link(first))
    people.on(-7)
    people.consent("ann", other, supersedes=link(second), use="notAllowed")
    used = people.on(-5)
    inquiry = Inquiry(TRAIN, "public", used, None, (used,))
    before = codes(public, file, inquiry)
    assert before == ["superseded"]
    people.on(-1)
    people.work("ann", other, sourceDigest=str(file))
    people.on(0)
    assert codes(public, file, inquiry) == before
    assert codes(public, file, Inquiry(TRAIN, "public", used)) == ["not-allowed"]


def codes(registry: Registry, work: Digest, inquiry: Inquiry) -> list[str]:
    """The codes of the answers about one work, held against the rules."""
    (answers,) = ask(registry, [work], inquiry)
    assert answers == judged(registry, [work])(work, inquiry)
    return [each.code for each in answers]
