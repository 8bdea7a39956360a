"""Mandates: from what somebody may do in another's name to the terms of a consent.

It decides what such a mandate is about: all works of whoever stands at the root of its chain, unless works
are named. Which chain holds is decided in ``rakkan.registry.rules.mandates``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rakkan.registry.flows.accept import require
from rakkan.registry.flows.claims.stating import actor
from rakkan.registry.flows.collections import collection_of
from rakkan.registry.flows.consent.terms import Terms
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import RecordSigner
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Cid


def mandate_terms(
    registry: Registry,
    who: Sequence[str],
    scopes: Sequence[str],
    *,
    days: int,
    under: str = "",
    narrowed: bool = False,
) -> Terms:
    """The terms of a mandate.

    Args:
        registry: Where the mandate above is known.
        who: DIDs of those who may act.
        scopes: What they may allow.
        days: How long.
        under: CID of the mandate under which it is given, or nothing.
        narrowed: Whether it is about works that are named; else about what the mandate above is about.

    Raises:
        Invalid: ``terms-scope``. Refused: ``record-unknown``.
    """
    for scope in scopes:
        if scope not in (*CAWG_SCOPES, *OWN_SCOPES):
            raise Invalid(
                f"{scope!r} is not a scope.",
                code="terms-scope",
                hint=f"Use {', '.join((*CAWG_SCOPES, *OWN_SCOPES))}.",
            )
    more = {} if narrowed else in_collection(registry, under)
    return Terms(
        kind="mandate",
        scopes=dict.fromkeys(scopes, "allowed"),
        licence=None,
        mode="prospective",
        mode_days=None,
        days=days,
        grantee=tuple(who),
        claim="generated",
        mandate=under,
        more=more,
    )


def in_collection(registry: Registry, under: str) -> dict[str, Any]:
    """The fields by which a mandate is about the collection of the one above, if that has one.

    Raises:
        Refused: ``record-unknown``.
    """
    above = require(registry, Cid.parse(under).digest, "consent") if under else None
    collection = collection_of(above) if above is not None else None
    return {} if collection is None else {"match": "collection", "collection": collection.to_json()}


def mandate_subjects(
    registry: Registry, under: str = "", signer: RecordSigner | None = None
) -> list[Subject]:
    """What a mandate over all works is about: their author, or what the mandate above is about."""
    if under:
        return list(require(registry, Cid.parse(under).digest, "consent").parsed.subject)
    digest = actor_digest(actor(registry, signer))
    return [Subject(name="author", digest={digest.kind: digest.hex})]
