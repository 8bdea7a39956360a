"""What was taken back of consents: as recorded here, and by the contract's own word.

It decides that nothing is said before the contract's events are read up to the newest block: a
withdrawal sent past us, by anybody's own transaction, counts all the same. One look serves any number
of consents. What a withdrawal then means is for ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Collection

from rakkan.registry.flows.watching import keep_current
from rakkan.registry.service import Registry
from rakkan.registry.store.withdrawals import Pair as Pair
from rakkan.registry.store.withdrawals import SeenWithdrawal


def look_up(registry: Registry, pairs: Collection[Pair]) -> dict[Pair, SeenWithdrawal]:
    """The withdrawals among these pairs, as of the newest block.

    Raises:
        Unavailable: If the chain that the home has cannot be asked: no answer is made up.
    """
    if pairs:
        keep_current(registry)
    return on_file(registry, pairs)


def on_file(registry: Registry, pairs: Collection[Pair]) -> dict[Pair, SeenWithdrawal]:
    """The withdrawals among these pairs that are known here, without another look."""
    found = registry.store.withdrawals.get(sorted({key for _, key in pairs}))
    return {pair: found[pair] for pair in pairs if pair in found}
