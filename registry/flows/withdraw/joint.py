"""Slips over many consents in use: made for all that somebody names, or gave; handed in by anybody.

It decides which consents "all" are, which key signs, and what becomes of a slip that is handed in: a record for each
withdrawal, all of them or none, and one wish for the chain. What such a slip is worth is decided in
``rakkan.registry.rules.joint_slips``; single slips are in ``slips``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rakkan.registry.flows.accept import accept_all
from rakkan.registry.flows.withdraw.slips import HandedIn, check_here, hand_in, known_here, require_here
from rakkan.registry.flows.withdraw.withdrawing import Wanted, gave, withdrawer
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.joint_slips import (
    AnySlip,
    check_joint,
    consents_of,
    in_order,
    joint_slip,
    keys_of,
    one_authority,
    withdrawals_of,
)
from rakkan.registry.rules.proofs import withdrawal_key, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.schemas.consent import Consent, WithdrawalMode
from rakkan.schemas.errors import NotFound
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant
from rakkan.schemas.slip import JointSlip, Slip

_CHUNK = 500


def everything(registry: Registry, signer: RecordSigner | None = None) -> list[Wanted]:
    """Every grant that this signer can take back and that still counts: not ended, taken back or given for ever.

    Args:
        registry: Whose records they are.
        signer: Their withdrawal authority, or their grantor; None is this home.

    Raises:
        NotFound: ``consent-none``, if there is none.
    """
    now, found, after = format_instant(registry.clock.now()), list[Wanted](), 0
    mine = _mine(registry, signer)
    while chunk := registry.store.records.of_kind("consent", after=after, limit=_CHUNK):
        after = chunk[-1].sequence
        for record in (stored.record for stored in chunk):
            granted = record.predicate
            if (
                isinstance(granted, Consent)
                and granted.kind == "grant"
                and granted.valid_until > now
                and granted.withdrawal.mode is not WithdrawalMode.IRREVOCABLE
                and mine(granted)
            ):
                found.append((record, None))
    gone = registry.store.withdrawals.get([record.record_id.digest for record, _ in found])
    left = [each for each in found if (_authority(each).raw, each[0].record_id.digest) not in gone]
    if not left:
        raise NotFound(
            "You have granted nothing that still counts, or taken it back already.",
            code="consent-none",
            hint="`rakkan consent list --mine` shows what you gave; --signer names another key.",
        )
    return left


def make_joint(registry: Registry, wanted: Sequence[Wanted], signer: RecordSigner | None = None) -> JointSlip:
    """One slip over many consents, or works out of them; each by its authority, or where there is no chain its grantor.

    Raises:
        Refused: ``slip-authorities``, if they have not one authority; ``withdrawal-foreign``, if none of these keys
            may take one of them back; ``domain-unknown``.
        Invalid: ``slip-many``, if they are too many for one.
    """
    parts = in_order([(consent, item.raw if item is not None else None) for consent, item in wanted])
    one_authority(parts)
    if signer is not None and signer.address is not None:
        signer.actor(registry.domain)  # a wallet without a chain is told so, and not that it is another
    by: dict[str, RecordSigner] = {}
    for consent, _ in parts:
        granted = consent.predicate
        assert isinstance(granted, Consent)
        if granted.grantor.id not in by:
            by[granted.grantor.id] = withdrawer(registry, consent, signer)
    if registry.domain is not None:
        keys = [withdrawal_key(consent.record_id.digest, item) for consent, item in parts]
        proofs = [next(iter(by.values())).prove_keys(keys, registry.domain)]
    else:
        (grantor,) = by.values()  # where there is no chain, this home's own key alone
        proofs = [
            grantor.prove(withdrawal_statement(consent, item, registry.origin), None)
            for consent, item in parts
        ]
    return joint_slip(parts, registry.origin, proofs)


def hand_in_any(registry: Registry, slip: AnySlip) -> list[HandedIn]:
    """Take a slip of this registry, of either form; again changes nothing.

    Raises:
        Invalid, Refused, NotFound: As :func:`rakkan.registry.flows.withdraw.slips.hand_in`; of many, all are taken or
            none.
    """
    if isinstance(slip, Slip):
        return [hand_in(registry, slip)]
    check_any_here(registry, slip)
    records = withdrawals_of(slip)
    new = accept_all(registry, records, publish=True)
    if slip.chain_id is not None:
        # the same withdrawals may all have come before, with proofs that no contract takes
        authority, signature = Address.parse(slip.authority).raw, bytes.fromhex(slip.signatures[0])
        registry.store.withdrawals.sign_together(authority, keys_of(slip), signature)
    return [HandedIn(record, each) for record, each in zip(records, new, strict=True)]


def check_any_here(registry: Registry, slip: AnySlip) -> None:
    """Whether :func:`hand_in_any` would take a slip; nothing is changed.

    Raises:
        Invalid, Refused, NotFound: As :func:`hand_in_any`.
    """
    if isinstance(slip, Slip):
        check_here(registry, slip)
        return
    check_joint(slip)
    require_here(registry, slip)
    known_here(registry, consents_of(slip))


def _mine(registry: Registry, signer: RecordSigner | None) -> Callable[[Consent], bool]:
    """Whether this signer can take a consent back; keys are read once, not for each."""
    keys, chain = registry.home.keys, registry.domain is not None
    own = keys.address(AUTHORITY) if chain and keys.has(AUTHORITY) else None
    author = signer or KeySigner(keys.artist)

    def mine(granted: Consent) -> bool:
        authority = Address.parse(granted.withdrawal.authority)
        if not chain:
            return gave(registry, granted, author)
        if signer is not None and signer.address == authority:
            return True
        return authority == own and (signer is None or gave(registry, granted, signer))

    return mine


def _authority(wanted: Wanted) -> Address:
    granted = wanted[0].predicate
    assert isinstance(granted, Consent)
    return Address.parse(granted.withdrawal.authority)
