"""News as documents: the same for who follows the feed over HTTP and for whom it is sent to.

It decides the members, and that nothing is named that is not public. A consent is named only where its own authority
took it back: anybody can withdraw any key in their own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rakkan.registry.rules.telling import DISPUTED, TAKEN
from rakkan.registry.store.events import Event
from rakkan.registry.store.records import Records, StoredRecord
from rakkan.schemas.consent import Consent
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant, from_unix
from rakkan.schemas.values import DAG_JSON, Cid


def documents(records: Records, events: Sequence[Event]) -> list[dict[str, Any]]:
    """What is told of each event.

    Args:
        records: Published ones alone.
        events: In order.
    """
    named = records.get(sorted({event.news.about for event in events}))
    return [document(event, named) for event in events]


def document(event: Event, named: Mapping[bytes, StoredRecord]) -> dict[str, Any]:
    """What is told of one event; ``named`` holds what is public of what it is about."""
    news, about = event.news, named.get(event.news.about)
    told: dict[str, Any] = {
        "cursor": event.cursor,
        "state": news.kind,
        "at": format_instant(from_unix(news.at)),
        "noticedAt": format_instant(event.noticed_at),
        "consent": _names(about) if about is not None and _told_of(about, news.authority) else None,
        "recordId": None if news.record_id is None else str(Cid(DAG_JSON, news.record_id)),
        "item": None if news.item is None else news.item.hex(),
    }
    if news.kind == DISPUTED:
        told["target"] = None if about is None else {"kind": about.kind, **_names(about)}
    if news.kind in TAKEN and news.authority and news.key:
        told |= {
            "source": "chain" if news.record_id is None else "record",
            "block": news.block,
            "authority": str(Address(news.authority)),
            "key": news.key.hex(),
        }
    return told


def can_take_back(authority: bytes, stored: StoredRecord) -> bool:
    """Whether a record is a consent, and that address the one that can take it back."""
    said = stored.record.predicate
    return isinstance(said, Consent) and Address.parse(said.withdrawal.authority).raw == authority


def _told_of(about: StoredRecord, authority: bytes | None) -> bool:
    return about.kind == "consent" and (authority is None or can_take_back(authority, about))


def _names(stored: StoredRecord) -> dict[str, str]:
    return {"recordId": str(stored.record.record_id), "envelope": str(stored.record.envelope_cid)}
