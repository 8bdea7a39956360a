"""Identity credentials in a manifest (CAWG identity 1.3): the assertion ``cawg.identity``, taken apart.

It decides whether such an assertion has its form and speaks of this very picture: what it refers to is
listed in a claim with the same digest, nothing twice, the right hard binding and no other. The codes
are CAWG's own (§7.2). It leaves out the signature in it and whose word counts
(``rakkan.manifests.attribution``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cbor2

from rakkan.manifests.decoding import read_cbor_map
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import MAX_REFERENCES, Manifest, ManifestStore, Reference
from rakkan.manifests.uri import base_label, split_assertion

LABEL: Final = "cawg.identity"
X509: Final = "cawg.x509.cose"
AGGREGATION: Final = "cawg.identity_claims_aggregation"
MAX_ROLES: Final = 32
MAX_WORD: Final = 256

_HARD: Final = "c2pa.hash."
_ALONGSIDE: Final = "c2pa.hash.multi-asset"  # says more about the parts of a file, and binds none by itself


class Refusal(Exception):
    """An identity credential is broken, or cannot be judged.

    Attributes:
        code: As in CAWG identity 1.3, where it has one.
        why: The rest of a sentence that begins with the credential.
        open: It could not be judged, which is not the same as broken.
    """

    def __init__(self, code: str, why: str, *, open: bool = False) -> None:  # noqa: A002 - of a question
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why
        self.open = open


@dataclass(frozen=True, slots=True)
class Referred:
    """One assertion that the credential speaks about.

    Attributes:
        url: As it was signed.
        algorithm: As it was signed; None where it is the claim's.
        digest: Of the assertion.
    """

    url: str
    algorithm: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class IdentityAssertion:
    """An identity assertion; nothing in it is checked but its form.

    Attributes:
        label: With its instance, ``cawg.identity__1``.
        kind: The signature's kind, :data:`X509`, :data:`AGGREGATION` or another one.
        roles: What the named actor says to be for the picture, ``cawg.creator``…
        referred: What it speaks about.
        signature: As it lies there.
        signed: Bytes that may have been signed: the payload as it lies there, and in the order that CAWG
            asks for (§8.2.2, RFC 8949 §4.2.1), if that is another one. Both say the same.
    """

    label: str
    kind: str
    roles: tuple[str, ...]
    referred: tuple[Referred, ...]
    signature: bytes
    signed: tuple[bytes, ...]


def read_identity(manifest: Manifest, label: str) -> IdentityAssertion:
    """Read one assertion. Fields that CAWG does not name are passed over, and padding has to be empty.

    Raises:
        Refusal: ``cawg.identity.cbor.invalid``, ``cawg.identity.pad.invalid``.
    """
    content = manifest.cbor(label)
    try:
        if content is None:
            raise Refusal("cawg.identity.cbor.invalid", "is no CBOR")
        fields = read_cbor_map(content)
    except UnreadableManifest as error:
        raise Refusal("cawg.identity.cbor.invalid", "is not well-formed CBOR") from error
    payload, encoded = fields.get("signer_payload", (None, b""))
    signature, *padding = (fields.get(name, (b"", b""))[0] for name in ("signature", "pad1", "pad2"))
    if (
        not isinstance(payload, dict)
        or not isinstance(signature, bytes)
        or not signature
        or "pad1" not in fields
        or not all(isinstance(each, bytes) for each in padding)
    ):
        raise Refusal("cawg.identity.cbor.invalid", "lacks its payload, signature or padding")
    if any(any(each) for each in padding if isinstance(each, bytes)):
        raise Refusal("cawg.identity.pad.invalid", "hides something in its padding")
    ordered = cbor2.dumps(payload, canonical=True)
    return IdentityAssertion(
        label=label,
        kind=_word(payload.get("sig_type")),
        roles=_roles(payload),
        referred=_referred(payload.get("referenced_assertions")),
        signature=signature,
        signed=(encoded,) if ordered == encoded else (encoded, ordered),
    )


class Claims:
    """What the claims within reach of a store's active manifest list, each looked through once.

    Args:
        store: All manifests.
        below: Manifests of ingredients, found by tracing them, by name. An update manifest is bound through
            the ones that it updates, which are among them.
    """

    def __init__(self, store: ManifestStore, below: Mapping[str, Manifest]) -> None:
        self._active = store.active
        bound = store.lineage[-1]
        self._hard = [(bound.label, label) for label in bound.labels() if _is_hard(label)]
        self._within = {**below, store.active.label: store.active}
        self._listed: dict[str, dict[str, Reference]] = {}

    def check(self, found: IdentityAssertion) -> tuple[str, ...]:
        """Hold what a credential speaks about against the claims (§5.1.1).

        That identity assertions refer to each other in a circle needs no check: each would have to hold
        the digest of the other.

        Returns:
            Labels of what it speaks about.

        Raises:
            Refusal: ``cawg.identity.assertion.mismatch``, ``….assertion.duplicate``,
                ``….hard_binding_missing``, ``….hard_binding_incorrect``.
        """
        places = [self._place(each) for each in found.referred]
        if len(set(places)) != len(places):
            raise Refusal("cawg.identity.assertion.duplicate", "speaks of one assertion twice")
        hard = [place for place in places if _is_hard(place[1])]
        if not hard:
            raise Refusal("cawg.identity.hard_binding_missing", "is not bound to the picture")
        if hard != self._hard:
            raise Refusal(
                "cawg.identity.hard_binding_incorrect", "is bound to something else than this picture"
            )
        return tuple(label for _, label in places)

    def _place(self, referred: Referred) -> tuple[str, str]:
        """Manifest and label that a reference leads to, if a claim lists just that, unaltered."""
        name, label = split_assertion(referred.url)
        manifest = self._within.get(name or self._active.label)
        listed = self._sound(manifest).get(label) if manifest else None
        if (
            manifest is None
            or listed is None
            or listed.digest != referred.digest
            or referred.algorithm not in (None, listed.algorithm)
        ):
            raise Refusal(
                "cawg.identity.assertion.mismatch", "speaks of something that the manifest does not hold"
            )
        return manifest.label, label

    def _sound(self, manifest: Manifest) -> dict[str, Reference]:
        """What its claim lists, by label, without what is not there as listed."""
        if manifest.label not in self._listed:
            altered = set(manifest.misfits())
            self._listed[manifest.label] = {
                each.label: each for each in manifest.references if each.label not in altered
            }
        return self._listed[manifest.label]


def _is_hard(label: str) -> bool:
    return label.startswith(_HARD) and base_label(label) != _ALONGSIDE


def _referred(value: object) -> tuple[Referred, ...]:
    if not isinstance(value, list) or len(value) > MAX_REFERENCES:
        raise Refusal("cawg.identity.cbor.invalid", "speaks of nothing that can be read")
    found = []
    for entry in value:
        url, algorithm, digest = (
            entry.get(name) if isinstance(entry, dict) else None for name in ("url", "alg", "hash")
        )
        if (
            not isinstance(url, str)
            or not isinstance(digest, bytes)
            or not (algorithm is None or isinstance(algorithm, str))
        ):
            raise Refusal("cawg.identity.cbor.invalid", "speaks of something without address or digest")
        found.append(Referred(url, algorithm, digest))
    return tuple(found)


def _roles(payload: Mapping[object, object]) -> tuple[str, ...]:
    roles = payload.get("role")
    if "role" not in payload:
        return ()
    if not isinstance(roles, list) or not 0 < len(roles) <= MAX_ROLES:
        raise Refusal("cawg.identity.cbor.invalid", "has roles that are no list of words")
    return tuple(_word(role) for role in roles)


def _word(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_WORD:
        raise Refusal("cawg.identity.cbor.invalid", "has a name that is not a short text")
    return value
