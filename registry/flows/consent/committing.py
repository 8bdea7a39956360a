"""First claims: committed on chain before a work is shown, revealed afterwards.

It decides what is put down (a digest of a digest, which tells nothing) and what is kept until it is opened. A
salt that is lost opens nothing; one that is told opens it for its own authority alone. When the chain's word about
it is final is ``revealing``'s; what the date then does is decided in ``rakkan.registry.rules.claims``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from rakkan.registry.flows.claims import stating
from rakkan.registry.keys import AUTHORITY, write_private
from rakkan.registry.ledger.consent_calls import commit_call, committed_at_answer, committed_at_call
from rakkan.registry.rules.commitments import commitment_of
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import RecordSigner, WalletSigner
from rakkan.registry.store.outbox import Transaction
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import Invalid, NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address
from rakkan.schemas.record import Record
from rakkan.schemas.statement import AddressText, DigestText, Hex32, Origin, Subject, Value, parse_model
from rakkan.schemas.values import Digest

SCHEMA: Final = "rakkan.commitment/1"


class Commitment(Value):
    """What is kept of a commitment until it is opened: a secret, for whoever has the salt can open it early.

    Attributes:
        audience: The log in which the claim will stand.
        claim: The digest that is claimed.
        authority: Whose claim it is; only with its signature is it opened.
        salt: 32 random bytes.
        commitment: What is on chain.
        record: The claim that opened it, absent until then.
    """

    schema_: Literal["rakkan.commitment/1"] = Field(alias="schema", default=SCHEMA)
    audience: Origin
    claim: DigestText
    authority: AddressText
    salt: Hex32 = Field(repr=False)
    commitment: Hex32
    record: str | None = None

    @property
    def digest(self) -> Digest:
        """What is claimed."""
        return Digest.parse(self.claim)

    @property
    def name(self) -> str:
        """Natural key of its transaction."""
        return f"commit:{self.commitment}"


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment, and where it stands.

    Attributes:
        commitment: What is kept of it.
        sent: Its transaction here; None if none was wanted here.
        at: When the chain had it first, as of the newest block; None if it has not.
    """

    commitment: Commitment
    sent: Transaction | None
    at: datetime | None


def commit(
    registry: Registry, works: Sequence[Digest], *, signer: RecordSigner | None = None
) -> list[Commitment]:
    """Make commitments to claims on these works, keep them, and want them on chain; again changes nothing.

    Args:
        registry: Whose account sends them, and where they are kept.
        works: What will be claimed: works, or the ``collectionRoot`` of many.
        signer: The wallet whose claim it is; None for the home's authority.

    Raises:
        Unavailable: ``no-chain``; ``home-unwritable``.
        Refused: ``domain-unknown``.
    """
    identity = registry.identity
    if identity is None:
        raise Unavailable(
            "A commitment is put on a chain, and this home has none.",
            code="no-chain",
            hint="Run `rakkan init --chain local`, or name a node with --chain URL.",
        )
    authority = _authority(registry, signer)
    known = {(each.digest, each.authority): each for each in kept(registry)}
    made = []
    for work in works:
        found = known.get((work, str(authority)))
        if found is None:
            salt = secrets.token_bytes(32)
            found = Commitment(
                audience=registry.origin,
                claim=str(work),
                authority=str(authority),
                salt=salt.hex(),
                commitment=commitment_of(authority, work.raw, salt).hex(),
            )
            _write(registry, found)  # before it is sent: a commitment without its salt is lost
        made.append(found)
        registry.store.outbox.plan(found.name, commit_call(identity, bytes.fromhex(found.commitment)))
    return made


def kept(registry: Registry) -> list[Commitment]:
    """The commitments that are kept in this home, opened ones too.

    Raises:
        Invalid: ``commitment-form``, if a file was changed.
    """
    folder = registry.home.commitments
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [read(path) for path in paths]


def read(path: Path) -> Commitment:
    """A commitment from a file.

    Raises:
        NotFound: ``file-missing``. Invalid: ``commitment-form``, ``not-json``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error
    try:
        found = parse_model(Commitment, parse_strict(content))
        expected = commitment_of(Address.parse(found.authority), found.digest.raw, bytes.fromhex(found.salt))
    except Invalid as error:
        raise Invalid(f"{path} is no commitment.", code="commitment-form", pointer=error.pointer) from None
    if expected.hex() != found.commitment:
        raise Invalid(f"{path} does not open the commitment that it names.", code="commitment-form")
    return found


def standing(registry: Registry, commitments: Sequence[Commitment]) -> list[Committed]:
    """Where commitments stand, by the outbox here and by the chain's newest block.

    Raises:
        Unavailable: ``chain-unavailable``, ``no-chain``. Integrity: ``chain-identity``.
    """
    identity = registry.identity
    sent = registry.store.outbox.get([each.name for each in commitments])
    if identity is None:
        return [Committed(each, None, None) for each in commitments]
    return [
        Committed(
            each,
            sent.get(each.name),
            committed_at_answer(
                registry.ledger.call(committed_at_call(identity, bytes.fromhex(each.commitment)))
            ),
        )
        for each in commitments
    ]


def reveal(
    registry: Registry,
    commitment: Commitment,
    basis: str,
    *,
    coauthors: str | None = None,
    signer: RecordSigner | None = None,
) -> Record:
    """Claim what was committed to, and open the commitment: the claim's date is then that of its block.

    Args:
        registry: Where the claim will stand.
        commitment: What was kept.
        basis: Basis of the right.
        coauthors: ``complete`` where all who have a share stand behind it.
        signer: The wallet that committed; None for the home: its ``did:key`` claims, its authority opens.

    Raises:
        Refused: ``audience-foreign``; ``commitment-missing``, if the chain does not have it (yet);
            ``commitment-foreign``, if another authority committed.
        Unavailable: If the chain cannot be asked.
    """
    if commitment.audience != registry.origin:
        raise Refused(
            f"This commitment is for a claim in {commitment.audience}.",
            code="audience-foreign",
            hint="Name the --home in which it was made.",
        )
    if str(_authority(registry, signer)) != str(Address.parse(commitment.authority)):
        raise Refused(
            f"{commitment.authority} committed, and this is another key.",
            code="commitment-foreign",
            hint="Name the wallet that committed with --signer.",
        )
    if standing(registry, [commitment])[0].at is None:
        raise Refused(
            "The chain does not have this commitment yet: opened now it would prove nothing.",
            code="commitment-missing",
            hint="Run `rakkan worker --once`, and reveal it afterwards.",
        )
    digest = commitment.digest
    record = stating.claim(
        registry,
        [Subject(name="work", digest={digest.kind: digest.hex})],
        basis,
        coauthors=coauthors,
        reveal={"authority": commitment.authority, "salt": commitment.salt},
        signer=signer,
        also=() if signer is not None else (WalletSigner(registry.home.keys.wallet(AUTHORITY)),),
    )
    _write(registry, commitment.model_copy(update={"record": str(record.record_id)}))
    return record


def _authority(registry: Registry, signer: RecordSigner | None) -> Address:
    if signer is None:
        return registry.home.keys.address(AUTHORITY)
    if signer.address is None:
        raise Refused(
            "A commitment belongs to an address, and this signer has none.",
            code="domain-unknown",
            hint="Name a wallet, or leave --signer away to commit by the home's authority.",
        )
    signer.actor(registry.domain)
    return signer.address


def _write(registry: Registry, commitment: Commitment) -> None:
    content = json.dumps(commitment.to_json(), indent=2, sort_keys=True).encode() + b"\n"
    write_private(registry.home.commitments, f"{commitment.commitment}.json", content)
