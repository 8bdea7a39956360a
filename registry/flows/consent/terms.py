"""Terms: what a grantor wants to say, before it is about any work.

It decides the presets and what may be said. Nothing grants unless it is chosen, and nobody is spoken for:
who is shown, whether minors are, and whether every co-author agrees is unknown until the grantor says it.
The form of files is decided in ``termsfile``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rakkan.registry.flows.consent.termsfile import TermsFile, check_terms, read_terms
from rakkan.schemas.consent import CAWG_SCOPES
from rakkan.schemas.errors import NotFound

_FREE: Final[dict[str, Any]] = {
    "terms": {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": True},
    "mode": "prospective",
    "days": 730,
}
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "community-lora": {
        "kind": "grant",
        "scopes": {
            **dict.fromkeys(CAWG_SCOPES, "notAllowed"),
            "cawg.ai_generative_training": "constrained",
            "org.rakkan.finetune_lora": "allowed",
            "org.rakkan.style_imitation": "notAllowed",
        },
        **_FREE,
    },
    "open-training": {"kind": "grant", "scopes": dict.fromkeys(CAWG_SCOPES, "allowed"), **_FREE},
    "reserve": {
        "kind": "reservation",
        "scopes": dict.fromkeys(CAWG_SCOPES, "notAllowed"),
        "mode": "prospective",
        "days": 3650,
    },
}
"""Terms by name. ``reserve`` says "do not use"; nothing grants unless it is chosen."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What nobody but the grantor can say, in the words of :class:`Terms`; None where it is not said."""

    depicted: str | None = None
    minors: str | None = None
    coauthors: str | None = None


UNANSWERED: Final = Answers()
"""Nothing of it is said."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grantor wants to say, before it is about anything.

    Attributes:
        kind: Kind of consent.
        scopes: Scope name to ``allowed | notAllowed | constrained``.
        licence: Licence terms, or None.
        mode: What withdrawal means for what was trained before.
        mode_days: Days that ``sunset`` and ``retrain-within`` leave.
        days: How long it is valid.
        grantee: Who may use it; ``public`` unless named.
        claim: Basis of the right.
        capacity: As what the grantor says they act.
        depicted: Who is shown: ``none | grantor | others | unknown``; None if nobody said it.
        minors: Whether minors are: ``none | yes | unknown``; None if nobody said it.
        coauthors: Whether all who have a share agree: ``complete | missing | unknown``; None if nobody
            said it. Only ``complete`` lets a grant stand without a co-author's consent.
        share_bp: The grantor's own share in basis points, None for all of it.
        evidence: What speaks for the claim, as JSON.
        releases: CIDs of the likeness consents of those who are shown.
        mandate, joins, supersedes: CIDs of other consents, or nothing.
        private: Name to text of what only salted commitments will stand for.
        more: Further fields of the consent, as JSON: its collection, bounds, where it holds.
    """

    kind: str
    scopes: Mapping[str, str]
    licence: Mapping[str, Any] | None
    mode: str
    mode_days: int | None
    days: int
    grantee: tuple[str, ...]
    claim: str
    capacity: str = "author"
    depicted: str | None = None
    minors: str | None = None
    coauthors: str | None = None
    share_bp: int | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()
    releases: tuple[str, ...] = ()
    mandate: str = ""
    joins: str = ""
    supersedes: str = ""
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def cawg(self) -> dict[str, str]:
        """The four CAWG keys, all explicit; what is not allowed by name is ``notAllowed``."""
        return {name: self.scopes.get(name, "notAllowed") for name in CAWG_SCOPES}

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Which of ``depicted``, ``minors`` and ``coauthors`` nobody answered; those of a no do not matter."""
        if self.kind in ("reservation", "mandate"):
            return ()
        return tuple(name for name in ("depicted", "minors", "coauthors") if getattr(self, name) is None)

    def answering(
        self, *, depicted: str | None = None, minors: str | None = None, coauthors: str | None = None
    ) -> Terms:
        """The same with what the grantor answered; None leaves an answer as it is."""
        return replace(
            self,
            depicted=self.depicted if depicted is None else str(depicted),
            minors=self.minors if minors is None else str(minors),
            coauthors=self.coauthors if coauthors is None else str(coauthors),
        )


def load_terms(name: str, grantee: Sequence[str] = ()) -> Terms:
    """Terms by preset name, or from a TOML or JSON file with the same keys.

    Raises:
        Invalid: ``terms``, ``terms-blank``, ``terms-scope``, each with the pointer of the field at fault.
        NotFound: ``terms-missing``.
    """
    path = Path(name)
    if name in PRESETS:
        read = check_terms(PRESETS[name], name)
    elif path.is_file():
        read = read_terms(path)
    else:
        raise NotFound(
            f"{name!r} is neither a file nor one of the terms {', '.join(PRESETS)}.",
            code="terms-missing",
            hint="`rakkan consent template > terms.toml` begins a file.",
        )
    return _terms(read, grantee)


def _terms(read: TermsFile, grantee: Sequence[str]) -> Terms:
    more: dict[str, Any] = {}
    if read.bounds is not None:
        policy = {"policy": {"/": read.bounds.policy}} if read.bounds.policy is not None else {}
        more["bounds"] = policy | ({"runs": read.bounds.runs} if read.bounds.runs is not None else {})
    if read.jurisdiction is not None:
        more["jurisdiction"] = read.jurisdiction.to_json()
    if read.train_by is not None:
        more["trainBy"] = read.train_by
    return Terms(
        kind=read.kind,
        scopes=read.scopes,
        licence=read.terms.to_json() if read.terms is not None else None,
        mode=read.mode,
        mode_days=read.mode_days,
        days=read.days,
        grantee=tuple(grantee) or read.grantee,
        claim=read.claim,
        capacity=read.capacity,
        depicted=read.persons.depicted,
        minors=read.persons.minors,
        coauthors=read.coauthors,
        share_bp=read.share_bp,
        evidence=tuple(each.to_json() for each in read.evidence),
        releases=read.persons.releases,
        mandate=read.mandate or "",
        joins=read.joins or "",
        supersedes=read.supersedes or "",
        private=read.private,
        more=more,
    )
