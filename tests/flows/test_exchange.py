"""Foreign documents become derived reservations, consents become foreign documents, as things stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.registry.flows.consent.consents import give, make_consent, show, withdraw
from rakkan.registry.flows.consent.exchange import export, issue, take
from rakkan.registry.flows.consent.terms import load_terms
from rakkan.registry.rules.credential import check_credential
from rakkan.registry.rules.vocabulary.places import applies, digest_in
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Digest
from tests.homes import new_registry, own_terms

WORK = Digest("sha256", b"\xab" * 32)
SUBJECT = Subject(name="work", digest={"sha256": WORK.hex})
G, T = "cawg.ai_generative_training", "cawg.ai_training"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


def predicate(record: Record) -> Consent:
    assert isinstance(record.predicate, Consent)
    return record.predicate


def answer(registry: Registry, scope: str) -> str:
    return show(registry, [WORK], scopes=[scope], grantee="public")[scope].answer.value


def test_an_opt_out_becomes_a_derived_reservation(registry: Registry) -> None:
    content = b"train-ai=n"
    assert answer(registry, G) == "undetermined"
    intake = take(registry, content, "aipref", [SUBJECT], uri="https://example.org/")
    consent = predicate(intake.records[0])
    digest = hashlib.sha256(content).hexdigest()
    assert (consent.kind, consent.grantor.capacity, consent.grantor.id) == (
        "reservation",
        "agent",
        registry.home.keys.artist_did,
    )
    assert consent.derived is not None
    assert (consent.derived.vocabulary, consent.derived.sha256) == ("aipref", digest)
    assert [(each.sha256, each.uri) for each in consent.rights_basis.evidence] == [
        (digest, "https://example.org/")
    ]
    assert not consent.rights_basis.coauthors_complete
    assert answer(registry, G) == "denied"


def test_an_opt_in_becomes_nothing(registry: Registry) -> None:
    intake = take(registry, b"train-ai=y", "aipref", [SUBJECT])
    assert intake.records == ()
    assert [each.key for each in intake.report.unheld] == ["train-ai"]
    assert answer(registry, G) == "undetermined"


def test_a_derived_record_cannot_be_made_to_allow(registry: Registry) -> None:
    value = predicate(take(registry, b"train-ai=n", "aipref", [SUBJECT]).records[0]).to_json()
    for change in ({"kind": "grant"}, {"scopes": [{"name": G, "use": "allowed"}]}):
        with pytest.raises(Invalid):
            parse_model(Consent, {**value, **change})


def test_the_same_document_again_changes_nothing(registry: Registry) -> None:
    first = take(registry, b"train-ai=n", "aipref", [SUBJECT])
    again = take(registry, b"train-ai=n", "aipref", [SUBJECT])
    assert (again.records, again.already) == ((), first.records)
    assert take(registry, b"train-ai=n ", "aipref", [SUBJECT]).records


def test_a_list_of_digests_binds_by_itself_in_few_records(registry: Registry) -> None:
    digests = [hashlib.sha256(bytes([number])).hexdigest() for number in range(100)]
    intake = take(
        registry,
        "\n".join([*digests[:50], *(f"sha256:{each}" for each in digests[50:])]).encode(),
        "spawning",
    )
    assert [len(each.parsed.subject) for each in intake.records] == [64, 36]
    assert {each.digest["sha256"] for record in intake.records for each in record.parsed.subject} == set(
        digests
    )


def test_addresses_bind_to_the_works_named_for_them(registry: Registry) -> None:
    content = json.dumps(
        [{"location": "/art/*.png", "tdm-reservation": 1}, {"location": "/b", "tdm-reservation": 1}]
    )
    intake = take(registry, content.encode(), "tdmrep", [SUBJECT], url="https://example.org/art/1.png?x=1")
    assert intake.unbound == ("/b",)
    assert predicate(intake.records[0]).derived.about == "/art/*.png"  # type: ignore[union-attr]  # it has one
    assert take(registry, content.encode(), "tdmrep").unbound == ("/art/*.png", "/b")


def test_a_dry_run_keeps_nothing(registry: Registry) -> None:
    assert take(registry, b"train-ai=n", "aipref", [SUBJECT], keep=False).records
    assert registry.store.records.count() == {}


def test_a_withdrawn_grant_is_said_as_withdrawn(registry: Registry) -> None:
    terms = own_terms("open-training")
    free = {**(terms.licence or {}), "attribution": "none"}
    from dataclasses import replace

    record = give(registry, [SUBJECT], replace(terms, licence=free))
    assert export(registry, record, "aipref").content == b"Content-Usage: train-ai=y\n"
    assert (
        check_credential(json.dumps(issue(registry, record)).encode(), registry.clock.now()).record
        is not None
    )
    withdraw(registry, str(record.record_id))
    assert export(registry, record, "aipref").content == b""
    with pytest.raises(Refused) as caught:
        issue(registry, record)
    assert caught.value.code == "consent-ended"


def test_a_superseded_grant_is_said_as_superseded(registry: Registry) -> None:
    from rakkan.registry.rules.notice import with_notice
    from rakkan.registry.rules.proofs import sign_did
    from rakkan.schemas.record import statement_bytes

    record = give(registry, [SUBJECT], own_terms("open-training"))
    later = predicate(make_consent(registry, [SUBJECT], load_terms("reserve"))).to_json()
    consent = parse_model(Consent, {**later, "supersedes": record.envelope_cid.link})
    statement = statement_bytes("consent", [SUBJECT], with_notice([SUBJECT], consent))
    signed = Record.build(statement, [sign_did(statement, registry.home.keys.artist)])
    registry.store.records.add([signed], accepted_at=registry.clock.now(), publish=False)
    with pytest.raises(Refused):
        issue(registry, record)
    assert issue(registry, signed)["issuer"] == registry.home.keys.artist_did


@pytest.mark.parametrize(
    ("about", "url", "fits"),
    [
        ("", "", True),
        ("https://x/a", "https://x/a", True),
        ("https://x/a", "https://x/ab", True),
        ("https://x/a$", "https://x/ab", False),
        ("https://x/*.png$", "https://x/a.png", True),
        ("https://x/*.png$", "https://x/a.png?q", False),
        ("https://x/*.png$", "https://x/.pn", False),
        ("https://x/*a*b", "https://x/1a2b3", True),
        ("https://x/*a*b", "https://x/1b2a3", False),
        ("https://x/ab*ba$", "https://x/aba", False),
        ("/art/", "https://x/art/1", True),
        ("/art/", "https://x/other", False),
        ("/", "", False),
        ("sha256:" + "ab" * 32, "", True),
        ("ab" * 32, "", True),
        ("cd" * 32, "", False),
        ("ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s", "", True),
        ("*" * 5000 + "x", "https://" + "y" * 5000, False),
    ],
)
def test_what_a_document_is_about(about: str, url: str, fits: bool) -> None:
    assert applies(about, url, [WORK]) is fits


def test_a_digest_is_a_whole_digest() -> None:
    assert digest_in("ab" * 32) == WORK
    assert digest_in("ab" * 31) is None
    assert digest_in("https://x/" + "ab" * 32) is None
