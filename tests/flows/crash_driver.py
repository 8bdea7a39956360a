"""A process that a test kills: accepts the records of a file into a home and publishes them."""

from __future__ import annotations

import sys
from pathlib import Path

from rakkan.registry.flows.accept import accept
from rakkan.registry.flows.publish import publish
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.record import Record


def main(home: str, records: str) -> None:
    """Do it all; a failpoint ends it anywhere."""
    lines = Path(records).read_bytes().splitlines()
    batch = [Record.parse(lines[at], lines[at + 1]) for at in range(0, len(lines), 2)]
    with open_registry(load_settings(home=Path(home))) as registry:
        for acceptance in accept(registry, batch, publish=True):
            if acceptance.error:
                raise acceptance.error
        publish(registry)
        if registry.identity is not None:
            from rakkan.registry.chain import local_chain

            with local_chain(registry.home) as chain:
                chain.mine(3)
            Worker(registry).settle(until_final=True, seconds=30)


if __name__ == "__main__":
    main(*sys.argv[1:])
