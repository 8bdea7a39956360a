"""RSL 1.0: an XML licence for the content at a URL.

It decides the usage tokens. In RSL a use that is neither permitted nor prohibited may be read as open, so
what is not allowed here is prohibited by name, never left out. Payment, users and places are not
translated: a permission under conditions is said as a prohibition, and reported.
"""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from rakkan.registry.rules.vocabulary.categories import note_scopes
from rakkan.registry.rules.vocabulary.foreign import Element, xml_of
from rakkan.registry.rules.vocabulary.losses import Losses
from rakkan.registry.rules.vocabulary.model import (
    GENERATIVE,
    INFERENCE,
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

NAMESPACE: Final = "https://rslstandard.org/rsl"
COVERS: Final = {
    "all": frozenset({MINING, TRAINING, GENERATIVE, INFERENCE}),
    "ai-all": frozenset({TRAINING, GENERATIVE, INFERENCE}),
    "ai-train": frozenset({TRAINING, GENERATIVE}),
    "train-ai": frozenset({TRAINING, GENERATIVE}),  # earlier templates
    "train-genai": frozenset({GENERATIVE}),
    "ai-input": frozenset({INFERENCE}),
    "ai-use": frozenset({INFERENCE}),
}
_WRITTEN: Final = ("ai-train", "ai-input")
_SEPARATORS: Final = re.compile(r"[\s,]+")


def _write(saying: Saying, losses: Losses) -> bytes:
    note_scopes(saying, losses, COVERS["all"])
    permitted: list[str] = []
    prohibited: list[str] = []
    if saying.stance(MINING) is Stance.RESERVED:
        prohibited.append("all")
        losses.widen(MINING, "The only token for data mining is all, which includes search and every AI use.")
    elif saying.stance(MINING) is not Stance.SILENT:
        losses.narrow(MINING, "It has no token for data mining alone.")
    for token in _WRITTEN:
        stances = {scope: saying.stance(scope) for scope in sorted(COVERS[token])}
        allowed = set(stances.values()) == {Stance.ALLOWED} and "all" not in prohibited
        (permitted if allowed else prohibited).append(token)
        for scope, stance in stances.items() if not allowed else ():
            if stance is Stance.ALLOWED:
                losses.narrow(scope, f"{token} also covers what was not allowed.")
            elif stance is Stance.SILENT:
                losses.widen(scope, f"What {token} is not allowed for is prohibited by name.")
    license_ = "".join(
        f'      <{element} type="usage">{escape(",".join(tokens))}</{element}>\n'
        for element, tokens in (("permits", permitted), ("prohibits", prohibited))
        if tokens
    )
    contents = "".join(
        f"  <content url={quoteattr(place)}>\n    <license>\n{license_}    </license>\n  </content>\n"
        for place in saying.places()
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<rsl xmlns="{NAMESPACE}">\n{contents}</rsl>\n'.encode()


def _read(content: bytes, losses: Losses) -> list[Reservation]:
    root = xml_of(content)
    if root.name != f"{NAMESPACE} rsl":
        raise malformed(f"The root is not rsl in the namespace {NAMESPACE}")
    contents = root.all(f"{NAMESPACE} content")
    if len(contents) > MAX_ENTRIES:
        raise malformed(f"More than {MAX_ENTRIES} contents", "/rsl")
    found: list[Reservation] = []
    for index, each in enumerate(contents):
        url = each.attributes.get("url", "")
        if not url or len(url) > 2048:
            raise malformed("A content without a URL of at most 2048 characters", f"/rsl/content/{index}")
        found += reserve(url, _prohibited(each, losses))
    return found


def _prohibited(content: Element, losses: Losses) -> set[str]:
    scopes: set[str] = set()
    for each in content.children:
        if each.name == f"{NAMESPACE} license":
            scopes |= _refused(each, losses)
        else:
            losses.cannot_hold(_local(each), "It is about the content, not about a use.")
    return scopes


def _refused(license_: Element, losses: Losses) -> set[str]:
    scopes: set[str] = set()
    conditions = False
    for each in license_.children:
        name, kind = _local(each), each.attributes.get("type", "")
        if each.name == f"{NAMESPACE} permits":
            losses.cannot_hold(f"permits {kind}", "A permission in a foreign document never counts.")
        elif each.name == f"{NAMESPACE} prohibits" and kind in ("usage", ""):
            scopes |= _tokens(each.text, losses)
        else:
            conditions |= name == "prohibits"
            losses.cannot_hold(f"{name} {kind}".strip(), "A condition that we do not hold.")
    if scopes and conditions:
        losses.widen("prohibits", "Prohibited for some users or places: held as prohibited for all.")
    return scopes


def _tokens(text: str, losses: Losses) -> set[str]:
    scopes: set[str] = set()
    for token in filter(None, _SEPARATORS.split(text)):
        covered = COVERS.get(token.lower())
        if covered is None:
            losses.cannot_hold(f"prohibits {token}", "It prohibits a use that we have no scope for.")
        scopes |= covered or frozenset()
    return scopes


def _local(element: Element) -> str:
    return element.name.rpartition(" ")[2]


RSL: Final = Vocabulary("rsl", "1.0", "application/rsl+xml", _write, _read)
