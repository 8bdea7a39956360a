"""Identity assertions: their form, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from rakkan.manifests.attribution import read_credentials
from rakkan.manifests.read import read_manifest
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import NOW, checked, issuers
from tests.unit.manifests.handmade import LABEL, PARENT, ingredient, linked, parent
from tests.unit.manifests.identities import (
    Links,
    believed,
    by_hand,
    certified,
    found_in,
    picture_with,
    store_of,
)

BELIEVED = believed()


class TestForm:
    def test_what_is_right_holds(self) -> None:
        assert found_in(certified) == ("pass", "cawg.identity.trusted")

    @pytest.mark.parametrize(
        "make",
        [
            lambda _: b"\xa0",
            lambda _: [],
            lambda links: b"\xbf" + cbor2.dumps(certified(links))[1:] + b"\xff",
            lambda links: {key: each for key, each in certified(links).items() if key != "signer_payload"},
            lambda links: {key: each for key, each in certified(links).items() if key != "signature"},
            lambda links: {key: each for key, each in certified(links).items() if key != "pad1"},
            lambda links: {**certified(links), "signer_payload": cbor2.dumps({})},
            lambda links: {**certified(links), "signature": "text"},
            lambda links: {**certified(links), "signature": b""},
            lambda links: {**certified(links), "pad1": [0, 0]},
            lambda links: {**certified(links), "pad2": None},
            lambda links: cbor2.dumps(certified(links)).replace(b"\x64pad2\x40", b"\x01\x02"),
            lambda links: by_hand(links, lambda said: said.pop("sig_type")),
            lambda links: by_hand(links, lambda said: said.update(sig_type="")),
            lambda links: by_hand(links, lambda said: said.update(sig_type="x" * 300)),
            lambda links: by_hand(links, lambda said: said.update(role=[])),
            lambda links: by_hand(links, lambda said: said.update(role="cawg.creator")),
            lambda links: by_hand(links, lambda said: said.update(role=["cawg.creator", ""])),
            lambda links: by_hand(links, lambda said: said.update(role=["cawg.creator"] * 33)),
            lambda links: by_hand(links, lambda said: said.pop("referenced_assertions")),
            lambda links: by_hand(links, lambda said: said.update(referenced_assertions={})),
            lambda links: by_hand(links, lambda said: said.update(referenced_assertions=["c2pa.hash.data"])),
            lambda links: by_hand(links, lambda said: said["referenced_assertions"][0].update(hash="text")),
            lambda links: by_hand(links, lambda said: said["referenced_assertions"][0].update(url=1)),
            lambda links: by_hand(links, lambda said: said["referenced_assertions"][0].update(alg=256)),
            lambda links: by_hand(links, lambda said: said["referenced_assertions"].extend([{}] * 4100)),
        ],
    )
    def test_what_is_no_identity_assertion_fails(self, make: Callable[[Links], object]) -> None:
        assert found_in(make) == ("fail", "cawg.identity.cbor.invalid")

    @pytest.mark.parametrize("make", [lambda _: b"\xff", lambda links: cbor2.dumps(certified(links)) + b"\0"])
    def test_what_is_no_cbor_at_all_spoils_the_manifest(self, make: Callable[[Links], object]) -> None:
        """The C2PA engine refuses any assertion of that kind, whatever its label."""
        report = read_manifest(checked(picture_with(make)), issuers(), identities=BELIEVED)
        assert (report.state, report.credentials) == ("invalid", ())
        (found,) = read_credentials(store_of(picture_with(make)), (), BELIEVED, at=None, now=NOW)
        assert found.code == "cawg.identity.cbor.invalid"

    @pytest.mark.parametrize("name", ["pad1", "pad2"])
    def test_padding_hides_nothing(self, name: str) -> None:
        assert found_in(lambda links: {**certified(links), name: bytes(9) + b"\1"}) == (
            "fail",
            "cawg.identity.pad.invalid",
        )

    def test_fields_that_cawg_does_not_name_are_passed_over(self) -> None:
        assert found_in(lambda links: {**certified(links), "other_stuff": [1]})[0] == "pass"
        old = {"expected_countersigners": [], "expected_partial_claim": {"alg": "sha256", "hash": b""}}
        assert found_in(lambda links: by_hand(links, lambda said: said.update(old)))[0] == "pass"

    def test_a_kind_that_is_not_known_here_stays_open(self) -> None:
        change = {"sig_type": "com.example.seal"}
        assert found_in(lambda links: by_hand(links, lambda said: said.update(change))) == (
            "undetermined",
            "cawg.identity.sig_type.unknown",
        )


class TestReferences:
    @pytest.mark.parametrize(
        "change",
        [
            {"hash": bytes(32)},
            {"hash": b""},
            {"url": "self#jumbf=c2pa.assertions/c2pa.hash.data__1"},
            {"url": "self#jumbf=/c2pa/urn:c2pa:00000000/c2pa.assertions/c2pa.hash.data"},
            {"url": f"self#jumbf=c2pa/{LABEL}/c2pa.assertions/c2pa.hash.data"},
            {"url": "https://somewhere.example/c2pa.hash.data"},
            {"url": "self#jumbf=c2pa.assertions/cawg.identity"},
            {"alg": "sha512"},
        ],
    )
    def test_each_is_listed_by_the_claim_with_that_digest(self, change: dict[str, Any]) -> None:
        assert found_in(
            lambda links: by_hand(links, lambda said: said["referenced_assertions"][0].update(change))
        ) == ("fail", "cawg.identity.assertion.mismatch")

    def test_the_claims_algorithm_may_be_named(self) -> None:
        named = {"alg": "sha256"}
        assert (
            found_in(
                lambda links: by_hand(links, lambda said: said["referenced_assertions"][0].update(named))
            )[0]
            == "pass"
        )

    def test_an_absolute_address_is_the_same_place(self) -> None:
        url = f"self#jumbf=/c2pa/{LABEL}/c2pa.assertions/c2pa.hash.data"

        def absolute(links: Links) -> object:
            return by_hand(links, lambda said: said["referenced_assertions"][0].update(url=url))

        def twice(links: Links) -> object:
            other = {**links["c2pa.hash.data"], "url": url}
            return by_hand(links, lambda said: said["referenced_assertions"].append(other))

        assert found_in(absolute)[0] == "pass"
        assert found_in(twice) == ("fail", "cawg.identity.assertion.duplicate")

    def test_nothing_is_named_twice(self) -> None:
        about = ("c2pa.hash.data", "c2pa.actions.v2", "c2pa.actions.v2")
        assert found_in(lambda links: certified(links, about=about)) == (
            "fail",
            "cawg.identity.assertion.duplicate",
        )

    @pytest.mark.parametrize("about", [(), ("c2pa.actions.v2",)])
    def test_the_hard_binding_is_among_them(self, about: tuple[str, ...]) -> None:
        assert found_in(lambda links: certified(links, about=about)) == (
            "fail",
            "cawg.identity.hard_binding_missing",
        )

    def test_more_may_be_among_them(self) -> None:
        report = read_manifest(
            checked(
                picture_with(lambda links: certified(links, about=("c2pa.actions.v2", "c2pa.hash.data")))
            ),
            issuers(),
            identities=BELIEVED,
        )
        assert report.credentials[0].covers == ("c2pa.actions.v2", "c2pa.hash.data")

    def test_an_ingredients_assertion_may_be_and_its_hard_binding_may_not(self) -> None:
        said = ("org.example.note", {"note": "theirs"})
        below = parent(said)
        theirs = {
            "url": f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/org.example.note",
            "hash": linked([said])["org.example.note"]["hash"],
        }
        binding = {"alg": "sha256", "exclusions": [], "hash": bytes(32), "pad": b"", "name": "jumbf manifest"}
        hard = {
            "url": f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/c2pa.hash.data",
            "hash": linked([("c2pa.hash.data", binding)])["c2pa.hash.data"]["hash"],
        }

        def about(*more: dict[str, Any], mine: bool = True) -> tuple[str, str]:
            def make(links: Links) -> object:
                listed = [links["c2pa.hash.data"]] if mine else []
                return by_hand(links, lambda said: said.update(referenced_assertions=[*listed, *more]))

            return found_in(make, assertions=[("c2pa.ingredient.v3", ingredient(below))], below=[below[1]])

        assert about(theirs)[0] == "pass"
        assert about(hard) == ("fail", "cawg.identity.hard_binding_incorrect")
        assert about(hard, mine=False) == ("fail", "cawg.identity.hard_binding_incorrect")
        assert about({**theirs, "hash": bytes(32)}) == ("fail", "cawg.identity.assertion.mismatch")

    def test_a_manifest_that_is_no_ingredient_is_no_place(self) -> None:
        said = ("org.example.note", {"note": "theirs"})
        stray = {
            "url": f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/org.example.note",
            "hash": linked([said])["org.example.note"]["hash"],
        }
        store = store_of(
            picture_with(
                lambda links: by_hand(links, lambda said: said["referenced_assertions"].append(stray)),
                below=[parent(said)[1]],
            )
        )
        (found,) = read_credentials(store, (), BELIEVED, at=None, now=NOW)
        assert found.code == "cawg.identity.assertion.mismatch"

    def test_another_credential_may_be_among_them(self) -> None:
        first: list[Any] = []

        def one(links: Links) -> object:
            first.append(certified(links))
            return first[-1]

        def other(links: Links) -> object:
            more = linked([("cawg.identity", first[-1])])["cawg.identity"]
            return by_hand(links, lambda said: said["referenced_assertions"].append(more))

        report = read_manifest(checked(picture_with(one, other)), issuers(), identities=BELIEVED)
        assert [each.outcome for each in report.credentials] == [Outcome.PASS, Outcome.PASS]
        assert report.credentials[1].covers == ("c2pa.hash.data", "cawg.identity")
