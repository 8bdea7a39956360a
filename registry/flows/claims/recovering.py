"""A lost or stolen key: what its guardians, or who followed it, can say about it together.

It decides which guardianship counts when a draft is made: the last that the owner named before the loss, so that
guardians whom a thief names have no say. Whether what was signed then holds is decided in
``rakkan.registry.rules.actors``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rakkan.registry.flows.claims.cosigning import Draft, new_draft
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.service import Registry
from rakkan.schemas.errors import NotFound
from rakkan.schemas.instant import format_instant, parse_instant
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Link, Subject
from rakkan.schemas.values import Cid


def guardianship(registry: Registry, lost: str, *, before: datetime | None = None, name: str = "") -> Record:
    """The record in which the owner of a key named guardians.

    Args:
        registry: Where it is known.
        lost: DID of the key.
        before: The last before then; None for the last before the earliest loss that is stated, if any.
        name: Its CID, to take that one whatever else there is.

    Raises:
        NotFound: ``guardians-unknown``.
    """
    records = registry.store.records
    matches = records.find([actor_digest(lost)], "key")
    stored = sorted(records.get([match.record_id for match in matches]).values(), key=lambda s: s.sequence)
    changes = [(each, each.record.predicate) for each in stored]
    losses = [
        parse_instant(said.since)
        for _, said in changes
        if isinstance(said, KeyChange) and said.actor == lost and said.since is not None
    ]
    before = before or min(losses, default=None)
    found = [
        each
        for each, said in changes
        if isinstance(said, KeyChange) and (said.actor, said.action) == (lost, "guardians")
    ]
    if name:
        digest = Cid.parse(name).digest
        named = [
            each
            for each in found
            if digest in (each.record.record_id.digest, each.record.envelope_cid.digest)
        ]
    else:
        named = [each for each in found if before is None or each.accepted_at < before]
    if not named:
        raise NotFound(
            f"No guardians of {lost} are known here"
            + (f" from before {format_instant(before)}." if before is not None and not name else "."),
            code="guardians-unknown",
            hint="Guardians are named with `rakkan key guardians`, while the key is still in your hands.",
        )
    return named[-1].record


def recovery(registry: Registry, lost: str, successor: str, named: Record) -> Draft:
    """A draft by which a new key follows a lost one; the new key and enough of the guardians sign it."""
    said = {
        "action": "recover",
        "successor": successor,
        "guardianship": Link.to(named.envelope_cid).to_json(),
    }
    return _draft(registry, lost, said)


def loss(registry: Registry, lost: str, since: datetime, named: Record | None) -> Draft:
    """A draft that says since when a key is in other hands; enough of the guardians sign it, or a successor."""
    said: dict[str, object] = {"action": "compromised", "since": format_instant(since)}
    if named is not None:
        said["guardianship"] = Link.to(named.envelope_cid).to_json()
    return _draft(registry, lost, said)


def _draft(registry: Registry, lost: str, said: Mapping[str, object]) -> Draft:
    digest = actor_digest(lost)
    stated = {"actor": lost, "statedAt": format_instant(registry.clock.now()), **said}
    return new_draft(registry, "key", [Subject(name="actor", digest={digest.kind: digest.hex})], stated)
