"""Consents about a picture that nobody registered: they are about its bytes, and a page must tell them, too.

It decides by which names such a picture is asked about: by its own digest, and by its credential's only if that
holds. What the consents mean together is decided in ``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rakkan.api.site import Site
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.flows.verify.verify import Verification
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC
from rakkan.schemas.values import Digest

_SCOPES: Final = (*CAWG_SCOPES, *OWN_SCOPES)
_UNREGISTERED: Final = "unregistered"


def said_of(site: Site, found: Verification, *names: Digest) -> Mapping[str, str]:
    """The answer for each scope, for everybody; nothing if the picture is registered, or nobody said anything.

    Args:
        site: Whose public records are asked, and whose chain before "allowed" is said.
        found: The verification.
        names: Digests of the very bytes, or the one that was asked about.
    """
    if found.record is not None:
        return {}
    identity = found.report.identity if found.report is not None else None
    holds = identity is not None and found.state in ("trusted", "intact")
    known = [*([identity.c2pa_claim] if identity is not None and holds else []), *names]
    answers = site.withdrawals.confirmed(lambda: show(site.public, known, scopes=_SCOPES, grantee=PUBLIC))
    if all(each.code == "no-consent" for each in answers.values()):
        return {}
    return {scope: answers[scope].answer.value for scope in _SCOPES}


def beside(found: Verification, said: Mapping[str, str]) -> Verification:
    """The same verification, whose check of consent does not say that nothing is known if something is."""
    if not said:
        return found
    detail = "Nobody registered the picture; what was said about its very bytes stands below."
    checks = tuple(
        replace(each, code=_UNREGISTERED, detail=detail) if each.name == "consent" else each
        for each in found.checks
    )
    return replace(found, checks=checks)
