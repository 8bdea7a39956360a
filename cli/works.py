"""Names on the command line: which work, or which file, is meant.

It decides what a name that nothing is registered under still stands for: a picture by its own digests,
a digest by itself; a CID stands for nothing then. It leaves out how records are found
(``rakkan.registry.flows.lookup``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from rakkan.schemas.errors import DomainError, Invalid, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.rules.dataset import Lock
    from rakkan.registry.service import Registry
    from rakkan.schemas.record import Record
    from rakkan.schemas.statement import Subject
    from rakkan.schemas.values import Digest

_SUBJECTS: Final = 64
"""Works that a consent can name one by one."""


def work_record(registry: Registry, name: str) -> Record:
    """The registered work of that name.

    Raises:
        NotFound: ``record-unknown``.
        Invalid: ``record-kind``, if it names another kind of record.
    """
    from rakkan.registry.flows.lookup import resolve

    record = resolve(registry, name).record
    if record.kind != "work":
        raise Invalid(
            f"{name} is a {record.kind} record, not a work.", code="record-kind", hint="Name a work."
        )
    return record


def digests_of(registry: Registry, name: str) -> list[Digest]:
    """Every identifier under which the work of that name may be known, its record's first.

    Raises:
        NotFound: ``record-unknown``, if a CID names nothing here.
        Invalid: If a digest is malformed or a file is not one whole image.
    """
    try:
        record = work_record(registry, name)
    except NotFound as unknown:
        found = _by_itself(name)
        if not found or unknown.code != "record-unknown":
            raise
        return found
    known = [digest for subject in record.parsed.subject for digest in subject.digests]
    return [*known, *(each for each in _by_itself(name) if each not in known)]


def subject_of(registry: Registry, name: str) -> Subject:
    """What a consent about the work of that name names: the record's identifiers, else the file's own."""
    from rakkan.schemas.statement import Subject

    try:
        record = work_record(registry, name)
    except NotFound as unknown:
        found = _by_itself(name)
        if not found or unknown.code != "record-unknown":
            raise
        return Subject(name="work", digest={digest.kind: digest.hex for digest in found})
    return Subject(name="work", digest=dict(record.parsed.subject[0].digest))


@dataclass(frozen=True, slots=True)
class Named:
    """The works of one consent.

    Attributes:
        subjects: What it is about: each of them, or the collection of all.
        more: Fields that the consent then has.
        blocks: The raw blocks that list the collection, if it is one.
        works: The members of the collection.
    """

    subjects: list[Subject]
    more: dict[str, Any]
    blocks: tuple[bytes, ...] = ()
    works: tuple[Digest, ...] = ()


def subjects_named(
    registry: Registry,
    names: Sequence[str],
    *,
    collection: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Named:
    """What a consent about these works names: each of a few, or one collection of many.

    Args:
        registry: Where they may be registered.
        names: Images, folders, patterns, locks, digests or records.
        collection: Make a collection even of a few.
        progress: Told of each picture that was read.

    Raises:
        NotFound, Invalid: As the names are wrong.
    """
    from rakkan.registry.flows.naming import names_many, works_named
    from rakkan.registry.rules.collection import collect

    names = list(dict.fromkeys(names))
    if not (collection or len(names) > _SUBJECTS or any(names_many(name) for name in names)):
        return Named([subject_of(registry, name) for name in names], {})
    works = works_named(registry, names, progress)
    if len(works) == 1 and not collection:
        return Named([subject_of(registry, str(works[0]))], {})
    made = collect(works)
    return Named(
        [made.subject],
        {"match": "collection", "collection": made.collection.to_json()},
        made.blocks,
        tuple(works),
    )


def _by_itself(name: str) -> list[Digest]:
    from rakkan.manifests.image import read_image
    from rakkan.registry.flows.lookup import identifiers
    from rakkan.schemas.values import DIGEST_KINDS, Digest

    if Path(name).is_file():
        return identifiers(read_image(Path(name)))
    return [Digest.parse(name)] if name.partition(":")[0] in DIGEST_KINDS else []


def read_file(path: Path, what: str) -> bytes:
    """The bytes of a file of the user's.

    Args:
        path: The file.
        what: What it is meant to be, for the sentence.

    Raises:
        NotFound: ``file-missing``.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"The {what} {path} cannot be read: {error.strerror}.",
            code="file-missing",
            hint="Check the path.",
        ) from error


def read_lock(path: Path) -> Lock:
    """A dataset's lock from a file.

    Raises:
        NotFound: ``file-missing``.
        Invalid: ``lock-form``, ``lock-item``, ``lock-order``, ``not-json``. Integrity: ``lock-root``.
    """
    from rakkan.registry.rules.dataset import parse_lock

    content = read_file(path, "lock")
    try:
        return parse_lock(content)
    except DomainError as error:
        raise error.about(f"The lock {path}", hint="Make it anew with `rakkan dataset lock`.") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step: it is there as a whole, or as it was before.

    Links are followed; a device or a pipe is written to, and stays what it is.

    Raises:
        Refused: ``file-unwritable``, without the right to write there.
        Unavailable: ``file-unwritable``, if the disk is full or the folder is missing.
    """
    _translated(path, lambda: _replace(Path(os.path.realpath(path)), content))


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(content)
        return
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:100]}.", delete=False) as stream:
        part = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _translated(path: Path, action: Callable[[], None]) -> None:
    try:
        action()
    except OSError as error:
        kind: type[DomainError] = Refused if isinstance(error, PermissionError) else Unavailable
        raise kind(
            f"{path} cannot be written: {error.strerror}.",
            code="file-unwritable",
            hint="Name another place with --out.",
        ) from error
