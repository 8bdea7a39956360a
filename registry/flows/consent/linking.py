"""From the CIDs that terms name to the links of a consent: mandates, releases, what it joins or replaces.

It decides that people may name a record or its envelope, and that a consent links envelopes. Which of them
then counts is decided in ``rakkan.registry.rules``.
"""

from __future__ import annotations

from typing import Any

from rakkan.registry.flows.consent.terms import Terms
from rakkan.registry.service import Registry
from rakkan.schemas.errors import Refused
from rakkan.schemas.statement import Link
from rakkan.schemas.values import Cid


def link_terms(registry: Registry, terms: Terms, value: dict[str, Any]) -> None:
    """Put the links that terms name into the JSON of a consent.

    Args:
        registry: Where the named consents are known.
        terms: What is said.
        value: The predicate, with ``persons``; it is changed.

    Raises:
        Refused: ``record-unknown``, with the pointer of the link. Invalid: ``cid-form``.
    """
    named = {
        name: getattr(terms, name) for name in ("mandate", "joins", "supersedes") if getattr(terms, name)
    }
    if not named and not terms.releases:
        return
    digests = {text: Cid.parse(text).digest for text in (*named.values(), *terms.releases)}
    found = registry.store.records.get(sorted(set(digests.values())))

    def link(text: str, pointer: str) -> dict[str, str]:
        stored = found.get(digests[text])
        if stored is None or stored.record.kind != "consent":
            raise Refused(
                f"No consent {text} is known here.",
                code="record-unknown",
                hint="Have it accepted here first, and name its record or envelope.",
                pointer=pointer,
            )
        return Link.to(stored.record.envelope_cid).to_json()

    for name, text in named.items():
        value[name] = link(text, f"/{name}")
    if terms.releases:
        releases = [link(text, f"/persons/releases/{place}") for place, text in enumerate(terms.releases)]
        value["persons"] = {**value["persons"], "releases": releases}
