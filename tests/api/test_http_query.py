"""Thousands of works in one request: as JSON, as bytes, as URLs; each answered as it would be alone."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.limits import Limits
from rakkan.api.questions import BYTES, TEXT
from rakkan.api.reasons import NUMBERS, REASONS
from rakkan.api.shapes import ConsentsShape
from rakkan.registry.flows.accept import accept_all
from rakkan.registry.rules import consent as rules
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.worker import Worker
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import RAW, Cid
from tests.api.asking import problem
from tests.api.conftest import Served
from tests.api.server import serving
from tests.support import consent_record

PATH = "/v1/consents/query"
TRAINING = "cawg.ai_generative_training"
OUTCOMES = {1: "allowed", 2: "denied", 3: "undetermined"}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Shelf:
    """Works with something said of each: allowed, denied, taken back, unpublished, unknown."""

    def __init__(self, served: Served, name: str) -> None:
        self.served, self.key = served, Ed25519PrivateKey.generate()
        self.files = {each: digest(f"{name} {each}") for each in ("yes", "no", "back", "hidden", "unknown")}
        consents = [self.consent("yes"), self.consent("no", kind="reservation", use="notAllowed")]
        self.back = self.consent("back")
        accept_all(served.registry, [*consents, self.back], publish=True)
        accept_all(served.registry, [self.consent("hidden")], publish=False)
        statement = withdrawal_statement(self.back, None, served.registry.origin)
        accept_all(served.registry, [Record.build(statement, [sign_did(statement, self.key)])], publish=True)
        Worker(served.registry).settle()

    @property
    def digests(self) -> list[str]:
        return [f"sha256:{each}" for each in self.files.values()]

    def consent(self, name: str, **more: Any) -> Record:
        now = self.served.registry.clock.now()
        more = {
            "validFrom": format_instant(now - timedelta(days=1)),
            "validUntil": format_instant(now + timedelta(days=9)),
            **more,
        }
        files = {"sha256": self.files[name]}
        return consent_record(self.key, files, origin=self.served.registry.origin, **more)


@pytest.fixture(scope="module")
def shelf(served: Served) -> Shelf:
    return Shelf(served, "query")


def asked(http: httpx.Client, **question: Any) -> ConsentsShape:
    answer = http.post(PATH, json=question)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return ConsentsShape.model_validate(answer.json())


def test_each_is_answered_as_alone_and_in_order(http: httpx.Client, shelf: Shelf) -> None:
    digests = shelf.digests[::-1]
    found = asked(http, digests=digests, scope=TRAINING)
    assert [each.digest for each in found.items] == digests
    assert [each.outcome for each in found.items[::-1]] == [
        "allowed", "denied", "denied", "undetermined", "undetermined",
    ]  # fmt: skip
    for each in found.items:
        alone = http.get(f"/v1/consent/{each.digest}", params={"scope": TRAINING}).json()["answers"][0]
        assert (each.outcome, each.reason, each.assurance) == (
            alone["answer"], alone["code"], alone["assurance"],
        )  # fmt: skip
        relied = alone["relied"][0] if alone["relied"] else None
        assert (each.record.model_dump(by_alias=True) if each.record else None) == relied
        assert each.then is None


def test_what_stamping_registered_is_found_by_claim(http: httpx.Client, served: Served) -> None:
    claims = [f"c2paClaim:{item.digest['c2paClaim']}" for item in (*served.items, served.hidden)]
    found = asked(http, digests=claims, scope=TRAINING)
    assert [each.outcome for each in found.items] == ["allowed"] * len(served.items) + ["undetermined"]
    named = asked(http, digests=claims, scope="cawg.data_mining", grantee="eip155:1:0x" + "11" * 20)
    assert [each.outcome for each in named.items] == [
        http.get(f"/v1/consent/{each}", params={"scope": "cawg.data_mining"}).json()["answers"][0]["answer"]
        for each in claims
    ]


def test_then_is_what_was_known_at_the_instant(http: httpx.Client, shelf: Shelf) -> None:
    before = format_instant(shelf.served.registry.clock.now() - timedelta(hours=1))
    found = asked(http, digests=shelf.digests, asOf=before)
    assert found.at == before
    outcomes = [(each.outcome, each.then.outcome if each.then else None) for each in found.items]
    assert outcomes[:3] == [
        ("allowed", "undetermined"),
        ("denied", "undetermined"),
        ("allowed", "undetermined"),
    ]
    assert all(each.then and each.then.reason == "no-consent" for each in found.items)


def test_of_what_is_to_come_nothing_is_said(http: httpx.Client, shelf: Shelf) -> None:
    """By every route that takes `asOf`, and by each of its forms; a clock that is a little ahead is let pass."""
    now = shelf.served.registry.clock.now()
    far, near = (format_instant(now + timedelta(minutes=minutes)) for minutes in (11, 5))
    digest = shelf.digests[0]
    urls: dict[str, Any] = {"content": b"https://a.example/", "headers": {"Content-Type": "text/plain"}}

    def ask(at: str) -> list[httpx.Response]:
        return [
            http.get(f"/v1/consent/{digest}", params={"asOf": at}),
            http.post(PATH, json={"digests": [digest], "asOf": at}),
            http.post(PATH, params={"asOf": at}, content=bytes(32), headers={"Content-Type": BYTES}),
            http.post(PATH, params={"asOf": at}, **urls),
        ]

    for refused in ask(far):
        said = problem(refused, 422, "instant-future")
        assert said["errors"][0]["pointer"] == "/asOf"
    assert [each.status_code for each in ask(near)] == [200] * 4


def test_bytes_say_the_same(http: httpx.Client, shelf: Shelf) -> None:
    body = b"".join(bytes.fromhex(each) for each in shelf.files.values())
    before = format_instant(shelf.served.registry.clock.now() - timedelta(hours=1))
    for query in ({}, {"asOf": before, "grantee": "public", "scope": "org.rakkan.finetune_lora"}):
        answer = http.post(PATH, params=query, content=body, headers={"Content-Type": BYTES})
        assert (answer.status_code, answer.headers["content-type"]) == (200, BYTES)
        rows = [answer.content[at : at + 36] for at in range(0, len(answer.content), 36)]
        found = asked(http, digests=shelf.digests, **query)
        assert len(rows) == len(found.items)
        for row, each in zip(rows, found.items, strict=True):
            assert (OUTCOMES[row[0]], row[1], REASONS[row[2] - 1]) == (
                each.outcome, each.assurance, each.reason,
            )  # fmt: skip
            assert (OUTCOMES[row[3]] if row[3] else None) == (each.then.outcome if each.then else None)
            record = Cid.parse(each.record.record_id).digest if each.record else bytes(32)
            assert row[4:] == record


def test_either_form_may_be_asked_for(http: httpx.Client, shelf: Shelf) -> None:
    body = b"".join(bytes.fromhex(each) for each in shelf.files.values())
    headers = {"Content-Type": BYTES, "Accept": "application/json"}
    spelled = http.post(PATH, content=body, headers=headers).json()
    assert [each["digest"] for each in spelled["items"]] == shelf.digests
    packed = http.post(PATH, json={"digests": shelf.digests}, headers={"Accept": BYTES})
    assert packed.content == http.post(PATH, content=body, headers={"Content-Type": BYTES}).content


def test_every_reason_has_its_number() -> None:
    said = {*rules._SILENCE, *rules._CODES, "claims-conflict", "similar-unresolved"}
    assert {*said, "withdrawal-not-consulted"} == set(NUMBERS)
    assert len(REASONS) < 256


@pytest.mark.parametrize(
    ("question", "code", "pointer"),
    [
        ({"digests": []}, "shape", "/digests"),
        ({"digests": "sha256:00"}, "shape", "/digests"),
        ({"digests": [7]}, "shape", "/digests/0"),
        ({}, "shape", "/digests"),
        ({"digests": ["sha256:" + "0" * 64, "sha256:xyz"]}, "digest-form", "/digests/1"),
        ({"digests": ["sha256:" + "0" * 64, "md5:" + "0" * 64]}, "digest-kind", "/digests/1"),
        ({"digests": ["actor:" + "0" * 64]}, "digest-kind", "/digests/0"),
        ({"digests": ["sha256:" + "0" * 64, "c2paClaim:" + "1" * 64]}, "digest-kinds", "/digests/1"),
        ({"digests": ["sha256:" + "0" * 64, "sha256:" + "1" * 64, "sha256:" + "0" * 64]}, "digest-twice", "/digests/2"),
        ({"digests": ["sha256:" + "0" * 64], "scope": "cawg.everything"}, "scope-unknown", "/scope"),
        ({"digests": ["sha256:" + "0" * 64], "grantee": "nobody"}, "shape", "/grantee"),
        ({"digests": ["sha256:" + "0" * 64], "policy": "bafy"}, "cid-form", "/policy"),
        ({"digests": ["sha256:" + "0" * 64], "asOf": "yesterday"}, "shape", "/asOf"),
        ({"digests": ["sha256:" + "0" * 64], "scop": TRAINING}, "shape", "/scop"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    http: httpx.Client, question: dict[str, Any], code: str, pointer: str
) -> None:
    found = problem(http.post(PATH, json=question), 422, code)
    assert found["errors"][0]["pointer"] == pointer


def test_bodies_that_are_none(http: httpx.Client) -> None:
    kinds = {"Content-Type": BYTES}
    for body in (b"", b"\0" * 33):
        problem(http.post(PATH, content=body, headers=kinds), 422, "digests-bytes")
    found = problem(http.post(PATH, content=b"\0" * 96, headers=kinds), 422, "digest-twice")
    assert found["errors"][0]["pointer"] == "/1"
    problem(http.post(PATH, content=b"\xff", headers={"Content-Type": TEXT}), 422, "urls-form")
    problem(http.post(PATH, content=b"", headers={"Content-Type": TEXT}), 422, "urls-form")
    problem(http.post(PATH, content=b"<a/>", headers={"Content-Type": "text/xml"}), 415, "media-type")
    one = {"digests": ["sha256:" + "0" * 64]}
    problem(http.post(f"{PATH}?scope={TRAINING}", json=one), 422, "parameter")
    problem(http.post(f"{PATH}?scop={TRAINING}", content=b"\0" * 32, headers=kinds), 422, "parameter")
    problem(http.get(PATH), 405, "method-not-allowed")


def test_there_is_an_end_to_how_many(served: Served) -> None:
    limits = Limits(query_digests=3, query_bytes=2048)
    with serving(served.registry, limits=limits) as url, httpx.Client(base_url=url, timeout=60) as http:
        four = [f"sha256:{digest(str(each))}" for each in range(4)]
        assert problem(http.post(PATH, json={"digests": four}), 422, "batch-too-large")["errors"]
        body = b"".join(bytes.fromhex(each[7:]) for each in four)
        problem(http.post(PATH, content=body, headers={"Content-Type": BYTES}), 422, "batch-too-large")
        problem(
            http.post(PATH, content="\n".join(four), headers={"Content-Type": TEXT}), 422, "batch-too-large"
        )
        problem(http.post(PATH, json={"digests": four * 10}), 413, "body-too-large")
        assert len(asked(http, digests=four[:3]).items) == 3


def test_ten_thousand_unknown_works(http: httpx.Client) -> None:
    digests = [f"sha256:{digest(str(each))}" for each in range(10_000)]
    found = asked(http, digests=digests)
    assert [each.digest for each in found.items] == digests
    assert {(each.outcome, each.reason) for each in found.items} == {("undetermined", "no-consent")}


def test_urls_are_answered_in_the_form_of_others(http: httpx.Client, shelf: Shelf) -> None:
    yes, no = (bytes.fromhex(shelf.files[name]) for name in ("yes", "no"))
    base64 = urlsafe_b64encode(yes).decode().rstrip("=")
    known = [
        f"sha256:{yes.hex()}",
        f"ni:///sha-256;{base64}",
        f"ni://pictures.example/sha-256;{base64}?ct=image/png",
        f"ipfs://{Cid(RAW, yes)}",
        f"https://pictures.example/a.png#sha256:{yes.hex()}",
        f"https://pictures.example/a.png#sha256={yes.hex()}",
    ]
    unknown = [
        "https://pictures.example/a.png",
        "",
        f"https://pictures.example/a.png#sha256:{yes.hex()[:63]}",
        f"ipfs://{Cid.of(b'{}')}",
        "ni:///sha-256;short",
        f"https://pictures.example/{yes.hex()}",
    ]
    denied = [f"https://pictures.example/b.png#sha256:{no.hex()}"]
    urls = [*known, *unknown, *denied, known[0], *unknown[:1]]
    answer = http.post(
        PATH, content="\n".join(urls), headers={"Content-Type": TEXT, "Authorization": "API x"}
    )
    found = answer.json()["urls"]
    assert [each["url"] for each in found] == urls
    assert [each["optOut"] for each in found] == [False] * 6 + [True] * 7 + [False, True]
    assert {each["reason"] for each in found[6:12]} == {"url-unknown"}
    assert found[0]["digest"] == f"sha256:{yes.hex()}"
    assert found[12]["reason"] == "reserved"
    windows = http.post(PATH, content="\r\n".join(urls) + "\r\n", headers={"Content-Type": TEXT}).json()[
        "urls"
    ]
    assert windows == found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_client_of_others_asks_here(
    http: httpx.Client, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bulk rule of the package ``datadiligence``, told our address and nothing else."""
    from datadiligence.rules.spawning import SpawningAPI

    monkeypatch.setenv(SpawningAPI.API_KEY_ENV_VAR, "none")
    monkeypatch.setattr(SpawningAPI, "SPAWNING_AI_API_URL", f"{http.base_url}{PATH}")
    rule = SpawningAPI(user_agent="rakkan-test", chunk_size=2, max_concurrent_requests=2)
    assert rule.is_ready()
    urls = [f"https://pictures.example/{name}.png#sha256:{file}" for name, file in shelf.files.items()]
    urls.append("https://pictures.example/no-digest.png")
    assert rule.is_allowed(urls=urls) == [True, False, False, False, False, False]
    assert rule.filter_allowed(urls=urls) == urls[:1]
    assert asyncio.run(rule.is_allowed_async(urls=urls)) == [True, False, False, False, False, False]
