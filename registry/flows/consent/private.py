"""Private fields of consents: sealed with fresh keys, kept here, shown one by one.

It decides where randomness comes from and what is kept. The envelope and the commitments are
``rakkan.registry.rules.sealing``'s; destroying them is ``erasure``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rakkan.registry.rules.sealing import (
    FieldDisclosure,
    SaltedField,
    check_fields,
    disclosure,
    salted,
    seal,
    unseal,
)
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import NotFound, Refused
from rakkan.schemas.record import Record
from rakkan.schemas.values import RAW, Cid


@dataclass(frozen=True, slots=True)
class Sealing:
    """Private fields ready for a consent that is not made yet; its repr shows none of them.

    Attributes:
        nonce: The nonce that the consent must have.
        fields: What is private.
        key: The envelope's key.
        block: The envelope.
    """

    nonce: str
    fields: tuple[SaltedField, ...]
    key: bytes
    block: bytes

    def __repr__(self) -> str:
        return f"Sealing({len(self.fields)} fields)"

    def public(self, *, pin: bool) -> dict[str, Any]:
        """The consent's ``sealed`` member; without the block where that must never be pinned."""
        value: dict[str, Any] = {"commitments": [each.commitment.to_json() for each in self.fields]}
        if pin:
            value["block"] = Cid.of(self.block, RAW).link
        return value


def seal_fields(audience: str, texts: Mapping[str, str]) -> Sealing:
    """Seal private texts under a key of their own.

    Raises:
        Invalid: ``sealed-fields``.
    """
    fields = salted(texts, [secrets.token_bytes(32) for _ in texts])
    key, nonce = secrets.token_bytes(32), secrets.token_hex(16)
    block = seal(fields, key=key, iv=secrets.token_bytes(12), audience=audience, nonce=nonce)
    return Sealing(nonce, fields, key, block)


def keep(registry: Registry, record: Record, sealing: Sealing) -> None:
    """Keep the key and the envelope of a consent."""
    consent = record.predicate
    assert isinstance(consent, Consent)
    pin = consent.sealed is not None and consent.sealed.block is not None
    registry.store.sealed.put(record.record_id.digest, key=sealing.key, block=sealing.block, pin=pin)


def private_fields(registry: Registry, record: Record) -> tuple[SaltedField, ...]:
    """The private fields of a consent or a work, opened here.

    Raises:
        NotFound: ``private-unknown``, if none are kept here.
        Refused: ``private-erased``, ``sealed-key``.
        Integrity: ``commitment-mismatch``, if what is kept is not what the record commits to.
    """
    envelope = registry.store.sealed.get(record.record_id.digest)
    if envelope is not None and envelope.erased_at is not None:
        raise Refused("Its private fields were erased.", code="private-erased")
    if envelope is not None and envelope.key is not None and envelope.block is not None:
        consent = record.predicate
        assert isinstance(consent, Consent)
        fields = unseal(envelope.block, key=envelope.key, audience=consent.audience, nonce=consent.nonce)
    else:
        kept = registry.store.stamps.fields(record.record_id.digest)
        fields = tuple(SaltedField(each.name, each.salt, each.text) for _, each in sorted(kept.items()))
    if not fields:
        raise NotFound(
            f"No private fields of {record.record_id} are kept here.",
            code="private-unknown",
            hint="They are with the registry of who signed the record.",
        )
    check_fields(record, fields)
    return fields


def disclose(registry: Registry, record: Record, name: str) -> FieldDisclosure:
    """One private field, to be handed to somebody.

    Raises:
        NotFound: ``private-unknown``. Refused: ``private-erased``. Integrity: ``commitment-mismatch``.
    """
    fields = private_fields(registry, record)
    for each in fields:
        if each.name == name:
            return disclosure(record, each)
    raise NotFound(
        f"The record has no private field {name[:64]!r}.",
        code="private-unknown",
        hint=f"It has {', '.join(each.name for each in fields)}.",
    )
