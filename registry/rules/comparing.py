"""Two consents side by side: what changed from one to the other, and whether more may be done or less.

It decides which fields a person would need to hear of and the direction of each: ``wider`` where more people may do
more, for longer or for less; ``narrower`` the other way round; ``other`` where neither can be said. A field that
one of them does not have (terms are about no works yet) is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC, Consent
from rakkan.schemas.instant import parse_instant

WIDER, NARROWER, OTHER = "wider", "narrower", "other"
NOT_STATED: Final = "not stated"

# From the strictest to the kindest. Silence is no grant, but it is not a no either.
_USES: Final = ("notAllowed", "constrained", NOT_STATED, "allowed")
_MODES: Final = ("retrain-within", "sunset", "prospective", "irrevocable")
_KINDS: Final = ("reservation", "grant")
_CREDIT: Final = ("link", "name", "none")
_PRICES: Final = ("asked", "free", NOT_STATED)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a consent, or terms for one, say; None where nothing of the sort is there to be said.

    Attributes:
        kind: Kind of consent.
        scopes: Scope to use.
        grantee: Who may use it.
        days: For how many days it is valid.
        until: Until when, where that is fixed.
        withdrawal: ``(mode, days)``.
        licence: The licence terms, as JSON.
        train_by: New training must begin before it.
        policy: The policy that it is bound to.
        runs: How many runs may rely on it.
        works: What it is about.
        plain: Other fields by name, in words: no direction can be told.
    """

    kind: str
    scopes: Mapping[str, str]
    grantee: frozenset[str]
    days: int
    until: str | None = None
    withdrawal: tuple[str, int | None] = ("prospective", None)
    licence: Mapping[str, Any] | None = None
    train_by: str | None = None
    policy: str | None = None
    runs: int | None = None
    works: frozenset[str] | None = None
    plain: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs.

    Attributes:
        field: Its name, as JSON pointers name it.
        before, after: In words; empty where it is not there.
        direction: ``wider``, ``narrower`` or ``other``.
    """

    field: str
    before: str
    after: str
    direction: str


def stated(consent: Consent, works: frozenset[str]) -> Stated:
    """What a consent says, about these works."""
    bounds, persons, rights = consent.bounds, consent.persons, consent.rights_basis
    days = parse_instant(consent.valid_until) - parse_instant(consent.valid_from)
    plain = {
        "grantor": f"{consent.grantor.id}, as {consent.grantor.capacity}",
        "withdrawal/authority": consent.withdrawal.authority,
        "jurisdiction": str(consent.jurisdiction.to_json()) if consent.jurisdiction else "",
        "mandate": consent.mandate.target if consent.mandate else "",
        "joins": consent.joins.target if consent.joins else "",
        "sealed": ", ".join(each.name for each in consent.sealed.commitments) if consent.sealed else "",
    }
    return Stated(
        kind=consent.kind,
        scopes={scope.name: scope.use.value for scope in consent.scopes},
        grantee=frozenset(consent.grantee),
        days=days.days,
        until=consent.valid_until,
        withdrawal=(consent.withdrawal.mode.value, consent.withdrawal.days),
        licence=consent.terms.to_json() if consent.terms else None,
        train_by=consent.train_by,
        policy=bounds.policy.target if bounds is not None and bounds.policy is not None else None,
        runs=bounds.runs if bounds is not None else None,
        works=works,
        plain=plain
        | basis(rights.claim, rights.share_bp, complete=rights.coauthors_complete)
        | shown(persons.depicted, persons.minors, [link.target for link in persons.releases]),
    )


def basis(claim: str, share_bp: int | None, *, complete: bool) -> dict[str, str]:
    """The basis of the right, in words."""
    return {
        "rightsBasis/claim": claim,
        "rightsBasis/coauthorsComplete": "all co-authors agree" if complete else "co-authors may be missing",
        "rightsBasis/shareBp": "all of it" if share_bp is None else f"{share_bp} of 10000",
    }


def shown(depicted: str, minors: str, releases: list[str]) -> dict[str, str]:
    """Who is shown, in words."""
    return {"persons/depicted": depicted, "persons/minors": minors, "persons/releases": ", ".join(releases)}


def compare(before: Stated, after: Stated) -> list[Change]:
    """Every field that differs, the weightiest first."""
    return [each for each in _changes(before, after) if each.before != each.after]


def direction(changes: list[Change]) -> str:
    """All of them in one word: ``same``, ``wider``, ``narrower``, ``mixed`` or ``other``."""
    found = {each.direction for each in changes}
    if {WIDER, NARROWER} <= found:
        return "mixed"
    return next((each for each in (WIDER, NARROWER, OTHER) if each in found), "same")


def _changes(before: Stated, after: Stated) -> Iterator[Change]:
    yield Change("kind", before.kind, after.kind, _by(_KINDS, before.kind, after.kind))
    for name in dict.fromkeys((*CAWG_SCOPES, *OWN_SCOPES, *before.scopes, *after.scopes)):
        old, new = _use(before, name), _use(after, name)
        yield Change(f"scopes/{name}", old, new, _by(_USES, old, new))
    yield Change("grantee", _list(before.grantee), _list(after.grantee), _who(before.grantee, after.grantee))
    if before.works is not None and after.works is not None:
        yield from _works(before.works, after.works)
    yield from _time(before, after)
    old_mode, new_mode = before.withdrawal, after.withdrawal
    yield Change("withdrawal/mode", old_mode[0], new_mode[0], _by(_MODES, old_mode[0], new_mode[0]))
    yield Change("withdrawal/days", *_numbers(old_mode[1], new_mode[1], most=False))
    yield from _licence(before.licence or {}, after.licence or {})
    yield Change("bounds/policy", *_bound(before.policy, after.policy))
    yield Change("bounds/runs", *_numbers(before.runs, after.runs, most=True))
    for name in dict.fromkeys((*before.plain, *after.plain)):
        if name in before.plain and name in after.plain:
            yield Change(name, before.plain[name], after.plain[name], OTHER)


def _use(said: Stated, scope: str) -> str:
    """What is said of a scope by name, else of the broader one; a reservation grants nothing."""
    use = said.scopes.get(scope) or said.scopes.get(OWN_SCOPES.get(scope, ""), NOT_STATED)
    return NOT_STATED if said.kind == "reservation" and use == "allowed" else use


def _who(before: frozenset[str], after: frozenset[str]) -> str:
    if PUBLIC in after or before < after:
        return WIDER
    return NARROWER if PUBLIC in before or after < before else OTHER


def _works(before: frozenset[str], after: frozenset[str]) -> Iterator[Change]:
    gone, come = len(before - after), len(after - before)
    told = (
        f"{len(after)} works, {come} of them new, {gone} no longer"
        if gone or come
        else f"{len(before)} works"
    )
    way = OTHER if gone and come else WIDER if come else NARROWER
    yield Change("subject", f"{len(before)} works", told, way)


def _time(before: Stated, after: Stated) -> Iterator[Change]:
    if before.until is not None and after.until is not None:
        way = WIDER if before.until < after.until else NARROWER
        yield Change("validUntil", before.until, after.until, way)
    else:
        way = WIDER if before.days < after.days else NARROWER
        yield Change("days", str(before.days), str(after.days), way)
    old, new = before.train_by or "", after.train_by or ""
    later = not new or (bool(old) and old < new)
    yield Change("trainBy", old, new, WIDER if later else NARROWER)


def _licence(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in ("licence", "outputsLicence"):
        yield Change(f"terms/{name}", str(before.get(name, "")), str(after.get(name, "")), OTHER)
    old, new = (str(each.get("attribution", "none")) for each in (before, after))
    yield Change("terms/attribution", old, new, _by(_CREDIT, old, new))
    for name, kind in (("commercial", True), ("shareAlike", False)):
        was, is_ = bool(before.get(name)), bool(after.get(name))
        yield Change(f"terms/{name}", _yes(was), _yes(is_), WIDER if is_ is kind else NARROWER)
    old, new = (_price(each.get("compensation")) for each in (before, after))
    words = tuple("asked" if each not in ("free", NOT_STATED) else each for each in (old, new))
    yield Change("terms/compensation", old, new, _by(_PRICES, *words) if words[0] != words[1] else OTHER)


def _price(asked: Mapping[str, Any] | None) -> str:
    if asked is None:
        return NOT_STATED
    return " ".join(str(asked[name]) for name in ("model", "amount", "currency", "payTo") if asked.get(name))


def _bound(before: str | None, after: str | None) -> tuple[str, str, str]:
    way = OTHER if before and after else NARROWER if after else WIDER
    return before or "", after or "", way


def _numbers(before: int | None, after: int | None, *, most: bool) -> tuple[str, str, str]:
    """A number that bounds; without one nothing is bounded if it is a ``most``."""
    texts = ("" if before is None else str(before), "" if after is None else str(after))
    if before is None or after is None:
        grows = after is None if most else OTHER
        return (*texts, OTHER if grows is OTHER else WIDER if grows else NARROWER)
    return (*texts, WIDER if after > before else NARROWER)


def _by(order: tuple[str, ...], before: str, after: str) -> str:
    if before not in order or after not in order:
        return OTHER
    return WIDER if order.index(after) > order.index(before) else NARROWER


def _list(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _yes(said: object) -> str:
    return "yes" if said else "no"
