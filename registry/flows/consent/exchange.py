"""Consents to and from other vocabularies.

It decides what is known about a consent when it is said elsewhere (withdrawn, superseded), and how a
foreign "do not use" becomes a record: a reservation by this registry's own ``did:key`` in the capacity of an
agent, marked ``derived``, with the sha256 of the document as evidence. A foreign "allowed" becomes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from rakkan.registry.flows.accept import accept_all
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules import credential
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.rules.vocabulary.catalogue import vocabulary
from rakkan.registry.rules.vocabulary.losses import LossReport
from rakkan.registry.rules.vocabulary.model import Exported, Reservation, Saying
from rakkan.registry.rules.vocabulary.places import applies, digest_in
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Refused
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model

_DAYS: Final = 3650
_SUBJECTS: Final = 64


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a foreign document.

    Attributes:
        records: Reservations made of it.
        already: Reservations that were made of it before.
        unbound: What it is about that no work here was named for.
        report: What of it was not taken.
    """

    records: tuple[Record, ...]
    already: tuple[Record, ...]
    unbound: tuple[str, ...]
    report: LossReport


def export(registry: Registry, record: Record, name: str, about: str = "") -> Exported:
    """Say a consent in another vocabulary, as of now.

    Raises:
        Invalid: ``vocabulary-unknown``, ``vocabulary-about``, ``record-kind``.
    """
    target = vocabulary(name)
    return target.export(Saying(record, registry.clock.now(), about, _ended(registry, record)))


def issue(registry: Registry, record: Record) -> dict[str, Any]:
    """A consent as a Verifiable Credential, issued by this home's ``did:key``.

    Raises:
        Refused: ``consent-ended``: a credential would outlive it.
        Invalid: ``record-kind``, ``record-too-large``.
    """
    ended = _ended(registry, record)
    if ended:
        raise Refused(f"This consent is {ended}; no credential of it is issued.", code="consent-ended")
    keys = registry.home.keys
    unsigned = credential.credential(record, keys.artist_did)
    return credential.sign(unsigned, keys.artist, registry.clock.now())


def take(
    registry: Registry,
    content: bytes,
    name: str,
    subjects: Sequence[Subject] = (),
    *,
    url: str = "",
    uri: str = "",
    publish: bool = False,
    keep: bool = True,
) -> Intake:
    """Take the reservations out of a foreign document.

    Args:
        registry: Where they go.
        content: The document.
        name: Its vocabulary.
        subjects: Works that the document came with, or that are at ``url``. Works that it names by sha256
            need not be given.
        url: Where the works are.
        uri: Where the document was found; public, as evidence.
        publish: Whether the records are meant for everybody.
        keep: False only shows what would be made.

    Raises:
        Invalid: ``vocabulary-unknown``, ``vocabulary-form``, ``vocabulary-too-large``.
    """
    imported = vocabulary(name).import_(content)
    bound, unbound = _bind(imported.reservations, subjects, url)
    digest = hashlib.sha256(content).hexdigest()
    made, already = [], []
    for reservation, chosen in bound:
        known = _known(registry, chosen, digest, reservation)
        already += known
        if not known:
            made.append(_record(registry, chosen, reservation, imported.report, digest, uri))
    if keep:
        accept_all(registry, made, publish=publish)
    return Intake(tuple(made), tuple(already), tuple(unbound), imported.report)


def _bind(
    reservations: Sequence[Reservation], subjects: Sequence[Subject], url: str
) -> tuple[list[tuple[Reservation, list[Subject]]], list[str]]:
    bound: list[tuple[Reservation, list[Subject]]] = []
    unbound: list[str] = []
    by_digest: dict[tuple[tuple[str, str], ...], list[Subject]] = {}
    for each in reservations:
        chosen = [subject for subject in subjects if applies(each.about, url, subject.digests)]
        named = digest_in(each.about)
        if chosen:
            bound += [(each, chosen[at : at + _SUBJECTS]) for at in range(0, len(chosen), _SUBJECTS)]
        elif named is not None:
            uses = tuple((scope, use.value) for scope, use in each.uses.items())
            by_digest.setdefault(uses, []).append(Subject(name="work", digest={named.kind: named.hex}))
        else:
            unbound.append(each.about)
    for uses, named_subjects in by_digest.items():
        listed = next(each for each in reservations if _uses(each) == uses)
        whole = Reservation("", listed.uses)
        bound += [
            (whole, named_subjects[at : at + _SUBJECTS]) for at in range(0, len(named_subjects), _SUBJECTS)
        ]
    return bound, unbound


def _uses(reservation: Reservation) -> tuple[tuple[str, str], ...]:
    return tuple((scope, use.value) for scope, use in reservation.uses.items())


def _record(
    registry: Registry,
    subjects: Sequence[Subject],
    reservation: Reservation,
    report: LossReport,
    digest: str,
    uri: str,
) -> Record:
    keys, now = registry.home.keys, registry.clock.now()
    evidence = {"type": "other", "sha256": digest, **({"uri": uri} if uri else {})}
    derived = {"vocabulary": report.vocabulary, "version": report.version, "sha256": digest}
    value: dict[str, Any] = {
        "audience": registry.origin,
        "kind": "reservation",
        "nonce": secrets.token_hex(16),
        "scopes": [{"name": name, "use": use.value} for name, use in reservation.uses.items()],
        "grantor": {"id": keys.artist_did, "capacity": "agent"},
        "grantee": ["public"],
        "rightsBasis": {"claim": "unstated", "coauthorsComplete": False, "evidence": [evidence]},
        "withdrawal": {"authority": str(keys.address(AUTHORITY)), "mode": "prospective"},
        "persons": {"depicted": "unknown", "minors": "unknown"},
        "validFrom": format_instant(now),
        "validUntil": format_instant(now + timedelta(days=_DAYS)),
        "notice": {"lang": "en", "sha256": "0" * 64},
        "derived": derived | ({"about": reservation.about} if reservation.about else {}),
    }
    statement = statement_bytes("consent", subjects, with_notice(subjects, parse_model(Consent, value)))
    return Record.build(statement, [sign_did(statement, keys.artist)])


def _known(
    registry: Registry, subjects: Sequence[Subject], digest: str, reservation: Reservation
) -> list[Record]:
    """Records that this home made of the same document about the same works, so that again changes nothing."""
    found = []
    for each in _consents(registry, subjects):
        consent = each.predicate
        assert isinstance(consent, Consent)
        same = consent.derived is not None and consent.derived.sha256 == digest
        mine = consent.grantor.id == registry.home.keys.artist_did
        about = consent.derived.about or "" if consent.derived else ""
        if same and mine and about == reservation.about and each.parsed.subject == tuple(subjects):
            found.append(each)
    return found


def _consents(registry: Registry, subjects: Sequence[Subject]) -> list[Record]:
    digests = [digest for subject in subjects for digest in subject.digests]
    names = {match.record_id for match in registry.store.records.find(digests, "consent")}
    return [each.record for each in registry.store.records.get(sorted(names)).values()]


def _ended(registry: Registry, record: Record) -> str:
    consent = record.predicate
    if not isinstance(consent, Consent):
        return ""
    authority = bytes.fromhex(consent.withdrawal.authority[2:])
    if (authority, record.record_id.digest) in registry.store.withdrawals.get([record.record_id.digest]):
        return "withdrawn"
    for each in _consents(registry, record.parsed.subject):
        later = each.predicate
        assert isinstance(later, Consent)
        replaces = later.supersedes is not None and later.supersedes.cid == record.envelope_cid
        if replaces and later.grantor.id == consent.grantor.id:
            return "superseded"
    return ""
