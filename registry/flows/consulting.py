"""Whom a check asks: trust put together from the caller's words or the home's, and the chain asked about withdrawals.

It decides where trust comes from, and that what was not asked stays unknown. Judgement is in ``verify``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rakkan.registry.flows.anchoring import ask
from rakkan.registry.flows.dossier import Dossier, consent_of
from rakkan.registry.flows.record_checks import Trust
from rakkan.registry.home import ChainConfig
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.note import NoteVerifier
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address
from rakkan.schemas.statement import parse_model

if TYPE_CHECKING:
    from rakkan.registry.ports import Ledger
    from rakkan.registry.service import Registry

_QUESTIONS: Final = 512
"""Withdrawals that a chain is asked about for one bundle; one that would take more stays unknown."""

Pairs = dict[tuple[bytes, bytes], bytes]
"""By authority and key, the record id of the consent that it would take back."""


@contextlib.contextmanager
def trusting(
    registry: Registry | None, *, log_keys: Sequence[str], chain: str | None, rpc_url: str, offline: bool
) -> Iterator[Trust]:
    """What a checker trusts, in the caller's words, else in those of the home.

    Args:
        registry: The home, or None.
        log_keys: Verifier keys of logs (text, or a file that holds it).
        chain: A file that pins a chain (:class:`ChainConfig`), instead of the home's.
        rpc_url: A node to ask about that chain, instead of the one that the file names.
        offline: Ask nobody.

    Raises:
        Invalid: As parsing does.
    """
    keys = tuple(NoteVerifier.parse(_text(each)) for each in log_keys)
    keys = keys or (tuple(registry.verifiers) if registry is not None else ())
    if chain is None and registry is not None:
        yield replace(trusting_home(registry, offline=offline), verifiers=keys)
        return
    if chain is None:
        yield Trust(keys)
        return
    pinned = parse_model(ChainConfig, parse_strict(_text(chain).encode()))
    trust, url = Trust(keys, Domain(pinned.chain_id, pinned.identity.consents)), rpc_url or pinned.rpc_url
    if url and not offline:
        from rakkan.registry.ledger.evm import EvmLedger

        ledger = EvmLedger(url, pinned.identity, None)
        trust = replace(trust, chain=ask(ledger), ledger=lambda: ledger)
    yield trust


def trusting_home(registry: Registry, *, offline: bool = False) -> Trust:
    """What the home trusts; its chain is opened when it is first asked."""
    trust = Trust(tuple(registry.verifiers), registry.domain, community=registry.community)
    if offline:
        return trust
    return replace(trust, chain=lambda receipt: ask(registry.ledger)(receipt), ledger=lambda: registry.ledger)


def consult_home(registry: Registry, dossier: Dossier, trust: Trust) -> tuple[Dossier, Trust]:
    """The home's own dossier, with what its chain says of withdrawals; without a chain it keeps them all."""
    trust = replace(trust, records=True)
    if registry.identity is None:
        return dossier, replace(trust, withdrawals=True)
    if trust.ledger is None:
        return dossier, trust
    from rakkan.registry.flows.withdrawn import look_up

    pairs = _pairs(dossier)
    try:
        seen = look_up(registry, pairs)
    except DomainError:
        # the chain did not answer: nothing is known of withdrawals, so nothing is allowed
        return dossier, trust
    found = {pairs[pair]: each.at for pair, each in seen.items() if each.at is not None}
    known = found | dict(dossier.withdrawn_at)
    return replace(dossier, withdrawn_at=tuple(known.items())), replace(trust, withdrawals=True)


def consult_chain(dossier: Dossier, trust: Trust) -> tuple[Dossier, Trust]:
    """A stranger's dossier, with what the chain that the checker means says of each consent in it."""
    pairs = _pairs(dossier)
    if trust.ledger is None or len(pairs) > _QUESTIONS:
        return dossier, trust
    try:
        known = dict(_withdrawn(trust.ledger(), pairs)) | dict(dossier.withdrawn_at)
    except DomainError:
        return dossier, trust
    return replace(dossier, withdrawn_at=tuple(known.items())), replace(trust, withdrawals=True)


def _withdrawn(ledger: Ledger, pairs: Pairs) -> Iterator[tuple[bytes, datetime]]:
    from rakkan.registry.ledger import calls

    identity, block = ledger.identity, ledger.head().number  # all of it as of one block
    if identity is None:
        return
    for (authority, key), record_id in pairs.items():
        call = calls.withdrawn_at_call(identity, authority, key)
        moment = calls.withdrawn_at_answer(ledger.call(call, block))
        if moment is not None:
            yield record_id, moment


def _pairs(dossier: Dossier) -> Pairs:
    names = [digest.raw for subject in dossier.work.record.parsed.subject for digest in subject.digests]
    pairs: Pairs = {}
    for each in dossier.all_consents:
        record_id = each.record.record_id.digest
        authority = Address.parse(consent_of(each).withdrawal.authority).raw
        for item in (None, *names):  # the whole consent, and this work alone
            pairs[authority, withdrawal_key(record_id, item)] = record_id
    return pairs


def _text(value: str) -> str:
    path = Path(value)
    with contextlib.suppress(OSError):
        if path.is_file():
            return path.read_text().strip()
    return value
