"""The registry as the public sees it: published records, and nothing that tells of any other.

It decides that what is not published cannot be found, counted or stumbled over, by whatever name it
is asked for: reading routes get this view and cannot ask past it.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from rakkan.registry.ports import Chain, ContentStore
from rakkan.registry.service import Registry
from rakkan.registry.store.briefs import Briefs
from rakkan.registry.store.records import Records

if TYPE_CHECKING:
    from rakkan.manifests.aggregators import IdentityTrust
    from rakkan.manifests.trust import TrustedIssuers


class PublicRegistry(Registry):
    """A registry that shares everything with the whole one but the ways to find records."""

    def __init__(self, whole: Registry) -> None:
        store = copy(whole.store)
        store.records = Records(whole.store.database, published=True)
        store.briefs = Briefs(whole.store.database, published=True)
        super().__init__(whole.settings, whole.home, whole.config, store, whole.clock)
        self._whole = whole

    @cached_property
    def content(self) -> ContentStore:
        """The whole registry's."""
        return self._whole.content

    @cached_property
    def ledger(self) -> Chain:
        """The whole registry's."""
        return self._whole.ledger

    @cached_property
    def issuers(self) -> TrustedIssuers | None:
        """The whole registry's."""
        return self._whole.issuers

    @cached_property
    def identities(self) -> IdentityTrust:
        """The whole registry's."""
        return self._whole.identities

    def close(self) -> None:
        """Nothing: what is shared is the whole registry's to close."""
