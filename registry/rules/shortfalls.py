"""Why an unchanged picture is not trusted here: every reason, in words for people.

It decides how "intact" is said: by what keeps the credential from being trusted, which is not always its
issuer. It leaves out the judgement itself (``rakkan.manifests.read``) and all other states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rakkan.manifests.checks import (
    ATTRIBUTION,
    CHECKS,
    INGREDIENTS,
    REDACTIONS,
    REVOCATION,
    TRUST,
    VOCABULARY,
    Check,
)
from rakkan.schemas.verdict import Outcome

_ISSUER: Final = "issuer not recognised here"
_CERTIFICATE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "signer-expired": "its signer's certificate has ended",
        "signer-not-yet-valid": "its signer's certificate began only after the signature",
    }
)
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        REVOCATION: "whether its certificate was taken back cannot be told",
        INGREDIENTS: "something stands against a picture that it was made from",
        REDACTIONS: "somebody took out what was said about consent",
        ATTRIBUTION: "not all that it says was stated by its signer",
        VOCABULARY: "not all that it says can be understood",
    }
)
_GATHERED: Final = "consent-gathered"
_OPEN_INGREDIENTS: Final = "a picture that it was made from cannot be judged"


def reasons(checks: Iterable[Check]) -> tuple[str, ...]:
    """What keeps a credential from being trusted, in the order of the checks; none if nothing does.

    Args:
        checks: Those of a picture; only the nine on the credential matter.
    """
    return tuple(_reason(each) for each in checks if each.name in CHECKS and _wants(each))


def unchanged(checks: Iterable[Check]) -> str:
    """What is said of a picture whose state is ``intact``: "unchanged", and every reason why it is no more."""
    found = reasons(checks) or ("not all of it could be checked",)
    return ("unchanged, " if found[0] == _ISSUER else "unchanged, but ") + ", and ".join(found)


def _wants(check: Check) -> bool:
    """Whether a check keeps a picture from being trusted; whom identity credentials name never does."""
    return not check.clears and (check.name != ATTRIBUTION or check.code == _GATHERED)


def _reason(check: Check) -> str:
    if check.name == TRUST:
        return _CERTIFICATE.get(check.code, _ISSUER)
    if check.name == INGREDIENTS and check.outcome is not Outcome.FAIL:
        return _OPEN_INGREDIENTS
    return _REASONS.get(check.name, f"the check “{check.name}” does not pass")
