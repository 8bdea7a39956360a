"""What ties a manifest to its picture: every byte, and nothing left out that the engine does not mind."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from rakkan.manifests.checks import BINDING
from rakkan.manifests.read import read_manifest
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import checked, engine_state, issuers
from tests.unit.manifests.handmade import jpeg_with_boxes, png_with_boxes, png_with_store
from tests.unit.manifests.pictures import encoded, scene

JPEGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "progressive": {"progressive": True},
    "comment": {"comment": b"by hand"},
}


def test_a_binding_over_the_whole_file_holds() -> None:
    report = read_manifest(checked(png_with_store()), issuers())
    assert report.state == "trusted"
    assert report.check(BINDING).code == "binding-holds"


@pytest.mark.parametrize("more", [1, 30])
def test_an_exclusion_beyond_the_manifest_is_a_gap(more: int) -> None:
    content = png_with_store(more_excluded=more)
    assert engine_state(content, issuers()) == "Trusted"
    report = read_manifest(checked(content), issuers())
    assert (report.state, report.check(BINDING).code) == ("invalid", "binding-gap")
    assert report.identity is None


class TestBoxes:
    def test_all_parts_of_a_png_are_named(self) -> None:
        assert read_manifest(checked(png_with_boxes(encoded("PNG"))), issuers()).state == "trusted"

    @pytest.mark.parametrize("kind", JPEGS)
    def test_all_parts_of_a_jpeg_are_named(self, kind: str) -> None:
        content = jpeg_with_boxes(encoded("JPEG", scene((120, 80)), **JPEGS[kind]))
        assert read_manifest(checked(content), issuers()).state == "trusted"

    @pytest.mark.parametrize("left_out", [("IDAT", "IEND"), ("IEND",)])
    def test_pixels_that_are_not_named_are_a_gap(self, left_out: tuple[str, ...]) -> None:
        """The engine compares what is listed, so one such claim would fit any pixels."""
        content = png_with_boxes(encoded("PNG"), left_out=left_out)
        assert engine_state(content, issuers()) == "Trusted"
        report = read_manifest(checked(content), issuers())
        assert (report.state, report.check(BINDING).code) == ("invalid", "binding-gap")

    @pytest.mark.parametrize("left_out", [("SOS", "EOI"), ("EOI",)])
    def test_scans_that_are_not_named_are_a_gap(self, left_out: tuple[str, ...]) -> None:
        content = jpeg_with_boxes(encoded("JPEG"), left_out=left_out)
        assert engine_state(content, issuers()) == "Trusted"
        report = read_manifest(checked(content), issuers())
        assert (report.state, report.check(BINDING).code) == ("invalid", "binding-gap")


def test_a_binding_that_was_only_gathered_binds_nothing() -> None:
    report = read_manifest(checked(png_with_store(gathered=("c2pa.hash.data",))), issuers())
    assert report.state == "invalid"


def test_a_second_binding_that_does_not_fit_is_not_outvoted() -> None:
    other = {"alg": "sha256", "exclusions": [], "hash": hashlib.sha256(b"").digest(), "pad": b"", "name": "x"}
    report = read_manifest(checked(png_with_store([("c2pa.hash.data__1", other)])), issuers())
    assert report.state == "invalid"
    assert report.check(BINDING).outcome is Outcome.FAIL
