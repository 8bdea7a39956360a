"""Verifying one image: fifteen named checks, each with its own answer, and one state.

The plan, and the numbers used below:

 1. image       the bytes are one whole PNG, JPEG or WebP within limits
 2. manifest    a C2PA manifest is there and well-formed
 3. signature   the claim's signature holds
 4. trust       its issuer is on the list that was meant
 5. revocation  its issuer has not taken the certificate back
 6. binding     the manifest belongs to exactly these bytes
 7. ingredients what it was made from was intact when it was added
 8. redactions  nothing about consent was redacted
 9. attribution what counts was stated by the signer
10. vocabulary  the words used are ones we know
11. softBinding the image looks like what was registered
12. record      a signed record names this image
13. log         the record is in the log under a signed head
14. anchor      that head is on the chain
15. consent     what may be done with it, and whether that still stands

It decides what the dossier is worth, with trust that comes from outside alone. What could not be
consulted is undetermined. Gathering is in ``dossier`` and ``evidence``, checks 2–10 in
``rakkan.manifests``, 11–15 in ``record_checks``. What the picture's identity credentials say beside the
records (``corroboration``) is told, and changes neither a check of the records nor the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rakkan.manifests.checks import Check
from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.read import ManifestReport
from rakkan.registry.flows.verify import record_checks
from rakkan.registry.flows.verify.consent_check import consent_check, grantors
from rakkan.registry.flows.verify.corroboration import Actor, Corroboration, corroborate
from rakkan.registry.flows.verify.dossier import Dossier
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES
from rakkan.schemas.record import Record
from rakkan.schemas.values import Fingerprint
from rakkan.schemas.verdict import Answer, Outcome
from rakkan.schemas.work import Work

CHECKS: Final = (
    "image",
    "manifest",
    "signature",
    "trust",
    "revocation",
    "binding",
    "ingredients",
    "redactions",
    "attribution",
    "vocabulary",
    "softBinding",
    "record",
    "log",
    "anchor",
    "consent",
)


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer.

    Attributes:
        state: ``trusted | intact | invalid | revoked | recovered | none``.
        checks: All fifteen, in order.
        record: The work's record, if one was found.
        anchor: State and place of the anchor.
        consent: Answer by scope for the grantee asked.
        lineage: Nodes and edges.
        report: What the manifest reader found; None if only a digest was asked about.
        matched: The identifier that led to the record.
        identities: The picture's identity credentials, beside the records.
    """

    state: str
    checks: tuple[Check, ...]
    record: Record | None
    anchor: Mapping[str, Any]
    consent: Mapping[str, Any]
    lineage: Mapping[str, Any]
    report: ManifestReport | None
    matched: str
    identities: tuple[Corroboration, ...] = ()

    def check(self, name: str) -> Check:
        """One check by its name."""
        return next(check for check in self.checks if check.name == name)


def judge(
    report: ManifestReport | None,
    prints: tuple[Fingerprint, ...],
    dossier: Dossier | None,
    trust: record_checks.Trust,
    *,
    instant: datetime,
    grantee: str = "public",
    lineage: Mapping[str, Any] | None = None,
    recovered: bool = False,
    damage: UnreadableImage | None = None,
) -> Verification:
    """Judge one image by its manifest and its dossier, at one instant.

    Args:
        report: What the manifest reader found (checks 2–10); None if only a digest was asked about.
        prints: Fingerprints of the image at hand; empty if there is none at hand.
        dossier: What is on file, or None.
        trust: What the checker trusts.
        instant: When the question is asked.
        grantee: For whom consent is asked.
        lineage: Nodes and edges to show.
        recovered: The dossier was found by looks, or by an alias, not by the credential.
        damage: What is wrong with the picture's own bytes, if it was looked at all the same.
    """
    checks: dict[str, Check] = {}
    if report is not None:
        checks["image"] = (
            Check("image", Outcome.PASS, "image-whole", "The file is one whole image.")
            if damage is None
            else Check("image", Outcome.FAIL, damage.code, damage.message)
        )
        checks.update((check.name, check) for check in report.checks)
    if dossier is None:
        for name, code in (
            ("softBinding", "nothing-registered"),
            ("record", "record-none"),
            ("log", "record-none"),
        ):
            checks[name] = Check(name, Outcome.NOT_APPLICABLE, code, "No record of this image is known here.")
        checks["anchor"] = Check(
            "anchor", Outcome.NOT_APPLICABLE, "record-none", "There is nothing to anchor."
        )
        checks["consent"] = Check(
            "consent", Outcome.UNDETERMINED, "no-consent", "Nothing is known of consent; that is no yes."
        )
        answers: dict[str, Any] = dict.fromkeys((*CAWG_SCOPES, *OWN_SCOPES), Answer.UNDETERMINED.value)
        anchor: dict[str, Any] = record_checks.anchor_document("none", None, None)
    else:
        checks["softBinding"] = record_checks.soft_binding_check(prints, dossier)
        checks["record"] = record_checks.record_check(report, dossier, trust)
        checks["log"] = record_checks.log_check(dossier, trust)
        checks["anchor"], anchor = record_checks.anchor_check(dossier, trust, checks["log"])
        checks["consent"], answers = consent_check(dossier, trust, instant, grantee)
    ordered = tuple(
        checks.get(name) or Check(name, Outcome.NOT_APPLICABLE, "no-image", "Only a digest was asked about.")
        for name in CHECKS
    )
    state = _state(
        report, {check.name: check for check in ordered}, recovered=recovered and dossier is not None
    )
    if state == "invalid":
        ordered, answers = _nothing_allowed(ordered, answers)
    return Verification(
        state=state,
        checks=ordered,
        record=dossier.work.record if dossier else None,
        anchor=anchor,
        consent={"grantee": grantee, "scopes": answers},
        lineage=lineage or {"nodes": [], "edges": []},
        report=report,
        matched=str(dossier.matched) if dossier else "",
        identities=_identities(report, dossier, trust, checks),
    )


def _nothing_allowed(
    checks: tuple[Check, ...], answers: dict[str, Any]
) -> tuple[tuple[Check, ...], dict[str, Any]]:
    """Where file or evidence fails, a no stays a no, and a yes is none."""
    allowed = [scope for scope, word in answers.items() if word == Answer.ALLOWED.value]
    if not allowed:
        return checks, answers
    said = Check(
        "consent",
        Outcome.UNDETERMINED,
        "evidence-failed",
        f"Allowed by what is on file, and that could not be checked to the end: {', '.join(allowed)}.",
    )
    return (
        tuple(said if check.name == "consent" else check for check in checks),
        answers | dict.fromkeys(allowed, Answer.UNDETERMINED.value),
    )


def _identities(
    report: ManifestReport | None,
    dossier: Dossier | None,
    trust: record_checks.Trust,
    checks: Mapping[str, Check],
) -> tuple[Corroboration, ...]:
    """The credentials beside those who signed records: a record that does not hold is nobody's word."""
    if report is None or not report.credentials:
        return ()
    actors: list[Actor] = []
    if dossier is not None and checks["record"].outcome is Outcome.PASS:
        work: Any = dossier.work.record.predicate
        assert isinstance(work, Work)
        actors.append(Actor("creator", work.creator))
        actors += grantors(dossier, trust)
    return corroborate(report.credentials, actors)


def _state(report: ManifestReport | None, checks: Mapping[str, Check], *, recovered: bool) -> str:
    if checks["image"].outcome is Outcome.FAIL:
        return "invalid"
    evidence_fails = any(checks[name].outcome is Outcome.FAIL for name in ("record", "log", "anchor"))
    if report is None or report.state == "none":
        if not recovered:
            return "none"
        return "invalid" if evidence_fails else "recovered"
    if report.state in ("trusted", "intact") and (
        evidence_fails or checks["softBinding"].outcome is Outcome.FAIL
    ):
        return "invalid"
    return report.state
