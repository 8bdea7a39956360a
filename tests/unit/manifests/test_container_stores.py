"""The C2PA manifest store inside PNG, JPEG and WebP: one, whole, unambiguous, or refused."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.container import manifest_parts, manifest_store, walk
from rakkan.manifests.errors import UnreadableImage, UnreadableManifest
from tests.unit.manifests.pictures import app11, chunk, encoded, jpeg_with, png_with, riff, store, webp_chunks

STORE = store()
LONG = store(5000)


def with_store(form: str, box: bytes = STORE) -> bytes:
    """A picture that carries this manifest store."""
    if form == "PNG":
        return png_with(chunk(b"caBX", box))
    if form == "JPEG":
        return jpeg_with(app11(box))
    return riff(*webp_chunks(encoded("WEBP")), (b"C2PA", box))


def manifest_code(content: bytes) -> str:
    container = walk(content)  # the picture itself is fine
    with pytest.raises(UnreadableManifest) as caught:
        manifest_store(container)
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
class TestManifestStore:
    def test_there_is_none(self, form: str) -> None:
        container = walk(encoded(form))
        assert manifest_store(container) is None
        assert manifest_parts(container) == ()

    @pytest.mark.parametrize("box", [STORE, LONG, store(41)])
    def test_it_comes_back_byte_for_byte(self, form: str, box: bytes) -> None:
        container = walk(with_store(form, box))
        assert manifest_store(container) == box
        covered = sum(part.end - part.start for part in manifest_parts(container))
        assert len(container.content) - covered == len(encoded(form))

    def test_two_stores_are_refused(self, form: str) -> None:
        twice = {
            "PNG": png_with(chunk(b"caBX", STORE), chunk(b"caBX", STORE)),
            "JPEG": jpeg_with([*app11(STORE), *app11(STORE, instance=2)]),
            "WEBP": riff(*webp_chunks(encoded("WEBP")), (b"C2PA", STORE), (b"C2PA", STORE)),
        }
        assert manifest_code(twice[form]) == "manifest-several"

    @pytest.mark.parametrize("box", [STORE[:-1], STORE + b"\0", b"\0\0\0\x09jumb", STORE[:4]])
    def test_length_must_fit(self, form: str, box: bytes) -> None:
        if form == "JPEG":
            # without a description box, JPEG cannot know it for a store
            box = box if len(box) > 40 else STORE[:-9]
        assert manifest_code(with_store(form, box)) == "manifest-box"


class TestPngManifest:
    def test_turned_bits_in_the_chunk_are_the_manifests_fault(self) -> None:
        content = bytearray(with_store("PNG"))
        content[content.index(b"caBX") + 30] ^= 4
        assert manifest_code(bytes(content)) == "manifest-crc"

    def test_turned_bits_elsewhere_are_the_pictures_fault(self) -> None:
        content = bytearray(with_store("PNG"))
        content[content.index(b"IDAT") + 6] ^= 4
        with pytest.raises(UnreadableImage) as caught:
            walk(bytes(content))
        assert caught.value.code == "image-damaged"


class TestJpegManifest:
    def test_segments_are_joined_in_sequence(self) -> None:
        assert len(app11(LONG)) == 6
        assert manifest_store(walk(jpeg_with(app11(LONG)))) == LONG

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda parts: parts[:2] + parts[3:],
            lambda parts: [parts[0], parts[2], parts[1], *parts[3:]],
            lambda parts: [parts[0], parts[1], *parts[1:]],
            lambda parts: [*parts[:2], b"\xff\xfe\0\x04hi", *parts[2:]],
            lambda parts: parts[:1] + app11(LONG, instance=1)[2:],
        ],
        ids=["gap", "order", "double", "torn apart", "missing second"],
    )
    def test_sequence_must_be_whole(self, spoil: Callable[[list[bytes]], list[bytes]]) -> None:
        assert manifest_code(jpeg_with(spoil(app11(LONG)))) == "manifest-sequence"

    def test_a_missing_end_is_seen(self) -> None:
        assert manifest_code(jpeg_with(app11(LONG)[:-1])) == "manifest-box"

    def test_first_part_must_come_first(self) -> None:
        parts = app11(LONG)
        assert manifest_code(jpeg_with([*parts[1:], parts[0]])) == "manifest-box"

    def test_every_part_repeats_the_box_header(self) -> None:
        parts = app11(LONG)
        parts[3] = parts[3].replace(LONG[:8], struct.pack(">I4s", 77, b"jumb"), 1)
        assert manifest_code(jpeg_with(parts)) == "manifest-box"

    def test_other_boxes_are_not_ours(self) -> None:
        other = struct.pack(">I4s", 60, b"jumb") + struct.pack(">I4s", 52, b"jumd") + bytes(range(44))
        content = jpeg_with([*app11(other, instance=9), *app11(STORE)])
        assert manifest_store(walk(content)) == STORE
        assert manifest_store(walk(jpeg_with(app11(other)))) is None
        assert manifest_store(walk(jpeg_with([b"\xff\xeb\0\x08HDR_RI"[:10]]))) is None

    def test_what_only_looks_like_a_store_is_refused(self) -> None:
        """A reader that searches for the type alone would take it for one."""
        disguised = app11(STORE)[0].replace(b"JP", b"JX", 1)
        assert manifest_code(jpeg_with([disguised])) == "manifest-box"
        wrong = app11(STORE.replace(b"jumd", b"jumx"))
        assert manifest_code(jpeg_with(wrong)) == "manifest-box"

    def test_long_boxes_have_a_long_header(self) -> None:
        box = struct.pack(">I4sQ", 1, b"jumb", len(LONG) + 8) + LONG[8:]
        assert manifest_store(walk(jpeg_with(app11(box, header=16)))) == box


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_manifests_give_themselves_or_our_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))
    content = bytearray(with_store(form, store(300)))
    marker = {"PNG": b"caBX", "JPEG": b"\xff\xeb", "WEBP": b"C2PA"}[form]
    start = content.index(marker)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(start, min(start + 120, len(content) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    try:
        found = manifest_store(walk(bytes(content)))
    except (UnreadableImage, UnreadableManifest):
        return
    assert found is None or int.from_bytes(found[:4]) in {1, len(found)}
