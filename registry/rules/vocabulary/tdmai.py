"""TDM·AI usage declarations: JSON about an ISCC, with the labels of AIPREF draft -02.

It decides the inheritance that TDM·AI has (all > train-ai > train-genai; ai-use and search stand alone).
Signing it in a TDM·AI registry is somebody else's.
"""

from __future__ import annotations

from typing import Any, Final

from rakkan.registry.rules.vocabulary.categories import Category, note_scopes, say, taken
from rakkan.registry.rules.vocabulary.foreign import json_of, mapping, written
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    GENERATIVE,
    INFERENCE,
    MINING,
    TRAINING,
    Reservation,
    Saying,
    Vocabulary,
)
from rakkan.schemas.errors import Invalid

TREE: Final = (
    Category("all", MINING),
    Category("train-ai", TRAINING, "all"),
    Category("train-genai", GENERATIVE, "train-ai"),
    Category("ai-use", INFERENCE),
    Category("search", None),
)
_LABELS: Final = {each.label for each in TREE}
_NAMED: Final = {"version", "iscc", "intent"}


def _write(saying: Saying, losses: Losses) -> bytes:
    if not saying.about.startswith("ISCC:"):
        raise Invalid(
            "A TDM·AI declaration is about an ISCC, and none was named.",
            code="vocabulary-about",
            hint="Name it with --about ISCC:….",
        )
    words = say(saying, TREE, losses)
    note_scopes(saying, losses, [each.scope for each in TREE if each.scope])
    if saying.consent.supersedes is not None:
        losses.cannot_say("supersedes", "It refers to earlier declarations, not to records.")
    document: dict[str, Any] = {"version": "1.0", "iscc": saying.about}
    document |= {label: "true" if word else "false" for label, word in words.items()}
    document |= {"intent": "activate", "summary": f"Derived from record {saying.record.record_id}."}
    return written(document)


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    document = mapping(json_of(content), "")
    words: dict[str, bool] = {}
    for key, value in document.items():
        if key in _LABELS:
            if value in ("true", True):
                words[key] = True
            else:  # "false", or a word that nobody defined: fail closed
                words[key] = False
                if value not in ("false", False):
                    losses.widen(key, "Neither true nor false: held as refused.")
        elif key not in _NAMED:
            losses.cannot_hold(key, "It says who, when or why, not what is reserved.")
    iscc = document.get("iscc", "")
    return taken(iscc[:512] if isinstance(iscc, str) else "", TREE, words, losses)


TDMAI: Final = Vocabulary("tdmai", "1.0 (draft-ietf-aipref-vocab-02)", "application/json", _write, _read)
