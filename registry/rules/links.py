"""Links: which other records a record names, and as what.

It decides what of a predicate is a link to another record's envelope. It leaves out whether the other one
is known or fits (``rakkan.registry.rules.duties``), and links to what is no record, such as policies.
"""

from __future__ import annotations

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
