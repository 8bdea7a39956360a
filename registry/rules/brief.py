"""Briefs: of a consent or a claim, what decides when nothing else bears on it, in a few columns.

It decides which consents are **plain**: they lean on no other record and replace none, so that everything
that any rule asks of them fits into who gave them, when they hold, and their **terms**, which are kept once
for all consents that say the same. It leaves out what consents mean: that is decided by the same rules
from facts read from briefs or from records (``rakkan.registry.rules.consent``); tests hold both readings
against one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from rakkan.schemas.authorship import Authorship
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid
from rakkan.schemas.record import Record
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import DIGEST_KINDS, Digest
from rakkan.schemas.work import Work

KINDS: Final = ("consent", "work", "authorship")
"""Kinds of records that have a brief."""

_WIDTH: Final = 33
_SPOKEN: Final = ("grant", "reservation")
# What no rule asks of a plain consent, and what stands in columns of its own.
_UNASKED: Final[dict[str, Any]] = {
    "nonce": "0" * 32,
    "notice": {"lang": "en", "sha256": "0" * 64},
    "validFrom": "0001-01-01T00:00:00Z",
    "validUntil": "0001-01-01T00:00:00Z",
}
_NOBODY: Final = {"id": "did:key:z0"}
_NO_AUTHORITY: Final = {"authority": "0x" + "0" * 40}


@dataclass(frozen=True, slots=True)
class Brief:
    """The brief of one record.

    Attributes:
        actor: The DID of who consents, or claims the work.
        terms: Canonical JSON of what a plain consent says besides; None for every other record.
        authority: Who can take a consent back, 20 bytes; None for claims.
        valid_from: When a consent begins; None for claims.
        valid_until: When it ends.
        names: All identifiers that a work's record names, 33 bytes each (kind, digest), sorted; empty for
            other kinds.
    """

    actor: str
    terms: bytes | None = None
    authority: bytes | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    names: bytes = b""


def brief_of(record: Record) -> Brief | None:
    """The brief of a record; None if its kind has none."""
    said = record.predicate
    subjects = {digest for subject in record.parsed.subject for digest in subject.digests}
    match said:
        case Consent():
            plain = is_plain(said) and all(digest.kind != "collectionRoot" for digest in subjects)
            return Brief(
                said.grantor.id,
                _terms(said) if plain else None,
                bytes.fromhex(said.withdrawal.authority[2:]),
                said.valid_from,
                said.valid_until,
            )
        case Work():
            return Brief(said.creator, names=joined(subjects))
        case Authorship():
            return Brief(said.claimant)
        case _:
            return None


def is_plain(consent: Consent) -> bool:
    """Whether a consent says by itself all that it has to say about a work."""
    return (
        consent.kind in _SPOKEN
        and consent.collection is None
        and consent.supersedes is None
        and consent.mandate is None
        and consent.derived is None
        and not consent.persons.releases
    )


def read_terms(content: bytes) -> Consent:
    """What a plain consent says besides who gave it and when it holds (see :func:`consent_of`).

    Raises:
        Invalid: ``shape``, ``not-json``, if the terms were damaged.
    """
    value = parse_strict(content)
    if not isinstance(value, dict):
        raise Invalid("Terms are a JSON object.", code="shape")
    return parse_model(Consent, _UNASKED | value)


def consent_of(terms: Consent, brief: Brief) -> Consent:
    """A plain consent, as far as any rule asks for it."""
    authority = f"0x{(brief.authority or b'').hex()}"
    return terms.model_copy(
        update={
            "grantor": terms.grantor.model_copy(update={"id": brief.actor}),
            "withdrawal": terms.withdrawal.model_copy(update={"authority": authority}),
            "valid_from": brief.valid_from,
            "valid_until": brief.valid_until,
        }
    )


def claim_of(kind: str, brief: Brief) -> Work | Authorship:
    """A claim, as far as any rule asks for it: who made it."""
    if kind == "work":
        return Work.model_construct(creator=brief.actor)
    return Authorship.model_construct(claimant=brief.actor)


def joined(names: Iterable[Digest]) -> bytes:
    """Identifiers one after another, sorted."""
    return b"".join(bytes([DIGEST_KINDS.index(name.kind)]) + name.raw for name in sorted(names))


def split(names: bytes) -> list[tuple[str, bytes]]:
    """Kind and digest of each identifier."""
    places = range(0, len(names), _WIDTH)
    return [(DIGEST_KINDS[names[at]], names[at + 1 : at + _WIDTH]) for at in places]


def _terms(consent: Consent) -> bytes:
    rights, persons = consent.rights_basis, consent.persons
    value: dict[str, Any] = {
        "audience": consent.audience,
        "kind": consent.kind,
        "scopes": [{"name": scope.name, "use": scope.use.value} for scope in consent.scopes],
        "grantor": {"capacity": consent.grantor.capacity, **_NOBODY},
        "grantee": list(consent.grantee),
        "rightsBasis": {"claim": rights.claim, "coauthorsComplete": rights.coauthors_complete},
        "withdrawal": {"mode": consent.withdrawal.mode.value, **_NO_AUTHORITY},
        "persons": {"depicted": persons.depicted, "minors": persons.minors},
    }
    if rights.share_bp is not None:
        value["rightsBasis"]["shareBp"] = rights.share_bp
    if consent.train_by is not None:
        value["trainBy"] = consent.train_by
    if consent.bounds is not None:
        value["bounds"] = consent.bounds.to_json()
    return canonical(value)
