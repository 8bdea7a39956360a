"""Consents as the page shows them to whoever wants to take one back: who said what, since when, and how it stands.

It decides which consents about a picture are listed, and in which words. What they mean together is decided in
``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rakkan.api.consent_words import sentences
from rakkan.api.wording import day
from rakkan.registry.flows.lookup import resolve
from rakkan.registry.rules.notice import notice_text
from rakkan.registry.service import Registry
from rakkan.registry.store.records import StoredRecord
from rakkan.schemas.consent import Consent, WithdrawalMode
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address
from rakkan.schemas.values import Cid, Digest

MAX_LISTED: Final = 50
_KINDS: Final = {
    "grant": "Allows uses",
    "reservation": "Says “do not use”",
    "mandate": "Lets others act",
    "likeness": "Agrees to a likeness",
    "co-author": "Agrees to a grant",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One consent.

    Attributes:
        record_id: CID of its statement.
        kind: What it does, in few words.
        says: What it says, as to its grantor; for kinds without sentences the notice's lines.
        grantor: Who said it.
        authority: Which account can take it back.
        accepted: Since when it is here.
        withdrawn: When it was taken back, or an empty string.
        final: It cannot be taken back.
    """

    record_id: str
    kind: str
    says: tuple[str, ...]
    grantor: str
    authority: str
    accepted: str
    withdrawn: str
    final: bool


def taken_back(public: Registry, name: Cid) -> Standing:
    """One consent, by its statement's or its envelope's CID.

    Raises:
        NotFound: ``record-unknown``. Invalid: ``record-kind``.
    """
    found = resolve(public, str(name))
    if found.record.kind != "consent":
        raise Invalid(
            f"{name} is a {found.record.kind} record.",
            code="record-kind",
            hint="Name a grant or a reservation.",
        )
    return _standing(public, found)


def standing_of(public: Registry, names: Sequence[str]) -> list[Standing]:
    """Those of these consents that are public, by the CIDs of their statements; not more than :data:`MAX_LISTED`."""
    ids = [Cid.parse(name).digest for name in names]
    stored = public.store.records.get(ids)
    return [_standing(public, stored[each]) for each in ids if each in stored][:MAX_LISTED]


def about(public: Registry, digest: Digest) -> list[Standing]:
    """The consents that name a picture, the newest first; not more than :data:`MAX_LISTED`."""
    names = [match.record_id for match in public.store.records.find([digest], "consent")]
    stored = public.store.records.get(sorted(set(names)))
    newest = sorted(stored.values(), key=lambda each: -each.sequence)
    return [_standing(public, each) for each in newest[:MAX_LISTED]]


def _standing(public: Registry, stored: StoredRecord) -> Standing:
    record, consent = stored.record, stored.record.predicate
    assert isinstance(consent, Consent)
    key = record.record_id.digest
    seen = public.store.withdrawals.get([key]).get((Address.parse(consent.withdrawal.authority).raw, key))
    told = consent.kind in ("grant", "reservation") and consent.match == "exact"
    subjects = record.parsed.subject
    return Standing(
        record_id=str(record.record_id),
        kind=_KINDS[consent.kind],
        says=tuple(
            sentences(consent, len(subjects)) if told else notice_text(subjects, consent).splitlines()
        ),
        grantor=consent.grantor.id,
        authority=consent.withdrawal.authority,
        accepted=day(stored.accepted_at),
        withdrawn=day(seen.at) if seen is not None and seen.at is not None else "",
        final=consent.withdrawal.mode is WithdrawalMode.IRREVOCABLE,
    )
