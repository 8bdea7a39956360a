"""Withdrawal slips over HTTP: by request and on the page, with no token, and for nothing else."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from rakkan.api.shapes import Withdrawn
from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.flows.withdraw.slips import make_slip
from rakkan.registry.rules.proofs import sign_did, withdrawal_statement
from rakkan.registry.rules.slips import slip_bytes
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from rakkan.schemas.record import Record
from rakkan.schemas.slip import Slip
from tests.api.asking import consent_of, exact, problem
from tests.api.server import serving
from tests.homes import new_registry, own_terms

SCOPE = "cawg.ai_generative_training"


@dataclass(frozen=True)
class World:
    """A served registry, and pictures with consent in it."""

    registry: Registry
    http: httpx.Client
    items: list[StampItem]

    def slip(self, index: int) -> Slip:
        """Made while the key was there."""
        return make_slip(self.registry, consent_of(self.items[index]))

    def told(self, index: int) -> str:
        name = self.items[index].digest["c2paClaim"]
        answer = self.http.get(f"/v1/consent/c2paClaim:{name}", params={"scope": SCOPE}).json()
        return str(answer["answers"][0]["answer"])

    def page(self, **fields: str) -> httpx.Response:
        files = {name: (None, value) for name, value in fields.items()}
        return self.http.post("/withdraw", files=files, headers={"Accept": "text/html"})


@pytest.fixture(scope="module", params=["none", pytest.param("local", marks=pytest.mark.chain)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("slips")
    with new_registry(folder / "home", chain=request.param) as registry:
        options = StampOptions(out=folder / "stamped", terms=own_terms("open-training"))
        items = stamp_files(registry, render_samples(folder / "pictures")[:5], options)
        publish(registry)
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            yield World(registry, http, items)


def test_a_slip_is_used_by_anybody_and_again_changes_nothing(world: World) -> None:
    assert world.told(0) == "allowed"
    slip = world.slip(0)
    first = world.http.post("/v1/withdrawals", json=slip.to_json())
    assert first.status_code == 201, first.text
    done = Withdrawn.model_validate(first.json())
    assert (done.new, done.consent, done.item) == (True, slip.record_id, None)
    assert world.http.get(first.headers["location"]).status_code == 200
    assert world.told(0) == "denied"
    again = world.http.post("/v1/withdrawals", json=slip.to_json())
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert again.json()["recordId"] == done.recordId
    Worker(world.registry).settle()
    if world.registry.identity is not None:
        pair = bytes.fromhex(slip.authority[2:]), bytes.fromhex(slip.key)
        assert world.registry.store.withdrawals.get([pair[1]])[pair].chain_at is not None, "on chain, too"


def test_the_page_says_first_and_does_then(world: World) -> None:
    form = world.http.get("/withdraw")
    assert form.status_code == 200
    assert "<textarea" in form.text
    assert not re.search(r"<script(?![^>]*\ssrc=)", form.text), "none inline; without any, it works as below"
    slip = world.slip(1)
    for sent in ({"file": ("slip.json", slip_bytes(slip))}, {"text": (None, slip_bytes(slip, words=False))}):
        told = world.http.post("/withdraw", files=sent)
        assert told.status_code == 200, told.text
        assert slip.record_id in told.text
        assert world.told(1) == "allowed", "nothing is done yet"
    hidden = re.search(r'name="text" value="([^"]*)"', told.text)
    assert hidden is not None
    text = html.unescape(hidden[1])
    done = world.page(text=text, sure="yes")
    assert "no new use from now on" in done.text
    assert world.told(1) == "denied"
    assert "Nothing changed" in world.page(text=text, sure="yes").text


@pytest.mark.parametrize(
    "field", ["audience", "recordId", "envelope", "authority", "key", "signature", "words"]
)
def test_a_changed_slip_takes_nothing_back(world: World, field: str) -> None:
    good, other = world.slip(2).to_json(), world.slip(3).to_json()
    other["audience"], other["authority"] = "rakkan/" + "0" * 16, "0x" + "42" * 20
    bad = {**good, field: other[field]}
    for keep in (True, False):  # with its words, and without
        sent = {key: value for key, value in bad.items() if keep or key != "words"}
        if not keep and field == "words":
            continue
        answer = world.http.post("/v1/withdrawals", json=sent)
        assert answer.status_code in (403, 404, 422), answer.text
        assert answer.json()["code"] in (
            *("slip-form", "slip-signature", "slip-elsewhere", "record-unknown", "withdrawal-foreign"),
        )
        assert world.page(text=json.dumps(sent), sure="yes").status_code == answer.status_code
    assert world.told(2) == world.told(3) == "allowed"


def test_a_slip_of_elsewhere_says_where_it_belongs(world: World, tmp_path: Path) -> None:
    with new_registry(tmp_path / "other") as registry:
        options = StampOptions(out=tmp_path / "stamped", terms=own_terms("open-training"))
        (item,) = stamp_files(registry, render_samples(tmp_path / "pictures")[:1], options)
        slip = make_slip(registry, consent_of(item))
    said = problem(world.http.post("/v1/withdrawals", json=slip.to_json()), 403, "slip-elsewhere")
    assert slip.audience in said["detail"]
    assert world.registry.origin in said["detail"]


def test_what_is_no_slip(world: World) -> None:
    problem(world.http.post("/v1/withdrawals", json={}), 422, "slip-form")
    problem(world.http.post("/v1/withdrawals", content=b"{}"), 415, "media-type")
    assert world.page(text="").status_code == 422
    assert world.page(text="not a slip").status_code == 400
    assert world.page(text="x" * 20_000).status_code in (400, 413)
    assert world.http.post("/withdraw", data={"text": "{}"}).status_code == 415


def test_a_proof_that_no_contract_takes_does_not_stand_in_the_slips_way(world: World) -> None:
    """The grantor's own key came first; the slip still goes to the chain, where there is one."""
    slip, consent = world.slip(4), consent_of(world.items[4])
    statement = withdrawal_statement(consent, None, world.registry.origin)
    bare = Record.build(statement, [sign_did(statement, world.registry.home.keys.artist)])
    assert world.http.post("/v1/consents", json=exact(bare)).status_code == 201
    Worker(world.registry).settle()
    pair = bytes.fromhex(slip.authority[2:]), bytes.fromhex(slip.key)

    def on_chain() -> bool:
        return world.registry.store.withdrawals.get([pair[1]])[pair].chain_at is not None

    assert not on_chain()
    assert world.http.post("/v1/withdrawals", json=slip.to_json()).status_code == 200
    Worker(world.registry).settle()
    assert on_chain() == (world.registry.identity is not None)
