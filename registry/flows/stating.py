"""Claims, disputes, rulings and changes of keys: made, signed by this home or a wallet, and kept.

It decides what such a record says besides what is asked. Who must have signed is decided in
``rakkan.registry.rules.duties``, what follows in the other rules. Records that several people sign in
several places (identities, recovery by guardians) are not made here: they are handed in over HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.flows.accept import accept_one
from rakkan.registry.flows.consents import chain_domain
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.rules.eip712 import address_of
from rakkan.registry.rules.proofs import sign_did, sign_wallet
from rakkan.registry.service import Registry
from rakkan.schemas.errors import Refused
from rakkan.schemas.identity import DidKey, DidPkh
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import KINDS, Record, statement_bytes
from rakkan.schemas.statement import Link, Subject, parse_model
from rakkan.schemas.values import Cid


def actor(registry: Registry, wallet: bytes | None = None) -> str:
    """Who states something: the home's ``did:key``, or a wallet.

    Raises:
        Refused: ``domain-unknown``, if a wallet is to sign without a chain.
    """
    if wallet is None:
        return registry.home.keys.artist_did
    return str(DidPkh(chain_domain(registry).chain_id, address_of(wallet)))


def state(
    registry: Registry,
    kind: str,
    subjects: Sequence[Subject],
    said: dict[str, Any],
    *,
    wallet: bytes | None = None,
    also: Sequence[Ed25519PrivateKey] = (),
) -> Record:
    """Make, sign and keep a record; it is public at once, for it is about others.

    Args:
        registry: Whose audience it has.
        kind: Its kind.
        subjects: What it is about.
        said: The predicate but for the audience.
        wallet: Key of the wallet that signs; None signs with the home's ``did:key``.
        also: Keys that sign beside it.

    Raises:
        Invalid: ``shape`` and others of a malformed record. Refused: ``domain-unknown``, ``link-unknown``.
    """
    predicate = parse_model(
        KINDS[f"urn:rakkan:{kind}:1"], {"audience": registry.origin, **said}, pointer="/predicate"
    )
    statement = statement_bytes(kind, subjects, predicate)
    if wallet is None:
        proofs = [sign_did(statement, registry.home.keys.artist)]
    else:
        proofs = [sign_wallet(statement, chain_domain(registry), wallet)]
    record = Record.build(statement, [*proofs, *(sign_did(statement, key) for key in also)])
    accept_one(registry, record, publish=True)
    return record


def claim(registry: Registry, works: Sequence[Subject], basis: str, *, wallet: bytes | None = None) -> Record:
    """Claim works as one's own."""
    said = {
        "claimant": actor(registry, wallet),
        "claimedAt": format_instant(registry.clock.now()),
        "rightsBasis": {"claim": basis, "coauthorsComplete": True},
    }
    return state(registry, "authorship", works, said, wallet=wallet)


def dispute(
    registry: Registry, target: str, ground: str, *, item: str = "", wallet: bytes | None = None
) -> Record:
    """Object to a consent, a claim or a work, named by its CID."""
    subject, link = _about(registry, target)
    said = {
        "accuser": actor(registry, wallet),
        "target": link,
        "ground": ground,
        "openedAt": format_instant(registry.clock.now()),
        **({"item": item} if item else {}),
    }
    return state(registry, "dispute", [subject], said, wallet=wallet)


def rule(
    registry: Registry,
    decision: str,
    target: str,
    *,
    of: str = "",
    item: str = "",
    wallet: bytes | None = None,
) -> Record:
    """Decide about a record, named by its CID, and end the dispute ``of`` that name if there was one."""
    subject, link = _about(registry, target)
    said = {
        "adjudicator": actor(registry, wallet),
        "decision": decision,
        "target": link,
        "decidedAt": format_instant(registry.clock.now()),
        **({"item": item} if item else {}),
        **({"dispute": _about(registry, of)[1]} if of else {}),
    }
    return state(registry, "ruling", [subject], said, wallet=wallet)


def change_key(
    registry: Registry,
    action: str,
    said: dict[str, Any],
    *,
    wallet: bytes | None = None,
    successor: Ed25519PrivateKey | None = None,
) -> Record:
    """State something about one's own key: ``guardians``, ``rotate`` or ``compromised``.

    Args:
        registry: Whose key it is, unless a wallet is named.
        action: What is stated.
        said: Fields of that action.
        wallet: The wallet whose key it is.
        successor: Private key that follows; it signs too.
    """
    mine = actor(registry, wallet)
    digest = actor_digest(mine)
    stated = {"actor": mine, "action": action, "statedAt": format_instant(registry.clock.now()), **said}
    if successor is not None:
        stated["successor"] = str(DidKey(successor.public_key().public_bytes_raw()))
    subject = Subject(name="actor", digest={digest.kind: digest.hex})
    return state(
        registry, "key", [subject], stated, wallet=wallet, also=[] if successor is None else [successor]
    )


def _about(registry: Registry, name: str) -> tuple[Subject, dict[str, str]]:
    """The subject of what is stated about a record, and the link to it."""
    digest = Cid.parse(name).digest
    found = registry.store.records.get([digest]).get(digest)
    if found is None:
        raise Refused(f"No record {name} is known here.", code="record-unknown", hint="Check the CID.")
    subject = Subject(name="record", digest={"record": found.record.record_id.digest.hex()})
    return subject, Link.to(found.record.envelope_cid).to_json()
