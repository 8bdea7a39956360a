"""Homes for tests, founded as users do, and the embedded chain under them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from rakkan.registry.flows.consent.terms import Terms, load_terms
from rakkan.registry.flows.founding import found
from rakkan.registry.ledger.anvil import find_anvil
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import Settings, load_settings


def new_home(folder: Path, *, chain: str = "none", standing_seconds: int = 1) -> Settings:
    """Found a home and say how to open it."""
    if chain == "local":
        require_anvil()
    settings = load_settings(home=folder)
    found(settings, creator="Test artist", chain=chain, standing_seconds=standing_seconds)
    return settings


SAID: Final = ("--persons", "none", "--minors", "none", "--coauthors", "complete")
"""What somebody says on the command line who made their works alone and shows nobody."""


def own_terms(name: str, grantee: Sequence[str] = ()) -> Terms:
    """The same, said in terms of that name."""
    return load_terms(name, grantee).answering(depicted="none", minors="none", coauthors="complete")


@contextlib.contextmanager
def new_registry(folder: Path, *, chain: str = "none") -> Iterator[Registry]:
    """Found a home and open it."""
    with open_registry(new_home(folder, chain=chain)) as registry:
        yield registry


def require_anvil() -> None:
    """Fail where engines are required, else say what is not tested."""
    import os

    if find_anvil() is None:
        if os.environ.get("RAKKAN_REQUIRE_ENGINES"):
            pytest.fail("anvil is missing: run `make setup`")
        pytest.skip("anvil is missing: run `make setup`")
