"""Pictures to measure with: photo-like noise at 1024×1024, as PNG and as JPEG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def draw(folder: Path, count: int, form: str = "PNG", size: int = 1024) -> list[Path]:
    """Write ``count`` different pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        generator = np.random.default_rng(number)
        coarse = generator.integers(0, 256, (size // 16, size // 16, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        grain = generator.integers(-9, 10, (size, size, 1), dtype=np.int16)
        pixels = np.clip(np.asarray(picture, dtype=np.int16) + grain, 0, 255).astype(np.uint8)
        target = io.BytesIO()
        Image.fromarray(pixels).save(
            target, form, **({"quality": 90} if form == "JPEG" else {"compress_level": 4})
        )
        path = folder / f"{number:04}.{'jpg' if form == 'JPEG' else 'png'}"
        path.write_bytes(target.getvalue())
        paths.append(path)
    return paths
