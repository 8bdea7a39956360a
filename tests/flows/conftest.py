"""Homes on both databases with people in them, and somebody who receives webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.registry.flows.founding import found
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from tests.flows.homesteads import People
from tests.flows.receiver import Receiver, receiving


@pytest.fixture
def hooked(tmp_path: Path, database_url: str) -> Iterator[People]:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as opened:
        yield People(opened)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found_:
        yield found_
