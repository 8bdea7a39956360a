"""AUTOMATIC1111's infotext, as Forge, reForge, SD.Next and many saver nodes write it too.

It decides the grammar (prompt lines, ``Negative prompt:`` lines, one settings line of at least
three ``Key: value`` pairs) and which settings name models. It leaves out where the text stands in
the file (``read``). The text is hostile: everything is read in one pass, with bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rakkan.manifests.generator.graph import Number, parse_json
from rakkan.manifests.generator.models import lora_tags
from rakkan.manifests.generator.record import (
    GeneratorRecord,
    NamedModel,
    Pass,
    Role,
    build_record,
    decimal,
    declared_hash,
    term,
)
from rakkan.manifests.generator.secrets import SecretFinding

DIALECT: Final = "a1111"

_NEGATIVE: Final = "Negative prompt:"
_MAX_LINE: Final = 256 * 1024
_MAX_PAIRS: Final = 512
_KEY: Final = re.compile(r"\s*(\w[\w /-]{0,63}):\s*")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAME_AND_HASH: Final = re.compile(r"(.{1,300}?)\s{0,4}\[([0-9A-Fa-f]{8,64})\]")
_MODEL_PART: Final = re.compile(r"\bModel: ([^,]{1,300})")
_CONTROL: Final = re.compile(r"ControlNet [0-9]{1,2}")
# "Hashes" keys of Civitai-aware savers, before the colon
_HASH_ROLES: Final[dict[str, Role]] = {
    "model": "checkpoint",
    "vae": "vae",
    "lora": "lora",
    "embed": "embedding",
}
_RESOURCES: Final[dict[str, Role]] = {
    "checkpoint": "checkpoint",
    "lora": "lora",
    "embed": "embedding",
    "textualinversion": "embedding",
    "vae": "vae",
    "upscaler": "upscaler",
}
# Upscalers that are arithmetic, not models
_ARITHMETIC: Final = ("latent", "none", "lanczos", "nearest")


@dataclass(frozen=True, slots=True)
class Infotext:
    """An infotext, taken apart.

    Attributes:
        prompt: The positive prompt.
        negative: The negative prompt.
        settings: Values as written by key; quoted ones unquoted, JSON ones as JSON text.
    """

    prompt: str
    negative: str
    settings: Mapping[str, str]


def parse_infotext(text: str) -> Infotext | None:
    """Take an infotext apart.

    Returns:
        None if the last line holds fewer than three settings: then it is somebody's plain text.
    """
    head, _, last = text.strip().rpartition("\n")
    settings = _settings(last)
    if len(settings) < 3:
        return None
    prompt: list[str] = []
    negative: list[str] = []
    side = prompt
    for line in head.split("\n"):
        if side is prompt and line.strip().startswith(_NEGATIVE):
            side = negative
            side.append(line.strip()[len(_NEGATIVE) :].strip())
        else:
            side.append(line)
    return Infotext("\n".join(prompt).strip(), "\n".join(negative).strip(), settings)


def read_a1111(text: str, findings: tuple[SecretFinding, ...]) -> GeneratorRecord | None:
    """Read an infotext; None if it is none."""
    parsed = parse_infotext(text)
    if parsed is None:
        return None
    settings = parsed.settings
    main = Pass(
        seed=decimal(settings.get("Seed")),
        steps=decimal(settings.get("Steps")),
        cfg=decimal(settings.get("CFG scale")),
        denoise=decimal(settings.get("Denoising strength")),
        sampler=term(settings.get("Sampler")),
        scheduler=term(settings.get("Schedule type")),
    )
    return build_record(
        DIALECT,
        _tool(settings),
        main=main,
        passes=[main],
        models=models_named(parsed),
        parents=(),
        texts={"prompt": parsed.prompt, "negative": parsed.negative, "parameters": text},
        findings=findings,
    )


def models_named(parsed: Infotext) -> list[NamedModel]:
    """The models that an infotext names, each once, with every hash declared for it."""
    found: dict[tuple[Role, str], NamedModel] = {}
    for new in _mentions(parsed):
        # "Hashes" has bare "model" and "vae": they mean the one that was named before
        nameless = next((key for key in found if key[0] == new.role), None) if not new.name else None
        key = nameless or (new.role, new.stem)
        old = found.get(key, new)
        declared = tuple(sorted({**dict(new.declared), **dict(old.declared)}.items()))
        found[key] = NamedModel(new.role, old.name, old.weight or new.weight, declared)
    return [*found.values(), *_resources(parsed.settings, {role for role, _ in found})]


def _mentions(parsed: Infotext) -> Iterator[NamedModel]:
    """Every place that names a model or declares its hash, the most telling name first."""
    settings = parsed.settings
    pairs: tuple[tuple[Role, str], ...] = (("checkpoint", "Model"), ("vae", "VAE"))
    for role, key in pairs:
        if key in settings or f"{key} hash" in settings:
            yield _model(role, settings.get(key, ""), settings.get(f"{key} hash"))
    if refiner := _NAME_AND_HASH.fullmatch(settings.get("Refiner", "")):
        yield _model("checkpoint", *refiner.groups())
    yield from lora_tags(parsed.prompt)
    lists: tuple[tuple[Role, str], ...] = (("lora", "Lora hashes"), ("embedding", "TI hashes"))
    for role, key in lists:
        for pair in settings.get(key, "").split(","):
            name, colon, value = pair.rpartition(":")
            if colon and name.strip():
                yield _model(role, name, value.strip())
    upscaler = settings.get("Hires upscaler", "")
    if upscaler and not upscaler.lower().startswith(_ARITHMETIC):
        yield _model("upscaler", upscaler)
    for key, setting in settings.items():
        part = _MODEL_PART.search(setting) if _CONTROL.fullmatch(key) else None
        if part and (named := _NAME_AND_HASH.fullmatch(part.group(1).strip())):
            yield _model("controlnet", *named.groups())
    yield from _hashes(settings)


def _hashes(settings: Mapping[str, str]) -> Iterator[NamedModel]:
    hashes = parse_json(settings.get("Hashes", ""))
    for key, value in hashes.items() if isinstance(hashes, dict) else ():
        kind, _, name = key.partition(":")
        if kind in _HASH_ROLES:
            yield _model(_HASH_ROLES[kind], name, value)


def _model(role: Role, name: str, value: object = None) -> NamedModel:
    return NamedModel(role, name.strip(), None, declared_hash(value))


def _resources(settings: Mapping[str, str], known: set[Role]) -> list[NamedModel]:
    """Civitai's own list, for roles that nothing else names: it gives other names to the same files."""
    entries = parse_json(settings.get("Civitai resources", ""))
    found = []
    for entry in entries if isinstance(entries, list) else ():
        role = _RESOURCES.get(str(entry.get("type", "")).lower()) if isinstance(entry, dict) else None
        if role is None or role in known:
            continue
        version = entry.get("modelVersionId")
        declared = (("civitaiVersion", str(version)),) if isinstance(version, Number) else ()
        name = entry.get("modelName")
        weight = decimal(entry.get("weight"))
        found.append(NamedModel(role, name if isinstance(name, str) else "", weight, declared))
    return found


def _settings(line: str) -> dict[str, str]:
    """``Key: value`` pairs of one line; values are plain up to a comma, a JSON string, or JSON."""
    found: dict[str, str] = {}
    position = 0
    if len(line) > _MAX_LINE:
        return found
    decoder = json.JSONDecoder()
    while position < len(line) and len(found) < _MAX_PAIRS:
        key = _KEY.match(line, position)
        if key is None:  # a stray piece: go on behind the next comma
            position = _after_comma(line, position)
            continue
        position = key.end()
        value: str | None = None
        opening = line[position : position + 1]
        if opening == '"' and (quoted := _QUOTED.match(line, position)):
            value, position = _unquoted(quoted.group()), quoted.end()
        elif opening in {"{", "["}:
            end = _json_end(decoder, line, position)
            value, position = line[position:end] or None, end
        end = _after_comma(line, position)
        if value is None:
            value = line[position : end - 1 if line[end - 1 : end] == "," else end].strip()
        position = end
        found.setdefault(key.group(1), value)
    return found


def _after_comma(line: str, position: int) -> int:
    comma = line.find(",", position)
    return len(line) if comma < 0 else comma + 1


def _unquoted(text: str) -> str:
    value: Any = parse_json(text)
    return value if isinstance(value, str) else text[1:-1]


def _json_end(decoder: json.JSONDecoder, line: str, position: int) -> int:
    try:
        return decoder.raw_decode(line, position)[1]
    except (ValueError, RecursionError):
        return position


def _tool(settings: Mapping[str, str]) -> str:
    version = term(settings.get("Version")) or ""
    if version.startswith("ComfyUI"):
        return "ComfyUI"
    if version.startswith("f"):
        return f"Forge {version}"[:64]
    if settings.get("App") == "SD.Next":
        return "SD.Next"
    return f"AUTOMATIC1111 {version}"[:64].strip()
