"""Blocks in a folder: the embedded content store, durable by one fsync per batch.

It decides where a block goes and which copy answers. Nothing that was acknowledged is ever rewritten
or deleted, but for what ``remove`` erases on purpose; a crash costs at most the batch that was being written; a rotten copy is never given out,
and storing the block again heals it. It leaves out pinning to other places (``kubo``).

Folder: ``000001.blocks``, … (``segment``), beside each its ``.index`` (``index``; can be deleted),
``erased`` (``erased``), and ``lock``, held for the time of a batch: any number of processes may read and write. POSIX only.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rakkan.registry.content.blocks import admit, check_digest, is_intact
from rakkan.registry.content.erased import Erased
from rakkan.registry.content.segment import Segment
from rakkan.registry.ledger.lockfile import hold
from rakkan.registry.ports import Block
from rakkan.schemas.errors import NotFound, Unavailable
from rakkan.schemas.values import Cid

SEGMENT_BYTES: Final = 256 * 1024 * 1024
SEGMENT_BLOCKS: Final = 262_144
"""A segment takes no further batch at this size, or with this many blocks in its index."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Stored bytes that are no longer what was written.

    A damaged copy is a loss only if no other copy of the block answers.

    Attributes:
        file: Name of the segment.
        offset: Where, in bytes.
        length: How many bytes are in doubt.
        cid: The block at fault, if that much can be read.
    """

    file: str
    offset: int
    length: int
    cid: Cid | None = None


class SegmentStore:
    """A ``ContentStore`` in a folder, for any number of threads and processes on one machine.

    Args:
        folder: Made if missing.
        segment_bytes: Size at which the next segment is begun.
        wait: Seconds to wait for another process that is writing.

    Raises:
        Unavailable: ``content-unavailable``.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, wait: float = 30.0) -> None:
        self._folder = folder
        self._limit = segment_bytes
        self._wait = wait
        self._mutex = threading.RLock()
        self._segments: tuple[Segment, ...] = ()
        self._erased = Erased(folder / "erased")
        with self._translated():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refresh()

    def put(self, blocks: Sequence[Block]) -> None:
        """Store all blocks as one batch; see ``ContentStore.put``."""
        admitted = admit(blocks)
        if not admitted:
            return
        with self._mutex, self._writing(), self._translated():
            self._refresh()
            fresh = [block for block in admitted if not self._answers(block.cid)]
            if fresh:
                self._tail().append(fresh)

    def get(self, cid: Cid) -> bytes:
        """The block's bytes; see ``ContentStore.get``."""
        with self._translated():
            if not self._holds(cid):
                self._refresh()
            content = None
            for segment, offset, length in self._places(cid):
                content = segment.read(offset, length)
                if is_intact(cid, content):
                    return content
            if content is not None:  # before it is called rotten: somebody may have erased it just now
                self._refresh()
                content = None if not self._holds(cid) else content
        if content is None:
            raise NotFound(f"Block {cid} is not stored here.", code="content-missing", cid=str(cid))
        check_digest(cid, content, str(self._folder))
        return content

    def missing(self, cids: Sequence[Cid]) -> list[Cid]:
        """Which blocks are not stored; a rotten copy counts as stored, ``get`` and ``blocks`` tell."""
        with self._translated():
            self._refresh()
        return [cid for cid in cids if not self._holds(cid)]

    def remove(self, cids: Sequence[Cid]) -> None:
        """Overwrite every copy of these blocks with zeros; see ``ContentStore.remove``.

        The place is noted before it is overwritten: a crash in between leaves a block that is missing, and
        removing it again overwrites it.
        """
        with self._mutex, self._writing(), self._translated():
            self._refresh()
            copies = [copy for cid in cids for copy in self._copies(cid)]
            self._erased.add((int(segment.path.stem), offset) for segment, offset, _ in copies)
            for segment, offset, length in copies:
                segment.overwrite(offset, length)

    def blocks(self) -> Iterator[Block | Damage]:
        """Everything stored, read from the segments alone and hashed: what fsck goes by.

        A block comes as often as it is stored. Damage is reported where it lies; what survived in a
        damaged batch comes too.
        """
        with self._translated():
            self._refresh()
            for segment in self._segments:
                for stretch in segment.stretches():
                    faults = 0
                    for section in stretch.sections():
                        content = stretch.content[section.start : section.stop]
                        if is_intact(section.cid, content):
                            yield Block(section.cid, content)
                            continue
                        faults += 1
                        at = stretch.body + section.start
                        if (int(segment.path.stem), at) in self._erased:
                            continue
                        yield Damage(segment.path.name, at, len(content), section.cid)
                    if stretch.state == "damaged" and not faults:
                        yield Damage(segment.path.name, stretch.start, stretch.stop - stretch.start)

    def close(self) -> None:
        """Save what makes the next opening fast; the store stays usable."""
        with self._mutex, contextlib.suppress(OSError):
            for segment in self._segments:
                if not segment.index.is_saved:
                    segment.index.save(segment.end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _places(self, cid: Cid) -> Iterator[tuple[Segment, int, int]]:
        for segment, offset, length in self._copies(cid):
            if (int(segment.path.stem), offset) not in self._erased:
                yield segment, offset, length

    def _copies(self, cid: Cid) -> Iterator[tuple[Segment, int, int]]:
        for segment in reversed(self._segments):
            for offset, length in segment.index.find(cid.binary):
                yield segment, offset, length

    def _holds(self, cid: Cid) -> bool:
        return next(self._places(cid), None) is not None

    def _answers(self, cid: Cid) -> bool:
        return any(
            is_intact(cid, segment.read(offset, length)) for segment, offset, length in self._places(cid)
        )

    def _refresh(self) -> None:
        """Take in what other processes wrote since."""
        with self._mutex:
            self._erased.refresh()
            if not self._segments:
                paths = [path for path in self._folder.glob("*.blocks") if path.stem.isdecimal()]
                self._segments = tuple(
                    Segment(path) for path in sorted(paths, key=lambda path: int(path.stem))
                )
                for segment in self._segments:
                    segment.catch_up()
            more = True
            while more:
                # asked first: who begins a segment writes nothing more into the one before
                more = self._next_path().exists()
                if self._segments:
                    self._segments[-1].catch_up()
                if more:
                    self._segments += (Segment(self._next_path()),)

    def _tail(self) -> Segment:
        """The segment to write to; only under the lock, and refreshed."""
        last = self._segments[-1] if self._segments else None
        if last and last.is_sound and last.end < self._limit and len(last.index) < SEGMENT_BLOCKS:
            return last
        if last:
            last.index.save(last.end)
        segment = Segment.create(self._next_path())
        self._segments += (segment,)
        return segment

    def _next_path(self) -> Path:
        number = int(self._segments[-1].path.stem) if self._segments else 0
        return self._folder / f"{number + 1:06}.blocks"

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                descriptor = stack.enter_context(hold(self._folder / "lock", self._wait))
            except Unavailable as error:
                raise self._unavailable(error.message) from error
            if descriptor is None:
                raise self._unavailable(f"another process has been writing for {self._wait:g} s.")
            yield

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unavailable(f"{error.strerror or error}.") from error

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(
            f"Blocks in {self._folder} cannot be read or written: {why}",
            code="content-unavailable",
            hint="Nothing was stored by halves; free the disk or mend its rights, then try again.",
        )
