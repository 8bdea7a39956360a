"""Proofs on records: who signed a statement, and whether the one who had to did.

It decides what each suite signs, and that the parts of a record which can be derived are what they should
be: audience, notice, withdrawal statements. Whose proofs each kind of record needs, and what it must be
about, is in ``rakkan.registry.rules.duties``; what wallets held by code are asked, in ``wallet_questions``.
It leaves out what a valid record then means, and whether an attester may attest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rakkan.registry.rules.duties import Linked, check_form, check_signed, missing
from rakkan.registry.rules.eip712 import Domain, actor_of, address_of, record_digest, recover, sign
from rakkan.registry.rules.links import check_known
from rakkan.registry.rules.many_keys import signed_digest
from rakkan.registry.rules.notice import notice_of
from rakkan.registry.rules.wallet_questions import UNASKED, Answers, question_of, signing_domain
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import Address, DidKey, DidPkh
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Proof, Statement, Subject, Value, parse_model

_DID_PREFIX: Final = b"rakkan-proof-v1\0"

_NOTHING: Final[Linked] = MappingProxyType({})


def sign_did(statement: bytes, key: Ed25519PrivateKey) -> Proof:
    """Sign a statement by ``did:key``, bound to the audience that it names.

    Raises:
        Invalid: As parsing a statement does.
    """
    audience = str(_parse(statement).predicate.get("audience", ""))
    signer = DidKey(key.public_key().public_bytes_raw())
    signature = key.sign(did_message(statement, audience))
    return Proof(suite="ed25519", signer=str(signer), signature=signature.hex())


def sign_wallet(statement: bytes, domain: Domain, private_key: bytes) -> Proof:
    """Sign a statement by a wallet (EIP-712).

    Args:
        statement: Canonical statement bytes.
        domain: Of the verdict's gate for a verdict, else of ``ConsentRegistry``.
        private_key: 32 bytes.

    Raises:
        Invalid: As parsing does; ``grantor-wallet``, ``key-form``.
    """
    address = address_of(private_key)
    signature = sign(record_digest(domain, statement, address), private_key)
    return Proof(
        suite="eip712",
        signer=str(DidPkh(domain.chain_id, address)),
        signature=signature.hex(),
        verifying_contract=str(domain.contract),
    )


def did_message(statement: bytes, audience: str) -> bytes:
    """What Ed25519 signs: prefix ‖ sha256(audience) ‖ sha256(statement), 80 bytes."""
    return _DID_PREFIX + hashlib.sha256(audience.encode()).digest() + hashlib.sha256(statement).digest()


def withdrawal_key(record_id: bytes, item: bytes | None) -> bytes:
    """The key under which ``ConsentRegistry`` keeps a withdrawal.

    Args:
        record_id: sha256 of the consent's statement, 32 bytes.
        item: sha256 of one work out of a collection grant, or None for the whole consent.
    """
    return record_id if item is None else hashlib.sha256(record_id + item).digest()


def withdrawal_statement(consent: Record, item: bytes | None, audience: str) -> bytes:
    """The one statement that takes this consent back; a pure function, so whoever relays it relays the same.

    Args:
        consent: The consent as accepted, with its envelope.
        item: sha256 of one work, 32 bytes, or None for the whole consent.
        audience: The log's origin.

    Raises:
        Invalid: ``kind-unknown``, if the record is not a consent.
    """
    granted = consent.predicate
    if not isinstance(granted, Consent):
        raise Invalid("Only a consent can be withdrawn.", code="kind-unknown", pointer="/predicate/consent")
    record_id = consent.record_id.digest
    withdrawal = Withdrawal(
        audience=audience,
        consent=Link.to(consent.envelope_cid),
        consent_id=record_id.hex(),
        item=item.hex() if item is not None else None,
        authority=granted.withdrawal.authority,
        key=withdrawal_key(record_id, item).hex(),
    )
    return statement_bytes(
        "withdrawal", [Subject(name="consent", digest={"sha256": record_id.hex()})], withdrawal
    )


def check_record(
    record: Record,
    *,
    audience: str,
    domain: Domain | None,
    linked: Linked = _NOTHING,
    answers: Answers = UNASKED,
) -> None:
    """Accept a record or say why not; one bad proof refuses the whole.

    Args:
        record: Any kind.
        audience: This log's origin.
        domain: Of ``ConsentRegistry`` on the configured chain, or None without a chain; then no
            wallet proof can be judged.
        linked: The accepted records that it links, by sha256 of their envelope; for a key that is said to
            be compromised, the key records of its actor and their successors too.
        answers: What the wallets said that ``erc1271`` proofs are by. All else is judged first: a record
            that fails for want of an answer holds once its wallets say yes.

    Raises:
        Refused: ``audience-foreign``, ``domain-unknown``, ``proof-invalid``, ``proof-missing``,
            ``withdrawal-foreign``, ``link-unknown``; ``proof-unanswered``.
        Invalid: ``notice-mismatch``, ``envelope-mismatch``, ``subject-other``, ``item-other``,
            ``period-empty``, and as parsing does.
    """
    predicate = record.predicate
    if record.parsed_envelope.statement.cid != record.record_id:
        raise Invalid("The envelope links to another statement.", code="envelope-mismatch")
    stated = audience_of(predicate)
    if stated != audience:
        raise Refused(
            f"This record was made for {stated}, not for {audience}.",
            code="audience-foreign",
            pointer="/predicate/audience",
        )
    if isinstance(predicate, Consent):
        _check_notice(record, predicate)
    consent = linked.get(predicate.consent.cid.digest) if isinstance(predicate, Withdrawal) else None
    if isinstance(predicate, Withdrawal):
        _check_withdrawal(record, predicate, consent)
    check_form(record, linked)
    where = signing_domain(predicate, domain)
    signers, unanswered = set[str](), None
    for place, proof in enumerate(record.parsed_envelope.proofs):
        if not _holds(record, proof, place, stated, where, answers) and unanswered is None:
            unanswered = _unanswered(proof, place)
        signers.add(proof.signer)
    if isinstance(predicate, Withdrawal):
        if not _may_withdraw(Address.parse(predicate.authority), signers, consent):
            raise missing("/predicate/authority")
    else:
        check_signed(predicate, signers, linked)
    if unanswered is not None:
        raise unanswered


def audience_of(predicate: Value) -> str:
    """The log that a record was made for; every kind names one."""
    return str(getattr(predicate, "audience", ""))


def check_records(
    records: Sequence[Record],
    *,
    audience: str,
    domain: Domain | None,
    linked: Linked = _NOTHING,
    answers: Answers = UNASKED,
) -> list[DomainError | None]:
    """Whether many records are accepted, all that a consent links included; at each place the error, or None.

    Args:
        records: What one of them links may come before it in the same list.
        audience: This log's origin.
        domain: As in :func:`check_record`.
        linked: Accepted records that any of them links.
        answers: As in :func:`check_record`.
    """
    known, errors = dict(linked), list[DomainError | None]()
    for record in records:
        try:
            check_record(record, audience=audience, domain=domain, linked=known, answers=answers)
            check_known(record.predicate, known)
        except DomainError as error:
            errors.append(error)
        else:
            errors.append(None)
            known[record.envelope_cid.digest] = record
    return errors


def _check_notice(record: Record, consent: Consent) -> None:
    shown = notice_of(record.parsed.subject, consent)
    if (consent.notice.lang, consent.notice.sha256) != (shown.lang, shown.sha256):
        raise Invalid(
            "The notice of this consent is not the one that its fields give.",
            code="notice-mismatch",
            pointer="/predicate/notice",
            hint="Derive the notice from the final fields, then sign.",
        )


def _check_withdrawal(record: Record, withdrawal: Withdrawal, consent: Record | None) -> None:
    item = bytes.fromhex(withdrawal.item) if withdrawal.item is not None else None
    if consent is None or record.statement != withdrawal_statement(consent, item, withdrawal.audience):
        raise Refused(
            "This withdrawal does not belong to a consent that is known here.",
            code="withdrawal-foreign",
            pointer="/predicate/consent",
        )


def _holds(
    record: Record, proof: Proof, place: int, audience: str, domain: Domain | None, answers: Answers
) -> bool:
    """True if the proof holds, False if its wallet was not heard; raises if it does not hold."""
    try:
        signer = actor_of(proof.signer)
        signature = bytes.fromhex(proof.signature)
        if isinstance(signer, DidKey) and proof.suite == "ed25519" and _bare(proof):
            message = did_message(record.statement, audience)
            Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, message)
            return True
        if isinstance(signer, DidPkh) and proof.suite != "ed25519" and proof.verifying_contract is not None:
            where = Domain(signer.chain_id, Address.parse(proof.verifying_contract))
            if where != domain:
                raise _foreign_domain(where, domain)
            if proof.suite == "eip712":
                if recover(signed_digest(record, proof, where, signer.address), signature) == signer.address:
                    return True
            elif (question := question_of(record, proof, where)) and answers.get(question, True):
                return question in answers
    except (InvalidSignature, ValueError, Invalid) as error:
        raise _bad_proof(proof, place) from error
    except Refused as error:
        if error.code == "domain-unknown":
            raise
        raise _bad_proof(proof, place) from error
    raise _bad_proof(proof, place)


def _bare(proof: Proof) -> bool:
    """Whether it names nothing that only wallets have."""
    return proof.verifying_contract is None and proof.keys is None


def _may_withdraw(authority: Address, signers: set[str], consent: Record | None) -> bool:
    granted = consent.predicate if consent is not None else None
    if isinstance(granted, Consent) and granted.grantor.id in signers:
        return True
    actors = [actor_of(signer) for signer in signers]
    return any(isinstance(actor, DidPkh) and actor.address == authority for actor in actors)


def _foreign_domain(where: Domain, domain: Domain | None) -> Refused:
    if domain is None:
        return Refused(
            "No chain is configured that could tell whether this wallet signature counts.",
            code="domain-unknown",
        )
    signed, wanted = (f"{each.contract} on chain {each.chain_id}" for each in (where, domain))
    return Refused(f"The wallet signed for {signed}, not for {wanted}.", code="domain-unknown")


def _unanswered(proof: Proof, place: int) -> Refused:
    return Refused(
        f"Nobody here can tell whether the wallet of {proof.signer} signed: its code was not asked.",
        code="proof-unanswered",
        hint="Name the chain and a node of it that keeps the state after the block which the proof names.",
        pointer=f"/proofs/{place}",
    )


def _bad_proof(proof: Proof, place: int) -> Refused:
    return Refused(
        f"The {proof.suite} proof by {proof.signer} does not hold.",
        code="proof-invalid",
        pointer=f"/proofs/{place}",
    )


def _parse(statement: bytes) -> Statement:
    return parse_model(Statement, parse_canonical(statement))
