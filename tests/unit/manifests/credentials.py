"""Certificates, signers and stamped pictures for tests, and ways to forge and spoil them.

The forger signs with the C2PA engine directly, as anybody can, so that tests meet what a stranger
could have made and not only what we would have made.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rakkan.manifests import _c2pa
from rakkan.manifests.certificates import (
    ArtistCertificate,
    Authority,
    issue_artist,
    load_certificates,
    new_authority,
)
from rakkan.manifests.claim import ClaimDefinition, Making, claim_definition
from rakkan.manifests.container import manifest_parts, walk
from rakkan.manifests.image import CheckedImage, check_image
from rakkan.manifests.signer import Signer
from rakkan.manifests.stamp import StampedImage, stamp
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.work import Generation
from tests.unit.manifests.pictures import encoded, scene

NOW = datetime.now(UTC)
ORIGIN = "rakkan/0123456789abcdef"
FORMS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@cache
def _authority(name: str) -> Authority:
    return new_authority(name, NOW)


def authority(name: str = "Test authority") -> Authority:
    """An issuing authority; one per name and run."""
    return _authority(name)


@cache
def _artist(name: str, issuer: str) -> ArtistCertificate:
    return issue_artist(authority(issuer), name, NOW)


def artist(name: str = "Ada", issuer: str = "Test authority") -> ArtistCertificate:
    """An artist's certificate; one per name, issuer and run."""
    return _artist(name, issuer)


def signer(name: str = "Ada", issuer: str = "Test authority") -> Signer:
    """A signer."""
    return Signer.load(artist(name, issuer).chain_pem, artist(name, issuer).key_pem)


def issuers(name: str = "Test authority") -> TrustedIssuers:
    """A list with this one authority in it."""
    return TrustedIssuers.load(authority(name).certificate_pem)


def picture(form: str = "PNG", name: str = "", **options: Any) -> CheckedImage:
    """A small picture."""
    return check_image(encoded(form, scene(), **options), name or f"picture.{form.lower()}")


def checked(content: bytes) -> CheckedImage:
    """Bytes as a checked picture, whatever their format."""
    return check_image(content, "picture")


def definition(making: Making = "generated", use: Use = Use.NOT_ALLOWED, **arguments: Any) -> ClaimDefinition:
    """A claim with one word for all four uses."""
    return claim_definition(
        origin=ORIGIN,
        making=making,
        uses=dict.fromkeys(CAWG_SCOPES, use),
        software_version="0.1.0",
        generation=Generation(tool="ComfyUI"),
        **arguments,
    )


@cache
def _stamped(form: str) -> StampedImage:
    return stamp(picture(form), definition(), signer())


def stamped(form: str = "PNG") -> StampedImage:
    """A stamped picture; one per format and run."""
    return _stamped(form)


def actions(*listed: dict[str, Any]) -> dict[str, Any]:
    """An actions assertion, attributed to the signer."""
    first = {"action": "c2pa.created", "digitalSourceType": SOURCES + "trainedAlgorithmicMedia"}
    data = {"actions": list(listed) or [first], "allActionsIncluded": True}
    return {"label": "c2pa.actions.v2", "created": True, "data": data}


def training(*, created: bool = True, label: str = "cawg.training-mining", **entries: Any) -> dict[str, Any]:
    """A training and data mining assertion; ``ai_training="allowed"``."""
    prefix = label.partition(".")[0]
    data = {"entries": {f"{prefix}.{key}": {"use": use} for key, use in entries.items()}}
    return {"label": label, "created": created, "data": data}


def forged(
    image: CheckedImage,
    *assertions: dict[str, Any],
    by: Signer | None = None,
    ingredients: tuple[tuple[dict[str, Any], CheckedImage], ...] = (),
    remote_url: str = "",
    embed: bool = True,
    **fields: Any,
) -> bytes:
    """Whatever a stranger signs: their assertions, with the engine's own settings."""
    by = by or signer()
    info = c2pa.C2paSignerInfo(by.algorithm.encode(), by.chain_pem, by.key_pem, None)
    tree = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"verify_after_sign": False}}
    context = c2pa.Context(c2pa.Settings.from_dict(tree), c2pa.Signer.from_info(info))
    document = {
        "claim_generator_info": [{"name": "Stranger", "version": "1"}],
        "assertions": list(assertions) or [actions()],
        **fields,
    }
    output = io.BytesIO()
    with c2pa.Builder(document, context) as builder:
        for entry, ingredient in ingredients:
            builder.add_ingredient(json.dumps(entry), ingredient.media_type, io.BytesIO(ingredient.content))
        if remote_url:
            builder.set_remote_url(remote_url)
        if not embed:
            builder.set_no_embed()
        builder.sign(image.media_type, io.BytesIO(image.content), output)
    return output.getvalue()


def engine_state(content: bytes, list_: TrustedIssuers | None = None) -> str:
    """What the engine alone would have said."""
    return _c2pa.read(content, checked(content).media_type, list_).state


def store_range(content: bytes) -> tuple[int, int]:
    """First and last byte (exclusive) of what the manifest's parts carry."""
    parts = manifest_parts(walk(content))
    return parts[0].payload_start, parts[-1].payload_end


def with_fixed_crc(content: bytes) -> bytes:
    """A PNG whose manifest chunk has the right CRC again."""
    (part,) = (part for part in walk(content).parts if part.kind == "caBX")
    crc = struct.pack(">I", zlib.crc32(content[part.start + 4 : part.payload_end]))
    return content[: part.payload_end] + crc + content[part.end :]


def short_lived(seconds: float) -> Signer:
    """A signer whose certificate ends soon."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    certificate = issue_artist(authority(), "Brief", end - timedelta(days=1), days=1)
    return Signer.load(certificate.chain_pem, certificate.key_pem)


def certificate_for(key: object) -> tuple[bytes, bytes]:
    """A certificate of the artist profile for any key, issued by the test authority."""
    issuer_key = serialization.load_pem_private_key(authority().key_pem, None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    (issuer,) = load_certificates(authority().certificate_pem)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "O"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Any key"),
        ]
    )
    model = load_certificates(artist().chain_pem)[0]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
    )
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(  # type: ignore[attr-defined]
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    leaf = builder.sign(issuer_key, hashes.SHA256()).public_bytes(pem)
    return leaf + authority().certificate_pem, private
