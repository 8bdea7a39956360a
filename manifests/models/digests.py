"""The digests of a model file: what it is, and every other name that tools give it, in one reading.

It decides how each is computed. ``autov3`` (sha256 of the tensors) is identity; the others are aliases, and each has
a trap: ``autov1`` and ``kohyaLegacy`` read 64 KiB at 1 MiB, so of a smaller file they are the digest of nothing; ``kohya``
is ``autov3`` of the file as its library would write it again, which differs where the tensors are in another order.
It leaves out what the header declares of itself (``declared``).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from rakkan.manifests.errors import UnreadableModel
from rakkan.manifests.models.header import BITS, TEXTS, Header, Tensor, read_header
from rakkan.manifests.text import plain as printable
from rakkan.schemas.values import Digest

Progress = Callable[[int], None]
"""Told how many more bytes were read."""

_CHUNK: Final = 4 * 1024 * 1024
_WINDOW: Final = (0x100000, 0x110000)
_ORDER: Final = {dtype: place for place, dtype in enumerate(BITS)}
_KOHYA: Final = "ss_"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that was read.

    Attributes:
        name: Its name, without folder.
        bytes: Its size.
        header: What stands before the tensors.
        sha256: Digest of the whole file; its first ten hex digits in capitals are AutoV2.
        autov3: Digest of the tensors.
        autov1: 8 hex digits; None where the file is too small to have one.
        kohya: 64 hex digits (``sshs_model_hash``); None of a file that was not trained by kohya's scripts.
        kohya_legacy: 8 hex digits (``sshs_legacy_hash``); None as before, and where it cannot be told.
    """

    name: str
    bytes: int
    header: Header
    sha256: Digest
    autov3: Digest
    autov1: str | None
    kohya: str | None
    kohya_legacy: str | None

    @property
    def autov2(self) -> str:
        """As it is written on the model sites."""
        return self.sha256.hex[:10].upper()


def read_model(path: Path, progress: Progress = lambda _: None) -> ModelFile:
    """Read a model file, once from end to end; again only where kohya's order of tensors is another.

    Raises:
        UnreadableModel: ``model-missing`` (no such file, or not an ordinary one), ``model-changed`` (while it was
            read), and as :func:`rakkan.manifests.models.header.read_header`.
    """
    with open_model(path) as file:
        before = os.fstat(file.fileno())
        header = read_header(file, before.st_size)
        canonical = in_written_order(header.tensors)
        trained = any(name.startswith(_KOHYA) for name in header.texts)
        same = canonical == list(header.tensors)
        legacy = _Window(*_legacy_window(header, canonical)) if trained else None
        whole, tensors, first = hashlib.sha256(header.raw), hashlib.sha256(), _Window(*_WINDOW)
        first.feed(header.raw)
        for chunk in _chunks(file, before.st_size - header.size):
            whole.update(chunk)
            tensors.update(chunk)
            first.feed(chunk)
            if same and legacy is not None:
                legacy.feed(chunk)
            progress(len(chunk))
        kohya: str | None = tensors.hexdigest() if trained else None
        if trained and not same:
            kohya = _again(file, header, canonical, legacy, progress)
        _check_unchanged(file, before)
    return ModelFile(
        name=path.name,
        bytes=before.st_size,
        header=header,
        sha256=Digest("sha256", whole.digest()),
        autov3=Digest("autov3", tensors.digest()),
        autov1=first.short(),
        kohya=kohya,
        kohya_legacy=legacy.short() if legacy is not None else None,
    )


def open_model(path: Path) -> BinaryIO:
    """Open a file for reading, if it is an ordinary one: opening a pipe could wait for ever.

    Raises:
        UnreadableModel: ``model-missing``.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableModel(
                f"{printable(path.name)} is not an ordinary file.",
                code="model-missing",
                hint="Give the path of a .safetensors file.",
            )
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableModel(
            f"{printable(path.name)} cannot be read: {getattr(error, 'strerror', None) or 'no such path'}.",
            code="model-missing",
            hint="Check the path and your rights to it.",
        ) from error


def in_written_order(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors as the safetensors library writes them: by type, the widest first, then by name."""
    return sorted(tensors, key=lambda each: (_ORDER[each.dtype], each.name))


def _legacy_window(header: Header, canonical: Sequence[Tensor]) -> tuple[int, int]:
    """Where ``sshs_legacy_hash`` reads, counted from the first tensor of the file as written again.

    Only the length of that file's header matters, which is known though the order of its texts is not; where
    the header itself reaches into the window, nobody can tell (an empty window).
    """
    kept = {name: text for name, text in header.texts.items() if name.startswith(_KOHYA)}
    value: dict[str, Any] = {TEXTS: kept}
    at = 0
    for each in canonical:
        size = each.end - each.begin
        value[each.name] = {"dtype": each.dtype, "shape": each.shape, "data_offsets": [at, at + size]}
        at += size
    length = 8 + len(encoded(value))
    begin, end = _WINDOW
    return (begin - length, end - length) if length <= begin else (0, 0)


def encoded(value: dict[str, Any]) -> bytes:
    """Header JSON as the library writes it, padded to eight bytes."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % 8)


def _again(
    file: BinaryIO, header: Header, canonical: Sequence[Tensor], legacy: _Window | None, progress: Progress
) -> str:
    """The digest of the tensors in another order than that of the file."""
    tensors = hashlib.sha256()
    for each in canonical:
        file.seek(header.size + each.begin)
        for chunk in _chunks(file, each.end - each.begin):
            tensors.update(chunk)
            if legacy is not None:
                legacy.feed(chunk)
            progress(len(chunk))
    return tensors.hexdigest()


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        chunk = file.read(min(_CHUNK, size))
        if not chunk:
            raise _changed()
        size -= len(chunk)
        yield chunk


def _check_unchanged(file: BinaryIO, before: os.stat_result) -> None:
    now = os.fstat(file.fileno())
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise _changed()


def _changed() -> UnreadableModel:
    return UnreadableModel(
        "The file changed while it was read.",
        code="model-changed",
        hint="Wait until it is written to the end.",
    )


class _Window:
    """The digest of a range of bytes out of a stream.

    Args:
        begin: First byte.
        end: The byte after the last.
    """

    def __init__(self, begin: int, end: int) -> None:
        self._begin, self._end, self._at, self._found = begin, end, 0, False
        self._digest = hashlib.sha256()

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the stream."""
        begin, end = max(self._begin - self._at, 0), self._end - self._at
        self._at += len(chunk)
        if begin < end and begin < len(chunk):
            self._digest.update(memoryview(chunk)[begin:end])
            self._found = True

    def short(self) -> str | None:
        """The first eight hex digits; None if the stream ended before the range."""
        return self._digest.hexdigest()[:8] if self._found else None
