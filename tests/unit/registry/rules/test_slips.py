"""Slips: good for one withdrawal, and with any field changed for none."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.eip712 import Domain, address_of
from rakkan.registry.rules.proofs import sign_did, sign_wallet, withdrawal_statement
from rakkan.registry.rules.slips import (
    check_slip,
    did_slip,
    parse_slip,
    read_slip,
    slip_bytes,
    wallet_slip,
    withdrawal_of,
)
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.slip import Slip
from tests.support import ORIGIN, consent_record, work_record

ARTIST = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
AUTHORITY = b"\x22" * 32
DOMAIN = Domain(31337, Address(b"\x23" * 20))
ITEM = b"\x24" * 32


def consent() -> Record:
    digest = dict(work_record(ARTIST).parsed.subject[0].digest)
    withdrawal = {"authority": str(address_of(AUTHORITY)), "mode": "prospective"}
    return consent_record(ARTIST, digest, withdrawal=withdrawal)


CONSENT = consent()
OTHER = consent()
SLIPS = {
    "chain": wallet_slip(CONSENT, ORIGIN, DOMAIN, AUTHORITY),
    "one work": wallet_slip(CONSENT, ORIGIN, DOMAIN, AUTHORITY, item=ITEM),
    "no chain": did_slip(CONSENT, ORIGIN, ARTIST),
    "no chain, one work": did_slip(CONSENT, ORIGIN, ARTIST, item=ITEM),
}
OTHERS = {
    "chain": wallet_slip(OTHER, ORIGIN, Domain(1, Address(b"\x25" * 20)), AUTHORITY),
    "one work": wallet_slip(OTHER, ORIGIN, DOMAIN, AUTHORITY, item=b"\x26" * 32),
    "no chain": did_slip(OTHER, "rakkan/" + "9" * 16, ARTIST),
    "no chain, one work": did_slip(OTHER, ORIGIN, ARTIST, item=b"\x26" * 32),
}
NAMES = sorted(SLIPS)


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_holds_and_is_small(name: str) -> None:
    slip = SLIPS[name]
    for words in (True, False):
        again = read_slip(slip_bytes(slip, words=words))
        check_slip(again)
        assert withdrawal_of(again).record_id == withdrawal_of(slip).record_id
    assert read_slip(json.dumps(slip.to_json(), indent=2).encode() + b"\n") == slip, "however it was pasted"
    assert len(slip_bytes(slip)) < 2_000
    assert len(slip_bytes(slip, words=False)) < 900
    assert slip.words is not None
    assert slip.record_id in slip.words


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_is_the_withdrawal_that_its_authority_would_sign(name: str) -> None:
    """Byte for byte what `rakkan consent withdraw` makes, so that both are one record."""
    slip = SLIPS[name]
    item = bytes.fromhex(slip.item) if slip.item else None
    statement = withdrawal_statement(CONSENT, item, ORIGIN)
    proof = sign_wallet(statement, DOMAIN, AUTHORITY) if slip.chain_id else sign_did(statement, ARTIST)
    assert withdrawal_of(slip) == Record.build(statement, [proof])


def refused(value: object) -> bool:
    try:
        check_slip(parse_slip(value))
    except (Invalid, Refused):
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_any_field_of_another_slip_makes_it_nothing(name: str) -> None:
    good, other = SLIPS[name].to_json(), OTHERS[name].to_json()
    for field in good:
        if good[field] == other.get(field):
            continue
        assert refused({**good, field: other[field]}), field
        if field != "words":
            assert refused({key: value for key, value in good.items() if key != field}), field
    assert refused({**good, "note": "and that one, too"})
    assert not refused(good)


@given(st.data())
def test_any_change_of_one_character_makes_it_nothing(data: st.DataObject) -> None:
    good = SLIPS[data.draw(st.sampled_from(NAMES))].to_json()
    field = data.draw(st.sampled_from(sorted(set(good) - {"chainId"})))
    text = good[field]
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from(string.ascii_letters + string.digits + ":/ é"))
    changed = text[:place] + sign + text[place + 1 :]
    assert refused({**good, field: changed}) or changed == text


@given(st.data())
def test_without_words_a_changed_slip_withdraws_nothing_else(data: st.DataObject) -> None:
    """What neither words nor signature cover can only make it useless: the key and the authority stay."""
    slip = SLIPS[data.draw(st.sampled_from(NAMES))]
    good: dict[str, Any] = {key: value for key, value in slip.to_json().items() if key != "words"}
    field = data.draw(st.sampled_from(sorted(good)))
    other = data.draw(st.sampled_from([each.to_json() for each in (*SLIPS.values(), *OTHERS.values())]))
    changed = {**good, field: other.get(field, good[field])}
    if refused(changed):
        return
    again: Slip = parse_slip(changed)
    assert (again.key, again.authority, again.chain_id) == (slip.key, slip.authority, slip.chain_id)
    assert again.contract == slip.contract


def test_only_who_may_makes_one() -> None:
    with pytest.raises(Refused) as foreign:
        wallet_slip(CONSENT, ORIGIN, DOMAIN, b"\x27" * 32)
    assert foreign.value.code == "withdrawal-foreign"
    with pytest.raises(Refused) as stranger:
        did_slip(CONSENT, ORIGIN, Ed25519PrivateKey.generate())
    assert stranger.value.code == "withdrawal-foreign"
    with pytest.raises(Invalid) as kind:
        did_slip(work_record(ARTIST), ORIGIN, ARTIST)
    assert kind.value.code == "kind-unknown"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema":"rakkan.withdrawal-slip/2"}',
        b"\xff\xfe",
        b'{"schema":"rakkan.withdrawal-slip/1","schema":"rakkan.withdrawal-slip/1"}',
        b"x" * 10_000,
        b'{"a":NaN}',
        b"[" * 5_000,
        slip_bytes(SLIPS["chain"])[:-1],
        slip_bytes(SLIPS["chain"]) * 2,
    ],
)
def test_what_is_no_slip_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(DomainError) as error:
        check_slip(read_slip(content))
    assert error.value.code in ("slip-form", "not-json", "record-too-large")
