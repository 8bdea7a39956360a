"""The herald: tells endpoints the news that they have not taken yet, each in order.

It decides when something is tried again and when an endpoint is paused. It is level-triggered, as the worker is: what
is wanted follows from each endpoint's place in the news, which moves when the endpoint took a message, and not before.
A crash between the two sends the message again under the same id; nothing is lost. It has a lane and a thread of its own,
so that no endpoint, however slow, holds up what goes to the log and the chain.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rakkan.registry.failpoints import failpoint
from rakkan.registry.flows.consent.listing import gone_before_their_end
from rakkan.registry.flows.consent.telling import documents
from rakkan.registry.rules.telling import EXPIRING, GRANTED
from rakkan.registry.rules.webhook import FORBEARANCE, TYPES, body_of, message_id, pause
from rakkan.registry.store.events import Event
from rakkan.registry.store.leases import Lease
from rakkan.registry.store.webhooks import Endpoint
from rakkan.registry.webhooks import hand_over
from rakkan.schemas.errors import Conflict, DomainError
from rakkan.schemas.instant import format_instant

if TYPE_CHECKING:
    from rakkan.registry.service import Registry

LANE: Final = "webhooks"
PAUSE_SECONDS: Final = 2.0
TURN: Final = 5.0
"""Seconds after which the next endpoint has its turn, though there is more to tell this one."""

_BATCH: Final = 50


class Herald:
    """Tells the endpoints of one registry.

    Args:
        registry: Whose news.
        say: Told of endpoints that fail for the first time, and of those that are paused. Names no URL.
    """

    def __init__(self, registry: Registry, say: Callable[[str], None]) -> None:
        self._registry = registry
        self._say = say

    def run(self, leaving: threading.Event, failed: Callable[[DomainError], None]) -> None:
        """Look again and again until it is time to leave.

        Args:
            leaving: Set when it is.
            failed: Told what ended a look; what was wanted stays wanted.
        """
        while not leaving.wait(PAUSE_SECONDS):
            try:
                self.tell(leaving)
            except DomainError as error:
                failed(error)

    def tell(self, leaving: threading.Event | None = None) -> int:
        """One look at everything: how many messages were taken. Nothing, if another process is at it.

        Raises:
            Conflict: ``lease-lost``. Unavailable: If the database cannot be used.
        """
        total = 0
        if not self._due():
            return 0
        try:
            with self._registry.store.leases.hold(LANE) as lease:
                for endpoint in self._due():
                    total += self._tell(endpoint, lease, leaving or threading.Event())
        except Conflict as error:
            if error.code != "lane-busy":
                raise
        return total

    def _due(self) -> list[Endpoint]:
        """Those that may be tried now, and for which there is something."""
        newest = self._registry.store.events.newest()
        due = self._registry.store.webhooks.due(int(time.time()))
        return [endpoint for endpoint in due if endpoint.cursor != newest]

    def _tell(self, endpoint: Endpoint, lease: Lease, leaving: threading.Event) -> int:
        """Tell one endpoint what it has not taken, until its turn is over or it fails."""
        webhooks, until, total = self._registry.store.webhooks, time.monotonic() + TURN, 0
        while time.monotonic() < until:
            try:
                news = self._registry.store.events.after(endpoint.cursor, _BATCH)
            except DomainError as error:
                self._failed(endpoint, f"its place in the news is lost ({error.code})", lease, paused=True)
                return total
            reached = endpoint.cursor
            for event, body in self._bodies(endpoint, news):
                if leaving.is_set() or time.monotonic() >= until:
                    break
                if body is not None:
                    if not self._hand_over(endpoint, event, body, lease):
                        return total
                    total += 1
                reached = event.cursor
            if reached == endpoint.cursor or leaving.is_set():
                return total
            webhooks.move(endpoint.id, reached, lease)
            again = webhooks.get(endpoint.id)
            if again is None or len(news) < _BATCH:
                return total
            endpoint = again
        return total

    def _hand_over(self, endpoint: Endpoint, event: Event, body: bytes, lease: Lease) -> bool:
        """Send one message, and note that it was taken; False if it was not."""
        failpoint("webhook.sending")
        message = message_id(self._registry.origin, event.check)
        try:
            taken = hand_over(self._registry, endpoint, message, body)
        except DomainError as error:
            self._failed(endpoint, f"its secret cannot be used ({error.code})", lease)
            return False
        failpoint("webhook.sent")
        webhooks = self._registry.store.webhooks
        if taken.ok:
            webhooks.move(endpoint.id, event.cursor, lease, taken_at=int(time.time()))
            return True
        self._failed(endpoint, taken.said, lease, paused=taken.gone, retry_after=taken.retry_after)
        return False

    def _failed(
        self,
        endpoint: Endpoint,
        said: str,
        lease: Lease,
        *,
        paused: bool = False,
        retry_after: int | None = None,
    ) -> None:
        """Note a failure; after some days the endpoint is paused."""
        webhooks, now = self._registry.store.webhooks, int(time.time())
        # what it took before in this turn ended earlier failures
        endpoint = webhooks.get(endpoint.id) or endpoint
        since = now if endpoint.failing_since is None else endpoint.failing_since
        paused = paused or now - since >= FORBEARANCE
        next_at = now + round(pause(endpoint.failures + 1, random.random(), retry_after))  # noqa: S311 - a spread
        webhooks.failed(endpoint, said, lease, now=now, next_at=next_at, paused=paused)
        if paused:
            self._say(
                f"webhook {endpoint.id} is paused: {said}; `rakkan webhook resume {endpoint.id}` tries again"
            )
        elif endpoint.failures == 0:
            self._say(f"webhook {endpoint.id} takes no message: {said}; it is tried again")

    def _bodies(self, endpoint: Endpoint, news: list[Event]) -> list[tuple[Event, bytes | None]]:
        """What each event is to this endpoint; None if nothing: not wanted, or no news any more."""
        wanted = [event for event in news if TYPES[event.news.kind] in endpoint.types]
        over = self._over(wanted)
        told = {
            event.number: document
            for event, document in zip(wanted, documents(self._registry.store.events, wanted), strict=True)
            if event.news.about not in over.get(event.news.kind, ())
        }
        origin = self._registry.origin
        return [
            (event, self._body(event, origin, told[event.number]) if event.number in told else None)
            for event in news
        ]

    @staticmethod
    def _body(event: Event, origin: str, told: dict[str, object]) -> bytes:
        return body_of(TYPES[event.news.kind], format_instant(event.noticed_at), origin, told)

    def _over(self, news: list[Event]) -> dict[str, set[bytes]]:
        """By kind of news, the consents of which it is no news any more.

        That one was given is none once it was taken back; that one ends, once anything else ended it.
        """
        given, ending = (
            {event.news.about for event in news if event.news.kind == kind} for kind in (GRANTED, EXPIRING)
        )
        seen = self._registry.store.withdrawals.get(sorted(given | ending))
        named = self._registry.store.events.named({key for _, key in seen})
        taken = {key for by, key in seen if key in named and named[key].authority == by}
        return {GRANTED: taken, EXPIRING: taken | gone_before_their_end(self._registry, ending - taken)}
