"""Damaged pictures: "not what was signed" if they carry a credential, unreadable if they carry none.

It decides when damage is an answer and not an error. A picture that somebody signed and that was changed
on the way is invalid, whoever sees it first, the file's own checksums, the decoder or the credential. One
that nobody signed is just not readable. It leaves out the judgement itself (``verify``).
"""

from __future__ import annotations

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.read import ManifestReport
from rakkan.schemas.values import Fingerprint


def damage_of(image: CheckedImage, report: ManifestReport) -> UnreadableImage | None:
    """What its checksums say against a picture with a credential.

    Raises:
        UnreadableImage: ``image-damaged``, if it carries none.
    """
    if image.damage is not None and report.found == "none":
        raise image.damage
    return image.damage


def look(
    image: CheckedImage, report: ManifestReport
) -> tuple[tuple[Fingerprint, ...], UnreadableImage | None]:
    """What a picture looks like, and what is wrong with it; no fingerprints if anything is.

    Raises:
        UnreadableImage: ``image-damaged`` as :func:`damage_of`; ``image-decode`` if nothing else stands
            against its credential: pixels that were signed as they are, and that we cannot read.
    """
    from rakkan.manifests.fingerprint import fingerprints

    damage = damage_of(image, report)
    if damage is not None:
        return (), damage
    try:
        return fingerprints(image), None
    except UnreadableImage as error:
        if report.state != "invalid":
            raise
        return (), error
