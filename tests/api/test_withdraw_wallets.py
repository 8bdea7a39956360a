"""The page ``/withdraw`` for the wallet that gave the consent: found, shown, signed or sent; or refused."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from rakkan.registry.chain import local_chain
from rakkan.registry.flows.consent.consents import give
from rakkan.registry.worker import Worker
from rakkan.schemas.statement import Subject
from tests.api.browsing import Visit
from tests.api.consenting import digest_of
from tests.api.injected import Injected, Refusal
from tests.api.server import serving
from tests.api.wallets import Wallet, World, drafted, unknown
from tests.homes import new_registry, own_terms

pytestmark = [pytest.mark.browser, pytest.mark.chain]


@pytest.fixture
def visit(context: BrowserContext, world: World) -> Visit:
    return Visit(context, world.url)


class ByWallet:
    """A consent that a wallet gave, and the page on which it takes it back."""

    def __init__(self, visit: Visit, world: World, wallet: Injected, **terms: Any) -> None:
        self.world, self.digest = world, unknown()
        draft = drafted(world.http, wallet.wallet, self.digest, **terms)
        assert world.hand_in(wallet.wallet, draft).status_code == 201
        Worker(world.registry).settle()
        self.record: str = draft["recordId"]
        wallet.into(visit.page.context)
        self.page = visit.open(f"/withdraw?digest={self.digest}")
        if terms.get("mode") != "irrevocable":
            self.page.get_by_role("link", name="Take it back").click()

    def connect(self) -> None:
        self.page.get_by_role("button", name="Connect").click()
        expect(self.page.locator("#ways")).to_be_visible()

    def failure(self) -> str:
        expect(self.page.locator("#failed")).not_to_be_empty()
        return self.page.locator("#failed").inner_text()

    @property
    def told(self) -> str:
        return self.world.told(self.digest)[0]


def test_by_the_wallets_signature(visit: Visit, world: World, wallet: Injected) -> None:
    given = ByWallet(visit, world, wallet)
    expect(given.page.locator(".said-list")).to_contain_text("You allow everybody to use this picture")
    given.connect()
    visit.shot("withdraw-wallet-360")
    given.page.get_by_role("button", name="Sign, and take it back").click()
    expect(given.page.locator("#done-title")).to_be_focused()
    assert [each["primaryType"] for each in wallet.typed] == ["Withdrawal"]
    assert given.told == "denied"
    given.page.get_by_role("link", name="How it stands").click()
    expect(given.page.locator("h1")).to_contain_text("it was taken back")
    assert given.page.locator("#ways").count() == 0
    visit.check()


def test_by_the_wallets_own_transaction(visit: Visit, world: World, wallet: Injected) -> None:
    given = ByWallet(visit, world, wallet)
    with local_chain(world.registry.home) as chain:
        wallet.rpc_url = chain.rpc_url
        given.connect()
        given.page.get_by_role("button", name="Send it from my wallet").click()
        expect(given.page.locator("#done-said")).to_contain_text("It is on the chain", timeout=30_000)
    assert wallet.typed == []
    given.page.get_by_role("link", name="How it stands").click()
    for _ in range(60):  # the chain is read every few seconds
        if "it was taken back" in given.page.locator("h1").inner_text():
            break
        given.page.wait_for_timeout(250)
        given.page.reload()
    expect(given.page.locator("h1")).to_contain_text("it was taken back")
    assert given.told == "denied", "the registry reads it from the chain, told by nobody"
    visit.check()


def test_a_slip_for_later(visit: Visit, world: World, wallet: Injected, tmp_path: Path) -> None:
    given = ByWallet(visit, world, wallet)
    given.connect()
    given.page.get_by_role("button", name="Make a slip").click()
    with given.page.expect_download() as saving:
        given.page.get_by_role("link", name="Save the slip").click()
    saving.value.save_as(tmp_path / "slip.json")
    assert given.told == "allowed"
    assert world.http.post(
        "/v1/withdrawals", json=json.loads((tmp_path / "slip.json").read_bytes())
    ).is_success
    assert given.told == "denied"
    visit.check()


def test_another_wallet_cannot(visit: Visit, world: World, wallet: Injected) -> None:
    given = ByWallet(visit, world, wallet)
    wallet.become(Wallet(0xE7E))
    given.page.get_by_role("button", name="Connect").click()
    assert "Only 0x" in given.failure()
    expect(given.page.locator("#ways")).to_be_hidden()
    assert (wallet.typed, given.told) == ([], "allowed")


def test_a_wallet_that_refuses_or_changes(visit: Visit, world: World, wallet: Injected) -> None:
    given = ByWallet(visit, world, wallet)

    def refuse() -> None:
        raise Refusal(4001)

    for method, button in (("eth_signTypedData_v4", "Sign, and"), ("eth_sendTransaction", "Send it from")):
        wallet.before[method] = refuse
        if given.page.locator("#ways").is_hidden():
            given.connect()
        given.page.get_by_role("button", name=button).click()
        assert given.failure() == "You refused it in your wallet. Nothing was recorded."
    wallet.before = {"eth_signTypedData_v4": lambda: wallet.move(1)}
    given.page.get_by_role("button", name="Sign, and").click()
    assert "another network" in given.failure()
    expect(given.page.locator("#ways")).to_be_hidden()
    assert given.told == "allowed"


def test_what_cannot_be_taken_back(visit: Visit, world: World, wallet: Injected) -> None:
    given = ByWallet(visit, world, wallet, mode="irrevocable")
    assert given.page.get_by_role("link", name="Take it back").count() == 0
    given.page.goto(f"{world.url}/withdraw?consent={given.record}")
    expect(given.page.locator("h1")).to_contain_text("it cannot be taken back")
    assert given.page.locator("#ways").count() == 0


def test_finding_by_the_picture(visit: Visit, world: World, wallet: Injected, picture: Path) -> None:
    digest = digest_of(picture)
    draft = drafted(world.http, wallet.wallet, digest)
    assert world.hand_in(wallet.wallet, draft).status_code == 201
    page = visit.open("/withdraw")
    page.set_input_files("#find", picture)
    expect(page.locator("#of")).to_have_value(digest)
    page.get_by_role("button", name="Find").click()
    expect(page.locator("h2")).to_contain_text("Allows uses, since")
    page.goto(f"{world.url}/withdraw?digest={unknown()}")
    expect(page.locator("h1")).to_contain_text("Nobody has said anything here")
    page.goto(f"{world.url}/withdraw?consent=baguqeera{'a' * 52}")
    expect(page.locator(".tone-alarm")).to_contain_text("Nothing is registered here")
    visit.said = []
    visit.check()


def test_without_a_chain_a_wallet_is_of_no_use(context: BrowserContext, tmp_path: Path) -> None:
    with new_registry(tmp_path / "home") as registry, serving(registry) as url:
        subject = Subject(name="work", digest={"sha256": secrets.token_hex(32)})
        record = give(registry, [subject], own_terms("open-training"), publish=True)
        page = Visit(context, url).open(f"/withdraw?consent={record.record_id}")
        expect(page.locator("main")).to_contain_text("This registry is on no chain")
        page.goto(f"{url}/consent")
        expect(page.locator(".notice").first).to_contain_text("No wallet can sign here")
