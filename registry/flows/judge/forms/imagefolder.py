"""Hugging Face image folders: pictures, and one document that has a row for each (``metadata.jsonl`` or ``.csv``).

It decides which column names the picture (``file_name``) and which one is its caption: the first of ``text``,
``caption``, ``prompt`` that the rows have. A picture without a row has no caption; a row without a picture is
refused, for whoever trains would miss it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rakkan.registry.flows.judge.forms.entry import (
    CAPTION_BYTES,
    Entry,
    Read,
    Refusal,
    below,
    check_inside,
    pictures_below,
    read_caption,
    read_inside,
)
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError, Invalid

DOCUMENTS: Final = ("metadata.jsonl", "metadata.csv")
_CAPTIONS: Final = ("text", "caption", "prompt")
_MAX_BYTES: Final = 512 * 1024 * 1024
_MAX_LINE: Final = 1024 * 1024


def document_of(folder: Path) -> Path | None:
    """The document of an image folder, if it has one."""
    return next((folder / name for name in DOCUMENTS if (folder / name).is_file()), None)


def read_imagefolder(folder: Path) -> Read:
    """Every picture below the folder, with the caption of its row.

    Raises:
        Invalid: ``dataset-metadata``, ``dataset-path``.
    """
    base, document = folder.resolve(), document_of(folder)
    assert document is not None
    check_inside(document, base)
    captions: dict[Path, str | None] = {}
    for number, row in enumerate(_rows(document), 1):
        path = below(folder, row.get("file_name"), f"{document.name}, row {number}: file_name")
        if path in captions:
            yield Refusal(path.relative_to(folder).as_posix(), _wrong(f"Row {number} names it again."))
            continue
        captions[path] = _caption(row, number)
    found = pictures_below(folder)
    for path in found:
        relative = path.relative_to(folder).as_posix()
        try:
            image = read_inside(path, base)
        except DomainError as error:
            yield Refusal(relative, error)
            continue
        yield Entry(relative, image.sha256.raw, len(image.content), captions.get(path))
    for path in sorted(captions.keys() - set(found)):
        yield Refusal(
            path.relative_to(folder).as_posix(), _wrong(f"{document.name} names it, and it is not there.")
        )


def _caption(row: Mapping[str, Any], number: int) -> str | None:
    for column in _CAPTIONS:
        if column in row:
            value = row[column]
            if value is None or isinstance(value, str):
                return read_caption((value or "").encode(), f"of row {number}") or None
            raise _wrong(f"Row {number}: {column} is no text.")
    return None


def _rows(document: Path) -> Iterator[Mapping[str, Any]]:
    if document.stat().st_size > _MAX_BYTES:
        raise _wrong(f"{document.name} is larger than {_MAX_BYTES} bytes.")
    with document.open(encoding="utf-8", newline="") as file:
        try:
            yield from _table(file) if document.suffix == ".csv" else _lines(file)
        except UnicodeDecodeError as error:
            raise _wrong(f"{document.name} is not UTF-8.") from error
        except csv.Error as error:
            raise _wrong(f"{document.name} is no table: {error}.") from error


def _lines(file: io.TextIOBase | Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for number, text in enumerate(file, 1):
        if not text.strip():
            continue
        if len(text) > _MAX_LINE:
            raise _wrong(f"Line {number} is too long.")
        value = parse_strict(text.encode(), limit=4 * _MAX_LINE)
        if not isinstance(value, dict):
            raise _wrong(f"Line {number} is no row.")
        yield value


def _table(file: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    csv.field_size_limit(CAPTION_BYTES * 2)
    rows = csv.DictReader(file, strict=True)
    if "file_name" not in (rows.fieldnames or ()):
        raise _wrong("There is no column file_name.")
    yield from rows


def _wrong(said: str) -> Invalid:
    return Invalid(
        said, code="dataset-metadata", hint="An image folder has one row for each picture, by file_name."
    )
