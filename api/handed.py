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


def _decode(text: str, pointer: str) -> bytes:
    if len(text) > MAX_BYTES * 2:
        raise Invalid(f"A record has at most {MAX_BYTES} bytes.", code="record-too-large", pointer=pointer)
    if not _TEXT.fullmatch(text) or len(text.rstrip("=")) % 4 == 1:
        raise Invalid(
            "This is not base64url.", code="base64", hint="Use the alphabet with - and _.", pointer=pointer
        )
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
