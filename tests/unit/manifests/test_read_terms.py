"""What a manifest says: only the signer's own words count, and only words that are known."""

from __future__ import annotations

import io
from typing import Any

import c2pa
import pytest

from rakkan.manifests.checks import ATTRIBUTION, VOCABULARY
from rakkan.manifests.claim import PROVENANCE, TRAINING
from rakkan.manifests.container import manifest_parts, walk
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.stamp import stamp
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.values import Cid
from tests.unit.manifests.credentials import (
    ORIGIN,
    SOURCES,
    checked,
    definition,
    engine_state,
    issuers,
    picture,
    signer,
)
from tests.unit.manifests.credentials import training as said
from tests.unit.manifests.handmade import ingredient, parent, png_with_store
from tests.unit.manifests.pictures import encoded, scene

GENERATED = {"action": "c2pa.created", "digitalSourceType": SOURCES + "trainedAlgorithmicMedia"}
OURS = (PROVENANCE, {"origin": ORIGIN, "consents": [], "parents": []})
KEY = "cawg.ai_training"
LINK = str(Cid.of(b"{}"))


def training(use: object, key: str = KEY) -> dict[str, Any]:
    return {"entries": {key: {"use": use}}}


def report(*assertions: tuple[str, object], **arguments: Any) -> ManifestReport:
    return read_manifest(checked(png_with_store(assertions, **arguments)), issuers())


def acted(*listed: dict[str, Any], **fields: Any) -> ManifestReport:
    return report(("c2pa.actions.v2", {"actions": [GENERATED, *listed], **fields}))


class TestAttribution:
    def test_words_of_the_signer_count(self) -> None:
        found = report((TRAINING, training("allowed")), OURS)
        assert found.state == "trusted"
        assert found.terms.uses[KEY] is Use.ALLOWED
        assert found.terms.provenance is not None
        assert found.terms.provenance.origin == ORIGIN

    @pytest.mark.parametrize("assertion", [(TRAINING, training("allowed")), OURS])
    def test_words_that_were_only_gathered_do_not(self, assertion: tuple[str, object]) -> None:
        """Anybody's assertion can be gathered; the engine calls the file trusted all the same."""
        content = png_with_store([assertion], gathered=(assertion[0],))
        assert engine_state(content, issuers()) == "Trusted"
        found = read_manifest(checked(content), issuers())
        assert (found.state, found.check(ATTRIBUTION).code) == ("intact", "consent-gathered")
        assert found.terms.provenance is None
        assert not any(found.terms.uses.values())

    def test_gathered_words_do_not_loosen_created_ones(self) -> None:
        both = ((TRAINING, training("notAllowed")), (f"{TRAINING}__1", training("allowed")))
        found = report(*both, gathered=(f"{TRAINING}__1",))
        assert found.state == "intact"
        assert found.terms.uses[KEY] is Use.NOT_ALLOWED


class TestUses:
    @pytest.mark.parametrize("label", [f"{TRAINING}__1", f"{TRAINING}__1234567"])
    def test_of_contradictions_the_strictest_holds(self, label: str) -> None:
        found = report((TRAINING, training("allowed")), (label, training("notAllowed")))
        assert (found.state, found.check(VOCABULARY).code) == ("intact", "use-contradicted")
        assert found.terms.uses[KEY] is Use.NOT_ALLOWED

    @pytest.mark.parametrize("word", ["banana", "Allowed", "", None, 1, ["allowed"]])
    def test_an_unknown_word_never_allows(self, word: object) -> None:
        found = report((TRAINING, training(word)))
        assert found.terms.uses[KEY] in (Use.NOT_ALLOWED, None)
        assert found.state != "trusted"

    def test_silence_is_not_a_word(self) -> None:
        found = report((TRAINING, training("allowed")))
        assert [key for key in CAWG_SCOPES if found.terms.uses[key] is not None] == [KEY]

    def test_an_unknown_reserved_key_is_a_doubt(self) -> None:
        found = report((TRAINING, training("allowed", "cawg.everything")))
        assert (found.state, found.check(VOCABULARY).code) == ("intact", "use-key-unknown")


class TestActions:
    @pytest.mark.parametrize(
        ("action", "code"),
        [
            ({"action": "c2pa.cropped"}, "vocabulary-known"),
            ({"action": "com.example.sharpened"}, "vocabulary-known"),
            ({"action": "c2pa.exploded"}, "action-unknown"),
            ({"action": "exploded"}, "action-unknown"),
            ({"action": "c2pa.edited", "digitalSourceType": "nonsense"}, "source-type-unknown"),
        ],
    )
    def test_words(self, action: dict[str, Any], code: str) -> None:
        found = acted(action)
        assert found.check(VOCABULARY).code == code
        assert found.state == ("trusted" if code == "vocabulary-known" else "intact")

    def test_templates_speak_as_well(self) -> None:
        found = acted(templates=[{"action": "c2pa.edited", "digitalSourceType": "nonsense"}])
        assert (found.state, found.check(VOCABULARY).code) == ("intact", "source-type-unknown")

    @pytest.mark.parametrize(
        "listed",
        [
            [{"action": "c2pa.edited"}],
            [GENERATED, GENERATED],
            [{"action": "c2pa.created"}],
            [{"action": "c2pa.opened"}],
            [],
        ],
    )
    def test_an_inception_that_breaks_the_rules(self, listed: list[dict[str, Any]]) -> None:
        assert report(("c2pa.actions.v2", {"actions": listed})).state == "invalid"


class TestProvenance:
    @pytest.mark.parametrize(
        "fields",
        [
            {"origin": 7},
            {"origin": "rakkan/\u202e"},
            {"consents": "x"},
            {"consents": ["x"]},
            {"consents": [LINK] * 65},
            {"parents": [{"relation": "parentOf"}]},
            {"parents": [{"relation": "parentOf", "digest": "sha256:00", "record": 7}]},
        ],
    )
    def test_another_form_is_not_read(self, fields: dict[str, object]) -> None:
        found = report((PROVENANCE, OURS[1] | fields))
        assert (found.state, found.check(VOCABULARY).code) == ("intact", "provenance-malformed")
        assert found.terms.provenance is None

    def test_two_of_them_are_none(self) -> None:
        found = report(OURS, (f"{PROVENANCE}__1", OURS[1] | {"origin": "rakkan/ffffffffffffffff"}))
        assert found.terms.provenance is None
        assert found.state == "intact"


def updated(content: bytes, by: str, *assertions: dict[str, Any]) -> bytes:
    """An update manifest over a signed picture, as anybody can add one."""
    held = signer(by)
    info = c2pa.C2paSignerInfo(held.algorithm.encode(), held.chain_pem, held.key_pem, None)
    tree = {"builder": {"thumbnail": {"enabled": False}}}
    context = c2pa.Context(c2pa.Settings.from_dict(tree), c2pa.Signer.from_info(info))
    document = {"claim_generator_info": [{"name": "Stranger", "version": "1"}], "assertions": assertions}
    output = io.BytesIO()
    with c2pa.Builder(document, context) as builder:
        builder.set_intent(c2pa.C2paBuilderIntent.UPDATE)
        builder.sign("image/png", io.BytesIO(content), output)
    return output.getvalue()


class TestUpdates:
    """An update manifest changes no pixel, and cannot loosen what was said."""

    def test_cannot_loosen_and_can_tighten(self) -> None:
        mine = stamp(picture(), definition("generated", Use.CONSTRAINED), signer())
        for word, expected in (("allowed", Use.CONSTRAINED), ("notAllowed", Use.NOT_ALLOWED)):
            content = updated(mine.content, "Bob", said(ai_training=word))
            found = read_manifest(checked(content), issuers())
            assert found.state == "trusted"
            assert found.terms.uses[KEY] is expected
            assert found.signer is not None
            assert found.signer.subject.startswith("Bob")
            assert found.identity is not None
            assert found.identity.c2pa_claim != mine.identity.c2pa_claim
            assert found.identity.hard_binding == mine.identity.hard_binding

    def test_binds_what_it_updates(self) -> None:
        mine = stamp(picture(), definition(), signer())
        content = updated(mine.content, "Bob")
        other = updated(
            stamp(checked(encoded("PNG", scene().rotate(180))), definition(), signer()).content, "Bob"
        )
        (ours,), (theirs,) = manifest_parts(walk(content)), manifest_parts(walk(other))
        spliced = content[: ours.start] + other[theirs.start : theirs.end] + content[ours.end :]
        found = read_manifest(checked(spliced), issuers())
        assert (found.state, found.identity) == ("invalid", None)

    def test_with_a_binding_of_its_own_is_refused(self) -> None:
        first = parent()
        content = png_with_store(
            [("c2pa.ingredient.v3", ingredient(first, "parentOf"))], below=[first[1]], kind=b"c2um"
        )
        assert read_manifest(checked(content), issuers()).state == "invalid"


def test_what_is_signed_is_what_was_defined() -> None:
    """Every word of our own claim, read back by the reader that strangers use."""
    consents = (Cid.of(b'{"a":1}'), Cid.of(b'{"b":2}'))
    done = stamp(picture(), definition("generated", Use.CONSTRAINED, consents=consents), signer())
    found = read_manifest(checked(done.content), issuers())
    assert found.terms.uses == dict.fromkeys(CAWG_SCOPES, Use.CONSTRAINED)
    assert [(each.name, each.agent) for each in found.terms.actions] == [("c2pa.created", "ComfyUI")]
    assert found.terms.provenance is not None
    assert found.terms.provenance.consents == consents
