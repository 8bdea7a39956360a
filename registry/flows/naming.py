"""Many works named at once: by folder, pattern, dataset lock, image or digest.

It decides which works such a name stands for, and by which identifier each is meant. It leaves out what is
then said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.manifests.image import SUFFIXES, read_image
from rakkan.registry.flows.lookup import identifiers, is_cid
from rakkan.registry.rules.dataset import parse_lock
from rakkan.registry.rules.duties import WORK_KINDS
from rakkan.schemas.errors import Invalid, NotFound
from rakkan.schemas.values import Cid, Digest

if TYPE_CHECKING:
    from rakkan.registry.service import Registry


def names_many(name: str) -> bool:
    """Whether a name stands for any number of works: a folder, a pattern, a lock."""
    path = Path(name)
    if path.exists():
        return path.is_dir() or path.suffix == ".json"
    return has_magic(name)


def works_named(
    registry: Registry, names: Sequence[str], progress: Callable[[str], None] = lambda _: None
) -> list[Digest]:
    """The works that folders, patterns, locks, images, digests and records name, each by its strongest identifier.

    A picture that was stamped here is meant by the work that was registered of it, not by the file.

    Raises:
        NotFound: ``collection-nothing``, if one names nothing; ``record-unknown``.
        Invalid: If an image is not whole, or a lock or a digest is malformed; ``record-kind``.
    """
    found: list[Digest] = []
    for name in names:
        found += _one(registry, name, progress)
    return _registered(registry, list(dict.fromkeys(found)))


def _one(registry: Registry, name: str, progress: Callable[[str], None]) -> Iterator[Digest]:
    path = Path(name)
    if name.partition(":")[0] in WORK_KINDS and "/" not in name:
        yield Digest.parse(name)
    elif is_cid(name):
        yield _of_record(registry, name)
    elif path.suffix == ".json" and path.is_file():
        yield from (Digest("sha256", item.sha256) for item in parse_lock(path.read_bytes()).items)
    else:
        for each in _files(path, name):
            yield identifiers(read_image(each))[0]
            progress(each.name)


def _of_record(registry: Registry, name: str) -> Digest:
    digest = Cid.parse(name).digest
    stored = registry.store.records.get([digest]).get(digest)
    if stored is None:
        raise NotFound(
            f"Nothing is registered here under {name}.", code="record-unknown", hint="Check the CID."
        )
    if stored.record.kind != "work":
        raise Invalid(
            f"{name} is a {stored.record.kind} record, not a work.", code="record-kind", hint="Name a work."
        )
    return _canonical(stored.record.parsed.subject[0].digests)


def _registered(registry: Registry, digests: list[Digest]) -> list[Digest]:
    """Digests that are aliases of registered works as these are known; few queries for any number."""
    matches = registry.store.records.find(digests, "work")
    aliases = {match.digest: match.record_id for match in reversed(matches) if match.alias}
    for match in matches:
        if not match.alias:
            aliases.pop(match.digest, None)
    stored = registry.store.records.get(sorted(set(aliases.values())))
    known = {
        digest: _canonical(stored[name].record.parsed.subject[0].digests) for digest, name in aliases.items()
    }
    return list(dict.fromkeys(known.get(digest, digest) for digest in digests))


def _canonical(digests: Sequence[Digest]) -> Digest:
    return min(digests, key=lambda digest: digest.kind != "c2paClaim")


def _files(path: Path, name: str) -> list[Path]:
    found = glob(name, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
    below = path.rglob("*") if path.is_dir() else map(Path, found)
    whole = path.is_file()
    files = (
        [path] if whole else [each for each in below if each.suffix.lower() in SUFFIXES and each.is_file()]
    )
    if not files:
        raise NotFound(
            f"{name} names no images.",
            code="collection-nothing",
            hint="Name a folder, a pattern in quotes, a dataset lock, images or kind:hex digests.",
        )
    return sorted(files)
