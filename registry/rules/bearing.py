"""What bears on a work: from the consents about it to all that they lean on and are replaced by.

It decides how links among consents are followed, each way once, cycles included. What follows from them
is for ``rakkan.registry.rules.consent``; whose records they are, for ``casebook``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.links import links_of
from rakkan.schemas.consent import Consent

_MAX_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Group:
    """The consents that bear on a work, by envelope.

    Attributes:
        on: Those that are about it.
        replacing: Those that are about others and replace one of these.
        mandates, coauthors, releases: What all of them lean on, as in a case.
    """

    on: tuple[bytes, ...]
    replacing: tuple[bytes, ...]
    mandates: tuple[bytes, ...]
    coauthors: Mapping[bytes, tuple[bytes, ...]]
    releases: tuple[bytes, ...]
    all: tuple[bytes, ...]


class Bearing:
    """The links among consents.

    Args:
        consents: By envelope; read when asked, so that it may still grow.
    """

    def __init__(self, consents: Mapping[bytes, ConsentFact]) -> None:
        self._consents = consents
        self._linking: dict[tuple[str, bytes], list[bytes]] = {}
        self._kept: dict[tuple[bytes, ...], Group] = {}

    def add(self, envelope: bytes, consent: Consent) -> None:
        """Note what a consent links."""
        for relation, target in links_of(consent):
            self._linking.setdefault((relation, target), []).append(envelope)

    def on(self, envelopes: Iterable[bytes]) -> Group:
        """What bears on the work that these consents are about, in the order given."""
        on = tuple(dict.fromkeys(envelopes))
        if on not in self._kept:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            self._kept[on] = self._gather(on)
        return self._kept[on]

    def _gather(self, on: tuple[bytes, ...]) -> Group:
        bearing = self._with_replacing(on)
        joined = {each: self._with_replacing(self._linking.get(("joins", each), ())) for each in bearing}
        coauthors = {each: group for each, group in joined.items() if group}
        releases = self._with_replacing(self._linked(bearing, "releases"))
        mandates: tuple[bytes, ...] = ()
        leaning = (*bearing, *releases, *(each for group in coauthors.values() for each in group))
        while True:
            more = self._with_replacing((*mandates, *self._linked((*leaning, *mandates), "mandate")))
            if more == mandates:
                break
            mandates = more
        return Group(
            on=on,
            replacing=bearing[len(on) :],
            mandates=mandates,
            coauthors=coauthors,
            releases=releases,
            all=tuple(dict.fromkeys((*leaning, *mandates))),
        )

    def _linked(self, envelopes: Iterable[bytes], relation: str) -> list[bytes]:
        """Those of the consents here that these link in this way."""
        return [
            target
            for envelope in envelopes
            for name, target in links_of(self._consents[envelope].consent)
            if name == relation and target in self._consents
        ]

    def _with_replacing(self, envelopes: Iterable[bytes]) -> tuple[bytes, ...]:
        """These, and after them all that replace one of them, each once."""
        found = dict.fromkeys(envelopes)
        todo = list(found)
        while todo:
            for later in self._linking.get(("supersedes", todo.pop()), ()):
                if later not in found:
                    found[later] = None
                    todo.append(later)
        return tuple(found)
