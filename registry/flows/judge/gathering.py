"""Gathering: the evidence on which a verdict rests, for every item, as of one instant.

It decides what is gathered and as of when: the newest block, and the newest log head anchored in it. What the
evidence means is decided in ``rakkan.registry.rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rakkan.registry.flows.consent.cases import open_casebook
from rakkan.registry.flows.withdraw.withdrawn import look_up
from rakkan.registry.ports import ChainHead
from rakkan.registry.rules.audit import Audit, ItemEvidence, audit
from rakkan.registry.rules.case import Case
from rakkan.registry.rules.consent import ConsentFact
from rakkan.registry.rules.dataset import Lock
from rakkan.registry.rules.policy.document import Policy
from rakkan.registry.rules.tree import root_of
from rakkan.registry.service import Registry
from rakkan.schemas.values import Digest


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a verdict about a dataset rests on.

    Attributes:
        items: For each pair of item and training input, in dataset order.
        instant: When the use begins, and what is known: the block's time, or now where there is no chain.
        head: The newest block, or None.
        log_size: Size of the log that is known.
        log_root: Its root.
    """

    items: list[ItemEvidence]
    instant: datetime
    head: ChainHead | None
    log_size: int
    log_root: bytes

    def judge(self, policy: Policy, grantee_self: str) -> Audit:
        """What a policy says of it; arguments as of ``rakkan.registry.rules.audit.audit``."""
        return audit(self.items, policy, grantee_self=grantee_self, instant=self.instant)


def gather(registry: Registry, lock: Lock) -> Evidence:
    """The evidence for a dataset, as of the newest anchored log head and the newest block.

    The same items, log and block give the same evidence.

    Raises:
        Unavailable: If the chain that the home has cannot be asked: no answer is made up.
    """
    head = registry.ledger.head() if registry.identity is not None else None
    size, root = _as_of(registry, head)
    items = gather_items(registry, [(each.sha256, each.training_input) for each in lock.items], size)
    return Evidence(items, head.time if head else registry.clock.now(), head, size, root)


def gather_items(registry: Registry, items: Sequence[tuple[bytes, bytes]], size: int) -> list[ItemEvidence]:
    """The evidence for every item, in the order given; a handful of queries for any number of items.

    Args:
        registry: Where the records are.
        items: sha256 of each item and of its training input.
        size: Of the log that is known.

    A work has several names, and a withdrawal for this one work is under one of them: each is looked
    for. A record beyond the log's size has no place yet: it may deny, and cannot grant.
    """
    named = {item: Digest("sha256", item) for item, _ in items}
    book = open_casebook(registry, list(named.values()), size=size)
    pairs = {pair for digest in named.values() for pair in book.pairs([digest])}
    withdrawn = {pair: seen.at for pair, seen in look_up(registry, pairs).items() if seen.at is not None}
    evidence: dict[bytes, tuple[bytes | None, tuple[ConsentFact, ...], Case]] = {}
    for item, digest in named.items():
        logged = [each for each in book.works([digest]) if each.log_index is not None]
        first = min(logged, key=lambda each: each.log_index or 0, default=None)
        evidence[item] = (first.record_id if first else None, *book.about([digest], withdrawn))
    return [ItemEvidence(item, training_input, *evidence[item]) for item, training_input in items]


def community(registry: Registry) -> str:
    """Whom ``self`` in a policy means here: the gate (CAIP-10), or ``public`` where there is none."""
    identity = registry.identity
    if identity is None or identity.gate is None:
        return registry.community.gate or "public"
    return f"eip155:{identity.chain_id}:{identity.gate}"


def _as_of(registry: Registry, head: ChainHead | None) -> tuple[int, bytes]:
    """Size and root of the log that is known: with a chain, of the newest head anchored in it."""
    log = registry.store.log
    if head is None:
        newest = log.head()
        return (newest.size, newest.root) if newest else (0, root_of(b""))
    anchors = log.anchors()
    transactions = registry.store.outbox.get([name for _, _, name in anchors])
    for size, root, name in reversed(anchors):
        done = transactions.get(name)
        if done and done.state in ("mined", "final") and (done.block_number or 0) <= head.number:
            return size, root
    return 0, root_of(b"")
