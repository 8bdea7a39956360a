"""Every mutant of a stamped picture is refused, or is the same picture with the same identity."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from rakkan.manifests.checks import INTEGRITY
from rakkan.manifests.container import manifest_parts, walk
from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.fingerprint import fingerprints
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.stamp import stamp
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import (
    FORMS,
    checked,
    definition,
    issuers,
    signer,
    stamped,
    store_range,
    with_fixed_crc,
)
from tests.unit.manifests.pictures import encoded, scene


def judged(content: bytes) -> ManifestReport | None:
    """A report, or None if the file is no picture at all."""
    try:
        return read_manifest(checked(content), issuers())
    except UnreadableImage:
        return None


def flipped(content: bytes, places: list[int], source: random.Random) -> Iterator[tuple[int, bytes]]:
    for place in places:
        mutant = bytearray(content)
        mutant[place] ^= 1 << source.randrange(8)
        yield place, bytes(mutant)


@pytest.mark.parametrize("form", FORMS)
class TestBits:
    def test_outside_the_manifest_none_is_let_through(self, form: str) -> None:
        content, source = stamped(form).content, random.Random(form)
        parts = manifest_parts(walk(content))
        outside = [*range(parts[0].start), *range(parts[-1].end, len(content))]
        for place, mutant in flipped(content, source.sample(outside, min(len(outside), 300)), source):
            report = judged(mutant)
            assert report is None or report.state in ("invalid", "none"), place
            assert report is None or report.identity is None, place

    def test_inside_the_manifest_all_that_stand_are_the_same_picture(self, form: str) -> None:
        whole, source = stamped(form), random.Random(form)
        start, end = store_range(whole.content)
        stood = 0
        for place, mutant in flipped(whole.content, source.sample(range(start, end), 500), source):
            content = with_fixed_crc(mutant) if form == "PNG" else mutant
            report = judged(content)
            if report is None or report.state in ("invalid", "none"):
                assert report is None or report.identity is None, place
                continue
            stood += 1
            assert report.identity == whole.identity, place
            assert all(report.check(name).outcome is Outcome.PASS for name in INTEGRITY), place
        assert stood  # padding is nobody's word, and is not covered by the signature

    @pytest.mark.parametrize("more", [b"\0", b"<html>", b"PK\3\4", b"\xff\xd9"])
    def test_bytes_after_the_picture_are_no_picture(self, form: str, more: bytes) -> None:
        with pytest.raises(UnreadableImage):
            checked(stamped(form).content + more)

    def test_every_cut_is_refused(self, form: str) -> None:
        content = stamped(form).content
        for cut in [*range(64), *random.Random(2).sample(range(64, len(content)), 60)]:
            report = judged(content[:cut])
            assert report is None or report.state == "invalid", cut


def test_in_a_png_the_checksum_tells_first() -> None:
    content, source = stamped().content, random.Random(1)
    start, end = store_range(content)
    for place, mutant in flipped(content, source.sample(range(start, end), 200), source):
        report = judged(mutant)
        assert report is not None
        assert (report.state, report.checks[0].code) == ("invalid", "manifest-crc"), place


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_odd_kinds_of_png_are_stamped_bound_and_looked_at(mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (1, 1)).save(file, "PNG")
    done = stamp(checked(file.getvalue()), definition(), signer())
    assert read_manifest(checked(done.content), issuers()).state == "trusted"
    assert all(each.quality < 50 for each in fingerprints(checked(done.content)))


def test_cmyk_and_restart_markers_are_stamped_and_bound() -> None:
    for content in (
        encoded("JPEG", scene(mode="CMYK")),
        encoded("JPEG", scene((200, 120)), restart_marker_blocks=2),
        encoded("JPEG", scene((1, 1))),
    ):
        done = stamp(checked(content), definition(), signer())
        assert read_manifest(checked(done.content), issuers()).state == "trusted"
        assert fingerprints(checked(done.content))
