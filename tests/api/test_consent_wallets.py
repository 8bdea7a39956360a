"""What a wallet may do other than sign: each ends in one plain sentence, and in nothing being recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rakkan.registry.worker import Worker
from tests.api.browsing import Visit
from tests.api.consenting import GRANT, at_the_words, bring, choose, connect, digest_of, failure, review, sign
from tests.api.injected import Injected, Refusal
from tests.api.wallets import Wallet, World

pytestmark = [pytest.mark.browser, pytest.mark.chain]


@pytest.fixture
def page(context: BrowserContext, wallet: Injected, world: World) -> Page:
    wallet.into(context)
    return Visit(context, world.url).open("/consent")


def refuse(code: int, message: str = "") -> Callable[[], None]:
    def raising() -> None:
        raise Refusal(code, message)

    return raising


def nothing_recorded(world: World, picture: Path) -> None:
    Worker(world.registry).settle()
    assert world.told(digest_of(picture)) == ("undetermined", "no-consent")


def test_it_refuses_to_show_its_account(page: Page, wallet: Injected, world: World, picture: Path) -> None:
    wallet.before["eth_requestAccounts"] = refuse(4001, "User rejected the request.")
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    page.get_by_role("button", name="Connect").click()
    assert failure(page) == "You refused it in your wallet. Nothing was recorded."
    del wallet.before["eth_requestAccounts"]
    connect(page)
    expect(page.locator("#failed")).to_be_empty()
    nothing_recorded(world, picture)


def test_it_refuses_to_sign(page: Page, wallet: Injected, world: World, picture: Path) -> None:
    wallet.before["eth_signTypedData_v4"] = refuse(4001)
    at_the_words(page, picture)
    page.get_by_role("button", name="Sign with my wallet").click()
    assert failure(page) == "You refused it in your wallet. Nothing was recorded."
    nothing_recorded(world, picture)
    del wallet.before["eth_signTypedData_v4"]
    sign(page)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32002, "is waiting for you already"),
        (4200, "did not do it"),
        (4900, "did not do it"),
    ],
)
def test_it_says_something_else(page: Page, wallet: Injected, picture: Path, code: int, words: str) -> None:
    wallet.before["eth_signTypedData_v4"] = refuse(code, "<b>whatever</b>")
    at_the_words(page, picture)
    page.get_by_role("button", name="Sign with my wallet").click()
    assert words in failure(page)
    assert page.locator("#failed b").count() == 0


def test_it_has_no_account(page: Page, wallet: Injected, world: World, picture: Path) -> None:
    wallet.accounts = []
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    page.get_by_role("button", name="Connect").click()
    assert failure(page).startswith("Your wallet has no account that this page may see.")
    nothing_recorded(world, picture)


def test_it_is_on_another_network_and_switches(page: Page, wallet: Injected, picture: Path) -> None:
    wallet.chain = 1
    at_the_words(page, picture)
    assert wallet.chain == 31337
    sign(page)


@pytest.mark.parametrize("unknown", [True, False], ids=["unknown-to-it", "refused"])
def test_it_stays_on_another_network(
    page: Page, wallet: Injected, world: World, picture: Path, unknown: bool
) -> None:
    wallet.chain = 1
    if unknown:
        wallet.knows = {1}
    else:
        wallet.before["wallet_switchEthereumChain"] = refuse(4001)
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    page.get_by_role("button", name="Connect").click()
    said = failure(page)
    assert said.startswith("Your wallet is on another network." if unknown else "You refused it")
    if unknown:
        assert "the network with the number 31337" in said
    nothing_recorded(world, picture)


@pytest.mark.parametrize("what", ["account", "network", "lock"])
@pytest.mark.parametrize("when", ["before", "while"])
def test_it_changes_midway(
    page: Page, wallet: Injected, world: World, picture: Path, what: str, when: str
) -> None:
    def change() -> None:
        if what == "account":
            wallet.become(Wallet(0xE7E))
        elif what == "network":
            wallet.move(1)
        else:
            wallet.accounts = []
            wallet.events.append(("accountsChanged", []))

    at_the_words(page, picture)
    if when == "while":
        wallet.before["eth_signTypedData_v4"] = change
        if what == "account":  # it signs with the account that it was asked for, and shows another one
            asked = wallet.wallet
            wallet.before["eth_signTypedData_v4"] = lambda: wallet.events.append(
                ("accountsChanged", [Wallet(0xE7E).address])
            )
            assert asked is wallet.wallet
        page.get_by_role("button", name="Sign with my wallet").click()
    else:
        change()
        page.get_by_role("button", name="Sign with my wallet").click()
    words = {
        "account": "The account in your wallet changed",
        "network": "another network",
        "lock": "it shows none now",
    }
    assert words[what] in failure(page)
    expect(page.locator("#draft")).to_be_hidden()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()
    nothing_recorded(world, picture)


def test_a_signature_that_comes_after_one_has_gone_back(
    page: Page, wallet: Injected, world: World, picture: Path
) -> None:
    """The visitor goes back to the questions while the wallet waits, and signs there all the same."""
    at_the_words(page, picture)
    page.evaluate("""() => {
        const ask = window.__askWallet;
        window.__askWallet = async (request) => {
            if (JSON.parse(request).method === "eth_signTypedData_v4") {
                await new Promise((go) => { window.__goOn = go; });
            }
            return ask(request);
        };
    }""")
    page.get_by_role("button", name="Sign with my wallet").click()
    while not page.evaluate("Boolean(window.__goOn)"):
        page.wait_for_timeout(20)
    page.get_by_role("button", name="Change my answers").click()
    page.evaluate("window.__goOn()")
    expect(page.locator("#consent")).to_be_visible()
    while not wallet.typed:  # it is signed all the same
        page.wait_for_timeout(20)
    for _ in range(3):  # what the page would have sent on hearing that, it would have sent by now
        page.evaluate("fetch('/healthz').then((answer) => answer.text())")
    assert page.locator("#done").is_hidden()
    nothing_recorded(world, picture)


def test_signatures_of_other_forms(page: Page, wallet: Injected, world: World, picture: Path) -> None:
    honest = wallet.wallet.sign
    endings = iter(["00" * 32, "", None])

    def other(typed_data: dict[str, Any]) -> str:
        ending = next(endings)
        if ending is None:
            return Wallet(0xE7E).sign(typed_data)
        return honest(typed_data) + ending if ending else "0x"

    wallet.wallet.sign = other  # type: ignore[method-assign]
    at_the_words(page, picture)
    for words in ("wallets that are contracts", "wallets that are contracts", "proof"):
        page.get_by_role("button", name="Sign with my wallet").click()
        expect(page.locator("#failed")).to_contain_text(words)
    nothing_recorded(world, picture)


def test_a_signature_that_ends_in_zero_or_one_counts(page: Page, wallet: Injected, picture: Path) -> None:
    honest = wallet.wallet.sign

    def old(typed_data: dict[str, Any]) -> str:
        signature = honest(typed_data)
        return signature[:-2] + f"{int(signature[-2:], 16) - 27:02x}"

    wallet.wallet.sign = old  # type: ignore[method-assign]
    at_the_words(page, picture)
    sign(page)


def test_the_old_way_of_being_there(
    context: BrowserContext, wallet: Injected, world: World, picture: Path
) -> None:
    wallet.into(context, announced=False, legacy=True)
    page = Visit(context, world.url).open("/consent")
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    expect(page.get_by_role("button", name="Connect the wallet in this browser")).to_have_count(1)
    connect(page)
    sign(page)


def test_a_wallet_that_is_there_twice_is_offered_once(
    context: BrowserContext, wallet: Injected, world: World, picture: Path
) -> None:
    wallet.into(context, announced=True, legacy=True)
    page = Visit(context, world.url).open("/consent")
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    expect(page.locator("#wallet-buttons button")).to_have_text(["Connect Test bWalletb"])
