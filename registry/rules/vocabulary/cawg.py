"""CAWG training and data mining 1.1: the assertion ``cawg.training-mining``, as JSON.

It decides the entries. Our own keys go in as the custom keys that CAWG allows, so nearly all of a consent
fits; conditions go into ``constraint_info`` (the CDDL's spelling; the prose's ``constraints_info`` is read
too), and ``constrained`` counts as ``notAllowed`` to whoever cannot read them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, written
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    MAX_ENTRIES,
    Reservation,
    Saying,
    Stance,
    Vocabulary,
    malformed,
)
from rakkan.schemas.consent import Use

_SCOPE: Final = re.compile(r"[a-z0-9]+(\.[a-z0-9_]+)+")
_SPELLINGS: Final = ("constraint_info", "constraints_info")
_LEGACY: Final = "c2pa."
"""Keys of the deprecated ``c2pa.training-mining``."""


def _write(saying: Saying, losses: Losses) -> bytes:
    entries: dict[str, Any] = {}
    for scope in saying.consent.scopes:
        stance = saying.stance(scope.name)
        if stance is Stance.ALLOWED:
            entries[scope.name] = {"use": Use.ALLOWED.value}
        elif stance is Stance.CONDITIONAL:
            entries[scope.name] = {"use": Use.CONSTRAINED.value, "constraint_info": saying.explain()}
            if scope.use is Use.ALLOWED:
                losses.narrow(scope.name, "Its conditions are words to people, so it is constrained.")
        elif stance is Stance.RESERVED:
            entries[scope.name] = {"use": scope.use.value}
        else:
            losses.narrow(scope.name, f"A {saying.consent.kind} grants no use.")
    return written({"entries": entries})


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    document = mapping(json_of(content), "")
    at = ""
    if "entries" not in document and "data" in document:
        document, at = mapping(document["data"], "/data"), "/data"
    for key in document.keys() - {"entries", "label"}:
        losses.cannot_hold(key, "It is about the assertion, not about a use.")
    entries = mapping(document.get("entries"), f"{at}/entries")
    if len(entries) > MAX_ENTRIES:
        raise malformed(f"More than {MAX_ENTRIES} entries", f"{at}/entries")
    uses: dict[str, Use] = {}
    for name, value in entries.items():
        pointer = f"{at}/entries/{name[:96]}"
        use = _use(name, mapping(value, pointer), losses)
        scope = "cawg." + name.removeprefix(_LEGACY) if name.startswith(_LEGACY) else name
        if use is Use.ALLOWED:
            losses.cannot_hold(name, "A permission in a foreign document never counts.")
        elif len(scope) > 96 or not _SCOPE.fullmatch(scope):
            losses.cannot_hold(name, "No scope of ours can have this name.")
        elif uses.get(scope) is not Use.NOT_ALLOWED:  # both labels may speak of it: the stricter counts
            uses[scope] = use
    # allowed under one label and refused under the other: refused
    return [Reservation("", dict(sorted(uses.items())))] if uses else []


def _use(name: str, entry: dict[str, Any], losses: Losses) -> Use:
    for key in entry.keys() - {"use"}:
        why = "Constraints are words to people." if key in _SPELLINGS else "It has no meaning in CAWG 1.1."
        losses.cannot_hold(f"{name}.{key}", why)
    try:
        return Use(str(entry.get("use")))
    except ValueError:
        losses.widen(name, "Its use is none of allowed, notAllowed and constrained: held as notAllowed.")
        return Use.NOT_ALLOWED


CAWG: Final = Vocabulary("cawg", "1.1", "application/json", _write, _read)
