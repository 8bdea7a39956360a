"""Cases in a real home: what is on file besides the consents decides, and is found for every work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.consent.cases import open_casebook, recorded
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.rules.consent import effective
from rakkan.registry.service import Registry
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.errors import Refused
from rakkan.schemas.values import Cid, Digest
from tests.flows.homesteads import DAY, LIKENESS, START, TRAIN, People, author_subject, link, who
from tests.homes import new_registry

WORK, OTHER = Digest.of(b"the work"), Digest.of(b"another work")
MANY = [Digest.of(b"work %d" % number) for number in range(30_000)]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        community = Community(
            checkers=(who("checker"),), adjudicators=(who("judge"),), stewards=(who("steward"),)
        )
        opened.home.community.write_bytes(canonical(community.to_json()))
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    return People(registry)


def answer(
    registry: Registry,
    work: Digest = WORK,
    *,
    scope: str = TRAIN,
    grantee: str = "public",
    used: float | None = None,
    known: float | None = None,
) -> str:
    used_at = registry.clock.now() if used is None else START + used * DAY
    known_at = None if known is None else START + known * DAY
    found = show(registry, [work], scopes=[scope], grantee=grantee, used_at=used_at, known_at=known_at)[scope]
    (among_many,) = ask(registry, [work], Inquiry(scope, grantee, used_at, known_at=(known_at,)))[0]
    assert among_many[:3] == (found.answer, found.code, found.assurance), (
        "asked with many others it is the same"
    )
    return f"{found.answer.value} {found.code} {found.assurance}"


# --- mandates ---


def test_a_chain_of_mandates_is_followed(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    first = people.hand_in(
        people.consent_statement(
            "artist", [author_subject("artist")], kind="mandate", grantee=[who("gallery")]
        ),
        ["artist"],
    )
    second = people.hand_in(
        people.consent_statement(
            "gallery",
            [author_subject("artist")],
            kind="mandate",
            grantee=[who("agent")],
            mandate=link(first),
        ),
        ["gallery"],
    )
    people.consent("agent", WORK, mandate=link(second))
    assert answer(registry) == "allowed granted-to-public 0"
    people.on(1)
    people.hand_in(
        people.consent_statement(
            "artist",
            [author_subject("artist")],
            kind="mandate",
            grantee=[who("nobody")],
            supersedes=link(first),
        ),
        ["artist"],
    )
    assert answer(registry) == "undetermined mandate-broken 0", "what replaces a mandate is found too"
    assert answer(registry, used=0.5, known=0.5) == "allowed granted-to-public 0"


def test_a_mandate_over_a_collection_covers_its_works_alone(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    people.work("artist", OTHER)
    mandate = people.collection("artist", [WORK, *MANY[:9]], kind="mandate", grantee=[who("agent")])
    for work in (WORK, OTHER):
        people.consent("agent", work, mandate=link(mandate))
    assert answer(registry) == "allowed granted-to-public 0"
    assert answer(registry, OTHER) == "undetermined mandate-broken 0"


def test_a_grant_under_an_unknown_mandate_is_not_taken(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    before = registry.store.records.count()
    with pytest.raises(Refused) as error:
        people.consent("agent", WORK, mandate=Cid.of(b"{}").link)
    assert (error.value.code, error.value.pointer) == ("link-unknown", "/predicate/mandate")
    assert registry.store.records.count() == before


# --- co-authors, likeness ---


def test_co_authors_join_a_grant(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    share = {"claim": "created", "coauthorsComplete": True, "shareBp": 5000}
    grant = people.consent("artist", WORK, rightsBasis=share)
    assert answer(registry) == "undetermined coauthors-missing 0"
    people.consent("other", WORK, kind="co-author", joins=link(grant), rightsBasis=share)
    assert answer(registry) == "allowed granted-to-public 0"


def test_minors_need_a_guardian(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    plain = people.consent("model", WORK, kind="likeness", scope=LIKENESS)
    guarded = people.consent(
        "parent", WORK, kind="likeness", scope=LIKENESS, grantor={"id": who("parent"), "capacity": "guardian"}
    )
    persons = {"depicted": "others", "minors": "yes", "releases": [link(plain)]}
    first = people.consent("artist", WORK, scope=LIKENESS, persons=persons)
    assert answer(registry, scope=LIKENESS) == "undetermined guardian-missing 0"
    persons["releases"] = [link(plain), link(guarded)]
    people.consent("artist", WORK, scope=LIKENESS, persons=persons, supersedes=link(first))
    assert answer(registry, scope=LIKENESS) == "allowed granted-to-public 0"


# --- claims ---


def test_the_better_known_claimant_decides(registry: Registry, people: People) -> None:
    people.work("thief", WORK)
    people.consent("thief", WORK)
    assert answer(registry) == "allowed granted-to-public 0"
    people.on(1)
    people.claim("artist", WORK)
    assert answer(registry).startswith("undetermined claims-conflict"), "two of whom nobody knows anything"
    people.identify("artist")
    assert answer(registry) == "undetermined claims-conflict 0", "the thief's grant counts no longer"
    people.consent("artist", WORK)
    assert answer(registry) == "allowed granted-to-public 1"
    assert answer(registry, used=0.5, known=0.5) == "allowed granted-to-public 0", "as it was known then"


def test_identifications_by_strangers_count_for_nothing(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    people.consent("artist", WORK)
    people.identify("artist", checker="stranger")
    assert answer(registry) == "allowed granted-to-public 0"
    people.identify("artist", method="steward")
    assert answer(registry) == "allowed granted-to-public 3"


# --- disputes and rulings ---


def test_a_dispute_suspends_until_it_is_dismissed(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    grant = people.consent("artist", WORK)
    people.on(2)
    dispute = people.dispute("accuser", grant)
    assert answer(registry) == "undetermined suspended 0"
    assert answer(registry, used=1) == "allowed granted-to-public 0"
    people.on(3)
    people.rule("dismissed", grant, by="stranger", dispute=link(dispute))
    assert answer(registry) == "undetermined suspended 0"
    people.rule("dismissed", grant, dispute=link(dispute))
    assert answer(registry) == "allowed granted-to-public 0"
    assert answer(registry, used=2.5, known=2.5) == "undetermined suspended 0"


def test_a_void_consent_was_never_given(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    grant = people.consent("artist", WORK)
    people.on(9)
    people.rule("void", grant)
    assert answer(registry, used=1) == "undetermined void 0", "now: never given"
    assert answer(registry, used=1, known=1) == "allowed granted-to-public 0", "then: as it was known"


def test_a_ruling_on_a_claim_is_found(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    people.consent("artist", WORK)
    stolen = people.claim("thief", WORK)
    assert answer(registry).startswith("undetermined claims-conflict")
    people.rule("void", stolen)
    assert answer(registry) == "allowed granted-to-public 0"


# --- keys ---


def test_a_rotated_key_is_the_same_person(registry: Registry, people: People) -> None:
    people.identify("artist")
    people.work("artist", WORK)
    people.on(1)
    people.rotate("artist", "new")
    people.on(2)
    people.rotate("new", "newest")
    people.on(3)
    people.consent("newest", WORK)
    assert answer(registry) == "allowed granted-to-public 1"
    people.on(4)
    people.consent("artist", OTHER)
    assert answer(registry, OTHER) == "undetermined key-rotated 1"


def test_a_stolen_key_grants_thirty_thousand_works_and_none_stands(
    registry: Registry, people: People
) -> None:
    named = people.key_record(
        "guardians", "artist", "artist", guardians=[who("g1"), who("g2"), who("g3")], threshold=2
    )
    people.consent("artist", OTHER)
    people.on(5)
    people.collection("artist", MANY)
    assert answer(registry, MANY[17]) == "allowed granted-to-public 0"
    people.on(6)
    people.key_record("recover", "artist", "new", "g1", "g2", successor=who("new"), guardianship=link(named))
    people.lost("artist", "new", since=4)
    book = open_casebook(registry, MANY)
    pairs = {pair for work in MANY for pair in book.pairs([work])}
    withdrawn = recorded(registry, pairs)
    now: datetime = people.clock.at
    codes = set()
    for work in MANY:
        facts, case = book.about([work], withdrawn)
        found = effective(facts, scope=TRAIN, grantee="public", used_at=now, case=case)
        codes.add((found.answer.value, found.code))
    assert codes == {("undetermined", "key-compromised")}
    assert answer(registry, OTHER) == "allowed granted-to-public 0", "what was granted before the loss"
    assert answer(registry, MANY[17], used=5.5, known=5.5) == "allowed granted-to-public 0"
    assert answer(registry, MANY[17], used=5.5) == "undetermined key-compromised 0"


def test_a_thief_names_no_guardians(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    people.key_record("guardians", "artist", "artist", guardians=[who("g1")], threshold=1)
    people.on(2)
    named = people.key_record("guardians", "artist", "artist", guardians=[who("thief")], threshold=1)
    people.on(3)
    people.lost("artist", since=1)
    people.key_record("recover", "artist", "thief", successor=who("thief"), guardianship=link(named))
    people.consent("thief", WORK)
    assert not answer(registry).startswith("allowed")


# --- what replaces a consent without being about the work ---


def test_a_consent_is_replaced_by_one_about_other_works(registry: Registry, people: People) -> None:
    people.work("artist", WORK)
    first = people.consent("artist", WORK, OTHER)
    people.on(1)
    people.consent("artist", OTHER, supersedes=link(first))
    assert answer(registry) == "undetermined superseded 0"
    assert answer(registry, OTHER) == "allowed granted-to-public 0"
    assert answer(registry, used=0.5) == "allowed granted-to-public 0"


def test_no_query_is_made_for_a_single_work(registry: Registry, people: People) -> None:
    from sqlalchemy import event

    people.collection("artist", MANY[:400])
    statements: list[str] = []
    event.listen(
        registry.store.database._engine,
        "before_cursor_execute",
        lambda *arguments: statements.append(arguments[2]),
    )
    open_casebook(registry, MANY[:1])
    few = len(statements)
    statements.clear()
    open_casebook(registry, MANY[:400])
    assert 0 < len(statements) <= few
