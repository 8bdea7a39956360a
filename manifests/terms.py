"""What a manifest says about actions, consent and origin, and whether it may be said that way.

It decides which assertions count (only those attributed to the signer) and which words are known
(IPTC digital source types, CAWG training and data mining 1.1). Of words that contradict each other
the most restrictive holds; a word nobody knows never allows. It leaves out ingredients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rakkan.manifests.checks import (
    ATTRIBUTION,
    VOCABULARY,
    Check,
    failed,
    not_applicable,
    passed,
    undetermined,
)
from rakkan.manifests.claim import MAX_LINKS, PROVENANCE, TRAINING
from rakkan.manifests.errors import UnreadableManifest
from rakkan.manifests.jumbf import Manifest
from rakkan.manifests.text import plain
from rakkan.manifests.vocabulary import ACTION_NAMES, SOURCE_TYPES
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid
from rakkan.schemas.work import Parent

LEGACY_TRAINING: Final = "c2pa.training-mining"
CONSENT_LABELS: Final = (TRAINING, LEGACY_TRAINING, PROVENANCE)
ACTION_LABELS: Final = ("c2pa.actions", "c2pa.actions.v2")
MAX_ACTIONS: Final = 200

_WORDS: Final = frozenset(use.value for use in Use)
# From the most to the least restrictive; "constrained" without terms means "notAllowed" (CAWG 1.1).
_STRICT: Final = (Use.NOT_ALLOWED, Use.CONSTRAINED, Use.ALLOWED)


@dataclass(frozen=True, slots=True)
class Action:
    """One action; every word in it is the signer's claim.

    Attributes:
        name: ``c2pa.created``…
        source: Digital source type, or an empty string.
        agent: Software that is said to have done it, or an empty string.
    """

    name: str
    source: str
    agent: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Our own assertion, ``org.rakkan.provenance``.

    Attributes:
        origin: The registry that may know the work.
        consents: Envelopes of consents.
        parents: Works it was made from.
    """

    origin: str
    consents: tuple[Cid, ...]
    parents: tuple[Parent, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one manifest says, taken from assertions attributed to its signer alone.

    Attributes:
        uses: The four CAWG keys; None where nothing is said, which grants nothing.
        actions: In order.
        provenance: Our own assertion; None if absent or malformed.
        checks: ``attribution`` and ``vocabulary``.
    """

    uses: Mapping[str, Use | None] = field(default_factory=lambda: dict.fromkeys(CAWG_SCOPES))
    actions: tuple[Action, ...] = ()
    provenance: Provenance | None = None
    checks: tuple[Check, ...] = ()


def read_terms(manifest: Manifest) -> Terms:
    """Read a manifest whose assertions are known to be unaltered."""
    faults = _Faults()
    uses: dict[str, Use | None] = dict.fromkeys(CAWG_SCOPES)
    for label in manifest.labels(TRAINING, LEGACY_TRAINING, created=True):
        for key, use in _uses(manifest, label, faults):
            before = uses[key]
            if before not in (None, use):
                faults.add("use-contradicted", f"{key} is said to be {before} and {use}")
            uses[key] = most_restrictive(before, use)
    actions = tuple(_actions(manifest, faults))
    provenance = _provenance(manifest, faults)
    said = bool(actions or provenance or any(uses.values()))
    return Terms(uses, actions, provenance, (_attribution(manifest), faults.check(said=said)))


def most_restrictive(one: Use | None, other: Use | None) -> Use | None:
    """Of two words the one that forbids more; silence adds nothing to a word."""
    if one is None or other is None:
        return one or other
    return min((one, other), key=_STRICT.index)


class _Faults:
    """What is wrong with the words, the first of each kind."""

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}
        self._open: dict[str, str] = {}

    def add(self, code: str, detail: str) -> None:
        self._failed.setdefault(code, detail)

    def doubt(self, code: str, detail: str) -> None:
        self._open.setdefault(code, detail)

    def check(self, *, said: bool) -> Check:
        for found, answer in ((self._failed, failed), (self._open, undetermined)):
            if found:
                return answer(VOCABULARY, next(iter(found)), "; ".join(found.values()) + ".")
        if not said:
            return not_applicable(
                VOCABULARY, "nothing-said", "The signer says nothing about actions or consent."
            )
        return passed(VOCABULARY, "vocabulary-known", "Every word about actions and consent is a known one.")


def _attribution(manifest: Manifest) -> Check:
    """Assertions that are only gathered are not the signer's word (C2PA §10.3.2)."""
    gathered = sorted(
        {plain(label) for label in manifest.labels(*CONSENT_LABELS, *ACTION_LABELS, created=False)}
    )
    if gathered:
        return failed(
            ATTRIBUTION,
            "consent-gathered",
            f"{', '.join(gathered)} is in the file, but not attributed to the signer: it does not count.",
        )
    if any(True for _ in manifest.labels(*CONSENT_LABELS, *ACTION_LABELS)):
        return passed(ATTRIBUTION, "attributed", "Actions and consent are attributed to the signer.")
    return not_applicable(ATTRIBUTION, "nothing-said", "The manifest says nothing about actions or consent.")


def _content(manifest: Manifest, label: str, faults: _Faults) -> Mapping[object, object]:
    try:
        content = manifest.read(label)
    except UnreadableManifest:
        content = None
    if isinstance(content, dict):
        return content
    faults.add("assertion-malformed", f"{plain(label)} cannot be read")
    return {}


def _uses(manifest: Manifest, label: str, faults: _Faults) -> Iterator[tuple[str, Use]]:
    """Key and word of one training-mining assertion; legacy keys under their present names."""
    entries = _content(manifest, label, faults).get("entries")
    if not isinstance(entries, dict):
        faults.add("assertion-malformed", f"{plain(label)} has no entries")
        return
    for name, entry in entries.items():
        key = (
            "cawg." + name.removeprefix("c2pa.")
            if isinstance(name, str) and name.startswith("c2pa.")
            else name
        )
        if key not in CAWG_SCOPES:
            if isinstance(key, str) and key.startswith("cawg."):
                faults.doubt("use-key-unknown", f"{plain(name)} is a reserved key that is not known here")
            continue  # others may be added by anyone, and grant nothing here
        word = entry.get("use") if isinstance(entry, dict) else None
        if isinstance(word, str) and word in _WORDS:
            yield key, Use(word)
        else:
            faults.add("use-unknown", f"{key} is said to be {plain(word, 40) or 'something unreadable'!r}")
            yield key, Use.NOT_ALLOWED


def _actions(manifest: Manifest, faults: _Faults) -> Iterator[Action]:
    count = 0
    for label in manifest.labels(*ACTION_LABELS, created=True):
        content = _content(manifest, label, faults)
        for listed in ("actions", "templates"):  # a template speaks for every action of its name
            entries = content.get(listed)
            for entry in entries if isinstance(entries, list) else []:
                count += 1
                if not isinstance(entry, dict) or count > MAX_ACTIONS:
                    faults.add(
                        "actions-malformed", f"{plain(label)} does not hold up to {MAX_ACTIONS} actions"
                    )
                    return
                action = _action(entry, faults)
                if listed == "actions":
                    yield action


def _action(entry: Mapping[object, object], faults: _Faults) -> Action:
    source, agent, name = (entry.get(key) for key in ("digitalSourceType", "softwareAgent", "action"))
    if source is not None and not (isinstance(source, str) and source in SOURCE_TYPES):
        faults.add(
            "source-type-unknown", f"{plain(source, 80) or 'a digital source type'!r} is not an IPTC term"
        )
    reserved = not isinstance(name, str) or name.startswith("c2pa.") or "." not in name
    if reserved and name not in ACTION_NAMES:
        faults.doubt("action-unknown", f"{plain(name, 80) or 'an action'!r} is not an action of C2PA")
    agent = agent.get("name") if isinstance(agent, dict) else agent
    return Action(plain(name, 80), plain(source, 120), plain(agent, 80))


def _provenance(manifest: Manifest, faults: _Faults) -> Provenance | None:
    labels = list(manifest.labels(PROVENANCE, created=True))
    if not labels:
        return None
    content = _content(manifest, labels[0], faults)
    origin, consents, parents = (content.get(name) for name in ("origin", "consents", "parents"))
    try:
        if len(labels) > 1 or not isinstance(origin, str) or plain(origin, 64) != origin:
            raise Invalid("not one assertion with an origin")
        if (
            not isinstance(consents, list)
            or not isinstance(parents, list)
            or max(len(consents), len(parents)) > MAX_LINKS
        ):
            raise Invalid("not lists of links")
        return Provenance(origin, tuple(map(_link, consents)), tuple(map(_parent, parents)))
    except Invalid:
        faults.add("provenance-malformed", f"{PROVENANCE} does not have its form")
        return None


def _link(value: object) -> Cid:
    if not isinstance(value, str):
        raise Invalid("not a CID")
    return Cid.parse(value)


def _parent(value: object) -> Parent:
    if not isinstance(value, dict):
        raise Invalid("not a parent link")
    record = {"record": {"/": str(_link(value["record"]))}} if "record" in value else {}
    return parse_model(Parent, {"relation": value.get("relation"), "digest": value.get("digest"), **record})
