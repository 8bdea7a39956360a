"""Log heads: C2SP signed notes (signed-note v1.0.0, tlog-checkpoint) with Ed25519 keys.

It decides the bytes of a head and whether somebody we know signed them. It leaves out whether the
head's root is right: that is for consistency proofs and for whoever holds the leaves. Checkpoints of
other logs may carry extension lines; ours never do, because no monitor could check them.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rakkan.registry.rules.tree import EMPTY_ROOT
from rakkan.schemas.errors import Invalid, Refused

MAX_NOTE: Final = 256 * 1024
"""Bytes of a note that are read; room for sixteen post-quantum witnesses and more."""

MAX_SIGNATURES: Final = 64

_ED25519: Final = b"\x01"  # signature type of the specification
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class LogHead:
    """A log's size and root, as signed.

    Attributes:
        origin: The log's name, ``rakkan/<16 hex>``, stable through key rotation.
        size: Number of leaves.
        root: RFC 9162 root, 32 bytes.
        note: The whole signed note; these bytes are what is published.
    """

    origin: str
    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A key whose signature on a note counts.

    Attributes:
        name: Key name; for a log's own key this is its origin.
        public: Ed25519 public key, 32 bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name) or len(self.public) != 32:
            raise Invalid("A note key has a name without spaces or plus, and 32 bytes.", code="vkey-form")

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read ``<name>+<8 hex key id>+<base64(0x01 ‖ public key)>``.

        Raises:
            Invalid: ``vkey-form``, also when the key id is of another name or key.
        """
        name, key_id, encoded = [*vkey.split("+", 2), "", ""][:3]
        key = _from_base64(encoded)
        if _KEY_ID.fullmatch(key_id) and key is not None and len(key) == 33 and key.startswith(_ED25519):
            verifier = cls(name, key[1:])
            if verifier.key_id.hex() == key_id:
                return verifier
        raise Invalid(
            f"{vkey[:120]!r} is not an Ed25519 log key.",
            code="vkey-form",
            hint="Write it as <name>+<8 hex digits>+<base64>, as the log prints it.",
        )

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of sha256(name ‖ newline ‖ 0x01 ‖ public key): a hint, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The text form that people pass on."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"


def origin_of(public: bytes) -> str:
    """The origin of the log whose first Ed25519 public key (32 bytes) this is."""
    return "rakkan/" + hashlib.sha256(public).hexdigest()[:16]


def sign_head(origin: str, size: int, root: bytes, private: Ed25519PrivateKey) -> LogHead:
    """Sign a head; the same input gives the same bytes (RFC 8032 is deterministic).

    Args:
        origin: Also the key's name on the signature line.
        size: Leaves, 0 ≤ size < 2^63.
        root: 32 bytes.
        private: The log's present key.

    Raises:
        Invalid: ``head-form``.
    """
    if not _is_name(origin) or not 0 <= size < 2**63 or len(root) != 32:
        raise Invalid("A head has an origin without spaces, a size and a root of 32 bytes.", code="head-form")
    body = f"{origin}\n{size}\n{b64encode(root).decode()}\n".encode()
    verifier = NoteVerifier(origin, private.public_key().public_bytes_raw())
    signature = b64encode(verifier.key_id + private.sign(body)).decode()
    return LogHead(origin, size, root, body + f"\n— {origin} {signature}\n".encode())


def open_head(note: bytes, verifiers: Sequence[NoteVerifier]) -> LogHead:
    """Read a head that the log itself signed.

    Signatures of unknown keys are passed over. Every signature that claims a known key must hold, and
    one of them must be by a key with the origin's name: a witness alone cannot speak for a log.

    Raises:
        Invalid: ``head-form``.
        Refused: ``head-signature``.
    """
    body, lines = _split(note)
    origin, size, root = _read_body(body)
    signed_by_log = False
    for name, key_id, signature in lines:
        known = [verifier for verifier in verifiers if (verifier.name, verifier.key_id) == (name, key_id)]
        if not known:
            continue
        if not any(_holds(verifier, signature, body) for verifier in known):
            raise Refused(
                f"A signature of {name} on this log head is wrong.", code="head-signature", origin=origin
            )
        signed_by_log |= name == origin
    if not signed_by_log:
        raise Refused(
            f"No key that you trust for {origin} signed this log head.",
            code="head-signature",
            hint="Pass the log's key, as the log prints it.",
            origin=origin,
        )
    return LogHead(origin, size, root, note)


def _split(note: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """The signed bytes, and (name, key id, signature) of each signature line."""
    if len(note) > MAX_NOTE:
        raise _malformed("it is too long")
    try:
        text = note.decode()
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    if any(character < " " and character != "\n" for character in text):
        raise _malformed("it contains control characters")
    body, blank, signatures = text.rpartition("\n\n")  # the last blank line separates
    if not blank or not signatures.endswith("\n"):
        raise _malformed("its parts are not separated by one blank line and ended by a newline")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed(f"it has more than {MAX_SIGNATURES} signatures")
    return f"{body}\n".encode(), [_read_signature(line) for line in lines]


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _from_base64(encoded)
    if dash != "—" or not _is_name(name) or signature is None or len(signature) < 5:
        raise _malformed("a signature line is not “— name base64”")
    return name, signature[:4], signature[4:]


def _read_body(body: bytes) -> tuple[str, int, bytes]:
    lines = body.decode().split("\n")
    if len(lines) != 4 or not _is_name(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise _malformed("its text is not origin, size and root")
    root, size = _from_base64(lines[2]), int(lines[1])
    if root is None or len(root) != 32 or size >= 2**63 or (size == 0 and root != EMPTY_ROOT):
        raise _malformed("its root or size cannot be")
    return lines[0], size, root


def _holds(verifier: NoteVerifier, signature: bytes, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_name(name: str) -> bool:
    # No Unicode spaces, no plus; and nothing that could not stand in UTF-8 text of one line.
    return bool(name) and not any(
        c == "+" or c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name
    )


def _from_base64(text: str) -> bytes | None:
    """Decode RFC 4648 §4 in its one canonical form."""
    try:
        content = b64decode(text.encode(), validate=True)
    except (Base64Error, ValueError):
        return None
    return content if b64encode(content).decode() == text else None


def _malformed(why: str) -> Invalid:
    return Invalid(f"This is not a log head: {why}.", code="head-form")
