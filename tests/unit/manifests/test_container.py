"""The walks of PNG, JPEG and WebP: every byte has its place, or the file is refused."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from rakkan.manifests.container import walk
from rakkan.manifests.errors import UnreadableImage
from tests.unit.manifests.pictures import (
    SAMPLES,
    bare_png,
    chunk,
    encoded,
    ihdr,
    jpeg_with,
    png_with,
    rendered,
    riff,
    scene,
    webp_chunks,
)


def image_code(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as caught:
        walk(content, "a")
    return caught.value.code


@pytest.mark.parametrize("name", SAMPLES)
def test_parts_cover_the_file_without_gap_or_overlap(name: str) -> None:
    content = rendered(name)
    container = walk(content)
    position = {"image/png": 8, "image/jpeg": 0, "image/webp": 12}[container.media_type]
    for part in container.parts:
        assert part.start == position
        assert part.start <= part.payload_start <= part.payload_end <= part.end
        position = part.end
    assert position == len(content)
    with Image.open(BytesIO(content)) as opened:
        assert opened.size == (container.width, container.height)


class TestPng:
    def test_order_and_number_of_chunks(self) -> None:
        whole = encoded("PNG")
        head, rest = whole[:33], whole[33:]
        idat = chunk(b"IDAT", zlib.compress(bytes(100)))
        end = chunk(b"IEND", b"")
        assert image_code(whole[:8] + chunk(b"tEXt", b"a\0b") + whole[8:]) == "image-damaged"
        assert image_code(head + head[8:] + rest) == "image-damaged"
        assert image_code(head + end) == "image-damaged"
        assert image_code(head + idat + chunk(b"tEXt", b"a\0b") + idat + end) == "image-damaged"
        assert image_code(head + idat + chunk(b"IEND", b"x")) == "image-damaged"
        assert image_code(head + rest[:-12]) == "image-truncated"
        assert image_code(head + chunk(b"a\0b\xff", b"") + rest) == "image-damaged"
        assert walk(head + idat + idat + end).width == 48

    def test_header(self) -> None:
        for broken in (ihdr(0, 5), ihdr(5, 0), ihdr(2**31, 5), ihdr(5, 5, depth=3), ihdr(5, 5, colour=1)):
            assert image_code(b"\x89PNG\r\n\x1a\n" + broken + bare_png(5, 5)[33:]) == "image-damaged"
        assert (
            image_code(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(12)) + bare_png(5, 5)[33:])
            == "image-damaged"
        )

    def test_animation(self) -> None:
        pictures = [scene().rotate(90 * turn) for turn in range(3)]
        content = encoded("PNG", pictures[0], save_all=True, append_images=pictures[1:])
        assert walk(content).frames == 3
        frames = chunk(b"acTL", struct.pack(">II", 4_000_000_000, 0))
        assert image_code(png_with(frames)) == "image-damaged"
        assert image_code(png_with(chunk(b"acTL", b""))) == "image-damaged"


class TestJpeg:
    def test_what_the_decoder_cannot_read_is_named(self) -> None:
        whole = encoded("JPEG")
        at = whole.index(b"\xff\xc0")
        for marker in (0xC3, 0xC9, 0xCA):
            assert image_code(whole[: at + 1] + bytes([marker]) + whole[at + 2 :]) == "image-unsupported"
        assert image_code(whole[: at + 4] + b"\x0c" + whole[at + 5 :]) == "image-unsupported"
        assert image_code(whole[: at + 5] + b"\0\0" + whole[at + 7 :]) == "image-unsupported"
        assert image_code(jpeg_with([b"\xff\xe2\0\x10MPF\0" + bytes(10)])) == "image-unsupported"

    def test_structure(self) -> None:
        whole = encoded("JPEG")
        scan = whole.index(b"\xff\xda")
        assert image_code(whole[:scan] + b"\xff\xd9") == "image-damaged"
        assert image_code(jpeg_with([b"\xff\xd8"])) == "image-damaged"
        assert image_code(jpeg_with([b"\xff\xd0"])) == "image-damaged"
        assert image_code(jpeg_with([b"\xff\xfe\0\x01"])) == "image-damaged"
        assert image_code(jpeg_with([b"junk"])) in {"image-unknown", "image-damaged"}
        assert image_code(whole[:-2]) == "image-truncated"
        twice = whole[2 : whole.index(b"\xff\xc4")]
        assert image_code(jpeg_with([twice])) == "image-damaged"
        assert walk(jpeg_with([b"\xff\xff\xff\xfe\0\x04hi"])).width == 48  # fill bytes are allowed

    def test_scans_without_end_are_refused(self) -> None:
        whole = encoded("JPEG", progressive=True)
        last = whole.rindex(b"\xff\xda")
        assert image_code(whole[:-2] + whole[last:-2] * 200 + whole[-2:]) == "image-unsupported"

    def test_restart_markers_and_scans_are_walked_through(self) -> None:
        progressive = walk(encoded("JPEG", progressive=True))
        assert sum(part.kind == "SOS" for part in progressive.parts) > 3
        assert any(part.kind == "SOF2" for part in progressive.parts)
        restarted = encoded("JPEG", scene((200, 200)), restart_marker_blocks=2)
        assert restarted.count(b"\xff\xd3") > 2
        assert walk(restarted).height == 200


class TestWebp:
    def test_size_must_be_exact(self) -> None:
        whole = encoded("WEBP")
        longer = whole[:4] + struct.pack("<I", len(whole)) + whole[8:]
        shorter = whole[:4] + struct.pack("<I", len(whole) - 10) + whole[8:]
        assert image_code(longer) == "image-truncated"
        assert image_code(shorter) == "image-trailing"

    def test_structure(self) -> None:
        still = webp_chunks(encoded("WEBP"))[0]
        size = (47).to_bytes(3, "little") + (31).to_bytes(3, "little")
        canvas = (b"VP8X", b"\0\0\0\0" + size)
        moving = (b"VP8X", b"\x02\0\0\0" + size)
        assert walk(riff(canvas, still)).frames == 1
        assert image_code(riff(still, still)) == "image-damaged"
        assert image_code(riff(canvas)) == "image-damaged"
        assert image_code(riff(canvas, still, still)) == "image-damaged"
        assert image_code(riff(canvas, canvas, still)) == "image-damaged"
        assert image_code(riff(moving, still)) == "image-damaged"
        assert image_code(riff((b"VP8X", bytes(9)), still)) == "image-damaged"
        assert image_code(riff((b"EXIF", b"x"), still)) == "image-damaged"
        assert image_code(riff((b"VP8 ", bytes(4)))) == "image-damaged"
        assert image_code(riff((b"VP8L", b"\x2e" + bytes(9)))) == "image-damaged"
        outside = (b"ANMF", (2).to_bytes(3, "little") + bytes(3) + size + bytes(20))
        assert image_code(riff(moving, (b"ANIM", bytes(6)), outside)) == "image-damaged"

    def test_animation_and_lossless(self) -> None:
        pictures = [scene().rotate(90 * turn) for turn in range(4)]
        content = encoded("WEBP", pictures[0], save_all=True, append_images=pictures[1:], duration=50)
        assert (walk(content).frames, walk(content).width) == (4, 48)
        lossless = walk(encoded("WEBP", scene((333, 111)), lossless=True))
        assert (lossless.width, lossless.height) == (333, 111)


def test_walking_is_cheap() -> None:
    """About a checksum's time: walking must not matter beside a decode."""
    content = rendered("paper-lanterns.png")
    walk(content)
    start = time.process_time()
    for _ in range(5):
        walk(content)
    walked = time.process_time() - start
    start = time.process_time()
    for _ in range(5):
        zlib.crc32(content)
    assert walked < 20 * (time.process_time() - start) + 0.02
