"""The five checks on the credential itself: its form, signature, issuer, revocation and binding.

It decides each from two sides, our own walk and the C2PA engine, and believes the worse of the
two. It leaves out what the manifest says (``rakkan.manifests.terms``) and what it was made from
(``rakkan.manifests.ingredients``).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cryptography import x509

from rakkan.manifests._c2pa import Reading
from rakkan.manifests.certificates import display_name, fingerprint
from rakkan.manifests.checks import (
    BINDING,
    EXPIRED,
    MANIFEST,
    REVOCATION,
    REVOKED,
    SIGNATURE,
    TRUST,
    Check,
    failed,
    failures_of,
    not_applicable,
    passed,
    undetermined,
)
from rakkan.manifests.container import manifest_parts
from rakkan.manifests.cose import ClaimSignature
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.formats.part import Container, Part
from rakkan.manifests.jumbf import Manifest, ManifestStore
from rakkan.manifests.stapled import revoked_at
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers, in_force

_BOX_HASHES = "c2pa.hash.boxes"
_DATA_HASH = "c2pa.hash.data"


def judge_manifest(store: ManifestStore, reading: Reading) -> Check:
    """Well-formed, every assertion as the claim lists it, and the engine sees the same active manifest."""
    altered = [label for manifest in store.lineage for label in manifest.misfits()]
    if altered:
        shown = ", ".join(plain(label, 80) for label in altered[:5])
        return failed(
            MANIFEST, "assertion-altered", f"What the claim lists and what is there differ: {shown}."
        )
    if reading.active != store.active.label:
        return failed(
            MANIFEST, "manifest-disputed", "Two readers see two different active manifests in this file."
        )
    wrong = failures_of(MANIFEST, reading.failure)
    if wrong:
        return failed(MANIFEST, wrong[0], f"The manifest breaks the rules: {', '.join(wrong)}.")
    return passed(
        MANIFEST, "manifest-sound", f"One manifest store with {len(store.manifests)} manifests, well-formed."
    )


def judge_signature(signature: ClaimSignature, reading: Reading) -> Check:
    """The claim is the one that the certificate's key signed; whose key that is, is another check."""
    if not signature.holds:
        return failed(
            SIGNATURE,
            "signature-mismatch",
            "The signature does not fit the claim: it was changed after signing.",
        )
    wrong = failures_of(SIGNATURE, reading.failure)
    if wrong or "claimSignature.validated" not in reading.success:
        code = wrong[0] if wrong else "signature-disputed"
        return failed(
            SIGNATURE, code, f"The signature is not accepted: {', '.join(wrong) or 'not validated'}."
        )
    return passed(
        SIGNATURE, "signature-holds", f"The claim is unchanged since it was signed ({signature.algorithm})."
    )


def judge_trust(
    signature: ClaimSignature,
    reading: Reading,
    issuers: TrustedIssuers | None,
    at: datetime | None,
    now: datetime,
) -> Check:
    """Whether the signer's issuer is on the list that was meant.

    Args:
        signature: The claim's signature.
        reading: What the engine says.
        issuers: The list; None if none was given.
        at: When the signature is proven to have existed, if that is proven.
        now: The wall clock, which counts if nothing is proven.
    """
    signer, instant = signature.signer, at or now
    name = plain(display_name(signer.issuer), 120) or "an issuer without a name"
    if issuers is None:
        return undetermined(TRUST, "no-issuers", f"Issued by {name}; no list of trusted issuers was given.")
    if instant < signer.not_valid_before_utc:
        return failed(
            TRUST, "signer-not-yet-valid", "The signer's certificate begins only after the signature."
        )
    if not in_force(signer, instant):
        return undetermined(
            TRUST,
            "signer-expired",
            f"The signer's certificate ended on {signer.not_valid_after_utc:%Y-%m-%d}, "
            "and nothing proves that the signature is older.",
        )
    issuer = issuers.vouching(signature.chain, instant)
    if issuer is None:
        return failed(TRUST, "issuer-unknown", f"Issued by {name}, who is not among the trusted issuers.")
    # The engine knows the wall clock alone: what it holds against a certificate that has ended
    # since the proven instant is not held against the signature.
    outlived = at is not None and bool(reading.failure & EXPIRED)
    if not outlived and not (
        "signingCredential.trusted" in reading.success and issuers.counts(reading.trust_uri)
    ):
        return failed(
            TRUST,
            "issuer-disputed",
            f"Issued by {name}; the C2PA engine does not find this issuer in the list.",
        )
    return passed(
        TRUST, "issuer-trusted", f"Issued under {plain(display_name(issuer.subject), 120)}, a trusted issuer."
    )


def judge_revocation(
    signature: ClaimSignature,
    reading: Reading,
    issuers: TrustedIssuers | None,
    revoked: Collection[bytes] | None,
    at: datetime,
) -> Check:
    """Whether one of the certificates was taken back, by our own list and by what the file itself brings.

    Nobody is asked over the network; that nothing was consulted shows in the answer.
    """
    wrong = sorted(reading.failure & REVOKED)
    if wrong:
        return failed(
            REVOCATION,
            wrong[0],
            "The file itself carries the proof that the signer's certificate was revoked.",
        )
    issuer = issuers.vouching(signature.chain, at) if issuers else None
    taken_back = revoked_at(signature.answers, signature.chain, issuer)
    if taken_back is not None and taken_back <= at:
        return failed(
            REVOCATION,
            "certificate-revoked",
            f"Its issuer took the certificate back on {taken_back:%Y-%m-%d}; the file itself carries the proof.",
        )
    if revoked is None:
        return not_applicable(
            REVOCATION,
            "not-consulted",
            f"No list of revoked certificates was consulted{_asked(signature.signer)}.",
        )
    listed = set(revoked)
    chain = [*signature.chain, *([issuer] if issuer else [])]
    if any(fingerprint(certificate) in listed for certificate in chain):
        return failed(
            REVOCATION, "certificate-revoked", "The signer's certificate, or one above it, was revoked."
        )
    others = failures_of(REVOCATION, reading.failure)
    if others:
        return undetermined(
            REVOCATION, others[0], f"The revocation proof in the file says nothing: {', '.join(others)}."
        )
    return passed(
        REVOCATION,
        "not-revoked",
        f"Not on our list of {len(listed)} revoked certificates{_asked(signature.signer)}.",
    )


def _asked(signer: x509.Certificate) -> str:
    """A remark if the issuer publishes revocations that were not asked for."""
    for kind in (x509.AuthorityInformationAccess, x509.CRLDistributionPoints):
        try:
            signer.extensions.get_extension_for_class(kind)
        except x509.ExtensionNotFound:
            continue
        return "; its issuer publishes revocations, and was not asked"
    return ""


def judge_binding(store: ManifestStore, container: Container, reading: Reading) -> Check:
    """The content is the one that was signed, and nothing but the manifest itself is left out of that."""
    wrong = failures_of(BINDING, reading.failure)
    if wrong:
        return failed(
            BINDING, wrong[0], "The picture is not the one that was signed: it was changed afterwards."
        )
    if not any(code.startswith("assertion.") and code.endswith("Hash.match") for code in reading.success):
        return failed(BINDING, "binding-missing", "Nothing ties the manifest to this picture.")
    bound = store.lineage[-1]
    try:
        gap = _gap(bound, container)
    except UnreadableManifest as error:
        return failed(BINDING, error.code, error.message)
    if gap:
        return failed(BINDING, "binding-gap", f"The signature leaves out a part of the file: {gap}.")
    return passed(BINDING, "binding-holds", "Every byte of the file but the manifest is as it was signed.")


def _gap(bound: Manifest, container: Container) -> str:
    """What the hard binding leaves out beyond the manifest; an empty string if nothing."""
    parts = manifest_parts(container)
    for label in bound.labels(_DATA_HASH):
        fields = bound.read(label)
        exclusions = fields.get("exclusions") if isinstance(fields, dict) else None
        for entry in exclusions if isinstance(exclusions, list) else []:
            start, length = (
                entry.get(key) if isinstance(entry, dict) else None for key in ("start", "length")
            )
            if not isinstance(start, int) or not isinstance(length, int) or min(start, length) < 0:
                return "a range that is none"
            if length and not (parts[0].start <= start and start + length <= parts[-1].end):
                return f"bytes {start} to {start + length}"
    for label in bound.labels(_BOX_HASHES):
        fields = bound.read(label)
        boxes = fields.get("boxes") if isinstance(fields, dict) else None
        named: list[object] = []
        for box in boxes if isinstance(boxes, list) else []:
            names = box.get("names") if isinstance(box, dict) else None
            if not isinstance(names, list) or (box.get("excluded") and names != ["C2PA"]):
                return "a part of the file by name"
            named += names
        # The engine compares what is listed, and does not mind what is not.
        if named != _box_names(container, parts):
            return "parts of the file that it does not name"
    return ""


def _box_names(container: Container, manifest: tuple[Part, ...]) -> list[str]:
    """The file's parts as a general box hash has to name them, one by one (C2PA §A.4)."""
    names = ["PNGh"] if container.media_type == "image/png" else []
    for part in container.parts:
        if part not in manifest:
            names.append(part.kind)
        elif part == manifest[0]:
            names.append("C2PA")
    return names
