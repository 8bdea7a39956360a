"""Policies: closed documents, one id each, and plain words for what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.policy.document import parse_policy, shipped_policies
from rakkan.registry.rules.policy.lint import lint
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.values import Cid

SHARE = {"clause": "consent.share", "scope": "org.rakkan.finetune_lora", "grantee": "self", "minBp": 10000}
ALL: list[dict[str, Any]] = [
    SHARE,
    {"clause": "consent.denied", "scope": "cawg.data_mining", "grantee": "public", "maxBp": 0},
    {"clause": "consent.unrevoked"},
    {"clause": "provenance.unknown", "maxBp": 250},
    {"clause": "licence.in", "licences": ["CC0-1.0", "CC-BY-4.0"]},
    {"clause": "validity.min_remaining_days", "days": 30},
    {"clause": "persons.minors"},
]


def _document(clauses: object = ALL, **more: Any) -> dict[str, Any]:
    return {"policy": "rakkan-policy/1", "name": "test", "validDays": 90, "all": clauses, **more}


def _parse(clauses: object = ALL, **more: Any) -> Any:
    return parse_policy(json.dumps(_document(clauses, **more)).encode())


def test_the_id_is_the_cid_of_the_canonical_document() -> None:
    policy = _parse()
    assert policy.canonical == canonical(_document())
    assert policy.cid == Cid.of(canonical(_document()))
    assert parse_policy(policy.canonical) == policy
    pretty = json.dumps(_document(), indent=4).encode()
    assert parse_policy(pretty).cid == policy.cid


def test_order_of_clauses_is_part_of_the_id() -> None:
    assert _parse(list(reversed(ALL))).cid != _parse().cid


@pytest.mark.parametrize(
    "clauses",
    [
        [{"clause": "consent.shares"}],
        [{"clause": "expr", "cel": "true"}],
        [{}],
        [[]],
        [None],
        {},
        [{**SHARE, "minAL": 1}],
        [{**SHARE, "min_bp": 1}],
        [{**SHARE, "minBp": None}],
        [{key: value for key, value in SHARE.items() if key != "minBp"}],
        [{**SHARE, "minBp": -1}],
        [{**SHARE, "minBp": 10001}],
        [{**SHARE, "minBp": "10000"}],
        [{**SHARE, "minBp": True}],
        [{**SHARE, "scope": "training"}],
        [{**SHARE, "grantee": "everybody"}],
        [{**SHARE, "grantee": "self\n"}],
        [{"clause": "consent.unrevoked", "since": None}],
        [{"clause": "licence.in", "licences": []}],
        [{"clause": "licence.in", "licences": "CC0-1.0"}],
        [{"clause": "licence.in", "licences": ["CC0 1.0"]}],
        [{"clause": "validity.min_remaining_days", "days": -1}],
        [{"clause": "persons.minors", "eq": "none"}],
        [SHARE] * 33,
    ],
)
def test_what_is_not_known_is_refused(clauses: object) -> None:
    with pytest.raises(Invalid) as error:
        _parse(clauses)
    assert error.value.code == "policy-clause"


@pytest.mark.parametrize(
    "more",
    [
        {"policy": "rakkan-policy/2"},
        {"name": "Strict Art"},
        {"name": ""},
        {"name": "a\n"},
        {"validDays": 0},
        {"validDays": "90"},
        {"validDays": None},
        {"any": []},
        {"comment": "harmless"},
        {"clauses": ALL},
        {"valid_days": 90},
    ],
)
def test_a_document_has_exactly_its_fields(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as error:
        parse_policy(json.dumps({**_document(), **more}).encode())
    assert error.value.code == "policy-clause"


@pytest.mark.parametrize(
    "number", [b"0.5", b"1e4", b"10000.0", b"NaN", b"-Infinity", b"99999999999999999999"]
)
def test_numbers_are_integers(number: bytes) -> None:
    for field in (b'"minBp": 10000', b'"validDays": 90'):
        spoilt = json.dumps(_document()).encode().replace(field, field.split(b":")[0] + b": " + number)
        with pytest.raises(Invalid) as error:
            parse_policy(spoilt)
        assert error.value.code == "not-json"


def test_a_clause_stands_once_under_each_key() -> None:
    doubled = json.dumps(_document()).replace('"minBp": 10000', '"minBp": 10000, "minBp": 0')
    with pytest.raises(Invalid) as error:
        parse_policy(doubled.encode())
    assert error.value.code == "not-json"


def test_the_error_points_at_the_field() -> None:
    with pytest.raises(Invalid) as error:
        _parse([SHARE, {"clause": "provenance.unknown", "maxBp": 10001}])
    assert error.value.pointer == "/all/1/maxBp"
    assert "/all/1/maxBp:" in error.value.message
    with pytest.raises(Invalid) as error:
        _parse([{"clause": "nonsense"}])
    assert error.value.pointer == "/all/0"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_hostile_json_raises_only_our_errors(value: object) -> None:
    for content in (value, _document(value), _document([value]), _document([{**SHARE, "scope": value}])):
        with pytest.raises(DomainError) if content != _document([]) else pytest.raises(Invalid):
            parse_policy(json.dumps(content).encode())
            raise Invalid("An empty policy may be read.")


def test_shipped_policies_are_read_and_have_their_ids() -> None:
    """An id that changed would be another policy than the one a community voted on."""
    assert {name: str(policy.cid) for name, policy in shipped_policies().items()} == {
        "permissive-research": "baguqeerakqmvgyyo6i35oqyaw4lli5pmwbqp5gbysnxkpjx75qs4g5u6skha",
        "reservation-free": "baguqeeravzhxfisitfiopsentmcmdsr463qviffdix5jg6dpxebpeafmj7bq",
        "community-lora": "baguqeera5zibiidy76wxuusva2uxvxveh4eg72qvlkb6cm34xnlmhzqhwxna",
        "public-domain-only": "baguqeerargg3tu333frnwwpxns3tdatfqpxrpcjurazrj2hmw2lbjfottpuq",
        "share-alike": "baguqeeral6nzecxzm5d7zmhk5mkgq7dsbmn5rwn3ludggpoebgrb3y4ka3oq",
        "strict-art-lora": "baguqeerat5kzq34zklnxdzhko7btz77am4fubhp5p7rljzpoqvkd6p7qob5q",
    }
    for name, policy in shipped_policies().items():
        assert policy.name == name
        assert parse_canonical(policy.canonical)["policy"] == "rakkan-policy/1"


def test_the_strict_policy_gives_nothing_to_warn_of() -> None:
    shipped = shipped_policies()
    assert lint(shipped["strict-art-lora"]) == []
    assert lint(shipped["permissive-research"]) == [
        "Up to 5 % of the items may lack consent for training of generative AI models."
    ]
    assert lint(shipped["reservation-free"]) == [
        "No clause asks for consent: this policy approves works that nobody has granted."
    ]


@pytest.mark.parametrize(
    ("clauses", "word"),
    [
        ([], "nothing can ever be approved"),
        ([{"clause": "consent.unrevoked"}], "nobody has granted"),
        ([{**SHARE, "minBp": 0}], "nobody has granted"),
        ([{**SHARE, "minBp": 9999}], "Up to 0.01 % of the items"),
        ([{**SHARE, "minBp": 9999}], "consent.unrevoked stops them"),
        ([{**SHARE, "grantee": "did:web:x.example"}], "did:web:x.example alone"),
        ([{**SHARE, "scope": "org.rakkan.finetune"}], "not a scope we know"),
        ([SHARE, {"clause": "provenance.unknown", "maxBp": 10000}], "never fails"),
        ([{"clause": "licence.in", "licences": ["CC0-1.0"]}], "no consent.share says on which"),
        ([SHARE, SHARE], "stands twice"),
    ],
)
def test_lint_says_what_may_not_have_been_meant(clauses: list[Any], word: str) -> None:
    assert any(word in warning for warning in lint(_parse(clauses)))


def test_lint_warns_of_long_approvals() -> None:
    assert "400 days" in lint(_parse([SHARE], validDays=400))[0]
    assert lint(_parse([SHARE], validDays=366)) == []


def test_each_clause_in_one_plain_sentence() -> None:
    assert _parse().sentences == [
        "All items are allowed for fine-tuning of a LoRA by the community that asks.",
        "None of the items are refused for text and data mining by everybody.",
        "No item has a consent that was withdrawn and not given anew.",
        "At most 2.50 % of the items have no registered work behind them.",
        "Each item's consent is under one of these licences: CC0-1.0, CC-BY-4.0.",
        "Each item's consent stays valid for 30 more days or longer.",
        "No item shows minors, and each grantor says so.",
    ]
    assert (
        _parse([{**SHARE, "minBp": 9500}]).sentences[0].startswith("At least 95 % of the items are allowed")
    )
    assert len(_parse().sentences) == len(ALL)
