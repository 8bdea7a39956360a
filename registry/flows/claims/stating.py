"""Claims, disputes, rulings and changes of keys: made, signed and kept.

It decides what such a record says besides what is asked. Who must have signed is decided in
``rakkan.registry.rules.duties``, what follows in the other rules. Records that several people sign in
several places (identities, recovery by guardians) go through ``drafts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.schemas.errors import Refused
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import KINDS, Record, statement_bytes
from rakkan.schemas.statement import Link, Subject, parse_model
from rakkan.schemas.values import Cid


def actor(registry: Registry, signer: RecordSigner | None = None) -> str:
    """Who states something: the home's ``did:key``, or the signer.

    Raises:
        Refused: ``domain-unknown``, if a wallet is to sign without a chain.
    """
    return (signer or KeySigner(registry.home.keys.artist)).actor(registry.domain)


def state(
    registry: Registry,
    kind: str,
    subjects: Sequence[Subject],
    said: dict[str, Any],
    *,
    signer: RecordSigner | None = None,
    also: Sequence[RecordSigner] = (),
) -> Record:
    """Make, sign and keep a record; it is public at once, for it is about others.

    Args:
        registry: Whose audience it has.
        kind: Its kind.
        subjects: What it is about.
        said: The predicate but for the audience.
        signer: Who signs; None signs with the home's ``did:key``.
        also: Who signs beside them.

    Raises:
        Invalid: ``shape`` and others of a malformed record. Refused: ``domain-unknown``, ``link-unknown``.
    """
    predicate = parse_model(
        KINDS[f"urn:rakkan:{kind}:1"], {"audience": registry.origin, **said}, pointer="/predicate"
    )
    statement = statement_bytes(kind, subjects, predicate)
    signing = [signer or KeySigner(registry.home.keys.artist), *also]
    record = Record.build(statement, [each.prove(statement, registry.domain) for each in signing])
    accept_one(registry, record, publish=True)
    return record


def claim(
    registry: Registry,
    works: Sequence[Subject],
    basis: str,
    *,
    coauthors: str | None = None,
    reveal: dict[str, str] | None = None,
    signer: RecordSigner | None = None,
    also: Sequence[RecordSigner] = (),
) -> Record:
    """Claim works as one's own.

    Args:
        registry: Where the claim stands.
        works: What is claimed.
        basis: Basis of the right.
        coauthors: ``complete`` where all who have a share stand behind it.
        reveal: The commitment that it opens, with ``authority`` and ``salt``; then the authority signs too.
        signer: The claimant.
        also: Who signs beside them.
    """
    said: dict[str, Any] = {
        "claimant": actor(registry, signer),
        "claimedAt": format_instant(registry.clock.now()),
        "rightsBasis": {"claim": basis, "coauthorsComplete": coauthors == "complete"},
    }
    if reveal is not None:
        said["reveal"] = reveal
    return state(registry, "authorship", works, said, signer=signer, also=also)


def dispute(
    registry: Registry, target: str, ground: str, *, item: str = "", signer: RecordSigner | None = None
) -> Record:
    """Object to a consent, a claim or a work, named by its CID."""
    subject, link = _about(registry, target)
    said = {
        "accuser": actor(registry, signer),
        "target": link,
        "ground": ground,
        "openedAt": format_instant(registry.clock.now()),
        **({"item": item} if item else {}),
    }
    return state(registry, "dispute", [subject], said, signer=signer)


def rule(
    registry: Registry,
    decision: str,
    target: str,
    *,
    of: str = "",
    item: str = "",
    signer: RecordSigner | None = None,
) -> Record:
    """Decide about a record, named by its CID, and end the dispute ``of`` that name if there was one."""
    subject, link = _about(registry, target)
    said = {
        "adjudicator": actor(registry, signer),
        "decision": decision,
        "target": link,
        "decidedAt": format_instant(registry.clock.now()),
        **({"item": item} if item else {}),
        **({"dispute": _about(registry, of)[1]} if of else {}),
    }
    return state(registry, "ruling", [subject], said, signer=signer)


def change_key(
    registry: Registry,
    action: str,
    said: dict[str, Any],
    *,
    signer: RecordSigner | None = None,
    successor: RecordSigner | None = None,
) -> Record:
    """State something about one's own key: ``guardians``, ``rotate`` or ``compromised``.

    Args:
        registry: Whose key it is, unless a signer is named.
        action: What is stated.
        said: Fields of that action.
        signer: Whose key it is.
        successor: Who follows; they sign too.
    """
    mine = actor(registry, signer)
    digest = actor_digest(mine)
    stated = {"actor": mine, "action": action, "statedAt": format_instant(registry.clock.now()), **said}
    if successor is not None:
        stated["successor"] = successor.actor(registry.domain)
    subject = Subject(name="actor", digest={digest.kind: digest.hex})
    return state(
        registry, "key", [subject], stated, signer=signer, also=[] if successor is None else [successor]
    )


def _about(registry: Registry, name: str) -> tuple[Subject, dict[str, str]]:
    """The subject of what is stated about a record, and the link to it."""
    digest = Cid.parse(name).digest
    found = registry.store.records.get([digest]).get(digest)
    if found is None:
        raise Refused(f"No record {name} is known here.", code="record-unknown", hint="Check the CID.")
    subject = Subject(name="record", digest={"record": found.record.record_id.digest.hex()})
    return subject, Link.to(found.record.envelope_cid).to_json()
