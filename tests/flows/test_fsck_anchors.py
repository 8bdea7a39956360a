"""``fsck`` compares every anchor with the records and with the chain, and not the newest alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.service import Registry
from rakkan.registry.worker import Worker
from tests.homes import new_registry


def anchored_twice(registry: Registry, folder: Path) -> list[int]:
    """Two pictures published one after the other; how large the log was each time."""
    for path in render_samples(folder / "pictures")[:2]:
        (item,) = stamp_files(registry, [path], StampOptions(out=folder / "out"))
        assert item.record is not None
        publish(registry, [str(item.record.record_id)])
        Worker(registry).settle()
    return [size for size, _, _ in registry.store.log.anchors()]


@pytest.mark.chain
def test_an_older_anchor_is_compared_too(tmp_path: Path) -> None:
    with new_registry(tmp_path / "home", chain="local") as registry:
        assert anchored_twice(registry, tmp_path) == [1, 2]
        whole = inspect(registry)
        assert (whole.problems, whole.unknown, whole.anchors) == ((), (), 2)
        ((_, root, _), _) = registry.store.log.anchors()

        def rewrite(size: int, to: bytes) -> None:
            with registry.store.database.write() as connection:
                connection.execute(
                    text("UPDATE anchor SET root = :root WHERE size = :size"), {"root": to, "size": size}
                )

        rewrite(1, bytes(32))
        (problem,) = inspect(registry).problems
        assert (problem.where, problem.code) == ("anchor 1", "log-damaged")
        rewrite(1, root)
        assert inspect(registry).problems == ()
