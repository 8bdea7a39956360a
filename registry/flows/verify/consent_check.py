"""Check 15 of ``verify``: what may be done with a work, by the records at hand and nothing else.

It decides the check, and the answer for each scope, from the dossier and from trust that comes from
outside alone. What a bundle lacks is not there; what in it cannot be judged takes every yes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rakkan.manifests.checks import Check
from rakkan.registry.flows.verify.corroboration import Actor
from rakkan.registry.flows.verify.dossier import Dossier, Testimony, consent_of
from rakkan.registry.flows.verify.record_checks import Trust, included, proof_error
from rakkan.registry.rules.casebook import Casebook, Entry, Pair
from rakkan.registry.rules.collection import is_member
from rakkan.registry.rules.consent import effective
from rakkan.registry.rules.likeness import Alike, alike_among
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, Consent, Withdrawal
from rakkan.schemas.record import Record
from rakkan.schemas.trainingrun import TrainingRun
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Answer, Outcome
from rakkan.schemas.work import Work

Words = dict[str, Any]


def consent_check(dossier: Dossier, trust: Trust, instant: datetime, grantee: str) -> tuple[Check, Words]:
    """What may be done with the work by the grantee: the check, and the answer for each scope."""
    known = {each.record.envelope_cid.digest: each.record for each in _all(dossier)}
    entries, broken = [_entry(dossier.work, dossier, instant)], None
    for each in (*dossier.consents, *dossier.linked):
        error = proof_error(each.record, dossier, trust, known)
        if error is None or _leads_further(each.record, error):
            entries.append(_entry(each, dossier, instant))
        else:
            broken = broken or error
    for each in dossier.withdrawals:
        error = proof_error(each.record, dossier, trust, known)
        if error is not None and error.outcome is Outcome.UNDETERMINED:
            broken = broken or error  # it may be one, and then what it is about allows nothing
    names = [digest for subject in dossier.work.record.parsed.subject for digest in subject.digests]
    book = Casebook(entries, trust.community, _alike(entries, names))
    withdrawn = _withdrawn(dossier, trust, known, instant)
    facts, case = book.about(names, withdrawn)
    words: Words = {
        scope: effective(facts, scope=scope, grantee=grantee, used_at=instant, case=case).answer.value
        for scope in (*CAWG_SCOPES, *OWN_SCOPES)
    }
    allowed = [scope for scope, word in words.items() if word == Answer.ALLOWED.value]
    if not (trust.withdrawals and trust.records) or broken is not None:
        words |= dict.fromkeys(allowed, Answer.UNDETERMINED.value)
    taken_back = sum(1 for fact in facts if fact.withdrawn_at is not None)
    return _check(dossier, trust, words, allowed, broken, taken_back), words


def _leads_further(record: Record, error: Check) -> bool:
    """Whether it is a training run that relied on other works' grants too, which are not at hand; it counts."""
    return isinstance(record.predicate, TrainingRun) and error.code == "link-unknown"


def grantors(dossier: Dossier, trust: Trust) -> list[Actor]:
    """Who gave the consents that name the work, as far as their proofs can be checked and hold."""
    known = {each.record.envelope_cid.digest: each.record for each in _all(dossier)}
    return [
        Actor("grantor", consent_of(each).grantor.id)
        for each in dossier.consents
        if proof_error(each.record, dossier, trust, known) is None
    ]


def _check(
    dossier: Dossier,
    trust: Trust,
    words: Words,
    allowed: Sequence[str],
    broken: Check | None,
    taken_back: int,
) -> Check:
    if broken is not None:
        return Check("consent", broken.outcome, broken.code, broken.detail)
    if not dossier.consents:
        return Check(
            "consent", Outcome.UNDETERMINED, "no-consent", "Nothing is known of consent; that is no yes."
        )
    if allowed and not trust.withdrawals:
        detail = f"Allowed when signed: {', '.join(allowed)}. Whether it was withdrawn since was not asked."
        return Check("consent", Outcome.UNDETERMINED, "withdrawal-not-consulted", detail)
    if allowed and not trust.records:
        detail = (
            f"Allowed by the records in this bundle, none of them withdrawn: {', '.join(allowed)}. "
            "Whether others say otherwise, only the registry can tell."
        )
        return Check("consent", Outcome.UNDETERMINED, "records-not-consulted", detail)
    if taken_back:
        detail = f"{taken_back} consent withdrawn: no new use."
        return Check("consent", Outcome.PASS, "consent-withdrawn", detail)
    if not allowed and Answer.DENIED.value not in words.values():
        return Check(
            "consent", Outcome.UNDETERMINED, "consent-open", "The consents on file say neither yes nor no."
        )
    said = f"Allowed: {', '.join(allowed)}." if allowed else "Nothing is allowed."
    return Check("consent", Outcome.PASS, "consent-read", said)


def _all(dossier: Dossier) -> tuple[Testimony, ...]:
    return (dossier.work, *dossier.consents, *dossier.linked)


def _entry(testimony: Testimony, dossier: Dossier, instant: datetime) -> Entry:
    """A record as it is known here: what a bundle brings is known from now on, and proven by nothing."""
    return Entry(
        record=testimony.record,
        log_index=testimony.index if included(testimony, dossier) else None,
        known_from=testimony.known_from or instant,
        proven_at=testimony.proven_at,
        found_under=frozenset(_members(testimony)),
    )


def _alike(entries: Sequence[Entry], names: Sequence[Digest]) -> Alike:
    """Which works at hand look like this one. What was left out of a bundle, it cannot tell."""
    works: dict[bytes, Work] = {}
    mine: dict[bytes, Work] = {}
    for entry in entries:
        predicate = entry.record.predicate
        if isinstance(predicate, Work):
            envelope = entry.record.envelope_cid.digest
            works[envelope] = predicate
            if not {each for subject in entry.record.parsed.subject for each in subject.digests}.isdisjoint(
                names
            ):
                mine[envelope] = predicate
    return alike_among(mine, works)


def _members(testimony: Testimony) -> list[Digest]:
    """Those names of the work that are shown to be in the collection of this consent."""
    consent = testimony.record.predicate
    if not isinstance(consent, Consent) or consent.collection is None:
        return []
    return [
        each.digest
        for each in testimony.memberships
        if testimony.known_from is not None  # this home's own index
        or (
            each.index is not None
            and is_member(consent.collection, each.digest, each.index, each.proof or ())
        )
    ]


def _withdrawn(
    dossier: Dossier, trust: Trust, known: Mapping[bytes, Record], instant: datetime
) -> dict[Pair, datetime]:
    """When each consent was taken back: by the chain's word, or by a withdrawal that proves itself."""
    when = dict(dossier.withdrawn_at)
    consents = {each.record.record_id.digest: each for each in dossier.all_consents}
    for each in dossier.withdrawals:
        predicate: Any = each.record.predicate
        if isinstance(predicate, Withdrawal):
            consent = consents.get(bytes.fromhex(predicate.consent_id))
            if consent and proof_error(each.record, dossier, trust, known) is None:
                when.setdefault(consent.record.record_id.digest, instant)
    return {
        (bytes.fromhex(consent_of(consents[name]).withdrawal.authority[2:]), name): moment
        for name, moment in when.items()
        if name in consents
    }
