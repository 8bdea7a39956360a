"""One segment: a file of blocks that only grows, written in batches that are whole or not there.

It decides the form on disk, how a file is read back after a crash or after bit rot, and what
counts as durable. It leaves out which segment is written to, and locking.

File: magic (16 bytes), a random marker (16); then batches. Batch: the marker (16), length of its
sections (u64, big-endian), their sha256 (32), the first 8 bytes of the sha256 of these three; then
sections as in a CAR. The marker is random and is never given out, so no block can contain one; where a
batch is damaged, reading goes on at the next marker.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from rakkan.registry.content.blocks import is_intact
from rakkan.registry.content.index import BlockIndex
from rakkan.registry.content.sections import Section, frame, read_section
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Invalid

_MAGIC: Final = b"rakkan-blocks/1\n"
_START: Final = 32
_BATCH: Final = struct.Struct(">16sQ32s8s")
# a section's length, then one of our two CIDs
_CANDIDATE: Final = re.compile(rb"[\x80-\xff]{0,4}[\x00-\x7f]\x01(?:\x55|\xa9\x02)\x12\x20", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of bytes in a segment, as reading found it.

    Attributes:
        state: ``whole`` batch; ``damaged``: written once, changed since; ``torn``: its end was never
            written, so nobody was told that it is stored.
        start: Offset of the first byte.
        stop: Offset behind the last byte.
        body: Offset of its sections.
        content: The sections' bytes; empty if torn.
    """

    state: Literal["whole", "damaged", "torn"]
    start: int
    stop: int
    body: int = 0
    content: bytes = b""

    def sections(self) -> Iterator[Section]:
        """Its sections: in sequence, or where the sequence is broken those whose bytes fit their CID."""
        found: list[Section] = []
        try:
            at = 0
            while at < len(self.content):
                found.append(read_section(self.content, at))
                at = found[-1].stop
        except Invalid:
            found = list(_salvage(self.content))
        yield from found


class Segment:
    """An open segment.

    Args:
        path: The file.

    Attributes:
        end: Offset behind the last batch that is known to be there and durable.
        index: Where its blocks lie.

    Raises:
        OSError: From every method, if the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(_START)
            size = os.fstat(file.fileno()).st_size
        # with a damaged head no batch is recognised, and blocks are found by their digests alone
        self._marker = head[len(_MAGIC) :] if head.startswith(_MAGIC) and len(head) == _START else b""
        self.index = BlockIndex(path.with_suffix(".index"), self._marker, size)
        self.end = self.index.covered or min(_START, size)

    @property
    def is_sound(self) -> bool:
        """Whether batches can be written to it; with a damaged head they would not be found again."""
        return bool(self._marker)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty segment; it is there, durably, or not at all."""
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(_MAGIC + secrets.token_bytes(_START - len(_MAGIC)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return cls(path)

    def catch_up(self) -> None:
        """Index what was written since; what is indexed is durable, even if its writer died too soon."""
        with self._open(os.O_RDONLY) as descriptor:
            if os.fstat(descriptor).st_size <= self.end:
                return
            os.fsync(descriptor)
            for stretch in _stretches(descriptor, self._marker, self.end):
                if stretch.state == "torn":
                    return
                for section in stretch.sections():
                    self.index.add(
                        section.cid.binary, (stretch.body + section.start, section.stop - section.start)
                    )
                self.end = stretch.stop

    def append(self, blocks: Sequence[Block]) -> None:
        """Write one batch behind everything known, cut off a torn one there, and wait for the disk.

        Only under the store's lock, and after :meth:`catch_up`. On an error nothing of it stays.
        """
        sections = [frame(block.cid, block.content) for block in blocks]
        body = b"".join(sections)
        with self._open(os.O_WRONLY) as descriptor:
            try:
                os.ftruncate(descriptor, self.end)
                _write_at(descriptor, self._batch_head(body) + body, self.end)
                os.fsync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):  # else it is torn, and the next batch cuts it off
                    os.ftruncate(descriptor, self.end)
                raise
        at = self.end + _BATCH.size
        for block, section in zip(blocks, sections, strict=True):
            at += len(section)
            self.index.add(block.cid.binary, (at - len(block.content), len(block.content)))
        self.end = at

    def read(self, offset: int, length: int) -> bytes:
        """Bytes at a place; fewer if the file is shorter."""
        with self._open(os.O_RDONLY) as descriptor:
            return os.pread(descriptor, length, offset)

    def overwrite(self, offset: int, length: int) -> None:
        """Put zeros where a block's bytes are, durably; what stands around them stays readable."""
        with self._open(os.O_WRONLY) as descriptor:
            _write_at(descriptor, bytes(length), offset)
            os.fsync(descriptor)

    def stretches(self) -> Iterator[Stretch]:
        """Everything from the first byte, read from the disk anew."""
        with self._open(os.O_RDONLY) as descriptor:
            yield from _stretches(descriptor, self._marker, _START)

    def _batch_head(self, body: bytes) -> bytes:
        digest = hashlib.sha256(body).digest()
        return _BATCH.pack(self._marker, len(body), digest, _check(self._marker, len(body), digest))

    @contextlib.contextmanager
    def _open(self, flags: int) -> Iterator[int]:
        # a descriptor per use: any number of segments, and no offset shared with a forked process
        descriptor = os.open(self.path, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _stretches(descriptor: int, marker: bytes, at: int) -> Iterator[Stretch]:
    size = os.fstat(descriptor).st_size
    while at < size:
        body = at + _BATCH.size
        head = _parse_head(_read_at(descriptor, _BATCH.size, at), marker)
        if head is not None and body + head[0] > size:
            yield Stretch("torn", at, size)
            return
        if head is not None:
            stop, digest = body + head[0], head[1]
            content = _read_at(descriptor, stop - body, body)
            state: Literal["whole", "damaged"] = (
                "whole" if hashlib.sha256(content).digest() == digest else "damaged"
            )
            yield Stretch(state, at, stop, body, content)
            at = stop
            continue
        rest = _read_at(descriptor, size - at, at)
        following = _next_batch(rest, marker)
        if following == len(rest) and (body > size or not any(rest)):
            yield Stretch("torn", at, size)  # less than a batch's head, or a length without bytes
            return
        yield Stretch("damaged", at, at + following, at, rest[:following])
        at += following


def _parse_head(head: bytes, marker: bytes) -> tuple[int, bytes] | None:
    """Length and digest of a batch's sections; None if this is no batch of this segment."""
    if not marker or len(head) < _BATCH.size or not head.startswith(marker):
        return None
    _, length, digest, check = _BATCH.unpack(head)
    return (length, digest) if check == _check(marker, length, digest) else None


def _check(marker: bytes, length: int, digest: bytes) -> bytes:
    return hashlib.sha256(marker + length.to_bytes(8) + digest).digest()[:8]


def _next_batch(rest: bytes, marker: bytes) -> int:
    at = rest.find(marker, 1) if marker else -1
    while at >= 0:
        if _parse_head(rest[at : at + _BATCH.size], marker):
            return at
        at = rest.find(marker, at + 1)
    return len(rest)


def _salvage(content: bytes) -> Iterator[Section]:
    """Whatever still looks like a section and hashes to its CID, wherever it stands."""
    at = 0
    while found := _CANDIDATE.search(content, at):
        at = found.start() + 1
        for start in range(found.start(), found.end() - 4):
            try:
                section = read_section(content, start)
            except Invalid:
                continue
            if is_intact(section.cid, content[section.start : section.stop]):
                yield section
                at = section.stop
                break


def _read_at(descriptor: int, length: int, at: int) -> bytes:
    content = bytearray()
    while len(content) < length and (part := os.pread(descriptor, length - len(content), at + len(content))):
        content += part
    return bytes(content)


def _write_at(descriptor: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written
