"""The registry as the public sees it: published records, and nothing that tells of any other.

It decides that what is not published cannot be found, counted or stumbled over, by whatever name it
is asked for: reading routes get this view and cannot ask past it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from rakkan.registry.ports import Chain, ContentStore
from rakkan.registry.service import Registry
from rakkan.registry.store.records import Match, Records, StoredRecord
from rakkan.registry.store.tables import RecordRow, table
from rakkan.schemas.values import Digest

if TYPE_CHECKING:
    from rakkan.manifests.aggregators import IdentityTrust
    from rakkan.manifests.trust import TrustedIssuers

_record = table(RecordRow)
_FEW: Final = 500


class PublicRecords(Records):
    """Records that are meant for everybody."""

    def get(self, digests: Sequence[bytes]) -> dict[bytes, StoredRecord]:
        """As in :class:`Records`, published ones alone."""
        return {name: stored for name, stored in super().get(digests).items() if stored.publish}

    def find(self, digests: Sequence[Digest], record_kind: str | None = None) -> list[Match]:
        """As in :class:`Records`, published ones alone."""
        matches = super().find(digests, record_kind)
        published = self._published({match.record_id for match in matches}) if matches else set()
        return [match for match in matches if match.record_id in published]

    def naming(self, envelopes: Sequence[bytes], relation: str) -> dict[bytes, list[bytes]]:
        """As in :class:`Records`, by published ones alone."""
        found = super().naming(envelopes, relation)
        published = self._published({each for ids in found.values() for each in ids}) if found else set()
        return {name: [each for each in ids if each in published] for name, ids in found.items()}

    def fingerprints(self) -> list[tuple[bytes, str, str, bytes, int]]:
        """As in :class:`Records`, of published works alone."""
        rows = super().fingerprints()
        published = self._published({row[0] for row in rows}) if rows else set()
        return [row for row in rows if row[0] in published]

    def _published(self, ids: Collection[bytes]) -> set[bytes]:
        """Which of these are published; only ids are read, never the records."""
        query = select(_record.c.id).where(_record.c.publish)
        if len(ids) <= _FEW:  # more of them are most of the store, and one pass over it is cheaper
            query = query.where(_record.c.id.in_(sorted(ids)))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars()).intersection(ids)


class PublicRegistry(Registry):
    """A registry that shares everything with the whole one but the records."""

    def __init__(self, whole: Registry) -> None:
        store = copy(whole.store)
        store.records = PublicRecords(whole.store.database)
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
