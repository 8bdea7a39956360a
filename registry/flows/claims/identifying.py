"""Identifying somebody: what a site, a domain or an ENS name says is looked at, and drafted as a record.

It decides what has to be published where, and that nothing is stated which was not seen just now. Checker and
actor both sign (``cosigning``); an aggregator's credential is found in
``rakkan.registry.flows.verify.corroboration``; whose checks count is decided in
``rakkan.registry.rules.actors`` and by the community.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rakkan.registry.flows.claims.cosigning import Draft, new_draft
from rakkan.registry.outside import sites, txt
from rakkan.registry.rules.duties import actor_digest
from rakkan.registry.service import Registry
from rakkan.schemas.canonical import canonical, parse_strict
from rakkan.schemas.errors import DomainError, Invalid, Refused
from rakkan.schemas.identity import parse_did
from rakkan.schemas.instant import format_instant
from rakkan.schemas.statement import Subject

SITE: Final = "rakkan.site/1"
PREFIX: Final = "rakkan="
LABEL: Final = "_rakkan"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: by digest, and where.

    Attributes:
        sha256: Of the bytes that named the actor, or that show the rights.
        uri: Where they were; None if nobody else can have them there.
        type: As evidence of a record has it (docs/record-format.md).
    """

    sha256: str
    uri: str | None = None
    type: str = "domain-control"

    @property
    def evidence(self) -> dict[str, str]:
        """The entry of the record."""
        return {"type": self.type, "sha256": self.sha256} | ({"uri": self.uri} if self.uri else {})


@dataclass(frozen=True, slots=True)
class Publication:
    """What somebody publishes so that they can be identified.

    Attributes:
        where: The place.
        what: The text that goes there.
    """

    where: str
    what: str


def publication(method: str, name: str, actor: str) -> Publication | None:
    """What the actor has to publish; None where nothing is (a vouch, a credential, a look at rights)."""
    parse_did(actor)
    match method:
        case "site":
            what = canonical({"schema": SITE, "actors": [actor]}).decode()
            return Publication(f"https://{name}{sites.PATH}", what)
        case "dns":
            return Publication(f"TXT {LABEL}.{name}", PREFIX + actor)
        case "ens":
            from rakkan.registry.ledger.ens import KEY

            return Publication(f"text record {KEY} of {name}", actor)
        case _:
            return None


def look(method: str, name: str, actor: str, *, resolver: str = "", rpc_url: str = "") -> Seen | None:
    """Look whether a name says that this actor is its own; None for what rests on a person's word.

    Args:
        method: ``site``, ``dns``, ``ens``; of another, nothing is looked at here.
        name: The site, domain or ENS name.
        actor: DID.
        resolver: For ``dns``.
        rpc_url: For ``ens``: a node of the chain that has the name.

    Raises:
        Refused: ``identity-other``, if the name names somebody else; ``site-address``.
        Invalid: ``site-name``, ``site-form``, ``dns-name``, ``dns-resolver``, ``ens-name``, ``rpc-url``, ``did-form``.
        NotFound: ``dns-unknown``, ``ens-unknown``.
        Unavailable: ``site-silent``, ``site-answer``, ``dns-silent``, ``dns-answer``, ``ens-answer``,
            ``chain-unavailable``.
    """
    parse_did(actor)
    match method:
        case "site":
            fetched = sites.fetch(name)
            if actor not in _actors(fetched):
                raise _other(fetched.url, actor)
            return Seen(hashlib.sha256(fetched.content).hexdigest(), fetched.url)
        case "dns":
            where = f"{LABEL}.{name}"
            for text in txt.texts_of(where, resolver):
                if text.strip() == PREFIX + actor:
                    return Seen(hashlib.sha256(text.encode()).hexdigest(), f"dns:{where}?type=TXT")
            raise _other(f"the domain at {where}", actor)
        case "ens":
            from rakkan.registry.ledger.ens import KEY, text_of

            text = text_of(rpc_url, name)
            if actor not in text.split():
                raise _other(f"the ENS name {name}", actor)
            return Seen(hashlib.sha256(text.encode()).hexdigest(), f"ens:{name}?text={KEY}")
        case _:
            return None


def identification(
    registry: Registry, method: str, name: str, actor: str, *, checker: str, days: int, seen: Sequence[Seen]
) -> Draft:
    """A draft that says what was seen; checker and actor sign it.

    Raises:
        Invalid: ``shape``.
    """
    now, digest = registry.clock.now(), actor_digest(actor)
    said = {
        "actor": actor,
        "method": method,
        "name": name,
        "checker": checker,
        "checkedAt": format_instant(now),
        "validUntil": format_instant(now + timedelta(days=days)),
        "evidence": [each.evidence for each in seen],
    }
    return new_draft(registry, "identity", [Subject(name="actor", digest={digest.kind: digest.hex})], said)


def _actors(fetched: sites.Fetched) -> list[str]:
    """The actors that a site calls its own."""
    wrong = Invalid(
        f"{fetched.url} is not a file that names actors.",
        code="site-form",
        hint=f'It reads {{"schema":"{SITE}","actors":["did:key:z…"]}}.',
    )
    try:
        value = parse_strict(fetched.content, limit=sites.LIMIT)
    except DomainError as error:
        raise wrong from error
    if (
        not isinstance(value, dict)
        or value.get("schema") != SITE
        or not isinstance(value.get("actors"), list)
    ):
        raise wrong
    return [each for each in value["actors"] if isinstance(each, str)]


def _other(where: str, actor: str) -> Refused:
    return Refused(
        f"{where} does not name {actor}.",
        code="identity-other",
        hint="Publish it there first: --dry-run says what goes where.",
    )
