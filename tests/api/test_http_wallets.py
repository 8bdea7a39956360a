"""Consents by wallets over HTTP: drafted, signed elsewhere, taken without a token within limits, and taken back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.draft_shapes import DraftShape, WayBackShape
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.ledger.calls import withdrawn_at_answer, withdrawn_at_call
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import canonical
from rakkan.schemas.identity import Address
from tests.api.asking import problem
from tests.api.server import serving
from tests.api.wallets import LORA, STYLE, TERMS, Wallet, World, drafted, statement, unknown
from tests.homes import new_registry
from tests.support import work_record

pytestmark = pytest.mark.chain
ADA, EVE = Wallet(0xADA), Wallet(0xE7E)


def test_a_draft_says_the_same_three_times(world: World) -> None:
    digest = unknown()
    draft = drafted(world.http, ADA, digest)
    DraftShape.model_validate(draft)
    said, message = statement(draft), draft["typedData"]["message"]
    predicate = said["predicate"]
    assert said["subject"] == [{"name": "work", "digest": {"sha256": digest[7:]}}]
    assert predicate["grantor"] == {"id": f"did:pkh:eip155:31337:{ADA.address}", "capacity": "author"}
    assert predicate["withdrawal"] == {"authority": ADA.address, "mode": "prospective"}
    assert {each["name"]: each["use"] for each in predicate["scopes"]} == TERMS["scopes"]
    assert "terms" not in predicate
    assert message["notice"] == draft["notice"]["text"]
    assert predicate["notice"]["sha256"] == hashlib.sha256(message["notice"].encode()).hexdigest()
    assert message["recordId"] == "0x" + hashlib.sha256(canonical(said)).hexdigest()
    assert draft["typedData"]["domain"]["chainId"] == 31337
    assert draft["sentences"][0] == "You allow everybody to use this picture for: fine-tuning of a LoRA."
    assert "You do not allow: imitation of the style." in draft["sentences"]
    assert {each["scope"]: (each["answer"], each["code"]) for each in draft["outlook"]} == {
        LORA: ("allowed", "granted-to-public"),
        STYLE: ("denied", "not-allowed"),
    }
    assert world.told(digest) == ("undetermined", "no-consent"), "a draft is nothing yet"


def test_granted_by_wallet_used_and_taken_back_by_slip(world: World) -> None:
    digest = unknown()
    draft = drafted(world.http, ADA, digest)
    done = world.hand_in(ADA, draft)
    assert (done.status_code, done.json()["recordId"]) == (201, draft["recordId"]), done.text
    Worker(world.registry).settle()
    assert world.told(digest) == ("allowed", "granted-to-public")
    again = world.http.post("/v1/consents", json=ADA.signed(draft, statement(draft)))
    assert (again.status_code, again.json()["new"]) == (200, False)

    way = world.http.get(f"/v1/consents/{draft['recordId']}/withdrawal").json()
    WayBackShape.model_validate(way)
    assert (way["authority"], way["withdrawnAt"]) == (ADA.address, None)
    slip = {**way["slip"], "signature": ADA.sign(way["typedData"])[2:]}
    forged = {**way["slip"], "signature": EVE.sign(way["typedData"])[2:]}
    problem(world.http.post("/v1/withdrawals", json=forged), 403, "slip-signature")
    assert world.told(digest)[0] == "allowed"
    assert world.http.post("/v1/withdrawals", json=slip).status_code == 201
    assert world.told(digest) == ("denied", "withdrawn")
    assert world.http.get(f"/v1/consents/{done.json()['envelope']}/withdrawal").json()["withdrawnAt"]
    Worker(world.registry).settle()
    assert world.told(digest) == ("denied", "withdrawn")


def test_the_transaction_is_the_withdrawal(world: World) -> None:
    """What a page hands a wallet, sent by the authority itself, and read from the chain."""
    digest, identity = unknown(), world.registry.identity
    assert identity is not None
    draft = drafted(world.http, ADA, digest)
    assert world.hand_in(ADA, draft).status_code == 201
    Worker(world.registry).settle()
    assert world.told(digest)[0] == "allowed"
    sent = world.http.get(f"/v1/consents/{draft['recordId']}/withdrawal").json()["transaction"]
    key = hashlib.sha256(canonical(statement(draft))).digest()
    assert (sent["chainId"], sent["to"]) == (identity.chain_id, str(identity.consents))
    assert sent["data"].endswith(key.hex())
    with local_chain(world.registry.home) as chain:
        ADA.send(chain.rpc_url, sent)
    call = withdrawn_at_call(identity, Address.parse(ADA.address), key)
    assert withdrawn_at_answer(world.registry.ledger.call(call)) is not None
    keep_current(world.registry)
    assert world.told(digest) == ("denied", "withdrawn")


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"scopes": {}}, "/terms"),
        ({"kind": "reservation", "scopes": {}}, "/terms"),
        ({"scopes": {LORA: "notAllowed"}}, "/terms"),
        ({"scopes": {"org.rakkan.everything": "allowed"}}, "/terms"),
        ({"kind": "mandate"}, "/terms/kind"),
        ({"kind": "reservation"}, "/terms"),
        ({"grantee": []}, "/terms/grantee"),
        ({"grantee": ["nobody"]}, "/terms/grantee/0"),
        ({"mode": "sunset"}, "/terms"),
        ({"modeDays": 3}, "/terms"),
        ({"days": 0}, "/terms/days"),
        ({"days": "365"}, "/terms/days"),
        ({"coauthors": "yes"}, "/terms/coauthors"),
        ({"persons": {"depicted": "none"}}, "/terms/persons/minors"),
        ({"persons": {"depicted": "none", "minors": "yes"}}, "/terms"),
        ({"price": 3}, "/terms/price"),
    ],
)
def test_what_is_not_chosen_is_not_drafted(world: World, terms: dict[str, Any], pointer: str) -> None:
    asked = {"works": [{"sha256": "0" * 64}], "wallet": ADA.address, "terms": {**TERMS, **terms}}
    said = problem(world.http.post("/v1/consents/draft", json=asked), 422, "shape")
    assert [each["pointer"] for each in said["errors"]] == [pointer]


@pytest.mark.parametrize("name", TERMS)
def test_nothing_has_a_default(world: World, name: str) -> None:
    terms = {key: value for key, value in TERMS.items() if key != name}
    asked = {"works": [{"sha256": "0" * 64}], "wallet": ADA.address, "terms": terms}
    said = problem(world.http.post("/v1/consents/draft", json=asked), 422, "shape")
    assert [each["pointer"] for each in said["errors"]] == [f"/terms/{name}"]


def test_wrong_works_and_wallets(world: World) -> None:
    good = {"works": [{"sha256": "0" * 64}], "wallet": ADA.address, "terms": TERMS}
    wrong: list[list[dict[str, str]]] = [[], [{}], [{"sha256": "00"}], [{"actor": "0" * 64}]]
    for works in (*wrong, [{"sha256": "0" * 64}] * 17):
        problem(world.http.post("/v1/consents/draft", json={**good, "works": works}), 422, "shape")
    problem(world.http.post("/v1/consents/draft", json={**good, "wallet": "ada.eth"}), 422, "shape")
    mistyped = ADA.address.swapcase().replace("0X", "0x")
    problem(world.http.post("/v1/consents/draft", json={**good, "wallet": mistyped}), 422, "address-checksum")


def test_only_what_the_wallet_signed_is_taken(world: World) -> None:
    digest = unknown()
    draft = drafted(world.http, ADA, digest)
    other = drafted(world.http, ADA, digest, days=3650)
    swapped = ADA.signed(draft, statement(other))
    problem(world.http.post("/v1/consents", json=swapped), 403, "proof-invalid")
    strangers = EVE.signed(draft, statement(draft))
    strangers["proofs"][0]["signer"] = f"did:pkh:eip155:31337:{ADA.address}"
    problem(world.http.post("/v1/consents", json=strangers), 403, "proof-invalid")
    elsewhere = {**draft, "typedData": {**draft["typedData"]}}
    elsewhere["typedData"]["domain"] = {**draft["typedData"]["domain"], "chainId": 1}
    problem(world.hand_in(ADA, elsewhere), 401, "token-missing")  # by another account than grants
    Worker(world.registry).settle()
    assert world.told(digest) == ("undetermined", "no-consent")


@pytest.mark.parametrize(
    "terms",
    [
        {
            "persons": {"depicted": "others", "minors": "unknown"},
            "scopes": {"org.rakkan.likeness": "allowed"},
        },
        {"coauthors": "missing"},
    ],
)
def test_what_lacks_something_says_so_before(world: World, terms: dict[str, Any]) -> None:
    digest = unknown()
    draft = drafted(world.http, ADA, digest, **terms)
    before = {each["scope"]: (each["answer"], each["code"]) for each in draft["outlook"]}
    assert world.hand_in(ADA, draft).status_code == 201
    Worker(world.registry).settle()
    assert {scope: world.told(digest, scope) for scope in before} == before
    assert any(answer == "undetermined" for answer, _ in before.values())


def test_ways_back_of_nothing(world: World) -> None:
    nothing = "baguqeera" + "a" * 52
    problem(world.http.get(f"/v1/consents/{nothing}/withdrawal"), 404, "record-unknown")
    problem(world.http.get("/v1/consents/nonsense/withdrawal"), 422, "cid-form")
    key = Ed25519PrivateKey.generate()
    work = work_record(key, origin=world.registry.origin)
    accept_one(world.registry, work, publish=True)
    problem(world.http.get(f"/v1/consents/{work.record_id}/withdrawal"), 422, "record-kind")


def test_without_a_chain_no_wallet_signs(tmp_path: Path) -> None:
    with (
        new_registry(tmp_path / "home") as registry,
        serving(registry) as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        asked = {"works": [{"sha256": "0" * 64}], "wallet": ADA.address, "terms": TERMS}
        problem(http.post("/v1/consents/draft", json=asked), 403, "domain-unknown")
