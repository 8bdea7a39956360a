"""Withdrawal slips in use: made for a consent, kept as files, handed in by anybody.

It decides which key signs a slip and what becomes of one that is handed in: a record here, and a wish
for the chain. What a slip is worth is decided in ``rakkan.registry.rules.slips``; sending one straight
to a contract is ``rakkan.registry.ledger.relay``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consents import chain_domain
from rakkan.registry.flows.lookup import resolve
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.eip712 import Domain, address_of, typed_data
from rakkan.registry.rules.proofs import withdrawal_statement
from rakkan.registry.rules.slips import (
    check_slip,
    did_slip,
    slip_bytes,
    unsigned_slip,
    wallet_slip,
    withdrawal_of,
)
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid, NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.slip import Slip
from rakkan.schemas.values import Cid, Digest


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of a slip.

    Attributes:
        record: The withdrawal.
        new: Whether it was not known before.
    """

    record: Record
    new: bool


@dataclass(frozen=True, slots=True)
class WayBack:
    """How a consent is taken back by an authority whose key is not here: a wallet.

    Attributes:
        consent: The consent.
        slip: The withdrawal slip but for its signature.
        typed_data: What ``eth_signTypedData_v4`` gets; that signature completes the slip.
        key: Under which ``ConsentRegistry`` keeps the withdrawal, 32 bytes.
    """

    consent: Record
    slip: dict[str, Any]
    typed_data: dict[str, Any]
    key: bytes


def way_back(registry: Registry, name: Cid, *, item: Digest | None = None) -> WayBack:
    """What the authority of a consent that is known here signs, or sends, to take it back.

    Args:
        registry: Where it is known; the public part of it, if strangers ask.
        name: Its statement or envelope.
        item: One work out of it; None for all.

    Raises:
        NotFound: ``record-unknown``. Refused: ``domain-unknown``, without a chain.
        Invalid: ``record-kind``, if it is no consent.
    """
    consent, domain = resolve(registry, str(name)).record, chain_domain(registry)
    if consent.kind != "consent":
        raise Invalid(
            f"{name} is a {consent.kind} record.", code="record-kind", hint="Name a grant or a reservation."
        )
    work = item.raw if item is not None else None
    slip = unsigned_slip(consent, registry.origin, domain, item=work)
    statement = withdrawal_statement(consent, work, registry.origin)
    return WayBack(consent, slip, typed_data(domain, statement), bytes.fromhex(slip["key"]))


def make_slip(
    registry: Registry, consent: Record, *, wallet: bytes | None = None, item: Digest | None = None
) -> Slip:
    """The slip of a consent given by this home or by this wallet.

    Args:
        registry: Whose audience, chain and keys they are.
        consent: A consent with its envelope.
        wallet: Key of the withdrawal authority, where that is a wallet; None uses the home's keys.
        item: One work of it; None takes back all.

    Raises:
        Refused: ``withdrawal-foreign``, if none of these keys may take it back.
        Invalid: ``kind-unknown``.
    """
    name = item.raw if item is not None else None
    if registry.domain is None and wallet is None:
        return did_slip(consent, registry.origin, registry.home.keys.artist, item=name)
    domain = chain_domain(registry)
    key = wallet if wallet is not None else registry.home.keys.wallet(AUTHORITY)
    return wallet_slip(consent, registry.origin, domain, key, item=name)


def may_sign(registry: Registry, consent: Record, wallet: bytes | None = None) -> bool:
    """Whether :func:`make_slip` has the key for this consent."""
    granted = consent.predicate
    if not isinstance(granted, Consent):
        return False
    if registry.domain is None:
        return wallet is None and granted.grantor.id == registry.home.keys.artist_did
    mine = address_of(wallet) if wallet is not None else registry.home.keys.address(AUTHORITY)
    return Address.parse(granted.withdrawal.authority) == mine


def hand_in(registry: Registry, slip: Slip) -> HandedIn:
    """Take a slip of this registry: record the withdrawal, and want it on chain. Again changes nothing.

    Raises:
        Invalid: ``slip-form``.
        Refused: ``slip-signature``; ``slip-elsewhere``, if it is for another registry, chain or contract.
        NotFound: ``record-unknown``, if the consent is not known here.
    """
    check_here(registry, slip)
    record = withdrawal_of(slip)
    new = accept_one(registry, record, publish=True)
    if slip.chain_id is not None:
        # the same withdrawal may have come before with a proof that no contract takes
        authority, key = Address.parse(slip.authority).raw, bytes.fromhex(slip.key)
        registry.store.withdrawals.sign(authority, key, bytes.fromhex(slip.signature))
    return HandedIn(record, new)


def check_here(registry: Registry, slip: Slip) -> None:
    """Whether :func:`hand_in` would take a slip; nothing is changed.

    Raises:
        Invalid, Refused, NotFound: As :func:`hand_in`.
    """
    check_slip(slip)
    _require_here(registry, slip)
    consent_id = Cid.parse(slip.record_id).digest
    known = registry.store.records.get([consent_id]).get(consent_id)
    if known is None or known.record.record_id.digest != consent_id:
        raise NotFound(
            f"The consent {slip.record_id} is not known here.",
            code="record-unknown",
            hint="Whoever has an account on its chain can send the slip to the contract all the same: "
            "`rakkan consent withdraw --slip FILE`.",
        )


def belongs_here(registry: Registry, slip: Slip) -> bool:
    """Whether a slip is for this registry, on its chain."""
    domain = None
    if slip.chain_id is not None and slip.contract is not None:
        domain = Domain(slip.chain_id, Address.parse(slip.contract))
    return slip.audience == registry.origin and (domain is None or domain == registry.domain)


def write_slip(slip: Slip, path: Path) -> None:
    """Keep a slip as a file, readable by its owner alone: whoever has it can use it.

    Raises:
        Invalid: ``slip-exists``, if another file is there.
        Unavailable: ``slip-unwritable``.
    """
    content = slip_bytes(slip) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if path.read_bytes() == content:
                return
            raise Invalid(
                f"{path} is there already, and is not this slip.",
                code="slip-exists",
                hint="Name another file.",
            )
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", code="slip-unwritable") from error


def _require_here(registry: Registry, slip: Slip) -> None:
    if belongs_here(registry, slip):
        return
    if slip.audience != registry.origin:
        here, there = registry.origin, slip.audience
    else:
        domain = registry.domain
        here = f"{domain.contract} on chain {domain.chain_id}" if domain else "no chain"
        there = f"{slip.contract} on chain {slip.chain_id}"
    raise Refused(
        f"This slip is for {there}; here it is {here}.",
        code="slip-elsewhere",
        hint="Hand it in where it belongs: its own words say where.",
    )
