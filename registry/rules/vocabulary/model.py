"""What every vocabulary is given and gives back: stances in, documents out, losses named.

It decides what may be called allowed, reserved or conditional outside of our own records, once for all
vocabularies, and how a loss is reported. How each vocabulary spells it is in the files beside this one.

A vocabulary that knows neither grantees nor conditions must not turn "allowed to this community, for
credit" into "allowed". So a use is ``allowed`` here only where a grant in force allows it to everybody
and asks nothing; everything less is ``conditional``, which most vocabularies cannot say at all.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from rakkan.registry.rules.vocabulary.losses import Losses, LossReport
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC, Consent, Use
from rakkan.schemas.errors import Invalid
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record

GENERATIVE, INFERENCE, TRAINING, MINING = CAWG_SCOPES
"""Short names of the four CAWG keys."""

MAX_DOCUMENT: Final = 4 << 20
MAX_ENTRIES: Final = 10_000


class Stance(StrEnum):
    """What a consent says of one use, to everybody."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    RESERVED = "reserved"
    SILENT = "silent"


@dataclass(frozen=True)
class Saying:
    """A consent on its way into another vocabulary.

    Attributes:
        record: The consent's record.
        at: When it is said; what is not in force then is not allowed.
        about: Where the work is (URL, ISCC), for vocabularies that need a place. Empty names it by digest.
        ended: Why it grants nothing any more (``withdrawn``, ``superseded``), else empty; its refusals stay.
    """

    record: Record
    at: datetime
    about: str = ""
    ended: str = ""

    @cached_property
    def consent(self) -> Consent:
        """The predicate.

        Raises:
            Invalid: ``record-kind``, if the record is no consent.
        """
        predicate = self.record.predicate
        if not isinstance(predicate, Consent):
            raise Invalid(f"A {self.record.kind} record is not a consent.", code="record-kind")
        return predicate

    @cached_property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """What stands between this consent and an unconditional yes to everybody: (field, words)."""
        ended = [("status", f"it is {self.ended}")] if self.ended else []
        return (*ended, *_conditions(self.consent, self.at))

    def stance(self, scope: str) -> Stance:
        """What is said of one scope to everybody."""
        uses = {each.name: each.use for each in self.consent.scopes}
        use = uses.get(scope)
        if use is None:
            return Stance.SILENT
        if use is Use.NOT_ALLOWED:
            return Stance.RESERVED
        if self.consent.kind != "grant":
            return Stance.RESERVED if use is Use.CONSTRAINED else Stance.SILENT
        if use is Use.CONSTRAINED:
            return Stance.CONDITIONAL
        # a narrower "no" within it, or a "no" to something that we cannot place
        excepted = any(
            other is not Use.ALLOWED and name not in CAWG_SCOPES and OWN_SCOPES.get(name, scope) == scope
            for name, other in uses.items()
        )
        return Stance.CONDITIONAL if excepted or self.conditions else Stance.ALLOWED

    def explain(self) -> str:
        """The conditions in one line, for fields that hold free text."""
        said = "; ".join(words for _, words in self.conditions) or "narrower uses are stated in the record"
        return f"Only as record {self.record.record_id} says: {said}."

    def places(self) -> list[str]:
        """Where the works are: the place given, or each work by its digest (RFC 6920)."""
        if self.about:
            return [self.about]
        return [named(next(iter(subject.digests)).raw) for subject in self.record.parsed.subject]


@dataclass(frozen=True, slots=True)
class Exported:
    """A document in another vocabulary, and what it does not say."""

    content: bytes
    report: LossReport


@dataclass(frozen=True, slots=True)
class Reservation:
    """A "do not use" that was read from somebody else's document; it is derived, never first-hand.

    Attributes:
        about: What it is about in the document's own words (URL, path pattern, digest); empty for the work
            that the document is attached to.
        uses: Scope to ``notAllowed`` or ``constrained``; never ``allowed``.
    """

    about: str
    uses: Mapping[str, Use]

    def __post_init__(self) -> None:
        if not self.uses or any(use is Use.ALLOWED for use in self.uses.values()):
            raise ValueError("a derived reservation reserves something and allows nothing")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a document reserves, and what of it was not taken."""

    reservations: tuple[Reservation, ...]
    report: LossReport


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One text of one vocabulary.

    Attributes:
        name: Name on the command line, such as ``aipref``.
        version: Which text, such as ``draft-ietf-aipref-vocab-08``.
        media_type: Of its documents.
        write: Says a consent in it, noting losses.
        read: Takes reservations from a document, noting losses.
    """

    name: str
    version: str
    media_type: str
    write: Callable[[Saying, Losses], bytes]
    read: Callable[[bytes, Losses], list[Reservation]]

    def export(self, saying: Saying) -> Exported:
        """Say a consent in this vocabulary.

        Raises:
            Invalid: ``record-kind``; ``vocabulary-about``, if it needs a place or name that was not given.
        """
        losses = Losses()
        _note_fields(saying, losses)
        content = self.write(saying, losses)
        return Exported(content, losses.report(self.name, self.version))

    def import_(self, content: bytes) -> Imported:
        """Take the reservations from a document; a permission in it never counts.

        Raises:
            Invalid: ``vocabulary-form``, ``vocabulary-too-large``, with the JSON pointer of what is wrong.
        """
        if len(content) > MAX_DOCUMENT:
            raise Invalid(
                f"At most {MAX_DOCUMENT} bytes are read here, not {len(content)}.",
                code="vocabulary-too-large",
                hint="Import it in parts.",
            )
        losses = Losses()
        reservations = self.read(content, losses)
        return Imported(tuple(reservations), losses.report(self.name, self.version))


def named(digest: bytes) -> str:
    """The ``ni`` URI (RFC 6920) of a SHA-256 digest."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def reserve(about: str, scopes: Iterable[str], use: Use = Use.NOT_ALLOWED) -> list[Reservation]:
    """One reservation of these scopes, or none if there are none."""
    uses = dict.fromkeys(sorted(scopes), use)
    return [Reservation(about, uses)] if uses else []


def malformed(why: str, pointer: str = "") -> Invalid:
    """The refusal of a document."""
    return Invalid(f"{why} at {pointer or '/'}.", code="vocabulary-form", pointer=pointer)


def _conditions(consent: Consent, at: datetime) -> Iterable[tuple[str, str]]:  # noqa: C901 - one test a field
    if not consent.valid_from <= format_instant(at) < consent.valid_until:
        yield "validUntil", f"it holds from {consent.valid_from} until {consent.valid_until} only"
    if PUBLIC not in consent.grantee:
        yield "grantee", f"it is for {', '.join(consent.grantee)}"
    if consent.bounds is not None:
        yield "bounds", "it is bound to a policy or a number of runs"
    if consent.train_by is not None:
        yield "trainBy", f"training must end by {consent.train_by}"
    if consent.jurisdiction is not None and (consent.jurisdiction.allow or consent.jurisdiction.deny):
        yield "jurisdiction", "it holds in named countries only"
    if consent.mandate is not None:
        yield "mandate", "it was given under a mandate"
    if not consent.rights_basis.coauthors_complete or consent.rights_basis.share_bp not in (None, 10_000):
        yield "rightsBasis", "co-authors have to agree"
    if consent.persons.depicted in ("others", "unknown") or consent.persons.minors != "none":
        yield "persons", "persons are shown"
    if consent.model_extra:
        yield "unknown", "it has fields that this version does not know"
    terms = consent.terms
    if terms is not None:
        if terms.attribution != "none":
            yield "terms.attribution", f"credit by {terms.attribution}"
        if terms.share_alike:
            yield "terms.shareAlike", "share alike"
        if not terms.commercial:
            yield "terms.commercial", "no commercial use"
        if terms.outputs_licence is not None:
            yield "terms.outputsLicence", f"outputs under {terms.outputs_licence}"
        if terms.compensation is not None and terms.compensation.model != "free":
            yield "terms.compensation", f"payment: {terms.compensation.model}"


def _note_fields(saying: Saying, losses: Losses) -> None:
    """What no vocabulary here can say of a Proof-of-Consent."""
    for key, why in (
        ("proofs", "a signature over the record is not a signature over this document"),
        ("withdrawal", "that it can be taken back, by whom, and what that means"),
        ("rightsBasis", "on what the right is based"),
        ("notice", "which words were shown before signing"),
    ):
        losses.cannot_say(key, f"It cannot say {why}." if key != "proofs" else f"{why.capitalize()}.")
    if saying.consent.kind not in ("grant", "reservation"):
        losses.narrow(
            "kind", f"A {saying.consent.kind} is no permission to use; only what it refuses is said."
        )
    if PUBLIC not in saying.consent.grantee:
        losses.widen("grantee", "What is refused to those it is addressed to is refused to everybody.")
