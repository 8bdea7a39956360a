"""Why an unchanged picture is not trusted, in words."""

from __future__ import annotations

import pytest

from rakkan.manifests.checks import Check, failed, passed, undetermined
from rakkan.registry.rules.shortfalls import reasons, unchanged

STRANGER = failed("trust", "issuer-unknown", "Issued by somebody.")
KNOWN = passed("trust", "issuer-trusted", "Issued under somebody.")
FAULTY = failed("ingredients", "ingredient-faulty", "Against it stands a code.")


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([STRANGER], "unchanged, issuer not recognised here"),
        ([undetermined("trust", "no-issuers", "")], "unchanged, issuer not recognised here"),
        ([undetermined("trust", "signer-expired", "")], "unchanged, but its signer's certificate has ended"),
        (
            [KNOWN, FAULTY],
            "unchanged, but something stands against a picture that it was made from",
        ),
        (
            [KNOWN, undetermined("ingredients", "ingredient-open", "")],
            "unchanged, but a picture that it was made from cannot be judged",
        ),
        (
            [STRANGER, KNOWN, failed("redactions", "consent-redacted", "")],
            "unchanged, issuer not recognised here, and somebody took out what was said about consent",
        ),
        (
            [KNOWN, failed("attribution", "consent-gathered", "")],
            "unchanged, but not all that it says was stated by its signer",
        ),
    ],
)
def test_every_reason_is_said(checks: list[Check], said: str) -> None:
    assert unchanged(checks) == said


def test_what_changes_no_state_is_no_reason() -> None:
    """Whom an identity credential names, and checks of the registry."""
    others = [failed("attribution", "identity-mismatch", ""), failed("log", "log-other", ""), KNOWN]
    assert reasons(others) == ()
    assert unchanged([*others, FAULTY]).count(" and ") == 0
