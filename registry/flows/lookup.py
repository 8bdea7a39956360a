"""From a name to records: CIDs, digests and files looked up; what looks alike found.

It decides which identifier counts first, and that likeness never passes for sameness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.image import CheckedImage, read_image
from rakkan.registry.rules.likeness import MATCH_BITS, MIN_QUALITY, telling
from rakkan.schemas.errors import DomainError, NotFound
from rakkan.schemas.values import Cid, Digest, Fingerprint

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.store.records import Match, StoredRecord


def resolve(registry: Registry, text: str) -> StoredRecord:
    """The record that a CID, a digest or an image file names.

    Raises:
        NotFound: ``record-unknown``.
        Invalid: ``digest-form``, ``cid-form``, or as for unreadable images.
    """
    return resolve_all(registry, [text])[text][0]


def resolve_all(registry: Registry, names: Sequence[str]) -> dict[str, list[StoredRecord]]:
    """As :func:`resolve`, for many names: all records that a name fits equally well, the earliest first.

    Raises:
        NotFound: ``record-unknown``, for the first name that fits none.
        Invalid: As there.
    """
    records = registry.store.records
    asked = {name: _asked(name) for name in names}
    digests = [digest for each in asked.values() if isinstance(each, list) for digest in each]
    matches: dict[Digest, list[Match]] = {}
    for match in records.find(digests, "work"):
        matches.setdefault(match.digest, []).append(match)
    ids = {name: [each] if isinstance(each, bytes) else _best(each, matches) for name, each in asked.items()}
    stored = records.get(sorted({record_id for each in ids.values() for record_id in each}))
    found = {name: [stored[each] for each in dict.fromkeys(ids[name]) if each in stored] for name in names}
    for name, each in found.items():
        if not each:
            raise NotFound(
                f"Nothing is registered here under {name}.",
                code="record-unknown",
                hint="Check the name, or name the --home that has it.",
            )
    return found


def _asked(name: str) -> bytes | list[Digest]:
    """What a name is: the digest in a CID, or identifiers of a work, the strongest first."""
    if is_cid(name):
        return Cid.parse(name).digest
    if is_digest(name):
        return [Digest.parse(name)]
    try:
        return identifiers(read_image(Path(name)))
    except UnreadableImage as error:
        if error.code != "image-missing":
            raise
        raise UnreadableImage(
            error.message,
            code=error.code,
            hint="Name an image file, a digest as kind:hex, or the CID of a record (baguqeera…).",
        ) from error


def _best(names: Sequence[Digest], matches: Mapping[Digest, Sequence[Match]]) -> list[bytes]:
    """What carries the strongest identifier for its own, or else for an alias."""
    for alias in (False, True):
        for name in names:
            if fitting := [each.record_id for each in matches.get(name, ()) if each.alias == alias]:
                return fitting
    return []


def identifiers(image: CheckedImage) -> list[Digest]:
    """Under which digests an image file can be looked up, the strongest first.

    A credential that does not hold for this very file names nothing: else a manifest planted in another
    picture would make it the work that was signed.
    """
    from rakkan.manifests.container import manifest_store
    from rakkan.manifests.read import read_manifest

    try:
        carries = manifest_store(image.container) is not None
    except DomainError:
        return [image.sha256]
    identity = read_manifest(image, None).identity if carries else None
    return [identity.c2pa_claim, image.sha256] if identity else [image.sha256]


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
