"""Manifest stores made by hand and really signed: what the C2PA engine would not write for anybody."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rakkan.manifests.certificates import load_certificates
from rakkan.manifests.container import walk
from tests.unit.manifests.credentials import actions, artist
from tests.unit.manifests.pictures import chunk, encoded

TAIL = bytes.fromhex("00110010800000aa00389b71")
LABEL = "urn:c2pa:11111111-2222-4333-8444-555555555555"
PARENT = "urn:c2pa:99999999-2222-4333-8444-555555555555"


def box(kind: bytes, content: bytes) -> bytes:
    """One box."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def described(
    uuid: bytes, label: str | bytes, *children: bytes, toggles: int = 3, private: bytes = b""
) -> bytes:
    """A superbox with its description."""
    name = label.encode() if isinstance(label, str) else label
    description = box(b"jumd", uuid + TAIL + bytes([toggles]) + name + b"\0" + private)
    return box(b"jumb", description + b"".join(children))


def link(label: str, assertion: bytes) -> dict[str, Any]:
    """The hashed URI of an assertion box."""
    return {"url": f"self#jumbf=c2pa.assertions/{label}", "hash": hashlib.sha256(assertion[8:]).digest()}


def linked(assertions: Sequence[tuple[str, object]]) -> dict[str, dict[str, Any]]:
    """The hashed URIs of assertions, by label."""
    return {name: link(name, assertion(name, content)) for name, content in assertions}


def assertion(name: str, content: object) -> bytes:
    """An assertion box; bytes go in as CBOR that somebody else encoded."""
    encoded = content if isinstance(content, bytes) else cbor2.dumps(content)
    return described(b"cbor", name, box(b"cbor", encoded))


def cose(claim: bytes, name: str = "Ada", issuer: str = "Test authority") -> bytes:
    """A COSE_Sign1 over a claim."""
    held = artist(name, issuer)
    chain = [each.public_bytes(serialization.Encoding.DER) for each in load_certificates(held.chain_pem)]
    protected = cbor2.dumps({1: -7, 33: chain})
    key = serialization.load_pem_private_key(held.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signed = cbor2.dumps(["Signature1", protected, b"", claim])
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return b"\xd2" + cbor2.dumps([protected, {"pad": bytes(16)}, None, r.to_bytes(32) + s.to_bytes(32)])


def manifest(
    assertions: Sequence[tuple[str, object]],
    *,
    gathered: Sequence[str] = (),
    label: str = LABEL,
    fields: Mapping[str, object] | None = None,
    unlisted: Sequence[bytes] = (),
    kind: bytes = b"c2ma",
) -> bytes:
    """A manifest box, signed by Ada, with CBOR assertions; labels may repeat with ``__1``."""
    boxes = {name: assertion(name, content) for name, content in assertions}
    claim: dict[str, object] = {
        "instanceID": "xmp:iid:1",
        "claim_generator_info": {"name": "Stranger", "version": "1"},
        "signature": f"self#jumbf=/c2pa/{label}/c2pa.signature",
        "created_assertions": [link(name, each) for name, each in boxes.items() if name not in gathered],
        "gathered_assertions": [link(name, boxes[name]) for name in gathered],
        "alg": "sha256",
    }
    claim |= fields or {}
    content = cbor2.dumps({name: value for name, value in claim.items() if value is not None})
    return described(
        kind,
        label,
        described(b"c2as", "c2pa.assertions", *boxes.values(), *unlisted),
        described(b"c2cl", "c2pa.claim.v2", box(b"cbor", content)),
        described(b"c2cs", "c2pa.signature", box(b"cbor", cose(content))),
    )


def png_with_store(
    assertions: Sequence[tuple[str, object]] = (),
    *,
    below: Sequence[bytes] = (),
    more_excluded: int = 0,
    identities: Callable[[Mapping[str, dict[str, Any]]], Sequence[tuple[str, object]]] = lambda _: (),
    **arguments: Any,
) -> bytes:
    """A PNG with a store made by hand, bound to it by a data hash that fits.

    Args:
        assertions: Besides actions and the hard binding.
        below: Manifest boxes before the active one.
        more_excluded: Bytes after the manifest's chunk that the hard binding leaves out as well.
        identities: Makes further assertions that refer to all others, by their hashed URIs.
        arguments: For :func:`manifest`.
    """
    content = encoded("PNG")
    said = [] if any(label.startswith("c2pa.actions") for label, _ in assertions) else [actions()]
    listed = [*((each["label"], each["data"]) for each in said), *assertions]

    def store(length: int) -> bytes:
        left_out = [{"start": 33, "length": length}]
        if more_excluded:
            left_out.append({"start": 33 + length, "length": more_excluded})
        rest = content[:33] + content[33 + more_excluded :]
        digest = hashlib.sha256(rest).digest()
        binding = {
            "exclusions": left_out,
            "alg": "sha256",
            "hash": digest,
            "pad": b"",
            "name": "jumbf manifest",
        }
        others = [*listed, ("c2pa.hash.data", binding)]
        return described(
            b"c2pa", "c2pa", *below, manifest([*others, *identities(linked(others))], **arguments)
        )

    # The length is part of what is signed: of a length with as many digits, nothing changes.
    length = 12 + len(store(12 + len(store(5000))))
    assert 12 + len(store(length)) == length
    return content[:33] + chunk(b"caBX", store(length)) + content[33:]


def png_with_boxes(content: bytes, *, left_out: Sequence[str] = ()) -> bytes:
    """A PNG bound part by part (general box hash), with some parts not listed at all."""
    entries = [_named("PNGh", content[:8])]
    for part in walk(content).parts:
        if part.kind not in left_out:
            entries.append(_named(part.kind, content[part.start : part.end]))
        if part.kind == "IHDR":
            entries.append({"names": ["C2PA"], "hash": b"\0", "pad": b""})
    return content[:33] + chunk(b"caBX", _boxes_store(entries)) + content[33:]


def jpeg_with_boxes(content: bytes, *, left_out: Sequence[str] = ()) -> bytes:
    """Likewise a JPEG."""
    entries = []
    for part in walk(content).parts:
        if part.kind not in left_out:
            entries.append(_named(part.kind, content[part.start : part.end]))
        if part.kind == "SOI":
            entries.append({"names": ["C2PA"], "hash": b"\0", "pad": b""})
    segment = struct.pack(">2sHI", b"JP", 0x0211, 1) + _boxes_store(entries)
    return content[:2] + b"\xff\xeb" + struct.pack(">H", len(segment) + 2) + segment + content[2:]


def _named(name: str, content: bytes) -> dict[str, Any]:
    return {"names": [name], "hash": hashlib.sha256(content).digest(), "pad": b""}


def _boxes_store(entries: Sequence[dict[str, Any]]) -> bytes:
    said = actions()
    listed = [(said["label"], said["data"]), ("c2pa.hash.boxes", {"alg": "sha256", "boxes": entries})]
    return described(b"c2pa", "c2pa", manifest(listed))


def parent(*assertions: tuple[str, object], label: str = PARENT, **arguments: Any) -> tuple[str, bytes]:
    """Label and manifest box of a picture that something was made from."""
    said = actions()
    binding = {"alg": "sha256", "exclusions": [], "hash": bytes(32), "pad": b"", "name": "jumbf manifest"}
    listed = [(said["label"], said["data"]), *assertions, ("c2pa.hash.data", binding)]
    return label, manifest(listed, label=label, **arguments)


def ingredient(
    of: tuple[str, bytes], relationship: str = "componentOf", failure: Sequence[str] = (), **fields: object
) -> dict[str, Any]:
    """An ingredient assertion about a manifest in the same store, with what its signer recorded."""
    label, content = of
    at = content.index(b"c2cs" + TAIL) - 16
    (length,) = struct.unpack_from(">I", content, at)
    name = f"self#jumbf=/c2pa/{label}"
    success = ("claimSignature.validated", "assertion.dataHash.match")
    recorded = {
        "success": [{"code": code, "url": f"{name}/c2pa.signature"} for code in success],
        "informational": [],
        "failure": [{"code": code, "url": name} for code in failure],
    }
    return {
        "relationship": relationship,
        "dc:format": "image/png",
        "activeManifest": {"url": name, "hash": hashlib.sha256(content[8:]).digest()},
        "claimSignature": {
            "url": f"{name}/c2pa.signature",
            "hash": hashlib.sha256(content[at + 8 : at + length]).digest(),
        },
        "validationResults": {"activeManifest": recorded},
        **fields,
    }


def without(content: bytes, label: str) -> bytes:
    """Boxes without the superbox of that name, lengths made good: what a redaction leaves."""
    left, at = b"", 0
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + length]
        at += length
        if kind == b"jumb":
            (described_by,) = struct.unpack_from(">I", body)
            if body[25:described_by].split(b"\0")[0] == label.encode():
                continue
            body = body[:described_by] + without(body[described_by:], label)
        left += box(kind, body)
    return left
