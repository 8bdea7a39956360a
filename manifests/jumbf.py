"""A C2PA manifest store: its manifests, their claims and assertions, and the name a stamped image has.

It decides identity: the digest of the active manifest's claim, found by this walk alone (C2PA
§11.1). Claims and assertions are taken apart, and assertions compared with the digests in the
claim. It leaves out whether the signature holds (``rakkan.manifests.cose``, the C2PA engine) and
what the assertions mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rakkan.manifests.boxes import ContentBox, Superbox, malformed, read_superbox
from rakkan.manifests.decoding import read_cbor, read_json
from rakkan.manifests.uri import base_label, manifest_of, split_assertion
from rakkan.schemas.values import Digest

_TAIL: Final = bytes.fromhex("00110010800000aa00389b71")
_STORE, _ASSERTIONS, _CLAIM, _SIGNATURE = (kind + _TAIL for kind in (b"c2pa", b"c2as", b"c2cl", b"c2cs"))
_CREDENTIALS, _DATABOXES, _COMPRESSED = (kind + _TAIL for kind in (b"c2vc", b"c2db", b"c2cm"))
_STANDARD, _DERIVED, _UPDATE = (kind + _TAIL for kind in (b"c2ma", b"c2md", b"c2um"))
_CBOR, _JSON = (kind + _TAIL for kind in (b"cbor", b"json"))
_CLAIM_LABELS: Final = {"c2pa.claim": 1, "c2pa.claim.v2": 2}
_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_BINDINGS: Final = ("c2pa.hash.data", "c2pa.hash.bmff", "c2pa.hash.bmff.v2", "c2pa.hash.bmff.v3")
INGREDIENT_LABELS: Final = ("c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.ingredient.v3")
MAX_REFERENCES: Final = 4096


@dataclass(frozen=True, slots=True)
class Reference:
    """A hashed URI of the claim: which assertion, with which digest, attributed to whom.

    Attributes:
        label: The assertion's label, with its instance (``c2pa.ingredient.v3__1``).
        manifest: Label of the manifest that an absolute URI names, else an empty string.
        algorithm: ``sha256``, ``sha384`` or ``sha512``.
        digest: Digest of the assertion box's payload.
        created: Attributed to the signer; False if only gathered (C2PA §10.3.2).
    """

    label: str
    manifest: str
    algorithm: str
    digest: bytes
    created: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest of the store.

    Attributes:
        label: Its name, ``urn:c2pa:<uuid>…`` or an older form.
        update: An update manifest: it changes nothing about the content and has no hard binding.
        version: 1 or 2, of the claim.
        claim: The claim's CBOR exactly as signed.
        fields: The claim, decoded; nothing in it is trusted.
        signature: The COSE_Sign1 structure.
        assertions: The assertion boxes by label.
        references: What the claim lists, in its order.
        redacted: URIs of assertions that this claim redacts in others.
    """

    label: str
    update: bool
    version: int
    claim: bytes
    fields: Mapping[str, object]
    signature: bytes
    assertions: Mapping[str, Superbox]
    references: tuple[Reference, ...]
    redacted: tuple[str, ...]

    def labels(self, *bases: str, created: bool | None = None) -> Iterator[str]:
        """Labels of the listed assertions whose label without instance is one of ``bases``.

        Args:
            bases: Labels without the ``__1`` of repeated ones; none means all.
            created: Only those attributed to the signer, or only those that are not.
        """
        for reference in self.references:
            if created in (None, reference.created) and (not bases or base_label(reference.label) in bases):
                yield reference.label

    def read(self, label: str) -> object:
        """The content of an assertion that is CBOR or JSON.

        Raises:
            UnreadableManifest: ``assertion-missing``, ``assertion-form``, ``cbor``, ``json``.
        """
        box = self.assertions.get(label)
        if box is None:
            raise malformed(f"the assertion {label[:80]!r} is not there", "assertion-missing")
        match box.children:
            case (ContentBox(kind="cbor", content=content),) if box.uuid == _CBOR:
                return read_cbor(content)
            case (ContentBox(kind="json", content=content),) if box.uuid == _JSON:
                return read_json(content)
            case _:
                raise malformed(f"the assertion {label[:80]!r} is neither CBOR nor JSON", "assertion-form")

    def cbor(self, label: str) -> memoryview | None:
        """An assertion's content as it is encoded; None if there is none that is CBOR."""
        box = self.assertions.get(label)
        match box.children if box else ():
            case (ContentBox(kind="cbor", content=content),) if box and box.uuid == _CBOR:
                return content
            case _:
                return None

    def misfits(self) -> tuple[str, ...]:
        """Labels of assertions that the claim's digests do not cover exactly: altered, missing, unlisted."""
        listed = {reference.label: reference for reference in self.references}
        wrong = {label for label in self.assertions if label not in listed}
        for label, reference in listed.items():
            box = self.assertions.get(label)
            if (
                box is None
                or reference.manifest not in ("", self.label)
                or _HASHES[reference.algorithm](box.payload).digest() != reference.digest
            ):
                wrong.add(label)
        if len(listed) != len(self.references):
            wrong.add("listed twice")
        return tuple(sorted(wrong))

    @property
    def hard_binding(self) -> Digest | None:
        """The digest that ties the manifest to its content; None if there is not one of SHA-256."""
        labels = list(self.labels(*_BINDINGS))
        fields = self.read(labels[0]) if len(labels) == 1 else None
        if not isinstance(fields, dict) or fields.get("alg", self.fields.get("alg", "sha256")) != "sha256":
            return None
        digest = fields.get("hash")
        return Digest("c2paHardBinding", digest) if isinstance(digest, bytes) and len(digest) == 32 else None


@dataclass(frozen=True, slots=True)
class ManifestStore:
    """All manifests of one file, oldest first.

    Attributes:
        manifests: Never empty; the last one is active (C2PA §11.1.4.3).
    """

    manifests: tuple[Manifest, ...]

    @property
    def active(self) -> Manifest:
        """The manifest that speaks for the file."""
        return self.manifests[-1]

    @property
    def lineage(self) -> tuple[Manifest, ...]:
        """The active manifest and, while they are update manifests, the ones that they update."""
        found = [self.active]
        while found[-1].update and (parent := self.find(_parent(found[-1]))) and parent not in found:
            found.append(parent)
        return tuple(found)

    def find(self, label: str) -> Manifest | None:
        """The manifest of this name."""
        return next((manifest for manifest in self.manifests if manifest.label == label), None)


@dataclass(frozen=True, slots=True)
class ManifestIdentity:
    """How a stamped image is known, whatever bytes around it change (DESIGN "Identity").

    Attributes:
        c2pa_claim: SHA-256 of the active manifest's claim.
        hard_binding: The digest in its hard binding; for an update manifest that of the manifest
            it updates. An alias: two claims may bind the same content.
        label: Name of the active manifest.
        manifests: Names of all manifests, oldest first.
    """

    c2pa_claim: Digest
    hard_binding: Digest | None
    label: str
    manifests: tuple[str, ...]


def parse(store: bytes) -> ManifestStore:
    """Take a manifest store apart.

    Raises:
        UnreadableManifest: As :func:`rakkan.manifests.boxes.read_superbox`; ``manifest-form``,
            ``claim-form``, ``cbor``.
    """
    root = read_superbox(store)
    if root.uuid != _STORE or root.label != "c2pa" or root.contents or not root.children:
        raise malformed("the box is not a C2PA manifest store", "manifest-form")
    return ManifestStore(tuple(_manifest(box) for box in root.superboxes))


def identify(store: bytes) -> ManifestIdentity:
    """The identity of the image that carries this store.

    It says what the store claims to be; only :func:`rakkan.manifests.read.read_manifest` says
    whether signature and content fit it.

    Raises:
        UnreadableManifest: As :func:`parse`.
    """
    return identity_of(parse(store))


def identity_of(store: ManifestStore) -> ManifestIdentity:
    """As :func:`identify`, for a store already taken apart."""
    active = store.active
    return ManifestIdentity(
        c2pa_claim=Digest("c2paClaim", hashlib.sha256(active.claim).digest()),
        hard_binding=store.lineage[-1].hard_binding,
        label=active.label,
        manifests=tuple(manifest.label for manifest in store.manifests),
    )


def _parent(manifest: Manifest) -> str:
    for label in manifest.labels(*INGREDIENT_LABELS):
        fields = manifest.read(label)
        if isinstance(fields, dict) and fields.get("relationship") == "parentOf":
            target = fields.get("activeManifest", fields.get("c2pa_manifest"))
            return manifest_of(target.get("url")) if isinstance(target, dict) else ""
    return ""


def _manifest(box: Superbox) -> Manifest:
    if box.uuid == _COMPRESSED:
        raise malformed("a manifest is compressed, which is not read here", "manifest-compressed")
    parts = {part.uuid: part for part in box.superboxes}
    known = {_ASSERTIONS, _CLAIM, _SIGNATURE, _CREDENTIALS, _DATABOXES}
    if (
        box.uuid not in (_STANDARD, _DERIVED, _UPDATE)
        or len(parts) != len(box.children)
        or not {_ASSERTIONS, _CLAIM, _SIGNATURE} <= parts.keys() <= known
        or parts[_CLAIM].label not in _CLAIM_LABELS
        or parts[_SIGNATURE].label != "c2pa.signature"
        or parts[_ASSERTIONS].label != "c2pa.assertions"
        or parts[_ASSERTIONS].contents
    ):
        raise malformed("a manifest lacks its one claim, signature or set of assertions", "manifest-form")
    claim = _cbor_content(parts[_CLAIM])
    fields = read_cbor(claim)
    if not isinstance(fields, dict) or not all(isinstance(key, str) for key in fields):
        raise malformed("the claim is not a map", "claim-form")
    version = _CLAIM_LABELS[parts[_CLAIM].label]
    redacted = fields.get("redacted_assertions") or []
    if not isinstance(redacted, list) or not all(isinstance(uri, str) for uri in redacted):
        raise malformed("the claim's redactions are not a list of URIs", "claim-form")
    return Manifest(
        label=box.label,
        update=box.uuid == _UPDATE,
        version=version,
        claim=claim,
        fields=fields,
        signature=_cbor_content(parts[_SIGNATURE]),
        assertions={assertion.label: assertion for assertion in parts[_ASSERTIONS].superboxes},
        references=tuple(_references(fields, version)),
        redacted=tuple(redacted),
    )


def _references(fields: Mapping[str, object], version: int) -> Iterator[Reference]:
    """Version 1 knows one list and attributes all of it to the signer."""
    lists = (
        {"created_assertions": True, "gathered_assertions": False} if version > 1 else {"assertions": True}
    )
    default = fields.get("alg", "sha256")
    count = 0
    for name, created in lists.items():
        entries = fields.get(name)
        for entry in entries if isinstance(entries, list) else []:
            count += 1
            manifest, label = split_assertion(entry.get("url") if isinstance(entry, dict) else None)
            if count > MAX_REFERENCES or not label:
                raise malformed("the claim lists something that is not an assertion of its own", "claim-form")
            algorithm, digest = entry.get("alg", default), entry.get("hash")
            if not isinstance(algorithm, str) or algorithm not in _HASHES or not isinstance(digest, bytes):
                raise malformed("the claim lists an assertion without a digest we know", "claim-form")
            yield Reference(label, manifest, algorithm, digest, created)


def _cbor_content(box: Superbox) -> bytes:
    match box.children:
        case (ContentBox(kind="cbor", content=content),):
            return bytes(content)
        case _:
            raise malformed(f"{box.label!r} does not hold exactly one CBOR value", "manifest-form")
