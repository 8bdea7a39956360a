"""Ingredients and redactions: what the engine overlooks because a signer recorded it, or hid it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rakkan.manifests.checks import INGREDIENTS, REDACTIONS
from rakkan.manifests.ingredients import MAX_DEPTH
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import checked, engine_state, issuers
from tests.unit.manifests.handmade import LABEL, PARENT, ingredient, parent, png_with_store, without

V3 = "c2pa.ingredient.v3"
RESERVED = ("cawg.training-mining", {"entries": {"cawg.ai_training": {"use": "notAllowed"}}})
MISMATCH = "assertion.dataHash.mismatch"


def made(entry: object, below: Sequence[bytes], label: str = V3, **arguments: Any) -> bytes:
    return png_with_store([(label, entry)], below=below, **arguments)


def report(content: bytes) -> ManifestReport:
    return read_manifest(checked(content), issuers())


def test_an_intact_ingredient_stands_in_the_report() -> None:
    of = parent()
    found = report(made(ingredient(of), [of[1]]))
    assert found.state == "trusted"
    ((only),) = found.ingredients
    assert (only.depth, only.relationship, only.manifest) == (1, "componentOf", PARENT)
    assert only.outcome is Outcome.PASS
    assert only.recognised


class TestFaults:
    @pytest.mark.parametrize("label", [V3, f"{V3}__1", f"{V3}__1234567", f"{V3}__x"])
    def test_a_recorded_fault_counts_under_every_name_of_an_ingredient(self, label: str) -> None:
        """The engine reports a fault only if it was not recorded: that one is called trusted there."""
        of = parent()
        content = made(ingredient(of, failure=[MISMATCH]), [of[1]], label)
        assert engine_state(content, issuers()) == "Trusted"
        found = report(content)
        assert (found.state, found.check(INGREDIENTS).code) == ("intact", "ingredient-faulty")
        assert found.ingredients[0].codes == (MISMATCH,)

    def test_a_fault_below_an_ingredient_counts(self) -> None:
        first = parent(label=PARENT.replace("5555555", "6666666"))
        second = parent((V3, ingredient(first, failure=[MISMATCH])))
        found = report(made(ingredient(second), [first[1], second[1]]))
        assert (found.state, found.check(INGREDIENTS).code) == ("intact", "ingredient-faulty")
        assert [each.depth for each in found.ingredients] == [1, 2]

    def test_nothing_recorded_is_not_taken_for_a_check(self) -> None:
        of = parent()
        content = made(ingredient(of, validationResults={}), [of[1]])
        assert engine_state(content, issuers()) == "Trusted"
        found = report(content)
        assert (found.state, found.check(INGREDIENTS).outcome) == ("intact", Outcome.UNDETERMINED)

    def test_an_ingredient_that_is_not_there(self) -> None:
        assert report(made(ingredient(parent()), [])).state == "invalid"

    def test_an_ingredient_that_was_exchanged(self) -> None:
        claimed, other = parent(), parent(label=PARENT.replace("5555555", "6666666"))
        entry = ingredient(claimed)
        entry["activeManifest"]["url"] = f"self#jumbf=/c2pa/{other[0]}"
        assert report(made(entry, [claimed[1], other[1]])).state == "invalid"
        namesake = parent(RESERVED)
        assert report(made(ingredient(claimed), [namesake[1]])).state == "invalid"

    @pytest.mark.parametrize("rehashed", [False, True])
    def test_an_ingredient_changed_after_it_was_signed(self, rehashed: bool) -> None:
        label, content = parent()
        at = content.index(b"trainedAlgorithmicMedia")
        changed = content[:at] + b"T" + content[at + 1 :]
        found = report(made(ingredient((label, changed if rehashed else content)), [changed]))
        assert (found.state, found.ingredients) == ("invalid", ())

    @pytest.mark.parametrize("url", [f"self#jumbf=/c2pa/{LABEL}", "self#jumbf=c2pa.signature", "", 7])
    def test_an_ingredient_that_leads_nowhere(self, url: object) -> None:
        of = parent()
        entry = ingredient(of) | {"activeManifest": {"url": url, "hash": bytes(32)}}
        found = report(made(entry, [of[1]]))
        assert found.state != "trusted"
        assert (
            found.check(INGREDIENTS).outcome is Outcome.FAIL
            or found.check("manifest").outcome is Outcome.FAIL
        )

    @pytest.mark.parametrize("fields", [{"relationship": "childOf"}, {"relationship": 7}])
    def test_an_ingredient_without_a_known_relationship(self, fields: dict[str, object]) -> None:
        of = parent()
        assert report(made(ingredient(of) | fields, [of[1]])).state != "trusted"

    @pytest.mark.parametrize("label", ["c2pa.ingredient.v4", "c2pa.ingredient.v3_x", "c2pa.ingredients"])
    def test_an_ingredient_of_a_version_nobody_knows(self, label: str) -> None:
        of = parent()
        assert report(made(ingredient(of), [of[1]], label)).state != "trusted"


class TestBounds:
    @pytest.mark.parametrize(("levels", "state"), [(MAX_DEPTH - 1, "trusted"), (MAX_DEPTH, "intact")])
    def test_depth(self, levels: int, state: str) -> None:
        below: list[bytes] = []
        last: tuple[str, bytes] | None = None
        for level in range(levels):
            label = f"urn:c2pa:99999999-2222-4333-8444-{level:012d}"
            last = parent(*([(V3, ingredient(last))] if last else []), label=label)
            below.append(last[1])
        assert last is not None
        found = report(made(ingredient(last), below))
        assert found.state == state

    def test_shared_ingredients_are_walked_once(self) -> None:
        """Two links to the same manifest at each of twenty levels are not a million paths."""
        below: list[bytes] = []
        last: tuple[str, bytes] | None = None
        for level in range(20):
            label = f"urn:c2pa:99999999-2222-4333-8444-{level:012d}"
            both = [(V3, ingredient(last)), (f"{V3}__1", ingredient(last))] if last else []
            last = parent(*both, label=label)
            below.append(last[1])
        assert last is not None
        found = report(made(ingredient(last), below))
        assert (found.state, len(found.ingredients)) == ("trusted", 39)


class TestRedactions:
    def redacted(self, uri: str | None, assertion: tuple[str, object] = RESERVED) -> bytes:
        label, content = parent(assertion)
        left = without(content, assertion[0])
        assert left != content
        fields = {"redacted_assertions": [uri]} if uri else None
        return made(ingredient((label, content)), [left], fields=fields)

    def test_consent_that_was_taken_out(self) -> None:
        content = self.redacted(f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/cawg.training-mining")
        assert engine_state(content, issuers()) == "Trusted"
        found = report(content)
        assert (found.state, found.check(REDACTIONS).code) == ("intact", "consent-redacted")

    def test_something_else_that_was_taken_out(self) -> None:
        uri = f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/org.example.camera"
        found = report(self.redacted(uri, ("org.example.camera", {"make": "x"})))
        assert (found.state, found.check(REDACTIONS).code) == ("trusted", "redactions-other")

    @pytest.mark.parametrize(
        "uri",
        [
            None,
            "self#jumbf=c2pa.assertions/cawg.training-mining",
            f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/%63awg.training-mining",
            f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/CAWG.training-mining",
        ],
    )
    def test_what_is_missing_without_being_named(self, uri: str | None) -> None:
        assert report(self.redacted(uri)).state == "invalid"

    def test_ones_own_words_cannot_be_redacted(self) -> None:
        uri = f"self#jumbf=/c2pa/{LABEL}/c2pa.assertions/cawg.training-mining"
        content = png_with_store([RESERVED], fields={"redacted_assertions": [uri]})
        assert report(content).state == "invalid"

    def test_a_redaction_of_something_without_a_name(self) -> None:
        content = png_with_store(fields={"redacted_assertions": ["http://127.0.0.1/"]})
        assert report(content).check(REDACTIONS).code == "consent-redacted"
