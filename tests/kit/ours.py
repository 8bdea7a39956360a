"""Our own implementation behind the protocol of the test kit: ``python -m tests.kit.ours``.

It decides nothing itself: each operation calls what the registry calls.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from rakkan.registry.ports import ChainBlock
from rakkan.registry.rules.consent import effective
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.notice import notice_of, notice_text
from rakkan.registry.rules.proofs import check_record, withdrawal_key, withdrawal_statement
from rakkan.registry.rules.sealing import commitment
from rakkan.registry.rules.tree import leaf_hash, leaf_hashes, root_of, verify_inclusion
from rakkan.registry.rules.wallet_questions import WalletQuestion, check_block, questions_of
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import DAG_JSON, DIGEST_KINDS, Cid, Digest
from tests.kit.wire import case_of, consent_fact, question_from, question_json, record_of

_Json = Mapping[str, Any]


def reply(request: _Json) -> dict[str, Any]:
    """The reply to one request, without its id."""
    operation = OPERATIONS.get(request["op"])
    if operation is None:
        return {"error": "op-unknown"}
    try:
        return operation(request)
    except DomainError as error:
        return {"error": error.code}


def replies(lines: Iterable[str]) -> Iterator[str]:
    """The lines that answer these lines."""
    for line in lines:
        request = json.loads(line)
        yield json.dumps({"id": request["id"], **reply(request)})


def _record_id(request: _Json) -> dict[str, Any]:
    record = record_of(request["record"])
    return {
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        "leaf": record.leaf_data.hex(),
    }


def _digest(request: _Json) -> dict[str, Any]:
    if request["kind"] == "actor":
        found = Digest("actor", Digest.of(request["text"].encode()).raw)
    else:
        found = Digest(request["kind"], Cid.parse(request["recordId"]).digest)
    return {"digest": str(found)}


def _commitment(request: _Json) -> dict[str, Any]:
    return {"value": commitment(bytes.fromhex(request["salt"]), request["text"]).hex()}


def _notice(request: _Json) -> dict[str, Any]:
    record = record_of(request["record"])
    consent = _consent(record)
    notice = notice_of(record.parsed.subject, consent)
    return {"text": notice_text(record.parsed.subject, consent), "lang": notice.lang, "sha256": notice.sha256}


def _verify_proof(request: _Json) -> dict[str, Any]:
    domain = request["domain"]
    known = [record_of(request["consent"])] if "consent" in request else []
    try:
        check_record(
            record_of(request["record"]),
            audience=request["audience"],
            domain=Domain(domain["chainId"], Address.parse(domain["verifyingContract"])),
            linked={each.envelope_cid.digest: each for each in known},
            answers={question_from(each): each["yes"] for each in request.get("answers", ())},
        )
    except DomainError as error:
        return {"accepted": False, "code": error.code}
    return {"accepted": True}


def _wallet_questions(request: _Json) -> dict[str, Any]:
    domain = request["domain"]
    where = Domain(domain["chainId"], Address.parse(domain["verifyingContract"]))
    asked = questions_of(record_of(request["record"]), where)
    return {"questions": [question_json(each) for _, each in sorted(asked.items())]}


def _named_block(request: _Json) -> dict[str, Any]:
    number, there = request["number"], request.get("there")
    newest = ChainBlock(request["newest"]["number"], b"", parse_instant(request["newest"]["time"]))
    block = None
    if there is not None:
        block = ChainBlock(number, bytes.fromhex(there["hash"]), parse_instant(there["time"]))
    question = WalletQuestion(Address(bytes(20)), b"", b"", number, bytes.fromhex(request["hash"]))
    made = parse_instant(request["statedAt"]) if "statedAt" in request else None
    try:
        check_block(question, block, newest, accepted_at=parse_instant(request["acceptedAt"]), stated_at=made)
    except DomainError as error:
        return {"accepted": False, "code": error.code}
    return {"accepted": True}


def _withdrawal_key(request: _Json) -> dict[str, Any]:
    return {"key": withdrawal_key(Cid.parse(request["recordId"]).digest, _item(request)).hex()}


def _withdrawal(request: _Json) -> dict[str, Any]:
    statement = withdrawal_statement(record_of(request["consent"]), _item(request), request["audience"])
    return {"statement": json.loads(statement), "recordId": str(Cid.of(statement))}


def _collection(request: _Json) -> dict[str, Any]:
    works = map(Digest.parse, request["works"])
    leaves = sorted({bytes([DIGEST_KINDS.index(work.kind)]) + work.raw for work in works})
    root = root_of(leaf_hashes(leaves))
    subject = Digest("collectionRoot", Digest.of(b"\3" + len(leaves).to_bytes(8) + root).raw)
    return {
        "count": len(leaves),
        "root": root.hex(),
        "leaves": [leaf.hex() for leaf in leaves],
        "subject": str(subject),
    }


def _verify_inclusion(request: _Json) -> dict[str, Any]:
    leaf, path = leaf_hash(bytes.fromhex(request["leaf"])), [bytes.fromhex(each) for each in request["path"]]
    root = bytes.fromhex(request["root"])
    return {"valid": verify_inclusion(leaf, request["index"], request["size"], path, root)}


def _effective(request: _Json) -> dict[str, Any]:
    question = request["question"]
    found = effective(
        [consent_fact(each) for each in request["consents"]],
        scope=question["scope"],
        grantee=question["grantee"],
        used_at=parse_instant(question["usedAt"]),
        known_at=parse_instant(question["knownAt"]) if "knownAt" in question else None,
        policy=Cid.parse(question["policy"]) if "policy" in question else None,
        case=case_of(request.get("case")),
    )
    return {
        "answer": found.answer.value,
        "code": found.code,
        "relied": [str(Cid(DAG_JSON, fact.record_id)) for fact in found.relied],
        "assurance": found.assurance,
    }


def _item(request: _Json) -> bytes | None:
    return bytes.fromhex(request["item"]) if "item" in request else None


def _consent(record: Record) -> Consent:
    consent = record.predicate
    if not isinstance(consent, Consent):
        raise Invalid(f"A {record.kind} is no consent.", code="kind-unknown")
    return consent


OPERATIONS: Final[Mapping[str, Callable[[_Json], dict[str, Any]]]] = {
    "record-id": _record_id,
    "digest": _digest,
    "commitment": _commitment,
    "notice": _notice,
    "verify-proof": _verify_proof,
    "wallet-questions": _wallet_questions,
    "named-block": _named_block,
    "withdrawal-key": _withdrawal_key,
    "withdrawal": _withdrawal,
    "collection": _collection,
    "verify-inclusion": _verify_inclusion,
    "effective": _effective,
}
"""By name, every operation of the protocol."""


if __name__ == "__main__":
    for answered in replies(sys.stdin):
        sys.stdout.write(answered + "\n")
        sys.stdout.flush()
