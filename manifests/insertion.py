"""What signing put into a file: found by comparing bytes, without walking what is known already.

It decides when a file is another one with whole parts put in at one place. Everything else is to be
walked from the first byte (``container``).
"""

from __future__ import annotations

from dataclasses import replace

from rakkan.manifests.container import Container, Part
from rakkan.manifests.formats import jpeg, png

_PARTS = {"image/png": png.chunks_between, "image/jpeg": jpeg.segments_between}


def with_insertion(before: Container, content: bytes) -> tuple[Container, tuple[Part, ...]] | None:
    """The container of a longer file that holds ``before`` byte for byte, and the parts that are new.

    Args:
        before: A file that was walked.
        content: The file that was made of it.

    Returns:
        None if more than one place differs, something is gone, or the format counts its bytes (WebP).

    Raises:
        UnreadableImage: If what was put in is not made of whole parts.
    """
    between, grown = _PARTS.get(before.media_type), len(content) - len(before.content)
    old = memoryview(before.content)  # compared in place: copies of a large picture cost more than this
    if between is None or grown <= 0 or not content.startswith(old[: before.parts[0].start]):
        return None
    same = 0
    for part in before.parts:
        if not content.startswith(old[part.start : part.end], part.start):
            break
        same += 1
    if same == len(before.parts):
        return None
    place = before.parts[same].start
    if not content.startswith(old[place:], place + grown):
        return None
    new = tuple(between(content, place, place + grown, "The signed copy"))
    rest = (
        replace(
            part,
            start=part.start + grown,
            end=part.end + grown,
            payload_start=part.payload_start + grown,
            payload_end=part.payload_end + grown,
        )
        for part in before.parts[same:]
    )
    return replace(before, content=content, parts=(*before.parts[:same], *new, *rest)), new
