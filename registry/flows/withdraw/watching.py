"""Reading the contract's withdrawals as they are made, by whomever, block after block.

It decides how far events have been read, from where they are read again after blocks were undone, and
when what is known is current. What a withdrawal means is for ``rakkan.registry.rules.consent``.

The cursor names the newest block that was read by height *and* hash, and the newest final one likewise.
If the former is still where it was, only what came after it is read; else everything after the latter.
What was read counts only if the head was the same before and after: no reading mixes two branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rakkan.registry.ledger.consent_calls import WITHDRAWN, ChainWithdrawal, read_withdrawn
from rakkan.registry.ports import ChainHead, ChainIdentity
from rakkan.registry.service import Registry
from rakkan.registry.store.withdrawals import Cursor
from rakkan.schemas.errors import Unavailable

BLOCKS: Final = 2_000
"""Blocks that one question is about; half as many after a node refused."""

QUESTIONS: Final = 64
"""Questions in one look; a home that was away for long needs several."""

_TRIES: Final = 5  # should blocks be undone, or somebody else read, in the meantime


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the contract brought.

    Attributes:
        cursor: How far it has been read.
        head: The newest block when it began.
        found: Withdrawals in the blocks that were read, those that are read again included.
    """

    cursor: Cursor
    head: ChainHead
    found: int

    @property
    def current(self) -> bool:
        """Whether everything up to that block is known."""
        return self.cursor.number >= self.head.number


def watch(registry: Registry) -> Look | None:
    """Read what was withdrawn since the last look; None without a chain.

    Raises:
        Unavailable: ``chain-unavailable``, also if blocks are undone faster than they are read.
        Integrity: ``chain-identity``, ``event-form``.
    """
    identity = registry.identity
    if identity is None:
        return None
    for _ in range(_TRIES):
        look = _look(registry, identity)
        if look is not None:
            return look
    raise Unavailable(
        "The chain changes while it is read.",
        code="chain-unavailable",
        hint="It is tried again with the next look.",
    )


def keep_current(registry: Registry) -> None:
    """Have all withdrawals up to the newest block on file; nothing to do without a chain.

    Raises:
        Unavailable: ``chain-behind``, if there is more to read than one look does; and as :func:`watch`.
        Integrity: As :func:`watch`.
    """
    look = watch(registry)
    if look is not None and not look.current:
        raise Unavailable(
            f"Withdrawals are read up to block {look.cursor.number} of {look.head.number}: "
            "nobody can tell yet what is withdrawn.",
            code="chain-behind",
            hint="Run `rakkan worker` until it has caught up, and ask again.",
        )


def _look(registry: Registry, identity: ChainIdentity) -> Look | None:
    """One look; None if it has to be begun anew."""
    ledger, withdrawals, contract = registry.ledger, registry.store.withdrawals, identity.consents.raw
    head, before = ledger.head(), withdrawals.cursor(contract)
    since = registry.config.chain.since if registry.config.chain else 0
    first = _first(registry, before, since)
    unmoved = before is not None and first == before.number + 1 > head.number
    if before is not None and unmoved and head.final_number <= before.final_number:
        return Look(before, head, 0)  # nothing is new, and nothing became final
    read, found = _read(registry, identity, first, head.number)
    reached = ledger.block(read) if read >= 0 else None
    final = min(head.final_number, read)
    settled = reached if final == read else ledger.block(final)
    if reached is None or settled is None or not _stands(registry, head.number, head.hash):
        return None
    after = Cursor(read, reached.hash, final, settled.hash)
    if not withdrawals.advance(contract, before, after, first=first, found=found, now=registry.clock.now()):
        return None
    return Look(after, head, len(found))


def _first(registry: Registry, before: Cursor | None, since: int) -> int:
    """The first block that has to be read."""
    if before is None:
        return since
    if _stands(registry, before.number, before.hash):
        return before.number + 1
    if _stands(registry, before.final_number, before.final_hash):
        return before.final_number + 1
    return since  # behind what was final: a local chain that died, or a node that was wrong about it


def _stands(registry: Registry, number: int, block_hash: bytes) -> bool:
    """Whether that block is still where it was."""
    block = registry.ledger.block(number)
    return block is not None and block.hash == block_hash


def _read(
    registry: Registry, identity: ChainIdentity, first: int, newest: int
) -> tuple[int, list[ChainWithdrawal]]:
    """Withdrawals from block ``first`` on; and the last block up to which they are complete."""
    found: list[ChainWithdrawal] = []
    span, start = BLOCKS, first
    for _ in range(QUESTIONS):
        if start > newest:
            break
        last = min(start + span - 1, newest)
        events = registry.ledger.events(identity.consents, WITHDRAWN, start, last)
        if events is None:
            span = max(1, (last - start + 1) // 2)
            continue
        found += [read_withdrawn(identity, event) for event in events]
        start = last + 1
    return start - 1, found
