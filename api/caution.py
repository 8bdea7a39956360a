"""Caution: an answer about consent is repeated only as far as its check bears it.

It decides two things that a bare list of scopes does not show: what only looks like a registered
work has no consent of that work (similarity never grants and never denies), and nothing is "allowed"
while the check of consent does not pass.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rakkan.registry.flows.verify.verify import Verification
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Answer, Outcome

ONLY_SIMILAR: Final = "only-similar"


def looks_only(found: Verification, content: bytes) -> bool:
    """Whether nothing but its looks leads from these bytes to the record that was found."""
    if found.record is None:
        return False
    names = {str(Digest.of(content))}
    if found.report is not None and found.report.identity is not None:
        names.add(str(found.report.identity.c2pa_claim))
    return found.matched not in names


def cautious(found: Verification, content: bytes | None = None) -> Verification:
    """The same verification, with no more consent than it bears.

    Args:
        found: The verification.
        content: The picture at hand; None if only a digest was asked about.
    """
    checks = found.checks
    if content is not None and looks_only(found, content):
        said = "Consent is about the registered work, not about what looks like it."
        checks = tuple(
            replace(each, outcome=Outcome.UNDETERMINED, code=ONLY_SIMILAR, detail=said)
            if each.name == "consent"
            else each
            for each in checks
        )
    check = next(each for each in checks if each.name == "consent")
    if check.outcome is Outcome.PASS:
        return found
    scopes = dict(found.consent["scopes"])
    for scope, answer in scopes.items():
        if check.code == ONLY_SIMILAR or answer == Answer.ALLOWED.value:
            scopes[scope] = Answer.UNDETERMINED.value
    return replace(found, checks=checks, consent={**found.consent, "scopes": scopes})
