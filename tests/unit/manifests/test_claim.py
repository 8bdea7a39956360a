"""What a stamp says, and what it can never say."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable

import pytest

from rakkan.manifests.claim import ClaimDefinition, Making, claim_definition
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import Link
from rakkan.schemas.values import Cid
from rakkan.schemas.work import Generation, Parent
from tests.unit.manifests.credentials import ORIGIN, SOURCES, definition

CID = Cid.of(b"a consent")
DIGEST = "sha256:" + "ab" * 32


def listed(
    claim: ClaimDefinition, *, opened: bool = False, inputs: tuple[str, ...] = ()
) -> list[dict[str, object]]:
    document = claim.document(opened=opened, inputs=inputs)
    return list(document["assertions"][0]["data"]["actions"])


def assertion(claim: ClaimDefinition, label: str) -> object:
    (found,) = [each for each in claim.definition["assertions"] if each["label"] == label]
    return found["data"]


class TestActions:
    @pytest.mark.parametrize(
        ("making", "source"),
        [
            ("generated", "trainedAlgorithmicMedia"),
            ("edited", "compositeWithTrainedAlgorithmicMedia"),
            ("captured", "digitalCapture"),
        ],
    )
    def test_without_a_parent_it_is_created(self, making: Making, source: str) -> None:
        assert listed(definition(making)) == [
            {
                "action": "c2pa.created",
                "digitalSourceType": SOURCES + source,
                "softwareAgent": {"name": "ComfyUI"},
            }
        ]

    def test_an_edit_opens_its_parent_and_names_no_source_there(self) -> None:
        opening, edit = listed(definition("edited"), opened=True, inputs=("input1",))
        assert opening == {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        assert edit["action"] == "c2pa.edited"
        assert edit["digitalSourceType"] == SOURCES + "compositeWithTrainedAlgorithmicMedia"
        assert edit["parameters"] == {"ingredientIds": ["input1"]}

    @pytest.mark.parametrize("making", ["generated", "captured"])
    def test_signing_again_does_nothing_but_open(self, making: Making) -> None:
        assert [each["action"] for each in listed(definition(making), opened=True)] == ["c2pa.opened"]

    def test_every_assertion_is_attributed_and_all_actions_are_there(self) -> None:
        for document in (definition().definition, definition("edited").document(opened=True)):
            assert all(each["created"] is True for each in document["assertions"])
            assert document["assertions"][0]["data"]["allActionsIncluded"] is True

    def test_generator_says_which_specification(self) -> None:
        assert definition().definition["claim_generator_info"] == [
            {"name": "Rakkan", "version": "0.1.0", "specVersion": "2.4.0"}
        ]


class TestTerms:
    def test_all_four_uses_are_said_outright(self) -> None:
        claim = definition(use=Use.CONSTRAINED)
        assert assertion(claim, "cawg.training-mining") == {
            "entries": {key: {"use": "constrained"} for key in CAWG_SCOPES}
        }

    @pytest.mark.parametrize(
        "uses", [{}, dict.fromkeys(CAWG_SCOPES[:3], Use.ALLOWED), {"cawg.other": Use.ALLOWED}]
    )
    def test_a_use_left_out_is_refused(self, uses: dict[str, Use]) -> None:
        with pytest.raises(Invalid) as caught:
            claim_definition(origin=ORIGIN, making="generated", uses=uses, software_version="0.1.0")
        assert caught.value.code == "claim-uses"

    def test_links_stand_in_our_own_assertion(self) -> None:
        parents = (
            Parent(relation="parentOf", digest=DIGEST),
            Parent(relation="inputTo", digest=DIGEST, record=Link.to(CID)),
        )
        claim = definition(consents=(CID,), parents=parents)
        assert assertion(claim, "org.rakkan.provenance") == {
            "origin": ORIGIN,
            "consents": [str(CID)],
            "parents": [
                {"relation": "parentOf", "digest": DIGEST},
                {"relation": "inputTo", "digest": DIGEST, "record": str(CID)},
            ],
        }

    def test_links_are_bounded(self) -> None:
        with pytest.raises(Invalid) as caught:
            definition(consents=(CID,) * 65)
        assert caught.value.code == "claim-links"

    def test_the_tool_is_cleaned_and_nothing_else_of_the_generation_shows(self) -> None:
        generation = Generation(tool="Comfy\u202e\nUI", seed="12345678901234567890", sampler="secret sampler")
        claim = claim_definition(
            origin=ORIGIN,
            making="generated",
            uses=dict.fromkeys(CAWG_SCOPES, Use.ALLOWED),
            software_version="0.1.0",
            generation=generation,
        )
        text = json.dumps(claim.definition)
        assert "Comfy UI" in text
        assert "1234567890" not in text
        assert "secret" not in text


class TestDigest:
    def test_is_the_same_for_the_same_claim(self) -> None:
        assert definition().digest == definition().digest
        assert len(definition().digest) == 32

    @pytest.mark.parametrize(
        "other",
        [
            lambda: definition("edited"),
            lambda: definition(use=Use.ALLOWED),
            lambda: definition(consents=(CID,)),
            lambda: definition(parents=(Parent(relation="parentOf", digest=DIGEST),)),
            lambda: definition(parents=(Parent(relation="inputTo", digest=DIGEST),)),
        ],
    )
    def test_differs_with_everything_said(self, other: Callable[[], ClaimDefinition]) -> None:
        assert other().digest != definition().digest

    def test_one_document_does_not_leak_into_the_next(self) -> None:
        claim = definition()
        first = claim.definition
        first["assertions"][1]["label"] = "spoiled"
        first["claim_generator_info"][0]["name"] = "spoiled"
        assert "spoiled" not in json.dumps(claim.definition)

    def test_travels_between_processes(self) -> None:
        assert pickle.loads(pickle.dumps(definition())) == definition()
