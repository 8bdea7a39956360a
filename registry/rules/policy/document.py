"""Policies: small closed documents that say when a dataset is approved (``rakkan-policy/1``).

It decides which clauses exist, the canonical bytes whose CID a community votes on, and the sentences for
people. Everything unknown is refused here, unlike in records: a clause that a reader passed over would
approve what it was meant to stop. What each clause asks stands in the files beside this one; how answers
about items add up is in ``rakkan.registry.rules.audit``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from rakkan.registry.rules.policy.clause import Clause
from rakkan.registry.rules.policy.consents import (
    ChallengeWindow,
    ConsentDenied,
    ConsentShare,
    ConsentUnrevoked,
    ValidityRemaining,
    WithdrawalModes,
)
from rakkan.registry.rules.policy.grantors import GrantorsDistinct, GrantorShare, SourceDenylist
from rakkan.registry.rules.policy.licences import LicenceIn, LicenceNot, LicenceOutput
from rakkan.registry.rules.policy.objections import DisputeOpen, SimilarUnresolved
from rakkan.registry.rules.policy.persons import PersonsMinors, PersonsReleases
from rakkan.registry.rules.policy.works import (
    ClaimAge,
    GeneratorTrainable,
    ProvenanceUnknown,
    SyntheticShare,
)
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid

_AnyClause = (
    ConsentShare
    | ConsentDenied
    | ConsentUnrevoked
    | WithdrawalModes
    | ValidityRemaining
    | ChallengeWindow
    | LicenceIn
    | LicenceNot
    | LicenceOutput
    | PersonsMinors
    | PersonsReleases
    | ProvenanceUnknown
    | SyntheticShare
    | ClaimAge
    | GeneratorTrainable
    | DisputeOpen
    | SimilarUnresolved
    | GrantorShare
    | GrantorsDistinct
    | SourceDenylist
)

CATALOGUE: Final[tuple[type[Clause], ...]] = get_args(_AnyClause)
"""Every clause that there is, grouped by what it is about."""


class Policy(BaseModel):
    """A policy; its id is the CID of its canonical bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    policy: Literal["rakkan-policy/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    valid_days: int = Field(ge=1, le=3650)
    clauses: tuple[Annotated[_AnyClause, Field(discriminator="clause")], ...] = Field(
        alias="all", max_length=32, strict=False
    )

    @cached_property
    def canonical(self) -> bytes:
        """The one form in which the policy has an id; what is optional and absent is left out."""
        return canonical(self.model_dump(mode="json", by_alias=True, exclude_none=True))

    @cached_property
    def cid(self) -> Cid:
        """The policy's id; contracts know its 32-byte digest."""
        return Cid.of(self.canonical)

    @property
    def sentences(self) -> list[str]:
        """One plain sentence for each clause, in order."""
        return [clause.sentence() for clause in self.clauses]


def parse_policy(content: bytes) -> Policy:
    """Read a policy from JSON, canonical or not.

    Raises:
        Invalid: ``policy-clause`` for an unknown clause or field, a wrong value, or a float;
            ``not-json``, ``record-too-large``.
    """
    value = parse_strict(content)
    try:
        return parse_model(Policy, value)
    except Invalid as error:
        raise _refused(error) from error


@cache
def shipped_policies() -> Mapping[str, Policy]:
    """The policies that come with Rakkan, by name: examples to vote on, none of them a default."""
    folder = files("rakkan.registry.rules.policy") / "shipped"
    found = [parse_policy(entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".json")]
    return MappingProxyType({policy.name: policy for policy in sorted(found, key=lambda each: each.name)})


_CLAUSE_NAME: Final = re.compile(r"^(/all/[0-9]+)/[a-z]+\.[a-z_]+")  # pydantic puts the tag into the path


def _refused(error: Invalid) -> Invalid:
    pointer = _CLAUSE_NAME.sub(r"\1", error.pointer)
    return Invalid(
        f"Not a policy that can be judged: {error.message.replace(error.pointer, pointer)}",
        code="policy-clause",
        pointer=pointer,
        hint="Clauses and fields that are not known are refused, and all numbers are integers.",
    )
