"""A small preview of the picture in hand, so that a visitor sees which one was judged.

It decides size and form: one JPEG, shown inside the page and kept nowhere. It judges nothing, and a
picture that resists is simply not shown; limits were checked before (``rakkan.manifests.image``).
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Final

SIDE: Final = 640
_PAPER: Final = (255, 255, 255)


def preview(content: bytes) -> str:
    """The picture as a ``data:`` URL, at most 640 pixels wide and high; empty if it cannot be drawn.

    Args:
        content: A file that was verified before.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as opened:
            opened.draft("RGB", (SIDE, SIDE))
            turned = ImageOps.exif_transpose(opened)
            turned.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
            clear = turned.convert("RGBA")
        flat = Image.new("RGB", clear.size, _PAPER)
        flat.paste(clear, mask=clear.getchannel("A"))
        written = BytesIO()
        flat.save(written, "JPEG", quality=82)
    except Exception:  # a decoder raises nearly everything, and a preview is worth none of it
        return ""
    return f"data:image/jpeg;base64,{b64encode(written.getvalue()).decode()}"
