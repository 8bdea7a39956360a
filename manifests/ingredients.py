"""Ingredients: the pictures a work was made from, as far down as the manifest store goes.

It decides what to make of their recorded and present faults. The C2PA engine reports a fault of an
ingredient only if its signer did not record it, so a work made from a tampered picture reads as
trusted there; here every ingredient's own results are walked. A signer that is not recognised is
reported, and is no fault: it says as little as a picture without a credential.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.manifests.certificates import display_name
from rakkan.manifests.checks import (
    EXPIRED,
    INGREDIENTS,
    REDACTIONS,
    UNTRUSTED,
    Check,
    failed,
    failures_of,
    not_applicable,
    passed,
    undetermined,
)
from rakkan.manifests.cose import check_signature
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import (
    INGREDIENT_LABELS,
    Manifest,
    ManifestStore,
)
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers
from rakkan.manifests.uri import base_label, manifest_of, split_assertion
from rakkan.schemas.verdict import Outcome

MAX_INGREDIENTS: Final = 500
MAX_DEPTH: Final = 32

# What says that something could not be looked at, not that something is wrong.
_UNRECORDED: Final = "ingredient-unrecorded"
_OPEN: Final = EXPIRED | {"manifest.inaccessible", "signingCredential.ocsp.inaccessible", _UNRECORDED}
_RELATIONSHIPS: Final = frozenset({"parentOf", "componentOf", "inputTo"})
# The older lists do not say which of their codes are good ones.
_GOOD: Final = (".validated", ".match", ".trusted", ".insideValidity", ".accessible", ".notRevoked")
_CONSENT: Final = ("cawg.", "c2pa.training-mining", "org.rakkan.")


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One ingredient; every word in it is a signer's claim.

    Attributes:
        depth: 1 for the work's own ingredients, 2 for theirs…
        relationship: ``parentOf``, ``componentOf`` or ``inputTo``.
        manifest: Name of its manifest, or an empty string.
        title: As its signer wrote it.
        signer: Name in its signer's certificate, or an empty string.
        recognised: Its signer's issuer is trusted; None without a credential or without a list.
        outcome: pass, fail or undetermined.
        codes: What was recorded or found against it, sorted.
    """

    depth: int
    relationship: str
    manifest: str
    title: str
    signer: str
    recognised: bool | None
    outcome: Outcome
    codes: tuple[str, ...]


def read_ingredients(
    store: ManifestStore, issuers: TrustedIssuers | None, instant: datetime
) -> tuple[Ingredient, ...]:
    """All ingredients, each before its own; a manifest that comes up twice is walked once."""
    found: list[Ingredient] = []
    seen = {store.active.label}
    waiting: list[tuple[Manifest, int]] = [(store.active, 1)]
    while waiting:
        manifest, depth = waiting.pop()
        for fields in _assertions(manifest):
            ingredient = _ingredient(store, fields, depth, issuers, instant)
            found.append(ingredient)
            below = store.find(ingredient.manifest)
            if len(found) >= MAX_INGREDIENTS or (below and depth >= MAX_DEPTH):
                return (*found, _too_many(depth))
            if below and below.label not in seen:
                seen.add(below.label)
                waiting.append((below, depth + 1))
    return tuple(found)


def judge_ingredients(ingredients: Collection[Ingredient], codes: Collection[str]) -> Check:
    """One answer for all.

    Args:
        ingredients: As :func:`read_ingredients` found them.
        codes: Failures that the engine sees now, of the active manifest's ingredients or links.
    """
    present = {code for code in codes if code != UNTRUSTED}
    bad = sorted(
        {code for each in ingredients if each.outcome is Outcome.FAIL for code in each.codes}
        | (present - _OPEN)
    )
    if bad:
        return failed(
            INGREDIENTS, "ingredient-faulty", f"Against a picture it was made from stands: {', '.join(bad)}."
        )
    doubts = sorted({code for each in ingredients for code in each.codes} | present)
    if any(each.outcome is Outcome.UNDETERMINED for each in ingredients) or present:
        return undetermined(
            INGREDIENTS, "ingredient-open", f"Cannot be judged any more: {', '.join(doubts)}."
        )
    if not ingredients:
        return not_applicable(
            INGREDIENTS, "no-ingredients", "The manifest names no picture it was made from."
        )
    strangers = sum(each.recognised is False for each in ingredients)
    bare = sum(not each.manifest for each in ingredients)
    return passed(
        INGREDIENTS,
        "ingredients-intact",
        f"Nothing stands against its {len(ingredients)} ingredients; {bare} without a credential, "
        f"{strangers} signed by an issuer not recognised here.",
    )


def judge_redactions(store: ManifestStore, codes: Collection[str]) -> Check:
    """Whether anybody along the way took out what somebody else had said about consent (C2PA §6.8)."""
    wrong = failures_of(REDACTIONS, codes)
    if wrong:
        return failed(REDACTIONS, wrong[0], f"A redaction breaks the rules: {', '.join(wrong)}.")
    uris = [uri for manifest in store.manifests for uri in manifest.redacted]
    labels = sorted({base_label(split_assertion(uri)[1]) for uri in uris})
    consent = [label for label in labels if not label or label.startswith(_CONSENT)]
    if consent:
        shown = ", ".join(plain(label, 80) or "an assertion without a name" for label in consent)
        return failed(
            REDACTIONS, "consent-redacted", f"Somebody took out what was said about consent: {shown}."
        )
    if uris:
        shown = ", ".join(plain(label, 80) for label in labels[:10])
        return passed(
            REDACTIONS, "redactions-other", f"Taken out along the way, none of it about consent: {shown}."
        )
    return not_applicable(REDACTIONS, "no-redactions", "Nothing was taken out.")


def _assertions(manifest: Manifest) -> Iterator[Mapping[object, object]]:
    for label in manifest.labels():
        base = base_label(label)
        if not base.startswith("c2pa.ingredient"):
            continue
        if label not in manifest.assertions:
            continue  # redacted; the engine has seen to it that it is listed as such
        try:
            fields = manifest.read(label) if base in INGREDIENT_LABELS else None
        except UnreadableManifest:
            fields = None
        yield fields if isinstance(fields, dict) else {}  # of an unknown version: as a broken one


def _ingredient(
    store: ManifestStore,
    fields: Mapping[object, object],
    depth: int,
    issuers: TrustedIssuers | None,
    instant: datetime,
) -> Ingredient:
    codes = set(_recorded(fields)) - {UNTRUSTED}
    relationship = fields.get("relationship")
    if not (isinstance(relationship, str) and relationship in _RELATIONSHIPS):
        codes.add("assertion.ingredient.malformed")
    target = fields.get("activeManifest", fields.get("c2pa_manifest"))
    name = manifest_of(target.get("url")) if isinstance(target, dict) else ""
    signer, recognised = "", None
    if target is not None:
        if "activeManifest" in fields and not _has_results(fields):
            codes.add(_UNRECORDED)
        manifest = store.find(name)
        if manifest is None:
            codes.add("ingredient.manifest.missing")
        else:
            signer, recognised, holds = _signer(manifest, issuers, instant)
            if not holds:
                codes.add("claimSignature.mismatch")
    outcome = Outcome.FAIL if codes - _OPEN else Outcome.UNDETERMINED if codes else Outcome.PASS
    return Ingredient(
        depth=depth,
        relationship=plain(relationship, 20),
        manifest=name if store.find(name) else "",
        title=plain(fields.get("dc:title", fields.get("title")), 80),
        signer=signer,
        recognised=recognised,
        outcome=outcome,
        codes=tuple(sorted(codes)),
    )


def _signer(
    manifest: Manifest, issuers: TrustedIssuers | None, instant: datetime
) -> tuple[str, bool | None, bool]:
    """Name, whether recognised, and whether the signature holds."""
    try:
        signature = check_signature(manifest.signature, manifest.claim)
    except UnreadableManifest:
        return "", None, False
    recognised = None if issuers is None else issuers.vouching(signature.chain, instant) is not None
    return plain(display_name(signature.signer.subject), 80), recognised and signature.holds, signature.holds


def _recorded(fields: Mapping[object, object]) -> Iterator[str]:
    """Failure codes that the signer recorded: v3 sorts them, older versions mix good and bad."""
    results = fields.get("validationResults")
    if isinstance(results, dict):
        yield from _failures(results.get("activeManifest"))
        deltas = results.get("ingredientDeltas")
        for delta in deltas if isinstance(deltas, list) else []:
            yield from _failures(delta.get("validationDeltas") if isinstance(delta, dict) else None)
    older = fields.get("validationStatus")
    for status in older if isinstance(older, list) else []:
        code = _code(status)
        if not code.endswith(_GOOD):
            yield code


def _has_results(fields: Mapping[object, object]) -> bool:
    """Whether its signer recorded that anything was checked at all; only version 3 says so."""
    results = fields.get("validationResults")
    active = results.get("activeManifest") if isinstance(results, dict) else None
    return isinstance(active, dict) and any(active.get(group) for group in ("success", "failure"))


def _failures(results: object) -> Iterator[str]:
    failures = results.get("failure") if isinstance(results, dict) else None
    for status in failures if isinstance(failures, list) else []:
        yield _code(status)


def _code(status: object) -> str:
    return plain(status.get("code"), 80) if isinstance(status, dict) else "general.error"


def _too_many(depth: int) -> Ingredient:
    return Ingredient(depth, "", "", "", "", None, Outcome.UNDETERMINED, ("ingredients-too-many",))
