"""Settings: what the environment says, read once at an edge.

It decides names and precedence of ``RAKKAN_*``. What a home remembers about itself is in
``rakkan.registry.home``. No secret is a setting; the passphrase of the key files is read where they
are opened.
"""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from rakkan.schemas.errors import Invalid


class Settings(BaseSettings):
    """The environment's say.

    Attributes:
        home: State folder.
        database_url: SQLAlchemy URL; empty means SQLite in the home.
        kubo: Multiaddr or URL of a Kubo RPC API; empty means block segments in the home.
        rpc_url: JSON-RPC URL of the chain; empty means the one the home was made with.
        clock: RFC 3339 instant that our clock shows; accepted only on chain 31337.
        trust: PEM file of trusted issuers, besides the home's own.
    """

    model_config = SettingsConfigDict(env_prefix="RAKKAN_", extra="ignore", frozen=True)

    home: Path = Path("~/.local/share/rakkan")
    database_url: str = ""
    kubo: str = ""
    rpc_url: str = ""
    clock: str = ""
    trust: Path | None = None

    @property
    def folder(self) -> Path:
        """The home's absolute path."""
        return self.home.expanduser().absolute()


def load_settings(**overrides: object) -> Settings:
    """Read the environment; an override that is None leaves it as it is.

    Raises:
        Invalid: ``settings``.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValueError as error:
        raise Invalid(f"The settings do not make sense: {error}.", code="settings") from error
