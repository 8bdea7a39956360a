"""Actors: which keys are one person, which are in other hands, and how well a person is known.

It decides this from identity and key records, for one community and one state of knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rakkan.registry.rules.facts import RecordFact


class Actors:
    """Identity and key records of any number of actors, read once and asked often.

    Args:
        records: Records of kind identity and key, in any order; others are passed over.
        checkers: DIDs whose identity checks the community trusts.
    """

    __slots__ = ("checkers", "records")

    def __init__(self, records: Iterable[RecordFact] = (), checkers: Iterable[str] = ()) -> None:
        self.records = tuple(records)
        self.checkers = frozenset(checkers)


NOBODY: Final = Actors()
"""Nothing is known of anybody."""
