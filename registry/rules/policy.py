"""Policies: small closed documents that say when a dataset is approved (``rakkan-policy/1``).

It decides which clauses exist, the canonical bytes whose CID a community votes on, and plain words
for each clause. Everything unknown is refused here, unlike in records: a clause that a reader passed
over would approve what it was meant to stop. How clauses are judged is in
``rakkan.registry.rules.audit``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from rakkan.registry.rules.notice import scope_words
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC, Grantee
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid

SELF: Final = "self"
"""As grantee: the community that the verdict is made for."""

FULL: Final = 10_000
"""Basis points; 10000 are all items."""

Scope = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+$", max_length=96)]
BasisPoints = Annotated[int, Field(ge=0, le=FULL)]
Licence = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+-]{1,64}$")]


class _Closed(BaseModel):
    """Strict, frozen, and without room for unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class ConsentShare(_Closed):
    """At least ``minBp`` of the items are allowed for this scope and grantee."""

    clause: Literal["consent.share"]
    scope: Scope
    grantee: Literal["self"] | Grantee
    min_bp: BasisPoints


class ConsentDenied(_Closed):
    """At most ``maxBp`` of the items are refused for this scope and grantee; silence is no refusal."""

    clause: Literal["consent.denied"]
    scope: Scope
    grantee: Literal["self"] | Grantee
    max_bp: BasisPoints


class ConsentUnrevoked(_Closed):
    """No item has a consent that was withdrawn and not given anew."""

    clause: Literal["consent.unrevoked"]


class ProvenanceUnknown(_Closed):
    """At most ``maxBp`` of the items have no registered work behind them."""

    clause: Literal["provenance.unknown"]
    max_bp: BasisPoints


class LicenceIn(_Closed):
    """Each item's consent is under one of these licences."""

    clause: Literal["licence.in"]
    licences: tuple[Licence, ...] = Field(min_length=1, max_length=64, strict=False)


class ValidityRemaining(_Closed):
    """Each item's consent stays valid for this many more days."""

    clause: Literal["validity.min_remaining_days"]
    days: int = Field(ge=0, le=3650)


class PersonsMinors(_Closed):
    """No item shows minors, and each grantor says so."""

    clause: Literal["persons.minors"]


Clause = Annotated[
    ConsentShare
    | ConsentDenied
    | ConsentUnrevoked
    | ProvenanceUnknown
    | LicenceIn
    | ValidityRemaining
    | PersonsMinors,
    Field(discriminator="clause"),
]


class Policy(_Closed):
    """A policy; its id is the CID of its canonical bytes."""

    policy: Literal["rakkan-policy/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    valid_days: int = Field(ge=1, le=3650)
    clauses: tuple[Clause, ...] = Field(alias="all", max_length=32, strict=False)

    @cached_property
    def canonical(self) -> bytes:
        """The one form in which the policy has an id."""
        return canonical(self.model_dump(mode="json", by_alias=True))

    @cached_property
    def cid(self) -> Cid:
        """The policy's id; contracts know its 32-byte digest."""
        return Cid.of(self.canonical)


def parse_policy(content: bytes) -> Policy:
    """Read a policy from JSON, canonical or not.

    Raises:
        Invalid: ``policy-clause`` for an unknown clause or field, a wrong value, or a float;
            ``not-json``, ``record-too-large``.
    """
    return _read(parse_strict(content))


@cache
def shipped_policies() -> Mapping[str, Policy]:
    """The policies that come with Rakkan, by name: examples to vote on, none of them a default."""
    folder = files("rakkan.registry.rules") / "policies"
    found = [parse_policy(entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".json")]
    return MappingProxyType({policy.name: policy for policy in sorted(found, key=lambda each: each.name)})


def explain(policy: Policy) -> list[str]:
    """One plain sentence for each clause, in order."""
    return [_sentence(clause) for clause in policy.clauses]


def lint(policy: Policy) -> list[str]:
    """Warnings, in plain words, about what a community may not have meant; empty if there are none."""
    warnings = _lint_whole(policy)
    for clause in policy.clauses:
        warnings += _lint_clause(clause)
    if len(set(policy.clauses)) < len(policy.clauses):
        warnings.append("A clause stands twice.")
    if policy.valid_days > 366:
        warnings.append(f"An approval would stand for {policy.valid_days} days without a second look.")
    return warnings


def _lint_whole(policy: Policy) -> list[str]:
    shares = [clause.min_bp for clause in policy.clauses if isinstance(clause, ConsentShare)]
    kinds = {type(clause) for clause in policy.clauses}
    warnings = []
    if not kinds:
        warnings.append("There are no clauses: nothing can ever be approved under this policy.")
    elif not any(shares):
        warnings.append("No clause asks for consent: this policy approves works that nobody has granted.")
    if shares and min(shares) < FULL and ConsentUnrevoked not in kinds:
        warnings.append(
            "Items whose consent was withdrawn count only as lacking; consent.unrevoked stops them."
        )
    if not shares and kinds & {LicenceIn, ValidityRemaining}:
        warnings.append("Licence and validity are judged on consents, and no consent.share says on which.")
    return warnings


def _lint_clause(clause: _Closed) -> list[str]:
    warnings = []
    if isinstance(clause, ConsentShare) and 0 < clause.min_bp < FULL:
        lacking, use = percent(FULL - clause.min_bp), scope_words(clause.scope)
        warnings.append(f"Up to {lacking} of the items may lack consent for {use}.")
    if isinstance(clause, ConsentShare | ConsentDenied):
        if clause.scope not in _KNOWN_SCOPES:
            warnings.append(f"{clause.scope} is not a scope we know: a consent must name it exactly.")
        if clause.grantee not in (SELF, PUBLIC):
            warnings.append(f"Consent is asked for {clause.grantee} alone, whoever uses the policy.")
    if isinstance(clause, ConsentDenied | ProvenanceUnknown) and clause.max_bp == FULL:
        warnings.append(f"{clause.clause} with {FULL} never fails.")
    return warnings


_CLAUSE_NAME: Final = re.compile(r"^(/all/[0-9]+)/[a-z]+\.[a-z_]+")  # pydantic puts the tag into the path
_KNOWN_SCOPES: Final = frozenset({*CAWG_SCOPES, *OWN_SCOPES})


def _read(value: object) -> Policy:
    try:
        return parse_model(Policy, value)
    except Invalid as error:
        pointer = _CLAUSE_NAME.sub(r"\1", error.pointer)
        raise Invalid(
            f"Not a policy that can be judged: {error.message.replace(error.pointer, pointer)}",
            code="policy-clause",
            pointer=pointer,
            hint="Clauses and fields that are not known are refused, and all numbers are integers.",
        ) from error


def _sentence(clause: _Closed) -> str:
    match clause:
        case ConsentShare(scope=scope, grantee=grantee, min_bp=least):
            items = "All items" if least == FULL else f"At least {percent(least)} of the items"
            return f"{items} are allowed for {scope_words(scope)} by {_who(grantee)}."
        case ConsentDenied(scope=scope, grantee=grantee, max_bp=most):
            return f"{_at_most(most)} are refused for {scope_words(scope)} by {_who(grantee)}."
        case ConsentUnrevoked():
            return "No item has a consent that was withdrawn and not given anew."
        case ProvenanceUnknown(max_bp=most):
            if not most:
                return "Every item has a registered work behind it."
            return f"{_at_most(most)} have no registered work behind them."
        case LicenceIn(licences=licences):
            return f"Each item's consent is under one of these licences: {', '.join(licences)}."
        case ValidityRemaining(days=days):
            return f"Each item's consent stays valid for {days} more days or longer."
        case _:
            return "No item shows minors, and each grantor says so."


def _at_most(basis_points: int) -> str:
    return f"At most {percent(basis_points)} of the items" if basis_points else "None of the items"


def _who(grantee: str) -> str:
    words = {SELF: "the community that asks", PUBLIC: "everybody"}
    return words.get(grantee, grantee)


def percent(basis_points: int) -> str:
    """Basis points for people: 10000 is ``100 %``."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02} %" if rest else f"{whole} %"
