"""What somebody does on the page ``/consent``, answer by answer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from rakkan.manifests.image import read_image
from rakkan.registry.flows.lookup import identifiers

GRANT = {
    "kind": "grant",
    "use org.rakkan.finetune_lora": "allowed",
    "use org.rakkan.style_imitation": "notAllowed",
    "who": "public",
    "until": "365",
    "mode": "prospective",
    "licence": "none",
    "claim": "created author",
    "shares": "complete",
    "depicted": "none",
}
"""A whole grant of one use to everybody."""

RESERVATION = {
    "kind": "reservation",
    "who": "public",
    "until": "1825",
    "claim": "generated author",
    "shares": "complete",
    "depicted": "none",
}
"""A whole "do not use"."""


def digest_of(path: Path) -> str:
    """By what a picture is known best."""
    return str(identifiers(read_image(path))[0])


def choose(page: Page, answers: dict[str, str]) -> None:
    """Choose answers by the names of their buttons."""
    for name, value in answers.items():
        page.locator(f'input[name="{name}"][value="{value}"]').check()


def bring(page: Page, picture: Path) -> None:
    """Choose a picture, and wait until it is read."""
    page.set_input_files("#picture", picture)
    expect(page.locator("#picture-shown")).to_be_visible()


def review(page: Page) -> None:
    """From the answers to the wallets."""
    page.get_by_role("button", name="Read what this comes to").click()
    expect(page.locator("#signing")).to_be_visible()


def connect(page: Page) -> None:
    """With the one wallet there is, as far as the words."""
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#draft")).to_be_visible()


def sign(page: Page) -> str:
    """Sign; the record that was made."""
    page.get_by_role("button", name="Sign with my wallet").click()
    expect(page.locator("#done-title")).to_be_focused()
    return page.locator("#record").inner_text()


def at_the_words(page: Page, picture: Path) -> None:
    """Everything but the signature."""
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    connect(page)


def failure(page: Page) -> str:
    """What is said to have gone wrong; it is a page on which nothing was recorded."""
    said = page.locator("#failed")
    expect(said).not_to_be_empty()
    return said.inner_text()
