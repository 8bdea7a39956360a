"""Perceptual fingerprints: what a picture looks like, from one scaled decode and one gray plane.

It decides the decode (``pdq/512``, ``gray/512``) and the three algorithms. It leaves out what a
distance means: PDQ-256 with quality ≥ 50 decides, the other two only rank (DESIGN §9). Decoders
differ by a level or two, so a fingerprint is never an identity.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any, Final

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageChops

from rakkan.manifests.container import Container, exif_of
from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.part import printable
from rakkan.manifests.formats.png import MAGIC
from rakkan.manifests.image import CheckedImage
from rakkan.schemas.values import Fingerprint

SIDE: Final = 512
"""Longest side of the gray plane, pixels; PDQ's own filter gains nothing above it."""
PDQ: Final = "pdq-256"
DHASH: Final = "dhash-256"
PHASH: Final = "phash-256"

_FORMATS: Final = {"image/png": ("PNG",), "image/jpeg": ("JPEG",), "image/webp": ("WEBP",)}
_HASH_SIDE: Final = 16  # 16 × 16 = 256 bits
_DCT_SIDE: Final = 64  # imagehash's highfreq_factor of 4
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# catch_warnings changes the whole process and is not safe among threads: one decode at a time.
_decoding: Final = Lock()


def fingerprints(image: CheckedImage) -> tuple[Fingerprint, ...]:
    """The picture's fingerprints: ``pdq-256``, ``dhash-256``, ``phash-256``, in this order.

    Of an animation the first frame counts (of an APNG, the picture that programs without APNG
    show). Transparent places count as white; EXIF orientation is applied.

    Returns:
        Three values of 32 bytes each; all carry PDQ's quality, 0–100.

    Raises:
        UnreadableImage: ``image-decode``, whatever the decoder objects to; its warnings count.
    """
    gray = _gray(image)
    bits, quality = pdqhash.compute(np.repeat(np.asarray(gray)[:, :, None], 3, axis=2))
    horizontal = imagehash.dhash(gray, hash_size=_HASH_SIDE).hash
    found = ((PDQ, "pdq/512", bits), (DHASH, "gray/512", horizontal), (PHASH, "gray/512", _phash(gray)))
    return tuple(
        Fingerprint(alg, pipeline, np.packbits(np.asarray(plane, dtype=bool)).tobytes(), int(quality))
        for alg, pipeline, plane in found
    )


def fingerprints_of(
    images: Iterable[CheckedImage],
) -> Iterator[tuple[Fingerprint, ...] | UnreadableImage]:
    """The fingerprints of many pictures, in their order, one at a time.

    A picture that cannot be decoded yields its error in its place, so that one bad file does not
    end a scan. Threads gain nothing here; give each process a share of the pictures.
    """
    for image in images:
        try:
            yield fingerprints(image)
        except UnreadableImage as error:
            yield error


def _gray(image: CheckedImage) -> Image.Image:
    """One gray plane (mode L), at most 512 × 512; each axis is scaled on its own, as PDQ's filter does."""
    with _decoding, warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"PIL\b")
        # Pillow warns of 89 million pixels; the size was judged by our own limits before.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return _decode(image)
        except Exception as error:  # Pillow raises nearly everything; nothing of it may pass
            raise UnreadableImage(
                f"The pixels of {printable(image.name)} cannot be read: the file is damaged, or of a form"
                " that is not taken.",
                code="image-decode",
                hint="Export it again; if it opens elsewhere, export it as an 8-bit RGB PNG.",
            ) from error


def _decode(image: CheckedImage) -> Image.Image:
    container = image.container
    bare = BytesIO(_bare(container))
    with Image.open(bare, formats=_FORMATS[image.media_type]) as opened:
        if opened.size != (image.width, image.height):
            raise ValueError("the decoder sees another size than the header")
        opened.draft("L", (SIDE, SIDE))  # JPEG: luma only, scaled inside the DCT; others: no effect
        plane = _luma(opened)
    width, height = plane.size
    if max(width, height) > SIDE:
        target = (min(width, SIDE), min(height, SIDE))
        plane = plane.resize(target, Image.Resampling.BOX, reducing_gap=3.0)
    exif = exif_of(container)
    turn = _TURNS.get(exif.orientation) if exif else None
    return plane.transpose(turn) if turn is not None else plane


def _luma(opened: Image.Image) -> Image.Image:
    """Mode L (ITU-R BT.601), transparent places white."""
    if opened.mode.startswith("I;16"):  # 16-bit gray: Pillow's own conversion clips instead of scaling
        return Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
    if opened.mode not in {"RGBA", "LA"}:
        if "transparency" not in opened.info:
            return opened.convert("L")
        opened = opened.convert("RGBA")
    luma, alpha = opened.convert("L"), opened.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return luma
    return ImageChops.add(ImageChops.multiply(luma, alpha), ImageChops.invert(alpha))


def _bare(container: Container) -> bytes:
    """The file without anything that is not the picture: no text, no profile, no manifest.

    So signing never changes a fingerprint, and the decoder never meets texts that are larger than
    the picture.
    """
    if container.media_type == "image/webp":
        return container.content
    if container.media_type == "image/png":
        kept = container.named("IHDR", "PLTE", "tRNS", "IDAT", "IEND")
        return MAGIC + b"".join(container.content[part.start : part.end] for part in kept)
    # APP0 (JFIF) and APP14 (Adobe) say which colours the channels are
    return b"".join(
        container.content[part.start : part.end]
        for part in container.parts
        if part.kind in {"APP0", "APP14"} or not part.kind.startswith(("APP", "COM"))
    )


def _phash(gray: Image.Image) -> NDArray[np.bool_]:
    """``imagehash.phash(gray, hash_size=16)`` without SciPy, whose import costs more than 50 pictures.

    Coefficients are rounded: in flat and symmetric pictures they are noise that differs by machine.
    """
    small = gray.resize((_DCT_SIDE, _DCT_SIDE), Image.Resampling.LANCZOS)
    basis = _basis()
    low = np.round(basis @ np.asarray(small, dtype=np.float64) @ basis.T, 6)
    found: NDArray[np.bool_] = low > np.median(low)
    return found


@cache
def _basis() -> NDArray[Any]:
    """The lowest 16 rows of the DCT-II of 64 points, shape (16, 64), unnormalised as SciPy's."""
    steps = np.arange(_HASH_SIDE)[:, None] * (2 * np.arange(_DCT_SIDE) + 1)
    basis: NDArray[Any] = 2 * np.cos(np.pi * steps / (2 * _DCT_SIDE))
    return basis
