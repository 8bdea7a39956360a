"""What a standard of consent is made of besides answers: ids, proofs, notices, commitments, withdrawals, collections.

It decides which requests the vectors have for levels 1 and 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import sign_did, sign_wallet, withdrawal_statement
from rakkan.registry.rules.tree import Tree, leaf_hashes
from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.consent import Consent
from rakkan.schemas.record import Record
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid, Digest
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.casework import text
from tests.vectors import wallet_parts
from tests.vectors.consent_world import (
    LIKENESS,
    LORA,
    MINING,
    NO,
    TRAIN,
    about_actor,
    claim,
    consent,
    dispute,
    identified,
    key,
    key_of,
    model,
    reserved,
    ruling,
    run,
    who,
)

Request = dict[str, Any]
LEVELS: Final = {
    "record-id": 1,
    "digest": 1,
    "commitment": 1,
    "notice": 1,
    "verify-proof": 1,
    "wallet-questions": 1,
    "named-block": 1,
    "withdrawal-key": 2,
    "withdrawal": 2,
    "collection": 2,
    "verify-inclusion": 2,
}
"""The level at which each operation is asked for; ``effective`` is at 3 and 4."""

ITEM: Final = "07" * 32
_DOMAIN: Final = {"chainId": cases.CHAIN, "verifyingContract": str(cases.DOMAIN.contract)}
_COLLECTION: Final = {"count": 3, "root": "c0" * 32, "members": [Cid.of(b"members", 0x55).link]}


@cache
def consents() -> dict[str, Record]:
    """A consent of every kind, and some whose notice has more to say."""
    grant = consent(900)
    fine = {TRAIN: "constrained", LORA: "allowed", MINING: "notAllowed"}
    about = {"name": "collection", "digest": {"collectionRoot": "cc" * 32}}
    price = {"model": "flat", "amount": "1000", "currency": "EUR", "payTo": "eip155:1:0x" + "33" * 20}
    terms = {"licence": "CC-BY-4.0", "attribution": "link", "shareAlike": True, "commercial": False}
    told = {
        "grant": grant,
        "reservation": reserved(901),
        "mandate": consent(
            902, kind="mandate", grantee=[who("agent")], about=about_actor("ann", title="author")
        ),
        "likeness": consent(903, "eve", {LIKENESS: "allowed"}, kind="likeness", capacity="guardian"),
        "co-author": consent(904, "ben", kind="co-author", joins=grant.link),
        "collection": consent(905, match="collection", collection=_COLLECTION, about=about),
        "bounds": consent(906, scopes=fine, bounds={"runs": 3, "policy": Cid.of(b"policy").link}),
        "terms": consent(907, terms={**terms, "compensation": price, "outputsLicence": "CC0-1.0"}),
        "dates and place": consent(908, trainBy=text(30), jurisdiction={"law": "DEU", "deny": ["USA"]}),
        "replacing, private": consent(
            909,
            scopes=NO,
            supersedes=grant.link,
            sealed={"commitments": [{"name": "displayName", "value": "ab" * 32}]},
        ),
        "withdrawal modes": consent(
            910, withdrawal={"authority": "0x" + "44" * 20, "mode": "retrain-within", "days": 60}
        ),
    }
    return {name: each.record for name, each in told.items()}


@cache
def others() -> dict[str, Record]:
    """A record of every other kind."""
    grant = consent(900)
    told = {
        "authorship": claim("ann"),
        "identity": identified("ann", "dns"),
        "key": key("ann", "rotate", ["ann", "new"], successor=who("new")),
        "dispute": dispute("zoe", grant),
        "ruling": ruling("void", grant),
        "training run": run("ben", grant),
        "model": model("ben"),
    }
    return {"work": cases.work_record(), **{name: each.record for name, each in told.items()}}


def records() -> list[Record]:
    return [*consents().values(), *others().values(), cases.wallet_consent(), *wallet_parts.records()]


def requests() -> Iterator[tuple[str, Request]]:
    """Named requests, in the order of the levels."""
    for name, record in {**consents(), **others()}.items():
        yield f"ids of a record: {name}", {"op": "record-id", "record": str(record.envelope_cid)}
        about = {"kind": "record", "recordId": str(record.record_id)}
        yield f"digest of a record: {name}", {"op": "digest", **about}
    for actor in (who("ann"), cases.wallet_did(cases.WALLET)):
        yield f"digest of an actor: {actor}", {"op": "digest", "kind": "actor", "text": actor}
    for number, said in enumerate(("", "a cat", "漢字 and 🎨", "line\none")):
        salt = hashlib.sha256(b"salt %d" % number).hexdigest()
        yield f"commitment {number}", {"op": "commitment", "salt": salt, "text": said}
    for name, record in consents().items():
        yield f"notice: {name}", {"op": "notice", "record": str(record.envelope_cid)}
    yield from _proofs()
    yield from wallet_parts.requests()
    yield from _withdrawals()
    yield from _collections()
    yield from _inclusions()


def _proofs() -> Iterator[tuple[str, Request]]:
    wallet, grant = cases.wallet_consent(), consents()["grant"]
    for name, record in (("a wallet", wallet), ("a key", grant), ("of a work", others()["work"])):
        yield f"proof: {name}", _verify(record)
    yield "proof: another audience", {**_verify(grant), "audience": "rakkan/fedcba9876543210"}
    yield "proof: another chain", {**_verify(wallet), "domain": {**_DOMAIN, "chainId": 1}}
    other = {**_DOMAIN, "verifyingContract": str(cases.GATE.contract)}
    yield "proof: another contract", {**_verify(wallet), "domain": other}
    for field, value in (
        ("nonce", "11" * 16),
        ("validUntil", "2028-01-01T00:00:01Z"),
        ("grantee", [who("zoe")]),
        ("scopes", [{"name": TRAIN, "use": "allowed"}, {"name": MINING, "use": "allowed"}]),
        ("grantor", {"id": who("zoe"), "capacity": "author"}),
        ("withdrawal", {"authority": "0x" + "55" * 20, "mode": "prospective"}),
    ):
        for name, record in (("wallet", wallet), ("key", grant)):
            yield f"proof: {field} changed under a {name}", _changed(record, field, value)
    yield "proof: another notice", _with_another_notice(grant)
    proof = wallet.parsed_envelope.proofs[0].to_json()
    for title, signature in (("high s", _malleated(proof["signature"])), ("cut", proof["signature"][:128])):
        bad = {**_json(wallet), "proofs": [{**proof, "signature": signature}]}
        yield f"proof: a wallet's, {title}", {**_verify(wallet), "record": bad}
    swapped = {**_json(grant), "proofs": _json(consents()["reservation"])["proofs"]}
    yield "proof: of another record", {**_verify(grant), "record": swapped}
    yield "proof: by somebody else", {**_verify(grant), "record": _signed_by_another(grant)}
    yield from _proofs_of_withdrawals(wallet)


def _proofs_of_withdrawals(wallet: Record) -> Iterator[tuple[str, Request]]:
    statement = withdrawal_statement(wallet, None, cases.AUDIENCE)
    for name, signer in (("authority", cases.AUTHORITY), ("grantor", cases.WALLET), ("thief", cases.THIEF)):
        record = Record.build(statement, [sign_wallet(statement, cases.DOMAIN, signer)])
        about = {**_verify(record), "record": _json(record)}
        yield f"proof: withdrawn by the {name}", {**about, "consent": str(wallet.envelope_cid)}
        if name == "authority":
            named = str(consents()["grant"].envelope_cid)
            yield "proof: a withdrawal of another consent", {**about, "consent": named}


def _withdrawals() -> Iterator[tuple[str, Request]]:
    for name in ("grant", "collection"):
        granted = consents()[name]
        for title, more in (("whole", {}), ("one work", {"item": ITEM})):
            yield (
                f"key of a withdrawal: {name}, {title}",
                {"op": "withdrawal-key", "recordId": str(granted.record_id), **more},
            )
            yield (
                f"withdrawal: {name}, {title}",
                {
                    "op": "withdrawal",
                    "consent": str(granted.envelope_cid),
                    "audience": cases.AUDIENCE,
                    **more,
                },
            )


def _collections() -> Iterator[tuple[str, Request]]:
    works = [str(Digest.of(b"work %d" % number)) for number in range(8)]
    mixed = [f"c2paClaim:{'01' * 32}", f"sha256:{'ff' * 32}", f"autov3:{'00' * 32}", f"sha256:{'00' * 32}"]
    for title, named in (
        *((f"{size} works", works[:size]) for size in (1, 2, 3, 5, 8)),
        ("in another order", works[:5][::-1]),
        ("one named twice", [works[0], works[1], works[0]]),
        ("of several kinds", mixed),
    ):
        yield f"collection: {title}", {"op": "collection", "works": named}


def _inclusions() -> Iterator[tuple[str, Request]]:
    leaves = [b"\0" + hashlib.sha256(b"work %d" % number).digest() for number in range(7)]
    tree = Tree(leaf_hashes(leaves))
    for index in (0, 3, 6):
        path = [node.hex() for node in tree.inclusion(index)]
        fine = {
            "op": "verify-inclusion",
            "leaf": leaves[index].hex(),
            "index": index,
            "size": 7,
            "path": path,
            "root": tree.root().hex(),
        }
        yield f"inclusion: leaf {index}", fine
        yield f"inclusion: leaf {index} elsewhere", {**fine, "index": (index + 1) % 7}
        yield f"inclusion: leaf {index}, cut path", {**fine, "path": path[:-1]}
        yield f"inclusion: leaf {index}, longer path", {**fine, "path": [*path, fine["root"]]}
        yield f"inclusion: leaf {index}, another root", {**fine, "root": "00" * 32}
        yield f"inclusion: leaf {index}, another leaf", {**fine, "leaf": leaves[(index + 1) % 7].hex()}


def _verify(record: Record) -> Request:
    about = {"audience": cases.AUDIENCE, "domain": _DOMAIN}
    return {"op": "verify-proof", "record": str(record.envelope_cid), **about}


def _changed(record: Record, field: str, value: object) -> Request:
    """One field is another, and the notice fits it: only the signature can tell."""
    found = _json(record)
    predicate = parse_model(Consent, {**found["statement"]["predicate"], field: value})
    found["statement"]["predicate"] = with_notice(record.parsed.subject, predicate).to_json()
    return {**_verify(record), "record": found}


def _with_another_notice(record: Record) -> Request:
    found = _json(record)
    found["statement"]["predicate"]["notice"]["sha256"] = "00" * 32
    return {**_verify(record), "record": found}


def _signed_by_another(record: Record) -> dict[str, Any]:
    by = sign_did(record.statement, key_of("zoe"))
    return {**_json(record), "proofs": [by.to_json()]}


def _malleated(signature: str) -> str:
    """The other signature of the same message: n - s, and the other parity."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s, v = int(signature[64:128], 16), int(signature[128:], 16)
    return f"{signature[:64]}{order - s:064x}{55 - v:02x}"


def _json(record: Record) -> dict[str, Any]:
    return {
        "statement": parse_canonical(record.statement),
        "proofs": [each.to_json() for each in record.parsed_envelope.proofs],
    }
