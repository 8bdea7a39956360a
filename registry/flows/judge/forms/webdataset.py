"""WebDataset shards: tar files in which what belongs together has one stem and follows one another.

It decides how members become entries: of each stem one picture (``.png``, ``.jpg``, ``.jpeg``, ``.webp``), and its
caption from ``.txt``, else from ``text``, ``caption`` or ``prompt`` of its ``.json``. Members are streamed and never
written to disk; a link, a device, a name that climbs, a name that comes twice or a member that is too large is refused by
itself, and the others are read on.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from rakkan.manifests.image import DEFAULT, PICTURE_SUFFIXES, check_image
from rakkan.registry.flows.judge.forms.entry import CAPTION_BYTES, Entry, Read, Refusal, read_caption
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError, Invalid

MAX_MEMBERS: Final = 5_000_000
MAX_TOTAL: Final = 1024 * 1024 * 1024 * 1024
"""Bytes that are read of one shard, once unpacked."""

_JSON_BYTES: Final = 1024 * 1024
_CAPTIONS: Final = ("text", "caption", "prompt")
_HINT: Final = "Write the shard anew, from files with plain names."


def read_webdataset(shard: Path) -> Read:
    """The pictures of a shard, in its order.

    Raises:
        Invalid: ``dataset-archive``, if it is no tar file or ends in the middle.
    """
    try:
        with tarfile.open(shard, mode="r|*") as archive:
            yield from _groups(archive)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Invalid(
            f"{shard.name} is no whole tar file: {error}.", code="dataset-archive", hint=_HINT
        ) from error


def _groups(archive: tarfile.TarFile) -> Read:
    seen: set[str] = set()
    stem, parts, total = "", dict[str, bytes](), 0
    for number, member in enumerate(archive):
        total += member.size
        if number >= MAX_MEMBERS or total > MAX_TOTAL:
            raise Invalid("The shard has too many members, or too much in them.", code="dataset-archive")
        name = member.name
        if member.isdir():
            continue
        error = _fault(member, seen)
        seen.add(name.casefold())
        if error is not None:
            yield Refusal(_shown(name), error)
            continue
        own, ending = _split(name)
        if own != stem:
            yield from _entries(stem, parts)
            stem, parts = own, {}
        if ending in PICTURE_SUFFIXES or ending in (".txt", ".json"):
            content = archive.extractfile(member)
            parts[ending] = content.read() if content is not None else b""
    yield from _entries(stem, parts)


def _fault(member: tarfile.TarInfo, seen: set[str]) -> Invalid | None:
    """Why a member cannot be part of an entry, or nothing."""
    pure = PurePosixPath(member.name)
    if not member.isreg():
        return _refused("is no ordinary file")
    if pure.is_absolute() or ".." in pure.parts or "\\" in member.name or not pure.name:
        return _refused("has a name that leads elsewhere")
    if member.name.casefold() in seen:
        return _refused("comes twice")
    _, ending = _split(member.name)
    most = {".txt": CAPTION_BYTES, ".json": _JSON_BYTES}.get(ending, DEFAULT.max_bytes)
    if member.size > most:
        return _refused(f"is larger than {most} bytes")
    return None


def _refused(why: str) -> Invalid:
    return Invalid(f"The member {why}.", code="dataset-member", hint=_HINT)


def _entries(stem: str, parts: dict[str, bytes]) -> Iterator[Entry | Refusal]:
    pictures = sorted(parts.keys() & PICTURE_SUFFIXES)
    for ending in pictures:
        path = f"{stem}{ending}"
        try:
            if len(pictures) > 1:
                raise Invalid("One stem has several pictures.", code="dataset-member", hint=_HINT)
            image = check_image(parts[ending], PurePosixPath(path).name)
            caption = _caption(stem, parts)
        except DomainError as error:
            yield Refusal(_shown(path), error)
            continue
        yield Entry(path, image.sha256.raw, len(image.content), caption)


def _caption(stem: str, parts: dict[str, bytes]) -> str | None:
    if ".txt" in parts:
        return read_caption(parts[".txt"], f"{stem}.txt")
    if ".json" not in parts:
        return None
    value = parse_strict(parts[".json"], limit=_JSON_BYTES)
    said = [value.get(name) for name in _CAPTIONS] if isinstance(value, dict) else []
    found = next((text for text in said if isinstance(text, str)), None)
    return read_caption(found.encode(), f"{stem}.json") if found is not None else None


def _split(name: str) -> tuple[str, str]:
    """Stem and ending, as WebDataset has them: the ending begins at the first dot of the last part."""
    folder, slash, last = name.rpartition("/")
    own, dot, ending = last.partition(".")
    return f"{folder}{slash}{own}", f"{dot}{ending}".lower()


def _shown(name: str) -> str:
    return name[:200] or "?"
