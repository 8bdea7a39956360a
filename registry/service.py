"""An open registry: its home, memory, content, chain and clock, put together in one place.

It decides the wiring and nothing else: flows take a :class:`Registry` and do one thing each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rakkan.registry.clock import choose_clock
from rakkan.registry.home import Home, HomeConfig
from rakkan.registry.ports import Chain, ChainIdentity, Clock, ContentStore
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.note import NoteVerifier
from rakkan.registry.settings import Settings
from rakkan.registry.store import Store
from rakkan.schemas.community import Community

if TYPE_CHECKING:
    from rakkan.manifests.aggregators import IdentityTrust
    from rakkan.manifests.trust import TrustedIssuers


@dataclass
class Registry:
    """One registry, open.

    Attributes:
        settings: What the environment said.
        home: The folder.
        config: What the folder says of itself.
        store: Records, log, outbox.
        clock: Read once per flow.
    """

    settings: Settings
    home: Home
    config: HomeConfig
    store: Store
    clock: Clock
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def origin(self) -> str:
        """The log's origin: the audience of every record here."""
        return self.config.origin

    @property
    def identity(self) -> ChainIdentity | None:
        """The configured chain."""
        return self.config.chain.identity if self.config.chain else None

    @property
    def domain(self) -> Domain | None:
        """The EIP-712 domain of consents and withdrawals; None without a chain."""
        chain = self.identity
        return Domain(chain.chain_id, chain.consents) if chain else None

    @property
    def verifiers(self) -> list[NoteVerifier]:
        """The keys whose log heads count."""
        return [NoteVerifier.parse(text) for text in self.config.log_keys]

    @property
    def community(self) -> Community:
        """Whose checks, rulings and clearings count here."""
        return self.home.read_community()

    @cached_property
    def content(self) -> ContentStore:
        """Where blocks are kept: Kubo if one is configured, else segments in the home."""
        if self.settings.kubo:
            from rakkan.registry.content.kubo import KuboStore

            return KuboStore(self.settings.kubo)
        from rakkan.registry.content.segments import SegmentStore

        store = SegmentStore(self.home.blocks)
        self._closing.callback(store.close)
        return store

    @cached_property
    def ledger(self) -> Chain:
        """The chain, or the honest absence of one; opened when first asked."""
        from rakkan.registry.chain import open_ledger

        return self._closing.enter_context(open_ledger(self.home, self.config, self.settings.rpc_url))

    @cached_property
    def issuers(self) -> TrustedIssuers | None:
        """The issuers whose certificates make a credential trusted here."""
        from rakkan.manifests.trust import TrustedIssuers

        paths = [self.home.issuers, *([self.settings.trust] if self.settings.trust else [])]
        content = b"".join(path.read_bytes() for path in paths if path.exists())
        return TrustedIssuers.load(content, uri="urn:rakkan:issuers") if content else None

    @cached_property
    def identities(self) -> IdentityTrust:
        """Whose word counts here about who somebody is."""
        from rakkan.manifests.aggregators import IdentityTrust

        return IdentityTrust.load(self.home.read_identity_lists())

    def close(self) -> None:
        """Let go of everything; the embedded chain that we started ends too."""
        self._closing.close()
        self.store.close()


@contextlib.contextmanager
def open_registry(settings: Settings) -> Iterator[Registry]:
    """Open the registry of a home.

    Raises:
        NotFound: ``home-missing``.
        Conflict: ``store-version``, ``store-foreign``.
        Unavailable: ``store-unavailable``, ``store-missing``.
        Refused: ``clock-moved``.
    """
    home = Home(settings.folder)
    config = home.read()
    if not settings.database_url:
        home.keep_private()
    clock = choose_clock(settings.clock, config.chain.identity if config.chain else None)
    store = Store(settings.database_url or home.database_url, config.origin, founded=True)
    registry = Registry(settings, home, config, store, clock)
    try:
        yield registry
    finally:
        registry.close()
