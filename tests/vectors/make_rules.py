"""Writes ``rules.json``: the record format as numbers that another implementation can test itself with.

Run it as ``python -m tests.vectors.make_rules``; the same code always writes the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.dataset import Lock, LockItem, lock_document, training_input
from rakkan.registry.rules.eip712 import Domain, address_of, record_digest, typed_data
from rakkan.registry.rules.note import NoteVerifier, origin_of, sign_head
from rakkan.registry.rules.proofs import (
    did_message,
    sign_did,
    sign_wallet,
    withdrawal_key,
    withdrawal_statement,
)
from rakkan.registry.rules.tree import Tree, leaf_hashes
from rakkan.schemas.record import Record
from rakkan.schemas.verdict import Finding, Outcome, Reliance
from tests.unit.registry.rules import cases

FILE = Path(__file__).with_name("rules.json")


def vectors() -> dict[str, Any]:
    """All vectors, as a JSON value."""
    return {
        "trees": [_tree(size) for size in (0, 1, 2, 3, 5, 8, 13)],
        "logHead": _log_head(),
        "dataset": _dataset(),
        "leaves": _leaves(),
        "records": _records(),
    }


def _tree(size: int) -> dict[str, Any]:
    tree = Tree(leaf_hashes(b"leaf %d" % index for index in range(size)))
    return {
        "leafData": [(b"leaf %d" % index).hex() for index in range(size)],
        "root": tree.root().hex(),
        "inclusion": [[node.hex() for node in tree.inclusion(index)] for index in range(size)],
        "consistency": {str(at): [node.hex() for node in tree.consistency(at)] for at in range(1, size + 1)},
    }


def _log_head() -> dict[str, Any]:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw()
    head = sign_head(origin_of(public), 5, Tree(leaf_hashes([b"leaf"] * 5)).root(), key)
    return {
        "privateKey": bytes(range(32)).hex(),
        "origin": head.origin,
        "vkey": NoteVerifier(head.origin, public).vkey,
        "size": head.size,
        "root": head.root.hex(),
        "note": head.note.decode(),
    }


def _dataset() -> dict[str, Any]:
    plain = training_input(None, None, 1, "train")
    captioned = training_input("a cat, 漢字", b"\x0a" * 32, 10, "regularisation")
    lock = Lock.of(
        [
            LockItem(b"\2" * 32, "b.png", 20, 1, plain),
            LockItem(b"\1" * 32, "a.png", 10, 1, captioned),
            LockItem(b"\1" * 32, "c.png", 10, 2, captioned),
        ]
    )
    return {"lock": lock_document(lock), "subject": lock.subject.hex()}


def _leaves() -> dict[str, str]:
    finding = Finding(b"\1" * 32, b"\2" * 32, Outcome.UNDETERMINED, b"\3" * 32)
    reliance = Reliance(b"\4" * 32, b"\5" * 32, b"\6" * 20, 258, 3)
    return {"finding": finding.leaf_data.hex(), "reliance": reliance.leaf_data.hex()}


def _records() -> list[dict[str, Any]]:
    consent = cases.wallet_consent()
    name, item = consent.record_id.digest, b"\7" * 32
    authority = address_of(cases.AUTHORITY)
    withdrawal = withdrawal_statement(consent, item, cases.AUDIENCE)
    verdict = cases.verdict_statement()
    return [
        _did_record(cases.work_statement()),
        _wallet_record(consent.statement, cases.DOMAIN, cases.WALLET),
        {
            **_wallet_record(withdrawal, cases.DOMAIN, cases.AUTHORITY),
            "authority": str(authority),
            "key": withdrawal_key(name, item).hex(),
            "wholeKey": withdrawal_key(name, None).hex(),
        },
        _wallet_record(withdrawal, cases.DOMAIN, cases.WALLET),
        _wallet_record(verdict, cases.GATE, cases.WALLET),
    ]


def _did_record(statement: bytes) -> dict[str, Any]:
    return {
        **_blocks(Record.build(statement, [sign_did(statement, cases.ARTIST)])),
        "privateKey": cases.ARTIST.private_bytes_raw().hex(),
        "signed": did_message(statement, cases.AUDIENCE).hex(),
    }


def _wallet_record(statement: bytes, domain: Domain, key: bytes) -> dict[str, Any]:
    signer = address_of(key)
    return {
        **_blocks(Record.build(statement, [sign_wallet(statement, domain, key)])),
        "privateKey": key.hex(),
        "typedData": typed_data(domain, statement, signer),
        "digest": record_digest(domain, statement, signer).hex(),
    }


def _blocks(record: Record) -> dict[str, Any]:
    return {
        "statement": record.statement.decode(),
        "recordId": str(record.record_id),
        "envelope": record.envelope.decode(),
        "envelopeCid": str(record.envelope_cid),
        "leafData": record.leaf_data.hex(),
    }


def written() -> str:
    """The file's text."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
