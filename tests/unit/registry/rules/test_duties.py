"""Duties: each kind is accepted with the proofs, subjects and links that it needs, and with nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from rakkan.registry.rules.collection import collect
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.proofs import check_records, sign_did
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Cid, Digest
from tests.unit.registry.rules import cases, signed
from tests.unit.registry.rules.signed import ACCEPTED, DISPUTE, GRANT, MANDATE, NAMED, WORK, refusal, who


@pytest.mark.parametrize("kind", ACCEPTED)
def test_a_kind_is_accepted_with_all_its_proofs_and_with_no_fewer(kind: str) -> None:
    make, needed = ACCEPTED[kind]
    assert refusal(make(*needed)) == ("", "")
    assert refusal(make(*needed, "anybody")) == ("", ""), "more proofs do no harm"
    for count in range(1, len(needed)):
        for some in combinations(needed, count):
            code, pointer = refusal(make(*some, "anybody"))
            assert code == "proof-missing", some
            assert pointer.startswith("/predicate/")
    assert refusal(make("anybody"))[0] == "proof-missing"


def test_each_of_the_two_who_sign_an_identity_is_named_when_missing() -> None:
    assert refusal(signed.identity("artist")) == ("proof-missing", "/predicate/checker")
    assert refusal(signed.identity("checker")) == ("proof-missing", "/predicate/actor")


def test_the_lost_key_is_no_guardian_of_itself() -> None:
    named = signed.guardians("artist", "g1")
    record = signed.key_record(
        "recover", "new", "artist", "g1", successor=who("new"), guardianship=signed.link(named)
    )
    assert refusal(record, {named.envelope_cid.digest: named})[0] == "proof-missing"


def test_a_successor_may_say_that_the_key_was_lost_if_the_succession_is_known() -> None:
    first = signed.key_record("rotate", "artist", "new", successor=who("new"))
    subject = [{"name": "actor", "digest": {"actor": actor_digest(who("new")).hex}}]
    second = signed.record(
        "key",
        subject,
        "new",
        "newest",
        actor=who("new"),
        action="rotate",
        statedAt="2026-06-01T00:00:00Z",
        successor=who("newest"),
    )
    lost = signed.key_record("compromised", "newest", since="2026-05-01T00:00:00Z")
    known = {each.envelope_cid.digest: each for each in (first, second)}
    assert refusal(lost, known) == ("", "")
    assert refusal(lost, {first.envelope_cid.digest: first}) == ("proof-missing", "/predicate/actor")


UNFIT = {
    "no guardianship": (
        signed.key_record("recover", "new", "g1", "g2", successor=who("new"), guardianship=signed.link(WORK)),
        "/predicate/guardianship",
    ),
    "unknown guardianship": (
        signed.key_record(
            "recover", "new", "g1", "g2", successor=who("new"), guardianship=Cid.of(b"{}").link
        ),
        "/predicate/guardianship",
    ),
    "target unknown": (signed.dispute(signed.authorship("artist"), "accuser"), "/predicate/target"),
    "target of a kind that nobody disputes": (signed.dispute(NAMED, "accuser"), "/predicate/target"),
    "ruling on what is unknown": (signed.ruling(signed.authorship("artist"), "judge"), "/predicate/target"),
    "dispute of something else": (
        signed.ruling(GRANT, "judge", decision="dismissed", dispute=signed.link(DISPUTE)),
        "/predicate/dispute",
    ),
    "a mandate with a gap": (cases.did_consent(mandate=Cid.of(b"{}").link), "/predicate/mandate"),
    "a mandate that is none": (cases.did_consent(mandate=signed.link(GRANT)), "/predicate/mandate"),
    "joining what is no grant": (
        cases.did_consent(kind="co-author", joins=signed.link(MANDATE)),
        "/predicate/joins",
    ),
    "joining what is unknown": (
        cases.did_consent(kind="co-author", joins=Cid.of(b"{}").link),
        "/predicate/joins",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_a_record_rests_on_must_be_known_and_fit(name: str) -> None:
    record, pointer = UNFIT[name]
    assert refusal(record) == ("link-unknown", pointer)


LIKENESS = cases.did_consent(kind="likeness")
NEW = {
    "replacing what is unknown": (cases.did_consent(supersedes=Cid.of(b"{}").link), "supersedes"),
    "replacing a work": (cases.did_consent(supersedes=signed.link(WORK)), "supersedes"),
    "replacing by the name of a statement": (
        cases.did_consent(supersedes=GRANT.record_id.link),
        "supersedes",
    ),
    "an unknown release": (
        cases.did_consent(
            persons={
                "depicted": "others",
                "minors": "none",
                "releases": [signed.link(LIKENESS), Cid.of(b"{}").link],
            }
        ),
        "persons/releases/1",
    ),
    "a grant as a release": (
        cases.did_consent(persons={"depicted": "others", "minors": "none", "releases": [signed.link(GRANT)]}),
        "persons/releases/0",
    ),
}


@pytest.mark.parametrize("name", NEW)
def test_what_a_new_consent_links_must_be_known_and_fit(name: str) -> None:
    """When it comes in; one that was accepted before holds by itself."""
    record, field = NEW[name]
    before = [WORK, GRANT, LIKENESS]
    *_, error = check_records([*before, record], audience=cases.AUDIENCE, domain=None)
    assert isinstance(error, Refused)
    assert (error.code, error.pointer) == ("link-unknown", f"/predicate/{field}")
    assert refusal(record) == ("", "")


def test_a_new_consent_may_link_what_came_before_it() -> None:
    persons = {"depicted": "others", "minors": "none", "releases": [signed.link(LIKENESS)]}
    later = cases.did_consent(supersedes=signed.link(GRANT), persons=persons)
    errors = check_records([GRANT, LIKENESS, later, GRANT], audience=cases.AUDIENCE, domain=None)
    assert errors == [None] * 4


def test_what_fits_is_accepted() -> None:
    assert refusal(MANDATE) == ("", "")
    assert refusal(cases.did_consent(mandate=signed.link(MANDATE))) == ("", "")
    assert refusal(cases.did_consent(kind="co-author", joins=signed.link(GRANT))) == ("", "")
    assert refusal(cases.did_consent(kind="likeness")) == ("", "")
    assert refusal(signed.dispute(WORK, "accuser", item="5a" * 32)) == ("", "")
    assert refusal(signed.ruling(WORK, "judge", decision="cleared", item="77" * 32)) == ("", "")


def test_records_may_rest_on_those_before_them_in_one_list() -> None:
    target = signed.authorship("artist")
    dispute = signed.dispute(target, "accuser")
    forged = signed.authorship("anybody")
    records = [dispute, target, dispute, forged, signed.dispute(forged, "accuser")]
    errors = check_records(records, audience=cases.AUDIENCE, domain=None)
    assert [error and error.code for error in errors] == [
        "link-unknown",
        None,
        None,
        "proof-missing",
        "link-unknown",
    ]


def test_an_item_must_be_one_of_the_target() -> None:
    for record in (
        signed.dispute(WORK, "accuser", item="77" * 32),
        signed.ruling(WORK, "judge", item="77" * 32),
    ):
        assert refusal(record) == ("item-other", "/predicate/item")


def test_periods_end_after_they_begin() -> None:
    late = "2028-01-01T00:00:00Z"
    assert refusal(cases.did_consent(validFrom=late)) == ("period-empty", "/predicate/validUntil")
    assert refusal(signed.identity("artist", "checker", checkedAt=late))[0] == "period-empty"
    lost = signed.key_record("compromised", "artist", since="2026-06-01T00:00:01Z")
    assert refusal(lost) == ("period-empty", "/predicate/since")


def _subjects() -> Iterator[tuple[str, Record]]:
    author = actor_digest(who("artist")).hex
    bad: list[tuple[str, list[dict[str, Any]]]] = [
        ("another actor", [{"name": "actor", "digest": {"actor": "00" * 32}}]),
        ("another kind", [{"name": "actor", "digest": {"sha256": author}}]),
        ("another name", [{"name": "artist", "digest": {"actor": author}}]),
        ("two", [{"name": "actor", "digest": {"actor": author}}, *signed.WORKS]),
        ("more digests", [{"name": "actor", "digest": {"actor": author, "sha256": author}}]),
    ]
    for name, subjects in bad:
        made = signed.identity("artist", "checker")
        yield name, _about(made, subjects, "artist", "checker")
        yield name, _about(NAMED, subjects, "artist")
        yield name, _about(DISPUTE, subjects, "accuser")
        yield name, _about(signed.ruling(WORK, "judge"), subjects, "judge")
    for kind in ("actor", "record", "collectionRoot"):
        work = [{"name": "work", "digest": {"sha256": "5a" * 32, kind: "5a" * 32}}]
        yield f"a claim to {kind}", _about(signed.authorship("artist"), work, "artist")


def _about(record: Record, subjects: list[dict[str, Any]], *by: str) -> Record:
    statement = canonical({**parse_canonical(record.statement), "subject": subjects})
    return Record.build(statement, [sign_did(statement, signed.key(each)) for each in by])


@pytest.mark.parametrize(("name", "record"), list(_subjects()))
def test_records_about_something_else_are_refused(name: str, record: Record) -> None:
    code, pointer = refusal(record)
    assert code == "subject-other", name
    assert pointer.startswith("/subject")


def _consent_about(*subjects: Subject, **more: Any) -> Record:
    statement = cases.consent_statement(subjects, grantor={"id": cases.did(cases.ARTIST)}, **more)
    return Record.build(statement, [sign_did(statement, cases.ARTIST)])


def test_a_consent_names_works_or_its_collection_or_its_author() -> None:
    made = collect([Digest.of(b"one"), Digest.of(b"two")])
    collection = {"match": "collection", "collection": made.collection.to_json()}
    author = Subject(name="author", digest={"actor": actor_digest(cases.did(cases.ARTIST)).hex})
    other = Subject(name="author", digest={"actor": actor_digest(who("artist")).hex})
    mandate = {"kind": "mandate", "grantee": [who("agent")]}
    assert refusal(_consent_about(made.subject, **collection)) == ("", "")
    assert refusal(_consent_about(author, **mandate)) == ("", "")
    assert refusal(_consent_about(other, **mandate, mandate=signed.link(MANDATE))) == ("", "")
    for unfit in (
        _consent_about(other, **mandate),
        _consent_about(author),
        _consent_about(made.subject),
        _consent_about(cases.SUBJECTS[0], **collection),
        _consent_about(made.subject, cases.SUBJECTS[0], **collection),
        _consent_about(Subject(name="record", digest={"record": "5a" * 32})),
    ):
        assert refusal(unfit)[0] == "subject-other"
