"""A slip over many consents over HTTP and on the page: all of it is taken back, or none."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from rakkan.api.shapes import WithdrawnTogether
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consent.consents import give
from rakkan.registry.flows.withdraw.joint import make_joint
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.eip712 import sign, withdrawal_digest
from rakkan.registry.rules.joint_slips import any_bytes, in_order, joint_slip, keys_of, withdrawals_of
from rakkan.registry.rules.many_keys import sign_keys, withdrawals_digest
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from rakkan.schemas.record import Record
from rakkan.schemas.slip import JointSlip
from rakkan.schemas.statement import Subject
from tests.api.asking import exact, problem
from tests.api.server import serving
from tests.homes import new_registry, own_terms
from tests.support import consent_record, work_record

SCOPE = "cawg.ai_generative_training"


@dataclass(frozen=True)
class World:
    """A served registry, and consents in it."""

    registry: Registry
    http: httpx.Client
    consents: list[Record]

    def slip(self, *places: int) -> JointSlip:
        return make_joint(self.registry, [(self.consents[place], None) for place in places])

    def told(self, place: int) -> str:
        url = f"/v1/consent/sha256:{place:064x}"
        answer = self.http.get(url, params={"scope": SCOPE}).json()
        return str(answer["answers"][0]["answer"])

    def on_chain(self, slip: JointSlip) -> list[bool]:
        authority = bytes.fromhex(slip.authority[2:])
        found = self.registry.store.withdrawals.get(keys_of(slip))
        return [found[authority, key].chain_at is not None for key in keys_of(slip)]


@pytest.fixture(scope="module", params=["none", pytest.param("local", marks=pytest.mark.chain)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("joint")
    with new_registry(folder / "home", chain=request.param) as registry:
        subjects = [Subject(name="work", digest={"sha256": f"{place:064x}"}) for place in range(10)]
        terms = own_terms("open-training")
        consents = [give(registry, [subject], terms, publish=True) for subject in subjects]
        Worker(registry).settle()
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            yield World(registry, http, consents)


def test_it_is_used_by_anybody_and_again_changes_nothing(world: World) -> None:
    slip = world.slip(0, 1)
    first = world.http.post("/v1/withdrawals", json=slip.to_json())
    assert first.status_code == 201, first.text
    done = WithdrawnTogether.model_validate(first.json())
    assert [each.consent for each in done.withdrawals] == [each.record_id for each in slip.withdrawals]
    assert all(each.new for each in done.withdrawals)
    assert [world.told(place) for place in (0, 1, 2)] == ["denied", "denied", "allowed"]
    again = world.http.post("/v1/withdrawals", json=slip.to_json())
    assert (again.status_code, again.json()["new"]) == (200, False)
    for each in done.withdrawals:
        assert world.http.get(f"/v1/records/{each.envelope}").status_code == 200
    Worker(world.registry).settle()
    if world.registry.identity is not None:
        assert all(world.on_chain(slip))


def test_the_page_says_first_and_does_then(world: World) -> None:
    slip = world.slip(2, 3)
    for sent in ({"file": ("slip.json", any_bytes(slip))}, {"text": (None, any_bytes(slip, words=False))}):
        told = world.http.post("/withdraw", files=sent)
        assert told.status_code == 200, told.text
        assert "Take all of these consents back?" in told.text
        assert "2 consents" in told.text
        assert told.text.count("here since") == 2, "each in the words of the one who gave it"
        assert [world.told(2), world.told(3)] == ["allowed", "allowed"], "nothing is done yet"
    hidden = re.search(r'name="text" value="([^"]*)"', told.text)
    assert hidden is not None
    fields = {"text": (None, html.unescape(hidden[1])), "sure": (None, "yes")}
    assert "The consents are withdrawn" in world.http.post("/withdraw", files=fields).text
    assert [world.told(2), world.told(3)] == ["denied", "denied"]
    assert "Nothing changed" in world.http.post("/withdraw", files=fields).text


def test_a_changed_slip_takes_nothing_back(world: World) -> None:
    good = world.slip(4, 5).to_json()
    rows, other = good["withdrawals"], world.slip(5, 6).to_json()
    for change in (
        {"withdrawals": rows[:1]},
        {"withdrawals": other["withdrawals"]},
        {"signatures": other["signatures"]},
        {"authority": "0x" + "42" * 20},
        {"audience": "rakkan/" + "0" * 16},
        {"words": "nothing"},
        {"withdrawals": rows * 150},
    ):
        answer = world.http.post("/v1/withdrawals", json={**good, **change})
        assert answer.status_code in (403, 404, 422), answer.text
        assert answer.json()["code"] in ("slip-form", "slip-signature", "slip-elsewhere"), change
    bad = {**good, "withdrawals": [rows[0], {**rows[1], "recordId": "no"}]}
    said = problem(world.http.post("/v1/withdrawals", json=bad), 422, "slip-form")
    assert said["errors"][0]["pointer"] == "/withdrawals/1/recordId"
    assert [world.told(4), world.told(5)] == ["allowed", "allowed"]


def test_one_consent_that_is_not_known_here_keeps_the_rest(world: World) -> None:
    """All or none: what the rest would be is on no paper that anybody signed."""
    keys, domain, origin = world.registry.home.keys, world.registry.domain, world.registry.origin
    authority = world.consents[4].predicate.withdrawal.authority  # type: ignore[attr-defined]  # it is a consent
    unknown = consent_record(
        keys.artist,
        {"sha256": "77" * 32},
        origin=origin,
        withdrawal={"authority": authority, "mode": "prospective"},
    )
    parts = in_order([(world.consents[4], None), (unknown, None)])
    if domain is not None:
        names = [each.record_id.digest for each, _ in parts]
        proofs = [sign_keys(names, domain, keys.wallet(AUTHORITY))]
    else:
        proofs = [sign_did(withdrawal_statement(each, None, origin), keys.artist) for each, _ in parts]
    slip = joint_slip(parts, origin, proofs)
    said = problem(world.http.post("/v1/withdrawals", json=slip.to_json()), 404, "record-unknown")
    assert str(unknown.record_id) in said["detail"]
    assert world.told(4) == "allowed"


def test_records_by_another_proof_do_not_stand_in_the_slips_way(world: World) -> None:
    """The grantor's own key came first, for all of them; the one signature still goes to the chain."""
    slip = world.slip(6, 7)
    for record in withdrawals_of(slip):
        bare = Record.build(record.statement, [sign_did(record.statement, world.registry.home.keys.artist)])
        assert world.http.post("/v1/consents", json=exact(bare)).status_code == 201
    Worker(world.registry).settle()
    answer = world.http.post("/v1/withdrawals", json=slip.to_json())
    assert (answer.status_code, answer.json()["new"]) == (200, False)
    Worker(world.registry).settle()
    if world.registry.identity is not None:
        assert all(world.on_chain(slip))


def test_one_of_its_records_alone_brings_all_to_the_chain(world: World) -> None:
    """Whoever relays one record of it relays the signature over all: the chain then has the others, too."""
    slip = world.slip(8, 9)
    first, _ = withdrawals_of(slip)
    assert world.http.post("/v1/consents", json=exact(first)).status_code == 201
    Worker(world.registry, watching=True).settle()
    denied = sorted(world.told(place) for place in (8, 9))
    assert denied == (["allowed", "denied"] if world.registry.identity is None else ["denied", "denied"])


def test_a_slip_about_what_is_no_consent(world: World) -> None:
    """Anybody can sign such a key in their own name; there is nothing that it would take back."""
    keys = world.registry.home.keys
    work = work_record(keys.artist, origin=world.registry.origin)
    accept_one(world.registry, work, publish=True)
    if world.registry.domain is None:
        return  # there the grantor signs, and a work has none
    key = work.record_id.digest
    (proof, joint) = (
        sign(digest, keys.wallet(AUTHORITY)).hex()
        for digest in (
            withdrawal_digest(world.registry.domain, keys.address(AUTHORITY), key),
            withdrawals_digest(world.registry.domain, keys.address(AUTHORITY), [key]),
        )
    )
    names = {"recordId": str(work.record_id), "envelope": str(work.envelope_cid)}
    where = {
        "audience": world.registry.origin,
        "authority": str(keys.address(AUTHORITY)),
        "chainId": world.registry.domain.chain_id,
        "contract": str(world.registry.domain.contract),
    }
    for slip in (
        {"schema": "rakkan.withdrawal-slip/1", **names, **where, "key": key.hex(), "signature": proof},
        {"schema": "rakkan.withdrawal-slips/1", "withdrawals": [names], **where, "signatures": [joint]},
    ):
        problem(world.http.post("/v1/withdrawals", json=slip), 422, "record-kind")
        for sure in ("", "yes"):
            fields = {"text": (None, json.dumps(slip)), "sure": (None, sure)}
            assert world.http.post("/withdraw", files=fields).status_code == 422
