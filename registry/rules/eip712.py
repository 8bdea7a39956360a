"""EIP-712 digests in fixed layout, for every kind of record that a wallet signs.

It decides what a wallet signs for each kind of record; every legible field is derived from the
statement, here and nowhere else. Type hashes and domain separators are computed once. It leaves out
signatures (``rakkan.registry.rules.wallet``) and whose a record needs (``rakkan.registry.rules.proofs``).
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from rakkan.registry.rules.notice import notice_text
from rakkan.registry.rules.wallet import address_of as address_of
from rakkan.registry.rules.wallet import recover as recover
from rakkan.registry.rules.wallet import sign as sign
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, DidPkh, keccak, parse_did
from rakkan.schemas.instant import to_unix
from rakkan.schemas.record import KINDS, Record
from rakkan.schemas.statement import Statement, Value, parse_model
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Verdict

NAME: Final = "Rakkan"
VERSION: Final = "1"

Member = str | bytes | int | Address

_TYPES: Final = {
    "EIP712Domain": "string name,string version,uint256 chainId,address verifyingContract",
    "Consent": "string notice,string audience,bytes32 recordId,bytes32 subject,string scopes,string grantee,"
    "address grantor,uint64 validFrom,uint64 validUntil,string onWithdrawal,address withdrawalAuthority",
    "Withdrawal": "address authority,bytes32 key",
    "Withdrawals": "address authority,bytes32[] keys",
    "Statement": "string kind,string audience,bytes32 recordId",
    "Verdict": "bytes32 recordId,bytes32 subject,bytes32 policyId,uint8 outcome,uint64 logSize,"
    "bytes32 logRoot,uint64 issuedAt,uint64 validUntil,bytes32 findingsRoot,uint64 findingsCount,"
    "bytes32 relianceRoot,uint64 relianceCount",
}
_TYPE_HASHES: Final = {name: keccak(f"{name}({members})".encode()) for name, members in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one contract on one chain.

    Attributes:
        chain_id: EIP-155 chain id.
        contract: ``ConsentRegistry``; for verdicts the community's ``ConsentGate``.
    """

    chain_id: int
    contract: Address

    @property
    def separator(self) -> bytes:
        """The domain separator, 32 bytes."""
        return _separator(self.chain_id, self.contract.raw)


@dataclass(frozen=True, slots=True)
class VerdictMessage:
    """A verdict as contracts read it; fields in the order of the EIP-712 type.

    Attributes:
        record_id: sha256 of the statement, 32 bytes.
        subject: What the verdict is about, 32 bytes.
        policy_id: sha256 of the policy's canonical bytes.
        outcome: approved 1, rejected 2, undetermined 3.
        log_size: Leaves of the log that was consulted.
        log_root: Its root, 32 bytes.
        issued_at: Unix seconds.
        valid_until: Unix seconds.
        findings_root: Root over the finding leaves, 32 bytes.
        findings_count: Number of findings.
        reliance_root: Root over the reliance leaves, 32 bytes.
        reliance_count: Number of reliances.
    """

    record_id: bytes
    subject: bytes
    policy_id: bytes
    outcome: int
    log_size: int
    log_root: bytes
    issued_at: int
    valid_until: int
    findings_root: bytes
    findings_count: int
    reliance_root: bytes
    reliance_count: int


def consent_digest(domain: Domain, statement: bytes | Record) -> bytes:
    """What a wallet signs to grant or reserve; 32 bytes.

    Raises:
        Invalid: ``kind-unknown``, if this is no consent; ``grantor-wallet``, if its grantor has none.
    """
    read = _read(statement)
    if not isinstance(read.predicate, Consent):
        raise Invalid("This statement is not a consent.", code="kind-unknown", pointer="/predicateType")
    return message_digest(domain, "Consent", _consent_members(read, read.predicate))


def withdrawal_digest(domain: Domain, authority: Address, key: bytes) -> bytes:
    """What a withdrawal authority signs; the registry contract checks the same 32 bytes.

    Args:
        domain: Of ``ConsentRegistry``.
        authority: Who takes back.
        key: recordId digest, or sha256(recordId ‖ item); 32 bytes.
    """
    return message_digest(domain, "Withdrawal", (authority, key))


def statement_digest(domain: Domain, kind: str, audience: str, record_id: bytes) -> bytes:
    """What a wallet signs for any kind of record without a type of its own."""
    return message_digest(domain, "Statement", (kind, audience, record_id))


def verdict_digest(domain: Domain, message: VerdictMessage) -> bytes:
    """What an attester signs; the gate checks the same 32 bytes."""
    return message_digest(domain, "Verdict", astuple(message))


def verdict_message(record_id: bytes, verdict: Verdict) -> VerdictMessage:
    """The numbers and roots of a verdict as its gate reads them."""
    return VerdictMessage(
        record_id=record_id,
        subject=bytes.fromhex(verdict.subject),
        policy_id=verdict.policy.cid.digest,
        outcome=int(verdict.decision),
        log_size=verdict.as_of.log_size,
        log_root=bytes.fromhex(verdict.as_of.log_root),
        issued_at=_seconds(verdict.issued_at),
        valid_until=_seconds(verdict.valid_until),
        findings_root=bytes.fromhex(verdict.findings.root),
        findings_count=verdict.findings.size,
        reliance_root=bytes.fromhex(verdict.reliance.root),
        reliance_count=verdict.reliance.size,
    )


def record_digest(domain: Domain, statement: bytes | Record, signer: Address) -> bytes:
    """What this wallet signs for this statement, whatever its kind.

    Args:
        domain: Of the gate for verdicts, else of ``ConsentRegistry``.
        statement: Canonical statement bytes, or the record.
        signer: A withdrawal is signed as ``Withdrawal`` by its authority, as ``Statement`` by others.

    Raises:
        Invalid: As parsing does; ``grantor-wallet``; ``instant-range``.
    """
    return message_digest(domain, *_message(statement, signer))


def typed_data(domain: Domain, statement: bytes | Record, signer: Address | None = None) -> dict[str, Any]:
    """What ``eth_signTypedData_v4`` gets, as a JSON value; arguments as in :func:`record_digest`."""
    name, members = _message(statement, signer)
    fields = [member.split(" ")[1] for member in _TYPES[name].split(",")]
    said = {field: _to_json(member) for field, member in zip(fields, members, strict=True)}
    return typed_message(domain, name, said)


actor_of = lru_cache(maxsize=4096)(parse_did)
"""An actor by its DID, as ``parse_did``; the same ones come again and again."""

_address = lru_cache(maxsize=4096)(Address.parse)


@dataclass(frozen=True, slots=True)
class _Read:
    """A statement taken apart: its id, its subjects as signed, its parsed form."""

    record_id: bytes
    subject: object
    statement: Statement
    predicate: Value


def _read(source: bytes | Record) -> _Read:
    if isinstance(source, Record):  # parsed before, and so known to be canonical
        statement, predicate = source.parsed, source.predicate
        return _Read(source.record_id.digest, source.value["subject"], statement, predicate)
    value = parse_canonical(source)
    statement = parse_model(Statement, value)
    model = KINDS.get(statement.predicate_type)
    if model is None:
        raise Invalid(
            f"{statement.predicate_type} is not a kind of record we can judge.", code="kind-unknown"
        )
    predicate = parse_model(model, statement.predicate, pointer="/predicate")
    return _Read(Cid.of(source).digest, value["subject"], statement, predicate)


def _message(source: bytes | Record, signer: Address | None) -> tuple[str, tuple[Member, ...]]:
    read = _read(source)
    match read.predicate:
        case Consent() as consent:
            return "Consent", _consent_members(read, consent)
        case Withdrawal(authority=text, key=key) if signer in (None, authority := _address(text)):
            return "Withdrawal", (authority, bytes.fromhex(key))
        case Verdict() as verdict:
            return "Verdict", astuple(verdict_message(read.record_id, verdict))
        case _:
            audience = read.statement.predicate["audience"]
            return "Statement", (read.statement.kind, audience, read.record_id)


def _consent_members(read: _Read, consent: Consent) -> tuple[Member, ...]:
    grantor, terms = actor_of(consent.grantor.id), consent.withdrawal
    if not isinstance(grantor, DidPkh):
        raise Invalid("The grantor of this consent has no wallet to sign with.", code="grantor-wallet")
    return (
        notice_text(read.statement.subject, consent),
        consent.audience,
        read.record_id,
        hashlib.sha256(canonical(read.subject)).digest(),
        ", ".join(f"{scope.name}={scope.use.value}" for scope in consent.scopes),
        ", ".join(consent.grantee),
        grantor.address,
        _seconds(consent.valid_from),
        _seconds(consent.valid_until),
        terms.mode.value if terms.days is None else f"{terms.mode.value}:{terms.days}",
        _address(terms.authority),
    )


def message_digest(domain: Domain, name: str, members: tuple[Member, ...]) -> bytes:
    """The digest of a message of one of our types; of an array, its words' keccak stands for it."""
    words = b"".join([_TYPE_HASHES[name], *map(_word, members)])
    return keccak(b"\x19\x01" + domain.separator + keccak(words))


def _word(member: Member) -> bytes:
    """One member in 32 bytes (EIP-712 "encodeData")."""
    match member:
        case str():
            return keccak(member.encode())
        case int():
            return member.to_bytes(32)
        case Address(raw=raw):
            return raw.rjust(32, b"\0")
        case _ if len(member) == 32:
            return member
    raise Invalid("A bytes32 has 32 bytes.", code="bytes32-length")


@lru_cache(maxsize=64)
def _separator(chain_id: int, contract: bytes) -> bytes:
    members: tuple[Member, ...] = (NAME, VERSION, chain_id, Address(contract))
    return keccak(b"".join([_TYPE_HASHES["EIP712Domain"], *map(_word, members)]))


def typed_message(domain: Domain, name: str, said: dict[str, Any]) -> dict[str, Any]:
    """A message of one of our types as ``eth_signTypedData_v4`` gets it."""
    return {
        "types": {
            of: [
                dict(zip(("type", "name"), member.split(" "), strict=True))
                for member in _TYPES[of].split(",")
            ]
            for of in ("EIP712Domain", name)
        },
        "primaryType": name,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": str(domain.contract),
        },
        "message": said,
    }


def _to_json(member: Member) -> str | int:
    match member:
        case bytes():
            return "0x" + member.hex()
        case Address():
            return str(member)
        case _:
            return member


def _seconds(instant: str) -> int:
    seconds = to_unix(datetime.fromisoformat(instant))  # its form was checked when the statement was read
    if seconds < 0:
        raise Invalid(f"{instant} is before 1970: no chain can tell it.", code="instant-range")
    return seconds
