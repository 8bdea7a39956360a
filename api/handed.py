"""Records as they are handed in: exact bytes, or plain JSON that is brought into its only form.

It decides the two shapes of a request that carries a record. Exact bytes are base64url of what was
signed; of plain JSON, the canonical bytes are what must have been signed. Whether the proofs hold is
for ``rakkan.registry.flows.accept``.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from rakkan.schemas.canonical import MAX_BYTES, canonical
from rakkan.schemas.errors import Invalid
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Envelope, Link, parse_model
from rakkan.schemas.values import Cid

_BLOCK_BYTES: Final = 1 << 20
_BLOCKS: Final = "Raw blocks that /predicate/collection/members links, base64url, in any order."
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}")


class ExactRecord(BaseModel):
    """A record byte for byte."""

    model_config = ConfigDict(strict=True, extra="forbid")
    statement: str = Field(description="The canonical statement bytes, base64url.")
    envelope: str = Field(description="The canonical envelope bytes, base64url.")


class PlainRecord(BaseModel):
    """A record as JSON; its canonical bytes are what the proofs are over."""

    model_config = ConfigDict(strict=True, extra="forbid")
    statement: dict[str, Any] = Field(description="The statement.")
    proofs: list[dict[str, Any]] = Field(min_length=1, max_length=16, description="The proofs over it.")


class ExactConsent(ExactRecord):
    """A record byte for byte, with the list of its works if it is about a collection."""

    blocks: list[str] = Field(default=[], max_length=64, description=_BLOCKS)


class PlainConsent(PlainRecord):
    """A record as JSON, with the list of its works if it is about a collection."""

    blocks: list[str] = Field(default=[], max_length=64, description=_BLOCKS)


def read_blocks(value: object) -> tuple[object, list[bytes]]:
    """The body without its ``blocks``, and what they hold.

    Raises:
        Invalid: ``shape``, ``base64``.
    """
    if not isinstance(value, dict) or "blocks" not in value:
        return value, []
    rest = {name: each for name, each in value.items() if name != "blocks"}
    texts = parse_model(_Blocks, {"blocks": value["blocks"]}).blocks
    return rest, [_decode(text, f"/blocks/{place}", _BLOCK_BYTES) for place, text in enumerate(texts)]


def read_record(value: object, kinds: tuple[str, ...]) -> Record:
    """The record in a request body.

    Args:
        value: The parsed body.
        kinds: Which kinds of record are taken here.

    Raises:
        Invalid: ``shape``, ``base64``, ``not-canonical``, ``envelope-mismatch``, ``kind-unknown``,
            ``kind-misplaced``, ``record-too-large``.
    """
    if isinstance(value, dict) and isinstance(value.get("statement"), str):
        exact = parse_model(ExactRecord, value)
        record = Record.parse(_decode(exact.statement, "/statement"), _decode(exact.envelope, "/envelope"))
    else:
        plain = parse_model(PlainRecord, value)
        statement = canonical(plain.statement)
        links = {"statement": Link.to(Cid.of(statement)).to_json(), "proofs": plain.proofs}
        record = Record.parse(statement, canonical(parse_model(Envelope, links).to_json()))
    if record.kind not in kinds:
        raise Invalid(
            f"A {record.kind} record is not taken at this address.",
            code="kind-misplaced",
            hint=f"It takes: {', '.join(kinds)}.",
            pointer="/statement/predicateType",
        )
    return record


class _Blocks(BaseModel):
    model_config = ConfigDict(strict=True)
    blocks: list[str] = Field(max_length=64)


def _decode(text: str, pointer: str, limit: int = MAX_BYTES) -> bytes:
    if len(text) > limit * 2:
        raise Invalid(f"It has at most {limit} bytes.", code="record-too-large", pointer=pointer)
    if not _TEXT.fullmatch(text) or len(text.rstrip("=")) % 4 == 1:
        raise Invalid(
            "This is not base64url.", code="base64", hint="Use the alphabet with - and _.", pointer=pointer
        )
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
