"""Identity records: what somebody checked about an actor, and when.

It decides the fields and the levels. Whose checks count is the community's to say
(``rakkan.registry.rules.actors``).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from pydantic import Field

from rakkan.schemas.consent import Evidence
from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import DidText, Origin, Value


class Assurance(IntEnum):
    """How well an actor is known (words for people: ``rakkan.api.wording``)."""

    UNIDENTIFIED = 0
    CONTROLS_SITE = 1
    IDENTITY_CHECKED = 2
    RIGHTS_SHOWN = 3


METHODS: Final = {
    "site": Assurance.CONTROLS_SITE,
    "dns": Assurance.CONTROLS_SITE,
    "ens": Assurance.CONTROLS_SITE,
    "vouch": Assurance.CONTROLS_SITE,
    "aggregator": Assurance.IDENTITY_CHECKED,
    "steward": Assurance.RIGHTS_SHOWN,
}
"""The highest level that each method can show."""


class Identification(Value):
    """A checked link between an actor and a name (``urn:rakkan:identity:1``), stated by the checker.

    Attributes:
        actor: Who was identified; the record carries a proof by the actor too, for who is named without
            having agreed is not identified.
        method: How: a file at a site, a DNS record, an ENS text record, an aggregator's credential, a
            vouch by somebody who is identified, or a steward's look at the rights.
        name: The site, domain, ENS name, or the credential's subject.
        checker: Who checked; for a vouch, who vouches.
        checked_at: When.
        valid_until: Until when it counts.
        evidence: What was seen, by digest.
    """

    audience: Origin
    actor: DidText
    method: Literal["site", "dns", "ens", "vouch", "aggregator", "steward"]
    name: str = Field(min_length=1, max_length=253)
    checker: DidText
    checked_at: InstantText
    valid_until: InstantText
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=16, strict=False)
