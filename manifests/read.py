"""Reading a credential: what a picture says about itself, and how far that can be believed.

It decides the state of a file from nine checks. The C2PA engine's own verdict is only heard, never
taken: it calls files trusted whose parent was tampered with or whose consent was taken out, and a
good part of all one-bit changes inside a manifest store pass it. It leaves out the registry (what
is recorded of a work, and what is similar to it) and everything that needs a network.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from cryptography import x509

from rakkan.manifests import _c2pa
from rakkan.manifests.aggregators import NOBODY, IdentityTrust
from rakkan.manifests.attribution import judge_attribution, read_credentials
from rakkan.manifests.certificates import display_name, fingerprint
from rakkan.manifests.checks import (
    ATTRIBUTION,
    CHECKS,
    EXPIRED,
    INGREDIENTS,
    INTEGRITY,
    MANIFEST,
    REVOCATION,
    UNTRUSTED,
    VOCABULARY,
    Check,
    failed,
    failures_of,
    not_applicable,
    undetermined,
)
from rakkan.manifests.container import manifest_store
from rakkan.manifests.cose import check_signature
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.ingredients import Ingredient, judge_ingredients, judge_redactions, read_ingredients
from rakkan.manifests.judge import (
    judge_binding,
    judge_manifest,
    judge_revocation,
    judge_signature,
    judge_trust,
)
from rakkan.manifests.jumbf import Manifest, ManifestIdentity, ManifestStore, identity_of, parse
from rakkan.manifests.naming import IdentityCredential
from rakkan.manifests.terms import Terms, most_restrictive, read_terms
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.verdict import Outcome

State = Literal["trusted", "intact", "invalid", "revoked", "none"]


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """Who signed, by their certificate. The names are their own choice unless the issuer is trusted.

    Attributes:
        subject: Common name and organisation.
        issuer: Likewise, of whoever issued the certificate.
        serial: Serial number, lower-case hexadecimal.
        sha256: Digest of the certificate, 32 bytes.
        not_before: Begin of its validity.
        not_after: End of its validity.
        algorithm: ``ES256``…
    """

    subject: str
    issuer: str
    serial: str
    sha256: bytes
    not_before: datetime
    not_after: datetime
    algorithm: str


@dataclass(frozen=True, slots=True)
class ManifestReport:
    """What a picture's credential is worth, and what it says.

    Attributes:
        found: ``embedded`` if the file holds a manifest store, else ``none``: which says nothing,
            most platforms strip credentials.
        state: ``trusted`` (unchanged, issuer on the list, nothing stands against it), ``intact``
            (unchanged, but not that), ``invalid`` (changed, or not a credential), ``revoked``
            (unchanged, its signer's certificate was taken back), ``none``.
        checks: All nine, in the order of :data:`rakkan.manifests.checks.CHECKS`.
        identity: How the image is known; None if it is ``invalid``, so that a manifest on somebody
            else's picture leads to no record.
        claimed: What the store says its identity is, also if that is worth nothing.
        signer: Who signed; None if that cannot be read.
        made_with: Software that wrote the manifest, as it calls itself.
        terms: Actions, consent and origin; empty if ``invalid``.
        ingredients: Pictures it was made from; empty if ``invalid``.
        credentials: Whom its identity credentials name; empty if ``invalid``. They change no state.
    """

    found: Literal["embedded", "none"]
    state: State
    checks: tuple[Check, ...]
    identity: ManifestIdentity | None = None
    claimed: ManifestIdentity | None = None
    signer: SignerFacts | None = None
    made_with: str = ""
    terms: Terms = field(default_factory=Terms)
    ingredients: tuple[Ingredient, ...] = ()
    credentials: tuple[IdentityCredential, ...] = ()

    def check(self, name: str) -> Check:
        """One check by its name."""
        return next(check for check in self.checks if check.name == name)


def read_manifest(
    image: CheckedImage,
    issuers: TrustedIssuers | None,
    *,
    revoked: Collection[bytes] | None = None,
    at: datetime | None = None,
    identities: IdentityTrust = NOBODY,
) -> ManifestReport:
    """Read and judge a picture's credential, without any network. A broken one is an answer, not an error.

    Args:
        image: The picture.
        issuers: Whom to trust; None makes ``trust`` undetermined.
        revoked: SHA-256 digests (32 bytes) of revoked certificates, those that count at the
            instant; None if no list was consulted, which the check then says.
        at: When the signature is proven to have existed (an anchor's time). A certificate that has
            ended since is then not held against it. None: nothing is proven, the wall clock counts.
        identities: Whose word counts about who somebody is; nobody's unless given.

    Raises:
        UnreadableImage: The file is not a picture (only if ``image`` was not checked).
        Invalid: ``issuers-refused``.
    """
    container = image.container
    try:
        content = manifest_store(container)
        if content is None:
            return _nothing("none", "none", "no-manifest", "The file carries no credential.")
        store = parse(content)
        claimed = identity_of(store)
        signature = check_signature(store.active.signature, store.active.claim)
        reading = _c2pa.read(image.content, image.media_type, issuers)
    except UnreadableManifest as error:
        return _nothing("embedded", "invalid", "unreadable", "The manifest cannot be read.", error)
    now = datetime.now(UTC)
    ingredients = read_ingredients(store, issuers, at or now)
    terms = _terms(store)
    attribution, vocabulary = terms.checks
    checks = (
        judge_manifest(store, reading),
        judge_signature(signature, reading),
        judge_trust(signature, reading, issuers, at, now),
        judge_revocation(signature, reading, issuers, revoked, at or now),
        judge_binding(store, container, reading),
        judge_ingredients(
            ingredients, {*failures_of(INGREDIENTS, reading.failure), *reading.ingredient_failure}
        ),
        judge_redactions(store, {*reading.failure, *reading.ingredient_failure}),
        attribution,
        _heard(vocabulary, reading),
    )
    state = _state(checks, reading)
    sound = state != "invalid"
    # After the state: whom a credential names, and whether it holds, is no part of it.
    credentials = (
        read_credentials(store, ingredients, identities, at=at, now=now, revoked=revoked) if sound else ()
    )
    return ManifestReport(
        found="embedded",
        state=state,
        checks=tuple(
            judge_attribution(check, credentials) if check.name == ATTRIBUTION else check for check in checks
        ),
        identity=claimed if sound else None,
        claimed=claimed,
        signer=_facts(signature.signer, signature.algorithm),
        made_with=_made_with(store.active),
        terms=terms if sound else Terms(),
        ingredients=ingredients if sound else (),
        credentials=credentials,
    )


def _state(checks: tuple[Check, ...], reading: _c2pa.Reading) -> State:
    by_name = {check.name: check for check in checks}
    complaints = (reading.failure | reading.ingredient_failure) - EXPIRED - {UNTRUSTED}
    revoked = by_name[REVOCATION].outcome is Outcome.FAIL
    # What the engine holds against the file beyond issuer and time makes it invalid, whichever
    # check it belongs to; and so does its "Invalid" if nothing explains it.
    unexplained = reading.state == "Invalid" and not (complaints or revoked or reading.failure & EXPIRED)
    if any(by_name[name].outcome is not Outcome.PASS for name in INTEGRITY) or unexplained:
        return "invalid"
    if complaints and not revoked:
        return "invalid"
    if revoked:
        return "revoked"
    return "trusted" if all(check.clears for check in checks) else "intact"


def _nothing(
    found: Literal["embedded", "none"],
    state: State,
    code: str,
    detail: str,
    error: UnreadableManifest | None = None,
) -> ManifestReport:
    """A report on a file whose manifest is absent, or cannot be read."""
    answer = undetermined if error else not_applicable
    checks = [answer(name, code, detail) for name in CHECKS]
    if error is not None:
        checks[0] = failed(MANIFEST, error.code, error.message)
    return ManifestReport(found, state, tuple(checks))


def _terms(store: ManifestStore) -> Terms:
    """The active manifest's terms; an update manifest cannot loosen what the manifests it updates said."""
    spoken = [read_terms(manifest) for manifest in store.lineage]
    uses = dict(spoken[0].uses)
    for older in spoken[1:]:
        uses = {key: most_restrictive(use, older.uses[key]) for key, use in uses.items()}
    return Terms(uses, spoken[0].actions, spoken[0].provenance, spoken[0].checks)


def _heard(vocabulary: Check, reading: _c2pa.Reading) -> Check:
    wrong = failures_of(VOCABULARY, reading.failure)
    if wrong and vocabulary.clears:
        return failed(VOCABULARY, wrong[0], f"Its actions break the rules: {', '.join(wrong)}.")
    return vocabulary


@lru_cache(maxsize=256)
def _facts(signer: x509.Certificate, algorithm: str) -> SignerFacts:
    return SignerFacts(
        subject=plain(display_name(signer.subject)),
        issuer=plain(display_name(signer.issuer)),
        serial=f"{signer.serial_number:x}",
        sha256=fingerprint(signer),
        not_before=signer.not_valid_before_utc,
        not_after=signer.not_valid_after_utc,
        algorithm=algorithm,
    )


def _made_with(manifest: Manifest) -> str:
    """Name and version of the claim generator: a map in version 2, a list of maps or a text before."""
    generator = manifest.fields.get("claim_generator_info")
    entry = generator[0] if isinstance(generator, list) and generator else generator
    if isinstance(entry, dict):
        return plain(f"{plain(entry.get('name'), 80)} {plain(entry.get('version'), 40)}")
    return plain(manifest.fields.get("claim_generator"), 120)
