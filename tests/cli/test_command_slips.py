"""The slip from an empty home: used by somebody else, after every key of the artist is lost."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.home import Home
from rakkan.registry.keys import ACCOUNT
from rakkan.registry.ledger.anvil import LocalChain, find_anvil
from tests.cli.command import Done, rakkan
from tests.homes import SAID, require_anvil
from tests.ports.anvil import lying_node

SCOPE = ("--scope", "cawg.ai_generative_training")


@dataclass(frozen=True)
class World:
    """An artist's home with a chain, slips of all consents beside it, and the chain running."""

    home: Path
    slips: Path
    items: list[dict[str, Any]]
    chain: LocalChain

    def slip(self, index: int) -> Path:
        return self.slips / f"{self.items[index]['consent']['recordId']}.slip.json"

    def told(self, index: int) -> int:
        return rakkan("consent", "show", self.items[index]["recordId"], *SCOPE, home=self.home).code


def stamped(folder: Path, pictures: Path, chain: str) -> list[dict[str, Any]]:
    made = rakkan("init", "--chain", chain, "--json", home=folder / "home")
    assert made.code == 0, made.err
    words = ("stamp", pictures, "--out", folder / "out", "--consent", "open-training", *SAID, "--publish")
    done = rakkan(*words, "--slips", folder / "slips", "--json", home=folder / "home")
    assert done.code == 0, done.err
    items: list[dict[str, Any]] = done.document["items"]
    return items


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[World]:
    require_anvil()
    folder = tmp_path_factory.mktemp("artist")
    items = stamped(folder, pictures, "local")
    with local_chain(Home(folder / "home")) as chain:
        yield World(folder / "home", folder / "slips", items, chain)


@pytest.fixture
def stranger(world: World, tmp_path: Path) -> Path:
    """A home that knows nothing, with an account that somebody gave some coin."""
    assert rakkan("init", "--chain", "none", home=tmp_path / "stranger").code == 0
    world.chain.fund(Home(tmp_path / "stranger").keys.address(ACCOUNT))
    return tmp_path / "stranger"


def use(home: Path, slip: Path, *words: object) -> Done:
    return rakkan("consent", "withdraw", "--slip", slip, *words, "--json", home=home)


@pytest.mark.chain
def test_a_slip_outlives_every_key_of_the_artist(world: World, stranger: Path, tmp_path: Path) -> None:
    slip = world.slip(0)
    assert stat.S_IMODE(slip.stat().st_mode) == 0o600
    shutil.move(world.home / "keys" / "authority.pem", tmp_path / "lost")
    shutil.move(world.home / "keys" / "artist.pem", tmp_path / "lost too")
    try:
        done = use(stranger, slip, "--rpc", world.chain.rpc_url)
        assert done.code == 0, done.out
        document = done.document
        assert document["schema"] == "rakkan.relayed/1"
        assert document["consent"] == world.items[0]["consent"]["recordId"]
        assert document["tx"] is not None
        again = use(stranger, slip, "--rpc", world.chain.rpc_url)
        assert (again.code, again.document["tx"]) == (0, None), "nothing is sent twice"
        assert again.document["withdrawnAt"] == document["withdrawnAt"]
    finally:
        shutil.move(tmp_path / "lost", world.home / "keys" / "authority.pem")
        shutil.move(tmp_path / "lost too", world.home / "keys" / "artist.pem")
    noticed = rakkan("worker", "--once", "--json", home=world.home)
    assert (noticed.code, noticed.document["schema"]) == (0, "rakkan.worker/1")
    assert world.told(0) == 1


@pytest.mark.chain
def test_where_a_slip_does_not_belong_it_says_so(world: World, stranger: Path, tmp_path: Path) -> None:
    slip = world.slip(1)
    assert use(stranger, slip).error == (2, "usage"), "no node is named"
    url = world.chain.rpc_url
    assert use(tmp_path / "nowhere", slip, "--rpc", url).error == (4, "sender-missing")

    def elsewhere(method: str, _: list[Any], truth: dict[str, Any]) -> Any:
        if method == "eth_chainId":
            truth["result"] = hex(10)
        return truth

    with lying_node(world.chain.port, elsewhere) as other:
        wrong = use(stranger, slip, "--rpc", other)
    assert wrong.error == (6, "slip-elsewhere")
    assert "chain 31337" in wrong.document["error"]["message"]
    assert "chain 10" in wrong.document["error"]["message"]
    program = find_anvil()
    assert program is not None
    with LocalChain(tmp_path / "bare", program) as bare:
        assert use(stranger, slip, "--rpc", bare.rpc_url).error == (6, "slip-elsewhere"), "no contract there"
    assert world.told(1) == 0


@pytest.mark.chain
def test_a_changed_slip_is_refused_before_anything_is_sent(
    world: World, stranger: Path, tmp_path: Path
) -> None:
    good, other = (json.loads(world.slip(index).read_text()) for index in (1, 2))
    for field in ("recordId", "envelope", "key", "signature", "words"):
        (tmp_path / "changed.json").write_text(json.dumps({**good, field: other[field]}))
        code, name = use(stranger, tmp_path / "changed.json", "--rpc", world.chain.rpc_url).error
        assert (code, name) in ((2, "slip-form"), (6, "slip-signature")), field
    (tmp_path / "cut.json").write_text(world.slip(1).read_text()[:-20])
    assert use(stranger, tmp_path / "cut.json", "--rpc", world.chain.rpc_url).error == (2, "not-json")
    assert use(stranger, tmp_path / "missing.json").error == (4, "file-missing")
    assert world.told(1) == world.told(2) == 0


@pytest.mark.chain
def test_a_slip_is_made_later_and_drawn(world: World, tmp_path: Path) -> None:
    cid = world.items[2]["consent"]["envelope"]
    drawn = tmp_path / "code.svg"
    words = ("consent", "slip", cid, "--out", tmp_path / "late.json", "--qr", drawn, "--json")
    made = rakkan(*words, home=world.home)
    assert made.code == 0, made.out
    assert json.loads((tmp_path / "late.json").read_text()) == made.document
    assert json.loads(world.slip(2).read_text()) == made.document, "a slip is always the same slip"
    assert drawn.read_text().lstrip().startswith("<svg")
    in_terminal = rakkan("consent", "slip", cid, "--qr", "-", "--json", home=world.home)
    assert in_terminal.document == made.document
    assert len(in_terminal.err.splitlines()) > 20
    done = use(world.home, tmp_path / "late.json")
    assert (done.code, done.document["schema"]) == (0, "rakkan.withdrawal/1"), "its own registry records it"
    assert done.document["anchor"]["state"] in ("mined", "final")
    assert world.told(2) == 1


def test_without_a_chain_the_slip_is_the_record(tmp_path: Path, pictures: Path) -> None:
    items = stamped(tmp_path, pictures, "none")
    home, consent = tmp_path / "home", items[0]["consent"]["recordId"]
    slip = tmp_path / "slips" / f"{consent}.slip.json"
    assert rakkan("init", "--chain", "none", home=tmp_path / "other").code == 0
    assert use(tmp_path / "other", slip).error == (6, "slip-elsewhere")
    (home / "keys" / "artist.pem").unlink()
    done = use(home, slip)
    assert done.code == 0, done.out
    assert rakkan("consent", "show", items[0]["recordId"], *SCOPE, home=home).code == 1
    assert rakkan("consent", "show", items[1]["recordId"], *SCOPE, home=home).code == 0
    assert use(home, slip, "--rpc", "http://127.0.0.1:9").error == (6, "slip-elsewhere")


def test_slip_and_consent_exclude_each_other(home: Path, tmp_path: Path) -> None:
    for words in ((), ("baguqeera", "--slip", tmp_path / "a"), ("baguqeera", "--rpc", "http://127.0.0.1:9")):
        assert rakkan("consent", "withdraw", *words, "--json", home=home).error == (2, "usage")
    assert rakkan("stamp", tmp_path, "--slips", tmp_path, "--json", home=home).error == (2, "usage")
