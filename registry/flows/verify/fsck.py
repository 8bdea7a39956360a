"""``fsck``: everything recomputed from stored bytes alone, trusting no index and no earlier check.

It decides what a whole registry is. It repairs nothing: it names what is broken and what to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rakkan.registry.flows.accept import linked_records
from rakkan.registry.flows.collections import collection_of, members
from rakkan.registry.flows.comparing import pairs_among
from rakkan.registry.flows.verify.anchoring import ask
from rakkan.registry.flows.verify.dossier import receipts
from rakkan.registry.flows.wallet_answers import ask_again
from rakkan.registry.rules.likeness import fingerprints_of, telling
from rakkan.registry.rules.links import links_of
from rakkan.registry.rules.note import open_head
from rakkan.registry.rules.proofs import check_record
from rakkan.registry.rules.tree import Tree, leaf_hash, root_of
from rakkan.registry.service import Registry
from rakkan.registry.store.indexing import derived_brief, identifiers_of
from rakkan.registry.store.likenesses import Print
from rakkan.registry.store.records import StoredRecord
from rakkan.registry.store.withdrawals import Pair
from rakkan.schemas.consent import Withdrawal
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.values import RAW, Cid
from rakkan.schemas.verdict import Verdict
from rakkan.schemas.work import Work


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it must be.

    Attributes:
        where: Record, block, head or verdict at fault.
        code: Stable code.
        message: One sentence.
    """

    where: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What ``fsck`` saw.

    Attributes:
        records: Records read.
        blocks: Blocks hashed.
        heads: Log heads checked.
        anchors: Anchors that the chain confirmed.
        problems: What is broken; empty means whole.
        unknown: What could not be asked.
    """

    records: int
    blocks: int
    heads: int
    anchors: int
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]


def inspect(registry: Registry, progress: Callable[[str], None] = lambda _: None) -> Inspection:
    """Recompute digests, proofs, places, heads, blocks, verdicts and anchors."""
    problems: list[Problem] = []
    unknown: list[str] = []
    leaves: dict[int, bytes] = {}
    prints: list[Print] = []
    taken: dict[Pair, StoredRecord] = {}
    records = blocks = 0
    for stored in _everything(registry):
        records += 1
        problems += _record(registry, stored, unknown)
        if b"urn:rakkan:withdrawal:" in stored.record.statement:
            taken |= dict.fromkeys(_taken_by(stored), stored)
        prints += _prints(stored)
        if stored.log_index is not None:
            leaves[stored.log_index] = leaf_hash(
                hashlib.sha256(stored.record.statement).digest()
                + hashlib.sha256(stored.record.envelope).digest()
            )
        if stored.pinned:
            for cid in (stored.record.record_id, stored.record.envelope_cid, *_along(registry, stored)):
                blocks += 1
                try:
                    registry.content.get(cid)
                except DomainError as error:
                    problems.append(Problem(str(cid), error.code, error.message))
        if records % 1000 == 0:
            progress(f"{records} records")
    tree = Tree(b"".join(leaves[index] for index in sorted(leaves)))
    if sorted(leaves) == list(range(len(leaves))):
        heads, broken = _heads(registry, tree)
    else:
        heads, broken = 0, [Problem("log", "log-damaged", "The places in the log have a gap.")]
    anchors = _anchors(registry, tree, problems, unknown)
    problems += broken
    problems += _verdicts(registry)
    problems += _likenesses(registry, prints)
    problems += _withdrawals(registry, taken)
    return Inspection(records, blocks, heads, anchors, tuple(problems), tuple(unknown))


def _along(registry: Registry, stored: StoredRecord) -> list[Cid]:
    """What was pinned with a record: the manifest store of a work stamped here, a collection's members."""
    name = stored.record.record_id.digest
    made = [Cid.of(stamp.manifest, RAW) for stamp in registry.store.stamps.by_record([name]).values()]
    collection = collection_of(stored.record)
    return made + [link.cid for link in collection.members] if collection else made


def _everything(registry: Registry) -> Iterator[StoredRecord]:
    after = 0
    while batch := registry.store.records.all(after):
        yield from batch
        after = batch[-1].sequence


def _record(registry: Registry, stored: StoredRecord, unknown: list[str]) -> list[Problem]:
    where = f"record {stored.sequence}"
    found = registry.store.records.get([hashlib.sha256(stored.record.statement).digest()])
    if not found:
        return [Problem(where, "record-damaged", "Its statement does not hash to the id it is kept under.")]
    try:
        record = Record.parse(stored.record.statement, stored.record.envelope)
        _proofs(registry, record, unknown)
        listed = members(registry, record)
        wanted = [digest for digest, _ in identifiers_of(record.parsed, record.predicate, listed)]
        name = record.record_id.digest
        found_under = {
            match.digest for match in registry.store.records.find(wanted) if match.record_id == name
        }
        linking = [
            name in registry.store.records.naming([target], relation).get(target, ())
            for relation, target in links_of(record.predicate)
        ]
        if found_under != set(wanted) or not all(linking):
            return [
                Problem(
                    str(record.record_id),
                    "index-damaged",
                    "It cannot be found under all of its identifiers and links.",
                )
            ]
        if registry.store.briefs.derived(name) != derived_brief(stored):
            return [Problem(str(record.record_id), "index-damaged", "Its brief is not what the record says.")]
    except DomainError as error:
        return [Problem(where, error.code, error.message)]
    return []


def _proofs(registry: Registry, record: Record, unknown: list[str]) -> None:
    """Check the proofs; wallets held by code are asked again. What they cannot be asked is unknown."""
    heard = ask_again(lambda: registry.ledger, [record], registry.domain)
    linked = linked_records(registry, [record])
    try:
        check_record(
            record, audience=registry.origin, domain=registry.domain, linked=linked, answers=heard.answers
        )
    except DomainError as error:
        if error.code != "proof-unanswered":
            raise
        unknown += [f"proof of {record.record_id}: {each.message}" for each in heard.unheard.values()]


def _heads(registry: Registry, tree: Tree) -> tuple[int, list[Problem]]:
    problems: list[Problem] = []
    count = 0
    for head in registry.store.log.heads():
        count += 1
        try:
            opened = open_head(head.note, registry.verifiers)
        except DomainError as error:
            problems.append(Problem(f"head {head.size}", error.code, error.message))
            continue
        if head.size > tree.size or (opened.size, opened.root) != (head.size, tree.root(head.size)):
            problems.append(
                Problem(f"head {head.size}", "log-damaged", "The stored records do not give the signed root.")
            )
    return count, problems


def _anchors(registry: Registry, tree: Tree, problems: list[Problem], unknown: list[str]) -> int:
    if registry.identity is None:
        unknown.append("No chain is configured: nothing could be compared with one.")
        return 0
    confirmed = 0
    for receipt in receipts(registry):
        where = f"anchor {receipt.size}"
        if receipt.size > tree.size or tree.root(receipt.size).hex() != receipt.root:
            problems.append(
                Problem(where, "log-damaged", "The stored records do not give the anchored root.")
            )
            continue
        word = ask(registry.ledger)(receipt)
        confirmed += word.word == "yes"
        if word.word == "no":
            problems.append(Problem(where, word.code, word.detail))
        elif word.word == "unknown":
            unknown.append(f"{where}: {word.detail}")
    return confirmed


def _prints(stored: StoredRecord) -> list[Print]:
    try:
        work = stored.record.predicate
    except DomainError:
        return []  # named where the record itself is checked
    if not isinstance(work, Work):
        return []
    name, place = stored.record.record_id.digest, stored.sequence
    return [Print(name, place, kind, each.bits) for kind, each in telling(fingerprints_of(work)).items()]


def _likenesses(registry: Registry, prints: list[Print]) -> list[Problem]:
    """Every pair of works that look alike is known, as far as they were compared."""
    compared = registry.store.likenesses.compared()
    known = registry.store.likenesses.of([each.record_id for each in prints])
    return [
        Problem(
            f"record {one.hex()[:16]}",
            "index-damaged",
            f"It looks like record {other.hex()[:16]}, and that is not on file.",
        )
        for one, other in pairs_among([each for each in prints if each.sequence <= compared])
        if other not in known.get(one, ()) or one not in known.get(other, ())
    ]


def _taken_by(stored: StoredRecord) -> list[Pair]:
    try:
        said = stored.record.predicate
    except DomainError:
        return []  # told of as a record
    if not isinstance(said, Withdrawal):
        return []
    return [(Address.parse(said.authority).raw, bytes.fromhex(said.key))]


def _withdrawals(registry: Registry, taken: Mapping[Pair, StoredRecord]) -> list[Problem]:
    """Every withdrawal counts, and those who follow the news were told of it."""
    withdrawals = registry.store.withdrawals
    public = {pair for pair, stored in taken.items() if stored.publish}
    named = {pair: str(stored.record.record_id) for pair, stored in taken.items()}
    uncounted = taken.keys() - withdrawals.pairs(on_chain=False)
    untold = registry.store.events.untold(public | withdrawals.pairs(recorded=False))
    problems = [(named[pair], "It is a withdrawal, and does not count here.") for pair in uncounted]
    problems += [
        (named.get(pair, f"withdrawal {pair[1].hex()[:16]}"), "The feed of withdrawals does not tell of it.")
        for pair in untold
    ]
    return [Problem(where, "index-damaged", said) for where, said in sorted(problems)]


def _verdicts(registry: Registry) -> list[Problem]:
    problems = []
    for stored in registry.store.verdicts.all():
        held = registry.store.records.get([stored.record_id]).get(stored.record_id)
        verdict = held.record.predicate if held else None
        roots = [_root(stored.findings, 97), _root(stored.reliance, 93)]
        if not isinstance(verdict, Verdict) or roots != [verdict.findings.root, verdict.reliance.root]:
            problems.append(
                Problem(
                    f"verdict {stored.record_id.hex()[:16]}",
                    "verdict-damaged",
                    "Its evidence does not give its roots.",
                )
            )
    return problems


def _root(content: bytes, width: int) -> str:
    parts = (content[start : start + width] for start in range(0, len(content), width))
    return root_of(b"".join(leaf_hash(part) for part in parts)).hex()
