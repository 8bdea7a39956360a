"""Folders: pictures with captions beside them, and DreamBooth folders whose names say how often.

It decides how a folder is read as trainers read it. In a DreamBooth folder (every folder in it is called
``<repeats>_<words>``, as kohya's trainers expect) the words are the caption where no file has one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from rakkan.registry.flows.judge.forms.entry import (
    Entry,
    Read,
    Refusal,
    caption_beside,
    pictures_below,
    read_inside,
)
from rakkan.schemas.errors import DomainError

_DREAMBOOTH: Final = re.compile(r"([1-9][0-9]{0,5})_(\S.*)")


def is_dreambooth(folder: Path) -> bool:
    """Whether it has folders, each named ``<repeats>_<words>``, and no picture beside them."""
    inside = [each for each in folder.iterdir() if not each.name.startswith(".")]
    folders = [each for each in inside if each.is_dir() and not each.is_symlink()]
    named = all(_DREAMBOOTH.fullmatch(each.name) for each in folders)
    return bool(folders) and named and not pictures_below(folder, deep=False)


def read_folder(folder: Path) -> Read:
    """Every picture below a folder, once, with the caption beside it (same name, ``.txt``)."""
    base = folder.resolve()
    for path in pictures_below(folder):
        yield _entry(path, folder, base)


def read_dreambooth(folder: Path) -> Read:
    """The pictures in each folder, as often as its name says; captions in ``.txt``, else ``.caption``, else its words."""
    base = folder.resolve()
    for each in sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")):
        named = _DREAMBOOTH.fullmatch(each.name)
        repeats, words = (int(named[1]), named[2].strip()) if named else (1, "")
        for path in pictures_below(each):
            yield _entry(path, folder, base, repeats, words or None)


def _entry(
    path: Path, folder: Path, base: Path, repeats: int = 1, words: str | None = None
) -> Entry | Refusal:
    relative = path.relative_to(folder).as_posix()
    try:
        image = read_inside(path, base)
        caption = caption_beside(path, base)
        if caption is None and words is not None:
            caption = caption_beside(path, base, ".caption")
    except DomainError as error:
        return Refusal(relative, error)
    return Entry(
        relative, image.sha256.raw, len(image.content), words if caption is None else caption, repeats
    )
