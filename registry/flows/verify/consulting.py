"""Asking the chain that a checker means: what was withdrawn, and what wallets held by code said.

It decides that what was not asked stays unknown. Whom a checker means is in ``outside``, judgement in ``verify``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rakkan.registry.flows.verify.dossier import Dossier, consent_of
from rakkan.registry.flows.verify.record_checks import Trust
from rakkan.registry.flows.wallet_answers import accepted_answers, ask_again
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address

if TYPE_CHECKING:
    from rakkan.registry.ports import Ledger
    from rakkan.registry.service import Registry

_QUESTIONS: Final = 512
"""Withdrawals that a chain is asked about for one bundle; one that would take more stays unknown."""

Pairs = dict[tuple[bytes, bytes], bytes]
"""By authority and key, the record id of the consent that it would take back."""


def consult_home(registry: Registry, dossier: Dossier, trust: Trust) -> tuple[Dossier, Trust]:
    """The home's own dossier, with what its chain says of withdrawals; without a chain it keeps them all."""
    accepted = accepted_answers((each.record for each in dossier.all), trust.domain)
    trust = replace(trust, records=True, answers=accepted)
    if registry.identity is None:
        return dossier, replace(trust, withdrawals=True)
    if trust.ledger is None:
        return dossier, trust
    from rakkan.registry.flows.withdraw.withdrawn import look_up

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
    ledger = trust.ledger
    if ledger is None:
        return dossier, trust
    heard = ask_again(ledger, (each.record for each in dossier.all), trust.domain)
    trust, pairs = replace(trust, answers=heard.answers), _pairs(dossier)
    if len(pairs) > _QUESTIONS:
        return dossier, trust
    try:
        known = dict(_withdrawn(ledger(), pairs)) | dict(dossier.withdrawn_at)
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
