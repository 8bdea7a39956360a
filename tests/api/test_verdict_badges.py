"""The badge of a verdict's page: an approval that lost a consent, or whose time has passed, is not shown as whole."""

from __future__ import annotations

import pytest

from rakkan.api.verdict_page import standing_badge
from rakkan.registry.flows.judge.staleness import Standing


@pytest.mark.parametrize(
    ("stale", "ended", "words"),
    [
        (False, False, "every clause holds"),
        (False, True, "out of date: its time has passed"),
        (None, False, "nobody can tell whether its consents still stand"),
        (None, True, "out of date: its time has passed"),
        (True, True, "out of date: a consent was taken back"),
    ],
)
def test_how_an_approval_stands(stale: bool | None, ended: bool, words: str) -> None:
    assert standing_badge(Standing(stale=stale), ended=ended).words == words
