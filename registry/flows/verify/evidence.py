"""Evidence bundles: one CAR that lets a stranger check a work offline.

It decides the bundle's root block and what is in it. It carries no trust: keys, issuers and chain
come from whoever checks (``verify``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from rakkan.registry.content.car import CarFile, read_car, write_car
from rakkan.registry.flows.verify.dossier import AnchorReceipt, Dossier, Membership, Testimony
from rakkan.registry.ports import Block
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import DomainError, Invalid, NotFound
from rakkan.schemas.record import Record
from rakkan.schemas.statement import DigestText, Envelope, Hex32, Link, Origin, Value, parse_model
from rakkan.schemas.values import Cid, Digest

EVIDENCE: Final = "rakkan-evidence/1"


class MemberProof(Value):
    """That the work is in the collection of a consent: under which name, where, and the proof."""

    digest: DigestText
    index: int = Field(ge=0)
    proof: tuple[Hex32, ...] = Field(default=(), max_length=64, strict=False)


class Exhibit(Value):
    """A record in a bundle: its envelope, its place in the log, its proof, and what it is shown to hold."""

    envelope: Link
    index: int | None = Field(default=None, ge=0)
    proof: tuple[Hex32, ...] = Field(default=(), max_length=64, strict=False)
    members: tuple[MemberProof, ...] | None = Field(default=None, max_length=8, strict=False)


class EvidenceRoot(Value):
    """The root block of a bundle, listing its parts."""

    evidence: Literal["rakkan-evidence/1"]
    origin: Origin
    matched: DigestText
    work: Exhibit
    consents: tuple[Exhibit, ...] = Field(default=(), max_length=256, strict=False)
    withdrawals: tuple[Exhibit, ...] = Field(default=(), max_length=256, strict=False)
    linked: tuple[Exhibit, ...] | None = Field(default=None, max_length=4096, strict=False)
    size: int = Field(ge=0)
    root: str = Field(pattern="^([0-9a-f]{64})?$")
    note: str = Field(max_length=4096)
    anchor: AnchorReceipt | None = None


def pack(dossier: Dossier) -> tuple[Cid, bytes]:
    """Write a dossier as a CAR; the same dossier gives the same bytes.

    Returns:
        CID of the root block, and the CAR.
    """
    root = EvidenceRoot(
        evidence=EVIDENCE,
        origin=dossier.origin,
        matched=str(dossier.matched),
        work=_exhibit(dossier.work),
        consents=tuple(_exhibit(each) for each in dossier.consents),
        withdrawals=tuple(_exhibit(each) for each in dossier.withdrawals),
        linked=tuple(_exhibit(each) for each in dossier.linked) or None,
        size=dossier.size,
        root=dossier.root.hex(),
        note=dossier.note.decode(),
        anchor=dossier.anchor,
    )
    blocks = {}
    head = Block.of(canonical(root.to_json()))
    for block in [
        head,
        *(block for each in dossier.all for block in _blocks(each)),
    ]:
        blocks[block.cid] = block
    return head.cid, write_car(head.cid, list(blocks.values()))


def unpack_file(path: Path) -> Dossier:
    """Read a bundle from a file; see :func:`unpack`, whose errors name the file here.

    Raises:
        NotFound: ``file-missing``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"The bundle {path} cannot be read: {error.strerror}.",
            code="file-missing",
            hint="Check the path.",
        ) from error
    try:
        return unpack(content)
    except DomainError as error:
        raise error.about(
            f"The bundle {path} is not whole",
            hint="Get it again from whoever packed it, as `rakkan evidence pack` wrote it.",
        ) from error


def unpack(content: bytes) -> Dossier:
    """Read a bundle back; every block is hashed, nothing in it is believed.

    Raises:
        Invalid: ``car-form``, ``bundle-form``, ``shape``, ``not-canonical``.
        Integrity: ``block-digest``.
    """
    car = read_car(content)
    if len(car.roots) != 1 or car.roots[0] not in car.blocks:
        raise Invalid("The bundle does not have exactly one root block.", code="bundle-form")
    root = parse_model(EvidenceRoot, parse_canonical(car.blocks[car.roots[0]]))
    return Dossier(
        origin=root.origin,
        matched=Digest.parse(root.matched),
        alias=False,
        work=_testimony(car, root.work, "work"),
        consents=tuple(_testimony(car, each, "consent") for each in root.consents),
        withdrawals=tuple(_testimony(car, each, "withdrawal") for each in root.withdrawals),
        linked=tuple(_testimony(car, each) for each in root.linked or ()),
        size=root.size,
        root=bytes.fromhex(root.root),
        note=root.note.encode(),
        anchor=root.anchor,
    )


def _exhibit(testimony: Testimony) -> Exhibit:
    members = tuple(
        MemberProof(
            digest=str(each.digest), index=each.index, proof=tuple(step.hex() for step in each.proof or ())
        )
        for each in testimony.memberships
        if each.index is not None
    )
    return Exhibit(
        envelope=Link.to(testimony.record.envelope_cid),
        index=testimony.index,
        proof=tuple(step.hex() for step in testimony.proof),
        members=members or None,
    )


def _blocks(testimony: Testimony) -> tuple[Block, Block]:
    record = testimony.record
    return Block(record.envelope_cid, record.envelope), Block(record.record_id, record.statement)


def _testimony(car: CarFile, exhibit: Exhibit, kind: str = "") -> Testimony:
    envelope = _block(car.blocks, exhibit.envelope.cid)
    links = parse_model(Envelope, parse_canonical(envelope))
    record = Record.parse(_block(car.blocks, links.statement.cid), envelope)
    if kind and record.kind != kind:
        raise Invalid(f"The bundle shows a {record.kind} record as a {kind}.", code="bundle-form")
    memberships = tuple(
        Membership(Digest.parse(each.digest), each.index, tuple(bytes.fromhex(step) for step in each.proof))
        for each in exhibit.members or ()
    )
    return Testimony(record, exhibit.index, tuple(bytes.fromhex(step) for step in exhibit.proof), memberships)


def _block(blocks: Mapping[Cid, bytes], cid: Cid) -> bytes:
    found: Any = blocks.get(cid)
    if found is None:
        raise Invalid(
            f"The bundle lacks its block {cid}.", code="bundle-form", hint="Ask for a whole bundle."
        )
    return bytes(found)
