"""The walks of PNG, JPEG and WebP, the manifest store inside them, and the texts."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rakkan.manifests.container import exif_of, manifest_parts, manifest_store, texts, walk
from rakkan.manifests.errors import UnreadableImage, UnreadableManifest
from rakkan.manifests.formats.exif import USER_COMMENT, Exif, read_exif
from rakkan.manifests.formats.text import MAX_TEXT
from tests.unit.manifests.pictures import (
    SAMPLES,
    app11,
    bare_png,
    chunk,
    encoded,
    ihdr,
    jpeg_with,
    png_with,
    rendered,
    riff,
    scene,
    store,
    text_png,
    webp_chunks,
)

STORE = store()
LONG = store(5000)


def with_store(form: str, box: bytes = STORE) -> bytes:
    """A picture that carries this manifest store."""
    if form == "PNG":
        return png_with(chunk(b"caBX", box))
    if form == "JPEG":
        return jpeg_with(app11(box))
    return riff(*webp_chunks(encoded("WEBP")), (b"C2PA", box))


def image_code(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as caught:
        walk(content, "a")
    return caught.value.code


def manifest_code(content: bytes) -> str:
    container = walk(content)  # the picture itself is fine
    with pytest.raises(UnreadableManifest) as caught:
        manifest_store(container)
    assert caught.value.hint
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
        assert image_code(bytes(content)) == "image-damaged"


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
    assert found is None or found[4:8] == STORE[4:8] or form != "JPEG"


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


class TestTexts:
    def test_png_text_in_all_its_forms(self) -> None:
        content = png_with(
            chunk(b"tEXt", b"a\0caf\xe9"),
            chunk(b"tEXt", "b\0café".encode()),
            chunk(b"zTXt", b"c\0\0" + zlib.compress(b"packed")),
            chunk(b"iTXt", "d\0\0\0de\0Wort\0瑪瑙".encode()),
            chunk(b"iTXt", b"e\0\1\0\0\0" + zlib.compress("瑪瑙".encode())),
            chunk(b"comf", b'prompt\0{"1": 2}'),
        )
        found = {entry.keyword: entry.text for entry in texts(walk(content))}
        assert found == {
            "a": "café",
            "b": "café",
            "c": "packed",
            "d": "瑪瑙",
            "e": "瑪瑙",
            "prompt": '{"1": 2}',
        }

    @pytest.mark.parametrize(
        "broken",
        [
            chunk(b"tEXt", b"no separator"),
            chunk(b"tEXt", b"k" * 80 + b"\0x"),
            chunk(b"zTXt", b"a\0\0not deflate"),
            chunk(b"zTXt", b"a\0\0" + zlib.compress(b"cut short" * 99)[:-9]),
            chunk(b"iTXt", b"a\0\0"),
            chunk(b"iTXt", b"a\0\1\0\0\0junk"),
        ],
    )
    def test_broken_texts_are_not_passed_over(self, broken: bytes) -> None:
        with pytest.raises(UnreadableImage) as caught:
            texts(walk(png_with(broken)), "a.png")
        assert caught.value.code == "image-text"
        assert "a.png" in caught.value.message

    def test_text_bombs_are_bounded(self) -> None:
        bomb = zlib.compress(bytes(MAX_TEXT + 1))
        assert len(bomb) < 20_000
        one = chunk(b"zTXt", b"a\0\0" + bomb)
        almost = chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"x" * MAX_TEXT))
        for chunks in ([one], [almost] * 40):
            start = time.process_time()
            with pytest.raises(UnreadableImage) as caught:
                texts(walk(png_with(*chunks)))
            assert caught.value.code == "image-text"
            assert time.process_time() - start < 2

    def test_comments_and_xmp(self) -> None:
        note = b"\xff\xfe\0\x0dhi /home/x"
        packet = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"
        xmp = b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet
        found = [(entry.place, entry.text) for entry in texts(walk(jpeg_with([note, xmp])))]
        assert found == [("COM", "hi /home/x"), ("XMP", "<x:xmpmeta/>")]
        webp = riff(*webp_chunks(encoded("WEBP")), (b"XMP ", b"<x/>"))
        assert [entry.text for entry in texts(walk(webp))] == ["<x/>"]

    def test_text_of_samples(self) -> None:
        assert {entry.keyword for entry in texts(walk(rendered("dawn-ridges.png")))} == {"prompt", "workflow"}


class TestExif:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_what_pillow_wrote(self, form: str) -> None:
        exif = Image.Exif()
        exif[0x0110] = 'prompt:{"a": "é"}'
        exif[0x0112] = 6
        exif.get_ifd(0x8769)[USER_COMMENT] = b"UNICODE\0" + "Steps: 1, 瑪瑙".encode("utf-16-be")
        found = exif_of(walk(encoded(form, exif=exif)))
        assert found is not None
        assert found.orientation == 6
        assert found.text(0x0110) == 'prompt:{"a": "é"}'
        assert found.text(USER_COMMENT) == "Steps: 1, 瑪瑙"
        assert found.text(0x010E) == ""

    @pytest.mark.parametrize(
        "raw",
        [
            b"UNICODE\0" + "Steps: 1".encode("utf-16-le"),
            b"UNICODE\0" + "Steps: 1".encode("utf-16-be"),
            b"UNICODE\0" + "Steps: 1".encode("utf-16"),
            b"ASCII\0\0\0Steps: 1\0",
            b"\0\0\0\0\0\0\0\0Steps: 1",
        ],
    )
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_user_comments_of_all_writers(self, raw: bytes, order: str) -> None:
        assert block_with(order, USER_COMMENT, raw).text(USER_COMMENT) == "Steps: 1"

    def test_odd_structures_end_quietly(self) -> None:
        assert read_exif(b"") is None
        assert read_exif(b"II*\0") is None
        loop = read_exif(b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0")
        assert loop is not None
        assert loop.tags == {}
        beyond = read_exif(b"II*\0\x08\0\0\0\xff\xff\x0f\x01\x02\0\xff\xff\xff\xff\xff\xff\xff\xff")
        assert beyond is not None
        assert beyond.tags == {}

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=300), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
    def test_noise_never_raises(self, noise: bytes, head: bytes) -> None:
        found = read_exif(head + noise)
        assert found is not None
        assert 1 <= found.orientation <= 8
        assert all(isinstance(found.text(tag), str) for tag in found.tags)


def block_with(order: str, tag: int, raw: bytes) -> Exif:
    """A TIFF block with one long text field."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    block = head + struct.pack(f"{order}HHHII", 1, tag, 7, len(raw), 26) + bytes(4) + raw
    found = read_exif(block)
    assert found is not None
    return found


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


def test_text_png_is_what_pillow_reads() -> None:
    with Image.open(BytesIO(text_png(prompt="{}", parameters="瑪瑙"))) as opened:
        assert opened.info == {"prompt": "{}", "parameters": "瑪瑙"}
