"""JUMBF boxes (ISO/IEC 19566-5), read strictly: every length exact, every byte accounted for.

It decides that a box is well-formed or the whole store is refused: readers that guess differ from
each other, and a signature read in two ways is worth nothing. It leaves out what C2PA puts into
the boxes (``rakkan.manifests.jumbf``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from rakkan.manifests.errors import UnreadableManifest

MAX_STORE: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 8
MAX_BOXES: Final = 20_000
MAX_LABEL: Final = 256

_HEADER: Final = struct.Struct(">I4s")
_CONTENT: Final = frozenset({b"cbor", b"json", b"bfdb", b"bidb", b"uuid", b"jp2c", b"free"})
# Toggles (§A.3): requestable and labelled are what C2PA §11.1 demands; private carries the salt.
# Nobody writes the id and hash fields, so a box with them is refused, not skipped.
_LABELLED: Final = 0x03
_PRIVATE: Final = 0x10


@dataclass(frozen=True, slots=True)
class ContentBox:
    """A box that carries content.

    Attributes:
        kind: Four characters: ``cbor``, ``json``, ``bfdb``, ``bidb``, ``uuid``, ``jp2c`` or ``free``.
        content: What it carries, without its header.
    """

    kind: str
    content: memoryview


@dataclass(frozen=True, slots=True)
class Superbox:
    """A box of boxes with a description.

    Attributes:
        uuid: 16 bytes that say what it holds.
        label: Its name among its siblings; printable ASCII without ``/``.
        payload: Description and children as they lie in the store, without the outer header: the
            bytes that C2PA's hashed URIs cover (C2PA §8.4.2.3).
        children: What it holds, in order, without the description and without padding.
    """

    uuid: bytes
    label: str
    payload: memoryview
    children: tuple[Superbox | ContentBox, ...]

    @property
    def superboxes(self) -> tuple[Superbox, ...]:
        """The children that are superboxes."""
        return tuple(child for child in self.children if isinstance(child, Superbox))

    @property
    def contents(self) -> tuple[ContentBox, ...]:
        """The children that carry content."""
        return tuple(child for child in self.children if isinstance(child, ContentBox))


def read_superbox(store: bytes) -> Superbox:
    """Read one superbox that fills the given bytes to the last.

    Raises:
        UnreadableManifest: ``manifest-too-large``, ``jumbf-length``, ``jumbf-kind``,
            ``jumbf-description``, ``jumbf-depth``, ``jumbf-boxes``, ``jumbf-duplicate``,
            ``manifest-compressed``.
    """
    if len(store) > MAX_STORE:
        raise UnreadableManifest(
            f"The manifest store has {len(store)} bytes; at most {MAX_STORE} are read.",
            code="manifest-too-large",
        )
    view = memoryview(store)
    kind, start, end = _header(view, 0, len(view))
    if kind != b"jumb" or end != len(view):
        raise malformed("the store is not one superbox", "jumbf-length")
    return _Reader().superbox(view[start:end], 0)


class _Reader:
    """Counts boxes across one store."""

    def __init__(self) -> None:
        self._left = MAX_BOXES

    def superbox(self, payload: memoryview, depth: int) -> Superbox:
        if depth > MAX_DEPTH:
            raise malformed(f"boxes nest deeper than {MAX_DEPTH}", "jumbf-depth")
        kind, start, position = _header(payload, 0, len(payload))
        if kind != b"jumd":
            raise malformed("a superbox does not begin with its description", "jumbf-description")
        uuid, label = _description(payload[start:position])
        children: list[Superbox | ContentBox] = []
        while position < len(payload):
            self._left -= 1
            if self._left < 0:
                raise malformed(f"the store has more than {MAX_BOXES} boxes", "jumbf-boxes")
            kind, start, position = _header(payload, position, len(payload))
            body = payload[start:position]
            if kind == b"jumb":
                children.append(self.superbox(body, depth + 1))
            else:
                _content(kind, body, children)
        labels = [child.label for child in children if isinstance(child, Superbox)]
        if len(set(labels)) != len(labels):
            raise malformed(f"two boxes in {label!r} have one name", "jumbf-duplicate")
        return Superbox(uuid, label, payload, tuple(children))


def _header(view: memoryview, position: int, end: int) -> tuple[bytes, int, int]:
    """Kind, start and end of the content of the box at ``position``.

    LBox 0 ("to the end of the file") and 1 (64-bit length) have no use in a store of this size and
    are known places where readers disagree.
    """
    if end - position < _HEADER.size:
        raise malformed("a box has no room for its header", "jumbf-length")
    length, kind = _HEADER.unpack_from(view, position)
    if length < _HEADER.size or position + length > end:
        raise malformed(f"a box declares {length} bytes where {end - position} are left", "jumbf-length")
    return kind, position + _HEADER.size, position + length


def _description(body: memoryview) -> tuple[bytes, str]:
    """UUID and label; the private field may hold one salt box (C2PA §8.4.2.3)."""
    if len(body) < 18:
        raise malformed("a description box is too short", "jumbf-description")
    uuid, toggles, rest = bytes(body[:16]), body[16], bytes(body[17:])
    if toggles & ~_PRIVATE != _LABELLED:
        raise malformed(f"a description box has toggles 0x{toggles:02x}", "jumbf-description")
    name, terminator, private = rest.partition(b"\0")
    label = name.decode("ascii", "replace")
    if (
        not terminator
        or not 0 < len(name) <= MAX_LABEL
        or not label.isprintable()
        or set(label) & set("/ \N{REPLACEMENT CHARACTER}")
    ):
        raise malformed("a box has no valid name", "jumbf-description")
    if toggles & _PRIVATE:
        kind, start, end = _header(memoryview(private), 0, len(private))
        if kind != b"c2sh" or end != len(private) or end == start:
            raise malformed("a description box carries something other than a salt", "jumbf-description")
    elif private:
        raise malformed("bytes follow a description box's name", "jumbf-description")
    return uuid, label


def _content(kind: bytes, body: memoryview, children: list[Superbox | ContentBox]) -> None:
    if kind == b"brob":
        raise UnreadableManifest(
            "The manifest is compressed, which is not read here.",
            code="manifest-compressed",
            hint="Ask for the file with an uncompressed manifest.",
        )
    if kind not in _CONTENT:
        raise malformed("a box is of a kind that C2PA does not use", "jumbf-kind")
    if kind == b"free":
        if any(body):
            raise malformed("padding is not empty", "jumbf-kind")
        return
    children.append(ContentBox(kind.decode(), body))


def malformed(what: str, code: str) -> UnreadableManifest:
    """The sentence for a store that does not have the promised form."""
    return UnreadableManifest(
        f"The manifest is malformed: {what}.", code=code, hint="Get the file from its source again."
    )
