"""Which verdicts rely on a consent that was taken back since, and on which.

It decides what makes a verdict stale: a withdrawal, by record or on chain, of a consent that it relies
on or of one work out of it, under whichever of the work's names. The verdict itself stays what it was:
right about its own instant. Whether an approval stands on chain is the gate's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rakkan.registry.flows.withdraw.watching import keep_current
from rakkan.registry.flows.withdraw.withdrawn import on_file
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.registry.service import Registry
from rakkan.registry.store.verdicts import StoredVerdict
from rakkan.schemas.consent import WithdrawalMode
from rakkan.schemas.errors import DomainError
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import DAG_JSON, Cid, Digest
from rakkan.schemas.verdict import Reliance

SHOWN: Final = 100
"""Causes that a document names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One withdrawal that makes a verdict stale.

    Attributes:
        consent: recordId digest of the consent that was relied on.
        authority: Who took it back, 20 bytes.
        key: Under which key, 32 bytes.
        at: From when on it was known.
        items: Dataset items that relied on it.
    """

    consent: bytes
    authority: bytes
    key: bytes
    at: datetime
    items: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """As documents show it; of many items the first."""
        return {
            "consent": str(Cid(DAG_JSON, self.consent)),
            "authority": f"0x{self.authority.hex()}",
            "key": self.key.hex(),
            "whole": self.key == self.consent,
            "withdrawnAt": format_instant(self.at),
            "items": len(self.items),
            "first": f"sha256:{self.items[0].hex()}",
        }


def causes(registry: Registry, verdict: StoredVerdict) -> list[Cause]:
    """What was taken back of what a verdict relies on, as far as it is known here, earliest first."""
    withdrawn = registry.store.withdrawals.pairs()
    authorities = {authority for authority, _ in withdrawn}
    relied = [each for each in Reliance.read(verdict.reliance) if each.authority in authorities]
    # what the gate lets no brake bite on stands, and so does what relies on it
    relied = [each for each in relied if each.mode != WithdrawalMode.IRREVOCABLE.code]
    names = _names(registry, {each.item for each in relied})
    hit: dict[tuple[bytes, bytes, bytes], list[bytes]] = {}
    for each in relied:
        keys = [withdrawal_key(each.record_id, name) for name in (None, *names[each.item])]
        for key in keys:
            if (each.authority, key) in withdrawn:
                hit.setdefault((each.record_id, each.authority, key), []).append(each.item)
    seen = on_file(registry, [(authority, key) for _, authority, key in hit])
    found = [
        Cause(consent, authority, key, moment, tuple(items))
        for (consent, authority, key), items in hit.items()
        if (moment := seen[authority, key].at) is not None
    ]
    return sorted(found, key=lambda cause: (cause.at, cause.key))


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a verdict still has the consents that it relies on.

    Attributes:
        stale: None if the chain could not be asked: what is on file alone cannot say no.
        causes: What was taken back.
        why: Why nobody can tell, if so.
    """

    stale: bool | None
    causes: tuple[Cause, ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The members that documents about verdicts have."""
        return {
            "stale": self.stale,
            "staleCauses": [cause.to_json() for cause in self.causes[:SHOWN]],
            "staleCausesTotal": len(self.causes),
        }


FRESHLY_MADE: Final = Standing(stale=False)
"""What a verdict is while it is made: withdrawals were looked up for it."""


def standing(
    registry: Registry, verdict: StoredVerdict, *, look: Callable[[Registry], None] = keep_current
) -> Standing:
    """Look, by the newest block, whether a verdict is stale.

    Args:
        registry: Who knows.
        verdict: Which.
        look: Has the chain's withdrawals read.
    """
    why = ""
    try:
        look(registry)
    except DomainError as error:
        why = str(error)
    found = tuple(causes(registry, verdict))
    return Standing(True if found else None if why and verdict.reliance else False, found, why)


def note(registry: Registry) -> Iterable[tuple[bytes, list[Cause]]]:
    """Mark verdicts that became stale since the last time; each is told once.

    Nothing is done while no withdrawal came in. A mark says that it was noticed; answers look anew.
    """
    verdicts, count = registry.store.verdicts, registry.store.withdrawals.count()
    if count == verdicts.examined():
        return
    for record_id in verdicts.unmarked():
        stored = verdicts.get(record_id)
        found = causes(registry, stored) if stored is not None else []
        if found:
            verdicts.mark_stale(record_id, registry.clock.now())
            yield record_id, found
    verdicts.note_examined(count)


def _names(registry: Registry, items: Iterable[bytes]) -> Mapping[bytes, list[bytes]]:
    """Under which identifiers a withdrawal for each of these works may stand; its own is one."""
    names = {item: {item} for item in items}
    if not names:
        return {}
    matches = registry.store.records.find([Digest("sha256", item) for item in names], "work")
    works = registry.store.records.get(sorted({match.record_id for match in matches}))
    for match in matches:
        if match.record_id in works:
            subjects = works[match.record_id].record.parsed.subject
            names[match.digest.raw].update(digest.raw for each in subjects for digest in each.digests)
    return {item: sorted(found) for item, found in names.items()}
