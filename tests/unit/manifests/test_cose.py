"""The signature over a claim, verified a second time by us."""

from __future__ import annotations

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rakkan.manifests.certificates import (
    fingerprint,
    load_certificates,
)
from rakkan.manifests.cose import check_signature
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import parse
from tests.unit.manifests.credentials import (
    artist,
    certificate_for,
    signer,
    stamped,
)

CLAIM = b"claim bytes"


class TestClaimSignature:
    def test_holds_over_the_claim_alone(self) -> None:
        active = parse(stamped("PNG").store).active
        found = check_signature(active.signature, active.claim)
        assert (found.algorithm, found.holds) == ("ES256", True)
        assert fingerprint(found.signer) == signer().digest.raw
        assert not check_signature(active.signature, active.claim + b"\0").holds
        other = bytearray(active.claim)
        other[-1] ^= 1
        assert not check_signature(active.signature, bytes(other)).holds

    def test_our_own_vector(self) -> None:
        assert check_signature(signature(), CLAIM).holds
        assert not check_signature(signature(raw=bytes(64)), CLAIM).holds
        assert not check_signature(signature(raw=b"short"), CLAIM).holds
        assert not check_signature(signature(raw=b""), CLAIM).holds

    @pytest.mark.parametrize("algorithm", [-35, -36, -37, -38, -39, -8])
    def test_another_algorithm_than_the_keys_fits_nothing(self, algorithm: int) -> None:
        assert not check_signature(signature(algorithm=algorithm), CLAIM).holds

    def test_rsa_keys_that_are_too_short_fit_nothing(self) -> None:
        key = rsa.generate_private_key(65537, 1024)
        chain, _ = certificate_for(key)
        protected = cbor2.dumps({1: -37, 33: ders(chain)})
        signed = cbor2.dumps(["Signature1", protected, b"", CLAIM])
        raw = key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        assert not check_signature(b"\xd2" + cbor2.dumps([protected, {}, None, raw]), CLAIM).holds

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "signature-form"),
            (b"\x84\x40\xa0\xf6\x40", "signature-form"),
            (b"\xd2\x83\x40\xa0\xf6", "signature-form"),
            (b"\xd2\x84\x40\xa0\x40\x40", "signature-form"),
            (b"\xd2\x84\xa0\xa0\xf6\x40", "signature-form"),
            (b"\xd2\x84\x41\x80\xa0\xf6\x40", "signature-form"),
            (b"\xd2\x84\x40\xa0\xf6\x40", "signature-algorithm"),
            (b"\xd2\x84\x41\xff\xa0\xf6\x40", "cbor"),
            (b"\xd2" + b"\x84\x40\xa0\xf6\x40" * 2, "cbor"),
        ],
    )
    def test_what_is_not_a_cose_signature_is_refused(self, content: bytes, code: str) -> None:
        with pytest.raises(UnreadableManifest) as caught:
            check_signature(content, CLAIM)
        assert caught.value.code == code

    @pytest.mark.parametrize("algorithm", [-47, -257, 0, "ES256", None, True, [-7]])
    def test_algorithms_outside_c2pa_are_refused(self, algorithm: object) -> None:
        with pytest.raises(UnreadableManifest) as caught:
            check_signature(signature(algorithm=algorithm), CLAIM)
        assert caught.value.code == "signature-algorithm"

    @pytest.mark.parametrize("where", ["none", "both", "twice", "empty", "many", "text"])
    def test_there_is_one_chain_in_one_place(self, where: str) -> None:
        chain = ders(artist().chain_pem)
        places: dict[str, tuple[dict[object, object], dict[object, object]]] = {
            "none": ({}, {}),
            "both": ({33: chain}, {"x5chain": chain}),
            "twice": ({33: chain, "x5chain": chain}, {}),
            "empty": ({33: []}, {}),
            "many": ({33: chain * 10}, {}),
            "text": ({33: ["certificate"]}, {}),
        }
        protected, unprotected = places[where]
        content = b"\xd2" + cbor2.dumps([cbor2.dumps({1: -7, **protected}), unprotected, None, bytes(64)])
        with pytest.raises(UnreadableManifest) as caught:
            check_signature(content, CLAIM)
        assert caught.value.code == "signature-chain"

    def test_a_chain_of_one_and_the_old_place_are_read(self) -> None:
        chain = ders(artist().chain_pem)
        content = b"\xd2" + cbor2.dumps([cbor2.dumps({1: -7}), {"x5chain": chain[0]}, None, bytes(64)])
        assert len(check_signature(content, CLAIM).chain) == 1


def ders(pem: bytes) -> list[bytes]:
    return [each.public_bytes(serialization.Encoding.DER) for each in load_certificates(pem)]


def signature(algorithm: object = -7, raw: bytes | None = None) -> bytes:
    """A COSE_Sign1 by Ada over :data:`CLAIM`, made without the C2PA engine."""
    protected = cbor2.dumps({1: algorithm, 33: ders(artist().chain_pem)})
    key = serialization.load_pem_private_key(artist().key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signed = cbor2.dumps(["Signature1", protected, b"", CLAIM])
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return b"\xd2" + cbor2.dumps(
        [protected, {}, None, r.to_bytes(32) + s.to_bytes(32) if raw is None else raw]
    )
