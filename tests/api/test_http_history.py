"""The history of one consent over HTTP: every moment with its instant and its record, and nothing that is not public."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.feed_shapes import HistoryShape, MomentShape
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.rules.eip712 import sign, withdrawal_digest
from rakkan.registry.rules.proofs import sign_did, withdrawal_key, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.api.asking import problem
from tests.api.server import serving
from tests.flows.homesteads import DAY, START, People, key, who
from tests.homes import new_registry
from tests.ports.anvil import send
from tests.support import consent_record

WORK = Digest.of(b"the work")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with new_registry(tmp_path / "home") as registry:
        yield People(registry)


@pytest.fixture
def http(people: People) -> Iterator[httpx.Client]:
    with serving(people.registry) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def told(http: httpx.Client, consent: Record) -> HistoryShape:
    answer = http.get(f"/v1/consents/{consent.record_id}/history")
    assert answer.status_code == 200, answer.text
    assert answer.json() == http.get(f"/v1/consents/{consent.envelope_cid}/history").json()
    shown = HistoryShape.model_validate(answer.json())
    assert (shown.record_id, shown.envelope) == (str(consent.record_id), str(consent.envelope_cid))
    return shown


def words(shown: HistoryShape) -> list[str]:
    return [f"{(parse_instant(each.at) - START).days} {each.state}" for each in shown.moments]


def withdraw(
    people: People, consent: Record, by: str, item: bytes | None = None, *, publish: bool = True
) -> Record:
    statement = withdrawal_statement(consent, item, people.registry.origin)
    record = Record.build(statement, [sign_did(statement, key(by))])
    accept_one(people.registry, record, publish=publish)
    return record


def test_every_moment_has_its_instant_and_its_record(people: People, http: httpx.Client) -> None:
    consent = people.consent("ann", WORK, validUntil=format_instant(START + 40 * DAY))
    assert words(told(http, consent)) == ["0 granted", "0 logged"]
    people.on(2)
    dispute = people.dispute("zoe", consent)
    people.on(3)
    ruling = people.rule("dismissed", consent, dispute={"/": str(dispute.envelope_cid)})
    people.on(5)
    withdrawal = withdraw(people, consent, "ann")
    people.on(30)
    again = people.consent("ann", WORK, supersedes={"/": str(consent.envelope_cid)})
    people.on(39)
    expected = ["0 granted", "0 logged", "2 disputed", "3 ruled", "5 withdrawn", "30 superseded"]
    shown = told(http, consent)
    assert words(shown) == expected
    people.on(40)
    shown = told(http, consent)
    assert words(shown) == [*expected, "40 expired"]
    records = [each.record.record_id if each.record else None for each in shown.moments]
    named = (consent, None, dispute, ruling, withdrawal, again, None)
    assert records == [None if each is None else str(each.record_id) for each in named]
    by_state = {each.state: each for each in shown.moments}
    assert by_state["logged"].index == 0
    assert (by_state["disputed"].ground, by_state["ruled"].decision) == ("forged", "dismissed")
    assert (by_state["withdrawn"].source, by_state["withdrawn"].item) == ("record", None)
    assert (shown.kind, shown.block, shown.consulted, shown.more) == ("grant", None, True, False)


def test_nobody_replaces_what_another_said(people: People, http: httpx.Client) -> None:
    consent = people.consent("ann", WORK)
    replaces = {"/": str(consent.envelope_cid)}
    people.on(1)
    people.consent("eve", Digest.of(b"a work of hers"), supersedes=replaces)
    people.consent("eve", WORK, supersedes=replaces)
    assert words(told(http, consent)) == ["0 granted", "0 logged"]
    people.on(2)
    people.rotate("ann", "annie")
    people.on(3)
    people.consent("annie", Digest.of(b"another work of hers"), supersedes=replaces)
    assert words(told(http, consent)) == ["0 granted", "0 logged", "3 superseded"]


def test_what_replaces_later_has_not_replaced_yet(people: People, http: httpx.Client) -> None:
    mandate = people.consent("ann", WORK, kind="mandate", grantee=[who("bob")])
    later = format_instant(START + 5 * DAY)
    people.consent("ann", WORK, supersedes={"/": str(mandate.envelope_cid)}, validFrom=later)
    people.on(4)
    assert words(told(http, mandate)) == ["0 given", "0 logged"]
    people.on(5)
    assert words(told(http, mandate)) == ["0 given", "0 logged", "5 superseded"]


def test_it_tells_of_works_taken_out(people: People, http: httpx.Client) -> None:
    members = [Digest.of(b"work %d" % each) for each in range(5)]
    consent = people.collection("ann", members)
    people.on(1)
    withdraw(people, consent, "ann", members[3].raw)
    (taken,) = (each for each in told(http, consent).moments if each.state == "withdrawn")
    assert taken.item == members[3].hex


def test_what_is_not_public_is_nowhere(people: People, http: httpx.Client) -> None:
    record = consent_record(key("ann"), {"sha256": WORK.hex}, origin=people.registry.origin)
    accept_one(people.registry, record, publish=False)
    problem(http.get(f"/v1/consents/{record.record_id}/history"), 404, "record-unknown")
    accept_one(people.registry, record, publish=True)
    hidden = withdraw(people, record, "ann", publish=False)
    answer = http.get(f"/v1/consents/{record.record_id}/history")
    assert [each["state"] for each in answer.json()["moments"]] == ["granted"]
    assert str(hidden.record_id) not in answer.text


def test_names_that_are_none(people: People, http: httpx.Client) -> None:
    work = people.work("ann", WORK)
    problem(http.get(f"/v1/consents/{work.record_id}/history"), 404, "consent-unknown")
    problem(http.get(f"/v1/consents/{'b' * 129}/history"), 422, "parameter")
    problem(http.get("/v1/consents/none/history"), 422, "cid-form")
    unknown = Record.build(work.statement, [sign_did(work.statement, Ed25519PrivateKey.generate())])
    problem(http.get(f"/v1/consents/{unknown.envelope_cid}/history"), 404, "record-unknown")


@pytest.mark.chain
def test_the_chain_tells_when_it_has_it_and_when_no_more(tmp_path: Path) -> None:
    with new_registry(tmp_path / "home", chain="local") as registry, local_chain(registry.home) as chain:
        authority = registry.home.keys.address(AUTHORITY)
        back = {"authority": str(authority), "mode": "prospective"}
        consent = consent_record(key("ann"), {"sha256": WORK.hex}, origin=registry.origin, withdrawal=back)
        accept_one(registry, consent, publish=True)
        Worker(registry).settle()
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            shown = told(http, consent)
            assert [each.state for each in shown.moments] == ["granted", "logged", "anchored"]
            anchored = shown.moments[-1]
            assert (anchored.size, anchored.final, anchored.tx is not None) == (1, False, True)
        before = ask(chain.port, "evm_snapshot")
        height = _withdraw_on_chain(registry, withdrawal_key(consent.record_id.digest, None))
        _withdraw_on_chain(registry, withdrawal_key(consent.record_id.digest, WORK.raw))
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            shown = told(http, consent)
            whole, one = (each for each in shown.moments if each.state == "withdrawn")
            assert (whole.source, whole.block, whole.item, whole.record) == ("chain", height, None, None)
            assert (one.block, one.item) == (height + 1, WORK.hex)
            assert shown.block == height + 1
        assert ask(chain.port, "evm_revert", before) is True
        keep_current(registry)
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            undone: list[MomentShape] = [
                each for each in told(http, consent).moments if each.state == "undone"
            ]
            assert [(each.block, each.was_at) for each in undone] == [
                (height, whole.at),
                (height + 1, one.at),
            ]
            assert all(each.state != "withdrawn" for each in told(http, consent).moments)


def _withdraw_on_chain(registry: Registry, taken: bytes) -> int:
    """By the authority's slip, sent without a word to the registry; the block that has it."""
    assert registry.identity is not None
    assert registry.domain is not None
    keys = registry.home.keys
    authority = keys.address(AUTHORITY)
    slip = sign(withdrawal_digest(registry.domain, authority, taken), keys.wallet(AUTHORITY))
    send(registry.ledger, calls.withdraw_by_sig_call(registry.identity, authority.raw, taken, slip))
    return registry.ledger.head().number
