"""Who is taken without a token: a wallet that speaks of its own works, within a quota; nobody else."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.api.limits import Limits
from rakkan.api.quota import WINDOW, Quota
from rakkan.registry.flows.accept import accept_one
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_wallet
from rakkan.registry.worker import Worker
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Refused
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from tests.api.asking import exact, problem
from tests.api.server import serving
from tests.api.wallets import LORA, STYLE, TERMS, Wallet, World, drafted, statement, unknown
from tests.support import work_record

pytestmark = pytest.mark.chain
ADA, EVE = Wallet(0xADA), Wallet(0xE7E)


def test_nobody_speaks_without_a_token_about_what_others_spoke_of(world: World) -> None:
    digest = unknown()
    assert world.hand_in(ADA, drafted(world.http, ADA, digest)).status_code == 201
    Worker(world.registry).settle()
    no = drafted(
        world.http,
        EVE,
        digest,
        kind="reservation",
        scopes={"cawg.ai_generative_training": "notAllowed"},
    )
    assert [each["code"] for each in no["outlook"]] == ["claims-conflict"]
    assert "somebody else has spoken about this picture" in no["outlook"][0]["words"]
    problem(world.hand_in(EVE, no), 403, "work-spoken-for")
    Worker(world.registry).settle()
    assert world.told(digest) == ("allowed", "granted-to-public")
    narrower = drafted(world.http, ADA, digest, scopes={LORA: "notAllowed", STYLE: "allowed"})
    assert world.hand_in(ADA, narrower).status_code == 201, "who spoke before may speak again"
    assert world.hand_in(EVE, no, **world.bearer).status_code == 201, "with a token somebody answers for it"
    Worker(world.registry).settle()
    assert world.told(digest)[0] != "allowed"


def test_nobody_replaces_without_a_token_what_others_said(world: World) -> None:
    said = world.hand_in(ADA, drafted(world.http, ADA, unknown())).json()
    problem(
        world.http.post("/v1/consents", json=replacing(world, EVE, said["envelope"])), 403, "work-spoken-for"
    )
    nothing = str(work_record(Ed25519PrivateKey.generate(), origin=world.registry.origin).envelope_cid)
    problem(world.http.post("/v1/consents", json=replacing(world, ADA, nothing)), 403, "work-spoken-for")
    assert world.http.post("/v1/consents", json=replacing(world, ADA, said["envelope"])).status_code == 201
    leaning = {"depicted": "others", "minors": "none", "releases": [{"/": said["envelope"]}]}
    resting = replacing(world, ADA, said["envelope"], persons=leaning)
    problem(world.http.post("/v1/consents", json=resting), 401, "token-missing")
    answer = world.http.post(
        "/v1/consents", json=replacing(world, EVE, said["envelope"]), headers=world.bearer
    )
    assert answer.status_code == 201, answer.text


def replacing(world: World, wallet: Wallet, earlier: str, **more: Any) -> dict[str, Any]:
    """A grant about another work that names an earlier consent in ``supersedes``."""
    assert world.registry.domain is not None
    value = statement(drafted(world.http, wallet, unknown()))
    value["predicate"] |= {"supersedes": {"/": earlier}, **more}
    subjects = [Subject(name=each["name"], digest=each["digest"]) for each in value["subject"]]
    consent = with_notice(subjects, parse_model(Consent, value["predicate"]))
    content = statement_bytes("consent", subjects, consent)
    return exact(Record.build(content, [sign_wallet(content, world.registry.domain, wallet.account.key)]))


def test_a_work_that_another_key_registered_needs_that_key_or_a_token(world: World) -> None:
    key = Ed25519PrivateKey.generate()
    work = work_record(key, origin=world.registry.origin)
    digest = f"c2paClaim:{work.parsed.subject[0].digest['c2paClaim']}"
    accept_one(world.registry, work, publish=False)
    private = drafted(world.http, ADA, digest)
    assert private["outlook"][0]["answer"] == "allowed", "what is not public does not show"
    accept_one(world.registry, work, publish=True)
    draft = drafted(world.http, ADA, digest)
    assert draft["outlook"][0]["code"] == "claimant-other"
    assert "registered this picture here as theirs" in draft["outlook"][0]["words"]
    problem(world.hand_in(ADA, draft), 403, "work-spoken-for")


def test_too_many_wait_for_their_turn(world: World) -> None:
    registry = world.registry
    token = registry.store.new_token("quota", registry.clock.now())
    limits = Limits(open_consents=3, open_consents_each=2)
    with serving(registry, limits=limits) as url, httpx.Client(base_url=url, timeout=60) as http:
        few = World(registry, url, http, token)
        bob = Wallet(0xB0B)
        for _ in range(3):  # what fails counts for nothing
            spoiled = ADA.signed(draft := drafted(http, ADA, unknown()), statement(draft))
            spoiled["proofs"][0]["signature"] = "00" * 65
            problem(http.post("/v1/consents", json=spoiled), 403, "proof-invalid")
        for _ in range(2):
            assert few.hand_in(ADA, drafted(http, ADA, unknown())).status_code == 201
        late = few.hand_in(bob, draft := drafted(http, bob, unknown()))
        problem(late, 429, "quota-spent")  # the same address of the network
        assert 3500 < int(late.headers["retry-after"]) <= 3601
        assert few.hand_in(bob, draft, **few.bearer).status_code == 201
    shut = Limits(open_consents=0)
    with serving(registry, limits=shut) as url, httpx.Client(base_url=url, timeout=60) as http:
        draft = drafted(http, ADA, unknown())
        problem(World(registry, url, http, token).hand_in(ADA, draft), 401, "token-missing")


def test_large_ones_and_other_kinds_need_a_token(world: World) -> None:
    works = [{"sha256": secrets.token_hex(32)} for _ in range(16)]
    asked = {"works": works, "wallet": ADA.address, "terms": TERMS}
    draft = world.http.post("/v1/consents/draft", json=asked).json()
    assert "these 16 pictures" in draft["sentences"][0]
    assert world.hand_in(ADA, draft).status_code == 201
    big = statement(drafted(world.http, ADA, unknown()))
    big["predicate"]["more"] = "x" * 20_000  # unknown fields are kept
    problem(world.http.post("/v1/consents", json=ADA.signed(draft, big)), 401, "token-missing")
    twice = ADA.signed(draft, statement(draft))
    twice["proofs"] *= 2
    problem(world.http.post("/v1/consents", json=twice), 401, "token-missing")
    listed = {**ADA.signed(draft, statement(draft)), "blocks": ["AAAA"]}
    problem(world.http.post("/v1/consents", json=listed), 401, "token-missing")
    foreign = exact(work_record(Ed25519PrivateKey.generate(), origin=world.registry.origin))
    problem(world.http.post("/v1/assets", json=foreign), 401, "token-missing")


class Clock:
    """Seconds, as somebody says."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def spent(quota: Quota, *names: tuple[str, int]) -> bool:
    try:
        with quota.spend(names):
            return True
    except Refused:
        return False


def test_a_quota_is_of_the_last_hour_and_of_each_name() -> None:
    clock = Clock()
    quota = Quota(clock)
    both, ada, eve = ("all", 3), ("ada", 2), ("eve", 2)
    assert spent(quota, both, ada)
    clock.now += WINDOW / 2
    assert spent(quota, both, ada)
    assert not spent(quota, both, ada), "two are hers"
    assert spent(quota, both, eve), "what was refused was not counted"
    assert not spent(quota, both, eve), "three are everybody's"
    clock.now += WINDOW / 2
    assert spent(quota, both, ada), "the first of hers is an hour old"
    assert not spent(quota, both, ada)
    assert not spent(quota, ("nothing", 0))


def test_what_fails_is_not_counted() -> None:
    quota = Quota(Clock())
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), quota.spend([("ada", 1)]):
            raise ZeroDivisionError
    assert spent(quota, ("ada", 1))
    assert not spent(quota, ("ada", 1))
