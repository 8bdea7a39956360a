"""When the page ``/consent`` cannot do it: no wallet, no token, or a draft that is not what was chosen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from rakkan.api.limits import Limits
from rakkan.registry.worker import Worker
from tests.api.browsing import Visit
from tests.api.consenting import GRANT, at_the_words, bring, choose, digest_of, failure, review, sign
from tests.api.injected import Injected
from tests.api.server import serving
from tests.api.wallets import TERMS, Wallet, World
from tests.homes import new_registry

pytestmark = [pytest.mark.browser, pytest.mark.chain]


@pytest.fixture
def page(context: BrowserContext, wallet: Injected, world: World) -> Page:
    wallet.into(context)
    return Visit(context, world.url).open("/consent")


def test_no_wallet_at_all(context: BrowserContext, world: World, picture: Path, tmp_path: Path) -> None:
    page = Visit(context, world.url).open("/consent")
    bring(page, picture)
    choose(page, {**GRANT, "depicted": "others", "minors": "none"})
    review(page)
    expect(page.locator("#no-wallet")).to_be_visible()
    command = page.locator("#command").inner_text()
    assert command.splitlines() == [
        f"rakkan consent grant {digest_of(picture)} --terms terms.json --dry-run",
        f"rakkan consent grant {digest_of(picture)} --terms terms.json --publish --slips slips",
    ]
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save terms.json").click()
    assert saving.value.suggested_filename == "terms.json"
    saving.value.save_as(tmp_path / "terms.json")
    terms = json.loads((tmp_path / "terms.json").read_bytes())
    assert terms["persons"] == {"depicted": "others", "minors": "none"}
    assert terms["days"] == 365
    with new_registry(tmp_path / "home") as registry:
        assert registry.origin
    environment = {**os.environ, "RAKKAN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    said = [
        subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for line in command.splitlines()
    ]
    assert all("Allowed: fine-tuning of a LoRA" in each for each in said)
    assert all("Persons shown: others; minors: none" in each for each in said)
    assert len(list((tmp_path / "slips").glob("*.slip.json"))) == 1


def test_somebody_else_has_spoken_before(
    page: Page, wallet: Injected, world: World, picture: Path, tmp_path: Path
) -> None:
    at_the_words(page, picture)
    sign(page)
    wallet.become(Wallet(0xE7E))
    page.goto(f"{world.url}/consent")
    at_the_words(page, picture)
    expect(page.locator("#outlook")).to_contain_text("somebody else has spoken about this picture")
    expect(page.locator("#outlook")).to_contain_text("only from somebody with a token")
    page.get_by_role("button", name="Sign with my wallet").click()
    assert "spoken about it before" in failure(page)
    with page.expect_download() as saving:
        page.get_by_role("link", name="Keep what you signed").click()
    saving.value.save_as(tmp_path / "signed-consent.json")
    body = json.loads((tmp_path / "signed-consent.json").read_bytes())
    assert world.http.post("/v1/consents", json=body).status_code == 403
    assert world.http.post("/v1/consents", json=body, headers=world.bearer).status_code == 201


def test_where_wallets_alone_are_not_taken(
    context: BrowserContext, wallet: Injected, world: World, picture: Path
) -> None:
    wallet.into(context)
    with serving(world.registry, limits=Limits(open_consents=0)) as url:
        page = Visit(context, url).open("/consent")
        expect(page.locator(".opening .notice")).to_contain_text("only from people with a token")
        at_the_words(page, picture)
        page.get_by_role("button", name="Sign with my wallet").click()
        assert "needs a token" in failure(page)
        expect(page.get_by_role("link", name="Keep what you signed")).to_be_visible()


def test_a_draft_that_is_not_what_was_chosen(
    page: Page, wallet: Injected, world: World, picture: Path
) -> None:
    """Whatever is changed on the way from the server, the wallet never sees it."""

    def meddled(change: Callable[[dict[str, Any]], None]) -> None:
        page.unroute_all()

        def answer(route: Route) -> None:
            response = route.fetch()
            value = response.json()
            change(value)
            route.fulfill(response=response, json=value)

        page.route("**/v1/consents/draft", answer)

    changed = {**TERMS, "scopes": {"cawg.data_mining": "allowed"}, "days": 9999, "mode": "irrevocable"}
    asked = {"works": [{"sha256": "0" * 64}], "wallet": wallet.wallet.address, "terms": changed}
    other = world.http.post("/v1/consents/draft", json=asked).json()
    changes: list[Callable[[dict[str, Any]], None]] = [
        lambda value: value.update(other),
        lambda value: value.update(typedData=other["typedData"]),
        lambda value: value.update(statement=other["statement"]),
        lambda value: value["notice"].update(text="Nothing."),
        lambda value: value["typedData"]["message"].update(scopes="cawg.data_mining=allowed"),
        lambda value: value["typedData"]["message"].update(validUntil=2**40),
        lambda value: value["typedData"]["message"].update(withdrawalAuthority="0x" + "11" * 20),
        lambda value: value["typedData"]["domain"].update(verifyingContract="0x" + "11" * 20),
        lambda value: value["typedData"]["domain"].update(chainId=1),
        lambda value: value["typedData"].update(primaryType="Withdrawal"),
        lambda value: value["typedData"]["types"]["Consent"].append({"type": "uint256", "name": "x"}),
    ]
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    for change in changes:
        meddled(change)
        page.get_by_role("button", name="Connect").click()
        expect(page.locator("#failed")).to_contain_text("What was drafted is not what you chose")
        expect(page.locator("#draft")).to_be_hidden()
        page.evaluate("document.getElementById('failed').textContent = ''")
    assert wallet.typed == []
    Worker(world.registry).settle()
    assert world.told(digest_of(picture)) == ("undetermined", "no-consent")
