"""What we ask of our contracts, as bytes, and what their answers say.

It decides the encoding of every call and the strict reading of every answer; nothing here talks to a
chain. ``contracts/src`` decides the signatures; a test holds them against the artifacts. What a
contract refuses is read in ``rakkan.registry.ledger.reverts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache
from typing import Final

from rakkan.registry.ports import Call, ChainIdentity
from rakkan.registry.rules.eip712 import VerdictMessage
from rakkan.schemas.errors import Integrity, Invalid
from rakkan.schemas.identity import Address, keccak
from rakkan.schemas.instant import from_unix
from rakkan.schemas.verdict import Reliance

VERDICT: Final = "(bytes32,bytes32,bytes32,uint8,uint64,bytes32,uint64,uint64,bytes32,uint64,bytes32,uint64)"
"""ABI type of ``IConsentGate.Verdict``; the fields are those of :class:`VerdictMessage`, in order."""

RELIANCE: Final = "(bytes32,bytes32,address,uint64,uint8)"
"""ABI type of ``IConsentGate.Reliance``."""

RECORDED: Final = "(bytes32,bytes32,address,uint64,uint8,bool,bool,bool,uint64,uint64,uint64,uint64,uint64)"
"""ABI type of ``IConsentGate.RecordedVerdict``."""


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """A log head as the chain knows it.

    Attributes:
        size: Records under the root.
        root: 32 bytes.
        time: Of the block that anchored it.
        block_number: Its height; None where the contract does not say.
    """

    size: int
    root: bytes
    time: datetime
    block_number: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """What a gate keeps of the newest verdict about a subject under a policy.

    Attributes:
        record_id: sha256 of the verdict's statement.
        reliance_root: Root of the consents that it relies on.
        attester: Who signed it.
        recorded_at: When it came in; the standing time starts here.
        outcome: approved 1, rejected 2, undetermined 3.
        braked: Felled by a proof.
        retracted: Taken back by its attester.
        suspended: Paused by the community.
        log_size: Size of the log head that it knew.
        issued_at: When it was made.
        valid_until: From when on it says nothing.
        reliance_count: Number of reliances.
        fell_at: When the withdrawal was that last felled a verdict here.
    """

    record_id: bytes
    reliance_root: bytes
    attester: Address
    recorded_at: datetime
    outcome: int
    braked: bool
    retracted: bool
    suspended: bool
    log_size: int
    issued_at: datetime
    valid_until: datetime
    reliance_count: int
    fell_at: datetime | None


def anchor_call(chain: ChainIdentity, size: int, root: bytes) -> Call:
    """Anchor a log head; only the publisher may."""
    return encode(chain.log, "anchor(uint64,bytes32)", size, root)


def log_head_call(chain: ChainIdentity) -> Call:
    """Ask for the newest anchored head."""
    return encode(chain.log, "head()")


def log_head_answer(answer: bytes) -> AnchoredHead | None:
    """The newest anchored head; None before the first."""
    size, root, time = decode("uint64,bytes32,uint64", answer)
    return AnchoredHead(_int(size), _bytes(root), from_unix(_int(time))) if size else None


def anchored_at_call(chain: ChainIdentity, root: bytes) -> Call:
    """Ask when a root was anchored."""
    return encode(chain.log, "anchoredAt(bytes32)", root)


def anchored_at_answer(answer: bytes, root: bytes) -> AnchoredHead | None:
    """When the root that was asked for was anchored; None if it was not."""
    size, time, number = decode("uint64,uint64,uint64", answer)
    return AnchoredHead(_int(size), root, from_unix(_int(time)), _int(number)) if size else None


def verify_inclusion_call(
    chain: ChainIdentity, root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]
) -> Call:
    """Ask whether a leaf hash is in the log under an anchored root (:func:`bool_answer`)."""
    signature = "verifyInclusion(bytes32,uint64,uint64,bytes32,bytes32[])"
    return encode(chain.log, signature, root, size, index, leaf, list(proof))


def withdraw_call(chain: ChainIdentity, key: bytes) -> Call:
    """Withdraw as the sending account."""
    return encode(chain.consents, "withdraw(bytes32)", key)


def withdraw_by_sig_call(
    chain: ChainIdentity, authority: Address | bytes, key: bytes, signature: bytes
) -> Call:
    """Relay a withdrawal that its authority signed."""
    return encode(chain.consents, "withdrawBySig(address,bytes32,bytes)", authority, key, signature)


def withdrawn_at_call(chain: ChainIdentity, authority: Address | bytes, key: bytes) -> Call:
    """Ask when a key was withdrawn."""
    return encode(chain.consents, "withdrawnAt(address,bytes32)", authority, key)


def withdrawn_at_answer(answer: bytes) -> datetime | None:
    """When it was withdrawn; None if it was not."""
    return _instant(decode("uint64", answer)[0])


def submit_verdict_call(gate: Address, message: VerdictMessage, attester: Address, signature: bytes) -> Call:
    """Bring in a signed verdict; anyone can."""
    return encode(gate, f"submitVerdict({VERDICT},address,bytes)", astuple(message), attester, signature)


def check_verdict_call(gate: Address, message: VerdictMessage, attester: Address, signature: bytes) -> Call:
    """Ask whether a current attester signed this verdict for this gate (:func:`bool_answer`)."""
    return encode(gate, f"checkVerdict({VERDICT},address,bytes)", astuple(message), attester, signature)


def verdict_digest_call(gate: Address, message: VerdictMessage) -> Call:
    """Ask what an attester would sign; 32 bytes."""
    return encode(gate, f"verdictDigest({VERDICT})", astuple(message))


def brake_call(
    gate: Address, subject: bytes, policy_id: bytes, reliance: Reliance, index: int, proof: Sequence[bytes]
) -> Call:
    """Fell the newest verdict about a subject by a withdrawn reliance; anyone can."""
    signature = f"brake(bytes32,bytes32,{RELIANCE},uint64,bytes32[])"
    return encode(gate, signature, subject, policy_id, _reliance(reliance), index, list(proof))


def withdraw_and_brake_call(
    gate: Address,
    key: bytes,
    signature: bytes,
    subject: bytes,
    policy_id: bytes,
    reliance: Reliance,
    index: int,
    proof: Sequence[bytes],
) -> Call:
    """Relay a withdrawal by the reliance's authority and brake, in one transaction."""
    form = f"withdrawAndBrake(address,bytes32,bytes,bytes32,bytes32,{RELIANCE},uint64,bytes32[])"
    withdrawal = (reliance.authority, key, signature)
    return encode(gate, form, *withdrawal, subject, policy_id, _reliance(reliance), index, list(proof))


def verdict_of_call(gate: Address, subject: bytes, policy_id: bytes) -> Call:
    """Ask for the newest verdict about a subject under a policy."""
    return encode(gate, "verdictOf(bytes32,bytes32)", subject, policy_id)


def verdict_of_answer(answer: bytes) -> RecordedVerdict | None:
    """The newest verdict; None if there is none (``suspended`` is not told then)."""
    words = decode(RECORDED[1:-1], answer)
    if not words[4]:
        return None
    return RecordedVerdict(
        record_id=_bytes(words[0]),
        reliance_root=_bytes(words[1]),
        attester=Address.parse(str(words[2])),
        recorded_at=from_unix(_int(words[3])),
        outcome=_int(words[4]),
        braked=bool(words[5]),
        retracted=bool(words[6]),
        suspended=bool(words[7]),
        log_size=_int(words[8]),
        issued_at=from_unix(_int(words[9])),
        valid_until=from_unix(_int(words[10])),
        reliance_count=_int(words[11]),
        fell_at=_instant(words[12]),
    )


def is_approved_call(contract: Address, subject: bytes, policy_id: bytes) -> Call:
    """Ask a gate, or an approval book, whether a subject is approved now (:func:`bool_answer`)."""
    return encode(contract, "isApproved(bytes32,bytes32)", subject, policy_id)


def approve_call(book: Address, subject: bytes, policy_id: bytes) -> Call:
    """Decide to use a subject; only the community's executor may, and only what the gate approves."""
    return encode(book, "approve(bytes32,bytes32)", subject, policy_id)


def bool_answer(answer: bytes) -> bool:
    """A yes or a no; anything else than the one word 1 or 0 is neither.

    Raises:
        Integrity: ``answer-form``.
    """
    return bool(decode("bool", answer)[0])


def encode(to: Address, signature: str, *arguments: object) -> Call:
    """A call by its canonical signature (Solidity ABI specification).

    Raises:
        Invalid: ``call-form``, if an argument does not fit its type.
    """
    from eth_abi.abi import encode as encode_abi
    from eth_abi.exceptions import EncodingError

    types = _types(signature.partition("(")[2].removesuffix(")"))
    plain = [argument.raw if isinstance(argument, Address) else argument for argument in arguments]
    try:
        return Call(to, selector(signature) + encode_abi(types, plain))
    except (EncodingError, TypeError, ValueError) as error:
        raise Invalid(f"The arguments do not fit {signature}: {error}.", code="call-form") from error


def decode(types: str, answer: bytes) -> tuple[object, ...]:
    """Read an answer of static types, which fills one word each.

    Raises:
        Integrity: ``answer-form``, if it is of another length (no contract answers nothing) or form.
    """
    from eth_abi.abi import decode as decode_abi
    from eth_abi.exceptions import DecodingError

    expected = _types(types)
    problem = f"{len(answer)} bytes"
    if len(answer) == 32 * len(expected):
        try:
            return tuple(decode_abi(expected, answer))
        except DecodingError as error:
            problem = str(error)
    raise Integrity(
        f"A contract answered with what is not ({types}): {problem}.",
        code="answer-form",
        hint="Check that the configured address holds the contract, on the chain that was meant.",
    )


@cache
def selector(signature: str) -> bytes:
    """The first four bytes of a call: of the Keccak-256 of its canonical signature."""
    return keccak(signature.encode())[:4]


def _types(text: str) -> list[str]:
    """Split a list of types at its outermost commas."""
    types, depth, start = [], 0, 0
    for position, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            types.append(text[start:position])
            start = position + 1
    return [*types, text[start:]] if text else []


def _reliance(reliance: Reliance) -> tuple[object, ...]:
    return (reliance.record_id, reliance.item, reliance.authority, reliance.log_index, reliance.mode)


def _instant(seconds: object) -> datetime | None:
    return from_unix(_int(seconds)) if seconds else None


def _int(word: object) -> int:
    assert isinstance(word, int)
    return word


def _bytes(word: object) -> bytes:
    assert isinstance(word, bytes)
    return word
