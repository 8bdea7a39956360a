"""Likeness: which registered works look alike, and what an earlier one then says of a later one.

It decides when two fingerprints match (DESIGN §9: PDQ-256 of quality ≥ 50, at most 31 of 256 bits apart,
from one pipeline) and which flags follow. Similarity never grants and never denies; what a flag does to
an answer is decided in ``rakkan.registry.rules.disputes``. Earlier is earlier in the log, which nobody can
date back: what is in no log is not earlier than anything, and grants nothing either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rakkan.registry.rules.case import Similar
from rakkan.registry.rules.claims import claimant
from rakkan.registry.rules.facts import ConsentFact, RecordFact
from rakkan.schemas.values import Fingerprint
from rakkan.schemas.work import Work

MATCH_BITS: Final = 31
"""PDQ distance up to which two pictures are called similar; 32–64 is for people to judge."""
MIN_QUALITY: Final = 50
"""PDQ quality below which a picture is too plain to be told from others."""

BYTES: Final = 32
"""Length of a PDQ-256; what has another length is none, whatever it is called."""

Alike = Mapping[bytes, frozenset[bytes]]
"""By the envelope of a work's record, the envelopes of those that it looks like, earlier or later."""


def telling(prints: Iterable[Fingerprint]) -> dict[tuple[str, str], Fingerprint]:
    """Those fingerprints that decide, by algorithm and pipeline."""
    return {
        (each.alg, each.pipeline): each
        for each in prints
        if each.alg.startswith("pdq") and each.quality >= MIN_QUALITY and len(each.bits) == BYTES
    }


def fingerprints_of(work: Work) -> tuple[Fingerprint, ...]:
    """The fingerprints that a record states."""
    return tuple(
        Fingerprint(each.alg, each.pipeline, bytes.fromhex(each.bits), each.quality)
        for each in work.fingerprints
    )


def alike_among(works: Mapping[bytes, Work], others: Mapping[bytes, Work]) -> Alike:
    """Which of a few works look like one of the others; a whole registry is searched elsewhere.

    Args:
        works: By the envelope of their records.
        others: Likewise; a work is not compared with itself.
    """
    prints = {name: _bits(work) for name, work in others.items()}
    found: dict[bytes, frozenset[bytes]] = {}
    for name, work in works.items():
        mine = _bits(work)
        found[name] = frozenset(
            other
            for other, theirs in prints.items()
            if other != name
            and any(
                (bits ^ theirs[kind]).bit_count() <= MATCH_BITS
                for kind, bits in mine.items()
                if kind in theirs
            )
        )
    return found


def _bits(work: Work) -> dict[tuple[str, str], int]:
    return {kind: int.from_bytes(each.bits) for kind, each in telling(fingerprints_of(work)).items()}


def flags_of(
    work: RecordFact, earlier: RecordFact, claims: Iterable[RecordFact], consents: Iterable[ConsentFact]
) -> Iterator[Similar]:
    """What an earlier work says of a later one that looks like it.

    One flag for each who claims the earlier work, and one for each reservation that one of them holds on it:
    each is known from when it is, so that what was answered before stays as it was.

    Args:
        work: The record of the later work.
        earlier: The record of the earlier one; if it is not earlier in the log there is no flag.
        claims: Works and authorship claims that name the earlier one, its own record among them.
        consents: Consents on the earlier one.
    """
    if work.log_index is None or earlier.log_index is None or earlier.log_index >= work.log_index:
        return
    holders = set()
    for claim in claims:
        holder = claimant(claim)
        holders.add(holder)
        since = max(claim.since, earlier.known_from, work.since)
        yield Similar(earlier.envelope, frozenset({holder}), reserved=False, known_from=since)
    for fact in consents:
        if fact.consent.kind == "reservation" and fact.consent.grantor.id in holders:
            since = max(fact.since, earlier.known_from, work.since)
            yield Similar(
                earlier.envelope, frozenset({fact.consent.grantor.id}), reserved=True, known_from=since
            )
