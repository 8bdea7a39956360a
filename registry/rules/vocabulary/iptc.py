"""IPTC photo metadata: PLUS ``DataMining``, one code for everything, and ``OtherConstraints`` beside it.

It decides which one code says all that is refused. Writing it into a file's XMP is somebody else's.
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.rules.vocabulary.categories import note_scopes
from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, text_of, written
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    GENERATIVE,
    INFERENCE,
    MINING,
    TRAINING,
    Reservation,
    Saying,
    Stance,
    Vocabulary,
    malformed,
    reserve,
)
from rakkan.schemas.consent import CAWG_SCOPES, Use

NAMESPACE: Final = "http://ns.useplus.org/ldf/vocab/"
KEY, CONSTRAINTS = "plus:DataMining", "plus:OtherConstraints"
COVERS: Final = {
    "DMI-UNSPECIFIED": frozenset[str](),
    "DMI-ALLOWED": frozenset[str](),
    "DMI-PROHIBITED-GENAIMLTRAINING": frozenset({GENERATIVE}),
    "DMI-PROHIBITED-AIMLTRAINING": frozenset({GENERATIVE, TRAINING}),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": frozenset({GENERATIVE, TRAINING, MINING, INFERENCE}),
    "DMI-PROHIBITED": frozenset({GENERATIVE, TRAINING, MINING, INFERENCE}),
}
SEE: Final = {
    "DMI-PROHIBITED-SEECONSTRAINT": "other constraints",
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": "an embedded rights expression",
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": "a linked rights expression",
}


def _write(saying: Saying, losses: Losses) -> bytes:
    stances = {scope: saying.stance(scope) for scope in CAWG_SCOPES}
    note_scopes(saying, losses, CAWG_SCOPES, permissions=False)
    reserved = {scope for scope, stance in stances.items() if stance is Stance.RESERVED}
    document = {}
    if Stance.CONDITIONAL in stances.values():
        code, covered = "DMI-PROHIBITED-SEECONSTRAINT", set(CAWG_SCOPES)
        said = "; ".join(
            f"{scope}: {stance}" for scope, stance in stances.items() if stance is not Stance.SILENT
        )
        document[CONSTRAINTS] = f"{said}. {saying.explain()}"
    elif set(stances.values()) == {Stance.ALLOWED}:
        code, covered = "DMI-ALLOWED", set()
    elif not reserved:
        code, covered = "DMI-UNSPECIFIED", set()
    else:
        code, covered = next(
            (code, set(covers)) for code, covers in COVERS.items() if reserved <= covers and covers
        )
        if reserved - {GENERATIVE, TRAINING}:
            code, covered = "DMI-PROHIBITED", set(CAWG_SCOPES)
    for scope in sorted(covered - reserved):
        lost = losses.widen if stances[scope] is Stance.SILENT else losses.narrow
        lost(scope, f"{code} covers it too.")
    for scope in CAWG_SCOPES:
        if code != "DMI-ALLOWED" and stances[scope] is Stance.ALLOWED and scope not in covered:
            losses.narrow(scope, "One code cannot allow it beside what is refused or not spoken of.")
    return written({KEY: NAMESPACE + code, **document})


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    text = text_of(content).strip()
    document = mapping(json_of(content), "") if text.startswith("{") else {KEY: text}
    for name in document.keys() - {KEY}:
        losses.cannot_hold(name, "Constraints and other fields are words to people.")
    code = document.get(KEY)
    if not isinstance(code, str) or not code:
        raise malformed("No code of PLUS DataMining", f"/{KEY}")
    code = code.removeprefix(NAMESPACE)
    if code in SEE:
        losses.cannot_hold(code, f"It points to {SEE[code]}, which is not read.")
        return reserve("", CAWG_SCOPES, Use.CONSTRAINED)
    if code not in COVERS:
        if not code.startswith("DMI-"):
            raise malformed("Not a code of PLUS DataMining", f"/{KEY}")
        losses.widen(code, "An unknown code: held as prohibited.")
        return reserve("", CAWG_SCOPES)
    if code == "DMI-ALLOWED":
        losses.cannot_hold(code, "A permission in a foreign document never counts.")
    if code == "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING":
        losses.widen(code, "We have no scope for search engines, so they are not excepted.")
    return reserve("", COVERS[code])


IPTC: Final = Vocabulary("iptc", "2023.1 (PLUS LDF DataMining)", "application/json", _write, _read)
