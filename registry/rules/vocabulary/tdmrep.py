"""TDM Reservation Protocol (W3C community group, 2024): ``tdmrep.json``, or two header fields.

It decides what its one bit covers: text and data mining in the sense of European law, which training is
part of. So 0 is said only where mining and all training are allowed to everybody.
"""

from __future__ import annotations

from typing import Any, Final

from rakkan.registry.rules.vocabulary.categories import note_scopes
from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, sequence, text_of, written
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

FIELD, POLICY, PLACE = "tdm-reservation", "tdm-policy", "location"
COVERS: Final = (MINING, TRAINING, GENERATIVE)


def _write(saying: Saying, losses: Losses) -> bytes:
    bit = _bit(saying, losses)
    return written([{PLACE: place, FIELD: bit} for place in saying.places()])


def _write_header(saying: Saying, losses: Losses) -> bytes:
    return f"{FIELD}: {_bit(saying, losses)}\n".encode()


def _bit(saying: Saying, losses: Losses) -> int:
    note_scopes(saying, losses, COVERS)
    stances = {scope: saying.stance(scope) for scope in COVERS}
    if set(stances.values()) == {Stance.ALLOWED}:
        return 0
    for scope, stance in stances.items():
        if stance is Stance.ALLOWED:
            losses.narrow(scope, "One bit covers mining and all training; one of them was not allowed.")
        elif stance is Stance.SILENT:
            losses.widen(scope, "One bit covers mining and all training; what is not allowed is reserved.")
    return 1


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    value = json_of(content)
    entries = sequence([value] if isinstance(value, dict) else value, "", MAX_ENTRIES)
    found: list[Reservation] = []
    for index, entry in enumerate(entries):
        each = mapping(entry, f"/{index}")
        place = each.get(PLACE, "")
        if not isinstance(place, str) or len(place) > 2048:
            raise malformed("A location is text of at most 2048 characters", f"/{index}/{PLACE}")
        for key in each.keys() - {FIELD, PLACE}:
            losses.cannot_hold(key, "Under which terms it might be mined is not read.")
        if FIELD not in each:
            raise malformed("An entry without a reservation", f"/{index}/{FIELD}")
        if _reserved(each[FIELD], losses):
            found += reserve(place, COVERS)
    return found


def _read_header(content: bytes, losses: Losses) -> list[Reservation]:
    fields: dict[str, list[str]] = {}
    for number, line in enumerate(text_of(content).splitlines()):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip().isascii():
            raise malformed("Not a header field", f"/{number}")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    if FIELD not in fields:
        raise malformed(f"No {FIELD} field")
    for key in fields.keys() - {FIELD}:
        losses.cannot_hold(key, "Under which terms it might be mined is not read.")
    reserved = [value for value in fields[FIELD] if _reserved(value, losses)]
    return reserve("", COVERS) if reserved else []


def _reserved(value: Any, losses: Losses) -> bool:  # noqa: ANN401 - foreign JSON
    if value is not True and value in (1, "1"):
        return True
    if value is not False and value in (0, "0"):
        losses.cannot_hold(FIELD, "A permission in a foreign document never counts.")
        return False
    losses.widen(FIELD, "Neither 0 nor 1: held as reserved.")
    return True


TDMREP: Final = Vocabulary("tdmrep", "CG-FINAL 2024-05-10", "application/json", _write, _read)
TDMREP_HEADER: Final = Vocabulary(
    "tdmrep-header", "CG-FINAL 2024-05-10", "text/plain", _write_header, _read_header
)
