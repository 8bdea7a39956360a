"""Reasons by number, for answers in bytes.

It decides the number of each code that an answer about consent can have. Numbers are never given again:
what is new is added at the end. What the codes mean is said in docs/proof-of-consent.md.
"""

from __future__ import annotations

from typing import Final

REASONS: Final = (
    "granted",
    "granted-to-public",
    "not-allowed",
    "reserved",
    "constrained",
    "withdrawn",
    "suspended",
    "key-compromised",
    "key-rotated",
    "mandate-broken",
    "guardian-missing",
    "minors-unknown",
    "release-missing",
    "coauthors-missing",
    "budget-spent",
    "policy-other",
    "train-by-passed",
    "unlogged",
    "expired",
    "not-yet-valid",
    "superseded",
    "void",
    "claim-void",
    "claimant-other",
    "scope-unstated",
    "grantee-other",
    "no-consent",
    "claims-conflict",
    "similar-unresolved",
    "withdrawal-not-consulted",
)
"""The code of number 1, 2, and so on; 0 stands for one that came later than whoever reads it."""

NUMBERS: Final = {code: number for number, code in enumerate(REASONS, 1)}
