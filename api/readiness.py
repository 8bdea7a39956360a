"""Readiness: each engine asked whether it works, by name.

It decides what is asked of which engine. An answer is kept for two seconds, so that asking often
costs nothing. Details are said in words of our own: no path, no address, no secret.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rakkan.api.problems import LOG
from rakkan.registry.rules.wallet import address_of
from rakkan.registry.service import Registry
from rakkan.schemas.errors import DomainError, Unavailable
from rakkan.schemas.identity import keccak
from rakkan.schemas.values import RAW, Cid

KEEP_SECONDS: Final = 2.0
FREE_BYTES: Final = 16 * 1024 * 1024
_EMPTY_KECCAK: Final = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
# The address of the private key 1, known to everybody: a signature library that gets it right works.
_ADDRESS_OF_ONE: Final = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"


@dataclass(frozen=True, slots=True)
class EngineCheck:
    """What was found of one engine: ``pass | fail | not-applicable``."""

    name: str
    outcome: str
    detail: str


class Readiness:
    """Asks the engines, at most once in two seconds.

    Args:
        registry: Whose engines.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._asked = -KEEP_SECONDS
        self._checks: tuple[EngineCheck, ...] = ()

    def checks(self) -> tuple[EngineCheck, ...]:
        """What was found, now or a moment ago."""
        with self._lock:
            if time.monotonic() - self._asked >= KEEP_SECONDS:
                asks = (self._database, self._content, self._chain, self._keccak, self._curve)
                self._checks = tuple(_ask(ask) for ask in asks)
                self._asked = time.monotonic()
            return self._checks

    def _database(self) -> EngineCheck:
        with self._registry.store.database.write():
            pass
        return EngineCheck("database", "pass", "It takes writes.")

    def _content(self) -> EngineCheck:
        registry = self._registry
        registry.content.missing([Cid.of(b"", RAW)])
        if not registry.settings.kubo:
            folder = registry.home.folder
            if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < FREE_BYTES:
                raise Unavailable(
                    "The home cannot be written, or its disk is full.", code="content-unavailable"
                )
        return EngineCheck("content", "pass", "It answers and can be written.")

    def _chain(self) -> EngineCheck:
        if self._registry.identity is None:
            return EngineCheck("chain", "not-applicable", "No chain is configured; records stay unanchored.")
        head = self._registry.ledger.head()
        behind = int((self._registry.clock.now() - head.time).total_seconds())
        return EngineCheck("chain", "pass", f"Block {head.number}, {max(0, behind)} s old.")

    @staticmethod
    def _keccak() -> EngineCheck:
        if keccak(b"").hex() != _EMPTY_KECCAK:
            raise Unavailable("Keccak-256 is wrong.", code="backend-wrong")
        return EngineCheck("keccak", "pass", "safe-pysha3 is live.")

    @staticmethod
    def _curve() -> EngineCheck:
        if str(address_of((1).to_bytes(32))) != _ADDRESS_OF_ONE:
            raise Unavailable("secp256k1 is wrong.", code="backend-wrong")
        return EngineCheck("secp256k1", "pass", "coincurve is live.")


def _ask(question: Callable[[], EngineCheck]) -> EngineCheck:
    name = question.__name__.strip("_").replace("curve", "secp256k1")
    try:
        return question()
    except DomainError as error:
        LOG.error("not ready: %s: %s", error.code, error)
        return EngineCheck(name, "fail", error.code)
    except Exception:  # whatever a backend raises, it is not ready
        LOG.exception("not ready: %s", name)
        return EngineCheck(name, "fail", "internal")
