"""docs/verify-without-us.md holds without us: its JSON-RPC call on a real chain, its Python on real proofs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rakkan.contracts import artifact
from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.consent.consents import withdraw
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.gates import brake, submit
from rakkan.registry.flows.judge.verdicts import make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.ledger.wallet_calls import question_code
from rakkan.registry.rules.policy.document import parse_policy
from rakkan.registry.rules.tree import Tree, leaf_hash
from rakkan.registry.rules.wallet_questions import WalletQuestion
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.worker import Worker
from rakkan.schemas.identity import Address, keccak
from tests.docs.blocks import blocks_of, run
from tests.homes import new_home, own_terms
from tests.house.code import ROOT
from tests.vectors.make_rules import FILE

PAGE = "docs/verify-without-us.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
POLICY = {
    "policy": "rakkan-policy/1",
    "name": "test",
    "validDays": 30,
    "all": [
        {"clause": "consent.share", "scope": "org.rakkan.finetune_lora", "grantee": "self", "minBp": 10000},
        {"clause": "consent.unrevoked"},
    ],
}


def test_the_selector_is_that_of_the_function() -> None:
    selector = keccak(b"isApproved(bytes32,bytes32)")[:4].hex()
    assert TEXT.count(selector) == 2


@pytest.mark.chain
def test_the_call_says_yes_and_after_the_withdrawal_no(tmp_path: Path) -> None:
    with open_registry(new_home(tmp_path / "home", chain="local", standing_seconds=1)) as registry:
        identity = registry.identity
        assert identity is not None
        pictures = render_samples(tmp_path / "pictures")[:2]
        terms = own_terms("community-lora", (f"eip155:31337:{identity.gate}",))
        items = stamp_files(registry, pictures, StampOptions(out=tmp_path / "dataset", terms=terms))
        publish(registry)
        policy = parse_policy(json.dumps(POLICY).encode())
        made = make(registry, lock_dataset(tmp_path / "dataset").lock, policy)
        submit(registry, made)
        with local_chain(registry.home) as chain:
            chain.advance(5)
        subject, policy_id = made.verdict.subject, made.stored.policy.hex()
        assert asked(registry, tmp_path, subject, policy_id) == 1
        assert asked(registry, tmp_path, policy_id, subject) == 0
        consent = items[0].consent
        assert consent is not None
        withdraw(registry, str(consent.record_id))
        Worker(registry).settle()
        brake(registry, made.stored.subject, made.stored.policy)
        assert asked(registry, tmp_path, subject, policy_id) == 0


def asked(registry: Registry, folder: Path, subject: str, policy: str) -> int:
    block = next(each for each in blocks_of(PAGE) if each.executor == "tests/docs/test_without_us.py")
    assert registry.identity is not None
    with local_chain(registry.home) as chain:
        gate = str(registry.identity.gate)
        (said,) = run(block, folder, RPC_URL=chain.rpc_url, GATE=gate, SUBJECT=subject, POLICY=policy)
    word: str = json.loads(said)["result"]
    assert len(word) == 66
    return int(word, 16)


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What the page's Python defines."""
    found = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 2
    names: dict[str, Any] = {}
    for block in found:
        exec(compile(block, PAGE, "exec"), names)  # the page's own code
    return names


def test_the_python_names_blocks_as_we_do(theirs: dict[str, Any]) -> None:
    for each in json.loads(FILE.read_text(encoding="utf-8"))["records"]:
        assert theirs["cid"](each["statement"].encode()) == each["recordId"]
        assert theirs["cid"](each["envelope"].encode()) == each["envelopeCid"]


def test_the_python_takes_our_proofs_and_no_others(theirs: dict[str, Any]) -> None:
    records = json.loads(FILE.read_text(encoding="utf-8"))["records"]
    for size in range(1, len(records) + 1):
        tree = Tree(b"".join(leaf_hash(bytes.fromhex(each["leafData"])) for each in records[:size]))
        for index, each in enumerate(records[:size]):
            blocks = each["statement"].encode(), each["envelope"].encode()
            proof = tree.inclusion(index)
            assert theirs["included"](*blocks, index, size, proof, tree.root())
            assert not theirs["included"](*blocks, index + 1, size, proof, tree.root())
            assert not theirs["included"](*blocks, index, size, [*proof, bytes(32)], tree.root())
            assert not theirs["included"](blocks[1], blocks[0], index, size, proof, tree.root())


def test_the_python_asks_wallets_as_we_do(theirs: dict[str, Any]) -> None:
    bytecode = artifact("WalletQuestion").bytecode
    for length in (0, 1, 32, 65, 97):
        asked = WalletQuestion(Address(b"\x77" * 20), b"\x01" * 32, bytes(range(length)), 7, bytes(32))
        said = theirs["question"](bytecode, asked.wallet.raw, asked.digest, asked.signature)
        assert said == f"0x{question_code(asked).hex()}"
