"""docs/webhooks.md is executed: the lines that check a signature take what is sent and nothing else; its types are those there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry import webhooks
from rakkan.registry.herald import Herald
from rakkan.registry.rules.webhook import TYPES
from rakkan.registry.service import Registry
from rakkan.schemas.values import Digest
from tests.docs.blocks import blocks_of, run
from tests.flows.homesteads import People
from tests.flows.receiver import receiving
from tests.homes import new_registry
from tests.house.code import ROOT

NAME = "docs/webhooks.md"
PAGE = (ROOT / NAME).read_text(encoding="utf-8")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


def test_the_ten_lines_take_what_is_sent_and_nothing_else(registry: Registry) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(code.strip().splitlines()) <= 12
    names: dict[str, Any] = {}
    exec(code, names)
    verified: Callable[[str, dict[str, str], bytes], bool] = names["verified"]
    with receiving() as receiver:
        added = webhooks.add(registry, receiver.url, (), local=True)
        newer = webhooks.rotate(registry, added.endpoint.id).secret
        People(registry).consent("ann", Digest.of(b"work"))
        assert Herald(registry, print).tell() == 1
    (message,) = receiver.messages
    headers = dict(message.headers)
    assert verified(added.secret, headers, message.body)
    assert verified(newer, headers, message.body)
    assert not verified("whsec_" + "A" * 43 + "=", headers, message.body)
    assert not verified(newer, headers, message.body + b" ")
    assert not verified(newer, {**headers, "webhook-id": "msg_other"}, message.body)
    assert not verified(newer, {**headers, "webhook-timestamp": "1700000000"}, message.body)


def test_the_commands_are_run(registry: Registry, tmp_path: Path) -> None:
    (block,) = blocks_of(NAME)
    added, listed = run(
        block, tmp_path, URL="https://example.org/hooks", RAKKAN_HOME=str(registry.home.folder)
    )
    assert "whsec_" in added
    assert "https://example.org/hooks" in listed
    assert "whsec_" not in listed


def test_every_type_is_told_of() -> None:
    assert re.findall(r"^\| `([a-z.]+)` \|", PAGE, re.MULTILINE) == list(TYPES.values())
