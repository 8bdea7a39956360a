"""The pages with scripts for everybody: by keyboard alone, on 360 pixels, in the dark, without scripts, and by axe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from rakkan.registry.worker import Worker
from tests.api.browsing import Visit
from tests.api.consenting import GRANT, at_the_words, bring, choose, connect, digest_of, review, sign
from tests.api.injected import Injected
from tests.api.wallets import World, drafted, unknown
from tests.house.code import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.chain]
PHONE = ViewportSize(width=360, height=740)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SMALL = """
() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((each) => each.checkVisibility() && !each.closest("p:not(.buttons, .takes, .go, #find-line), li, dd, pre, footer"))
  .map((each) => [each, (each.closest("label") ?? each).getBoundingClientRect()])
  .filter(([each, box]) => box.height < 44 || box.width < 44)
  .map(([each, box]) => `${each.tagName} ${each.id || each.name || each.textContent} ${box.width}x${box.height}`)
"""
"""What is pressed and is less than 44 px high or wide; links inside sentences are as high as their line (WCAG 2.5.8)."""


@pytest.fixture(params=["light", "dark"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=PHONE, color_scheme=request.param, bypass_csp=True)
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext, wallet: Injected, world: World) -> Visit:
    wallet.into(context)
    return Visit(context, world.url)


def hold(visit: Visit, name: str) -> None:
    """What is on the page now: nothing that axe finds, nothing too wide, nothing too small to press."""
    page = visit.page
    visit.check()
    assert page.evaluate(SMALL) == []
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
    told = [(each["id"], [node["target"] for node in each["nodes"]][:3], each["help"]) for each in found]
    assert told == [], name
    visit.shot(f"{name}-{page.evaluate('matchMedia(`(prefers-color-scheme: dark)`).matches')}")


def test_consent_step_by_step(visit: Visit, picture: Path) -> None:
    page = visit.open("/consent")
    hold(visit, "questions")
    choose(
        page,
        {
            **GRANT,
            "who": "other",
            "until": "date",
            "mode": "sunset",
            "licence": "other",
            "depicted": "others",
        },
    )
    page.get_by_role("button", name="Read what this comes to").click()
    hold(visit, "missing")
    bring(page, picture)
    choose(page, {**GRANT, "shares": "missing"})
    review(page)
    hold(visit, "wallets")
    connect(page)
    expect(page.locator("#outlook")).to_contain_text("others have a share in the picture")
    page.locator("summary").click()
    hold(visit, "words")
    sign(page)
    page.get_by_role("button", name="Sign a withdrawal slip").click()
    expect(page.locator("#slip")).to_be_visible()
    hold(visit, "done")


def test_withdraw_step_by_step(visit: Visit, world: World, wallet: Injected) -> None:
    digest = unknown()
    record = drafted(world.http, wallet.wallet, digest)
    assert world.hand_in(wallet.wallet, record).status_code == 201
    Worker(world.registry).settle()
    page = visit.open("/withdraw")
    hold(visit, "form")
    page.set_input_files("#slip", {"name": "s.json", "mimeType": "application/json", "buffer": b" " * 9000})
    expect(page.locator("#slip-failed")).not_to_be_empty()
    hold(visit, "failed")
    visit.open(f"/withdraw?digest={digest}")
    hold(visit, "list")
    visit.open(f"/withdraw?consent={record['recordId']}")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#ways")).to_be_visible()
    hold(visit, "ways")
    page.get_by_role("button", name="Make a slip").click()
    expect(page.locator("#slip")).to_be_visible()
    hold(visit, "slip")
    way = world.http.get(f"/v1/consents/{record['recordId']}/withdrawal").json()
    slip = {**way["slip"], "signature": wallet.wallet.sign(way["typedData"])[2:]}
    visit.open("/withdraw")
    page.get_by_label("Or paste its text").fill(json.dumps(slip))
    page.get_by_role("button", name="Read it").click()
    hold(visit, "sure")
    page.get_by_role("button", name="Take it back").click()
    hold(visit, "taken")


def press(page: Page, key: str, until: str, most: int = 80) -> None:
    """Press a key until something has the focus, and see that it shows."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted)", until):
            outlined = "(each) => getComputedStyle(each).outlineStyle"
            shown = page.evaluate(
                f"[document.activeElement, document.activeElement.closest('label') ?? document.activeElement].map({outlined})"
            )
            assert "solid" in shown, f"what has the focus is seen: {until}"
            return
    raise AssertionError(f"{until} is not reached by {key}")


def test_by_keyboard_alone(browser: Browser, wallet: Injected, world: World, picture: Path) -> None:
    context = browser.new_context(accept_downloads=True)
    wallet.into(context)
    visit = Visit(context, world.url)
    page = visit.open("/consent")
    page.on("filechooser", lambda _: None)  # from here on the browser asks us, not the desktop
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    press(page, "Tab", "#picture")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(picture)
    expect(page.locator("#picture-said")).to_contain_text("carries no credential")
    press(page, "Tab", "[name=kind]")
    page.keyboard.press("Space")
    press(page, "Tab", "[name='use org.rakkan.finetune_lora']")
    page.keyboard.press("ArrowRight")
    for name, steps in (
        ("who", 0),
        ("until", 1),
        ("mode", 0),
        ("licence", 0),
        ("claim", 1),
        ("shares", 0),
        ("depicted", 0),
    ):
        press(page, "Tab", f"[name={name}]")
        page.keyboard.press("Space")
        for _ in range(steps):
            page.keyboard.press("ArrowDown")
    press(page, "Tab", "#ready")
    page.keyboard.press("Enter")
    expect(page.locator("#signing-title")).to_be_focused()
    expect(page.locator("#wallet-buttons button")).to_have_count(1)
    press(page, "Tab", "#wallet-buttons button")
    page.keyboard.press("Enter")
    expect(page.locator("#draft")).to_be_visible()
    expect(page.locator("#signing-title")).to_be_focused()
    press(page, "Tab", "#notice")
    press(page, "Tab", "summary")
    press(page, "Tab", "#sign")
    page.keyboard.press("Enter")
    expect(page.locator("#done-title")).to_be_focused()
    press(page, "Tab", "#make-slip")
    page.keyboard.press("Enter")
    expect(page.locator("#slip-said")).to_contain_text("The slip is ready")
    press(page, "Tab", "#slip-file")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    slip = saving.value.path().read_bytes()
    Worker(world.registry).settle()
    assert world.told(digest_of(picture))[0] == "allowed"

    page.goto(f"{world.url}/withdraw")
    press(page, "Tab", "#text")
    page.keyboard.insert_text(slip.decode().strip())
    press(page, "Tab", "#read")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Take this consent back? It cannot be undone.")
    press(page, "Tab", "main button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("The consent is withdrawn: no new use from now on.")
    assert world.told(digest_of(picture))[0] == "denied"
    visit.check()
    context.close()


def test_without_scripts_it_can_be_read(browser: Browser, world: World) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    visit = Visit(context, world.url)
    page = visit.open("/consent")
    expect(page.locator("noscript p")).to_contain_text("this page needs scripts and a wallet")
    assert page.locator("fieldset.question").count() == 10
    for each in page.locator("fieldset.question").all():
        expect(each).to_be_visible()
    expect(page.locator("#without")).to_contain_text("rakkan consent grant picture.png")
    expect(page.get_by_role("button", name="Read what this comes to")).to_be_disabled()
    visit.check()
    context.close()


def test_all_of_it_is_in_the_words_of_the_house(visit: Visit, picture: Path) -> None:
    page = visit.open("/consent")
    at_the_words(page, picture)
    read = page.locator("main").inner_text().lower()
    for word in ("hash", "metadata", "hash function", "blockchain", "undefined", "null", "nan"):
        assert not re.search(rf"\b{word}\b", read), word
