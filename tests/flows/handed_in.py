"""Pictures of datasets that are handed in, drawn for tests, and what is read of them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from rakkan.registry.flows.judge.datasets import LockedDataset, lock_dataset
from rakkan.registry.rules.dataset import training_input


def png(shade: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 10, 10)).save(made, "PNG")
    return made.getvalue()


def draw(path: Path, shade: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(shade))
    return path


def fed(
    caption: str | None = None, repeats: int = 1, role: str = "train", mask: bytes | None = None
) -> bytes:
    return training_input(caption, mask, repeats, role)


def locked(source: Path, form: str = "") -> dict[str, bytes]:
    """What is fed with each item, by path; nothing is refused."""
    found = lock_dataset(source, form)
    assert found.refused == ()
    return {each.path: each.training_input for each in found.lock.items}


def refused(found: LockedDataset) -> dict[str, str]:
    return {path: error.code for path, error in found.refused}
