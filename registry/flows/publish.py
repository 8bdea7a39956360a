"""Publishing: what becomes public for ever, said before it does.

It decides the list and the step from "kept here" to "meant for everybody"; a consent brings its mandate and
releases along, for it cannot be checked without them. Pinning, logging and anchoring are the worker's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rakkan.registry.flows.collections import member_blocks
from rakkan.registry.flows.consent.needed import with_needed
from rakkan.registry.flows.lookup import resolve_all
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.registry.worker import Progress, Worker
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Conflict
from rakkan.schemas.model import Model
from rakkan.schemas.record import Record
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import RAW, Cid
from rakkan.schemas.work import Work


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One record that becomes public, and what a reader will see in it.

    Attributes:
        record_id: CID of the statement.
        envelope: CID of the envelope.
        kind: Kind of record.
        blocks: CIDs that are pinned.
        bytes: Their size.
        shows: What the record says in the open, in plain words.
        hides: Fields that only a salted commitment stands for.
    """

    record_id: str
    envelope: str
    kind: str
    blocks: tuple[str, ...]
    bytes: int
    shows: tuple[str, ...]
    hides: tuple[str, ...]


def plan(registry: Registry, names: Sequence[str] = ()) -> list[Disclosure]:
    """What publishing would make public for ever; nothing is changed.

    Args:
        registry: The registry.
        names: CIDs of records, digests of works or stamped files; empty means all that are not public yet.

    Raises:
        NotFound: ``record-unknown``.
        Conflict: ``record-ambiguous``, if a digest or a file is of several works.
        Invalid: As :func:`rakkan.registry.flows.lookup.resolve` does.
    """
    return [_disclose(registry, stored) for stored in _chosen(registry, names)]


def publish(
    registry: Registry, names: Sequence[str] = (), *, progress: Progress | None = None, seconds: float = 60
) -> list[Disclosure]:
    """Make records public: pinned, logged, and anchored where there is a chain.

    Resumable: what is done already is not done again.
    """
    chosen = _chosen(registry, names)
    done = [_disclose(registry, stored) for stored in chosen]
    registry.store.records.publish(
        [stored.record.record_id.digest for stored in chosen], registry.clock.now()
    )
    Worker(registry, progress).settle(seconds=seconds)
    return done


def _chosen(registry: Registry, names: Sequence[str]) -> list[StoredRecord]:
    """What was named, and what it cannot be checked without, in order of acceptance."""
    if not names:
        return registry.store.records.pending()
    chosen: dict[Cid, StoredRecord] = {}
    for name, fitting in resolve_all(registry, names).items():
        ids = [str(each.record.record_id) for each in fitting]
        if len(ids) > 1:  # for ever: never the wrong one of two
            raise Conflict(
                f"{name} is registered as {len(ids)} works.",
                code="record-ambiguous",
                hint=f"Name the one that you mean: {', '.join(ids[:5])}.",
            )
        chosen[fitting[0].record.record_id] = fitting[0]
    return sorted(with_needed(registry, list(chosen.values())), key=lambda stored: stored.sequence)


def kept_back(registry: Registry, chosen: Sequence[Disclosure]) -> list[str]:
    """CIDs of the private consents about works among these: naming a work publishes the work alone."""
    records = registry.store.records
    works = records.get([Cid.parse(each.record_id).digest for each in chosen if each.kind == "work"])
    subjects = [subject for each in works.values() for subject in each.record.parsed.subject]
    matches = records.find([digest for each in subjects for digest in each.digests], "consent")
    consents = records.get(list(dict.fromkeys(match.record_id for match in matches)))
    named = {each.record_id for each in chosen}
    ids = [str(each.record.record_id) for each in consents.values() if not each.publish]
    return [each for each in ids if each not in named]


def _disclose(registry: Registry, stored: StoredRecord) -> Disclosure:
    record, predicate = stored.record, stored.record.predicate
    shows, hides = [f"{record.kind} record, signed by {_signers(stored)}"], []
    blocks, size = (
        [str(record.record_id), str(record.envelope_cid)],
        len(record.statement) + len(record.envelope),
    )
    if isinstance(predicate, Work):
        shows.append(
            f"{predicate.making} {predicate.asset.media_type}, {predicate.asset.width}×{predicate.asset.height}"
        )
        if predicate.generation:
            shows.append(f"made with {predicate.generation.tool}")
            shows += [f"seed {predicate.generation.seed}"] if predicate.generation.seed else []
        shows += [f"{len(predicate.fingerprints)} fingerprints"] if predicate.fingerprints else []
        shows += [f"{parent.relation} {parent.digest}" for parent in predicate.parents]
        hides = [each.name for each in predicate.commitments]
        stamp = registry.store.stamps.by_record([record.record_id.digest]).get(record.record_id.digest)
        if stamp:
            blocks.append(str(Cid.of(stamp.manifest, RAW)))
            size += len(stamp.manifest)
    elif isinstance(predicate, Model | TrainingRun):
        shows += _trained(record, predicate)
        hides = [each.name for each in predicate.commitments]
    elif isinstance(predicate, Consent):
        shows += _consent(predicate)
        if predicate.collection is not None:
            shows.append(f"the digests of {predicate.collection.count} works, all of them")
            blocks += [str(link.cid) for link in predicate.collection.members]
            size += sum(map(len, member_blocks(registry, record)))
        if predicate.sealed is not None:
            hides = [each.name for each in predicate.sealed.commitments]
            kept = registry.store.sealed.get(record.record_id.digest)
            if predicate.sealed.block is not None and kept is not None and kept.block is not None:
                shows.append("the hidden fields, encrypted: unreadable without a key that stays here")
                blocks.append(str(predicate.sealed.block.cid))
                size += len(kept.block)
    return Disclosure(
        str(record.record_id),
        str(record.envelope_cid),
        record.kind,
        tuple(blocks),
        size,
        tuple(shows),
        tuple(hides),
    )


def _trained(record: Record, said: Model | TrainingRun) -> list[str]:
    """Everything that a model or a training run says in the open."""
    shows = [f"{each.name} {digest}" for each in record.parsed.subject for digest in each.digests]
    if isinstance(said, Model):
        shows.append(f"{said.role}, {said.format}, {said.bytes} bytes, {said.tensors} tensors")
        return shows + [f"{each.alg} {each.value} ({each.basis})" for each in said.aliases]
    shows.append(f"run {said.run} by {said.trainer}, began {said.began}, ended {said.ended or 'not said'}")
    shows += [f"made from {said.base.digest}"] if said.base is not None else []
    shows += [f"trained with {said.tool}"] if said.tool is not None else []
    return shows + [f"relied on {each.target}" for each in said.consents]


def _consent(consent: Consent) -> list[str]:
    """Everything a consent says in the open; what is not in this list is not in the record."""
    basis, persons = consent.rights_basis, consent.persons
    said = [f"{scope.name}: {scope.use.value}" for scope in consent.scopes]
    said.append(f"for {', '.join(consent.grantee)}, until {consent.valid_until}")
    said.append(f"stated by {consent.grantor.id}, as {consent.grantor.capacity}; claim: {basis.claim}")
    said += [
        f"evidence {each.type} {each.sha256[:16]}…{f' at {each.uri}' if each.uri else ''}"
        for each in basis.evidence
    ]
    said.append(f"persons shown: {persons.depicted}; minors: {persons.minors}")
    said += [f"release {each.target}" for each in persons.releases]
    if consent.terms is not None:
        said.append(f"licence {consent.terms.licence}")
        pay = consent.terms.compensation
        said += [f"payment {pay.model} to {pay.pay_to or 'nobody named'}"] if pay is not None else []
    if consent.jurisdiction is not None:
        said.append("named countries or law")
    if consent.derived is not None:
        said.append(f"derived from {consent.derived.vocabulary} about {consent.derived.about or 'the work'}")
    said.append(f"{consent.withdrawal.authority} can withdraw it")
    return said


def _signers(stored: StoredRecord) -> str:
    return ", ".join(proof.signer for proof in stored.record.parsed_envelope.proofs)
