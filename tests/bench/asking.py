"""Ten thousand works asked about at once, among a million consents, against asking for one after another."""

from __future__ import annotations

import gc
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from sqlmodel import create_engine

from rakkan.api.public import PublicRegistry
from rakkan.api.questions import BYTES
from rakkan.registry.flows.consent.asking import Inquiry, ask
from rakkan.registry.flows.founding import found
from rakkan.registry.home import Home
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Digest
from tests.api.server import serving
from tests.bench.measure import Row, medians, once
from tests.bench.million import CONSENTS, fill, work_digest
from tests.bench.one_by_one import TRAIN, one_by_one
from tests.ports import postgres
from tests.support import NOW

MANY, FEW = 10_000, 100
_ASKED = Inquiry(TRAIN, "public", NOW)


def rows(folder: Path) -> Iterator[Row]:
    """All rows about asking."""
    folder.mkdir(parents=True, exist_ok=True)
    yield from _engine("SQLite", f"sqlite:///{folder / 'million.db'}", folder, time.process_time)
    with (
        tempfile.TemporaryDirectory(prefix="rakkan-postgres-", ignore_cleanup_errors=True) as cluster,
        postgres.server(Path(cluster) / "cluster") as server,
        postgres.database(server) as url,
    ):
        yield from _engine("PostgreSQL", url, folder, time.perf_counter)  # most of it is another process


def _engine(name: str, url: str, folder: Path, clock: Callable[[], float]) -> Iterator[Row]:
    settings = load_settings(home=folder / name, database_url=url)
    found(settings, creator="Bench", chain="none", standing_seconds=1)
    origin = Home(settings.folder).read().origin
    seconds = once(lambda: fill(url, origin))
    yield Row(
        f"a million consents put into {name}", f"{seconds:.0f} s", "bulk insert", "< 600 s", seconds < 600
    )
    with open_registry(settings) as registry:
        gc.freeze()  # as the server does once it has started
        yield _at_once(name, registry, url, clock)
        if name == "SQLite":
            yield _over_http(registry)
        gc.unfreeze()


def _at_once(name: str, registry: Registry, url: str, clock: Callable[[], float]) -> Row:
    chance, public, engine = random.Random(1), PublicRegistry(registry), create_engine(url)
    told: list[tuple[Digest, str]] = []

    def many() -> None:
        digests = _some(chance, MANY)
        answers = ask(public, digests, _ASKED)
        told[:] = [(digest, held.code) for digest, (held,) in zip(digests, answers, strict=True)]

    def singly() -> None:
        for digest, code in told[:FEW]:
            assert one_by_one(engine, digest).code == code

    times = medians({"many": many, "one": singly}, 3, clock)
    engine.dispose()
    slow = times["one"] * MANY / FEW
    ratio = slow / times["many"]
    return Row(
        f"consent of {MANY:,} works among {CONSENTS:,} consents, {name}",
        f"{times['many']:.2f} s",
        f"SQLModel one by one {slow:.0f} s (from 3 × {FEW}), {ratio:.0f}× faster",
        "≥ 50×",
        ratio >= 50,
    )


def _over_http(registry: Registry) -> Row:
    chance = random.Random(2)
    with serving(registry) as url, httpx.Client(base_url=url, timeout=120) as http:

        def packed() -> None:
            body = b"".join(digest.raw for digest in _some(chance, MANY))
            query = {"asOf": format_instant(NOW)}
            answer = http.post(
                "/v1/consents/query", params=query, content=body, headers={"Content-Type": BYTES}
            )
            assert len(answer.content) == MANY * 36

        def single() -> None:
            for digest in _some(chance, FEW):
                assert http.get(f"/v1/consent/{digest}", params={"scope": TRAIN}).status_code == 200

        times = medians({"packed": packed, "single": single}, 3, time.perf_counter)
    slow = times["single"] * MANY / FEW
    ratio = slow / times["packed"]
    return Row(
        f"the same over HTTP, in bytes, with what was known then, {MANY:,} works",
        f"{times['packed']:.2f} s",
        f"a request for each {slow:.0f} s, {ratio:.0f}× faster",
        "≥ 50×",
        ratio >= 50,
    )


def _some(chance: random.Random, count: int) -> list[Digest]:
    """Works of the population, and one in ten that nobody ever heard of."""
    numbers = enumerate(chance.sample(range(CONSENTS), count))
    return [work_digest(n) if place % 10 else Digest.of(b"unknown %d" % n) for place, n in numbers]
