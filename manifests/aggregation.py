"""Identity claims aggregation (CAWG identity 1.3, §8.1): what an aggregator says somebody has shown it.

It decides whether a signed W3C credential has its form, is bound to the payload of the assertion that
carries it, and was valid at an instant; and in which words its identities are repeated. The codes are
CAWG's own. It leaves out whose word counts (``rakkan.manifests.attribution``) and asks nobody: a
credential that names a place to ask about its revocation stays unasked.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from rakkan.manifests.aggregators import primary_did
from rakkan.manifests.cose import Sign1, read_sign1
from rakkan.manifests.decoding import read_json
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.identity import IdentityAssertion, Refusal
from rakkan.manifests.text import plain

MAX_IDENTITIES: Final = 32
MAX_CREDENTIAL: Final = 64 * 1024

_CONTENT_TYPE: Final = 3  # RFC 9052 §3.1
_MEDIA: Final = "application/vc"
_CONTEXT: Final = "https://cawg.io/identity/1.1/ica/context"
_TYPES: Final = frozenset({"VerifiableCredential", "IdentityClaimsAggregationCredential"})
# Data model to the names of its two dates (VC 1.1 §4.6, 2.0 §4.9).
_MODELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "https://www.w3.org/ns/credentials/v2": ("validFrom", "validUntil"),
        "https://www.w3.org/2018/credentials/v1": ("issuanceDate", "expirationDate"),
    }
)
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
# What each type of verified identity has to bring along (§8.1.3.6).
_NEEDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cawg.document_verification": "name",
        "cawg.web_site": "uri",
        "cawg.social_media": "username",
        "cawg.crypto_wallet": "address",
    }
)
_SITE: Final = "cawg.web_site"
WALLET: Final = "cawg.crypto_wallet"


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """One identity that an aggregator says to have verified; words are sanitised, an absent one is empty.

    Attributes:
        type: ``cawg.social_media``…
        name: As the provider knows the actor.
        username: Account name at the provider.
        address: Wallet address, as written.
        uri: Where the actor is found.
        provider: Name of who knows the actor; for a site the site itself.
        verified_at: When it was verified.
    """

    type: str
    name: str
    username: str
    address: str
    uri: str
    provider: str
    verified_at: datetime

    @property
    def words(self) -> str:
        """The identity as a part of a sentence."""
        day = f"checked {self.verified_at:%Y-%m-%d}"
        match self.type:
            case "cawg.document_verification":
                return f"“{self.name}” by identity documents, seen by {self.provider} ({day})"
            case "cawg.social_media":
                return f"the account “{self.username}” at {self.provider} ({day})"
            case "cawg.web_site":
                return f"the web site {self.uri} ({day})"
            case "cawg.crypto_wallet":
                return f"the wallet {self.address} at {self.provider} ({day})"
            case "cawg.affiliation":
                return f"a member of {self.provider} ({day})"
        who = self.name or self.username or self.address or self.uri or "somebody"
        return f"“{who}” at {self.provider}, shown in a way that is not known here ({day})"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An identity claims aggregation whose form is right; the signature is not checked yet.

    Attributes:
        sign1: The signature around it.
        content: The credential as it was signed.
        issuer: The aggregator's DID.
        subject: DID or other name of the credential's subject, or an empty string.
        identities: What the aggregator says.
        revocable: It names a place to ask whether it was revoked.
    """

    sign1: Sign1
    content: bytes
    issuer: str
    subject: str
    identities: tuple[VerifiedIdentity, ...]
    revocable: bool
    _begins: datetime
    _ends: datetime | None

    def check_time(self, instant: datetime) -> None:
        """Whether the credential was valid then (§8.1.6.2).

        Raises:
            Refusal: ``cawg.ica.valid_from.invalid``; ``cawg.ica.valid_until.invalid``, as an open question:
                it may have been used while it was valid.
        """
        if instant < self._begins:
            raise Refusal("cawg.ica.valid_from.invalid", "begins to hold only later")
        if self._ends is not None and instant > self._ends:
            why = f"ended on {self._ends:%Y-%m-%d}, and nothing proves that its use is older"
            raise Refusal("cawg.ica.valid_until.invalid", why, open=True)


def read_aggregation(found: IdentityAssertion, default: str) -> Aggregation:
    """Take the credential in an assertion's signature apart.

    Args:
        found: The assertion.
        default: Digest algorithm that the claim names for digests that name none.

    Raises:
        Refusal: ``cawg.ica.invalid_cose_sign1``, ``….invalid_alg``, ``….invalid_content_type``,
            ``….invalid_verifiable_credential``, ``….invalid_issuer``, ``….valid_from.missing``,
            ``….signer_payload.mismatch``, ``….verified_identities.missing``,
            ``….verified_identities.invalid``.
    """
    try:
        sign1 = read_sign1(found.signature)
    except UnreadableManifest as error:
        raise Refusal("cawg.ica.invalid_cose_sign1", "has no readable signature") from error
    if not sign1.algorithm:
        raise Refusal("cawg.ica.invalid_alg", "is signed in a way that C2PA does not use")
    if sign1.header.get(_CONTENT_TYPE) != _MEDIA:
        raise Refusal("cawg.ica.invalid_content_type", "does not say that it holds a credential")
    content = sign1.payload
    fields = _json(content)
    begin, end = _dates(fields)
    issuer = fields.get("issuer")
    did = primary_did(issuer.get("id") if isinstance(issuer, dict) else issuer)
    if not did:
        raise Refusal("cawg.ica.invalid_issuer", "has an issuer that is no DID")
    subject = fields.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        (subject,) = subject
    if not isinstance(subject, dict):
        raise Refusal("cawg.ica.invalid_verifiable_credential", "is not about one subject")
    _check_bound(found, subject.get("c2paAsset"), default)
    return Aggregation(
        sign1=sign1,
        content=content or b"",
        issuer=did,
        subject=plain(subject.get("id"), 200),
        identities=tuple(_identities(subject.get("verifiedIdentities"))),
        revocable="credentialStatus" in fields,
        _begins=begin,
        _ends=end,
    )


def _json(content: bytes | None) -> Mapping[str, Any]:
    """The credential, if it is one of this kind (§8.1.3.1, §8.1.3.2)."""
    try:
        fields = read_json(content) if content and len(content) <= MAX_CREDENTIAL else None
    except UnreadableManifest:
        fields = None
    if isinstance(fields, dict):
        contexts, types = fields.get("@context"), fields.get("type")
        if isinstance(contexts, list) and isinstance(types, list):
            words = {each.rstrip("/") for each in contexts if isinstance(each, str)}
            if _CONTEXT in words and {each for each in types if isinstance(each, str)} >= _TYPES:
                return fields
    raise Refusal("cawg.ica.invalid_verifiable_credential", "holds no identity claims aggregation")


def _dates(fields: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    named = next((names for context, names in _MODELS.items() if context in fields["@context"]), None)
    if named is None:
        raise Refusal("cawg.ica.invalid_verifiable_credential", "is of a data model that is not known here")
    first, last = (fields.get(name) for name in named)
    if first is None:
        raise Refusal("cawg.ica.valid_from.missing", "does not say when it begins to hold")
    begin, end = _instant(first), None if last is None else _instant(last)
    if begin is None:
        raise Refusal("cawg.ica.valid_from.invalid", "begins to hold at no instant")
    if last is not None and end is None:
        raise Refusal("cawg.ica.valid_until.invalid", "ends at no instant")
    return begin, end


def _check_bound(found: IdentityAssertion, asset: object, default: str) -> None:
    """The credential repeats the assertion's payload (§8.1.4), digests in base 64.

    An algorithm that only one side leaves out is the claim's: the SDK drops it from the payload, and
    Adobe's aggregator writes it into the credential.
    """
    said = asset if isinstance(asset, dict) else {}
    entries = said.get("referenced_assertions")
    listed = [
        (entry.get("url"), entry.get("alg", default), entry.get("hash")) if isinstance(entry, dict) else None
        for entry in (entries if isinstance(entries, list) else [])
    ]
    expected = [
        (each.url, each.algorithm or default, b64encode(each.digest).decode()) for each in found.referred
    ]
    roles = list(found.roles) if found.roles else None
    if listed != expected or said.get("sig_type") != found.kind or said.get("role") != roles:
        raise Refusal("cawg.ica.signer_payload.mismatch", "was made for another picture, or for other words")


def _identities(value: object) -> Iterator[VerifiedIdentity]:
    if not isinstance(value, list) or not value:
        raise Refusal("cawg.ica.verified_identities.missing", "names no identity")
    if len(value) > MAX_IDENTITIES:
        raise Refusal("cawg.ica.verified_identities.invalid", f"names more than {MAX_IDENTITIES} identities")
    for entry in value:
        yield _identity(entry if isinstance(entry, dict) else {})


def _identity(entry: Mapping[str, Any]) -> VerifiedIdentity:
    kind, provider = entry.get("type"), entry.get("provider")
    names = {key: plain(entry.get(key)) for key in ("name", "username", "address", "uri")}
    verified_at = _instant(entry.get("verifiedAt"))
    needed = _NEEDS.get(kind, "") if isinstance(kind, str) else ""
    by = plain(provider.get("name"), 80) if isinstance(provider, dict) else ""
    if kind == _SITE and provider is None:  # nobody stands between the aggregator and a site
        by = names["uri"]
    if (
        not plain(kind, 80)
        or not by
        or verified_at is None
        or (needed and not names[needed])
        or any(key in entry and not text for key, text in names.items())
        or ("method" in entry and not plain(entry["method"]))
    ):
        raise Refusal("cawg.ica.verified_identities.invalid", "names an identity without what it needs")
    return VerifiedIdentity(plain(kind, 80), **names, provider=by, verified_at=verified_at)


def _instant(value: object) -> datetime | None:
    """An RFC 3339 date and time, in UTC."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
