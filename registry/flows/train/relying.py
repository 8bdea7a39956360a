"""Which grants a training run relies on, and which of them it spends.

It decides that every item of the dataset is asked about, in batches, as of the run's beginning. What holds is decided
in ``rakkan.registry.rules.consent``, who spends a budget in ``rakkan.registry.rules.budget``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.rules.budget import budget_of
from rakkan.registry.rules.dataset import Lock
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError
from rakkan.schemas.values import DAG_JSON, Cid, Digest
from rakkan.schemas.verdict import Answer

_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reliance:
    """What a run on a dataset rests on.

    Attributes:
        answers: How many items had each answer, by its word.
        codes: How many had each code.
        spent: Envelopes of the grants whose budget the run spends, in order of acceptance.
        unread: Why the chain could not be asked about withdrawals; then nothing is said to be allowed.
    """

    answers: dict[str, int]
    codes: dict[str, int]
    spent: tuple[Cid, ...]
    unread: DomainError | None = None


def relying(registry: Registry, lock: Lock, *, grantee: str, scope: str, at: datetime) -> Reliance:
    """Ask about every item of a dataset.

    Args:
        registry: Whose memory is asked.
        lock: The dataset.
        grantee: For whom it is trained.
        scope: What for.
        at: When training began.
    """
    unread = _read_chain(registry)
    answers: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    envelopes: set[bytes] = set()
    items = [Digest("sha256", each) for each in sorted({item.sha256 for item in lock.items})]
    for asked in (items[start : start + _BATCH] for start in range(0, len(items), _BATCH)):
        for (held,) in ask(registry, asked, Inquiry(scope, grantee, at)):
            allowed = held.answer is Answer.ALLOWED
            if allowed and held.envelope is not None:
                envelopes.add(held.envelope)
            sure = not (allowed and unread is not None)
            answers[(held.answer if sure else Answer.UNDETERMINED).value] += 1
            codes[held.code if sure else "withdrawal-not-consulted"] += 1
    spent = tuple(_with_budget(registry, sorted(envelopes)))
    return Reliance(dict(answers), dict(codes), spent, unread)


def _with_budget(registry: Registry, envelopes: list[bytes]) -> Iterator[Cid]:
    found = registry.store.records.get(envelopes)
    for stored in sorted(found.values(), key=lambda each: each.sequence):
        said = stored.record.predicate
        if isinstance(said, Consent) and budget_of(said) is not None:
            yield Cid(DAG_JSON, stored.record.envelope_cid.digest)


def _read_chain(registry: Registry) -> DomainError | None:
    if registry.identity is None:
        return None
    try:
        keep_current(registry)
    except DomainError as error:
        return error
    return None
