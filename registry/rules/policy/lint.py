"""Lint: what the authors of a policy may not have meant, in plain words.

It decides warnings about a policy as a whole; those about one clause stand with the clause. A warning
never stops a policy: who votes on it decides.
"""

from __future__ import annotations

from rakkan.registry.rules.policy.clause import FULL, ConsentClause
from rakkan.registry.rules.policy.consents import ConsentShare, ConsentUnrevoked
from rakkan.registry.rules.policy.document import Policy
from rakkan.registry.rules.policy.grantors import GrantorsDistinct, GrantorShare
from rakkan.registry.rules.policy.licences import LicenceIn, LicenceNot

_LONG_DAYS = 366


def lint(policy: Policy) -> list[str]:
    """Warnings, in plain words; empty if there are none."""
    warnings = _about_consent(policy)
    for clause in policy.clauses:
        warnings += clause.warnings()
    if len(set(policy.clauses)) < len(policy.clauses):
        warnings.append("A clause stands twice.")
    warnings += _contradictions(policy)
    if policy.valid_days > _LONG_DAYS:
        warnings.append(f"An approval would stand for {policy.valid_days} days without a second look.")
    return warnings


def _about_consent(policy: Policy) -> list[str]:
    shares = [clause.min_bp for clause in policy.clauses if isinstance(clause, ConsentShare)]
    warnings = []
    if not policy.clauses:
        warnings.append("There are no clauses: nothing can ever be approved under this policy.")
    elif not any(shares):
        warnings.append("No clause asks for consent: this policy approves works that nobody has granted.")
    if (
        shares
        and min(shares) < FULL
        and not any(isinstance(each, ConsentUnrevoked) for each in policy.clauses)
    ):
        warnings.append(
            "Items whose consent was withdrawn count only as lacking; consent.unrevoked stops them."
        )
    resting = [
        each for each in policy.clauses if isinstance(each, ConsentClause | GrantorShare | GrantorsDistinct)
    ]
    if not shares and resting:
        named = ", ".join(dict.fromkeys(each.name for each in resting))
        warnings.append(f"{named}: judged on consents, and no consent.share says on which.")
    return warnings


def _contradictions(policy: Policy) -> list[str]:
    accepted = [frozenset(each.licences) for each in policy.clauses if isinstance(each, LicenceIn)]
    refused = {name for each in policy.clauses if isinstance(each, LicenceNot) for name in each.licences}
    if accepted and not frozenset.intersection(*accepted) - refused:
        return ["No licence is accepted by every clause about licences: nothing can be approved."]
    return []
