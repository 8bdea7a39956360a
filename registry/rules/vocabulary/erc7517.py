"""ERC-7517: the ``dataMiningPreference`` block of token metadata and ERC-7053 commits.

It decides the six keys. ``aiTraining`` covers generative training too, so it is allowed only where
``aiGenerativeTraining`` has a word of its own; a condition of credit alone has its own keys.
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.rules.vocabulary.categories import note_scopes
from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, written
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
)
from rakkan.schemas.consent import OWN_SCOPES, Use

KEYS: Final = {
    "dataMining": MINING,
    "aiInference": INFERENCE,
    "aiTraining": TRAINING,
    "aiGenerativeTraining": GENERATIVE,
}
CREDIT: Final = {
    "aiTrainingWithAuthorship": "aiTraining",
    "aiGenerativeTrainingWithAuthorship": "aiGenerativeTraining",
}
_WORDS: Final = {
    Stance.ALLOWED: Use.ALLOWED,
    Stance.CONDITIONAL: Use.CONSTRAINED,
    Stance.RESERVED: Use.NOT_ALLOWED,
}


def _write(saying: Saying, losses: Losses) -> bytes:
    block = {
        key: _WORDS[stance].value
        for key, scope in KEYS.items()
        if (stance := saying.stance(scope)) is not Stance.SILENT
    }
    if block.get("aiTraining") == "allowed" and "aiGenerativeTraining" not in block:
        del block["aiTraining"]
        losses.narrow(TRAINING, "aiTraining would allow generative training too, which was not allowed.")
    if block.get("aiTraining") in ("notAllowed", "constrained") and "aiGenerativeTraining" not in block:
        losses.widen(GENERATIVE, "aiTraining covers generative training too.")
    for key, plain in CREDIT.items():
        if _for_credit(saying, KEYS[plain]) and (
            key != "aiTrainingWithAuthorship" or "aiGenerativeTraining" in block
        ):
            block[key] = "allowed"
    for scope in KEYS.values():
        if saying.stance(scope) is Stance.CONDITIONAL:
            losses.narrow(scope, "Its conditions stand in the record, so it is constrained.")
    note_scopes(saying, losses, KEYS.values(), permissions=False)
    return written({"dataMiningPreference": block})


def _for_credit(saying: Saying, scope: str) -> bool:
    """Whether credit is all that stands between this consent and a yes to everybody."""
    uses = {each.name: each.use for each in saying.consent.scopes}
    narrower = [
        use
        for name, use in uses.items()
        if OWN_SCOPES.get(name, scope) == scope and name not in KEYS.values()
    ]
    return (
        saying.stance(scope) is Stance.CONDITIONAL
        and uses[scope] is Use.ALLOWED
        and all(use is Use.ALLOWED for use in narrower)
        and [name for name, _ in saying.conditions] == ["terms.attribution"]
    )


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    document = mapping(json_of(content), "")
    if "dataMiningPreference" in document:
        for key in document.keys() - {"dataMiningPreference"}:
            losses.cannot_hold(key, "It is not part of ERC-7517.")
        document = mapping(document["dataMiningPreference"], "/dataMiningPreference")
    uses: dict[str, Use] = {}
    for key, value in document.items():
        plain = CREDIT.get(key, key)
        if plain not in KEYS:
            losses.cannot_hold(key, "It is not a key of ERC-7517.")
            continue
        use = {"allowed": Use.ALLOWED, "constrained": Use.CONSTRAINED}.get(str(value), Use.NOT_ALLOWED)
        if use is Use.ALLOWED:
            losses.cannot_hold(key, "A permission in a foreign document never counts.")
            continue
        if use is Use.NOT_ALLOWED and value != "notAllowed":
            losses.widen(key, "Its word is none of the three: held as notAllowed.")
        if key in CREDIT:
            losses.widen(key, "Refused for those who give credit: held as refused for everybody.")
        if uses.get(KEYS[plain]) is not Use.NOT_ALLOWED:
            uses[KEYS[plain]] = use
    if TRAINING in uses and "aiGenerativeTraining" not in document:
        uses[GENERATIVE] = uses[TRAINING]  # aiTraining is about generative models too
    return [Reservation("", dict(sorted(uses.items())))] if uses else []


ERC7517: Final = Vocabulary("erc7517", "draft 2023-09-12", "application/json", _write, _read)
