"""Corroboration: whether a picture's own identity credentials name those who speak in records about it.

It decides when an actor of a record and an actor that a credential names can be compared, and which
sentence follows: that both name one wallet makes a claim likelier, that they name two says that somebody
should look, and neither grants, denies or changes a state. It leaves out whether the credential holds
(``rakkan.manifests.attribution``) and what the records are worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from rakkan.manifests.identity import AGGREGATION
from rakkan.manifests.image import read_image
from rakkan.manifests.naming import IdentityCredential
from rakkan.registry.flows.verify.reading import trust_of
from rakkan.registry.rules.facts import ConsentFact
from rakkan.schemas.errors import Invalid, NotFound, Refused
from rakkan.schemas.identity import Address, DidKey, DidPkh, parse_did
from rakkan.schemas.instant import format_instant
from rakkan.schemas.verdict import Outcome

if TYPE_CHECKING:
    from rakkan.registry.service import Registry

Part = Literal["creator", "grantor"]

MAX_ACTORS: Final = 64
_WORDS: Final[dict[Part, str]] = {"creator": "registered it", "grantor": "spoke about its use"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who signed a record about the picture.

    Attributes:
        part: What they are in it.
        did: Who.
    """

    part: Part
    did: str


@dataclass(frozen=True, slots=True)
class Named:
    """What a credential says of one actor of the records.

    Attributes:
        actor: Who signed the record.
        agrees: The credential names the same wallet or key; False if it names another one.
    """

    actor: Actor
    agrees: bool


@dataclass(frozen=True, slots=True)
class Corroboration:
    """One identity credential, beside the records.

    Attributes:
        credential: As the picture's manifest has it.
        named: The actors that it can be compared with; empty if it names nobody in a form like theirs.
    """

    credential: IdentityCredential
    named: tuple[Named, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What follows, for people: one sentence for each actor."""
        known = self.credential.outcome is Outcome.PASS
        who = "A credential in the file" if known else "A credential in the file by nobody recognised here"
        return tuple(
            f"{who} names {_same(each)} {_WORDS[each.actor.part]}{_moral(known=known, agrees=each.agrees)}"
            for each in self.named
        )

    def to_json(self) -> dict[str, Any]:
        """The entry under ``identities`` of a verification (docs/http.md)."""
        credential = self.credential
        return {
            "label": credential.label,
            "type": credential.kind,
            "outcome": credential.outcome.value,
            "code": credential.code,
            "detail": credential.detail,
            "sha256": credential.digest.hex(),
            "issuer": credential.issuer,
            "subject": credential.subject,
            "roles": list(credential.roles),
            "covers": list(credential.covers),
            "names": [
                {
                    "type": each.type,
                    "name": each.name,
                    "username": each.username,
                    "address": each.address,
                    "uri": each.uri,
                    "provider": each.provider,
                    "verifiedAt": format_instant(each.verified_at),
                }
                for each in credential.identities
            ],
            "actors": [
                {"part": each.actor.part, "did": each.actor.did, "agrees": each.agrees} for each in self.named
            ],
            "said": list(self.sentences),
        }


def corroborate(
    credentials: Iterable[IdentityCredential], actors: Iterable[Actor]
) -> tuple[Corroboration, ...]:
    """Hold each credential beside the actors of the records, each of whom is asked about once.

    Args:
        credentials: Of the picture at hand.
        actors: Who signed records about it, by proofs that hold.
    """
    asked = list(dict.fromkeys(actors))[:MAX_ACTORS]
    return tuple(
        Corroboration(
            each,
            tuple(
                Named(actor, agrees)
                for actor in asked
                if (agrees := _agrees(each.actors, actor.did)) is not None
            ),
        )
        for each in credentials
    )


def of_file(
    registry: Registry, path: Path, relied: Iterable[ConsentFact], identities: Sequence[Path] = ()
) -> tuple[Corroboration, ...]:
    """The credentials of a picture beside those whose consents decide about it.

    Args:
        registry: The home.
        path: The picture.
        relied: The consents; their proofs were checked when they were accepted.
        identities: Whom to believe about names, instead of the home's lists.

    Raises:
        UnreadableImage: If the file is not one whole image.
        NotFound, Invalid: As :func:`rakkan.registry.flows.verify.reading.trust_of`.
    """
    report = trust_of(registry, identities=identities).read(read_image(path))
    return corroborate(report.credentials, (Actor("grantor", fact.consent.grantor.id) for fact in relied))


def credential_naming(
    registry: Registry, path: Path, actor: str, identities: Sequence[Path] = ()
) -> IdentityCredential:
    """The credential in a picture by which an aggregator, believed about names, identifies this actor.

    Args:
        registry: The home.
        path: A picture whose own manifest holds.
        actor: DID.
        identities: Whom to believe about names, instead of the home's lists.

    Raises:
        UnreadableImage: If the file is not one whole image.
        NotFound: ``credential-none``; as :func:`rakkan.registry.flows.verify.reading.trust_of`.
        Refused: ``credential-open``, if it does not hold, or nobody here believes who gave it;
            ``identity-other``, if it names somebody else.
        Invalid: As :func:`rakkan.registry.flows.verify.reading.trust_of`.
    """
    report = trust_of(registry, identities=identities).read(read_image(path))
    found = [each for each in report.credentials if each.kind == AGGREGATION]
    if report.state not in ("trusted", "intact") or not found:
        raise NotFound(
            f"{path.name} carries no aggregator's credential that is about this very file.",
            code="credential-none",
            hint="`rakkan verify` says what is in it.",
        )
    held = [each for each in found if each.outcome is Outcome.PASS]
    if not held:
        raise Refused(
            f"{path.name}: {found[0].detail}",
            code="credential-open",
            hint="Name the aggregator whom you believe with --identity-trust FILE.",
        )
    for each in held:
        if _agrees(each.actors, actor):
            return each
    raise Refused(
        f"{path.name}: the credential does not name {actor}.",
        code="identity-other",
        hint="Name with --actor whom it is about.",
    )


def _agrees(named: Sequence[DidKey | DidPkh | Address], did: str) -> bool | None:
    """Whether the actor is among the named; None if none of them is of its kind.

    A wallet is compared by its address: aggregators write no chain, and one key has one address on all.
    """
    try:
        actor = parse_did(did)
    except Invalid:
        return None
    if isinstance(actor, DidPkh):
        wallets = {each.address if isinstance(each, DidPkh) else each for each in named}
        wallets = {each for each in wallets if isinstance(each, Address)}
        return actor.address in wallets if wallets else None
    keys = {each for each in named if isinstance(each, DidKey)}
    return actor in keys if keys else None


def _same(named: Named) -> str:
    thing = "wallet" if named.actor.did.startswith("did:pkh:") else "key"
    return f"the same {thing} that" if named.agrees else f"another {thing} than the one that"


def _moral(*, known: bool, agrees: bool) -> str:
    if agrees:
        return "." if known else ", which adds nothing."
    return ": look before you rely on it." if known else "."
