"""A million consents on file, put there by bulk insert: what a registry holds after a few years.

It decides what the population looks like; the rows are those that accepting would have written, except
that signatures are placeholders: they are checked at acceptance, and reading does not look at them again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

from rakkan.registry.rules.brief import brief_of, joined
from rakkan.registry.store import Store
from rakkan.registry.store.indexing import index_rows
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import DAG_JSON, Cid, Digest
from tests.support import NOW, consent_record, work_record

CONSENTS: Final = 1_000_000
ARTISTS: Final = 4_999
COMMUNITY: Final = "eip155:31337:0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"
ACCEPTED: Final = 1_795_348_800
WORKS: Final = 4
"""Every so manieth work is registered here as well; the others are known by their consents alone."""

_FROM, _UNTIL = "2026-11-21T12:00:00Z", "2027-11-22T12:00:00Z"
_NONCE, _CLAIM, _SHA256, _CID = "a0" * 16, "a1" * 32, "a2" * 32, str(Cid(DAG_JSON, b"\xa3" * 32))
_BATCH: Final = 20_000


def subject_of(number: int) -> int:
    """Which work a consent is about: its own, but one in twenty speaks of the one before."""
    return number - 1 if number % 20 == 4 else number


def work_digest(number: int) -> Digest:
    """The digest of a work's file."""
    return Digest.of(b"file %d" % number)


def withdrawn(number: int) -> bool:
    """Whether that consent was taken back: two in a hundred."""
    return number % 50 == 7


@dataclass(frozen=True, slots=True)
class Row:
    """A record as its columns."""

    id: bytes
    envelope: bytes
    kind: str
    statement: bytes
    envelope_bytes: bytes
    names: tuple[tuple[str, bytes], ...]
    number: int
    brief: tuple[Any, ...]


class _Forms:
    """The bytes of one artist's records, each split where one differs from the next."""

    def __init__(self, number: int, origin: str) -> None:
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"artist %d" % number).digest())
        digest = {"c2paClaim": _CLAIM, "sha256": _SHA256}
        self.authority = hashlib.sha256(b"authority %d" % number).digest()[:20]
        back = {"authority": f"0x{self.authority.hex()}", "mode": "prospective"}
        more: dict[str, Any] = {"origin": origin, "nonce": _NONCE, "withdrawal": back}
        self.grant = _Form(consent_record(key, digest, **more))
        self.community = _Form(consent_record(key, digest, grantee=[COMMUNITY], **more))
        self.reservation = _Form(consent_record(key, digest, kind="reservation", use="notAllowed", **more))
        self.work = _Form(work_record(key, origin=origin, claim=_CLAIM, sha256=_SHA256))
        self.terms = {each.terms for each in (self.grant, self.community, self.reservation) if each.terms}

    def consent(self, number: int) -> _Form:
        return {9: self.reservation, 8: self.community}.get(number % 10, self.grant)


class _Form:
    def __init__(self, record: Record) -> None:
        self.kind = record.kind
        brief = brief_of(record)
        assert brief is not None
        self.terms, self._actor, self._authority = brief.terms, brief.actor, brief.authority
        self._statement = record.statement.decode()
        self._envelope = record.envelope.decode().replace(str(record.record_id), _CID)

    def row(self, number: int) -> Row:
        work = subject_of(number)
        names = (("c2paClaim", Digest.of(b"claim %d" % work).raw), ("sha256", work_digest(work).raw))
        text = self._statement.replace(_NONCE, f"{number:032x}").replace(_CLAIM, names[0][1].hex())
        text = text.replace(_SHA256, names[1][1].hex())
        period: tuple[str | None, str | None] = None, None
        joined_names = joined({Digest(*name) for name in names}) if self.kind == "work" else b""
        if self.kind == "consent":
            since = NOW - timedelta(minutes=number % 400_000)  # no two on one day say the same
            period = format_instant(since), format_instant(since + timedelta(days=365))
            text = text.replace(_FROM, period[0] or "").replace(_UNTIL, period[1] or "")
        statement = text.encode()
        record_id = hashlib.sha256(statement).digest()
        envelope = self._envelope.replace(_CID, str(Cid(DAG_JSON, record_id))).encode()
        terms = None if self.terms is None else hashlib.sha256(self.terms).digest()
        brief = (self._actor, terms, self._authority, *period, joined_names)
        named = hashlib.sha256(envelope).digest()
        return Row(record_id, named, self.kind, statement, envelope, names, number, brief)


def artists(origin: str, count: int) -> list[_Forms]:
    """The forms of everybody's records."""
    return [_Forms(number, origin) for number in range(min(ARTISTS, count))]


def population(forms: list[_Forms], count: int) -> Iterator[list[Row]]:
    """Works and consents in batches, in order of acceptance."""
    batch: list[Row] = []
    for number in range(count):
        form = forms[subject_of(number) % len(forms)]
        if subject_of(number) == number and number % WORKS == 0:
            batch.append(form.work.row(number))
        batch.append(form.consent(number).row(number))
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    yield batch


def fill(url: str, origin: str, count: int = CONSENTS) -> None:
    """Put the population into an empty database, and check that its first rows are what accepting writes."""
    Store(url, origin).close()  # its tables
    forms = artists(origin, count)
    _check(forms)
    if make_url(url).get_backend_name() == "sqlite":
        _fill_sqlite(str(make_url(url).database), forms, count)
    else:
        _fill_postgresql(url, forms, count)


def _check(forms: list[_Forms]) -> None:
    for row in next(population(forms, 16)):
        record = Record.parse(row.statement, row.envelope_bytes)
        assert (record.record_id.digest, record.envelope_cid.digest) == (row.id, row.envelope)
        wanted = {table.name: rows for table, rows in index_rows(record, ACCEPTED, publish=True).items()}
        assert {(each["kind"], each["digest"]) for each in wanted["identifier"]} == set(row.names)
        assert [tuple(each.values())[5:] for each in wanted["brief"]] == [row.brief]


_RECORD: Final = (
    "record", "sequence,id,envelope,kind,statement,envelope_bytes,accepted_at,publish,pinned_at,log_index"
)  # fmt: skip
_IDENTIFIER: Final = ("identifier", "digest,kind,record_kind,record_id,alias")
_BRIEF: Final = (
    "brief",
    "record_id,envelope,accepted_at,publish,log_index,actor,terms,authority,valid_from,valid_until,names",
)
_TERMS: Final = ("terms", "id,content")
_WITHDRAWAL: Final = ("withdrawal", "key,authority,recorded_at,signature")


def _tables(batch: list[Row], start: int) -> Iterator[tuple[tuple[str, str], list[tuple[Any, ...]]]]:
    yield _RECORD, [
        (
            start + place + 1, row.id, row.envelope, row.kind, row.statement, row.envelope_bytes,
            ACCEPTED + start + place, True, ACCEPTED + start + place, start + place,
        )
        for place, row in enumerate(batch)
    ]  # fmt: skip
    yield (
        _IDENTIFIER,
        [(name, kind, row.kind, row.id, kind == "sha256") for row in batch for kind, name in row.names],
    )
    yield (
        _BRIEF,
        [
            (row.id, row.envelope, ACCEPTED + start + place, True, start + place, *row.brief)
            for place, row in enumerate(batch)
        ],
    )
    yield (
        _WITHDRAWAL,
        [
            (row.id, row.brief[2], ACCEPTED + start + len(batch), None)
            for row in batch
            if row.kind == "consent" and withdrawn(row.number)
        ],
    )


def _terms(forms: list[_Forms]) -> list[tuple[bytes, bytes]]:
    return [(hashlib.sha256(each).digest(), each) for each in {each for form in forms for each in form.terms}]


def _fill_sqlite(path: str, forms: list[_Forms], count: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-2000000"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("BEGIN")
    start, later = 0, {_IDENTIFIER: list[Any](), _BRIEF: list[Any](), _TERMS: _terms(forms)}

    def insert(into: tuple[str, str], rows: list[tuple[Any, ...]]) -> None:
        places = ",".join("?" * (into[1].count(",") + 1))
        connection.executemany(f"INSERT INTO {into[0]} ({into[1]}) VALUES ({places})", rows)

    for batch in population(forms, count):
        for into, rows in _tables(batch, start):
            if into in later:
                later[into] += rows
            else:
                insert(into, rows)
        start += len(batch)
    for into, rows in later.items():
        insert(into, sorted(rows))  # a table without rowid is a tree by its key: in order it is written once
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.close()


def _fill_postgresql(url: str, forms: list[_Forms], count: int) -> None:
    import psycopg
    from psycopg import sql

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")

        def insert(into: tuple[str, str], rows: list[tuple[Any, ...]]) -> None:
            columns = sql.SQL(", ").join(map(sql.Identifier, into[1].replace(" ", "").split(",")))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(into[0]), columns)
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)

        insert(_TERMS, list(_terms(forms)))
        start = 0
        for batch in population(forms, count):
            for into, rows in _tables(batch, start):
                insert(into, rows)
            start += len(batch)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("ANALYZE")
