"""Duties: who must have signed a record of each kind, what it must be about, what it must rest on.

It decides what a record may look like besides its schema: the subjects that its kind names, the period
that it states, the records that it links, and whose proofs it needs. It leaves out whether proofs hold
(``rakkan.registry.rules.proofs``), and what an accepted record then means: a guardian whom a thief named
may sign what is accepted here, and ``rakkan.registry.rules.actors`` passes over it.

What each kind needs:

* work: the creator. consent of any kind: the grantor. verdict: anybody.
* authorship: the claimant; one that opens a commitment also the authority that committed.
* model: the creator. training-run: the trainer.
* identity: the checker and the actor. dispute: the accuser. ruling: the adjudicator.
* key: ``guardians`` the actor; ``rotate`` the actor and the successor; ``recover`` the successor and
  ``threshold`` of the guardians whom the linked guardianship names; ``compromised`` the actor, or a
  successor whom an accepted record names, or ``threshold`` of the linked guardians.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Final

from rakkan.registry.rules.collection import collection_digest
from rakkan.registry.rules.linked import Linked as Linked
from rakkan.registry.rules.linked import linked_record, unknown_link
from rakkan.registry.rules.trained import check_relied_on, check_trained
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.consent import Consent
from rakkan.schemas.dispute import Dispute, Ruling
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.identification import Identification
from rakkan.schemas.identity import Address, DidPkh, parse_did
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.model import Model
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject, Value
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.work import Work

WORK_KINDS: Final = frozenset({"sha256", "c2paClaim", "c2paHardBinding", "autov3", "datasetRoot"})
"""Kinds of digest by which a work is known; the others name collections, actors and records."""

_TARGETS: Final = ("work", "consent", "authorship")
_RULED: Final = (*_TARGETS, "training-run")
_HINT: Final = (
    "Creators sign works and models, grantors consents, claimants claims, trainers runs, accusers disputes, "
    "adjudicators rulings; "
    "checker and actor sign an identity; withdrawals are signed by their authority."
)


def actor_digest(did: str) -> Digest:
    """Under which digest records about an actor are kept: sha256 of the text of the DID."""
    return Digest("actor", hashlib.sha256(did.encode()).digest())


def check_form(record: Record, linked: Linked) -> None:
    """Whether a record is about what its kind is about, and rests on records that are known.

    Raises:
        Invalid: ``subject-other``, ``item-other``, ``period-empty``; of models and runs, as in ``trained``.
        Refused: ``link-unknown``, ``run-other``.
    """
    subjects, predicate = record.parsed.subject, record.predicate
    match predicate:
        case Consent():
            _check_consent(subjects, predicate, linked)
        case Authorship():
            if not _is_collection(subjects):
                _check_works(subjects)
            if predicate.reveal is not None:
                _check_revealed(subjects)
        case Identification():
            _check_subject(subjects, "actor", actor_digest(predicate.actor))
            _check_period(predicate.checked_at, predicate.valid_until)
        case KeyChange():
            _check_key(subjects, predicate, linked)
        case Dispute():
            target = linked_record(linked, predicate.target, "target", _TARGETS)
            _check_subject(subjects, "record", Digest("record", target.record_id.digest))
            _check_item(predicate.item, target)
        case Ruling():
            _check_ruling(subjects, predicate, linked)
        case Model() | TrainingRun():
            check_trained(subjects, predicate, linked)
        case _:
            pass


def check_signed(predicate: Value, signers: Collection[str], linked: Linked) -> None:
    """Whether those signed who must; withdrawals and verdicts have rules of their own.

    Raises:
        Refused: ``proof-missing``, with the pointer of the one who did not sign; of a training run, which is
            asked last, ``link-unknown``.
    """
    match predicate:
        case Work(creator=actor) | Model(creator=actor):
            _require(actor, signers, "creator")
        case TrainingRun():
            _require(predicate.trainer, signers, "trainer")
            check_relied_on(predicate, linked)
        case Consent():
            _require(predicate.grantor.id, signers, "grantor/id")
        case Authorship():
            _require(predicate.claimant, signers, "claimant")
            if predicate.reveal is not None and not _by_address(predicate.reveal.authority, signers):
                raise missing("/predicate/reveal/authority")
        case Identification(checker=checker, actor=actor):
            _require(checker, signers, "checker")
            _require(actor, signers, "actor")
        case Dispute(accuser=actor):
            _require(actor, signers, "accuser")
        case Ruling(adjudicator=actor):
            _require(actor, signers, "adjudicator")
        case KeyChange():
            _check_key_signed(predicate, signers, linked)
        case _:
            pass


def missing(pointer: str) -> Refused:
    """The error of a record that lacks somebody's proof."""
    return Refused(
        "The record carries no proof by the one who must sign it.",
        code="proof-missing",
        hint=_HINT,
        pointer=pointer,
    )


def _require(actor: str, signers: Collection[str], field: str) -> None:
    if actor not in signers:
        raise missing(f"/predicate/{field}")


def _check_consent(subjects: Sequence[Subject], consent: Consent, linked: Linked) -> None:
    if consent.collection is not None:
        root = bytes.fromhex(consent.collection.root)
        _check_subject(subjects, "collection", collection_digest(consent.collection.count, root))
    elif consent.kind == "mandate" and _is_author(subjects):
        if consent.mandate is None:  # below another one, the author is who stands at the root of the chain
            _check_subject(subjects, "author", actor_digest(consent.grantor.id))
    else:
        _check_works(subjects)
    _check_period(consent.valid_from, consent.valid_until)
    if consent.mandate is not None:
        linked_record(linked, consent.mandate, "mandate", ("consent",), "mandate")
    if consent.joins is not None:
        linked_record(linked, consent.joins, "joins", ("consent",), "grant")


def _check_key(subjects: Sequence[Subject], change: KeyChange, linked: Linked) -> None:
    _check_subject(subjects, "actor", actor_digest(change.actor))
    if change.since is not None and change.since > change.stated_at:
        raise Invalid(
            "A key cannot be known to be lost before it is lost.",
            code="period-empty",
            pointer="/predicate/since",
        )
    if change.guardianship is not None:
        named = linked_record(linked, change.guardianship, "guardianship", ("key",)).predicate
        if not isinstance(named, KeyChange) or (named.action, named.actor) != ("guardians", change.actor):
            raise unknown_link("guardianship")


def _check_ruling(subjects: Sequence[Subject], ruling: Ruling, linked: Linked) -> None:
    target = linked_record(linked, ruling.target, "target", _RULED)
    _check_subject(subjects, "record", Digest("record", target.record_id.digest))
    if ruling.decision != "cleared":  # which may name the later work as an item of the earlier one's record
        _check_item(ruling.item, target)
    if ruling.dispute is not None:
        dispute = linked_record(linked, ruling.dispute, "dispute", ("dispute",)).predicate
        if not isinstance(dispute, Dispute) or dispute.target != ruling.target:
            raise unknown_link("dispute")


def _check_key_signed(change: KeyChange, signers: Collection[str], linked: Linked) -> None:
    match change.action:
        case "guardians":
            _require(change.actor, signers, "actor")
        case "rotate":
            _require(change.actor, signers, "actor")
            _require(change.successor or "", signers, "successor")
        case "recover":
            _require(change.successor or "", signers, "successor")
            if not _guardians_agree(change, signers, linked):
                raise missing("/predicate/guardianship")
        case "compromised":
            known = {change.actor, *successors(change.actor, linked)}
            if known.isdisjoint(signers) and not _guardians_agree(change, signers, linked):
                raise missing("/predicate/actor")


def _guardians_agree(change: KeyChange, signers: Collection[str], linked: Linked) -> bool:
    link = change.guardianship
    named = linked[link.cid.digest].predicate if link is not None and link.cid.digest in linked else None
    if not isinstance(named, KeyChange) or named.threshold is None:
        return False
    return len((set(named.guardians) & set(signers)) - {change.actor}) >= named.threshold


def successors(actor: str, linked: Linked) -> set[str]:
    """The keys that followed this one, and those that followed them, by the records at hand."""
    steps: dict[str, set[str]] = {}
    for record in linked.values():
        change = record.predicate
        if isinstance(change, KeyChange) and change.successor is not None:
            steps.setdefault(change.actor, set()).add(change.successor)
    found: set[str] = set()
    todo = [actor]
    while todo:
        fresh = steps.get(todo.pop(), set()) - found
        found |= fresh
        todo += fresh
    return found


def _is_collection(subjects: Sequence[Subject]) -> bool:
    return len(subjects) == 1 and list(subjects[0].digest) == ["collectionRoot"]


def _is_author(subjects: Sequence[Subject]) -> bool:
    return len(subjects) == 1 and list(subjects[0].digest) == ["actor"]


def _check_works(subjects: Sequence[Subject]) -> None:
    for place, subject in enumerate(subjects):
        for kind in subject.digest:
            if kind not in WORK_KINDS:
                raise Invalid(
                    f"This record is about works, and {kind} names none.",
                    code="subject-other",
                    hint=f"A work is named by {', '.join(sorted(WORK_KINDS))}.",
                    pointer=f"/subject/{place}/digest/{kind}",
                )


def _check_revealed(subjects: Sequence[Subject]) -> None:
    """A commitment is to one digest; what stood beside it would get its date unproven."""
    if len(subjects) != 1 or len(subjects[0].digest) != 1:
        raise Invalid(
            "A claim that opens a commitment names the one digest that was committed to, and nothing else.",
            code="subject-other",
            hint="Claim the rest in records of their own.",
            pointer="/subject",
        )


def _by_address(address: str, signers: Collection[str]) -> bool:
    """Whether one of the signers is the wallet of that address: a salt that somebody read opens nothing for them."""
    actors = (parse_did(signer) for signer in signers)
    wanted = Address.parse(address)
    return any(isinstance(actor, DidPkh) and actor.address == wanted for actor in actors)


def _check_subject(subjects: Sequence[Subject], name: str, digest: Digest) -> None:
    if [(each.name, each.digest) for each in subjects] != [(name, {digest.kind: digest.hex})]:
        raise Invalid(
            f"This record is about one subject, the {name} with the digest {digest}, and names another.",
            code="subject-other",
            pointer="/subject",
        )


def _check_item(item: str | None, target: Record) -> None:
    """One work of a collection can be told by its members alone, which are not at hand here."""
    consent = target.predicate
    if item is None or (isinstance(consent, Consent) and consent.collection is not None):
        return
    if item not in {value for subject in target.parsed.subject for value in subject.digest.values()}:
        raise Invalid(
            "The record that is named is not about this item.", code="item-other", pointer="/predicate/item"
        )


def _check_period(begin: str, end: str) -> None:
    if end <= begin:
        raise Invalid(
            "It ends before it begins.",
            code="period-empty",
            hint="Instants end with Z; the later one comes second.",
            pointer="/predicate/validUntil",
        )
