"""The case of one work: all that is known besides the consents on it and decides about them.

It decides what the rules may take into account, and nothing about what follows from it. Gathering it
is not here either. Whoever leaves something out gets an answer that grants less, with two exceptions
that gathering must never leave out: noes, and what objects (disputes, rulings, compromised keys,
rival claims, likenesses to earlier works, runs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from rakkan.registry.rules.actors import NOBODY, Actors
from rakkan.registry.rules.aliases import NOTHING, Since
from rakkan.registry.rules.facts import ConsentFact, RecordFact
from rakkan.schemas.values import Digest


@dataclass(frozen=True, slots=True)
class Similar:
    """A flag: this work looks like an earlier one. Similarity never grants and never denies.

    Attributes:
        earlier: sha256 of the envelope of the earlier work's record.
        holders: DIDs of some who claim the earlier work; there may be more flags for the same one.
        reserved: Whether it is their reservation on the earlier work that is told.
        known_from: When the registry first had what is told, and could have.
    """

    earlier: bytes
    holders: frozenset[str]
    reserved: bool
    known_from: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known besides the consents on one work. Every collection may be in any order.

    What is the same for all works of a dataset (``actors`` and the three lists of DIDs) is made once
    and shared among their cases.

    Attributes:
        digests: Every digest by which the work is known, and the ``collectionRoot`` of every collection
            that it was shown to belong to. Mandates, likeness and co-author consents must name one of
            them (or, mandates, the author), and disputes and rulings about one item its 32 bytes.
        named: Of these digests, those that a record told to be the work's, and since when.
        actors: Identity and key records of everybody involved, and whose checks the community trusts.
        claims: Records of kind work and authorship that name this work, ``proven_at`` filled. While
            there is none, every grantor stands for themselves.
        mandates: By envelope, every mandate that a chain from one of the consents leads to, and those
            that supersede them.
        coauthors: By the envelope of the grant that they join, the co-author consents, superseded ones too.
        releases: By envelope, the likeness consents that the grants link, and those that supersede them.
        disputes: Every dispute that targets one of the consents, mandates, releases or claims here.
        rulings: Every ruling on the same targets, on those disputes, on the works in ``similar``, and on ``runs``.
        similar: Earlier works that look like this one.
        runs: By the envelope of a grant with a budget, the records of the training runs that link it; the run
            that is being judged is left out.
        gates: By which gates (CAIP-10) grants name that community.
        trainers: DIDs of those who train for that community.
        adjudicators: DIDs whose rulings count.
        stewards: DIDs who may clear a likeness to an earlier work; adjudicators may too.
    """

    digests: frozenset[Digest] = frozenset()
    named: Since = field(default_factory=lambda: NOTHING)
    actors: Actors = NOBODY
    claims: tuple[RecordFact, ...] = ()
    mandates: Mapping[bytes, ConsentFact] = field(default_factory=lambda: _NONE)
    coauthors: Mapping[bytes, tuple[ConsentFact, ...]] = field(default_factory=lambda: _NO_COAUTHORS)
    releases: Mapping[bytes, ConsentFact] = field(default_factory=lambda: _NONE)
    disputes: tuple[RecordFact, ...] = ()
    rulings: tuple[RecordFact, ...] = ()
    similar: tuple[Similar, ...] = ()
    runs: Mapping[bytes, tuple[RecordFact, ...]] = field(default_factory=lambda: _NO_RUNS)
    gates: frozenset[str] = frozenset()
    trainers: frozenset[str] = frozenset()
    adjudicators: frozenset[str] = frozenset()
    stewards: frozenset[str] = frozenset()


_NONE: Final[Mapping[bytes, ConsentFact]] = MappingProxyType({})
_NO_COAUTHORS: Final[Mapping[bytes, tuple[ConsentFact, ...]]] = MappingProxyType({})
_NO_RUNS: Final[Mapping[bytes, tuple[RecordFact, ...]]] = MappingProxyType({})

EMPTY_CASE: Final = Case()
"""Nothing is known besides the consents."""
