"""Whether the chain knows of a withdrawal that this registry was not told of.

It decides that "allowed" is said over HTTP only after the contract itself was asked, at most a few
seconds ago: an authority may withdraw on chain without telling us, and nobody can stop that. When the
chain does not answer, the answer is undetermined. Other answers need no chain: it can only take back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rakkan.api.problems import LOG
from rakkan.registry.ledger import calls
from rakkan.registry.rules.consent import ConsentFact, Effective
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.service import Registry
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Answer

FRESH_SECONDS: Final = 5.0
MAX_REMEMBERED: Final = 10_000
MAX_ASKED: Final = 16

Effectives = Mapping[str, Effective]


class ChainWithdrawals:
    """Asks the contract about consents that are about to be relied on, and remembers for seconds.

    Args:
        registry: Whose chain; without one, what is recorded here is all there is.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._standing: dict[tuple[bytes, bytes], float] = {}
        self._lock = threading.Lock()

    def confirmed(self, look: Callable[[], Effectives], digests: Sequence[Digest]) -> Effectives:
        """The answers, each "allowed" among them confirmed by the chain.

        Args:
            look: Reads the answers from what is recorded; called again if the chain knew more.
            digests: The work's identifiers, for withdrawals of single works.
        """
        answers = look()
        if self._registry.identity is None:
            return answers
        relied = {
            fact.record_id: fact
            for each in answers.values()
            for fact in (*each.relied, *(one for leaning in each.supports.values() for one in leaning))
            if each.answer is Answer.ALLOWED
        }
        if not relied:
            return answers
        items = [digest.raw for digest in digests]
        try:
            news = [self._ask(fact, items) for fact in list(relied.values())[:MAX_ASKED]]
        except DomainError as error:
            LOG.warning("the chain was not asked about withdrawals: %s", error)
            return {scope: _unsure(each) for scope, each in answers.items()}
        answers = look() if any(news) else answers
        asked = set(list(relied)[:MAX_ASKED])
        return {
            scope: each if any(fact.record_id in asked for fact in each.relied) else _unsure(each)
            for scope, each in answers.items()
        }

    def _ask(self, fact: ConsentFact, items: Sequence[bytes]) -> bool:
        """Whether the chain had taken back something of this consent that we did not know."""
        identity = self._registry.identity
        assert identity is not None
        authority = Address.parse(fact.consent.withdrawal.authority).raw
        news = False
        for key in (
            withdrawal_key(fact.record_id, None),
            *(withdrawal_key(fact.record_id, item) for item in items),
        ):
            if self._standing.get((authority, key), 0.0) > time.monotonic():
                continue
            answer = self._registry.ledger.call(calls.withdrawn_at_call(identity, authority, key))
            moment = calls.withdrawn_at_answer(answer)
            if moment is not None:
                self._registry.store.withdrawals.seen_on_chain(authority, key, moment)
                news = True
            else:
                self._remember(authority, key)
        return news

    def _remember(self, authority: bytes, key: bytes) -> None:
        with self._lock:
            if len(self._standing) >= MAX_REMEMBERED:
                self._standing.clear()
            self._standing[authority, key] = time.monotonic() + FRESH_SECONDS


def _unsure(answer: Effective) -> Effective:
    if answer.answer is not Answer.ALLOWED:
        return answer
    return replace(answer, answer=Answer.UNDETERMINED, code="withdrawal-not-consulted")
