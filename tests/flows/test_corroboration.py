"""A picture's own identity credential beside the records about it: told, never counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.image import check_image
from rakkan.manifests.naming import IdentityCredential
from rakkan.manifests.read import read_manifest
from rakkan.registry.flows.consent.consents import show
from rakkan.registry.flows.verify.corroboration import Actor, corroborate, of_file
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_image, verify_name
from rakkan.registry.flows.verify.verify import Verification
from rakkan.registry.service import Registry, open_registry
from rakkan.schemas.identity import Address, DidKey, DidPkh, parse_did
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Outcome
from tests.flows.homesteads import TRAIN, People, who
from tests.homes import new_home
from tests.unit.manifests.credentials import authority
from tests.unit.manifests.identities import SITE, WALLET, aggregated, document, picture_with

OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def pkh(address: str, chain: int = 1) -> str:
    """A wallet on a chain."""
    return str(DidPkh(chain, Address.parse(address)))


def credential(*names: str, outcome: Outcome = Outcome.PASS) -> IdentityCredential:
    """A credential that names these."""
    actors = tuple(parse_did(name) if name.startswith("did:") else Address.parse(name) for name in names)
    return IdentityCredential("cawg.identity", "", outcome, "", "", holds=True, actors=actors)


class TestComparing:
    @pytest.mark.parametrize(
        ("named", "actor", "agrees"),
        [
            ([WALLET], pkh(WALLET), True),
            ([WALLET], pkh(WALLET, 31337), True),
            ([pkh(WALLET, 10)], pkh(WALLET), True),
            ([OTHER, WALLET], pkh(WALLET), True),
            ([OTHER], pkh(WALLET), False),
            ([who("ada")], who("ada"), True),
            ([who("bob")], who("ada"), False),
            ([who("bob"), WALLET], who("ada"), False),
            ([WALLET], who("ada"), None),
            ([who("ada")], pkh(WALLET), None),
            ([], pkh(WALLET), None),
            ([], who("ada"), None),
        ],
    )
    def test_like_is_held_beside_like(self, named: list[str], actor: str, agrees: bool | None) -> None:
        (found,) = corroborate([credential(*named)], [Actor("creator", actor)])
        assert [each.agrees for each in found.named] == ([] if agrees is None else [agrees])

    def test_what_follows(self) -> None:
        actors = [Actor("creator", pkh(WALLET)), Actor("grantor", pkh(OTHER)), Actor("creator", pkh(WALLET))]
        (found,) = corroborate([credential(WALLET)], actors)
        same, other = found.sentences
        assert same == "A credential in the file names the same wallet that registered it."
        assert other == (
            "A credential in the file names another wallet than the one that spoke about its use: "
            "look before you rely on it."
        )
        (found,) = corroborate([credential(WALLET, outcome=Outcome.UNDETERMINED)], actors)
        same, other = found.sentences
        who_ = "A credential in the file by nobody recognised here"
        assert same == f"{who_} names the same wallet that registered it, which adds nothing."
        assert other == f"{who_} names another wallet than the one that spoke about its use."

    def test_an_actor_that_cannot_be_read_is_not_compared(self) -> None:
        (found,) = corroborate([credential(WALLET)], [Actor("grantor", "did:web:somebody.example")])
        assert found.named == ()


def about(subject: str) -> bytes:
    """A picture whose credential is about this subject."""

    def change(made: dict[str, Any]) -> None:
        made["credentialSubject"]["id"] = subject

    return picture_with(lambda links: aggregated(links, issuer=SITE, change=change))


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Everybody, at a home that trusts one aggregator, and the issuer of the pictures' claims."""
    settings = new_home(tmp_path / "home")
    with open_registry(settings) as registry:
        registry.home.aggregators.write_text(json.dumps(document()))
        registry.home.issuers.write_bytes(authority().certificate_pem)
        yield People(registry)


def claim_of(content: bytes) -> Digest:
    """How the picture is known."""
    identity = read_manifest(check_image(content, "picture.png"), None).identity
    assert identity is not None
    return identity.c2pa_claim


def verified(registry: Registry, content: bytes) -> Verification:
    """As over HTTP; the picture is trusted whomever its credential names."""
    found = verify_image(registry, content, "picture.png")
    assert found.state == "trusted"
    return found


class TestBesideRecords:
    @pytest.mark.parametrize(("subject", "agrees"), [("ada", True), ("bob", False)])
    def test_creator_and_grantor(self, people: People, subject: str, agrees: bool, tmp_path: Path) -> None:
        content = about(who(subject))
        digest = claim_of(content)
        people.work("ada", digest)
        people.consent("ada", digest)
        found = verified(people.registry, content)
        (named,) = found.identities
        assert named.credential.code == "cawg.identity.trusted"
        assert {(each.actor.part, each.agrees) for each in named.named} == {
            ("creator", agrees),
            ("grantor", agrees),
        }
        assert found.consent["scopes"][TRAIN] == "allowed"  # granted by the record alone, either way
        path = tmp_path / "picture.png"
        path.write_bytes(content)
        answers = show(people.registry, [digest], scopes=[TRAIN], grantee="public")
        (beside,) = of_file(people.registry, path, answers[TRAIN].relied)
        assert [(each.actor.part, each.agrees) for each in beside.named] == [("grantor", agrees)]

    def test_a_credential_grants_nothing(self, people: People) -> None:
        content = about(who("ada"))
        people.work("ada", claim_of(content))
        found = verified(people.registry, content)
        assert set(found.consent["scopes"].values()) == {"undetermined"}
        assert next(each for each in found.checks if each.name == "attribution").outcome is Outcome.PASS

    def test_nobody_is_compared_where_nothing_is_registered(self, people: People) -> None:
        (named,) = verified(people.registry, about(who("ada"))).identities
        assert (named.named, named.sentences) == ((), ())

    def test_a_digest_brings_no_credential(self, people: People) -> None:
        digest = claim_of(about(who("ada")))
        people.work("ada", digest)
        found = verify_name(people.registry.settings, str(digest), VerifyOptions())
        assert found.identities == ()

    def test_the_callers_lists_take_the_homes_place(self, people: People, tmp_path: Path) -> None:
        path, other = tmp_path / "picture.png", tmp_path / "did.json"
        path.write_bytes(about(who("ada")))
        other.write_text(json.dumps(document("did:web:other.example")))
        settings = people.registry.settings
        for options, code in (
            (VerifyOptions(), "cawg.identity.trusted"),
            (VerifyOptions(identity_trust=(other,)), "cawg.ica.did_unavailable"),
        ):
            (named,) = verify_name(settings, str(path), options).identities
            assert named.credential.code == code

    def test_the_document(self, people: People) -> None:
        content = about(who("ada"))
        people.work("ada", claim_of(content))
        (named,) = verified(people.registry, content).identities
        value = named.to_json()
        assert json.loads(json.dumps(value)) == value
        assert value["names"] == [
            {
                "type": "cawg.crypto_wallet",
                "name": "",
                "username": "",
                "address": WALLET,
                "uri": "",
                "provider": "Wallets",
                "verifiedAt": "2026-05-27T08:40:39Z",
            }
        ]
        assert value["actors"] == [{"part": "creator", "did": who("ada"), "agrees": True}]
        assert isinstance(parse_did(value["subject"]), DidKey)
