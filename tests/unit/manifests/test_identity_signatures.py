"""Identity assertions: what of them was signed, in updates too, and what becomes of changed bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.manifests.attribution import read_credentials
from rakkan.manifests.boxes import ContentBox
from rakkan.manifests.ingredients import read_ingredients
from rakkan.manifests.jumbf import ManifestStore, parse
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import NOW, issuers
from tests.unit.manifests.handmade import cose, described, ingredient, linked, manifest, parent
from tests.unit.manifests.identities import (
    Links,
    aggregated,
    believed,
    certified,
    found_in,
    payload,
    picture_with,
    sealed,
    store_of,
)

BELIEVED = believed()


class TestSignatures:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]),
            lambda signature: signature[1:],
            lambda signature: b"nonsense",
            lambda signature: cose(b"something else"),
            lambda signature: b"\xd2" + cbor2.dumps([cbor2.dumps({1: -7}), {}, None, bytes(64)]),
        ],
    )
    def test_a_certificates_signature_that_does_not_fit_fails(self, spoil: Callable[[bytes], bytes]) -> None:
        def make(links: Links) -> object:
            good = certified(links)
            return {**good, "signature": spoil(good["signature"])}

        assert found_in(make) == ("fail", "cawg.x509.signature.mismatch")

    def test_a_payload_carried_inside_is_none_that_was_asked_for(self) -> None:
        def make(links: Links) -> object:
            good = certified(links)
            protected, unprotected, _, raw = cbor2.loads(good["signature"][1:])
            inside = cbor2.dumps(good["signer_payload"])
            return {**good, "signature": b"\xd2" + cbor2.dumps([protected, unprotected, inside, raw])}

        assert found_in(make) == ("fail", "cawg.x509.signature.mismatch")

    def test_algorithms_outside_c2pa_fail(self) -> None:
        def make(links: Links) -> object:
            good = certified(links)
            protected, *rest = cbor2.loads(good["signature"][1:])
            header = cbor2.loads(protected) | {1: -47}
            return {**good, "signature": b"\xd2" + cbor2.dumps([cbor2.dumps(header), *rest])}

        assert found_in(make) == ("fail", "cawg.x509.algorithm.unsupported")

    def test_what_is_signed_is_the_payload_as_it_lies_there(self) -> None:
        """Encoded in a way that nobody's encoder would choose, and signed so."""

        def make(links: Links) -> bytes:
            said = payload(links, "cawg.x509.cose")
            odd = (
                b"\xbf"
                + b"".join(cbor2.dumps(key) + cbor2.dumps(each) for key, each in said.items())
                + b"\xff"
            )
            fields = sealed({}, cose(odd))
            return b"\xa4" + b"".join(
                cbor2.dumps(key) + (odd if key == "signer_payload" else cbor2.dumps(each))
                for key, each in fields.items()
            )

        assert found_in(make)[0] == "pass"

    def test_roles_and_references_are_signed(self) -> None:
        def role(links: Links) -> object:
            good = certified(links, roles=["cawg.creator"])
            return {**good, "signer_payload": {**good["signer_payload"], "role": ["cawg.publisher"]}}

        def more(links: Links) -> object:
            good = aggregated(links)
            listed = [*good["signer_payload"]["referenced_assertions"], links["c2pa.actions.v2"]]
            return {**good, "signer_payload": {**good["signer_payload"], "referenced_assertions": listed}}

        assert found_in(role) == ("fail", "cawg.x509.signature.mismatch")
        assert found_in(more) == ("fail", "cawg.ica.signer_payload.mismatch")


class TestUpdates:
    def test_an_update_manifest_is_bound_through_what_it_updates(self) -> None:
        """Its own picture has no hard binding; what it updates has the one that counts."""
        name = "urn:c2pa:22222222-2222-4333-8444-555555555555"
        below = parent(label=name)
        binding = {"alg": "sha256", "exclusions": [], "hash": bytes(32), "pad": b"", "name": "jumbf manifest"}
        hash_ = linked([("c2pa.hash.data", binding)])["c2pa.hash.data"]["hash"]
        said = {
            "referenced_assertions": [
                {"url": f"self#jumbf=/c2pa/{name}/c2pa.assertions/c2pa.hash.data", "hash": hash_}
            ],
            "sig_type": "cawg.x509.cose",
        }
        listed: list[tuple[str, object]] = [
            ("c2pa.ingredient.v3", ingredient(below, "parentOf")),
            ("cawg.identity", sealed(said, cose(cbor2.dumps(said)))),
        ]
        content = described(b"c2pa", "c2pa", below[1], manifest(listed, kind=b"c2um"))
        store = parse(content)
        found = read_credentials(store, read_ingredients(store, issuers(), NOW), BELIEVED, at=None, now=NOW)
        assert [each.code for each in found] == ["cawg.identity.trusted"]


_GOOD = store_of(picture_with(aggregated))
_CONTENT = bytes(_GOOD.active.cbor("cawg.identity") or b"")


class TestHostile:
    @settings(max_examples=400)
    @given(st.integers(0, len(_CONTENT) - 1), st.integers(1, 255), st.integers(0, 3))
    def test_changed_bytes_raise_nothing_and_name_nobody_else(self, at: int, flip: int, cut: int) -> None:
        """Put into a store that is otherwise as it was, as if the claim's signer had made it so."""
        changed = bytearray(_CONTENT)
        changed[at] ^= flip
        content = bytes(changed[: len(changed) - cut])
        box = _GOOD.active.assertions["cawg.identity"]
        spoiled = replace(box, children=(ContentBox("cbor", memoryview(content)),))
        active = replace(_GOOD.active, assertions={**_GOOD.active.assertions, "cawg.identity": spoiled})
        (found,) = read_credentials(ManifestStore((active,)), (), BELIEVED, at=None, now=NOW)
        if found.outcome is Outcome.PASS:  # a name of a field that is passed over, or padding
            assert found.identities == _credential().identities


def _credential() -> Any:
    (found,) = read_credentials(_GOOD, (), BELIEVED, at=None, now=NOW)
    return found
