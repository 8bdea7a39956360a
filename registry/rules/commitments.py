"""Commitments to claims: what an authority puts on chain before a work is shown.

It decides the 32 bytes, which ``ConsentRegistry.commitmentOf`` computes alike. Which claim a revealed
commitment then serves, and from when on, is decided in ``rakkan.registry.rules.claims``.
"""

from __future__ import annotations

from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, keccak


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
