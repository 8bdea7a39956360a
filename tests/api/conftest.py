"""A served registry, pictures stamped with it, and a client to ask with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from rakkan.manifests.samples import PARENT, render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.service import Registry
from tests.api.server import serving
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
