"""The page ``/consent`` in a real browser: chosen, read, signed by a wallet, recorded, taken back by its slip."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from rakkan.registry.worker import Worker
from tests.api.browsing import Visit
from tests.api.consenting import GRANT, RESERVATION, bring, choose, connect, digest_of, review, sign
from tests.api.injected import Injected
from tests.api.wallets import LORA, STYLE, World

pytestmark = [pytest.mark.browser, pytest.mark.chain]
DESKTOP, PHONE = (1280, 900), (360, 740)


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    width, height = request.param
    opened = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext, wallet: Injected, world: World) -> Visit:
    wallet.into(context)
    return Visit(context, world.url)


def an_instant_of_use(world: World, digest: str) -> str:
    """A whole second that is over and in which the use was allowed: instants have no fractions of one."""

    def now() -> str:
        return str(world.http.get(f"/v1/consent/{digest}").json()["at"])

    first = now()
    while (used_at := now()) == first:
        time.sleep(0.05)
    while now() == used_at:
        time.sleep(0.05)
    return used_at


def test_grant_by_wallet_use_and_withdraw_by_slip(
    visit: Visit, wallet: Injected, world: World, picture: Path, tmp_path: Path
) -> None:
    digest, page = digest_of(picture), visit.open("/")
    page.get_by_role("link", name="Give or refuse consent").click()
    bring(page, picture)
    choose(page, GRANT)
    visit.shot(f"consent-{page.viewport_size['width'] if page.viewport_size else 0}")
    review(page)
    connect(page)
    said = page.locator("#sentences").inner_text()
    assert "You allow everybody to use this picture for: fine-tuning of a LoRA." in said
    assert "You do not allow: imitation of the style." in said
    assert wallet.typed == [], "nothing is signed before it was read"
    visit.shot(f"consent-read-{page.viewport_size['width'] if page.viewport_size else 0}")
    record = sign(page)
    (typed,) = wallet.typed
    assert typed["message"]["notice"] == page.locator("#notice").text_content()
    assert json.loads(page.locator("#typed").text_content() or "") == typed
    assert "my secret name" not in json.dumps(typed)
    assert world.told(digest) == ("undetermined", "unlogged")
    Worker(world.registry).settle()
    assert world.told(digest) == ("allowed", "granted-to-public")
    assert world.told(digest, STYLE) == ("denied", "not-allowed")

    page.get_by_role("button", name="Sign a withdrawal slip").click()
    expect(page.locator("#slip")).to_be_visible()
    visit.shot(f"consent-done-{page.viewport_size['width'] if page.viewport_size else 0}")
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the slip").click()
    slip = tmp_path / saving.value.suggested_filename
    saving.value.save_as(slip)
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save its code").click()
    code = tmp_path / saving.value.suggested_filename
    saving.value.save_as(code)
    assert slip.name == f"{record}.slip.json"
    assert json.loads(slip.read_bytes())["words"].startswith("Withdrawal slip.")
    visit.check()

    page.get_by_role("link", name="What is answered about the picture").click()
    assert "Allowed for everybody: fine-tuning of a LoRA." in page.locator(".gist").inner_text()
    visit.check()
    used_at = an_instant_of_use(world, digest)

    page.goto(world.url + "/withdraw")
    page.set_input_files("#slip", code)
    expect(page.locator("#slip-said")).to_contain_text("The code was read.")
    expect(page.get_by_role("button", name="Read it")).to_be_focused()
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("h1")).to_have_text("Take this consent back? It cannot be undone.")
    assert "fine-tuning of a LoRA" in page.locator(".said-list").inner_text()
    assert world.told(digest)[0] == "allowed", "nothing is done yet"
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("h1")).to_have_text("The consent is withdrawn: no new use from now on.")
    assert world.told(digest) == ("denied", "withdrawn")
    then = world.http.get(f"/v1/consent/{digest}", params={"scope": LORA, "asOf": used_at}).json()
    assert then["then"][0]["answer"] == "allowed", then
    visit.check()


def test_do_not_use(visit: Visit, wallet: Injected, world: World, picture: Path) -> None:
    page = visit.open("/consent")
    bring(page, picture)
    choose(page, RESERVATION)
    expect(page.locator("#q-uses")).to_be_hidden()
    review(page)
    connect(page)
    expect(page.locator("#sentences")).to_contain_text(
        "Do not use this picture: training of generative AI models;"
    )
    sign(page)
    Worker(world.registry).settle()
    assert world.told(digest_of(picture)) == ("denied", "reserved")
    visit.check()


def test_nothing_is_chosen_beforehand_and_everything_is_asked_for(visit: Visit, picture: Path) -> None:
    page = visit.open("/consent")
    chosen = page.eval_on_selector_all(
        "#consent input:checked, #consent select", "all => all.map(each => each.value)"
    )
    assert set(chosen) == {""}
    page.get_by_role("button", name="Read what this comes to").click()
    wrong = page.locator("#wrong")
    expect(wrong).to_be_focused()
    assert "Which picture?" in wrong.inner_text()
    choose(page, {"kind": "grant"})
    bring(page, picture)
    for _ in range(12):
        page.get_by_role("button", name="Read what this comes to").click()
        if page.locator("#signing").is_visible():
            break
        missing = wrong.locator("a").first
        name = (missing.get_attribute("href") or "").removeprefix("#q-")
        missing.click()
        asked = {
            "who": {"who": "public"},
            "until": {"until": "730"},
            "claim": {"claim": "generated author"},
            "shares": {"shares": "complete"},
            "persons": {"depicted": "others"},
            "minors": {"minors": "none"},
            "uses": {f"use {STYLE}": "allowed"},
            "mode": {"mode": "irrevocable"},
            "licence": {"licence": "CC-BY-SA-4.0"},
        }[name]
        focused = page.evaluate("document.activeElement.name")
        assert focused == next(iter(asked)) or name in ("uses",), f"the link leads to {name}"
        choose(page, asked)
    expect(page.locator("#signing")).to_be_visible()
    connect(page)
    said = page.locator("#sentences").inner_text()
    assert "You cannot take it back, ever." in said
    assert "CC-BY-SA-4.0: credit by name, commercial use included, and what is made from it" in said
    assert "You say: other people are shown." in said
    page.get_by_role("button", name="Change my answers").click()
    expect(page.locator("#consent")).to_be_visible()
    assert page.locator('input[name="mode"][value="irrevocable"]').is_checked()
    visit.check()


def test_what_is_left_out_is_not_stated(visit: Visit, wallet: Injected, picture: Path) -> None:
    """Answers to questions that were hidden again do not count."""
    page = visit.open("/consent")
    bring(page, picture)
    choose(page, {**GRANT, "licence": "other", "depicted": "others", "minors": "yes"})
    choose(page, {"kind": "reservation", "depicted": "none"})
    review(page)
    connect(page)
    sign(page)
    (typed,) = wallet.typed
    assert "minors: none" in typed["message"]["notice"]
    assert "Licence" not in typed["message"]["notice"]
    assert "allowed" not in typed["message"]["scopes"]


def test_dates_communities_and_licences(visit: Visit, wallet: Injected, picture: Path) -> None:
    page = visit.open("/consent")
    bring(page, picture)
    choose(page, {**GRANT, "who": "other", "until": "date", "mode": "retrain-within", "licence": "other"})
    ready = page.get_by_role("button", name="Read what this comes to")
    page.locator("#whom").fill("0x12")
    page.locator("#day").fill("2020-01-01")
    page.locator("#days").fill("0")
    ready.click()
    wrong = page.locator("#wrong").inner_text()
    for words in ("address", "A day after today", "1 to 3650", "short name", "Credit", "Commercial use"):
        assert words in wrong
    community = f"0x{'ab' * 20}"
    page.locator("#whom").fill(community)
    page.locator("#day").fill("2099-12-31")
    page.locator("#days").fill("30")
    page.locator("#spdx").fill("LicenseRef-Mine")
    page.locator("#attribution").select_option("link")
    page.locator("#commercial").select_option("no")
    page.locator("#alike").select_option("no")
    review(page)
    connect(page)
    said = page.locator("#sentences").inner_text()
    assert f"You allow eip155:31337:{community}" in said
    assert "31 December 2099" in said
    assert "trained again without the picture within 30 days" in said
    assert "LicenseRef-Mine: credit by link, no commercial use" in said
    sign(page)
    assert wallet.typed[0]["message"]["onWithdrawal"] == "retrain-within:30"
