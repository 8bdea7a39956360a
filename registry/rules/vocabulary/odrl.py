"""ODRL 2.2: an Offer, as Croissant 1.1 wants it in ``usageInfo``.

It decides the profile: each scope of ours is an action included in ``use``; what ODRL can say as a
constraint or a duty stays a permission, under any other condition no permission is given. Every refusal is
a prohibition, and prohibitions win (``conflict``).
"""

from __future__ import annotations

from typing import Any, Final

from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, sequence, written
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    GENERATIVE,
    MAX_ENTRIES,
    MINING,
    TRAINING,
    Reservation,
    Saying,
    Stance,
    Vocabulary,
    malformed,
    reserve,
)
from rakkan.schemas.consent import CAWG_SCOPES, PUBLIC, Consent, Use

PROFILE: Final = "urn:rakkan:odrl:1"
ACTION: Final = "urn:rakkan:scope:"
CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
_SAYABLE: Final = frozenset(
    {"validUntil", "grantee", "jurisdiction", "terms.attribution", "terms.shareAlike", "terms.commercial"}
)
_BROAD: Final = {
    "use": CAWG_SCOPES,
    "http://www.w3.org/ns/odrl/2/use": CAWG_SCOPES,
    "odrl:use": CAWG_SCOPES,
    "tdm:mine": (MINING, TRAINING, GENERATIVE),
    "http://www.w3.org/ns/tdmrep#mine": (MINING, TRAINING, GENERATIVE),
}


def _write(saying: Saying, losses: Losses) -> bytes:
    consent = saying.consent
    beyond = [words for name, words in saying.conditions if name not in _SAYABLE]
    rule = {"assigner": consent.grantor.id, "target": saying.places()}
    permissions: list[dict[str, Any]] = []
    prohibitions: list[dict[str, Any]] = []
    for scope in consent.scopes:
        action = {"action": ACTION + scope.name, **rule}
        if scope.use is not Use.ALLOWED:
            prohibitions.append(action)
            if scope.use is Use.CONSTRAINED:
                losses.narrow(scope.name, "Constrained is a no that only narrower permissions lift.")
        elif saying.stance(scope.name) is Stance.SILENT:
            losses.narrow(scope.name, f"A {consent.kind} grants no use.")
        elif beyond:
            losses.narrow(scope.name, f"No permission, because it cannot say: {'; '.join(beyond)}.")
        else:
            permissions.append(action | _terms(consent))
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Offer",
        "uid": f"urn:rakkan:record:{saying.record.record_id}",
        "profile": PROFILE,
        "conflict": "prohibit",
    }
    if permissions:
        document["permission"] = permissions
    if prohibitions:
        document["prohibition"] = prohibitions
    return written(document)


def _terms(consent: Consent) -> dict[str, Any]:
    constraints = [
        _constraint("dateTime", "gteq", consent.valid_from),
        _constraint("dateTime", "lt", consent.valid_until),
    ]
    found: dict[str, Any] = {"constraint": constraints}
    if PUBLIC not in consent.grantee:
        found["assignee"] = list(consent.grantee)
    if consent.jurisdiction is not None:
        for places, operator in (
            (consent.jurisdiction.allow, "isAnyOf"),
            (consent.jurisdiction.deny, "isNoneOf"),
        ):
            if places:
                constraints.append(
                    _constraint("spatial", operator, [f"urn:iso:3166:{place}" for place in places])
                )
    if consent.terms is not None:
        duties = [{"action": "attribute"}] if consent.terms.attribution != "none" else []
        if consent.terms.share_alike:
            duties.append({"action": "http://creativecommons.org/ns#ShareAlike"})
        if not consent.terms.commercial:
            constraints.append(_constraint("purpose", "neq", "urn:rakkan:purpose:commercial"))
        if duties:
            found["duty"] = duties
    return found


def _constraint(left: str, operator: str, right: object) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    document = mapping(json_of(content), "")
    kind = str(document.get("@type", document.get("type", ""))).rpartition(":")[2].rpartition("/")[2]
    if kind not in ("Offer", "Set", "Policy", "Agreement"):
        raise malformed("Not an ODRL policy", "/@type")
    if document.get("permission"):
        losses.cannot_hold("permission", "A permission in a foreign document never counts.")
    for key in document.keys() - {"@context", "@type", "type", "uid", "@id", "permission", "prohibition"}:
        losses.cannot_hold(key, "Only prohibitions are read.")
    value = document.get("prohibition", [])
    found: list[Reservation] = []
    for index, entry in enumerate(
        sequence([value] if isinstance(value, dict) else value, "/prohibition", MAX_ENTRIES)
    ):
        pointer = f"/prohibition/{index}"
        rule = mapping(entry, pointer)
        scopes: set[str] = set()
        for action in _listed(rule.get("action", document.get("action")), f"{pointer}/action"):
            known = _scopes(action)
            if not known:
                losses.cannot_hold(action, "We have no scope for this action.")
            scopes.update(known)
        for key in rule.keys() - {"action", "target"}:
            losses.widen(key, "A prohibition under conditions is held as one without.")
        for target in _listed(rule.get("target", document.get("target", "")), f"{pointer}/target"):
            found += reserve(target, scopes)
        if len(found) > MAX_ENTRIES:
            raise malformed(f"More than {MAX_ENTRIES} targets", pointer)
    return _joined(found)


def _scopes(action: str) -> tuple[str, ...]:
    name = action.removeprefix(ACTION)
    if name != action:
        parts = name.split(".")
        fits = (
            len(name) <= 96
            and len(parts) > 1
            and all(p.replace("_", "").isalnum() and p.isascii() for p in parts)
        )
        return (name,) if fits and name.islower() else ()
    return _BROAD.get(action, ())


def _listed(value: object, pointer: str) -> list[str]:
    texts = []
    for each in sequence(value if isinstance(value, list) else [value], pointer, 1000):
        named_ = each.get("@id", each.get("uid", each.get("rdf:value"))) if isinstance(each, dict) else each
        if not isinstance(named_, str) or len(named_) > 2048:
            raise malformed("A name of at most 2048 characters is expected", pointer)
        texts.append(named_)
    return texts


def _joined(reservations: list[Reservation]) -> list[Reservation]:
    uses: dict[str, dict[str, Use]] = {}
    for each in reservations:
        uses.setdefault(each.about, {}).update(each.uses)
    return [Reservation(about, dict(sorted(each.items()))) for about, each in uses.items()]


ODRL: Final = Vocabulary("odrl", "2.2, profile urn:rakkan:odrl:1", "application/ld+json", _write, _read)
