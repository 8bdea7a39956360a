"""Digests, content identifiers and fingerprints: parsed at the edge, 32 raw bytes inside.

It decides the text forms. It leaves out where bytes come from and what a digest means to a record.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from rakkan.schemas.errors import Invalid

DIGEST_KINDS: Final = (
    "sha256",
    "c2paClaim",
    "c2paHardBinding",
    "autov3",
    "datasetRoot",
    "collectionRoot",
    "actor",
    "record",
)
"""Every digest is 32 bytes of SHA-256; the kind says over what (docs/record-format.md, "Identity").

``collectionRoot`` is sha256(0x03 ‖ count (8) ‖ root) over the works of one collection grant, ``actor``
sha256 of the text of a DID, ``record`` sha256 of a statement.
"""

RAW: Final = 0x55
DAG_JSON: Final = 0x0129

_HEX64: Final = re.compile(r"[0-9a-f]{64}")
# multiformats: version 1, codec as varint, sha2-256 (0x12), 32 bytes (0x20)
_PREFIX: Final = {RAW: b"\x01\x55\x12\x20", DAG_JSON: b"\x01\xa9\x02\x12\x20"}


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest and what it is a digest of.

    Attributes:
        kind: One of :data:`DIGEST_KINDS`.
        raw: 32 bytes.
    """

    kind: str
    raw: bytes

    def __post_init__(self) -> None:
        if self.kind not in DIGEST_KINDS:
            raise Invalid(
                f"{self.kind!r} is not a kind of digest.",
                code="digest-kind",
                hint=f"Use one of {', '.join(DIGEST_KINDS)}.",
            )
        if len(self.raw) != 32:
            raise Invalid(f"A {self.kind} digest has 32 bytes, not {len(self.raw)}.", code="digest-length")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``kind:hex``, 64 lower-case hexadecimal digits.

        Raises:
            Invalid: ``digest-form``, ``digest-kind``.
        """
        kind, colon, value = text.partition(":")
        if not colon or not _HEX64.fullmatch(value):
            raise Invalid(
                f"{text[:90]!r} is not a digest.",
                code="digest-form",
                hint="Write it as sha256:<64 lower-case hex digits>.",
            )
        return cls(kind, bytes.fromhex(value))

    @classmethod
    def from_hex(cls, kind: str, value: str) -> Self:
        """Read bare hexadecimal under a known kind (in-toto's ``digest`` map)."""
        return cls.parse(f"{kind}:{value}")

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The ``sha256`` digest of these bytes."""
        return cls("sha256", hashlib.sha256(content).digest())

    @property
    def hex(self) -> str:
        """64 lower-case hexadecimal digits."""
        return self.raw.hex()

    def __str__(self) -> str:
        return f"{self.kind}:{self.hex}"


@dataclass(frozen=True)
class Cid:
    """A CIDv1 over SHA-256, codec ``raw`` or ``dag-json``, printed in base32 (multibase ``b``).

    Attributes:
        codec: :data:`RAW` (36 bytes in binary form) or :data:`DAG_JSON` (37 bytes).
        digest: 32 bytes; on chain this alone stands for the CID.
    """

    codec: int
    digest: bytes

    def __post_init__(self) -> None:
        if self.codec not in _PREFIX:
            raise Invalid(f"Codec 0x{self.codec:x} is not raw or dag-json.", code="cid-codec")
        if len(self.digest) != 32:
            raise Invalid("A CID's sha2-256 digest has 32 bytes.", code="cid-length")

    @classmethod
    def of(cls, content: bytes, codec: int = DAG_JSON) -> Self:
        """The CID of one block."""
        return cls(codec, hashlib.sha256(content).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the one canonical text form; aliases (v0, base58, upper case, padding) are refused.

        Raises:
            Invalid: ``cid-form``.
        """
        try:
            if not text.startswith("b") or text != text.lower() or len(text) > 80:
                raise ValueError(text)
            binary = b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8))
            cid = cls.from_bytes(binary)
        except (ValueError, Invalid) as error:
            raise Invalid(
                f"{text[:90]!r} is not a CID we use.",
                code="cid-form",
                hint="Use CIDv1, base32, sha2-256, raw or dag-json.",
            ) from error
        if str(cid) != text:  # trailing bits that base32 would let through
            raise Invalid(f"{text[:90]!r} is not in canonical base32.", code="cid-form")
        return cid

    @classmethod
    def from_bytes(cls, binary: bytes) -> Self:
        """Read the binary form.

        Raises:
            Invalid: ``cid-form``.
        """
        for codec, prefix in _PREFIX.items():
            if binary.startswith(prefix) and len(binary) == len(prefix) + 32:
                return cls(codec, binary[len(prefix) :])
        raise Invalid("Not a CIDv1 over sha2-256 with codec raw or dag-json.", code="cid-form")

    @cached_property
    def binary(self) -> bytes:
        """Binary CIDv1 as used in CAR sections."""
        return _PREFIX[self.codec] + self.digest

    @cached_property
    def _text(self) -> str:
        return "b" + b32encode(self.binary).decode().lower().rstrip("=")

    def __str__(self) -> str:
        return self._text

    @property
    def link(self) -> dict[str, str]:
        """The DAG-JSON link, ``{"/": "<cid>"}``."""
        return {"/": str(self)}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A perceptual fingerprint: what an image looks like, never what it is.

    Attributes:
        alg: Algorithm and width, such as ``pdq-256``.
        pipeline: Id of the decode that fed it, such as ``pdq/512``; only equal pipelines compare.
        bits: The fingerprint as bytes, most significant bit first.
        quality: 0–100; below 50 nothing may be concluded.
    """

    alg: str
    pipeline: str
    bits: bytes
    quality: int

    def distance(self, other: Fingerprint) -> int:
        """Hamming distance in bits.

        Raises:
            Invalid: ``fingerprint-kind``, if the two cannot be compared.
        """
        if (self.alg, len(self.bits)) != (other.alg, len(other.bits)):
            raise Invalid(f"{self.alg} does not compare with {other.alg}.", code="fingerprint-kind")
        return (int.from_bytes(self.bits) ^ int.from_bytes(other.bits)).bit_count()
