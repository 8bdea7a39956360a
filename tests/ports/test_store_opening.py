"""Databases that are not there, are none, or are let go of: what opening and closing one says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rakkan.registry.store import Store
from rakkan.schemas.errors import Integrity, Invalid, Unavailable
from tests.support import ORIGIN


def test_a_founded_registry_has_its_database(database_url: str) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            Store(database_url, ORIGIN, founded=True)
        assert caught.value.code == "store-missing"
    Store(database_url, ORIGIN).close()
    Store(database_url, ORIGIN, founded=True).close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(Integrity) as caught:
        Store(f"sqlite:///{tmp_path / 'registry.db'}", ORIGIN)
    assert caught.value.code == "store-damaged"


def test_an_interruption_while_a_connection_closes_prints_nothing(tmp_path: Path) -> None:
    script = """
import sys
from rakkan.registry.store.database import Database

def stop(_):
    raise KeyboardInterrupt

database = Database("sqlite:///" + sys.argv[1])
database._engine.dialect.do_close = stop
try:
    database.close()
except KeyboardInterrupt:
    print("stopped")
"""
    words = [sys.executable, "-c", script, str(tmp_path / "registry.db")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


def test_urls_that_are_none() -> None:
    for url in ("nonsense", "mysql://x/y", "postgresql+nodriver://x"):
        with pytest.raises(Invalid) as caught:
            Store(url, ORIGIN)
        assert caught.value.code == "database-url"
