"""Drafting the work record of one stamped image: what is said openly, and what only committed to.

It decides the line between public and private (DESIGN "Private until published"). It is pure but for
the salts, which are random.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rakkan.manifests.generator import GeneratorRecord
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.jumbf import ManifestIdentity
from rakkan.registry.rules.sealing import commitment
from rakkan.registry.store.stamps import PrivateField
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Cid, Digest, Fingerprint
from rakkan.schemas.work import Work

DISCLOSABLE: Final = ("prompt", "workflow", "parents")


@dataclass(frozen=True, slots=True)
class ParentUse:
    """A work that this one was made from.

    Attributes:
        relation: ``parentOf``, ``inputTo`` or ``componentOf``.
        digest: Its canonical identifier.
        envelope: Its record's envelope, if it is published.
    """

    relation: str
    digest: Digest
    envelope: Cid | None


@dataclass(frozen=True, slots=True)
class WorkDraft:
    """A statement ready to be signed, and the private fields whose commitments it holds."""

    statement: bytes
    fields: tuple[PrivateField, ...]


def draft_work(
    *,
    origin: str,
    creator: str,
    making: str,
    at: datetime,
    source: CheckedImage,
    identity: ManifestIdentity,
    output: Digest,
    fingerprints: Sequence[Fingerprint],
    generator: GeneratorRecord | None,
    parents: Sequence[ParentUse],
    disclose: Collection[str],
    label: str,
) -> WorkDraft:
    """Draft the ``work`` statement of a stamped image.

    Args:
        origin: Audience.
        creator: DID of the one who signs.
        making: ``generated`` or ``edited``.
        at: When it was stamped.
        source: The input file.
        identity: Identity of the new C2PA manifest.
        output: sha256 of the stamped file.
        fingerprints: What it looks like.
        generator: What the generator left in the file.
        parents: What it was made from.
        disclose: Which of :data:`DISCLOSABLE` the owner wants public.
        label: Display name of the creator; stays private.

    Raises:
        Invalid: ``record-too-large``, if what is to be disclosed does not fit into a record.
    """
    texts = dict(generator.private) if generator else {}
    texts["file"] = source.name
    if label:
        texts["creator"] = label
    open_parents: list[ParentUse] = []
    closed: list[ParentUse] = []
    for parent in parents:
        (open_parents if parent.envelope or "parents" in disclose else closed).append(parent)
    texts.update(
        (f"lineage/{position}", f"{each.relation} {each.digest}") for position, each in enumerate(closed)
    )
    disclosed = {name: texts.pop(name) for name in DISCLOSABLE if name in disclose and name in texts}
    fields = tuple(PrivateField(name, secrets.token_bytes(32), text) for name, text in sorted(texts.items()))
    value: dict[str, Any] = {
        "audience": origin,
        "creator": creator,
        "making": making,
        "stampedAt": format_instant(at),
        "asset": {"mediaType": source.media_type, "width": source.width, "height": source.height},
        "sourceDigest": str(source.sha256),
        "fingerprints": [
            {"alg": each.alg, "pipeline": each.pipeline, "bits": each.bits.hex(), "quality": each.quality}
            for each in fingerprints
        ],
        "parents": [_parent(each) for each in open_parents],
        "commitments": [
            {"name": each.name, "value": commitment(each.salt, each.text).hex()} for each in fields
        ],
        "disclosed": [{"name": name, "text": text} for name, text in disclosed.items()],
    }
    if generator is not None:
        value["generation"] = generator.generation.to_json()
    digest = {identity.c2pa_claim.kind: identity.c2pa_claim.hex, "sha256": output.hex}
    if identity.hard_binding is not None:
        digest[identity.hard_binding.kind] = identity.hard_binding.hex
    subject = Subject(name="work", digest=digest)
    return WorkDraft(statement_bytes("work", [subject], parse_model(Work, value)), fields)


def _parent(parent: ParentUse) -> dict[str, Any]:
    value: dict[str, Any] = {"relation": parent.relation, "digest": str(parent.digest)}
    if parent.envelope is not None:
        value["record"] = parent.envelope.link
    return value
