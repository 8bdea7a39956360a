"""Records that several people sign in several places: passed round as a file, handed in when all have signed.

It decides what such a file holds, that it is about keys or identities, and that whoever signs it is shown what it
says: nobody is to sign a consent that they take for something else. A draft is nobody's word until
it is handed in; who must have signed is decided in ``rakkan.registry.rules.duties``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field

from rakkan.registry.flows.accept import accept_one, linked_records
from rakkan.registry.rules.duties import check_signed
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.proofs import audience_of
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import RecordSigner
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.errors import Conflict, Invalid, Refused
from rakkan.schemas.identification import Identification
from rakkan.schemas.identity import Address
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.record import KINDS, Record, statement_bytes
from rakkan.schemas.statement import AddressText, Proof, Statement, Subject, Value, parse_model

DRAFT_LIMIT: Final = 128 * 1024
"""Bytes that a draft may have."""


class DraftDomain(Value):
    """The chain and contract that wallets sign a draft for."""

    chain_id: int = Field(ge=1)
    contract: AddressText


class Draft(Value):
    """A statement with the proofs that it has so far (``rakkan.draft/1``).

    Attributes:
        statement: As it will be signed.
        proofs: Who has signed.
        domain: What wallets sign it for; absent where the registry has no chain.
    """

    schema_: Literal["rakkan.draft/1"] = Field(alias="schema", default="rakkan.draft/1")
    statement: dict[str, Any]
    proofs: tuple[Proof, ...] = Field(default=(), max_length=16, strict=False)
    domain: DraftDomain | None = None

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return canonical(self.statement)

    @property
    def predicate(self) -> Value:
        """What it says.

        Raises:
            Invalid: ``kind-unknown``, ``shape``.
        """
        statement = parse_model(Statement, self.statement, pointer="/statement")
        model = KINDS.get(statement.predicate_type)
        if model is None:
            raise Invalid(f"{statement.predicate_type[:80]} is not a kind of record.", code="kind-unknown")
        return parse_model(model, statement.predicate, pointer="/statement/predicate")

    @property
    def signers(self) -> tuple[str, ...]:
        """Who has signed."""
        return tuple(proof.signer for proof in self.proofs)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a draft.

    Attributes:
        draft: With all proofs.
        record: The record, if it was complete and is accepted.
        lacking: JSON pointer of the one whose signature is missing, if it was not.
    """

    draft: Draft
    record: Record | None
    lacking: str = ""


def new_draft(registry: Registry, kind: str, subjects: Sequence[Subject], said: dict[str, Any]) -> Draft:
    """A draft that nobody has signed, for this registry.

    Raises:
        Invalid: ``shape`` and others of a malformed record.
    """
    predicate = parse_model(
        KINDS[f"urn:rakkan:{kind}:1"], {"audience": registry.origin, **said}, pointer="/predicate"
    )
    value = parse_strict(statement_bytes(kind, subjects, predicate))
    domain = registry.domain
    where = DraftDomain(chain_id=domain.chain_id, contract=str(domain.contract)) if domain else None
    return Draft(statement=value, domain=where)


def read_draft(content: bytes) -> Draft:
    """A draft from a file; of unknown fields nothing is kept.

    Raises:
        Invalid: ``draft-form``, with the pointer of the field at fault.
    """
    try:
        draft = parse_model(Draft, parse_strict(content, limit=DRAFT_LIMIT))
        said = draft.predicate
        canonical(draft.statement)
    except Invalid as error:
        raise Invalid(
            f"This is not a draft of a record: {error.message}",
            code="draft-form",
            hint="Use the file as `rakkan` wrote it.",
            pointer=error.pointer,
        ) from error
    if not isinstance(said, KeyChange | Identification):
        raise Invalid(
            "Only records about keys and identities are passed round to be signed.",
            code="draft-form",
            hint="Sign other records where they are made.",
            pointer="/statement/predicateType",
        )
    return draft


def sign_draft(draft: Draft, signer: RecordSigner) -> Draft:
    """The same with one proof more, in place of an earlier one by the same actor.

    Raises:
        Refused: ``domain-unknown``; as signers do.
    """
    where = draft.domain
    domain = Domain(where.chain_id, Address.parse(where.contract)) if where is not None else None
    proof = signer.prove(draft.signed, domain)
    others = tuple(each for each in draft.proofs if each.signer != proof.signer)
    return draft.model_copy(update={"proofs": (*others, proof)})


def join_drafts(drafts: Sequence[Draft]) -> Draft:
    """One draft with the proofs of all: each person may have signed a copy of their own.

    Raises:
        Conflict: ``draft-other``, if they are not copies of one statement.
    """
    first, proofs = drafts[0], dict[str, Proof]()
    for each in drafts:
        if each.signed != first.signed:
            raise Conflict(
                "These are drafts of different records.",
                code="draft-other",
                hint="Hand in copies of one draft.",
            )
        proofs |= {proof.signer: proof for proof in each.proofs}
    return first.model_copy(update={"proofs": tuple(proofs.values())})


def hand_in(registry: Registry, draft: Draft) -> Handed:
    """Accept a draft that all have signed who must; public at once. One that lacks somebody is not an error.

    Raises:
        Refused: ``audience-foreign``, ``link-unknown``, ``proof-invalid``, ``domain-unknown``.
        Invalid: As :func:`rakkan.registry.flows.accept.accept_one`.
    """
    audience = audience_of(draft.predicate)
    if audience != registry.origin:
        raise Refused(
            f"This record was made for {audience}, not for {registry.origin}.",
            code="audience-foreign",
            hint="Hand it in at its own registry: --home, or POST /v1/records.",
            pointer="/predicate/audience",
        )
    if not draft.proofs:
        return Handed(draft, None, "/proofs")
    record = Record.build(draft.signed, draft.proofs)
    try:
        check_signed(record.predicate, draft.signers, linked_records(registry, [record]))
    except Refused as error:
        if error.code != "proof-missing":
            raise
        return Handed(draft, None, error.pointer)
    accept_one(registry, record, publish=True)
    return Handed(draft, record)


def words_of(draft: Draft) -> list[str]:
    """What it says, one fact a line, for whoever is to sign it."""
    said, lines = draft.predicate, [f"A record for the registry {audience_of(draft.predicate)}:"]
    match said:
        case KeyChange(action="recover"):
            lines += [
                f"The key {said.actor} is lost, and is followed by {said.successor}.",
                "Who signs as a guardian says that both are the same person.",
            ]
        case KeyChange(action="compromised"):
            lines += [
                f"The key {said.actor} is in other hands since {said.since}.",
                "Nothing that it said since then counts.",
            ]
        case KeyChange(action="rotate"):
            lines.append(f"The key {said.actor} states nothing new from now on: {said.successor} follows it.")
        case KeyChange():
            lines.append(
                f"{said.threshold} of these together may say that another key follows {said.actor}, or that it is "
                f"lost: {', '.join(said.guardians)}."
            )
        case Identification(method="vouch"):
            lines += [
                f"{said.checker} vouches for {said.actor}, known to them as {said.name},",
                f"until {said.valid_until}.",
            ]
        case Identification():
            lines += [
                f"{said.actor} controls {said.name} ({said.method}), as {said.checker} has checked,",
                f"until {said.valid_until}. Both sign.",
            ]
        case _:
            pass  # read_draft lets no other kind in
    lines.append(f"Signed so far by: {', '.join(draft.signers) or 'nobody'}.")
    return lines
