r"""Private fields: salted commitments in the open, the fields in an envelope whose key can be destroyed.

It decides the commitment, the envelope and the disclosure of one field. It is pure: keys, salts and nonces
come from outside, and where keys live is the store's. Without key and salt a commitment says nothing, so
destroying both erases; records, proofs and verdicts know the commitments alone.

Envelope: magic (16 bytes), GCM nonce (12), AES-256-GCM ciphertext with its tag, over the length of the
plaintext (u32, big-endian), the plaintext, and zeros up to a multiple of 1 KiB, so that its size does not
tell the fields' sizes. Associated data: ``"rakkan-sealed-v1\0"`` ‖ sha256(audience) ‖ the record's nonce.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field

from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Integrity, Invalid, Refused
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Commitment, Hex32, Value, parse_model
from rakkan.schemas.work import Work

_COMMITMENT: Final = b"rakkan-commitment-v1\0"
_SEALED: Final = b"rakkan-sealed-v1\0"
_MAGIC: Final = b"rakkan-sealed/1\n"
_PAD: Final = 1024
MAX_FIELD: Final = 8 * 1024
MAX_FIELDS: Final = 64
_MAX_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class SaltedField:
    """A private text and the 32 random bytes that blind its commitment; neither has a repr."""

    name: str
    salt: bytes
    text: str

    def __repr__(self) -> str:
        return f"SaltedField({self.name!r}, …)"

    @property
    def commitment(self) -> Commitment:
        """What stands for it in public."""
        return Commitment(name=self.name, value=commitment(self.salt, self.text).hex())


class FieldDisclosure(Value):
    """One private field, made checkable for whoever it is given to."""

    schema_: str = Field(alias="schema", default="rakkan.disclosure/1")
    record_id: str
    name: str
    salt: Hex32
    text: str

    def to_json(self) -> dict[str, Any]:
        """The document that is handed over."""
        value = super().to_json()
        return {"schema": value.pop("schema"), **value}


def commitment(salt: bytes, text: str) -> bytes:
    r"""sha256("rakkan-commitment-v1\\0" ‖ salt ‖ UTF-8 text); salt has 32 bytes."""
    return hashlib.sha256(_COMMITMENT + salt + text.encode("utf-8", "surrogatepass")).digest()


def salted(texts: Mapping[str, str], salts: Sequence[bytes]) -> tuple[SaltedField, ...]:
    """Private fields in the order of their names.

    Args:
        texts: Name to text.
        salts: 32 fresh random bytes for each.

    Raises:
        Invalid: ``sealed-fields``, if there are too many, or one is too long or badly named.
    """
    if not 0 < len(texts) <= MAX_FIELDS:
        raise Invalid(f"From 1 to {MAX_FIELDS} private fields can be sealed.", code="sealed-fields")
    for name, text in texts.items():
        if not 0 < len(name) <= _MAX_NAME or not name.isascii() or len(text.encode()) > MAX_FIELD:
            raise Invalid(
                f"A private field has a name of up to 64 ASCII characters and up to {MAX_FIELD} bytes.",
                code="sealed-fields",
                pointer=f"/{name[:64]}",
            )
    return tuple(
        SaltedField(name, salt, texts[name]) for name, salt in zip(sorted(texts), salts, strict=True)
    )


def seal(fields: Sequence[SaltedField], *, key: bytes, iv: bytes, audience: str, nonce: str) -> bytes:
    """The envelope of private fields.

    Args:
        fields: What is private.
        key: 32 random bytes of this record alone.
        iv: 12 random bytes.
        audience: The log's origin.
        nonce: The record's nonce, 32 hex digits.
    """
    plain = canonical([{"name": each.name, "salt": each.salt.hex(), "text": each.text} for each in fields])
    body = len(plain).to_bytes(4) + plain
    body += bytes(-len(body) % _PAD)
    return _MAGIC + iv + AESGCM(key).encrypt(iv, body, _bound(audience, nonce))


def unseal(block: bytes, *, key: bytes, audience: str, nonce: str) -> tuple[SaltedField, ...]:
    """The private fields in an envelope.

    Raises:
        Refused: ``sealed-key``, if the key is not its key, or it was sealed for another record.
        Invalid: ``sealed-form``.
    """
    if not block.startswith(_MAGIC) or len(block) < len(_MAGIC) + 28:
        raise Invalid("Not an envelope of private fields.", code="sealed-form")
    iv, body = block[16:28], block[28:]
    try:
        opened = AESGCM(key).decrypt(iv, body, _bound(audience, nonce))
    except (InvalidTag, ValueError):
        raise Refused("This key does not open these private fields.", code="sealed-key") from None
    plain = parse_canonical(opened[4 : 4 + int.from_bytes(opened[:4])])
    try:
        return tuple(SaltedField(each["name"], bytes.fromhex(each["salt"]), each["text"]) for each in plain)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("Not an envelope of private fields.", code="sealed-form") from error


def commitments_of(record: Record) -> tuple[Commitment, ...]:
    """What a record commits to without saying it."""
    predicate = record.predicate
    if isinstance(predicate, Consent):
        return predicate.sealed.commitments if predicate.sealed else ()
    return tuple(predicate.commitments) if isinstance(predicate, Work) else ()


def check_fields(record: Record, fields: Sequence[SaltedField]) -> None:
    """Refuse fields that are not, one for one, what the record commits to.

    Raises:
        Integrity: ``commitment-mismatch``.
    """
    if [each.commitment for each in fields] != list(commitments_of(record)):
        raise Integrity(
            "The private fields are not those that the record commits to.", code="commitment-mismatch"
        )


def disclosure(record: Record, field: SaltedField) -> FieldDisclosure:
    """The document that shows one field to somebody; it cannot be taken back."""
    return FieldDisclosure(
        record_id=str(record.record_id), name=field.name, salt=field.salt.hex(), text=field.text
    )


def check_disclosure(record: Record, value: object) -> FieldDisclosure:
    """Check one disclosed field against its record.

    Raises:
        Invalid: ``shape``.
        Refused: ``commitment-mismatch``, if the record does not commit to it.
    """
    shown = parse_model(FieldDisclosure, value)
    wanted = commitment(bytes.fromhex(shown.salt), shown.text).hex()
    same = shown.schema_ == "rakkan.disclosure/1" and shown.record_id == str(record.record_id)
    committed = [each.value for each in commitments_of(record) if each.name == shown.name]
    if not same or not any(hmac.compare_digest(wanted, each) for each in committed):
        raise Refused(
            f"The record does not commit to this text as {shown.name[:64]!r}.",
            code="commitment-mismatch",
            hint="Either it was changed, or it belongs to another record.",
        )
    return shown


def _bound(audience: str, nonce: str) -> bytes:
    return _SEALED + hashlib.sha256(audience.encode()).digest() + bytes.fromhex(nonce)
