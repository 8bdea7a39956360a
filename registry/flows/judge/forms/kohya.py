"""kohya TOML: the dataset configuration of sd-scripts, read as its trainers read it.

It decides which pictures, captions, repeats, roles and masks a configuration feeds to training (``[general]``,
``[[datasets]]``, ``[[datasets.subsets]]``: ``image_dir``, ``metadata_file``, ``num_repeats``, ``is_reg``,
``class_tokens``, ``caption_extension``, ``caption_prefix``, ``caption_suffix``, ``conditioning_data_dir``). Options
that only change captions by chance while training (shuffling, dropping, wildcards) are not part of an item.
A subset whose pictures would come from outside the configuration's own folder is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rakkan.registry.flows.judge.forms.entry import (
    Entry,
    Read,
    Refusal,
    below,
    caption_beside,
    check_inside,
    pictures_below,
    read_inside,
)
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError, Invalid

_MAX_BYTES: Final = 1024 * 1024
_MAX_METADATA: Final = 256 * 1024 * 1024
_MAX_REPEATS: Final = 1_000_000
_HINT: Final = "See sd-scripts, docs/config_README."


def read_kohya(path: Path) -> Read:
    """The pictures that a configuration names, in its order.

    Raises:
        Invalid: ``dataset-toml``, ``dataset-path``.
    """
    document = _parsed(path)
    base = path.parent.resolve()
    general = _table(document.get("general", {}), "general")
    datasets = _tables(document.get("datasets"), "datasets")
    for number, dataset in enumerate(datasets):
        where = f"datasets[{number}]"
        for place, subset in enumerate(_tables(dataset.get("subsets"), f"{where}.subsets")):
            options = {**general, **dataset, **subset}
            yield from _subset(options, path.parent, base, f"{where}.subsets[{place}]")


def _subset(options: Mapping[str, Any], folder: Path, base: Path, where: str) -> Read:
    images = below(folder, options.get("image_dir"), f"{where}.image_dir")
    if not images.is_dir():
        raise Invalid(f"{where}.image_dir: {images.name} is no folder.", code="dataset-path", hint=_HINT)
    told = _metadata(options, folder, base, where)
    repeats = options.get("num_repeats", 1)
    if type(repeats) is not int or not 1 <= repeats <= _MAX_REPEATS:
        raise Invalid(f"{where}.num_repeats is not a count.", code="dataset-toml", hint=_HINT)
    role: Any = "regularisation" if options.get("is_reg") is True else "train"
    masks = options.get("conditioning_data_dir")
    beside = _by_stem(below(folder, masks, f"{where}.conditioning_data_dir")) if masks is not None else None
    for path in pictures_below(images, deep=False):
        relative = path.relative_to(folder).as_posix()
        try:
            image = read_inside(path, base)
            caption = _caption(path, base, options, told)
            mask = _mask(path, beside, base)
        except DomainError as error:
            yield Refusal(relative, error)
            continue
        yield Entry(relative, image.sha256.raw, len(image.content), caption, repeats, role, mask)


def _caption(
    path: Path, base: Path, options: Mapping[str, Any], told: Mapping[str, Any] | None
) -> str | None:
    if told is not None:
        caption = _told(path, told)
    else:
        suffix = options.get("caption_extension", ".caption")
        if not isinstance(suffix, str) or not suffix.startswith(".") or "/" in suffix or "\\" in suffix:
            raise Invalid("caption_extension is no ending.", code="dataset-toml", hint=_HINT)
        caption = caption_beside(path, base, suffix)
        if caption is None and isinstance(options.get("class_tokens"), str):
            caption = options["class_tokens"]
    if caption is None:
        return None
    prefix, suffix_ = options.get("caption_prefix"), options.get("caption_suffix")
    parts = [prefix if isinstance(prefix, str) else "", caption, suffix_ if isinstance(suffix_, str) else ""]
    return " ".join(part for part in parts if part)


def _told(path: Path, told: Mapping[str, Any]) -> str | None:
    """From a metadata file: the caption, and the tags after it."""
    said = next((told[key] for key in (path.name, path.stem, path.as_posix()) if key in told), None)
    if not isinstance(said, dict):
        raise Invalid(f"The metadata file does not name {path.name}.", code="dataset-metadata", hint=_HINT)
    parts = [said.get("caption"), said.get("tags")]
    return ", ".join(part for part in parts if isinstance(part, str) and part) or None


def _metadata(options: Mapping[str, Any], folder: Path, base: Path, where: str) -> Mapping[str, Any] | None:
    name = options.get("metadata_file")
    if name is None:
        return None
    path = below(folder, name, f"{where}.metadata_file")
    check_inside(path, base)
    value = parse_strict(_content(path, _MAX_METADATA), limit=_MAX_METADATA)
    return _table(value, f"{where}.metadata_file")


def _by_stem(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for each in pictures_below(folder, deep=False) if folder.is_dir() else ():
        found.setdefault(each.stem, []).append(each)
    return found


def _mask(path: Path, masks: Mapping[str, list[Path]] | None, base: Path) -> bytes | None:
    if masks is None:
        return None
    found = masks.get(path.stem, [])
    if len(found) != 1:
        raise Invalid(
            f"There is not one conditioning picture for {path.name}.", code="dataset-mask", hint=_HINT
        )
    return read_inside(found[0], base).sha256.raw


def _parsed(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_content(path, _MAX_BYTES).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid(f"{path.name} is not TOML: {error}.", code="dataset-toml", hint=_HINT) from error


def _content(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file() or path.stat().st_size > limit:
            raise Invalid(f"{path.name} is no file, or too large.", code="dataset-path", hint=_HINT)
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror}.", code="dataset-path") from error


def _tables(value: object, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not value:
        raise Invalid(f"{where} is no list of tables.", code="dataset-toml", hint=_HINT)
    return [_table(each, where) for each in value]


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"{where} is no table.", code="dataset-toml", hint=_HINT)
    return value
