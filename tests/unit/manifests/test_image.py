"""What is taken as a picture, what is refused, and that every refusal names file and fix."""

from __future__ import annotations

import dataclasses
import os
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.fingerprint import fingerprints
from rakkan.manifests.generator import read_generation
from rakkan.manifests.image import Limits, check_image, read_image
from rakkan.schemas.values import Digest
from tests.unit.manifests.pictures import (
    SAMPLES,
    bare_png,
    chunk,
    encoded,
    flips,
    jpeg_with,
    png_with,
    rendered,
    riff,
    text_png,
    webp_chunks,
)

TINY = {"a.png": encoded("PNG"), "a.jpg": encoded("JPEG"), "a.webp": encoded("WEBP")}
PNG, JPEG, WEBP = TINY.values()


def code_of(content: bytes, name: str = "a", limits: Limits | None = None) -> str:
    """The code of the refusal; the sentence must name the file and tell the fix."""
    with pytest.raises(UnreadableImage) as caught:
        check_image(content, name, limits or Limits())
    assert name in caught.value.message
    assert caught.value.hint.endswith(".")
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "image/png"), ("a.jpg", "image/jpeg"), ("a.webp", "image/webp")]
)
def test_kind_and_size_come_from_the_bytes(name: str, kind: str) -> None:
    image = check_image(TINY[name], name)
    assert (image.name, image.media_type, image.width, image.height) == (name, kind, 48, 32)
    assert image.sha256 == Digest.of(TINY[name])
    assert image.content is TINY[name]


def test_checked_image_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        check_image(PNG, "a.png").width = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"progressive": True, "optimize": True}),
        ("JPEG", {"restart_marker_blocks": 1}),
        ("JPEG", {"comment": b"\xff\xd9 is no end in here", "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", "quality": 10}),
    ],
)
def test_all_ordinary_forms_are_taken(form: str, options: dict[str, Any]) -> None:
    image = check_image(encoded(form, **options), "a")
    assert (image.width, image.height) == (48, 32)


def test_empty_and_foreign_bytes() -> None:
    assert code_of(b"") == "image-empty"
    assert code_of(b"hello, world") == "image-unknown"
    assert code_of(b"\0" * 5000) == "image-unknown"
    assert code_of(encoded("GIF")) == "image-unsupported"
    assert code_of(encoded("TIFF")) == "image-unsupported"
    assert code_of(encoded("BMP")) == "image-unsupported"
    assert code_of(b"\0\0\0\x1cftypavif\0\0\0\0") == "image-unsupported"
    assert code_of(b'<?xml version="1.0"?><svg xmlns="x"><script/></svg>') == "image-unsupported"


@pytest.mark.parametrize(
    ("content", "name", "better"),
    [
        (JPEG, "a.png", ".jpg"),
        (PNG, "a.JPG", ".png"),
        (PNG, "a.webp", ".png"),
        (WEBP, "a.jpeg", ".webp"),
        (PNG, "a.gif", ".png"),
        (PNG, "a.html", ".png"),
    ],
)
def test_name_and_content_must_agree(content: bytes, name: str, better: str) -> None:
    with pytest.raises(UnreadableImage) as caught:
        check_image(content, name)
    assert caught.value.code == "image-extension"
    assert better in caught.value.hint


@pytest.mark.parametrize("name", ["a", "a.PNG", "a.apng", "a.b.png", "upload", "v1.5", ".png", "a.png.part"])
def test_names_that_promise_nothing_else_are_taken(name: str) -> None:
    assert check_image(PNG, name).media_type == "image/png"


def test_only_the_last_part_of_a_name_is_kept() -> None:
    assert check_image(PNG, "/home/ada/secret/a.png").name == "a.png"
    assert check_image(PNG, "../../a.png").name == "a.png"
    assert check_image(PNG, "C:\\Users\\ada\\a.png").name == "a.png"


def test_hostile_names_do_not_reach_the_terminal() -> None:
    with pytest.raises(UnreadableImage) as caught:
        check_image(b"", "\x1b[31m\u202egnp.a\n\0" + "x" * 5000)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_bombs_are_judged_before_any_decode() -> None:
    bomb = bare_png(60_000, 60_000)
    assert len(bomb) < 100
    start = time.process_time()
    assert code_of(bomb) == "image-pixels"
    assert time.process_time() - start < 0.05
    assert code_of(bare_png(2**31 - 1, 2**31 - 1)) == "image-pixels"
    frame = JPEG.index(b"\xff\xc0")
    jpeg = JPEG[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + JPEG[frame + 9 :]
    assert code_of(jpeg) == "image-pixels"
    canvas = (60_000 - 1).to_bytes(3, "little") * 2
    webp = riff((b"VP8X", b"\x02\0\0\0" + canvas), (b"ANIM", bytes(6)), (b"ANMF", bytes(40)))
    assert code_of(webp) == "image-pixels"


def test_a_canvas_must_not_hide_a_larger_picture() -> None:
    inner = webp_chunks(WEBP)[0]
    small = (7).to_bytes(3, "little") * 2
    assert code_of(riff((b"VP8X", b"\0\0\0\0" + small), inner)) == "image-damaged"


def test_limits() -> None:
    assert code_of(PNG, limits=Limits(max_bytes=len(PNG) - 1)) == "image-too-large"
    assert check_image(PNG, "a", Limits(max_bytes=len(PNG), max_pixels=48 * 32)).width == 48
    assert code_of(PNG, limits=Limits(max_pixels=48 * 32 - 1)) == "image-pixels"
    chunks = [chunk(b"acTL", struct.pack(">II", 5, 0))] + [chunk(b"fcTL", bytes(26))] * 5
    animated = png_with(*chunks)
    assert check_image(animated, "a", Limits(max_frames=5)).container.frames == 5
    assert code_of(animated, limits=Limits(max_frames=4)) == "image-frames"


def test_a_file_of_nothing_but_chunks_is_refused() -> None:
    assert code_of(png_with(chunk(b"teSt", b"") * 100_001)) == "image-parts"


@pytest.mark.parametrize(
    "tail", [b"\0", b"\n", b"PK\x03\x04 a zip", b"<html><script>", PNG, JPEG, b"\xff\xd9", b"\0" * 4096]
)
@pytest.mark.parametrize("name", TINY)
def test_nothing_may_follow_the_picture(name: str, tail: bytes) -> None:
    assert code_of(TINY[name] + tail, name) == "image-trailing"


@pytest.mark.parametrize("name", TINY)
def test_every_truncation_is_refused(name: str) -> None:
    content = TINY[name]
    for length in range(1, len(content)):
        assert code_of(content[:length], name) in {"image-truncated", "image-damaged", "image-unknown"}, (
            length
        )
    early = {code_of(content[:length], name) for length in range(4, len(content))}
    assert "image-truncated" in early


@pytest.mark.parametrize("name", SAMPLES)
def test_truncations_of_samples_are_refused(name: str) -> None:
    content = rendered(name)
    for length in {*range(1, 80), *range(80, len(content), len(content) // 60), len(content) - 1}:
        assert code_of(content[:length], name) != "image-trailing"


def test_every_bit_of_a_png_is_guarded() -> None:
    for place, spoiled in flips(text_png(prompt='{"1": {"class_type": "KSampler"}}')):
        assert not survives(spoiled, "a.png"), f"a turned bit in byte {place} was not seen"


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_turned_bits_give_a_picture_or_our_error(name: str) -> None:
    taken = 0
    for _, spoiled in flips(TINY[name], step=3):
        taken += survives(spoiled, name)
    assert taken  # turned bits inside the pixels cannot be seen


def survives(content: bytes, name: str) -> bool:
    """Whether everything works on it; anything but our typed error ends the test."""
    try:
        read_generation(image := check_image(content, name))
        fingerprints(image)
    except UnreadableImage:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_only_our_errors_escape_from_mutants(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(TINY)))
    content = bytearray(TINY[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert", "copy"])):
            case "set":
                content[at] = data.draw(st.integers(0, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 30))]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=30))
            case _:
                content[at:at] = content[: data.draw(st.integers(0, 60))]
        if not content:
            break
    survives(bytes(content), "mutant")


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_only_our_errors_escape_from_png_mutants_with_right_checksums(data: st.DataObject) -> None:
    """CRCs catch blind mutations; an attacker computes them."""
    content = text_png(prompt='{"1": {"class_type": "SaveImage", "inputs": {}}}', parameters="a\nSteps: 1")
    chunks, position = [], 8
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        chunks.append((content[position + 4 : position + 8], content[position + 8 : position + 8 + length]))
        position += 12 + length
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(chunks) - 1))
        kind, payload = chunks[at]
        match data.draw(st.sampled_from(["payload", "kind", "drop", "double", "swap"])):
            case "payload":
                start = data.draw(st.integers(0, len(payload)))
                payload = payload[:start] + data.draw(st.binary(max_size=8)) + payload[start + 4 :]
                chunks[at] = (kind, payload)
            case "kind":
                kinds = [b"IDAT", b"PLTE", b"tRNS", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"comf"]
                chunks[at] = (data.draw(st.sampled_from(kinds)), payload)
            case "drop" if len(chunks) > 1:
                del chunks[at]
            case "double":
                chunks.insert(at, chunks[at])
            case _:
                chunks[at], chunks[0] = chunks[0], chunks[at]
    survives(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks), "mutant.png")


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\0\0\0WEBP"]),
)
def test_only_our_errors_escape_from_noise(noise: bytes, magic: bytes) -> None:
    survives(magic + noise, "noise")


def test_polyglots_inside_a_picture_change_nothing_outside() -> None:
    page = chunk(b"tEXt", b"Comment\0<html><script>alert(1)</script>")
    assert check_image(png_with(page), "a.png").media_type == "image/png"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 22) + b"*/=alert(1);/*\xff\xd9PK\x03\x04!!"
    image = check_image(jpeg_with([comment]), "a.jpg")
    assert (image.width, image.height) == (48, 32)


class TestReading:
    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(PNG)
        assert read_image(path) == check_image(PNG, "a.png")

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.png")
        for path in (tmp_path / "none.png", tmp_path, tmp_path / "pipe.png", Path("nul\0.png")):
            with pytest.raises(UnreadableImage) as caught:
                read_image(path)
            assert caught.value.code == "image-missing"
            assert str(tmp_path) not in caught.value.message  # folders are private

    def test_size_is_judged_before_reading(self, tmp_path: Path) -> None:
        (path := tmp_path / "a.png").touch()
        os.truncate(path, 10 * 2**30)  # sparse: reading it would take memory that is not there
        with pytest.raises(UnreadableImage) as caught:
            read_image(path)
        assert caught.value.code == "image-too-large"


def test_real_pictures_are_taken(real_pictures: list[Path]) -> None:
    assert len({read_image(path).sha256 for path in real_pictures}) == len(real_pictures)
