"""Consents to be said, and readers of each vocabulary that know nothing of the code under test."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rakkan.registry.rules.vocabulary.model import Saying
from tests.support import NOW, consent_record

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
DIGEST = "ab" * 32
D, T, G, U = "cawg.data_mining", "cawg.ai_training", "cawg.ai_generative_training", "cawg.ai_inference"
FOUR = (D, T, G, U)
ISCC = "ISCC:KACYPXW445FTYNJ3"


def saying(
    uses: dict[str, str], *, kind: str = "grant", at: datetime = NOW, about: str = "", **more: Any
) -> Saying:
    """A consent with these uses, to the public and without conditions unless told."""
    scopes = [{"name": name, "use": use} for name, use in uses.items()]
    record = consent_record(KEY, {"sha256": DIGEST}, kind=kind, scopes=scopes, **more)
    return Saying(record, at, about)


def allows(name: str, content: bytes) -> set[str]:
    """What a reader of the document would hold to be open to everybody without any condition."""
    text = content.decode()
    if name.startswith("aipref"):
        words = dict(re.findall(r"([a-z-]+)=([yn])", text))
        return _tree(words, "y", {"ai-use": "all"}, flat=name != "aipref-02")
    if name == "tdmai":
        return _tree(json.loads(text), "true", {}, flat=False)
    if name == "rsl":
        permitted = set(",".join(re.findall(r"<permits[^>]*>([^<]*)<", text)).split(","))
        refused = set(",".join(re.findall(r"<prohibits[^>]*>([^<]*)<", text)).split(","))
        open_ = set() if "all" in refused else {"ai-train", "ai-input"} - refused | permitted - refused
        return ({T, G} if "ai-train" in open_ else set()) | ({U} if "ai-input" in open_ else set())
    if name == "iptc":
        return set(FOUR) if json.loads(text)["plus:DataMining"].endswith("/DMI-ALLOWED") else set()
    if name == "tdmrep":
        return {D, T, G} if all(each["tdm-reservation"] == 0 for each in json.loads(text)) else set()
    if name == "tdmrep-header":
        return {D, T, G} if text == "tdm-reservation: 0\n" else set()
    if name == "spawning":
        return {T, G} if not any(each["optOut"] for each in json.loads(text)["urls"]) else set()
    if name == "erc7517":
        block = json.loads(text)["dataMiningPreference"]
        training = block.get("aiTraining")
        found = {D} if block.get("dataMining") == "allowed" else set()
        found |= {U} if block.get("aiInference") == "allowed" else set()
        found |= {T} if training == "allowed" else set()
        return found | ({G} if block.get("aiGenerativeTraining", training) == "allowed" else set())
    if name == "cawg":
        return {key for key, each in json.loads(text)["entries"].items() if each["use"] == "allowed"}
    assert name == "odrl"
    rules = json.loads(text)
    refused = {each["action"] for each in rules.get("prohibition", ())}
    return {
        each["action"].removeprefix("urn:rakkan:scope:")
        for each in rules.get("permission", ())
        if each["action"] not in refused
        and not {"assignee", "duty"} & each.keys()
        and len(each["constraint"]) == 2
    }


def _tree(words: dict[str, str], yes: str, extra: dict[str, str], *, flat: bool) -> set[str]:
    if flat:
        return {G} if words.get("train-ai") == yes else set()
    parents = {"train-ai": "all", "train-genai": "train-ai", **extra}
    found = set()
    for label, scope in (("all", D), ("train-ai", T), ("train-genai", G), ("ai-use", U)):
        at: str | None = label
        while at is not None and at not in words:
            at = parents.get(at)
        if at is not None and words[at] == yes:
            found.add(scope)
    return found
