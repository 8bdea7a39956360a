"""Texts in the file: PNG chunks, EXIF, XMP, comments; broken and huge ones."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rakkan.manifests.container import exif_of, texts, walk
from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.formats.exif import USER_COMMENT, Exif, read_exif
from rakkan.manifests.formats.text import MAX_TEXT
from tests.unit.manifests.pictures import (
    chunk,
    encoded,
    jpeg_with,
    png_with,
    rendered,
    riff,
    text_png,
    webp_chunks,
)


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
        note = b"\xff\xfe\0\x0chi /home/x"
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
        exif[0x0110] = 'prompt:{"a": 1}'
        exif[0x0112] = 6
        exif.get_ifd(0x8769)[USER_COMMENT] = b"UNICODE\0" + "Steps: 1, 瑪瑙".encode("utf-16-be")
        found = exif_of(walk(encoded(form, exif=exif)))
        assert found is not None
        assert found.orientation == 6
        assert found.text(0x0110) == 'prompt:{"a": 1}'
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


@pytest.mark.parametrize("megabytes", [1, 9])
def test_fields_that_all_point_at_the_same_bytes_are_not_copied(megabytes: int) -> None:
    """500 fields over one megabyte are half a gigabyte of text from a small file."""
    length = megabytes * 1024 * 1024
    entries = b"".join(struct.pack("<HHII", 0x2000 + tag, 2, length, 8) for tag in range(500))
    block = b"II*\0" + struct.pack("<IH", 8, 500) + entries + bytes(length)
    container = walk(png_with(chunk(b"eXIf", block)))
    tracemalloc.start()
    try:
        found = exif_of(container)
        with pytest.raises(UnreadableImage) as caught:
            texts(container)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert len(found.tags) == 500
    assert caught.value.code == "image-text"
    assert peak < 8 * length


def test_text_png_is_what_pillow_reads() -> None:
    with Image.open(BytesIO(text_png(prompt="{}", parameters="瑪瑙"))) as opened:
        assert opened.info == {"prompt": "{}", "parameters": "瑪瑙"}
