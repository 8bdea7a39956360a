"""Stamping: a signed copy of a picture, whose claim says who made it, how, and what may be done with it.

It decides which pictures become ingredients, and that nothing leaves here unverified: the engine
reads its own work back, and our walk finds claim, signature and every assertion in it again. It
leaves out where files lie and what is recorded. Stamping is local: nothing is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Final
from uuid import uuid4

from rakkan.manifests import _c2pa
from rakkan.manifests.aggregators import NOBODY
from rakkan.manifests.attribution import read_credentials
from rakkan.manifests.certificates import fingerprint
from rakkan.manifests.claim import ACTIONS, PARENT_LABEL, PROVENANCE, TRAINING, ClaimDefinition
from rakkan.manifests.container import manifest_parts, manifest_store, walk
from rakkan.manifests.cose import check_signature
from rakkan.manifests.errors import SigningFailed, UnreadableImage, UnreadableManifest
from rakkan.manifests.formats.part import Container, MediaType, Part
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.insertion import with_insertion
from rakkan.manifests.jumbf import ManifestIdentity, identity_of, parse
from rakkan.manifests.signer import Signer
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.values import Digest

MAX_INGREDIENTS: Final = 16


@dataclass(frozen=True, slots=True)
class StampedImage:
    """A picture with its credential.

    Attributes:
        content: The whole file.
        media_type: As the input's; pixels and everything else are untouched.
        store: The manifest store in it.
        identity: How the picture is known from now on.
        had_credential: The input carried a credential, which is now this one's parent.
    """

    content: bytes = field(repr=False)
    media_type: MediaType
    store: bytes = field(repr=False)
    identity: ManifestIdentity
    had_credential: bool

    @property
    def sha256(self) -> Digest:
        """Digest of ``content``, computed when it is asked for: an alias, not an identity."""
        return Digest.of(self.content)


def stamp(
    image: CheckedImage,
    definition: ClaimDefinition,
    signer: Signer,
    *,
    parents: Sequence[CheckedImage] = (),
    issuers: TrustedIssuers | None = None,
    identity: Signer | None = None,
) -> StampedImage:
    """Sign one picture in memory. The engine's context is kept, so that a batch pays for it once.

    Args:
        image: The picture; the credential that it may carry stays, as the parent's.
        definition: What to say.
        signer: Who says it.
        parents: Pictures it was made from; of an edited one the first is its parent, unless the
            picture itself already carries a credential. All others are inputs.
        issuers: The list that readers are expected to use: an ingredient's signer that is not on
            it stays recorded as unknown.
        identity: Somebody who signs for their name, too, by a certificate for names (CAWG identity).

    Raises:
        SigningFailed: ``signing-refused``, ``signing-key``, ``signing-ingredients``,
            ``signing-unverified``.
        UnreadableManifest: The picture's or a parent's credential does not have the form of one.
    """
    if len(parents) > MAX_INGREDIENTS:
        raise SigningFailed(f"At most {MAX_INGREDIENTS} parents are taken.", code="signing-ingredients")
    container = image.container
    had_credential = manifest_store(container) is not None
    opened = had_credential or (definition.making == "edited" and bool(parents))
    pictures = [image, *parents] if had_credential else list(parents)
    labels = [PARENT_LABEL if opened and not place else f"input{place}" for place in range(len(pictures))]
    document = definition.document(opened=opened, inputs=[label for label in labels if label != PARENT_LABEL])
    credentials: list[_c2pa.Ingredient] = []
    for label, picture in zip(labels, pictures, strict=True):
        relationship = "parentOf" if label == PARENT_LABEL else "inputTo"
        # A new id: the engine would copy the one in the picture's XMP, which leads back to an editor.
        entry = {"label": label, "relationship": relationship, "instance_id": f"xmp:iid:{uuid4()}"}
        store = manifest_store(container if picture is image else picture.container)
        if store is not None:
            parse(store)  # a store that we cannot read is not passed on in somebody's name
            credentials.append(_c2pa.Ingredient(entry, picture.media_type, picture.content))
        else:
            # Named, not shown to the engine, which would copy addresses from the picture's XMP.
            document.setdefault("ingredients", []).append(entry | {"format": picture.media_type})
    # Issuers matter for ingredients alone here, and looking them up costs as much as signing.
    content, store = _c2pa.sign(
        image.content,
        image.media_type,
        document,
        signer,
        credentials,
        issuers if credentials else None,
        identity,
    )
    known_by = _verified(container, content, store, signer, identity)
    return StampedImage(content, image.media_type, store, known_by, had_credential)


def _verified(
    before: Container, content: bytes, store: bytes, signer: Signer, identity: Signer | None
) -> ManifestIdentity:
    """Find everything again in the bytes that will be written.

    The engine has validated the same bytes before it returned them (``verify_after_sign``).
    """
    try:
        after, added = with_insertion(before, content) or (walk(content), None)
        found = manifest_store(after)
        parsed = parse(store)
        active = parsed.active
        signature = check_signature(active.signature, active.claim)
        created = set(active.labels(ACTIONS, TRAINING, PROVENANCE, created=True))
    except (UnreadableImage, UnreadableManifest) as error:
        raise _unverified(error.message) from error
    same = manifest_parts(after) == added if added is not None else _same_picture(before, after)
    if found != store or not same:
        raise _unverified("the file around the manifest is not the picture that was given")
    if not signature.holds or fingerprint(signature.signer) != signer.digest.raw:
        raise _unverified("the signature does not fit")
    if active.misfits() or created != {ACTIONS, TRAINING, PROVENANCE}:
        raise _unverified("an assertion is missing or altered")
    named = read_credentials(parsed, (), NOBODY, at=None, now=datetime.now(UTC))
    if [each.holds for each in named] != [True] * (identity is not None):
        raise _unverified("the identity credential in it does not hold")
    return identity_of(parsed)


def _same_picture(before: Container, after: Container) -> bool:
    """Signing changed nothing but the manifest, byte for byte.

    A WebP file may get its extended header (``VP8X``) only now: RFC 9649 demands it for other chunks.
    """
    view = memoryview(before.content)  # compared in place: copies of a large picture cost more than this
    return all(
        left is not None
        and right is not None
        and left.end - left.start == right.end - right.start
        and after.content.startswith(view[left.start : left.end], right.start)
        for left, right in zip_longest(_others(before), _others(after))
    )


def _others(container: Container) -> Iterator[Part]:
    """Every part that is neither manifest nor extended header."""
    manifest = {part.start for part in manifest_parts(container)}
    return (part for part in container.parts if part.start not in manifest and part.kind != "VP8X")


def _unverified(what: str) -> SigningFailed:
    return SigningFailed(
        f"The signed copy did not pass its own check: {what}.",
        code="signing-unverified",
        hint="Nothing was written. Please report this.",
    )
