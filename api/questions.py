"""What is asked about thousands of works: the question, and the digests, as text or as bytes.

It decides what is refused, and where in the request: too many, malformed, of two kinds, twice. What is
answered is ``rakkan.api.query``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from rakkan.api.consents import SCOPES
from rakkan.api.description import SHA256
from rakkan.schemas.consent import PUBLIC, Grantee
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.instant import InstantText
from rakkan.schemas.values import Digest

BYTES: Final = "application/octet-stream"
JSON: Final = "application/json"
TEXT: Final = "text/plain"
WORKS: Final = ("sha256", "c2paClaim", "c2paHardBinding", "autov3", "datasetRoot")
"""Kinds of digests that name works, models and datasets."""


class Question(BaseModel):
    """What is asked of every work; a misspelt parameter is refused, so that it cannot change it unseen."""

    model_config = ConfigDict(extra="forbid")
    scope: str = Field(
        default=SCOPES[0],
        max_length=96,
        description="One scope.",
        examples=["cawg.ai_generative_training"],
    )
    grantee: Grantee = Field(default=PUBLIC, description="Who wants to use them.", examples=[PUBLIC])
    policy: str | None = Field(
        default=None,
        max_length=80,
        description="CID of the policy under which it is asked; grants may be bound to one.",
    )
    as_of: InstantText | None = Field(
        default=None,
        alias="asOf",
        description="When they are used; now unless named, and not later. Answers say what holds of that use by all that is"
        " known today, `then` what was known at that instant.",
    )


class Digests(Question):
    """A question with the works it is about."""

    model_config = ConfigDict(extra="forbid", strict=True)
    digests: list[str] = Field(min_length=1, description="Digests of one kind, each once.")


def parsed(texts: Sequence[str], limit: int) -> list[Digest]:
    """Digests of one kind, each once.

    Raises:
        Invalid: ``batch-too-large``, ``digest-form``, ``digest-kind``, ``digest-kinds``, ``digest-twice``.
    """
    if len(texts) > limit:
        raise _too_many(len(texts), limit)
    digests: dict[Digest, int] = {}
    for place, text in enumerate(texts):
        pointer = f"/digests/{place}"
        try:
            digest = Digest.parse(text)
        except DomainError as error:
            raise Invalid(error.message, code=error.code, hint=error.hint, pointer=pointer) from error
        if digest.kind not in WORKS:
            raise Invalid(
                f"{digest.kind} names no work.",
                code="digest-kind",
                hint=f"Use one of {', '.join(WORKS)}.",
                pointer=pointer,
            )
        if digests and digest.kind != next(iter(digests)).kind:
            raise Invalid(
                "Digests of two kinds were sent.",
                code="digest-kinds",
                hint="Ask about each kind in a request of its own.",
                pointer=pointer,
            )
        if digests.setdefault(digest, place) != place:
            raise _twice(pointer, digests[digest])
    return list(digests)


def unpacked(body: bytes, limit: int) -> list[Digest]:
    """The sha256 digests that stand one after another in a body.

    Raises:
        Invalid: ``digests-bytes``, ``batch-too-large``, ``digest-twice``.
    """
    if not body or len(body) % 32:
        raise Invalid(
            f"{len(body)} bytes are not whole digests.",
            code="digests-bytes",
            hint="Send 32 bytes for each, one after another.",
        )
    if len(body) > limit * 32:
        raise _too_many(len(body) // 32, limit)
    places: dict[bytes, int] = {}
    for place in range(len(body) // 32):
        if (first := places.setdefault(body[place * 32 : place * 32 + 32], place)) != place:
            raise _twice(f"/{place}", first)
    return [Digest("sha256", raw) for raw in places]


def _too_many(count: int, limit: int) -> Invalid:
    return Invalid(
        f"At most {limit} digests are looked up at once, not {count}.",
        code="batch-too-large",
        hint="Send them in several requests.",
        pointer="/digests",
    )


def _twice(pointer: str, first: int) -> Invalid:
    return Invalid(
        f"It was asked about before, at {first}.",
        code="digest-twice",
        hint="Ask about each work once.",
        pointer=pointer,
    )


def bodies() -> dict[str, Any]:
    """``openapi_extra``: what a query is sent as."""
    other = SHA256.replace("9f86", "0000")
    examples = {
        "two works": {"digests": [SHA256, other]},
        "for a community, at an instant": {
            "digests": [SHA256],
            "scope": "org.rakkan.finetune_lora",
            "grantee": "eip155:31337:0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            "asOf": "2026-11-22T12:00:00Z",
        },
    }
    content = {
        JSON: {
            "schema": Digests.model_json_schema(),
            "examples": {name: {"value": value} for name, value in examples.items()},
        },
        BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}},
        TEXT: {"schema": {"type": "string"}},
    }
    return {"requestBody": {"required": True, "content": content}}
