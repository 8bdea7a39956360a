"""Clauses about licences: what may go out under which."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.registry.rules.casework import (
    by,
)
from tests.unit.registry.rules.clausework import clause, said, terms


@pytest.mark.parametrize(
    ("licence", "outcome"),
    [
        ("CC0-1.0", "pass"),
        ("CC-PDDC", "pass"),
        ("CC-BY-4.0", "pass"),
        ("CC-BY-SA-4.0", "pass"),
        ("CC-BY-NC-4.0", "fail"),
        ("CC-BY-NC-SA-4.0", "fail"),
        ("CC-BY-ND-4.0", "fail"),
        ("CC-BY-NC-ND-4.0", "fail"),
        ("LicenseRef-PoC-1", "undetermined"),
    ],
)
def test_what_is_made_goes_out_share_alike(licence: str, outcome: str) -> None:
    assert said(clause("licence.output"), by(0, **terms(licence)))[0] == outcome


@pytest.mark.parametrize(
    ("licence", "output", "expected"),
    [
        ("CC-BY-SA-4.0", "CC-BY-4.0", ("fail", "licence-incompatible")),
        ("CC-BY-SA-4.0", "GPL-3.0-only", ("pass", "licence-compatible")),
        ("CC-BY-SA-4.0", "MIT", ("undetermined", "licence-unknown")),
        ("CC-BY-4.0", "CC0-1.0", ("fail", "licence-incompatible")),
        ("CC-BY-4.0", "CC-BY-NC-4.0", ("pass", "licence-compatible")),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", ("pass", "licence-compatible")),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", ("fail", "licence-incompatible")),
        ("CC-BY-ND-3.0", "CC-BY-ND-3.0", ("fail", "licence-incompatible")),
        ("cc-by-nc-nd-2.0-fr", "cc-by-nc-nd-2.0-fr", ("fail", "licence-incompatible")),
        ("CC0-1.0", "MIT", ("pass", "licence-compatible")),
        ("MIT", "MIT", ("pass", "licence-same")),
        ("cc0-1.0", "CC0-1.0", ("undetermined", "licence-unknown")),
    ],
)
def test_licences_that_go_together(licence: str, output: str, expected: tuple[str, str]) -> None:
    assert said(clause("licence.output", licence=output), by(0, **terms(licence))) == expected


def test_terms_that_go_beyond_the_licence() -> None:
    asked = clause("licence.output")
    assert said(asked, by(0, **terms("CC-BY-4.0", alike=True))) == ("fail", "licence-share-alike")
    assert said(asked, by(0, **terms("CC-BY-SA-4.0", alike=True)))[0] == "pass"
    assert said(asked, by(0, **terms("LicenseRef-1", outputs="CC-BY-SA-4.0"))) == ("pass", "licence-same")
    assert said(asked, by(0, **terms("CC-BY-4.0", outputs="MIT"))) == ("fail", "licence-incompatible")
    unpaid: dict[str, Any] = {"commercial": False}
    assert said(asked, by(0, **terms("CC-BY-4.0", **unpaid))) == ("fail", "licence-noncommercial")
    assert said(asked, by(0, **terms("LicenseRef-1", **unpaid))) == ("fail", "licence-noncommercial")
    for_nothing = clause("licence.output", licence="CC-BY-NC-4.0")
    assert said(for_nothing, by(0, **terms("CC-BY-4.0", **unpaid))) == ("pass", "licence-compatible")
    own = clause("licence.output", licence="LicenseRef-1")
    assert said(own, by(0, **terms("LicenseRef-1", **unpaid))) == ("pass", "licence-same")
    assert said(own, by(0, **terms("CC0-1.0", **unpaid))) == ("undetermined", "licence-unknown")
    assert said(asked, by(0, terms=None)) == ("undetermined", "licence-unstated")


def test_licences_that_are_refused() -> None:
    asked = clause("licence.not")
    assert said(asked, by(0, **terms("CC-BY-4.0"))) == ("pass", "licence-not-refused")
    assert said(asked, by(0, **terms("cc-by-nc-4.0"))) == ("fail", "licence-refused")
    assert said(asked) == ("not-applicable", "no-consent-relied-on")
    assert said(asked, by(0), share=False) == ("undetermined", "no-share-clause")
