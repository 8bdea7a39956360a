"""Fingerprints: reference values, what they survive, what they refuse, and what they cost."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import imagehash
import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageFilter

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.fingerprint import DHASH, PDQ, PHASH, fingerprints, fingerprints_of
from rakkan.manifests.image import CheckedImage, check_image, read_image
from rakkan.schemas.values import Fingerprint
from tests.unit.manifests.pictures import (
    SAMPLES,
    bare_png,
    chunk,
    encoded,
    png_with,
    rendered,
    riff,
    scene,
    webp_chunks,
)


def checked(content: bytes) -> CheckedImage:
    return check_image(content, "a")


def of(content: bytes) -> tuple[Fingerprint, ...]:
    return fingerprints(checked(content))


def distances(first: bytes, second: bytes) -> list[int]:
    return [one.distance(other) for one, other in zip(of(first), of(second), strict=True)]


def sample() -> Image.Image:
    return Image.open(BytesIO(rendered("paper-lanterns.png"))).convert("RGB")


@pytest.mark.parametrize("name", SAMPLES)
def test_three_of_256_bits_with_one_quality(name: str) -> None:
    found = of(rendered(name))
    assert [(one.alg, one.pipeline) for one in found] == [
        (PDQ, "pdq/512"),
        (DHASH, "gray/512"),
        (PHASH, "gray/512"),
    ]
    assert {len(one.bits) for one in found} == {32}
    assert len({one.quality for one in found}) == 1
    assert 50 <= found[0].quality <= 100
    assert of(rendered(name)) == found


def test_values_are_those_of_the_reference_programs() -> None:
    """A picture that needs no scaling: our bits are pdqhash's and imagehash's own, in their order."""
    picture = sample().resize((512, 400))
    pdq, dhash, phash = of(encoded("PNG", picture))
    gray = picture.convert("L")
    bits, quality = pdqhash.compute(np.repeat(np.asarray(gray)[:, :, None], 3, axis=2))
    assert pdq.bits.hex() == f"{int(''.join(str(bit) for bit in bits), 2):064x}"
    assert pdq.quality == quality
    assert dhash.bits.hex() == str(imagehash.dhash(gray, hash_size=16))
    assert phash.bits.hex() == str(imagehash.phash(gray, hash_size=16))


def test_phash_is_imagehash_without_scipy() -> None:
    source = np.random.default_rng(5)
    for number in range(40):
        side = int(source.integers(4, 30))
        noise = Image.fromarray(source.integers(0, 256, (side, side), dtype=np.uint8))
        gray = noise.resize((300, 200 + number), Image.Resampling.BICUBIC)
        assert of(encoded("PNG", gray))[2].bits.hex() == str(imagehash.phash(gray, hash_size=16))


def test_wide_pictures_scale_each_axis_and_stay_near_the_full_frame() -> None:
    picture = sample().resize((2400, 900))
    bits, _ = pdqhash.compute(np.asarray(picture))
    full = Fingerprint(PDQ, "full", np.packbits(bits.astype(bool)).tobytes(), 100)
    assert of(encoded("PNG", picture))[0].distance(full) <= 16


@pytest.mark.parametrize(
    ("edit", "limit"),
    [
        (lambda picture: encoded("JPEG", picture, quality=50), 12),
        (lambda picture: encoded("JPEG", picture, quality=85, progressive=True), 8),
        (lambda picture: encoded("WEBP", picture, quality=50), 12),
        (lambda picture: encoded("WEBP", picture, lossless=True), 0),
        (lambda picture: encoded("PNG", picture.resize((picture.width // 2, picture.height // 2))), 12),
        (lambda picture: encoded("JPEG", picture.resize((picture.width * 2, picture.height * 2))), 12),
        (lambda picture: encoded("PNG", picture.filter(ImageFilter.GaussianBlur(1))), 12),
        (lambda picture: encoded("PNG", picture.convert("RGBA")), 0),
        (lambda picture: encoded("PNG", picture.quantize(200)), 16),
        (lambda picture: encoded("JPEG", picture.convert("CMYK"), quality=90), 16),
    ],
)
def test_ordinary_edits_keep_it(edit: Callable[[Image.Image], bytes], limit: int) -> None:
    picture = sample()
    assert distances(encoded("PNG", picture), edit(picture))[0] <= limit


def test_other_pictures_are_far() -> None:
    for first, second in (("paper-lanterns.png", "agate.jpg"), ("aurora.webp", "dawn-ridges.png")):
        assert distances(rendered(first), rendered(second))[0] > 64


def test_signing_and_texts_change_nothing() -> None:
    content = encoded("PNG")
    more = png_with(chunk(b"caBX", b"x" * 99), chunk(b"tEXt", b"a\0b"), chunk(b"gAMA", struct.pack(">I", 9)))
    assert of(more) == of(content)


def test_texts_larger_than_pillow_allows_do_not_hinder() -> None:
    content = png_with(chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(3 * 2**20))))
    with pytest.raises(ValueError, match="too large"), Image.open(BytesIO(content)):
        pass
    assert of(content) == of(encoded("PNG"))


def test_first_frame_of_animations() -> None:
    first, second = scene((64, 64)), scene((64, 64)).rotate(180)
    still = of(encoded("PNG", first))
    assert of(encoded("PNG", first, save_all=True, append_images=[second])) == still
    moving = encoded("WEBP", first, save_all=True, append_images=[second], lossless=True)
    assert checked(moving).container.frames == 2
    assert of(moving) == still


def test_transparent_places_are_white_whatever_lies_beneath() -> None:
    shown = Image.new("RGBA", (64, 64), (255, 255, 255, 255))
    shown.paste((20, 60, 90, 255), (10, 10, 40, 30))
    hidden = scene((64, 64), "RGBA")
    hidden.putalpha(0)
    hidden.paste(shown.crop((10, 10, 40, 30)), (10, 10))
    assert of(encoded("PNG", hidden)) == of(encoded("PNG", shown.convert("RGB")))
    assert of(encoded("WEBP", hidden, lossless=True, exact=True)) == of(encoded("PNG", shown.convert("RGB")))


def test_transparent_colours() -> None:
    keyed = Image.new("P", (64, 64), 0)
    keyed.putpalette([0, 0, 0, 200, 30, 30])
    keyed.paste(1, (5, 5, 30, 50))
    plain = Image.new("RGB", (64, 64), "white")
    plain.paste((200, 30, 30), (5, 5, 30, 50))
    assert of(encoded("PNG", keyed, transparency=0)) == of(encoded("PNG", plain))


def test_sixteen_bit_gray_is_scaled_not_clipped() -> None:
    deep = Image.fromarray((np.asarray(scene((64, 64), "L")).astype(np.uint16) << 8) + 7)
    assert of(encoded("PNG", deep)) == of(encoded("PNG", scene((64, 64), "L")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    """A copy that some program turned upright looks the same."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = scene((120, 80))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    turned = encoded("PNG", stored, exif=exif)
    assert of(turned) == of(encoded("PNG", upright))


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 3), (15, 17), (5000, 3)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    assert len(of(encoded("PNG", Image.new("RGB", size, (90, 20, 50))))) == 3


def test_flat_pictures_have_no_quality() -> None:
    assert of(encoded("PNG", Image.new("RGB", (256, 256), (90, 20, 50))))[0].quality == 0


class TestRefusals:
    @pytest.mark.parametrize(
        "content",
        [
            bare_png(64, 64),
            bare_png(64, 64, pixels=bytes(100)),
            bare_png(9000, 9000, pixels=bytes(100)),
            png_with(chunk(b"IDAT", b"not deflate"), content=bare_png(9, 9)),
            riff(*[(kind, payload[:20] + bytes(20)) for kind, payload in webp_chunks(encoded("WEBP"))]),
        ],
    )
    def test_undecodable(self, content: bytes) -> None:
        image = check_image(content, "broken.png" if content[1:4] == b"PNG" else "broken.webp")
        with pytest.raises(UnreadableImage) as caught:
            fingerprints(image)
        assert caught.value.code == "image-decode"
        assert "broken." in caught.value.message
        assert "Error" not in caught.value.message, "no names of classes"

    def test_one_bad_picture_does_not_end_a_batch(self) -> None:
        images = [checked(encoded("PNG")), checked(bare_png(64, 64)), checked(encoded("JPEG"))]
        found = list(fingerprints_of(images))
        assert isinstance(found[1], UnreadableImage)
        assert found[0] == fingerprints(images[0])
        assert found[2] == fingerprints(images[2])

    def test_batches_are_lazy(self) -> None:
        def endless() -> Iterator[CheckedImage]:
            while True:
                yield checked(encoded("PNG"))

        assert next(fingerprints_of(endless()))

    def test_warnings_of_others_are_left_alone(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = list(warnings.filters)
            of(encoded("PNG"))
            assert warnings.filters == before


def test_large_pictures_below_our_limit_pass_pillows_warning() -> None:
    """Pillow would warn of 89 million pixels; our own limit of 100 million decides."""
    picture = Image.new("1", (9_500, 9_500))
    picture.paste(1, (0, 0, 5000, 2000))
    assert len(of(encoded("PNG", picture))) == 3


def test_it_is_cheaper_than_the_naive_way() -> None:
    """Three fingerprints of a JPEG cost less than three from a full decode each."""
    content = encoded("JPEG", sample().resize((1600, 2000)), quality=90)
    image = checked(content)

    def naive() -> None:
        for function in (imagehash.phash, imagehash.dhash):
            function(Image.open(BytesIO(content)), hash_size=16)
        pdqhash.compute(np.asarray(Image.open(BytesIO(content)).convert("RGB").resize((512, 512))))

    def cost(function: Callable[[], object]) -> float:
        best = float("inf")
        for _ in range(4):
            start = time.process_time()
            function()
            best = min(best, time.process_time() - start)
        return best

    assert cost(lambda: fingerprints(image)) * 2 < cost(naive)


def test_checking_a_picture_imports_neither_numpy_nor_pillow_nor_scipy() -> None:
    program = (
        "import sys, rakkan.manifests.image, rakkan.manifests.container;"
        "print([name for name in ('PIL', 'numpy', 'scipy', 'imagehash', 'pydantic') if name in sys.modules]);"
        "import rakkan.manifests.fingerprint as each; from rakkan.manifests.image import check_image;"
        f"each.fingerprints(check_image(bytes.fromhex('{encoded('PNG').hex()}'), 'a'));"
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["[]", "False"]


def test_real_pictures(real_pictures: list[Path]) -> None:
    for path in real_pictures:
        image = read_image(path)
        found = fingerprints(image)
        assert found[0].quality >= 50, path.name
        with Image.open(path) as opened:
            copy = encoded("JPEG", opened.convert("RGB"), quality=80)
        assert found[0].distance(of(copy)[0]) <= 31, path.name
