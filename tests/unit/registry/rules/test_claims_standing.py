"""Whose consent counts for a work: its creator's yes, and everybody's no."""

from __future__ import annotations

from itertools import combinations

import pytest

from rakkan.registry.rules.claims import standing
from tests.unit.registry.rules.cases import ARTIST, STRANGER, did, fact

ALICE, BOB = did(ARTIST), did(STRANGER)
HERS = fact(1, grantor={"id": ALICE, "capacity": "author"})
HIS = fact(2, grantor={"id": BOB, "capacity": "author"})
HIS_NO = fact(3, kind="reservation", grantor={"id": BOB, "capacity": "author"})


def test_without_a_work_on_record_every_consent_stands() -> None:
    assert standing([HERS, HIS, HIS_NO], []) == [HERS, HIS, HIS_NO]


def test_one_creator_alone_grants() -> None:
    assert standing([HERS, HIS, HIS_NO], [ALICE]) == [HERS, HIS_NO]
    assert standing([HERS, HIS], [BOB, BOB]) == [HIS], "the same creator twice is one"


@pytest.mark.parametrize("creators", [*combinations((ALICE, BOB, "did:web:third.example"), 2)])
def test_with_two_creators_nobody_grants(creators: tuple[str, str]) -> None:
    """Neither order nor being among them helps; who says no is heard all the same."""
    for order in (creators, creators[::-1]):
        assert standing([HERS, HIS, HIS_NO], order) == [HIS_NO]
