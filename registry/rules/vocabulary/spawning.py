"""Opt-out lists in the shape of Spawning's Do Not Train registry.

It decides that opting out reserves training, of every kind. In: one URL or digest a line, or
``{"urls": [{"url", "optOut"}]}``; out: the latter, ``optOut`` false only where all training is allowed to
everybody.
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.rules.vocabulary.categories import note_scopes
from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, sequence, text_of, written
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    GENERATIVE,
    MAX_ENTRIES,
    TRAINING,
    Reservation,
    Saying,
    Stance,
    Vocabulary,
    malformed,
    reserve,
)

COVERS: Final = (TRAINING, GENERATIVE)


def _write(saying: Saying, losses: Losses) -> bytes:
    note_scopes(saying, losses, COVERS)
    stances = {scope: saying.stance(scope) for scope in COVERS}
    out = set(stances.values()) != {Stance.ALLOWED}
    for scope, stance in stances.items():
        if out and stance is Stance.ALLOWED:
            losses.narrow(scope, "Opting out covers all training; some of it was not allowed.")
        elif out and stance is Stance.SILENT:
            losses.widen(scope, "What is not allowed is opted out.")
    return written({"urls": [{"url": place, "optOut": out} for place in saying.places()]})


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    text = text_of(content)
    if not text.lstrip().startswith("{"):
        lines = [line.strip() for line in text.splitlines()]
        return _reserved([(line, index) for index, line in enumerate(lines) if line and line[0] != "#"])
    document = mapping(json_of(content), "")
    for key in document.keys() - {"urls"}:
        losses.cannot_hold(key, "Only urls is read.")
    out: list[tuple[str, int]] = []
    for index, entry in enumerate(sequence(document.get("urls"), "/urls", MAX_ENTRIES)):
        each = mapping(entry, f"/urls/{index}")
        place = each.get("url")
        if not isinstance(place, str) or not place:
            raise malformed("An entry without a URL", f"/urls/{index}/url")
        for key in each.keys() - {"url", "optOut"}:
            losses.cannot_hold(key, "Only url and optOut are read.")
        if each.get("optOut") is False:
            losses.cannot_hold("optOut", "Not being opted out never counts as a permission.")
            continue
        if each.get("optOut") is not True:
            losses.widen("optOut", "Neither true nor false: held as opted out.")
        out.append((place, index))
    return _reserved(out)


def _reserved(places: list[tuple[str, int]]) -> list[Reservation]:
    if len(places) > MAX_ENTRIES:
        raise malformed(f"More than {MAX_ENTRIES} entries")
    found: dict[str, Reservation] = {}
    for place, index in places:
        if len(place) > 2048 or any(
            character.isspace() or not character.isprintable() for character in place
        ):
            raise malformed("Not a URL or digest of at most 2048 characters", f"/{index}")
        found.update({each.about: each for each in reserve(place, COVERS)})
    return list(found.values())


SPAWNING: Final = Vocabulary("spawning", "datadiligence 0.1.7", "application/json", _write, _read)
