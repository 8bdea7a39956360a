"""A process that a test kills: stamps pictures into a home, publishes them, sees it through to the chain, tells of it."""

from __future__ import annotations

import sys
from pathlib import Path

from rakkan.registry import webhooks
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.herald import Herald
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from tests.homes import own_terms


def main(home: str, pictures: str, out: str, hook: str) -> None:
    """Do it all, and send webhooks to an endpoint; a failpoint ends it anywhere."""
    options = StampOptions(out=Path(out), terms=own_terms("community-lora"), publish=True)
    with open_registry(load_settings(home=Path(home))) as registry:
        if not registry.store.webhooks.all():
            webhooks.add(registry, hook, (), local=True)
        for item in stamp_files(registry, sorted(Path(pictures).iterdir()), options):
            if item.error:
                raise item.error
        publish(registry)
        if registry.identity is not None:
            from rakkan.registry.chain import local_chain

            with local_chain(registry.home) as chain:
                chain.mine(3)
            Worker(registry).settle(until_final=True, seconds=30)
        Herald(registry, print).tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
