"""Wallets held by code sign records: asked when a record is accepted, believed only as far as they were heard."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.flows.accept import accept, accept_one
from rakkan.registry.ledger.calls import withdrawn_at_answer, withdrawn_at_call
from rakkan.registry.ledger.evm import EvmLedger
from rakkan.registry.ledger.loopback import ask
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did, sign_wallet, withdrawal_statement
from rakkan.registry.worker import Worker
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import BlockName, Proof, Subject, parse_model
from tests.flows.homesteads import SetClock, key
from tests.flows.walletry import ANN, BEN, Town, a_work, silence, statement_of, town
from tests.homes import new_registry
from tests.ports.anvil import lying_node
from tests.ports.wallets import calldata, owner_signature, proof, wallet_code, wrap

__all__ = ["town", "wallet_code"]

pytestmark = pytest.mark.chain


def test_a_wallet_grants_until_its_owner_changes(town: Town) -> None:
    wallet, work = town.wallets.deploy("CodeWallet", ANN[1]), a_work()
    given = town.grant(wallet, work)
    assert accept_one(town.registry, given, publish=True)
    Worker(town.registry).settle()
    then = town.registry.clock.now()
    assert town.answer(work) == "allowed"

    before = town.wallets.newest()
    town.wallets.rotate(wallet, BEN[1])
    assert town.answer(work) == "allowed", "what was given by who could give it stays given"
    assert town.answer(work, used_at=then, known_at=then) == "allowed"
    assert town.refusal(town.grant(wallet, a_work())) == ("proof-invalid", "/proofs/0")
    assert town.refusal(town.grant(wallet, a_work(), at=before)) == ("proof-invalid", "/proofs/0"), (
        "a fresh block at which she was the owner does not bring her back"
    )
    assert town.refusal(town.grant(wallet, a_work(), by=BEN[0], at=before)) == ("proof-invalid", "/proofs/0")
    assert accept_one(town.registry, town.grant(wallet, a_work(), by=BEN[0]), publish=True)


def test_a_wallet_that_is_not_deployed_yet(town: Town) -> None:
    factory = town.wallets.deploy("WalletFactory")
    wallet, work = town.wallets.place_of(factory, ANN[1]), a_work()
    statement = town.statement(wallet, work)
    inner = owner_signature(statement, town.domain, wallet, ANN[0])
    wrapped = wrap(factory, calldata("make(address)", ANN[1]), inner)

    def signed(signature: bytes) -> Record:
        return Record.build(statement, [proof(signature, town.domain, wallet, town.wallets.newest())])

    elsewhere = wrap(factory, calldata("makeAnother(address)", ANN[1]), inner)
    for signature in (inner, elsewhere, wrap(factory, b"", inner), wrapped[:-1], wrapped[32:]):
        assert town.refusal(signed(signature)) == ("proof-invalid", "/proofs/0")
    assert accept_one(town.registry, signed(wrapped), publish=True)
    assert ask(town.wallets.port, "eth_getCode", str(wallet), "latest") == "0x", "asking deploys nothing"
    Worker(town.registry).settle()
    assert town.answer(work) == "allowed"


def test_the_named_block_is_on_the_chain_fresh_and_not_before_the_statement(town: Town) -> None:
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    then = town.wallets.newest()
    other = BlockName(number=then.number, hash="ab" * 32)
    assert town.refusal(town.grant(wallet, a_work(), at=other)) == ("block-unknown", "/proofs/0/block")
    for number in (then.number + 1, 2**53 - 1):
        beyond = BlockName(number=number, hash=then.hash)
        assert town.refusal(town.grant(wallet, a_work(), at=beyond)) == ("block-unknown", "/proofs/0/block")
    town.pass_time(3700)
    assert town.refusal(town.grant(wallet, a_work(), at=then)) == ("block-old", "/proofs/0/block")
    assert accept_one(town.registry, town.grant(wallet, a_work()), publish=True)
    now = town.wallets.newest()
    late = statement_of(town, "authorship", wallet, town.registry.clock.now() + timedelta(hours=3))
    early = Record.build(late, [town.proof(late, wallet, at=now)])
    assert town.refusal(early) == ("block-early", "/proofs/0/block")


def test_the_newest_block_is_fresh_however_old_it_is(town: Town) -> None:
    """A chain that makes blocks on demand may have made none since yesterday."""
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    town.registry.clock = SetClock(town.registry.clock.now() + timedelta(days=1))
    assert accept_one(town.registry, town.grant(wallet, a_work()), publish=True)


@pytest.mark.parametrize("kind", ["authorship", "key", "work"])
def test_a_wallet_signs_whatever_a_wallet_may(town: Town, kind: str) -> None:
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    statement = statement_of(town, kind, wallet, town.registry.clock.now())
    also = [sign_did(statement, key("new"))] if kind == "key" else []
    bad = Record.build(statement, [town.proof(statement, wallet, by=BEN[0]), *also])
    assert town.refusal(bad) == ("proof-invalid", "/proofs/0")
    assert accept_one(
        town.registry, Record.build(statement, [*also, town.proof(statement, wallet)]), publish=True
    )


def test_hostile_wallets_sign_nothing_and_burn_nobodys_time(town: Town) -> None:
    names = [
        "RevertingWallet",
        "ShortWallet",
        "InexactWallet",
        "BurningWallet",
        "MeddlingWallet",
        "ContradictoryWallet",
    ]
    records = [town.grant(town.wallets.deploy(name), a_work()) for name in names]
    good = town.grant(town.wallets.deploy("CodeWallet", ANN[1]), a_work())
    talkative = town.grant(town.wallets.deploy("TalkativeWallet"), a_work())
    done = accept(town.registry, [*records, good, talkative], publish=True)
    codes = [each.error.code if each.error else "" for each in done]
    assert codes == ["proof-invalid"] * len(names) + ["", ""]
    assert [each.new for each in done] == [False] * len(names) + [True, True]


def test_after_a_no_nobody_else_is_asked(town: Town) -> None:
    """Whoever hands in a record chooses how many wallets it names, and pays nothing for what they burn."""
    wallet, work, asked = town.wallets.deploy("CodeWallet", ANN[1]), a_work(), []
    burning = town.wallets.deploy("BurningWallet")
    statement = town.statement(wallet, work)
    proofs = [town.proof(statement, wallet), *[town.proof(statement, burning)] * 15]

    def count(method: str, parameters: list[Any], truth: dict[str, Any]) -> Any:
        asked.extend([method] if method == "eth_call" and "to" not in parameters[0] else [])
        return truth

    identity = town.registry.identity
    assert identity is not None
    with lying_node(town.wallets.port, count) as url:
        town.registry.ledger = EvmLedger(url, identity, None)
        assert town.refusal(Record.build(statement, proofs)) == ("proof-invalid", "/proofs/1")
    assert len(asked) == 2


def test_a_plain_account_is_no_wallet_held_by_code(town: Town) -> None:
    assert town.refusal(town.grant(ANN[1], a_work())) == ("proof-invalid", "/proofs/0")


def test_an_account_that_delegates_has_a_key_and_code(town: Town) -> None:
    """EIP-7702: ``eip712`` goes by its key, ``erc1271`` by its code, each by that alone."""
    wallet, work = town.wallets.deploy("TalkativeWallet"), a_work()
    ask(town.wallets.port, "anvil_setCode", str(ANN[1]), f"0xef0100{wallet.raw.hex()}")
    statement = town.statement(ANN[1], work)
    by_key = sign_wallet(statement, town.domain, ANN[0])
    stranger = Proof.model_validate(
        {**sign_wallet(statement, town.domain, BEN[0]).to_json(), "signer": by_key.signer}
    )
    assert town.refusal(Record.build(statement, [stranger])) == ("proof-invalid", "/proofs/0")
    assert accept_one(town.registry, Record.build(statement, [by_key]), publish=True)
    assert accept_one(town.registry, town.grant(ANN[1], a_work(), by=BEN[0]), publish=True), (
        "its code says yes"
    )


def test_another_form_of_the_signature_is_not_a_second_record(town: Town) -> None:
    wallet, work = town.wallets.deploy("CodeWallet", ANN[1]), a_work()
    statement = town.statement(wallet, work)
    given = Record.build(statement, [town.proof(statement, wallet)])
    assert accept_one(town.registry, given, publish=True)
    town.pass_time(1)
    inner = owner_signature(statement, town.domain, wallet, ANN[0])
    forms = [
        town.proof(statement, wallet),  # at another block
        proof(wrap(wallet, b"", inner), town.domain, wallet, town.wallets.newest()),
    ]
    for form in forms:
        again = Record.build(statement, [form])
        assert again.envelope != given.envelope
        assert not accept_one(town.registry, again, publish=True)
    assert town.registry.store.records.count()["consent"] == 1
    kept = town.registry.store.records.get([given.record_id.digest])[given.record_id.digest]
    assert kept.record == given, "accepted envelopes never change"


def test_what_was_accepted_is_not_asked_again(town: Town) -> None:
    wallet = town.wallets.deploy("CodeWallet", ANN[1])
    given, late = town.grant(wallet, a_work()), town.grant(wallet, a_work())
    assert accept_one(town.registry, given, publish=True)
    town.wallets.rotate(wallet, BEN[1])
    town.pass_time(7200)
    silence(town)
    assert not accept_one(town.registry, given, publish=True)
    assert town.refusal(late) == ("chain-unavailable", "/proofs/0")
    done = accept(town.registry, [late, given], publish=True)
    assert [each.error.code if each.error else "" for each in done] == ["chain-unavailable", ""]


def test_without_a_chain_nobody_can_be_asked(town: Town, tmp_path: Path) -> None:
    given = town.grant(town.wallets.deploy("CodeWallet", ANN[1]), a_work())
    with new_registry(tmp_path / "bare") as bare:
        value = {**given.value, "predicate": {**given.value["predicate"], "audience": bare.origin}}
        subjects = [parse_model(Subject, each) for each in value["subject"]]
        consent = parse_model(Consent, value["predicate"])
        moved = Record.build(
            statement_bytes("consent", subjects, with_notice(subjects, consent)), given.parsed_envelope.proofs
        )
        with pytest.raises(DomainError) as caught:
            accept_one(bare, moved, publish=True)
        assert caught.value.code == "domain-unknown"


def test_a_wallet_takes_back_what_it_gave(town: Town) -> None:
    """By a record here, which anybody relays to the contract; wrapped or not, the contract gets what it takes."""
    factory = town.wallets.deploy("WalletFactory")
    wallet, work = town.wallets.place_of(factory, ANN[1]), a_work()
    town.wallets.call(factory, "make(address)", ANN[1])
    given = town.grant(wallet, work)
    assert accept_one(town.registry, given, publish=True)
    Worker(town.registry).settle()
    assert town.answer(work) == "allowed"
    statement = withdrawal_statement(given, None, town.registry.origin)
    inner = owner_signature(statement, town.domain, wallet, ANN[0])
    wrapped = wrap(factory, calldata("make(address)", ANN[1]), inner)
    taken = Record.build(statement, [proof(wrapped, town.domain, wallet, town.wallets.newest())])
    thief = Record.build(statement, [town.proof(statement, wallet, by=BEN[0])])
    assert town.refusal(thief) == ("proof-invalid", "/proofs/0")
    assert accept_one(town.registry, taken, publish=True)
    assert town.answer(work) == "denied"
    Worker(town.registry).settle()
    identity = town.registry.identity
    assert identity is not None
    question = withdrawn_at_call(identity, wallet, given.record_id.digest)
    assert withdrawn_at_answer(town.registry.ledger.call(question)) is not None
