"""A home: the folder of one registry, and what it remembers about itself in public words.

It decides the layout on disk and the shape of ``config.json``. It holds no secret: keys are files of
their own (``rakkan.registry.keys``).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from rakkan.registry.keys import Keys
from rakkan.registry.ledger.lockfile import hold
from rakkan.registry.ports import ChainIdentity
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.community import NOBODY, Community
from rakkan.schemas.errors import Conflict, DomainError, NotFound, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import AddressText, Hex32, Origin, Value, parse_model

CONFIG: Final = "config.json"
CHAIN: Final = "chain.json"
DATABASE: Final = "registry.db"
LOCKS: Final = "locks"
PATIENCE: Final = 600
"""Seconds to wait for another process of the same home."""


class ChainConfig(Value):
    """The chain that a home anchors on."""

    kind: Literal["local", "rpc"]
    rpc_url: str = ""
    chain_id: int = Field(ge=1)
    genesis: Hex32
    log: AddressText
    consents: AddressText
    gate: AddressText | None = None
    book: AddressText | None = None
    since: int = Field(default=0, ge=0)
    """Height from which on the registry of consents exists; nothing is read below it."""

    @property
    def identity(self) -> ChainIdentity:
        """The pinned identity."""
        return ChainIdentity(
            self.chain_id,
            bytes.fromhex(self.genesis),
            Address.parse(self.log),
            Address.parse(self.consents),
            Address.parse(self.gate) if self.gate else None,
            Address.parse(self.book) if self.book else None,
        )


class HomeConfig(Value):
    """What ``config.json`` says."""

    schema_: Literal["rakkan.home/1"] = Field(alias="schema", default="rakkan.home/1")
    origin: Origin
    log_keys: tuple[str, ...] = Field(strict=False)
    created_at: InstantText
    chain: ChainConfig | None = None


class Home:
    """The folder of one registry.

    Args:
        folder: Absolute path; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys(folder / "keys")

    @property
    def exists(self) -> bool:
        """Whether ``init`` finished here."""
        return (self.folder / CONFIG).exists()

    @property
    def database_url(self) -> str:
        """The SQLite file."""
        return f"sqlite:///{self.folder / DATABASE}"

    @property
    def blocks(self) -> Path:
        """The block segments."""
        return self.folder / "blocks"

    @property
    def chain_folder(self) -> Path:
        """State of the embedded chain."""
        return self.folder / "chain"

    @property
    def outputs(self) -> Path:
        """Where ``stamp`` writes when it is not told."""
        return self.folder / "stamped"

    @property
    def issuers(self) -> Path:
        """Certificates of the issuers that this home trusts."""
        return self.folder / "issuers.pem"

    @property
    def identity_issuers(self) -> Path:
        """Certificates of issuers whose word about a name counts here; absent, nobody's does."""
        return self.folder / "identity-issuers.pem"

    @property
    def aggregators(self) -> Path:
        """DID documents of identity claims aggregators that this home trusts; absent, it trusts none."""
        return self.folder / "aggregators.json"

    @property
    def commitments(self) -> Path:
        """Salts of claims that are committed to on chain, and not revealed yet: secrets."""
        return self.folder / "commitments"

    @property
    def webhooks(self) -> Path:
        """Secrets of the endpoints that news is sent to."""
        return self.folder / "webhooks"

    @property
    def community(self) -> Path:
        """Whom this home's community trusts; absent, it trusts nobody."""
        return self.folder / "community.json"

    def read_community(self) -> Community:
        """Whom this home's community trusts.

        Raises:
            Invalid: ``shape``, ``not-json``.
            Unavailable: ``home-unreadable``.
        """
        try:
            content = self.community.read_bytes()
        except FileNotFoundError:
            return NOBODY
        except OSError as error:
            raise Unavailable(
                f"{self.community} cannot be read: {error.strerror}.", code="home-unreadable"
            ) from error
        try:
            return parse_model(Community, parse_strict(content))
        except DomainError as error:
            hint = "Correct it; docs/proof-of-consent.md shows its form."
            raise error.about(f"{self.community.name} in {self.folder}", hint=hint) from error

    def read_identity_lists(self) -> list[bytes]:
        """What lies in the two lists of whom to believe about names; what is absent is left out.

        Raises:
            Unavailable: ``home-unreadable``.
        """
        paths = [each for each in (self.identity_issuers, self.aggregators) if each.exists()]
        try:
            return [each.read_bytes() for each in paths]
        except OSError as error:
            raise Unavailable(
                f"{self.folder} cannot be read: {error.strerror}.", code="home-unreadable"
            ) from error

    def read(self) -> HomeConfig:
        """What the home says of itself.

        Raises:
            NotFound: ``home-missing``.
            Invalid: ``shape``, ``not-json``.
        """
        try:
            content = (self.folder / CONFIG).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(
                f"There is no registry in {self.folder}.",
                code="home-missing",
                hint="Run `rakkan init`, or name its folder with --home.",
            ) from None
        except OSError as error:
            raise Unavailable(
                f"{self.folder} cannot be read: {error.strerror}.", code="home-unreadable"
            ) from error
        try:
            return parse_model(HomeConfig, parse_strict(content))
        except DomainError as error:
            raise error.about(
                f"{CONFIG} in {self.folder} is not what Rakkan wrote",
                hint=f"Put {CONFIG} back from a copy, or use the version of Rakkan that wrote it.",
            ) from error

    def write(self, config: HomeConfig) -> None:
        """Replace ``config.json`` in one step; and ``chain.json``, what strangers need to ask the same chain."""
        path = self.folder / CONFIG
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("wb") as stream:
                stream.write(canonical(config.to_json()) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(path)
            if config.chain is not None:  # a node's address may hold a key of its own: it is not told
                pinned = config.chain.model_copy(update={"rpc_url": ""})
                (self.folder / CHAIN).write_bytes(canonical(pinned.to_json()) + b"\n")
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise Unavailable(
                f"{path} cannot be written: {error.strerror}.",
                code="home-unwritable",
                hint="Free space, and run `rakkan init` again.",
            ) from error

    def keep_private(self) -> None:
        """Let nobody else read the database: it holds private fields and their salts.

        SQLite gives its journal the rights of the database. Nothing to do where that lies elsewhere, or
        where a home has lost it.
        """
        path, making = self.folder / DATABASE, 0 if self.exists else os.O_CREAT
        with contextlib.suppress(OSError):
            os.close(os.open(path, making | os.O_RDONLY, 0o600))
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)

    @contextlib.contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Do something that one process of this home does at a time; others wait for it.

        A process that dies lets go at once.

        Raises:
            Conflict: ``home-busy``, after :data:`PATIENCE` seconds.
        """
        with hold(self.folder / LOCKS / what, PATIENCE) as held:
            if held is None:
                raise Conflict(
                    f"Another process is {what} in {self.folder}.",
                    code="home-busy",
                    hint="Wait until it is done, and do this again.",
                )
            yield

    def claim(self) -> None:
        """Make the folder, and refuse one that holds something else.

        Raises:
            Conflict: ``home-occupied``.
            Unavailable: ``home-unwritable``.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            strangers = [
                each.name
                for each in self.folder.iterdir()
                if each.name not in ("keys", "chain", LOCKS, CONFIG)
            ]
        except OSError as error:
            raise Unavailable(
                f"{self.folder} cannot be written: {error.strerror}.",
                code="home-unwritable",
                hint="Name another folder with --home.",
            ) from error
        if strangers and not self.exists and not self.keys.has("log"):
            raise Conflict(
                f"{self.folder} is not empty ({strangers[0]}).",
                code="home-occupied",
                hint="Name a new folder with --home.",
            )
