"""Many works named at once: by folder, pattern, dataset lock, image or digest.

It decides which works such a name stands for, and by which identifier each is meant. It leaves out what is
then said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from glob import glob
from pathlib import Path

from rakkan.manifests.image import read_image
from rakkan.registry.flows.datasets import SUFFIXES
from rakkan.registry.flows.lookup import identifiers, is_digest
from rakkan.registry.rules.dataset import parse_lock
from rakkan.schemas.errors import NotFound
from rakkan.schemas.values import Digest


def works_named(names: Sequence[str], progress: Callable[[str], None] = lambda _: None) -> list[Digest]:
    """The works that folders, patterns, locks, images and digests name, each by its strongest identifier.

    Raises:
        NotFound: ``collection-nothing``, if one names nothing.
        Invalid: If an image is not whole, or a lock or a digest is malformed.
    """
    found: list[Digest] = []
    for name in names:
        path = Path(name)
        if is_digest(name):
            found.append(Digest.parse(name))
        elif path.suffix == ".json" and path.is_file():
            found += [Digest("sha256", item.sha256) for item in parse_lock(path.read_bytes()).items]
        else:
            for each in _files(path, name):
                found.append(identifiers(read_image(each))[0])
                progress(each.name)
    return found


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
