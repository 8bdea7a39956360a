"""Links: which other records a record names, and as what.

It decides what of a predicate is a link to another record's envelope, and what of a consent must be known when it is
accepted, though it holds by itself. It leaves out what no record holds without (``rakkan.registry.rules.duties``),
and links to what is no record, such as policies.
"""

from __future__ import annotations

from rakkan.registry.rules.linked import Linked, unknown_link
from rakkan.schemas.consent import Consent, Withdrawal
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.model import Model
from rakkan.schemas.statement import Link, Value
from rakkan.schemas.trainingrun import TrainingRun

Named = tuple[str, bytes]
"""Relation, and sha256 of the envelope that is named."""


def links_of(predicate: Value) -> tuple[Named, ...]:
    """Every link to another record, each once, with the field that holds it."""
    found: list[tuple[str, Link | None]] = []
    match predicate:
        case Consent():
            found += [
                ("supersedes", predicate.supersedes),
                ("mandate", predicate.mandate),
                ("joins", predicate.joins),
            ]
            found += [("releases", each) for each in predicate.persons.releases]
        case Withdrawal():
            found.append(("consent", predicate.consent))
        case Dispute():
            found.append(("target", predicate.target))
        case Ruling():
            found += [("target", predicate.target), ("dispute", predicate.dispute)]
        case KeyChange():
            found.append(("guardianship", predicate.guardianship))
        case Model():
            found.append(("run", predicate.run))
        case TrainingRun():
            found.append(("base", predicate.base.record if predicate.base is not None else None))
            found += [("consents", each) for each in predicate.consents]
        case _:
            pass
    return tuple(dict.fromkeys((name, link.cid.digest) for name, link in found if link is not None))


def check_known(predicate: Value, linked: Linked) -> None:
    """Whether what a consent replaces, and the releases that it leans on, are known: for acceptance alone.

    What was accepted holds by itself also where they are not at hand: no answer grants for want of them. But whoever
    is told that it was taken must not find later that it replaces nothing, or something that came after it.

    Raises:
        Refused: ``link-unknown``, with the pointer of the link.
    """
    if not isinstance(predicate, Consent):
        return
    wanted = [("supersedes", predicate.supersedes, "")] if predicate.supersedes is not None else []
    wanted += [
        (f"persons/releases/{place}", link, "likeness")
        for place, link in enumerate(predicate.persons.releases)
    ]
    for field, link, kind in wanted:
        record = linked.get(link.cid.digest)
        said = record.predicate if record is not None and record.envelope_cid == link.cid else None
        if not isinstance(said, Consent) or (kind and said.kind != kind):
            raise unknown_link(field)
