"""Fixtures: a real anvil of the test's own, in a folder of the test's own, ended with the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.registry.ledger.anvil import LocalChain, find_anvil


@pytest.fixture(scope="session")
def anvil_program() -> Path:
    """The anvil program; without it, what needs a chain is skipped and says so."""
    program = find_anvil()
    if program is None:
        pytest.skip("anvil is not installed: run `npm ci --ignore-scripts`")
    return program


@pytest.fixture
def chain(tmp_path: Path, anvil_program: Path) -> Iterator[LocalChain]:
    """A fresh chain without contracts."""
    with LocalChain(tmp_path / "chain", anvil_program) as local:
        yield local
