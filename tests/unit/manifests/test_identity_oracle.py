"""Our reading of identity credentials held against the C2PA SDK's own, which we leave switched off.

It is an oracle for the form of what is signed. Where it is of another opinion the case says so: it calls
a picture with a broken aggregation invalid, and knows no answer between yes and no.
"""

from __future__ import annotations

import ctypes
import io
import json
from collections.abc import Callable
from typing import Any

import c2pa
import cbor2
import pytest
from c2pa import c2pa as raw

from rakkan.manifests.read import read_manifest
from tests.unit.manifests.credentials import authority, checked, definition, issuers, picture, signer
from tests.unit.manifests.handmade import cose
from tests.unit.manifests.identities import (
    Links,
    aggregated,
    certified,
    did_jwk,
    payload,
    picture_with,
    sealed,
    trust,
    verified,
)


def sdk(content: bytes, *, believing: bool) -> set[str]:
    """The SDK's codes about identity, without any network."""
    anchors = {
        "trust_anchors": authority("Names").certificate_pem.decode(),
        "trust_uri": "urn:test:names",
        "trust_kind": "cawg",
        "trusted_ica_issuers": [did_jwk()],
    }
    tree: dict[str, Any] = {
        "core": {"allowed_network_hosts": [], "decode_identity_assertions": True},
        "verify": {"remote_manifest_fetch": False},
        "trust": {"anchors": [anchors]} if believing else {},
    }
    with c2pa.Reader("image/png", io.BytesIO(content), context=c2pa.Context.from_dict(tree)) as reader:
        found = json.loads(reader.json())["validation_results"]["activeManifest"]
    return {
        each["code"]
        for group in ("success", "informational", "failure")
        for each in found[group]
        if each["code"].startswith("cawg.")
    }


def ours(content: bytes, *, believing: bool) -> tuple[str, str]:
    """Outcome and code as we find them."""
    believed = trust(did_jwk(), issuers="Names") if believing else trust()
    (found,) = read_manifest(checked(content), issuers(), identities=believed).credentials
    return found.outcome.value, found.code


def spoiled(make: Callable[[Links], dict[str, Any]], **fields: Any) -> Callable[[Links], object]:
    """An assertion with other fields."""
    return lambda links: {**make(links), **fields}


def names(links: Links, **arguments: Any) -> dict[str, Any]:
    """By a certificate."""
    return certified(links, "Grace", "Names", **arguments)


def claims(links: Links, **arguments: Any) -> dict[str, Any]:
    """By an aggregator whose DID is its key, which is the one method that needs no network."""
    return aggregated(links, issuer=did_jwk(), **arguments)


def _mismatched(links: Links) -> object:
    good = names(links)
    return {**good, "signature": cose(b"something else", "Grace", "Names")}


def _elsewhere(links: Links) -> object:
    said = payload(links, "cawg.x509.cose")
    said["referenced_assertions"] = [{**said["referenced_assertions"][0], "hash": bytes(32)}]
    return sealed(said, cose(cbor2.dumps(said), "Grace", "Names"))


@pytest.mark.parametrize(
    ("make", "outcome", "code", "theirs"),
    [
        (names, "pass", "cawg.identity.trusted", {"cawg.x509.credential.trusted"}),
        (
            lambda links: names(links, roles=["cawg.creator"]),
            "pass",
            "cawg.identity.trusted",
            {"cawg.x509.credential.trusted", "cawg.x509.signature.validated"},
        ),
        (claims, "pass", "cawg.identity.trusted", {"cawg.ica.credential_valid"}),
        (
            lambda links: claims(links, roles=["cawg.creator", "cawg.editor"], about=("c2pa.hash.data",)),
            "pass",
            "cawg.identity.trusted",
            {"cawg.ica.credential_valid"},
        ),
        (spoiled(names, pad1=b"\1"), "fail", "cawg.identity.pad.invalid", None),
        (spoiled(names, pad2=b"\1"), "fail", "cawg.identity.pad.invalid", None),
        (
            lambda links: names(links, about=("c2pa.actions.v2",)),
            "fail",
            "cawg.identity.hard_binding_missing",
            None,
        ),
        (
            lambda links: names(links, about=("c2pa.hash.data", "c2pa.hash.data")),
            "fail",
            "cawg.identity.assertion.duplicate",
            None,
        ),
        (_mismatched, "fail", "cawg.x509.signature.mismatch", None),
        (lambda links: claims(links, by="other"), "fail", "cawg.ica.signature_mismatch", None),
        (
            lambda links: claims(links, header={1: -8}),
            "fail",
            "cawg.ica.invalid_content_type",
            None,
        ),
        (
            lambda links: claims(links, header={3: "application/vc"}),
            "fail",
            "cawg.ica.invalid_alg",
            None,
        ),
        (
            lambda links: claims(links, change=lambda made: made.pop("validFrom")),
            "fail",
            "cawg.ica.valid_from.missing",
            None,
        ),
        (
            lambda links: claims(links, change=lambda made: made.update(validFrom="2999-01-01T00:00:00Z")),
            "fail",
            "cawg.ica.valid_from.invalid",
            None,
        ),
        (
            lambda links: claims(links, change=lambda made: made.update(validUntil="2026-06-01T00:00:00Z")),
            "undetermined",
            "cawg.ica.valid_until.invalid",
            None,
        ),
        (
            lambda links: claims(
                links,
                change=lambda made: made["credentialSubject"]["c2paAsset"].update(role=["cawg.editor"]),
            ),
            "fail",
            "cawg.ica.signer_payload.mismatch",
            None,
        ),
        # They have no code for these two.
        (_elsewhere, "fail", "cawg.identity.assertion.mismatch", set()),
        (
            lambda links: aggregated(links, verified("cawg.crypto_wallet", address=None), issuer=did_jwk()),
            "fail",
            "cawg.ica.verified_identities.invalid",
            {"cawg.ica.credential_valid"},
        ),
    ],
)
def test_both_say_the_same(
    make: Callable[[Links], object], outcome: str, code: str, theirs: set[str] | None
) -> None:
    content = picture_with(make)
    assert ours(content, believing=True) == (outcome, code)
    found = sdk(content, believing=True)
    assert ({code} if theirs is None else theirs) <= found


def test_without_a_list_nobody_is_trusted_by_either() -> None:
    content = picture_with(names)
    assert ours(content, believing=False) == ("undetermined", "cawg.x509.credential.untrusted")
    assert "cawg.x509.credential.untrusted" in sdk(content, believing=False)
    content = picture_with(claims)
    assert ours(content, believing=False) == ("undetermined", "cawg.ica.untrusted_issuer")
    assert "cawg.ica.untrusted_issuer" in sdk(content, believing=False)


def test_what_the_sdk_writes_is_read() -> None:
    """Through the one way of its C library that the Python package does not wrap."""
    library: Any = raw._lib
    combine = library.c2pa_identity_signer_create
    pointer, words = ctypes.POINTER(raw.C2paSigner), ctypes.POINTER(ctypes.c_char_p)
    combine.argtypes, combine.restype = [pointer, pointer, words, words], pointer
    claim, name = (
        c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(each.algorithm.encode(), each.chain_pem, each.key_pem, None)
        )
        for each in (signer(), signer("Grace", "Names"))
    )
    about = (ctypes.c_char_p * 2)(b"cawg.training-mining", None)
    roles = (ctypes.c_char_p * 3)(b"cawg.creator", b"cawg.publisher", None)
    both = c2pa.Signer(combine(claim._handle, name._handle, about, roles))
    for each in (claim, name):  # what was handed over is not theirs to free any more
        each._teardown(free_handle=False)
    tree = {"builder": {"thumbnail": {"enabled": False}}, "core": {"allowed_network_hosts": []}}
    image, output = picture(), io.BytesIO()
    with c2pa.Builder(definition().document(), c2pa.Context(c2pa.Settings.from_dict(tree), both)) as builder:
        builder.sign(image.media_type, io.BytesIO(image.content), output)
    report = read_manifest(checked(output.getvalue()), issuers(), identities=trust(issuers="Names"))
    (found,) = report.credentials
    assert (report.state, found.outcome.value, found.code) == ("trusted", "pass", "cawg.identity.trusted")
    assert found.roles == ("cawg.creator", "cawg.publisher")
    assert set(found.covers) == {"cawg.training-mining", "c2pa.hash.data"}
