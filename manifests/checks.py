"""Checks: what is asked of a credential, the same names in code, API and documentation.

It decides the names of the nine checks on a manifest, the form of an answer, and which check a
status code of the C2PA engine belongs to (C2PA §15.2). It leaves out how an answer is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rakkan.schemas.verdict import Outcome

MANIFEST, SIGNATURE, TRUST, REVOCATION, BINDING = "manifest", "signature", "trust", "revocation", "binding"
INGREDIENTS, REDACTIONS, ATTRIBUTION, VOCABULARY = "ingredients", "redactions", "attribution", "vocabulary"
CHECKS: Final = (
    MANIFEST,
    SIGNATURE,
    TRUST,
    REVOCATION,
    BINDING,
    INGREDIENTS,
    REDACTIONS,
    ATTRIBUTION,
    VOCABULARY,
)
"""All names, in the order in which they are shown."""

INTEGRITY: Final = (MANIFEST, SIGNATURE, BINDING)
"""The checks that must pass before anything a manifest says may be repeated."""

UNTRUSTED: Final = "signingCredential.untrusted"
EXPIRED: Final = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
REVOKED: Final = frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"})

# The first prefix that fits decides; what nobody foresaw belongs to the manifest as a whole, so
# that a new code of the engine fails closed.
_BELONGS: Final = (
    (UNTRUSTED, TRUST),
    ("signingCredential.trusted", TRUST),
    ("signingCredential.expired", TRUST),
    ("claimSignature.outsideValidity", TRUST),
    ("signingCredential.ocsp", REVOCATION),
    ("signingCredential.revoked", REVOCATION),
    ("signingCredential", SIGNATURE),
    ("claimSignature", SIGNATURE),
    ("algorithm", SIGNATURE),
    ("timeStamp", SIGNATURE),
    ("assertion.dataHash.redacted", REDACTIONS),
    ("assertion.action.redact", REDACTIONS),
    ("assertion.selfRedacted", REDACTIONS),
    ("assertion.notRedacted", REDACTIONS),
    ("assertion.dataHash", BINDING),
    ("assertion.bmffHash", BINDING),
    ("assertion.boxesHash", BINDING),
    ("assertion.collectionHash", BINDING),
    ("assertion.multipleHardBindings", BINDING),
    ("claim.hardBindings", BINDING),
    ("assertion.action.ingredientMismatch", INGREDIENTS),
    ("assertion.ingredient", INGREDIENTS),
    ("ingredient", INGREDIENTS),
    ("manifest.multipleParents", INGREDIENTS),
    ("manifest.update", INGREDIENTS),
    ("assertion.action", VOCABULARY),
    ("cawg", ATTRIBUTION),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One answer.

    Attributes:
        name: One of :data:`CHECKS` (the registry adds its own).
        outcome: pass, fail, undetermined or not-applicable.
        code: Stable kebab-case code, or the C2PA status code that decided.
        detail: One plain sentence; words from the file are in it only sanitised.
    """

    name: str
    outcome: Outcome
    code: str
    detail: str

    @property
    def clears(self) -> bool:
        """Nothing stands against trust here: it passed, or it has nothing to judge."""
        return self.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)


def passed(name: str, code: str, detail: str) -> Check:
    """It was looked at, and it is right."""
    return Check(name, Outcome.PASS, code, detail)


def failed(name: str, code: str, detail: str) -> Check:
    """It was looked at, and it is wrong."""
    return Check(name, Outcome.FAIL, code, detail)


def undetermined(name: str, code: str, detail: str) -> Check:
    """It could not be looked at, or not far enough."""
    return Check(name, Outcome.UNDETERMINED, code, detail)


def not_applicable(name: str, code: str, detail: str) -> Check:
    """There is nothing to look at."""
    return Check(name, Outcome.NOT_APPLICABLE, code, detail)


def failures_of(name: str, codes: Iterable[str]) -> list[str]:
    """Those of the engine's failure codes that belong to this check, sorted."""
    return sorted(code for code in codes if belongs_to(code) == name)


def belongs_to(code: str) -> str:
    """The check that a status code of the engine speaks about."""
    return next((name for prefix, name in _BELONGS if code.startswith(prefix)), MANIFEST)
