"""Every vocabulary: nothing becomes allowed on the way out, nothing counts as allowed on the way in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.registry.rules.vocabulary.catalogue import VOCABULARIES, vocabulary
from rakkan.registry.rules.vocabulary.model import Reservation
from rakkan.schemas.consent import OWN_SCOPES, Use
from rakkan.schemas.errors import DomainError, Invalid
from tests.support import NOW
from tests.unit.registry.rules.vocabulary.sayings import FOUR, ISCC, D, G, T, U, allows, saying

NAMES = sorted(VOCABULARIES)
WORDS = (None, "allowed", "notAllowed", "constrained")
COVERS = {
    "cawg": set(FOUR),
    "aipref": {G},
    "aipref-05": {G},
    "aipref-02": set(FOUR),
    "tdmai": set(FOUR),
    "rsl": {T, G, U},
    "iptc": set(FOUR),
    "tdmrep": {D, T, G},
    "tdmrep-header": {D, T, G},
    "odrl": set(FOUR),
    "erc7517": set(FOUR),
    "spawning": {T, G},
}
"""Scopes whose refusal each vocabulary can carry; RSL's data mining is carried by ``all``."""
OTHER = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
TERMS = {"licence": "CC-BY-4.0", "attribution": "none", "shareAlike": False, "commercial": True}


def about(name: str) -> str:
    return ISCC if name == "tdmai" else ""


@pytest.mark.parametrize("name", NAMES)
def test_every_combination_of_the_four_keys(name: str) -> None:
    """4^4 consents: what comes out open was allowed; what was refused comes back refused."""
    for words in product(WORDS, repeat=4):
        uses = {scope: word for scope, word in zip(FOUR, words, strict=True) if word}
        if not uses:
            continue
        exported = vocabulary(name).export(saying(uses, about=about(name)))
        assert allows(name, exported.content) <= {each for each in uses if uses[each] == "allowed"}, uses
        back = vocabulary(name).import_(exported.content) if exported.content else None
        held = {scope for each in back.reservations for scope in each.uses} if back else set()
        refused = {each for each in uses if uses[each] == "notAllowed"}
        assert refused & COVERS[name] <= held, uses
        named = {each.key for each in exported.report.unsaid}
        assert refused - COVERS[name] <= held | named, uses
        # what is refused beyond what was said is reported, never silent
        constrained = {each for each in uses if uses[each] == "constrained"}
        losses = {each.key for each in (*exported.report.widened, *exported.report.narrowed)}
        assert held - refused - constrained <= losses, (uses, exported.content)


@pytest.mark.parametrize("name", NAMES)
def test_all_allowed_is_said_where_it_can_be(name: str) -> None:
    exported = vocabulary(name).export(saying(dict.fromkeys(FOUR, "allowed"), about=about(name)))
    expected = COVERS[name]
    if name == "aipref-02":
        expected = {T, G, U}  # "all" would open search too, of which nothing was said
    assert allows(name, exported.content) == expected
    assert vocabulary(name).import_(exported.content).reservations == ()


CONDITIONS: tuple[dict[str, Any], ...] = (
    {"grantee": ["eip155:1:0x" + "22" * 20]},
    {"bounds": {"runs": 3}},
    {"trainBy": "2027-01-01T00:00:00Z"},
    {"jurisdiction": {"deny": ["USA"]}},
    {"rightsBasis": {"claim": "generated", "coauthorsComplete": False}},
    {"rightsBasis": {"claim": "generated", "coauthorsComplete": True, "shareBp": 5000}},
    {"persons": {"depicted": "others", "minors": "none"}},
    {"persons": {"depicted": "none", "minors": "unknown"}},
    {"terms": {**TERMS, "attribution": "name"}},
    {"terms": {**TERMS, "shareAlike": True}},
    {"terms": {**TERMS, "commercial": False}},
    {"terms": {**TERMS, "outputsLicence": "MIT"}},
    {"terms": {**TERMS, "compensation": {"model": "flat", "amount": "1"}}},
    {"somethingNew": "only on Sundays"},
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_no_condition_is_lost_into_a_yes(name: str, condition: dict[str, Any]) -> None:
    said = saying(dict.fromkeys(FOUR, "allowed"), about=about(name), **condition)
    exported = vocabulary(name).export(said)
    assert allows(name, exported.content) == set()
    assert exported.report.narrowed or "somethingNew" in condition or name == "odrl"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["reservation", "mandate", "likeness"])
def test_only_a_grant_allows(name: str, kind: str) -> None:
    said = saying(dict.fromkeys(FOUR, "allowed"), kind=kind, about=about(name), grantee=[OTHER])
    assert allows(name, vocabulary(name).export(said).content) == set()


@pytest.mark.parametrize("name", [each for each in NAMES if each != "odrl"])
@pytest.mark.parametrize("days", [-2, 365, 4000])
def test_a_grant_out_of_force_allows_nothing(name: str, days: int) -> None:
    at = NOW + timedelta(days=days)
    exported = vocabulary(name).export(saying(dict.fromkeys(FOUR, "allowed"), at=at, about=about(name)))
    assert allows(name, exported.content) == set()


@pytest.mark.parametrize("name", [each for each in NAMES if each not in ("odrl", "cawg")])
@pytest.mark.parametrize("narrow", [*OWN_SCOPES, "com.example.anything"])
def test_a_narrower_no_closes_the_broader_yes(name: str, narrow: str) -> None:
    uses = {**dict.fromkeys(FOUR, "allowed"), narrow: "notAllowed"}
    opened = allows(name, vocabulary(name).export(saying(uses, about=about(name))).content)
    assert opened.isdisjoint({OWN_SCOPES[narrow]} if narrow in OWN_SCOPES else set(FOUR))


@pytest.mark.parametrize("name", NAMES)
def test_a_withdrawn_grant_allows_nothing_and_its_refusals_stay(name: str) -> None:
    uses = {G: "allowed", T: "notAllowed", D: "allowed", U: "allowed"}
    said = replace(saying(uses, about=about(name)), ended="withdrawn")
    exported = vocabulary(name).export(said)
    assert allows(name, exported.content) == set()
    if T in COVERS[name]:
        assert any(T in each.uses for each in vocabulary(name).import_(exported.content).reservations)


uses_ = st.dictionaries(
    st.sampled_from([*FOUR, *OWN_SCOPES, "com.example.one"]),
    st.sampled_from(["allowed", "notAllowed", "constrained"]),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(uses=uses_, name=st.sampled_from(NAMES), condition=st.sampled_from([{}, *CONDITIONS]))
def test_what_crosses_twice_only_narrows(uses: dict[str, str], name: str, condition: dict[str, Any]) -> None:
    exported = vocabulary(name).export(saying(uses, about=about(name), **condition))
    opened = allows(name, exported.content)
    assert opened <= {each for each in uses if uses[each] == "allowed"}
    if exported.content:
        back = vocabulary(name).import_(exported.content)
        for each in back.reservations:
            assert Use.ALLOWED not in each.uses.values()
            assert opened.isdisjoint(scope for scope, use in each.uses.items() if use is Use.NOT_ALLOWED)
        assert (back.report.vocabulary, back.report.version) == (name, vocabulary(name).version)


def attempt(name: str, content: bytes) -> tuple[str, tuple[Reservation, ...]]:
    """The code of the refusal, or what was read; any other error fails the test."""
    try:
        return "", vocabulary(name).import_(content).reservations
    except DomainError as error:
        return error.code, ()


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), name=st.sampled_from(NAMES))
def test_whatever_comes_in_is_read_or_refused_by_name(content: bytes, name: str) -> None:
    refused, imported = attempt(name, content)
    assert refused in ("", "vocabulary-form")
    assert all(Use.ALLOWED not in each.uses.values() for each in imported)


json_ = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["notAllowed", "allowed", "true", "false", "1", "DMI-PROHIBITED"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "entries",
                    "use",
                    G,
                    "all",
                    "train-ai",
                    "urls",
                    "url",
                    "optOut",
                    "prohibition",
                    "action",
                    "target",
                    "@type",
                    "location",
                    "tdm-reservation",
                    "dataMiningPreference",
                    "aiTraining",
                    "plus:DataMining",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(value=json_, name=st.sampled_from(["cawg", "tdmai", "iptc", "tdmrep", "odrl", "erc7517", "spawning"]))
def test_json_of_any_shape_is_read_or_refused_by_name(value: object, name: str) -> None:
    refused, _ = attempt(name, json.dumps(value).encode())
    assert refused in ("", "vocabulary-form")


def test_a_derived_reservation_cannot_allow() -> None:
    with pytest.raises(ValueError, match="allows nothing"):
        Reservation("", {G: Use.ALLOWED})
    with pytest.raises(ValueError, match="reserves something"):
        Reservation("", {})


def test_an_unknown_vocabulary_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        vocabulary("esperanto")
    assert caught.value.code == "vocabulary-unknown"
    assert "aipref" in caught.value.hint
