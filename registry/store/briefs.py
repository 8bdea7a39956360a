"""Reading what bears on thousands of works at once: briefs in place of records, in few queries.

It decides which rows are read; nothing of a statement is. What the rows mean is put together in
``rakkan.registry.flows.consent.asking``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from rakkan.registry.rules.brief import read_terms
from rakkan.registry.store.database import Database
from rakkan.registry.store.tables import LATER, RARE, BriefRow, TermsRow, table
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError

_brief, _terms = table(BriefRow), table(TermsRow)
_MAX_KEPT: Final = 65_536

_BEARING: Final = """
SELECT i.digest, i.kind, i.record_kind, i.record_id, b.envelope, b.accepted_at, b.log_index,
       b.actor, b.terms, b.authority, b.valid_from, b.valid_until, b.names
FROM identifier i LEFT JOIN brief b ON b.record_id = i.record_id
WHERE i.digest {} AND i.record_kind IN ('work', 'consent', 'authorship')"""
_LINKED: Final = f"SELECT target FROM link WHERE target {{}} AND {LATER}"  # noqa: S608 - constants
_NAMED: Final = f"SELECT digest FROM identifier WHERE digest {{}} AND {RARE}"  # noqa: S608
_ALIKE: Final = "SELECT record_id FROM likeness WHERE record_id {}"
_DATED: Final = "SELECT record_id FROM commitment WHERE record_id {}"
_SPENT: Final = "SELECT target FROM link WHERE relation = 'consents' AND target {}"
_CONTENT: Final = "SELECT id, content FROM terms WHERE id {}"


class Bearing(NamedTuple):
    """A consent or claim that is found under a digest.

    Attributes:
        digest: 32 bytes, under which it was found.
        kind: What that is a digest of.
        record_kind: ``consent``, ``work`` or ``authorship``.
        record_id: sha256 of the statement.
        envelope: sha256 of the envelope.
        accepted_at: Unix seconds.
        log_index: Its place in the log, or None.
        actor: As in :class:`rakkan.registry.rules.brief.Brief`, like what follows. None if the record has
            no brief: then only its own bytes tell, and nothing here from ``envelope`` on is known.
        terms: Their name, or None.
        authority: Who can take it back.
        valid_from: Its beginning.
        valid_until: Its end.
        names: Identifiers of a work.
    """

    digest: bytes
    kind: str
    record_kind: str
    record_id: bytes
    envelope: bytes
    accepted_at: int
    log_index: int | None
    actor: str | None
    terms: bytes | None
    authority: bytes
    valid_from: str
    valid_until: str
    names: bytes


class Briefs:
    """The briefs of one registry.

    Args:
        database: Where they are kept.
        published: Whether only published records are seen.
    """

    def __init__(self, database: Database, *, published: bool = False) -> None:
        self._database = database
        self._bearing = _BEARING + (" AND (b.publish OR b.record_id IS NULL)" if published else "")
        self._kept: dict[bytes, Consent] = {}

    def bearing(self, connection: Connection, digests: Collection[bytes]) -> list[Bearing]:
        """The consents and claims under these digests, whatever their kind."""
        return list(map(Bearing._make, self._database.among(connection, self._bearing, digests)))

    def touched(
        self, connection: Connection, envelopes: Collection[bytes], digests: Collection[bytes]
    ) -> set[bytes]:
        """Which of these something else bears on, published or not.

        Args:
            connection: An open one.
            envelopes: Of consents; another record may replace or join them.
            digests: Of records and actors; a dispute, ruling, identity or key record may be about them, and
                a work may look like another, a claim reveal a commitment.
        """
        linked = self._database.among(connection, _LINKED, envelopes)
        named = self._database.among(connection, _NAMED, digests)
        alike = self._database.among(connection, _ALIKE, digests)
        dated = self._database.among(connection, _DATED, digests)
        return {row[0] for row in (*linked, *named, *alike, *dated)}

    def spent(self, connection: Connection, envelopes: Collection[bytes]) -> set[bytes]:
        """Which of these grants a training run relies on, published or not."""
        return {row[0] for row in self._database.among(connection, _SPENT, envelopes)} if envelopes else set()

    def terms(self, connection: Connection, names: Collection[bytes]) -> dict[bytes, Consent]:
        """What is said under these names; what cannot be read is left out."""
        found = {name: self._kept[name] for name in names if name in self._kept}
        missing = set(names) - found.keys()
        for name, content in self._database.among(connection, _CONTENT, missing):
            try:
                found[name] = read_terms(content)
            except DomainError:
                continue
        if len(self._kept) + len(missing) > _MAX_KEPT:
            self._kept = {}
        self._kept |= found
        return found

    def derived(self, record_id: bytes) -> dict[str, Any] | None:
        """All columns of one brief, and the ``content`` of its terms, to be derived again."""
        query = select(_brief, _terms.c.content).join(_terms, _terms.c.id == _brief.c.terms, isouter=True)
        with self._database.read() as connection:
            row = connection.execute(query.where(_brief.c.record_id == record_id)).first()
        return None if row is None else dict(row._mapping)  # noqa: SLF001
