"""What trainers and packers wrote into a model's header: kohya's keys, ModelSpec's, and ours.

It decides what is read of them, and nothing of it is a fact: every value is a claim of whoever wrote the file. A
value that does not have its form is left out and named. It leaves out whether the claims fit anything
(``rakkan.registry.rules.crosscheck``), and writing (``rewriting``). Keys: kohya-ss/sd-scripts ``train_util.py``; Stability-AI/ModelSpec 1.0.1.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from rakkan.manifests.text import plain

OURS: Final = "rakkan."
ROOT_KEY: Final = "rakkan.dataset_root"
RUN_KEY: Final = "rakkan.training_run"
LOG_KEY: Final = "rakkan.log"

MODELSPEC: Final = "modelspec."
_SHOWN: Final = (
    *(
        "sai_model_spec",
        "architecture",
        "implementation",
        "title",
        "resolution",
        "description",
        "author",
        "date",
    ),
    *("license", "merged_from", "tags", "trigger_phrase", "usage_hint"),
)
_HEX64: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_HEX: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})")
_MAX_FOLDERS: Final = 4096
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KohyaFolder:
    """A folder that was trained on.

    Attributes:
        name: Its name, without what is above it.
        images: How many images it had.
        repeats: How often each was shown in an epoch.
        regularisation: Whether it held images of the class instead of the subject.
    """

    name: str
    images: int
    repeats: int
    regularisation: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """What a header claims.

    Attributes:
        session: kohya's ``ss_session_id``, as written.
        started: When training began.
        finished: When it ended.
        images: Images in an epoch, repeats counted (``ss_num_train_images``).
        regularisation: The same of regularisation images.
        folders: What was trained on.
        base_name: File name of the base model.
        base_sha256: Digest of its file (``ss_new_sd_model_hash``).
        output: Name of what came out.
        network: Module, dimension and alpha, as written.
        trainer: Version of the trainer's scripts.
        sshs_model_hash: 64 hex digits, as declared.
        sshs_legacy_hash: 8 hex digits, as declared.
        modelspec_hash: 64 hex digits, as declared.
        modelspec: Other ModelSpec keys, for people.
        dataset_root: 64 hex digits that an earlier registration wrote.
        run: CID of the training run's record that it names.
        faults: Keys whose value has another form, with why.
    """

    session: str | None = None
    started: datetime | None = None
    finished: datetime | None = None
    images: int | None = None
    regularisation: int | None = None
    folders: tuple[KohyaFolder, ...] = ()
    base_name: str | None = None
    base_sha256: str | None = None
    output: str | None = None
    network: Mapping[str, str] = field(default_factory=dict)
    trainer: str | None = None
    sshs_model_hash: str | None = None
    sshs_legacy_hash: str | None = None
    modelspec_hash: str | None = None
    modelspec: Mapping[str, str] = field(default_factory=dict)
    dataset_root: str | None = None
    run: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)


def read_declared(texts: Mapping[str, str]) -> Declared:
    """What the texts of a header claim; raises nothing."""
    reading = _Reading(texts)
    network = {name: reading.text(f"ss_network_{name}") for name in ("module", "dim", "alpha")}
    shown = {name: reading.text(f"{MODELSPEC}{name}") for name in _SHOWN}
    return Declared(
        session=reading.text("ss_session_id"),
        started=reading.get("ss_training_started_at", _instant),
        finished=reading.get("ss_training_finished_at", _instant),
        images=reading.get("ss_num_train_images", _count),
        regularisation=reading.get("ss_num_reg_images", _count),
        folders=reading.folders(),
        base_name=reading.text("ss_sd_model_name"),
        base_sha256=reading.get("ss_new_sd_model_hash", _hex64),
        output=reading.text("ss_output_name"),
        network={name: text for name, text in network.items() if text is not None},
        trainer=reading.text("ss_sd_scripts_commit_hash"),
        sshs_model_hash=reading.get("sshs_model_hash", _hex64),
        sshs_legacy_hash=reading.get("sshs_legacy_hash", _hex),
        modelspec_hash=reading.get(f"{MODELSPEC}hash_sha256", _hex64),
        modelspec={name: text for name, text in shown.items() if text is not None},
        dataset_root=reading.get(ROOT_KEY, _hex64),
        run=reading.text(RUN_KEY),
        faults=reading.faults,
    )


class _Reading:
    """The texts of one header, and what was wrong with them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self.faults: dict[str, str] = {}

    def text(self, name: str) -> str | None:
        """A text for people, cut short; kohya writes ``None`` for what it has not."""
        found = self._texts.get(name)
        return None if found in (None, "", "None") else plain(found)

    def get(self, name: str, read: Callable[[str], T]) -> T | None:
        """A value of a form; None where there is none, or of another form."""
        found = self._texts.get(name)
        if found in (None, "", "None"):
            return None
        try:
            return read(found)
        except (
            ValueError,
            OverflowError,
            OSError,
            RecursionError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            self.faults[name] = plain(str(error)) or type(error).__name__
            return None

    def folders(self) -> tuple[KohyaFolder, ...]:
        """From ``ss_dataset_dirs`` and ``ss_reg_dataset_dirs``; of a run from a TOML file, from ``ss_datasets``."""
        plainly = [
            *(self.get("ss_dataset_dirs", lambda text: _dirs(text, regularisation=False)) or ()),
            *(self.get("ss_reg_dataset_dirs", lambda text: _dirs(text, regularisation=True)) or ()),
        ]
        found = plainly or self.get("ss_datasets", _datasets) or ()
        return tuple(found[:_MAX_FOLDERS])


def _dirs(text: str, *, regularisation: bool) -> list[KohyaFolder]:
    value: dict[str, dict[str, Any]] = json.loads(text)
    return [
        KohyaFolder(_folder(name), _whole(said["img_count"]), _whole(said["n_repeats"]), regularisation)
        for name, said in value.items()
    ]


def _datasets(text: str) -> list[KohyaFolder]:
    value: list[dict[str, Any]] = json.loads(text)
    return [
        KohyaFolder(
            _folder(subset.get("image_dir") or subset.get("metadata_file") or ""),
            _whole(subset["img_count"]),
            _whole(subset["num_repeats"]),
            bool(subset.get("is_reg", False)),
        )
        for dataset in value
        for subset in dataset["subsets"]
    ]


def _folder(name: str) -> str:
    return plain(re.split(r"[/\\]", name.rstrip("/\\"))[-1])


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError("not a whole number")
    return value


def _count(text: str) -> int:
    return _whole(int(text[:20]))


def _instant(text: str) -> datetime:
    seconds = float(text)
    if not math.isfinite(seconds) or not 0 < seconds < 253_402_300_800:
        raise ValueError("no instant of the years 1970 to 9999")
    return datetime.fromtimestamp(math.floor(seconds), UTC)


def _hex64(text: str) -> str:
    found = _HEX64.fullmatch(text.strip())
    if found is None:
        raise ValueError("not 64 hex digits")
    return found[1].lower()


def _hex(text: str) -> str:
    found = _HEX.fullmatch(text.strip())
    if found is None:
        raise ValueError("not hex digits")
    return found[1].lower()
