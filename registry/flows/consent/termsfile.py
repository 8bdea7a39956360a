"""A file of terms as people write it, in TOML or JSON: closed, so that no misspelt word is passed over.

It decides the form of such a file, and that a blank of a template is never taken for an answer. What the
words then make of a consent is decided in ``terms`` and ``consents``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic.alias_generators import to_camel

from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.consent import (
    CAWG_SCOPES,
    OWN_SCOPES,
    PUBLIC,
    Compensation,
    Evidence,
    Grantee,
    Jurisdiction,
    Terms,
)
from rakkan.schemas.errors import Invalid, NotFound
from rakkan.schemas.instant import InstantText, format_instant
from rakkan.schemas.statement import parse_model

BLANK: Final = "?"
"""What stands in a template where nobody but the grantor can answer."""

FILE_LIMIT: Final = 65_536
"""Bytes that a file of terms may have."""

CidText = Annotated[str, StringConstraints(pattern=r"^b[a-z2-7]{40,120}$")]
_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class _Closed(BaseModel):
    """Strict, frozen, and without room for unknown fields."""

    model_config = _CLOSED


class _Licence(Terms):
    model_config = ConfigDict(extra="forbid")

    @field_validator("compensation")
    @classmethod
    def _closed(cls, asked: Compensation | None) -> Compensation | None:
        for unknown in (asked.model_extra or {}) if asked is not None else ():
            raise ValueError(f"there is no {unknown[:64]!r} in a compensation")
        return asked


class _Where(Jurisdiction):
    model_config = ConfigDict(extra="forbid")


class _Persons(_Closed):
    """Who is shown; what is left out is not said."""

    depicted: Literal["none", "grantor", "others", "unknown"] | None = None
    minors: Literal["none", "yes", "unknown"] | None = None
    releases: tuple[CidText, ...] = Field(default=(), max_length=32, strict=False)


class _Bounds(_Closed):
    policy: CidText | None = None
    runs: int | None = Field(default=None, ge=1, le=1_000_000)


class TermsFile(_Closed):
    """What a file of terms may say.

    Attributes:
        kind: Kind of consent.
        scopes: Scope to use; what is not named is not granted.
        grantee: Who may use it, or may act.
        days: How long it is valid.
        mode: What a withdrawal means for what was trained before.
        mode_days: Days that ``sunset`` and ``retrain-within`` leave.
        claim: Basis of the right.
        capacity: As what the grantor says they act.
        coauthors: Whether all who have a share agree; left out, it is not said.
        share_bp: The grantor's own share in basis points; left out for all of it.
        persons: Who is shown.
        evidence: What speaks for the claim.
        terms: The licence.
        train_by: New training must begin before it.
        bounds: The policy under which alone it counts, the number of runs.
        jurisdiction: Where.
        mandate: CID of the mandate under which it is given.
        joins: CID of the grant that a co-author agrees with.
        supersedes: CID of the consent that it replaces.
        private: Name to text of what only salted commitments will stand for.
    """

    kind: Literal["grant", "reservation", "mandate", "likeness", "co-author"]
    scopes: dict[str, Literal["allowed", "notAllowed", "constrained"]] = Field(min_length=1, max_length=32)
    grantee: tuple[Grantee, ...] = Field(default=(PUBLIC,), min_length=1, max_length=64, strict=False)
    days: int = Field(default=730, ge=1, le=36_500)
    mode: Literal["prospective", "sunset", "retrain-within", "irrevocable"] = "prospective"
    mode_days: int | None = Field(default=None, ge=1, le=3650)
    claim: Literal["generated", "created", "commissioned", "assigned", "licensed", "public-domain"] = (
        "generated"
    )
    capacity: Literal["author", "owner", "licensee", "estate", "guardian", "agent", "collective"] = "author"
    coauthors: Literal["complete", "missing", "unknown"] | None = None
    share_bp: int | None = Field(default=None, ge=1, le=10_000)
    persons: _Persons = _Persons()
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=16, strict=False)
    terms: _Licence | None = None
    train_by: InstantText | None = None
    bounds: _Bounds | None = None
    jurisdiction: _Where | None = None
    mandate: CidText | None = None
    joins: CidText | None = None
    supersedes: CidText | None = None
    private: dict[str, str] = {}


def read_terms(path: Path) -> TermsFile:
    """A file of terms: TOML if it is named so, else JSON.

    Raises:
        NotFound: ``terms-missing``.
        Invalid: ``terms`` for what is no such file, ``terms-blank`` for a blank that nobody filled,
            ``terms-scope``; each with the pointer of the field at fault.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_LIMIT + 1)
    except OSError as error:
        raise NotFound(
            f"The terms {path} cannot be read: {error.strerror}.",
            code="terms-missing",
            hint="Check the path.",
        ) from error
    return parse_terms(content, str(path), toml=path.suffix == ".toml")


def parse_terms(content: bytes, name: str, *, toml: bool) -> TermsFile:
    """The same from bytes; ``name`` is how an error calls them."""
    if len(content) > FILE_LIMIT:
        raise Invalid(f"{name} has more than {FILE_LIMIT} bytes.", code="terms")
    try:
        value: Any = tomllib.loads(content.decode()) if toml else parse_strict(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{name} is not {'TOML' if toml else 'JSON'}: {error}.", code="terms") from error
    except Invalid as error:
        raise Invalid(f"{name} is not JSON: {error.message}", code="terms", hint=error.hint) from error
    return check_terms(value, name)


def check_terms(value: object, name: str) -> TermsFile:
    """Terms from a value that was read; see :func:`read_terms`."""
    blank = next(_blanks(value), None)
    if blank is not None:
        raise Invalid(
            f"{name}: {blank} is not filled in.",
            code="terms-blank",
            hint="Write your answer there; what you leave out altogether is not said.",
            pointer=blank,
        )
    try:
        read = parse_model(TermsFile, _texts(value))
    except Invalid as error:
        raise Invalid(
            f"{name}: {error.message}",
            code="terms",
            hint="`rakkan consent template` shows what terms may say.",
            pointer=error.pointer,
        ) from error
    unknown = sorted(read.scopes.keys() - {*CAWG_SCOPES, *OWN_SCOPES})
    if unknown:
        raise Invalid(
            f"{name}: {unknown[0][:96]!r} is not a scope.",
            code="terms-scope",
            hint=f"Use {', '.join((*CAWG_SCOPES, *OWN_SCOPES))}.",
            pointer=f"/scopes/{unknown[0][:96]}",
        )
    return read


def _blanks(value: object, where: str = "") -> Iterator[str]:
    """Pointers of the blanks, in the order of the file."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _blanks(each, f"{where}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _blanks(each, f"{where}/{place}")
    elif isinstance(value, str) and value.strip() == BLANK:
        yield where


def _texts(value: object) -> object:
    """TOML's own instants as our text form."""
    if isinstance(value, Mapping):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return format_instant(value)
    return value
