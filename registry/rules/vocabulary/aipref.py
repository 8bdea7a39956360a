"""IETF AI preferences: a ``Content-Usage`` header, in three texts of a vocabulary that shrank.

It decides what each draft's labels mean to us: -02 has a tree (all > train-ai > train-genai; all > ai-use,
search); from -05 on only train-ai and search are left, and train-ai is about generative models alone.
"""

from __future__ import annotations

from typing import Final

from rakkan.registry.rules.vocabulary.categories import Category, note_scopes, say, taken
from rakkan.registry.rules.vocabulary.foreign import text_of
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
from rakkan.registry.rules.vocabulary.structured import dictionary

HEADER: Final = "content-usage"
TREE_02: Final = (
    Category("all", MINING),
    Category("train-ai", TRAINING, "all"),
    Category("train-genai", GENERATIVE, "train-ai"),
    Category("ai-use", INFERENCE, "all"),
    Category("search", None, "all"),
)
FLAT: Final = (Category("train-ai", GENERATIVE), Category("search", None))


def _vocabulary(draft: str, tree: tuple[Category, ...]) -> Vocabulary:
    foundation = draft == "05"

    def write(saying: Saying, losses: Losses) -> bytes:
        words = say(saying, tree, losses)
        note_scopes(saying, losses, [each.scope for each in tree if each.scope])
        if foundation and saying.stance(GENERATIVE) is Stance.RESERVED:
            losses.cannot_say(
                GENERATIVE, "Of generative training it can refuse that of foundation models only."
            )
        if foundation and words.get("train-ai"):
            losses.narrow(GENERATIVE, "It can allow training of foundation models only.")
        if not words:
            return b""
        value = ", ".join(f"{label}={'y' if word else 'n'}" for label, word in words.items())
        return f"Content-Usage: {value}\n".encode()

    def read(content: bytes, losses: Losses) -> list[Reservation]:
        words = _words(_value(content), tree, losses)
        if foundation and words.get("train-ai") is False:
            losses.widen("train-ai", "Refused are foundation models; held as all generative training.")
        return taken("", tree, words, losses)

    name = "aipref" if draft == "08" else f"aipref-{draft}"
    return Vocabulary(name, f"draft-ietf-aipref-vocab-{draft}", "text/plain", write, read)


def _value(content: bytes) -> str:
    """The field's value: all of the text, or what its ``Content-Usage`` lines say, joined (RFC 9110 5.2)."""
    lines = [line for line in text_of(content).splitlines() if line.strip()]
    values = []
    for line in lines:
        name, colon, rest = line.partition(":")
        values.append(rest if colon and name.strip().lower() == HEADER else line)
    return ", ".join(value.strip() for value in values)


def _words(text: str, tree: tuple[Category, ...], losses: Losses) -> dict[str, bool]:
    words: dict[str, bool] = {}
    labels = {each.label for each in tree}
    for key, members in dictionary(text).items():
        if key not in labels:
            losses.cannot_hold(key, "This draft has no such label.")
            continue
        for member in members:
            for parameter in member.parameters:
                losses.cannot_hold(f"{key};{parameter}", "No parameter has a meaning in this draft.")
        tokens = [member.token for member in members]
        if "n" in tokens:
            words[key] = False
            if tokens[-1] != "n":  # RFC 9651 takes the last; who once refused has not allowed
                losses.widen(key, "It is refused and then restated; the refusal is kept.")
        elif tokens[-1] == "y":
            words[key] = True
        else:
            losses.cannot_hold(key, "Neither y nor n: no preference.")
    return words


AIPREF_02: Final = _vocabulary("02", TREE_02)
AIPREF_05: Final = _vocabulary("05", FLAT)
AIPREF_08: Final = _vocabulary("08", FLAT)
