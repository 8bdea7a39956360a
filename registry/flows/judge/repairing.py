"""Repairing a dataset: the largest part of it that a policy approves now, as a lock of its own.

It decides what is gathered and as of when (as a verdict would), and how what stays becomes a lock. Which items
are dropped is decided in ``rakkan.registry.rules.repair``. Nothing is signed, kept or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rakkan.registry.flows.judge.gathering import community, gather
from rakkan.registry.rules.dataset import Lock
from rakkan.registry.rules.policy.document import Policy
from rakkan.registry.rules.repair import Repair, repair
from rakkan.registry.service import Registry


@dataclass(frozen=True, slots=True)
class Repaired:
    """A dataset, repaired.

    Attributes:
        repair: What to drop, and how the rest is judged.
        lock: The lock of what stays.
        at: As of when.
    """

    repair: Repair
    lock: Lock
    at: datetime


def repair_dataset(registry: Registry, lock: Lock, policy: Policy) -> Repaired:
    """Find what to drop so that the policy passes now.

    Raises:
        Unavailable: If the chain that the home has cannot be asked; ``repair-unsolved``.
    """
    evidence = gather(registry, lock)
    at = evidence.instant
    found = repair(evidence.items, policy, grantee_self=community(registry), instant=at)
    stay = {(each.item, each.training_input) for each in found.kept}
    return Repaired(
        found, Lock.of(each for each in lock.items if (each.sha256, each.training_input) in stay), at
    )
