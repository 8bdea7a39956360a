"""The normalised generator record: public numbers on one side, private texts on the other.

It decides which field is which (DESIGN "Private until published"), and when a number or a sampler's
name is fit for a record. It leaves out the dialects. Everything here is what the generator, or
whoever edited the file, declares: a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from rakkan.manifests.generator.secrets import SecretFinding
from rakkan.schemas.work import Generation, ModelUse

Role = Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "clip"]

MAX_MODELS: Final = 64
MAX_PARENTS: Final = 64
_DECIMAL: Final = re.compile(r"-?[0-9]{1,32}(\.[0-9]{1,32})?([eE][+-]?[0-9]{1,3})?")
_TERM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+()/-]{0,63}")
_HASH: Final = re.compile(r"(?:0x)?[0-9A-Fa-f]{8,64}")
# The first digits of sha256(""): broken trainers wrote them into thousands of models (ecosystem of AutoV1–3).
_EMPTY: Final = "e3b0c442"


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model as a dialect found it, its name still with it.

    Attributes:
        role: What it does.
        name: As declared: a file name, or a path below the models folder.
        weight: As written, or None.
        declared: Hash prefixes as (kind, digits), from :func:`declared_hash`.
    """

    role: Role
    name: str
    weight: str | None = None
    declared: tuple[tuple[str, str], ...] = ()

    @property
    def stem(self) -> str:
        """The bare name in lower case: no folder, no ending; dialects differ in both."""
        base = self.name.replace("\\", "/").rpartition("/")[2]
        return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", base.lower())


@dataclass(frozen=True, slots=True)
class Pass:
    """One sampler's run; numbers exactly as written, None where absent or not finite.

    Attributes:
        seed: Up to 2^64 and beyond; None if the pass adds no noise of its own.
        steps: Sampling steps.
        cfg: Guidance scale.
        denoise: Share of noise, 0–1.
        sampler: Name of the sampler.
        scheduler: Name of the schedule.
    """

    seed: str | None = None
    steps: str | None = None
    cfg: str | None = None
    denoise: str | None = None
    sampler: str | None = None
    scheduler: str | None = None


@dataclass(frozen=True, slots=True)
class GeneratorRecord:
    """What a generator left in the file.

    Attributes:
        dialect: ``comfyui`` or ``a1111``.
        generation: The public part; no name, no text. Its numbers are those of the first pass that
            adds noise: the one that lays the picture out.
        private: Texts and names: ``prompt``, ``negative``, ``graph``, ``workflow``, ``parameters``,
            ``model/0`` … (the name of ``generation.models[0]``), ``parent/0`` ….
        parent_names: File names of the pictures this one was made from, without folders.
        findings: What looks like a secret in any text of the file.
        passes: Every sampler's run in order of execution.
    """

    dialect: str
    generation: Generation
    private: Mapping[str, str]
    parent_names: tuple[str, ...]
    findings: tuple[SecretFinding, ...]
    passes: tuple[Pass, ...]


def build_record(
    dialect: str,
    tool: str,
    *,
    main: Pass,
    passes: Iterable[Pass],
    models: Iterable[NamedModel],
    parents: Iterable[str],
    texts: Mapping[str, str],
    findings: tuple[SecretFinding, ...],
) -> GeneratorRecord:
    """Part what is public from what is private.

    Args:
        dialect: The dialect's id.
        tool: Name of the generator.
        main: The pass whose numbers stand for the picture.
        passes: All of them.
        models: In order; beyond :data:`MAX_MODELS` a record has no room.
        parents: File names, likewise up to :data:`MAX_PARENTS`.
        texts: Private texts by key; empty ones are left out.
        findings: As found.
    """
    distinct: dict[tuple[Role, str, str | None, tuple[tuple[str, str], ...]], None] = dict.fromkeys(
        (model.role, model.name, model.weight, model.declared) for model in models
    )
    used = tuple(distinct)[:MAX_MODELS]
    parent_names = tuple(dict.fromkeys(_encodable(name) for name in parents if name))[:MAX_PARENTS]
    private = {key: _encodable(text) for key, text in texts.items() if text}
    private |= {f"model/{index}": _encodable(name) for index, (_, name, _, _) in enumerate(used) if name}
    private |= {f"parent/{index}": name for index, name in enumerate(parent_names)}
    generation = Generation(
        tool=tool,
        seed=main.seed,
        steps=main.steps,
        cfg=main.cfg,
        denoise=main.denoise,
        sampler=main.sampler,
        scheduler=main.scheduler,
        models=tuple(
            ModelUse(role=role, weight=weight, declared=dict(declared) or None)
            for role, _, weight, declared in used
        ),
    )
    return GeneratorRecord(
        dialect, generation, MappingProxyType(private), parent_names, findings, tuple(passes)
    )


def decimal(value: object) -> str | None:
    """The number exactly as written, or None if it is no finite decimal number."""
    return str(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def term(value: object) -> str | None:
    """A sampler's or scheduler's name, or None for anything that could be more than a name."""
    return str(value) if isinstance(value, str) and _TERM.fullmatch(value) else None


def declared_hash(value: object) -> tuple[tuple[str, str], ...]:
    """A declared hash prefix under the name that its length implies; empty if it is none.

    8 digits are AutoV1, 10 AutoV2, 12 AutoV3; 64 are ``full``: of the file or of its tensors, the
    generator does not say. The hash of nothing is not evidence and is dropped.
    """
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        return ()
    digits = value.lower().removeprefix("0x")
    kind = {8: "autov1", 10: "autov2", 12: "autov3", 64: "full"}.get(len(digits))
    return ((kind, value),) if kind and not digits.startswith(_EMPTY) else ()


def _encodable(text: str) -> str:
    """Lone surrogates, which JSON can smuggle in, have no UTF-8 and so no commitment."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
