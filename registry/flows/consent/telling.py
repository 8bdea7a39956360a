"""News as documents: the same for who follows the feed over HTTP and for whom it is sent to.

It decides the members, and that nothing is named that is not public. A consent is named only where its own authority
took it back: anybody can withdraw any key in their own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rakkan.registry.rules.telling import DISPUTED, TAKEN
from rakkan.registry.store.events import Event, Events, Named
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import format_instant, from_unix
from rakkan.schemas.values import DAG_JSON, Cid


def documents(store: Events, events: Sequence[Event]) -> list[dict[str, Any]]:
    """What is told of each of these events, in order."""
    named = store.named({event.news.about for event in events})
    return [document(event, named) for event in events]


def document(event: Event, named: Mapping[bytes, Named]) -> dict[str, Any]:
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


def _told_of(about: Named, authority: bytes | None) -> bool:
    return about.kind == "consent" and authority in (None, about.authority)


def _names(about: Named) -> dict[str, str]:
    return {
        "recordId": str(Cid(DAG_JSON, about.record_id)),
        "envelope": str(Cid(DAG_JSON, about.envelope)),
    }
