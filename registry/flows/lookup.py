"""From a name to records: CIDs, digests and files looked up; what looks alike found.

It decides which identifier counts first, and that likeness never passes for sameness.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.manifests.image import CheckedImage, read_image
from rakkan.registry.rules.likeness import MATCH_BITS, MIN_QUALITY, telling
from rakkan.schemas.errors import DomainError, NotFound
from rakkan.schemas.values import Cid, Digest, Fingerprint

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.store.records import StoredRecord


def resolve(registry: Registry, text: str) -> StoredRecord:
    """The record that a CID, a digest or an image file names.

    Raises:
        NotFound: ``record-unknown``.
        Invalid: ``digest-form``, ``cid-form``, or as for unreadable images.
    """
    records = registry.store.records
    if is_cid(text):
        digest = Cid.parse(text).digest
        found = records.get([digest]).get(digest)
    else:
        names = [Digest.parse(text)] if is_digest(text) else identifiers(read_image(Path(text)))
        order = {name: rank for rank, name in enumerate(names)}
        matches = sorted(records.find(names, "work"), key=lambda match: (match.alias, order[match.digest]))
        found = records.get([matches[0].record_id])[matches[0].record_id] if matches else None
    if found is None:
        raise NotFound(
            f"Nothing is registered here under {text}.",
            code="record-unknown",
            hint="Check the name, or name the --home that has it.",
        )
    return found


def identifiers(image: CheckedImage) -> list[Digest]:
    """Under which digests an image file can be looked up, the strongest first."""
    from rakkan.manifests.container import manifest_store, walk
    from rakkan.manifests.jumbf import identify

    try:
        store = manifest_store(walk(image.content))
        return [identify(store).c2pa_claim, image.sha256] if store else [image.sha256]
    except DomainError:
        return [image.sha256]


def published(registry: Registry, digests: Sequence[Digest]) -> dict[Digest, Cid]:
    """The envelopes of the public works among those that these identifiers name; the first of each."""
    matches = registry.store.records.find(digests, "work")
    stored = registry.store.records.get(sorted({match.record_id for match in matches}))
    found: dict[Digest, Cid] = {}
    for match in matches:
        if stored[match.record_id].publish:
            found.setdefault(match.digest, stored[match.record_id].record.envelope_cid)
    return found


def similar(registry: Registry, prints: Sequence[Fingerprint]) -> StoredRecord | None:
    """The registered work that looks most alike, if any is within the match distance; never called the same."""
    ours = telling(prints)
    best: tuple[int, bytes] | None = None
    for record_id, alg, pipeline, bits, quality in registry.store.records.fingerprints():
        mine = ours.get((alg, pipeline))
        if mine is None or quality < MIN_QUALITY:
            continue
        distance = mine.distance(Fingerprint(alg, pipeline, bits, quality))
        if distance <= MATCH_BITS and (best is None or (distance, record_id) < best):
            best = (distance, record_id)
    if best is None:
        return None
    return registry.store.records.get([best[1]])[best[1]]


def is_digest(text: str) -> bool:
    """Whether a name is meant as a digest, not as a file."""
    return (
        ":" in text
        and "/" not in text
        and text.partition(":")[0] in ("sha256", "c2paClaim", "c2paHardBinding")
    )


def is_cid(text: str) -> bool:
    """Whether a name is meant as a CID, not as a file."""
    return text.startswith(("baguqe", "bafkre")) and len(text) > 50 and "." not in text
