"""The signer of a record as flows need it, and the two that hold their key themselves.

It decides what a signer promises: it says who it is, and proves a statement as that actor. Where keys come
from is decided in ``uri``; what is signed, in ``rakkan.registry.rules.proofs``. Nothing here has a repr
that shows a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.ledger.devchain import refuse_public_key
from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.many_keys import sign_keys
from rakkan.registry.rules.proofs import sign_did, sign_wallet
from rakkan.schemas.errors import Refused
from rakkan.schemas.identity import Address, DidKey, DidPkh
from rakkan.schemas.statement import Proof


class RecordSigner(Protocol):
    """Signs statements as one actor.

    ``domain`` is that of the record's ``verifyingContract``, None without a chain; a ``did:key`` does not
    ask for it. Every method raises ``Refused`` (``domain-unknown``) where a wallet has no chain to sign for,
    ``dev-key`` where its key is printed in manuals and the chain is not a local one; signers outside this
    process also raise ``Unavailable`` (``signer-failed``, ``signer-slow``) and ``Refused``
    (``signer-wrong``, ``signer-answer``).
    """

    @property
    def address(self) -> Address | None:
        """The wallet's address; None for a ``did:key``."""
        ...

    def actor(self, domain: Domain | None) -> str:
        """The DID that it signs as."""
        ...

    def prove(self, statement: bytes, domain: Domain | None) -> Proof:
        """Its proof over a statement.

        Raises:
            Invalid: As parsing a statement does; ``grantor-wallet``.
        """
        ...

    def prove_keys(self, keys: Sequence[bytes], domain: Domain | None) -> Proof:
        """Its one proof over many withdrawals of which it is the authority, in this order.

        Raises:
            Refused: ``domain-unknown``, also of a ``did:key``, which is nobody's authority on a chain.
        """
        ...


class KeySigner:
    """An Ed25519 key at hand, which signs as its ``did:key``."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def address(self) -> Address | None:
        """None: this is no wallet."""
        return None

    def actor(self, domain: Domain | None) -> str:  # noqa: ARG002 - the same everywhere
        """Its ``did:key``."""
        return str(DidKey(self._key.public_key().public_bytes_raw()))

    def prove(self, statement: bytes, domain: Domain | None) -> Proof:  # noqa: ARG002
        """An Ed25519 proof."""
        return sign_did(statement, self._key)

    def prove_keys(self, keys: Sequence[bytes], domain: Domain | None) -> Proof:  # noqa: ARG002
        """Refused: contracts know no such key."""
        raise Refused("Only a wallet signs many withdrawals at once.", code="domain-unknown")


class WalletSigner:
    """A secp256k1 key at hand, which signs as a wallet (EIP-712).

    Args:
        key: 32 bytes.

    Raises:
        Invalid: ``key-form``.
    """

    __slots__ = ("_address", "_key")

    def __init__(self, key: bytes) -> None:
        self._key, self._address = key, address_of(key)

    @property
    def address(self) -> Address | None:
        """Of the wallet."""
        return self._address

    def actor(self, domain: Domain | None) -> str:
        """Its ``did:pkh`` on the domain's chain."""
        return wallet_actor(self._address, domain)[0]

    def prove(self, statement: bytes, domain: Domain | None) -> Proof:
        """An EIP-712 proof."""
        return sign_wallet(statement, wallet_actor(self._address, domain)[1], self._key)

    def prove_keys(self, keys: Sequence[bytes], domain: Domain | None) -> Proof:
        """An EIP-712 proof."""
        return sign_keys(keys, wallet_actor(self._address, domain)[1], self._key)


def wallet_actor(address: Address, domain: Domain | None) -> tuple[str, Domain]:
    """The DID of a wallet that may sign for this domain, and the domain.

    Raises:
        Refused: ``domain-unknown``, ``dev-key``.
    """
    if domain is None:
        raise Refused(
            "A wallet signs for a chain, and this home has none.",
            code="domain-unknown",
            hint="Run `rakkan init --chain local`.",
        )
    refuse_public_key(address, domain.chain_id)
    return str(DidPkh(domain.chain_id, address)), domain
