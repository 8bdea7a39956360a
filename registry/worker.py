"""The worker: looks at where everything is, and moves what is not where it should be.

It decides the order accept → pin → log → anchor → confirm, and what is wanted on chain. It is
level-triggered: each pass reads desired and observed state anew, every effect has a natural key and may
be tried again, so a crash anywhere is cured by starting again. How an effect gets onto the chain is the
carrier's (``rakkan.registry.carrier``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from rakkan.registry.carrier import Carrier
from rakkan.registry.failpoints import failpoint
from rakkan.registry.flows.collections import member_blocks
from rakkan.registry.flows.comparing import Gallery
from rakkan.registry.flows.consent.revealing import learn
from rakkan.registry.flows.judge.staleness import note
from rakkan.registry.flows.withdraw.watching import watch
from rakkan.registry.ledger import calls
from rakkan.registry.ledger.consent_calls import withdraw_keys_call
from rakkan.registry.ports import Block, Call
from rakkan.registry.rules.many_keys import joint_effect, single_effect
from rakkan.registry.rules.note import LogHead, NoteVerifier, sign_head
from rakkan.registry.service import Registry
from rakkan.registry.store.leases import LANE, Lease
from rakkan.registry.store.outbox import Transaction
from rakkan.schemas.errors import Integrity, Refused, Unavailable
from rakkan.schemas.values import DAG_JSON, RAW, Cid

PATIENCE: Final = 3.0
"""Seconds that a settling waits for the block of what it has just sent; a local chain makes it at once."""

SOON: Final = timedelta(days=14)
"""How long before its end a consent is told to be expiring."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Advance:
    """What one pass moved.

    Attributes:
        pinned: Records whose blocks are in the content store now.
        logged: Records that have a place in the log now.
        sent: Transactions handed to the chain.
        mined: Transactions seen in a block.
        waiting: Transactions that are not final yet.
        pending: Those of them that are in no block yet.
        noticed: Withdrawals found on chain, whoever sent them.
        stale: Verdicts found to rely on something withdrawn.
    """

    pinned: int = 0
    logged: int = 0
    sent: int = 0
    mined: int = 0
    waiting: int = 0
    pending: int = 0
    noticed: int = 0
    stale: int = 0

    @property
    def moved(self) -> bool:
        """Whether anything changed."""
        return bool(self.pinned or self.logged or self.sent or self.mined)


class Worker:
    """Advances one registry; only the holder of the lane does anything.

    Args:
        registry: What is advanced.
        progress: Told what was done.
        watching: Whether each pass reads what others withdrew on chain, also if nothing is to be sent:
            for workers that stay. What is about to rely on a consent looks for itself.
        patience: Seconds to wait for the block of what was just sent.
    """

    def __init__(
        self,
        registry: Registry,
        progress: Progress | None = None,
        *,
        watching: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self._registry = registry
        self._say = progress or (lambda _: None)
        self._watching = watching
        self._patience = patience
        self._gallery = Gallery(registry)

    def settle(self, *, until_final: bool = False, seconds: float = 60) -> Advance:
        """Advance until nothing moves any more (or all is final), for at most so many seconds.

        Raises:
            Conflict: ``lane-busy``, ``lease-lost``.
            Unavailable: If content store, database or chain cannot be reached.
            Integrity: If what is stored is damaged; nothing is sent then.
        """
        deadline, fresh, pause = time.monotonic() + seconds, 0.0, 0.02
        with self._registry.store.leases.hold(LANE, wait=seconds) as lease:
            while True:
                advance = self.step(lease)
                now = time.monotonic()
                if advance.sent:
                    fresh = now + self._patience
                expected = (until_final and advance.waiting) or (advance.pending and now < fresh)
                if now > deadline or not (advance.moved or expected):
                    return advance
                if not advance.moved:
                    time.sleep(pause)
                    pause = min(2 * pause, 0.5)

    def step(self, lease: Lease) -> Advance:
        """One pass over everything."""
        leases = self._registry.store.leases
        pinned = self._pin()
        leases.renew(lease)
        logged = self._log()
        self._note_endings()
        leases.renew(lease)
        if self._registry.identity is None:
            return Advance(pinned, logged, stale=self._note_stale())
        self._plan_anchor()
        self._relay_withdrawals()
        carried = Carrier(self._registry, lease, self._say).carry()
        noticed = self._watch() if self._watching or carried.mined else 0
        learn(self._registry)
        return Advance(pinned, logged, **asdict(carried), noticed=noticed, stale=self._note_stale())

    def _pin(self) -> int:
        store, total = self._registry.store, 0
        while batch := store.records.unpinned():
            self._check_log_key()  # before anything leaves: what cannot be logged is not sent either
            ids = [each.record.record_id.digest for each in batch]
            blocks = [Block(r.record_id, r.statement) for r in (each.record for each in batch)]
            blocks += [Block(r.envelope_cid, r.envelope) for r in (each.record for each in batch)]
            blocks += [Block.of(stamp.manifest, RAW) for stamp in store.stamps.by_record(ids).values()]
            blocks += [Block.of(envelope, RAW) for envelope in store.sealed.pinnable(ids)]
            failpoint("pin.before")
            for each in (stored for stored in batch if stored.kind == "consent"):
                if members := member_blocks(self._registry, each.record):  # up to 64 MiB: one at a time
                    self._registry.content.put([Block.of(block, RAW) for block in members])
            self._registry.content.put(blocks)
            failpoint("pin.after")
            store.records.mark_pinned(ids, self._registry.clock.now())
            total += len(batch)
            self._say(f"pinned {total} records")
        return total

    def _log(self) -> int:
        store, total = self._registry.store, 0
        self._gallery.compare()
        upto = store.likenesses.compared()  # near-duplicates are known before anything counts
        while batch := store.records.unlogged(upto=upto):
            self._check_log_key()
            failpoint("log.before")
            store.log.append(
                [each.record.record_id.digest for each in batch], self._sign, self._registry.clock.now()
            )
            failpoint("log.after")
            total += len(batch)
            self._say(f"logged {total} records")
        return total

    def _check_log_key(self) -> None:
        registry = self._registry
        ours = NoteVerifier(registry.origin, registry.home.keys.log_public)
        if ours not in registry.verifiers:
            raise Refused(
                "The key that signs log heads here is not one that the log is known by.",
                code="log-key-foreign",
                hint="Restore keys/log.pem from a backup.",
            )

    def _sign(self, size: int, root: bytes) -> LogHead:
        return sign_head(self._registry.origin, size, root, self._registry.home.keys.log)

    def _plan_anchor(self) -> None:
        """Want the newest head on chain, once the one before is there: one anchor for all that came meanwhile."""
        store, identity = self._registry.store, self._registry.identity
        head, anchors = store.log.head(), store.log.anchors()
        if identity is None or head is None or (anchors and anchors[-1][0] >= head.size):
            return
        if anchors:
            last = store.outbox.get([anchors[-1][2]]).get(anchors[-1][2])
            if last is not None and last.state in ("planned", "signed"):
                return
        if store.log.derived_root(head.size) != head.root:
            raise Integrity(
                "The stored records do not give the root that was signed; it is not anchored.",
                code="log-damaged",
            )
        name = f"anchor:{head.root.hex()}"
        store.outbox.plan(name, calls.anchor_call(identity, head.size, head.root))
        store.log.note_anchor(head.size, head.root, name)
        failpoint("anchor.planned")

    def _relay_withdrawals(self) -> None:
        """Want every signed withdrawal on chain: nobody, the operator included, may sit on one."""
        identity = self._registry.identity
        if identity is None:
            return
        for each in self._registry.store.withdrawals.relayable():
            call = calls.withdraw_by_sig_call(identity, each.authority, each.key, each.signature or b"")
            self._registry.store.outbox.plan(single_effect(each.authority, each.key), call)
        for many in self._registry.store.withdrawals.relayable_together():
            call = withdraw_keys_call(identity, many.authority, many.keys, many.signature)
            self._registry.store.outbox.plan(joint_effect(many.joint), call)

    def _watch(self) -> int:
        """Read what was withdrawn on chain, by whomever."""
        look = watch(self._registry)
        if look is None or not look.found:
            return 0
        self._say(f"{look.found} withdrawals on chain up to block {look.cursor.number}")
        return look.found

    def _note_endings(self) -> None:
        """Tell which consents end soon."""
        now = self._registry.clock.now()
        until = (now + SOON).replace(minute=0, second=0)  # moves once an hour
        found = self._registry.store.events.note_endings(now, until)
        if found:
            self._say(f"{found} consents end within {SOON.days} days")

    def _note_stale(self) -> int:
        """Say which verdicts lost something that they rely on."""
        total = 0
        for record_id, found in note(self._registry):
            total += 1
            first = found[0].to_json()
            self._say(
                f"verdict {Cid(DAG_JSON, record_id)} is stale: {first['consent']} was withdrawn "
                f"at {first['withdrawnAt']}" + (f", and {len(found) - 1} more" if found[1:] else "")
            )
        return total


def request(registry: Registry, name: str, call: Call, *, seconds: float = 60) -> Transaction:
    """Want one effect on the chain and wait until it is mined.

    Raises:
        Refused: ``call-reverted``, with the contract's reason.
        Unavailable: ``chain-slow``, if it is not mined in time; it stays wanted.
    """
    registry.store.outbox.plan(name, call)
    worker, deadline = Worker(registry), time.monotonic() + seconds
    while True:
        worker.settle(seconds=seconds)
        done = registry.store.outbox.get([name])[name]
        if done.state == "failed":
            raise Refused(
                f"The contract refused: {done.reason}.", code="call-reverted", reason=done.reason or "unknown"
            )
        if done.state in ("mined", "final"):
            return done
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{name.partition(':')[0]} is sent but not mined after {seconds:.0f} s.",
                code="chain-slow",
                hint="It stays wanted: run `rakkan worker`, or look with `rakkan anchor status`.",
            )
        time.sleep(0.2)
