"""Writing into the header of a model file: a copy with other texts, and the very same tensors.

It decides how a copy is made so that ``autov3`` cannot change and nothing is lost: the tensors are copied byte for
byte, the header keeps its keys and their order, and the copy stands under its name only once it is whole. The
original is never touched. It leaves out which texts are written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, Final

from rakkan.manifests.errors import UnreadableModel
from rakkan.manifests.models.digests import ModelFile, Progress, encoded, open_model
from rakkan.manifests.models.header import MAX_HEADER, TEXTS
from rakkan.schemas.errors import Conflict, Refused, Unavailable
from rakkan.schemas.values import Digest

_CHUNK: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that is written and not yet under its name.

    Attributes:
        sha256: Digest of the copy.
        bytes: Its size.
        temporary: Where it is now.
        target: Where it is to stand.
    """

    sha256: Digest
    bytes: int
    temporary: Path
    target: Path

    def settle(self) -> None:
        """Put the copy under its name.

        Raises:
            Conflict: ``output-exists``: whatever came there meanwhile stays.
            Unavailable, Refused: If it cannot be put there.
        """
        try:
            os.link(self.temporary, self.target)  # unlike a rename, it replaces nothing
        except FileExistsError as error:
            raise output_exists(self.target) from error
        except OSError:
            if self.target.exists():
                raise output_exists(self.target) from None
            with _writing(self.target):
                self.temporary.replace(self.target)  # where links are not to be had


@contextmanager
def copy_with(
    source: Path,
    model: ModelFile,
    texts: Mapping[str, str],
    target: Path,
    progress: Progress = lambda _: None,
) -> Iterator[Copied]:
    """Write a copy with these texts in its header; it is gone again unless it is settled.

    Args:
        source: The file, as ``model`` was read from it.
        model: What was read.
        texts: Put into the header; what stands there under the same keys gives way.
        target: Where the copy is to stand.
        progress: Told how many more bytes were copied.

    Raises:
        Conflict: ``output-exists``.
        UnreadableModel: ``model-changed``, if the source is not what was read; ``model-header-large``.
        Unavailable, Refused: If the copy cannot be written.
    """
    if target.exists():
        raise output_exists(target)
    start = header_with(model, texts)
    with _writing(target):
        file = NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:100]}.", delete=False)  # noqa: SIM115
    temporary = Path(file.name)
    try:
        with file, open_model(source) as original, _writing(target):
            whole, size = _copy(original, file, model, start, progress)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o644)
        yield Copied(Digest("sha256", whole), size, temporary, target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def header_with(model: ModelFile, texts: Mapping[str, str]) -> bytes:
    """The eight bytes of length and the header of a copy with these texts.

    Raises:
        UnreadableModel: ``model-header-large``.
    """
    merged = {**model.header.texts, **texts}
    value: dict[str, Any] = {TEXTS: merged}
    value.update((name, said) for name, said in model.header.value.items() if name != TEXTS)
    text = encoded(value)
    if len(text) > MAX_HEADER:
        raise UnreadableModel(
            f"With what is to be written, the header has {len(text)} bytes; at most {MAX_HEADER} are read.",
            code="model-header-large",
        )
    return len(text).to_bytes(8, "little") + text


def output_exists(target: Path) -> Conflict:
    """The error of an output that is there already."""
    return Conflict(
        f"{target} exists already.",
        code="output-exists",
        hint="Name another --out, or remove the file: nothing is overwritten.",
    )


def _copy(
    original: BinaryIO,
    file: Any,  # noqa: ANN401 - a temporary file has no public type
    model: ModelFile,
    start: bytes,
    progress: Progress,
) -> tuple[bytes, int]:
    before = os.fstat(original.fileno())
    if original.read(model.header.size) != model.header.raw or before.st_size != model.bytes:
        raise _changed()
    whole, tensors = hashlib.sha256(start), hashlib.sha256()
    file.write(start)
    size = len(start)
    while chunk := original.read(_CHUNK):
        file.write(chunk)
        whole.update(chunk)
        tensors.update(chunk)
        size += len(chunk)
        progress(len(chunk))
    if tensors.digest() != model.autov3.raw:
        raise _changed()
    return whole.digest(), size


def _changed() -> UnreadableModel:
    return UnreadableModel(
        "The file changed since it was read.",
        code="model-changed",
        hint="Wait until it is written to the end.",
    )


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}.", code="output-unwritable") from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise Unavailable(
            f"{target} cannot be written: {error.strerror}.",
            code="output-unwritable",
            hint="Make room on the disk." if full else "Check that its folder is there.",
        ) from error
