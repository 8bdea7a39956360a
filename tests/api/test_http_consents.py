"""Granting, reserving and withdrawing over HTTP; and what a crawler is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.consents import SCOPES
from rakkan.api.shapes import Accepted, ConsentAnswer, ConsentShape
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.worker import Worker
from rakkan.schemas.consent import OWN_SCOPES
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from tests.api.asking import exact, problem
from tests.api.conftest import Served
from tests.support import consent_record, did_of, work_record

TRAINING = "cawg.ai_generative_training"


class Artist:
    """Somebody with a key and a registered work."""

    def __init__(self, served: Served) -> None:
        self.served, self.key = served, Ed25519PrivateKey.generate()
        self.work = work_record(self.key, origin=served.registry.origin)
        self.digest = dict(self.work.parsed.subject[0].digest)
        assert self.post("/v1/assets", self.work) == 201

    def post(self, path: str, record: Record, *, token: bool = True) -> int:
        headers = self.served.bearer if token else {}
        answer = self.served.http.post(path, json=exact(record), headers=headers)
        Accepted.model_validate(answer.json())
        return answer.status_code

    def consent(self, **more: object) -> Record:
        now = self.served.registry.clock.now()
        more = {
            "validFrom": format_instant(now),
            "validUntil": format_instant(now + timedelta(days=1)),
            **more,
        }
        record = consent_record(self.key, self.digest, origin=self.served.registry.origin, **more)  # type: ignore[arg-type]  # keywords of another test's own
        assert self.post("/v1/consents", record) == 201
        Worker(self.served.registry).settle()  # only what is in the log grants
        return record

    def withdrawal(
        self, consent: Record, key: Ed25519PrivateKey | None = None, item: bytes | None = None
    ) -> Record:
        statement = withdrawal_statement(consent, item, self.served.registry.origin)
        return Record.build(statement, [sign_did(statement, key or self.key)])

    def asked(self, kind: str = "sha256", **query: str) -> dict[str, ConsentAnswer]:
        answer = self.served.http.get(f"/v1/consent/{kind}:{self.digest[kind]}", params=query)
        assert answer.status_code == 200, answer.text
        return {each.scope: each for each in ConsentShape.model_validate(answer.json()).answers}

    def told(self, kind: str = "sha256", **query: str) -> str:
        return self.asked(kind, **query)[TRAINING].answer


@pytest.fixture
def artist(served: Served) -> Artist:
    return Artist(served)


def test_nothing_known_is_no_yes(served: Served, artist: Artist) -> None:
    assert {each.answer for each in artist.asked().values()} == {"undetermined"}
    answer = served.http.get(f"/v1/consent/sha256:{'0' * 64}")
    assert answer.status_code == 200, "undetermined is an answer, never an error"
    shape = ConsentShape.model_validate(answer.json())
    assert [each.scope for each in shape.answers] == list(SCOPES)
    assert {each.answer for each in shape.answers} == {"undetermined"}


def test_a_grant_allows_what_it_names_and_nothing_else(artist: Artist) -> None:
    consent = artist.consent()
    for kind in ("sha256", "c2paClaim"):
        answers = artist.asked(kind)
        assert answers[TRAINING].answer == "allowed"
        assert [each.record_id for each in answers[TRAINING].relied] == [str(consent.record_id)]
        allowed = {scope for scope, each in answers.items() if each.answer == "allowed"}
        assert allowed == {TRAINING, *(own for own, broad in OWN_SCOPES.items() if broad == TRAINING)}
    assert list(artist.asked(scope=TRAINING)) == [TRAINING]


def test_a_grant_to_a_community_is_not_for_everybody(artist: Artist) -> None:
    other = did_of(Ed25519PrivateKey.generate())
    artist.consent(grantee=[other])
    assert artist.told() == "undetermined"
    assert artist.told(grantee=other) == "allowed"


def test_a_reservation_denies(artist: Artist) -> None:
    artist.consent(kind="reservation", use="notAllowed")
    assert artist.told() == "denied"


def test_a_strangers_grant_grants_nothing(served: Served, artist: Artist) -> None:
    stranger = Artist(served)
    stranger.digest = artist.digest
    stranger.consent()
    assert artist.told() == "undetermined"


def test_consent_needs_a_token_and_its_grantors_proof(served: Served, artist: Artist) -> None:
    origin = served.registry.origin
    consent = consent_record(artist.key, artist.digest, origin=origin)
    problem(served.http.post("/v1/consents", json=exact(consent)), 401, "token-missing")
    stranger = Ed25519PrivateKey.generate()
    forged = Record.build(consent.statement, [sign_did(consent.statement, stranger)])
    problem(served.http.post("/v1/consents", json=exact(forged), headers=served.bearer), 403, "proof-missing")
    assert artist.told() == "undetermined"


def test_withdrawing_needs_no_token(served: Served, artist: Artist) -> None:
    consent = artist.consent()
    assert artist.told() == "allowed"
    withdrawal = artist.withdrawal(consent)
    wrong = {"Authorization": "Bearer wrong"}  # nobody is stopped by a header either
    assert served.http.post("/v1/consents", json=exact(withdrawal), headers=wrong).status_code == 201
    assert artist.post("/v1/consents", withdrawal, token=False) == 200
    assert artist.told() in ("denied", "undetermined")
    assert served.http.get(f"/v1/records/{withdrawal.record_id}").content == withdrawal.statement


def test_somebody_elses_withdrawal_is_refused(served: Served, artist: Artist) -> None:
    consent = artist.consent()
    forged = artist.withdrawal(consent, Ed25519PrivateKey.generate())
    problem(served.http.post("/v1/consents", json=exact(forged)), 403, "proof-missing")
    never_seen = consent_record(artist.key, artist.digest, origin=served.registry.origin)
    orphan = artist.withdrawal(never_seen)
    problem(served.http.post("/v1/consents", json=exact(orphan)), 403, "withdrawal-foreign")
    assert artist.told() == "allowed"


@pytest.mark.parametrize("kind", ["sha256", "c2paClaim"])
def test_one_work_taken_out_of_a_grant(artist: Artist, kind: str) -> None:
    consent = artist.consent()
    withdrawal = artist.withdrawal(consent, item=bytes.fromhex(artist.digest[kind]))
    assert artist.post("/v1/consents", withdrawal, token=False) == 201
    for asked in ("sha256", "c2paClaim"):
        assert artist.told(asked) != "allowed", asked


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("scope=cawg.ai_generative_trainin", "scope-unknown"),
        ("scop=cawg.ai_generative_training", "parameter"),
        ("grantee=nobody", "parameter"),
        ("grantee=", "parameter"),
        ("scope=" + "x" * 97, "parameter"),
        ("scope=cawg.data_mining&scope=cawg.ai_generative_training", "parameter"),
        ("grantee=public&grantee=eip155:1:0x" + "11" * 20, "parameter"),
    ],
)
def test_a_misspelt_question_is_refused(served: Served, query: str, code: str) -> None:
    problem(served.http.get(f"/v1/consent/sha256:{'0' * 64}?{query}"), 422, code)


def test_a_crawler_asks_cheaply(served: Served, artist: Artist) -> None:
    path = f"/v1/consent/sha256:{artist.digest['sha256']}"
    head = served.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["access-control-allow-origin"] == "*"
    assert head.headers["cache-control"] == "public, max-age=15, must-revalidate"
