"""What was taken back of consents: as recorded here, and by the contract's own word.

It decides where is looked. A withdrawal sent past us, by anybody's own transaction, counts all the
same; what it then means is for ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Collection

from rakkan.registry.ledger import calls
from rakkan.registry.service import Registry
from rakkan.registry.store.withdrawals import SeenWithdrawal

Pair = tuple[bytes, bytes]
"""Withdrawal authority (20 bytes) and key (32 bytes)."""


def look_up(registry: Registry, pairs: Collection[Pair]) -> dict[Pair, SeenWithdrawal]:
    """The withdrawals among these pairs; the chain is asked about each that it is not known to have.

    Raises:
        Unavailable: If the chain that the home has cannot be asked: no answer is made up.
    """
    seen = _stored(registry, pairs)
    identity, news = registry.identity, False
    if identity is None:
        return seen
    for authority, key in sorted(set(pairs)):
        if (known := seen.get((authority, key))) is not None and known.chain_at is not None:
            continue
        answer = registry.ledger.call(calls.withdrawn_at_call(identity, authority, key))
        moment = calls.withdrawn_at_answer(answer)
        if moment is not None:
            registry.store.withdrawals.seen_on_chain(authority, key, moment)
            news = True
    return _stored(registry, pairs) if news else seen


def _stored(registry: Registry, pairs: Collection[Pair]) -> dict[Pair, SeenWithdrawal]:
    found = registry.store.withdrawals.get(sorted({key for _, key in pairs}))
    return {pair: found[pair] for pair in pairs if pair in found}
