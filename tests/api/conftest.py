"""A served registry, pictures stamped with it, and a client to ask with."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from rakkan.manifests.samples import PARENT, render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.service import Registry
from tests.api.browsing import CHROMIUM, FLAGS
from tests.api.injected import Injected
from tests.api.server import serving
from tests.api.wallets import Wallet, World, wallet_world
from tests.homes import new_registry, own_terms


@dataclass(frozen=True, slots=True)
class Served:
    """A registry with published pictures, and how to ask it.

    Attributes:
        registry: What is served.
        url: Where.
        http: A client at that address.
        token: A bearer token.
        items: Stamped and published, open for training.
        hidden: Stamped, never published; its input's bytes are known to nobody.
        folder: For further files.
    """

    registry: Registry
    url: str
    http: httpx.Client
    token: str
    items: tuple[StampItem, ...]
    hidden: StampItem
    folder: Path

    @property
    def work(self) -> StampItem:
        """The published picture that another one was made from."""
        return next(item for item in self.items if item.input.name == PARENT)

    @property
    def bearer(self) -> dict[str, str]:
        """The header of who may write."""
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served for the whole package: tests may add to it, and rely on nothing that others add."""
    folder = tmp_path_factory.mktemp("served")
    pictures = render_samples(folder / "pictures")
    secret = pictures.pop(1)
    with new_registry(folder / "home") as registry:
        terms = own_terms("open-training")
        options = StampOptions(out=folder / "stamped", terms=terms, disclose=("parents",))
        items = stamp_files(registry, pictures, options)
        publish(registry)
        (hidden,) = stamp_files(registry, [secret], options)
        token = registry.store.new_token("test", registry.clock.now())
        with serving(registry, worker=False) as url, httpx.Client(base_url=url, timeout=60) as http:
            yield Served(registry, url, http, token, tuple(items), hidden, folder)


@pytest.fixture
def http(served: Served) -> httpx.Client:
    """The client."""
    return served.http


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("RAKKAN_REQUIRE_ENGINES"):
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"{CHROMIUM} is missing: the page is not tested in a browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A phone of somebody who was never here."""
    opened = browser.new_context(viewport={"width": 360, "height": 740}, accept_downloads=True)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A registry with a chain where wallets sign, served for one module."""
    with wallet_world(tmp_path_factory.mktemp("world")) as served:
        yield served


@pytest.fixture
def wallet() -> Injected:
    """A wallet that nobody has used before; not in any page yet."""
    return Injected(Wallet(int.from_bytes(secrets.token_bytes(16))))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture that nobody has seen before."""
    path = tmp_path / "my secret name.png"
    Image.frombytes("RGB", (60, 40), secrets.token_bytes(60 * 40 * 3)).save(path)
    return path
