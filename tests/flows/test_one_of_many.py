"""200 hands put the same consent in at the same moment: exactly one of them is new, on either database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rakkan.registry.flows.accept import accept
from rakkan.registry.flows.founding import found
from rakkan.registry.rules.collection import collect
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.record import Record
from rakkan.schemas.values import Digest
from tests.flows.homesteads import People, key

HANDS = 200


def test_one_of_two_hundred_is_new(tmp_path: Path, database_url: str) -> None:
    settings = load_settings(home=tmp_path / "home", database_url=database_url)
    found(settings, creator="Test artist", chain="none", standing_seconds=1)
    with open_registry(settings) as registry:
        works = [Digest.of(b"work %d" % number) for number in range(100)]
        made = collect(works)
        statement = People(registry).consent_statement(
            "artist", [made.subject], match="collection", collection=made.collection.to_json()
        )
        record = Record.build(statement, [sign_did(statement, key("artist"))])
        together = threading.Barrier(HANDS)

        def hand_in(_: int) -> tuple[bool, object]:
            together.wait(60)
            (taken,) = accept(registry, [record], publish=True, blocks=made.blocks)
            return taken.new, taken.error

        with ThreadPoolExecutor(HANDS) as pool:
            taken = list(pool.map(hand_in, range(HANDS)))
        assert sorted(taken, key=str) == [(False, None)] * (HANDS - 1) + [(True, None)]
        assert registry.store.records.count() == {"consent": 1}
        assert len(registry.store.records.find(works, "consent")) == len(works)
