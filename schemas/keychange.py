"""Key records: keys that follow others, people who may help to recover one, keys that leaked.

It decides the fields. What follows for records of such a key is decided in
``rakkan.registry.rules.actors``.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rakkan.schemas.instant import InstantText
from rakkan.schemas.statement import DidText, Link, Origin, Value


class KeyChange(Value):
    """A statement about an actor's key (``urn:rakkan:key:1``).

    ``action``, and who must have signed:
        * ``guardians``: the actor names who may recover, ``threshold`` of them together. The actor.
        * ``rotate``: ``successor`` acts from now on. Both.
        * ``recover``: the same without the old key. ``successor``, and ``threshold`` of the guardians
          that ``guardianship`` links.
        * ``compromised``: the key was in other hands ``since`` then. The actor, a successor, or
          ``threshold`` of the guardians that ``guardianship`` links.
    """

    audience: Origin
    actor: DidText
    action: Literal["guardians", "rotate", "recover", "compromised"]
    stated_at: InstantText
    successor: DidText | None = None
    guardians: tuple[DidText, ...] = Field(default=(), max_length=15, strict=False)
    threshold: int | None = Field(default=None, ge=1, le=15)
    guardianship: Link | None = None
    since: InstantText | None = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if (self.action in ("rotate", "recover")) != (self.successor is not None):
            raise ValueError("successor: stands exactly with rotate and recover")
        if self.successor == self.actor:
            raise ValueError("successor: is another key")
        if (self.action == "guardians") != bool(self.guardians and self.threshold):
            raise ValueError("guardians, threshold: stand exactly with guardians")
        if self.threshold is not None and not self.threshold <= len(set(self.guardians)) == len(
            self.guardians
        ):
            raise ValueError("threshold: is at most the number of guardians, each named once")
        if self.action == "recover" and self.guardianship is None:
            raise ValueError("guardianship: stands with recover")
        if (self.action == "compromised") != (self.since is not None):
            raise ValueError("since: stands exactly with compromised")
        return self
