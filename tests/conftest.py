"""Fixtures that many tests share: databases, folders of pictures."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import postgres

# Suites import web3 beside the guarded import of rakkan.registry.ledger.wire; what it does to the
# recursion limit (100,000) would turn every hostile-JSON test of this process into a SIGSEGV.
_limit = sys.getrecursionlimit()
import web3  # noqa: E402, F401 - first, and once

sys.setrecursionlimit(_limit)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A running PostgreSQL.

    It runs as another user if we are root, and pytest closes its own temporary folder to others whenever
    a second run starts: the cluster lies elsewhere.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rakkan-postgres-", ignore_cleanup_errors=True) as folder,
        postgres.server(Path(folder) / "cluster") as url,
    ):
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'registry.db'}"
        return
    with postgres.database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture(scope="session")
def real_pictures() -> list[Path]:
    """Pictures as real generators left them, from the folder that ``RAKKAN_SAMPLES`` names."""
    folder = os.environ.get("RAKKAN_SAMPLES")
    if not folder:
        pytest.skip("RAKKAN_SAMPLES is not set: real pictures are not tested, rendered ones are")
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in (".png", ".jpg", ".webp"))
