"""What one identity credential is worth: whom it names, by whose word, and since when.

It decides between broken, open and trusted for the two kinds of credential (CAWG identity 1.3, §8): an
aggregator's, and a certificate's. Keys and issuers count by the reader's own lists alone. It leaves out
the credential's form and what it refers to (``rakkan.manifests.identity``) and what several of them
mean for a picture (``rakkan.manifests.attribution``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rakkan.manifests.aggregation import WALLET, Aggregation, VerifiedIdentity, read_aggregation
from rakkan.manifests.aggregators import IdentityTrust
from rakkan.manifests.certificates import DOCUMENT_SIGNING, display_name, fingerprint
from rakkan.manifests.cose import read_sign1
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.identity import AGGREGATION, X509, IdentityAssertion, Refusal
from rakkan.manifests.text import plain
from rakkan.manifests.trust import in_force
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, DidKey, DidPkh, parse_did
from rakkan.schemas.verdict import Outcome

TRUSTED: Final = "cawg.identity.trusted"
SHOWN: Final = 3
"""How many of several are named in one sentence."""

MAX_COVERS: Final = 64

_USAGES: Final = (DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)  # CAWG 1.3 §8.2.1
_DISCLAIMER: Final = "this does not show who made it"


@dataclass(frozen=True, slots=True)
class IdentityCredential:
    """One identity credential of the active manifest.

    Attributes:
        label: Of the assertion.
        kind: Kind of its signature, ``cawg.x509.cose`` or ``cawg.identity_claims_aggregation``.
        outcome: pass (it holds, and its issuer is trusted about names), undetermined or fail.
        code: As in CAWG identity 1.3.
        detail: One sentence.
        holds: Its signature holds and it is about this picture, whoever its issuer is.
        issuer: The aggregator's DID, or the name of the certificate's issuer; sanitised.
        subject: The credential's subject, or the name in the certificate; sanitised.
        roles: What the named actor says to be for the picture; sanitised.
        covers: Labels of the assertions that it speaks about, at most :data:`MAX_COVERS`; of others the named
            actor says nothing.
        identities: What an aggregator says; empty unless it holds.
        actors: Actors that it names in a form we can compare, as DIDs and addresses; empty unless it holds.
        digest: SHA-256 of the signature: how a record names this credential as evidence.
    """

    label: str
    kind: str
    outcome: Outcome
    code: str
    detail: str
    holds: bool = False
    issuer: str = ""
    subject: str = ""
    roles: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    identities: tuple[VerifiedIdentity, ...] = ()
    actors: tuple[DidKey | DidPkh | Address, ...] = ()
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Bench:
    """By what credentials are judged.

    Attributes:
        trust: Whose word about a name counts.
        instant: When they are taken, or proven, to have been used.
        revoked: SHA-256 digests (32 bytes) of revoked certificates.
        algorithm: Digest algorithm that the claim names for digests that name none.
    """

    trust: IdentityTrust
    instant: datetime
    revoked: frozenset[bytes] = frozenset()
    algorithm: str = "sha256"


def judge_credential(found: IdentityAssertion, covers: Sequence[str], bench: Bench) -> IdentityCredential:
    """Judge one credential whose form is right and that is about this very picture.

    Args:
        found: The assertion.
        covers: Labels of what it speaks about.
        bench: By what to judge.
    """
    base = IdentityCredential(
        label=plain(found.label, 80),
        kind=plain(found.kind, 80),
        outcome=Outcome.FAIL,
        code="",
        detail="",
        roles=tuple(plain(role, 80) for role in found.roles),
        covers=tuple(plain(label, 80) for label in covers[:MAX_COVERS]),
        digest=hashlib.sha256(found.signature).digest(),
    )
    try:
        if found.kind == X509:
            return _certificate(found, base, bench)
        if found.kind == AGGREGATION:
            return _aggregation(found, base, bench)
        why = f"is signed in a way that is not known here ({base.kind})"
        raise Refusal("cawg.identity.sig_type.unknown", why, open=True)
    except Refusal as refusal:
        return replace(refused(found.label, refusal), kind=base.kind, roles=base.roles, digest=base.digest)


def refused(label: str, refusal: Refusal) -> IdentityCredential:
    """A credential of which nothing is repeated but what is wrong with it."""
    outcome = Outcome.UNDETERMINED if refusal.open else Outcome.FAIL
    detail = f"An identity credential in it {refusal.why}."
    return IdentityCredential(plain(label, 80), "", outcome, refusal.code, detail)


def _certificate(found: IdentityAssertion, base: IdentityCredential, bench: Bench) -> IdentityCredential:
    """A signature by an identity certificate (§8.2), its issuer judged by the list that is meant for names."""
    try:
        sign1 = read_sign1(found.signature)
        chain = sign1.chain()
    except UnreadableManifest as error:
        raise Refusal("cawg.x509.signature.mismatch", "has no readable signature") from error
    if not sign1.algorithm:
        raise Refusal("cawg.x509.algorithm.unsupported", "is signed in a way that C2PA does not use")
    signer = chain[0]
    if sign1.payload is not None or not any(sign1.fits(signer.public_key(), each) for each in found.signed):
        raise Refusal("cawg.x509.signature.mismatch", "was changed after it was signed")
    if bench.revoked & {fingerprint(certificate) for certificate in chain}:
        raise Refusal("cawg.identity.credential_revoked", "is by a certificate that was revoked")
    if bench.instant < signer.not_valid_before_utc:
        raise Refusal("cawg.x509.signature.outside_validity", "is older than its certificate")
    held = replace(
        base,
        holds=True,
        subject=plain(display_name(signer.subject), 120) or "somebody without a name",
        issuer=plain(display_name(signer.issuer), 120) or "an issuer without a name",
        actors=tuple(_actors(_names_in(signer))),
    )
    who = f"“{held.subject}”{_as(held)}"
    if not in_force(signer, bench.instant):
        why = f"ended on {signer.not_valid_after_utc:%Y-%m-%d}, and nothing proves that its use is older"
        said = f"An identity certificate for {who} {why}."
        return _open(held, "cawg.x509.signature.outside_validity", said)
    issuers = bench.trust.issuers if is_for_names(signer) else None
    issuer = issuers.vouching(chain, bench.instant) if issuers else None
    if issuer is None:
        said = f"Somebody who goes by {who} signed it too; {held.issuer} says so, who is not recognised here for names."
        return _open(held, "cawg.x509.credential.untrusted", said)
    if fingerprint(issuer) in bench.revoked:
        raise Refusal("cawg.identity.credential_revoked", "is by a certificate that was revoked")
    above = plain(display_name(issuer.subject), 120)
    said = f"A certificate issued under {above} says that {who} signed it too; {_DISCLAIMER}."
    return replace(held, outcome=Outcome.PASS, code=TRUSTED, detail=said)


def _aggregation(found: IdentityAssertion, base: IdentityCredential, bench: Bench) -> IdentityCredential:
    """An aggregator's credential (§8.1), by a key that is on the list or that its DID is."""
    read = read_aggregation(found, bench.algorithm)
    issuer = plain(read.issuer, 120)
    try:
        keys = bench.trust.keys_of(read.issuer)
    except Invalid as error:
        raise Refusal("cawg.ica.invalid_did_document", "has an issuer whose DID is no key") from error
    if not keys:
        web = read.issuer.startswith("did:web:")
        code = "cawg.ica.did_unavailable" if web else "cawg.ica.did_unsupported_method"
        raise Refusal(code, f"is by {issuer}, whose key is not known here", open=True)
    if not any(read.sign1.fits(key, read.content) for key in keys):
        raise Refusal("cawg.ica.signature_mismatch", "was changed after it was signed")
    wallets = (each.address for each in read.identities if each.type == WALLET)
    held = replace(
        base,
        holds=True,
        issuer=issuer,
        subject=read.subject,
        identities=read.identities,
        actors=tuple(_actors([read.subject, *wallets])),
    )
    said = f"{issuer} says{_as(held)}: {_words(read)}"
    try:
        read.check_time(bench.instant)
    except Refusal as refusal:
        if not refusal.open:
            raise
        return _open(held, refusal.code, f"A credential by {said}; it {refusal.why}.")
    if read.issuer not in bench.trust.aggregators:
        said = f"A credential by somebody who is not recognised here for names, {said}."
        return _open(held, "cawg.ica.untrusted_issuer", said)
    if read.revocable:
        said = f"A credential by {said}; whether it was revoked since was not asked."
        return _open(held, "cawg.ica.revocation.unavailable", said)
    return replace(held, outcome=Outcome.PASS, code=TRUSTED, detail=f"A credential by {said}; {_DISCLAIMER}.")


def _words(read: Aggregation) -> str:
    more = len(read.identities) - SHOWN
    return ", ".join(each.words for each in read.identities[:SHOWN]) + (
        f" and {more} more" if more > 0 else ""
    )


def _open(held: IdentityCredential, code: str, detail: str) -> IdentityCredential:
    return replace(held, outcome=Outcome.UNDETERMINED, code=code, detail=detail)


def _as(held: IdentityCredential) -> str:
    roles = [role.removeprefix("cawg.").replace("_", " ") for role in held.roles[:SHOWN]]
    return f" as {' and '.join(roles)}" if roles else ""


def is_for_names(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign for a name, and not for a claim generator alone."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return any(usage in usages for usage in _USAGES)


def _names_in(certificate: x509.Certificate) -> Iterator[str]:
    """Where a certificate can name an actor: its common name, and URIs among its other names."""
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[:1]:
        yield str(attribute.value)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)[:16]


def _actors(names: Iterable[str]) -> Iterator[DidKey | DidPkh | Address]:
    """Those names that are actors as we write them: a DID, or the address of a wallet on some chain."""
    for name in names:
        try:
            yield parse_did(name) if name.startswith("did:") else Address.parse(_bare(name))
        except Invalid:
            continue


def _bare(address: str) -> str:
    """An address without the chain that CAIP-10 puts before it."""
    return address.rpartition(":")[2] if address.startswith("eip155:") else address
