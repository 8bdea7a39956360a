"""A lane: a few threads for costly work, with a short queue and an end to patience.

It decides how much costly work runs at once, and that more of it is turned away rather than piled
up. What cannot be stopped (a thread) keeps its place until it is done, so the bound holds even for
work that nobody waits for any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from rakkan.schemas.errors import Unavailable

T = TypeVar("T")


class Lane:
    """Costly work, one kind.

    Args:
        name: What is done, for messages and thread names.
        slots: How many at once.
        waiting: How many may wait.
        seconds: How long one caller waits, queue included.
    """

    def __init__(self, name: str, *, slots: int, waiting: int, seconds: float) -> None:
        self._name, self._room, self._seconds = name, slots + waiting, seconds
        self._inside = 0
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=f"rakkan-{name}")

    def check_room(self) -> None:
        """Turn a caller away early, before a body is read in vain.

        Raises:
            Unavailable: ``busy``.
        """
        if self._inside >= self._room:
            raise Unavailable(
                f"Too many requests are {self._name} right now.",
                code="busy",
                hint="Try again in a moment.",
                retry=5,
            )

    async def run(self, work: Callable[[], T]) -> T:
        """Do it, and wait for it.

        Raises:
            Unavailable: ``busy``, ``too-slow``; and whatever the work raises.
        """
        self.check_room()
        loop = asyncio.get_running_loop()
        self._inside += 1
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._inside -= 1
            raise
        future.add_done_callback(lambda _: self._leave(loop))
        try:
            return await asyncio.wait_for(asyncio.shield(_quiet(future)), self._seconds)
        except TimeoutError:
            future.cancel()
            raise Unavailable(
                f"This took longer than {self._seconds:.0f} s.",
                code="too-slow",
                hint="Try again later.",
                retry=30,
            ) from None

    def close(self) -> None:
        """Take no more work; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        def leave() -> None:
            self._inside -= 1

        if not loop.is_closed():
            loop.call_soon_threadsafe(leave)


def _quiet(future: Future[T]) -> asyncio.Future[T]:
    """The same future for the loop; an error that nobody awaits any more makes no noise."""
    wrapped = asyncio.wrap_future(future)
    wrapped.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return wrapped
