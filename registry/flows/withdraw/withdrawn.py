"""What was taken back of consents: as recorded here, and by the contract's own word.

It decides that nothing is said before the contract's events are read up to the newest block: a
withdrawal sent past us, by anybody's own transaction, counts all the same. One look serves any number
of consents. What a withdrawal then means is for ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.rules.consent import Effective
from rakkan.registry.service import Registry
from rakkan.registry.store.withdrawals import Pair as Pair
from rakkan.registry.store.withdrawals import SeenWithdrawal
from rakkan.schemas.errors import DomainError
from rakkan.schemas.verdict import Answer

Effectives = Mapping[str, Effective]
"""Answers by what was asked, such as the scope."""


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


def confirmed(
    registry: Registry,
    look: Callable[[], Effectives],
    read: Callable[[], None],
    missed: Callable[[DomainError], None] = lambda _: None,
) -> Effectives:
    """Answers, each "allowed" among them confirmed by the chain; other answers need none: it can only take back.

    Args:
        registry: Whose chain; without one, what is recorded here is all there is.
        look: Reads the answers from what is on file; called again after the chain was read.
        read: Reads the chain up to now, such as :func:`keep_current`.
        missed: Told why the chain was not read; then "allowed" becomes undetermined
            (``withdrawal-not-consulted``).
    """
    answers = look()
    if registry.identity is None or not any(_allows(each) for each in answers.values()):
        return answers
    try:
        read()
    except DomainError as error:
        missed(error)
        return {name: _unsure(each) for name, each in answers.items()}
    return look()


def _allows(answer: Effective) -> bool:
    return answer.answer is Answer.ALLOWED


def _unsure(answer: Effective) -> Effective:
    if not _allows(answer):
        return answer
    return replace(answer, answer=Answer.UNDETERMINED, code="withdrawal-not-consulted")
