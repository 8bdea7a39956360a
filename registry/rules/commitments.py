"""Commitments to claims: what an authority puts on chain before a work is shown.

It decides the 32 bytes, which ``ConsentRegistry.commitmentOf`` computes alike, and which claim reveals them.
What a date does for a claim is decided in ``rakkan.registry.rules.claims``.
"""

from __future__ import annotations

from rakkan.schemas.authorship import Authorship
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, DidPkh, keccak, parse_did
from rakkan.schemas.record import Record


def commitment_of(authority: Address, claim: bytes, salt: bytes) -> bytes:
    """keccak256(abi.encode(authority, claim, salt)); whoever copies it commits for the same authority.

    Args:
        authority: Whose claim it is.
        claim: The digest that the claim's subject names first, 32 bytes.
        salt: 32 random bytes, secret until it is revealed.

    Raises:
        Invalid: ``bytes32-length``.
    """
    for word in (claim, salt):
        if len(word) != 32:
            raise Invalid("A bytes32 has 32 bytes.", code="bytes32-length")
    return keccak(authority.raw.rjust(32, b"\0") + claim + salt)


def revealed(record: Record) -> bytes | None:
    """The commitment that a claim reveals, 32 bytes; None if the authority that it names did not sign the claim.

    Without that, whoever reads a reveal could put it into a claim of their own.
    """
    claim = record.predicate
    if not isinstance(claim, Authorship) or claim.reveal is None:
        return None
    authority = Address.parse(claim.reveal.authority)
    signers = [parse_did(proof.signer) for proof in record.parsed_envelope.proofs]
    if not any(isinstance(each, DidPkh) and each.address == authority for each in signers):
        return None
    digest = record.parsed.subject[0].digests[0]
    return commitment_of(authority, digest.raw, bytes.fromhex(claim.reveal.salt))
