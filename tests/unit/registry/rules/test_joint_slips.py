"""Slips over many: good for all of their withdrawals together, and with anything changed for none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data

from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.joint_slips import (
    Part,
    any_bytes,
    check_any,
    check_joint,
    consents_of,
    in_order,
    joint_slip,
    keys_of,
    parse_any,
    read_any,
    withdrawals_of,
)
from rakkan.registry.rules.many_keys import sign_keys, typed_withdrawals, withdrawals_digest
from rakkan.registry.rules.proofs import check_record, sign_did, withdrawal_key, withdrawal_statement
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.slip import JointSlip
from rakkan.schemas.statement import MAX_KEYS, Proof
from tests.support import ORIGIN, consent_record, work_record

ARTIST = Ed25519PrivateKey.from_private_bytes(b"\x31" * 32)
AUTHORITY = b"\x32" * 32
DOMAIN = Domain(31337, Address(b"\x33" * 20))
ITEMS = (b"\x34" * 32, b"\x35" * 32)


def consent(authority: bytes = AUTHORITY) -> Record:
    digest = dict(work_record(ARTIST).parsed.subject[0].digest)
    return consent_record(
        ARTIST, digest, withdrawal={"authority": str(address_of(authority)), "mode": "prospective"}
    )


CONSENTS = [consent() for _ in range(3)]
PARTS = in_order([(CONSENTS[0], None), (CONSENTS[1], ITEMS[0]), (CONSENTS[1], ITEMS[1]), (CONSENTS[2], None)])


def keys(parts: list[Part]) -> list[bytes]:
    return [withdrawal_key(each.record_id.digest, item) for each, item in parts]


def proofs(parts: list[Part], chain: bool) -> list[Proof]:
    if chain:
        return [sign_keys(keys(parts), DOMAIN, AUTHORITY)]
    return [sign_did(withdrawal_statement(each, item, ORIGIN), ARTIST) for each, item in parts]


SLIPS = {
    "chain": joint_slip(PARTS, ORIGIN, proofs(PARTS, chain=True)),
    "no chain": joint_slip(PARTS, ORIGIN, proofs(PARTS, chain=False)),
}
NAMES = sorted(SLIPS)


def refused(value: object) -> str:
    try:
        check_any(parse_any(value))
    except (Invalid, Refused) as error:
        return error.code
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_as_it_was_written(name: str) -> None:
    slip = SLIPS[name]
    for words in (True, False):
        again = read_any(any_bytes(slip, words=words))
        check_any(again)
        assert isinstance(again, JointSlip)
        assert keys_of(again) == keys(PARTS)
    assert read_any(json.dumps(slip.to_json(), indent=2).encode() + b"\n") == slip, "however it was pasted"
    assert set(consents_of(slip)) == {str(each.record_id) for each in CONSENTS}
    assert slip.words is not None
    assert "2 consents and 2 single works" in slip.words


@pytest.mark.parametrize("name", NAMES)
def test_each_of_its_records_holds_by_itself_and_is_the_one_withdrawal(name: str) -> None:
    domain = DOMAIN if name == "chain" else None
    linked = {each.envelope_cid.digest: each for each in CONSENTS}
    records = withdrawals_of(SLIPS[name])
    assert [each.statement for each in records] == [
        withdrawal_statement(each, item, ORIGIN) for each, item in PARTS
    ]
    for record in records:
        check_record(record, audience=ORIGIN, domain=domain, linked=linked)


def test_a_signature_over_many_is_good_for_no_other_record() -> None:
    """Neither for a withdrawal that is not among the keys, nor for keys in another order, nor for other suites."""
    linked = {each.envelope_cid.digest: each for each in CONSENTS}
    (good,) = proofs(PARTS, chain=True)
    inside, outside = (withdrawal_statement(CONSENTS[n], None, ORIGIN) for n in (0, 1))
    assert good.keys is not None
    wrong: list[tuple[bytes, Proof]] = [
        (outside, good),
        (inside, good.model_copy(update={"keys": tuple(reversed(good.keys))})),
        (inside, good.model_copy(update={"keys": None})),
        (inside, good.model_copy(update={"suite": "erc1271"})),
        (inside, sign_keys(keys(PARTS), DOMAIN, b"\x36" * 32)),
        (inside, sign_did(inside, ARTIST).model_copy(update={"keys": good.keys})),
    ]
    for statement, proof in wrong:
        record = Record.build(statement, [proof])
        with pytest.raises(Refused) as caught:
            check_record(record, audience=ORIGIN, domain=DOMAIN, linked=linked)
        assert (caught.value.code, caught.value.pointer) == ("proof-invalid", "/proofs/0")
    with pytest.raises(Refused):  # the statement of a consent is nothing that many withdrawals sign
        check_record(Record.build(CONSENTS[0].statement, [good]), audience=ORIGIN, domain=DOMAIN)


def test_wallets_sign_the_same_digest_by_the_words_of_the_standard() -> None:
    authority = address_of(AUTHORITY)
    typed = typed_withdrawals(DOMAIN, authority, keys(PARTS))
    signed = Account.sign_message(encode_typed_data(full_message=typed), AUTHORITY)
    assert bytes(signed.message_hash) == withdrawals_digest(DOMAIN, authority, keys(PARTS))
    assert bytes(signed.signature).hex() == proofs(PARTS, chain=True)[0].signature


@pytest.mark.parametrize("name", NAMES)
def test_any_change_makes_it_nothing(name: str) -> None:
    good = SLIPS[name].to_json()
    rows: list[dict[str, Any]] = good["withdrawals"]
    other = joint_slip(PARTS[:1], "rakkan/" + "9" * 16, proofs(PARTS[:1], chain=True)).to_json()
    flipped = [each[:-1] + ("0" if each[-1] != "0" else "1") for each in good["signatures"]]
    changes: list[dict[str, Any]] = [
        {"withdrawals": rows[:-1]},
        {"withdrawals": [*rows, rows[0]]},
        {"withdrawals": rows[::-1]},
        {"withdrawals": [{**rows[0], "note": "x"}, *rows[1:]]},
        {"withdrawals": [{**rows[0], "recordId": rows[1]["recordId"]}, *rows[1:]]},
        {"withdrawals": [{**rows[0], "recordId": "b" + "a" * 30}, *rows[1:]]},
        {"withdrawals": [{**rows[0], "items": [ITEMS[0].hex()]}, *rows[1:]]},
        {"signatures": flipped},
        {"signatures": good["signatures"] * 2},
        {"words": other["words"]},
        {"authority": str(address_of(b"\x37" * 32))},
        {"note": "and that one, too"},
        {"schema": "rakkan.withdrawal-slip/1"},
    ]
    if name == "chain":
        changes += [{"chainId": 1}, {"contract": "0x" + "42" * 20}]
    else:
        changes += [
            {
                "signer": str(
                    consent_record(Ed25519PrivateKey.generate(), {"sha256": "0" * 64})
                    .parsed_envelope.proofs[0]
                    .signer
                )
            }
        ]
    for change in changes:
        assert refused({**good, **change}) in ("slip-form", "slip-signature"), change
        if "words" not in change:
            assert refused({key: each for key, each in {**good, **change}.items() if key != "words"}), change
    for field in good:
        if field != "words":
            assert refused({key: value for key, value in good.items() if key != field}), field
    assert not refused(good)


def test_what_is_wrong_is_pointed_at() -> None:
    good = SLIPS["chain"].to_json()
    good["withdrawals"][2]["recordId"] = "b" + "a" * 30
    with pytest.raises(Invalid) as caught:
        check_any(parse_any(good))
    assert caught.value.pointer == "/withdrawals/2/recordId"
    good["withdrawals"][2]["recordId"] = 7
    with pytest.raises(Invalid) as shape:
        parse_any(good)
    assert shape.value.pointer == "/withdrawals/2/recordId"


def test_what_is_taken_whole_is_not_taken_in_parts() -> None:
    one = CONSENTS[0]
    assert in_order([(one, ITEMS[0]), (one, None), (one, ITEMS[0])]) == [(one, None)]


def test_a_slip_has_one_authority_and_bounded_size() -> None:
    mixed = in_order([(CONSENTS[0], None), (consent(b"\x38" * 32), None)])
    with pytest.raises(Refused) as caught:
        joint_slip(mixed, ORIGIN, proofs(mixed, chain=True))
    assert caught.value.code == "slip-authorities"
    many = in_order([(CONSENTS[0], n.to_bytes(32)) for n in range(MAX_KEYS + 1)])
    with pytest.raises(Invalid) as large:
        joint_slip(many, ORIGIN, [sign_keys([b"\0" * 32], DOMAIN, AUTHORITY)])
    assert large.value.code == "slip-many"
    most = many[:-1]
    slip = joint_slip(most, ORIGIN, proofs(most, chain=True))
    check_joint(slip)
    assert read_any(any_bytes(slip)) == slip
    without = in_order([(consent(), None) for _ in range(MAX_KEYS)])
    largest = joint_slip(without, ORIGIN, proofs(without, chain=False))
    assert read_any(any_bytes(largest)) == largest


def test_somebody_elses_signature_makes_no_slip() -> None:
    with pytest.raises(Refused) as caught:
        joint_slip(PARTS, ORIGIN, [sign_keys(keys(PARTS), DOMAIN, b"\x39" * 32)])
    assert caught.value.code == "slip-signature"
    with pytest.raises(Invalid) as kind:
        joint_slip([(work_record(ARTIST), None)], ORIGIN, proofs(PARTS, chain=True))
    assert kind.value.code == "kind-unknown"


@pytest.mark.parametrize(
    "content",
    [
        b'{"schema":"rakkan.withdrawal-slips/1"}',
        b'{"schema":"rakkan.withdrawal-slips/1","withdrawals":1}',
        b'{"schema":"rakkan.withdrawal-slips/2"}',
        any_bytes(SLIPS["chain"])[:-1],
        b'"rakkan.withdrawal-slips/1"',
        b"[" * 5_000 + b"rakkan.withdrawal-slips/1",
        b'{"schema":"rakkan.withdrawal-slips/1","words":"' + b"x" * 140_000 + b'"}',
    ],
)
def test_what_is_no_slip_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(DomainError) as error:
        check_any(read_any(content))
    assert error.value.code in ("slip-form", "not-json", "record-too-large")
