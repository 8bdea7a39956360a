"""Taking consents back: the whole of one, or some works out of it; public at once, and meant for the chain.

It decides who signs a withdrawal here, and which consents are somebody's own. What a withdrawal then means is
decided in ``rakkan.registry.rules.consent``; slips, which take back without any key, are ``slips``'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from rakkan.registry.flows.accept import accept_all, require
from rakkan.registry.flows.collections import members
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.proofs import withdrawal_key, withdrawal_statement
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner, WalletSigner
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid, NotFound, Refused
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid, Digest
from rakkan.schemas.work import Work

Wanted = tuple[Record, Digest | None]
"""A consent, and one work to take out of it; None takes back all."""


def withdraw(
    registry: Registry, name: str, *, item: Digest | None = None, signer: RecordSigner | None = None
) -> Record:
    """Take a consent back; the record is public at once, and the worker puts it on chain.

    Args:
        registry: Where the consent is known.
        name: CID of the consent's statement or envelope.
        item: One work of it; None takes back all.
        signer: The withdrawal authority, or the grantor; None uses the home's keys.

    Raises:
        NotFound: ``record-unknown``. Refused: ``withdrawal-foreign``, if it is somebody else's.
    """
    consent = require(registry, Cid.parse(name).digest, "consent")
    return withdraw_all(registry, [(consent, item)], signer=signer)[0]


def withdraw_all(
    registry: Registry,
    wanted: Sequence[Wanted],
    *,
    signer: RecordSigner | None = None,
) -> list[Record]:
    """The same for many consents and works at once, in one commit; all of them or none."""
    made = []
    for consent, item in wanted:
        statement = withdrawal_statement(consent, item.raw if item else None, registry.origin)
        proof = withdrawer(registry, consent, signer).prove(statement, registry.domain)
        made.append(Record.build(statement, [proof]))
    accept_all(registry, made, publish=True)
    return made


def named(registry: Registry, name: str, works: Sequence[Digest] = ()) -> list[Wanted]:
    """A consent by its CID: the whole of it, or these works out of it.

    Raises:
        NotFound: ``record-unknown``. Invalid: ``record-kind``.
        Refused: ``item-other``, if it is not about one of the works.
    """
    digest = Cid.parse(name).digest
    stored = registry.store.records.get([digest]).get(digest)
    if stored is None:
        raise NotFound(
            f"Nothing is registered here under {name}.",
            code="record-unknown",
            hint="Check the name, or name the --home that has it.",
        )
    record = stored.record
    if record.kind != "consent":
        raise Invalid(
            f"{name} is a {record.kind} record.", code="record-kind", hint="Name a grant or a reservation."
        )
    if not works:
        return [(record, None)]
    about, known = _about(registry, record), _names(registry, works)
    found = list[Wanted]()
    for work in works:
        inside = sorted((about & known[work]), key=lambda each: (each != work, str(each)))
        if not inside:
            raise Refused(
                f"The consent {name} is not about {work}.", code="item-other", hint="Check the work."
            )
        found.append((record, inside[0]))
    return found


def about_works(
    registry: Registry, works: Sequence[Digest], signer: RecordSigner | None = None
) -> list[Wanted]:
    """Every grant about these works that the signer gave and has not taken back: the whole if about nothing else.

    Raises:
        NotFound: ``consent-none``, if there is none.
    """
    records, mine = registry.store.records, signer or KeySigner(registry.home.keys.artist)
    asked = {each for names in _names(registry, works).values() for each in names}
    ids = sorted({match.record_id for match in records.find(sorted(asked, key=str), "consent")})
    found = list[Wanted]()
    for stored in sorted(records.get(ids).values(), key=lambda each: each.sequence):
        granted = stored.record.predicate
        if isinstance(granted, Consent) and granted.kind == "grant" and gave(registry, granted, mine):
            found += _out_of(registry, stored.record, asked)
    keys = {key for each in found for key in _keys(each)}
    gone = registry.store.withdrawals.get(sorted({key for _, key in keys})).keys()
    left = [each for each in found if gone.isdisjoint(_keys(each))]
    if not left:
        raise NotFound(
            "You have granted nothing about these works, or taken it back already.",
            code="consent-none",
            hint="`rakkan consent list --mine` shows what you gave.",
        )
    return left


def _out_of(registry: Registry, consent: Record, asked: set[Digest]) -> list[Wanted]:
    """What of a consent is about these works: all of it, or some."""
    granted = consent.predicate
    assert isinstance(granted, Consent)
    if granted.collection is not None:
        members = _about(registry, consent)
        inside = sorted(asked & members, key=str)
        return [(consent, None)] if len(inside) == len(members) else [(consent, each) for each in inside]
    works = [set(subject.digests) for subject in consent.parsed.subject]
    named = [digests & asked for digests in works]
    if all(named):
        return [(consent, None)]
    return [(consent, min(each, key=str)) for each in named if each]


def _keys(wanted: Wanted) -> set[tuple[bytes, bytes]]:
    """Under which a withdrawal of this work, or of the whole consent, is known: authority and key."""
    consent, item = wanted
    granted = consent.predicate
    assert isinstance(granted, Consent)
    authority, name = bytes.fromhex(granted.withdrawal.authority[2:]), consent.record_id.digest
    return {(authority, withdrawal_key(name, each)) for each in (None, item.raw if item else None)}


def _names(registry: Registry, works: Sequence[Digest]) -> dict[Digest, set[Digest]]:
    """By which digests each of these works is known here, its own first among them."""
    found = {work: {work} for work in works}
    matches = registry.store.records.find(list(works), "work")
    stored = registry.store.records.get(sorted({match.record_id for match in matches}))
    for match in matches:
        record = stored[match.record_id].record
        found[match.digest] |= {each for subject in record.parsed.subject for each in subject.digests}
        if isinstance(record.predicate, Work) and record.predicate.source_digest:
            found[match.digest].add(Digest.parse(record.predicate.source_digest))
    return found


def _about(registry: Registry, consent: Record) -> set[Digest]:
    listed = members(registry, consent)
    return set(listed) if listed else {each for subject in consent.parsed.subject for each in subject.digests}


def withdrawer(registry: Registry, consent: Record, signer: RecordSigner | None = None) -> RecordSigner:
    """Who of those at hand may take this consent back, in a way that reaches the chain where there is one.

    Raises:
        Refused: ``withdrawal-foreign``, if nobody.
    """
    granted, keys = consent.predicate, registry.home.keys
    assert isinstance(granted, Consent)
    authority = Address.parse(granted.withdrawal.authority)
    if signer is not None and signer.address == authority and registry.domain is not None:
        return signer
    mine = signer if signer is not None else KeySigner(keys.artist)
    if signer is None or gave(registry, granted, signer):
        if registry.domain is not None and keys.has(AUTHORITY) and keys.address(AUTHORITY) == authority:
            return WalletSigner(keys.wallet(AUTHORITY))
        if registry.domain is None and gave(registry, granted, mine):
            return mine
    raise Refused(
        "This key did not give the consent and is not its withdrawal authority.",
        code="withdrawal-foreign",
        hint=f"Its authority is {authority}; name that key with --signer (or --wallet-key), or use a slip.",
    )


def gave(registry: Registry, granted: Consent, signer: RecordSigner) -> bool:
    """Whether a consent was given by this signer."""
    if signer.address is not None and registry.domain is None:
        return False
    return granted.grantor.id == signer.actor(registry.domain)
