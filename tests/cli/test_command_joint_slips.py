"""One slip over many consents, from the artist's home to an empty one: all of it is taken back at once."""

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
from rakkan.registry.ledger.anvil import LocalChain
from tests.cli.command import Done, rakkan
from tests.homes import SAID, require_anvil

SCOPE = ("--scope", "cawg.ai_generative_training")


@dataclass(frozen=True)
class World:
    """An artist's home with a chain, works with consents in it, and the chain running."""

    home: Path
    items: list[dict[str, Any]]
    chain: LocalChain

    def cids(self, *places: int) -> list[str]:
        return [str(self.items[place]["consent"]["recordId"]) for place in places]

    def told(self, place: int) -> int:
        return rakkan("consent", "show", self.items[place]["recordId"], *SCOPE, home=self.home).code


def stamped(folder: Path, pictures: Path, chain: str) -> list[dict[str, Any]]:
    assert rakkan("init", "--chain", chain, "--json", home=folder / "home").code == 0
    words = ("stamp", pictures, "--out", folder / "out", "--consent", "open-training", *SAID, "--publish")
    done = rakkan(*words, "--json", home=folder / "home")
    assert done.code == 0, done.err
    items: list[dict[str, Any]] = done.document["items"]
    return items


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[World]:
    require_anvil()
    folder = tmp_path_factory.mktemp("artist")
    items = stamped(folder, pictures, "local")
    with local_chain(Home(folder / "home")) as chain:
        yield World(folder / "home", items, chain)


@pytest.fixture
def stranger(world: World, tmp_path: Path) -> Path:
    """A home that knows nothing, with an account that somebody gave some coin."""
    assert rakkan("init", "--chain", "none", home=tmp_path / "stranger").code == 0
    world.chain.fund(Home(tmp_path / "stranger").keys.address(ACCOUNT))
    return tmp_path / "stranger"


def use(home: Path, slip: Path, *words: object) -> Done:
    return rakkan("consent", "withdraw", "--slip", slip, *words, "--json", home=home)


@pytest.mark.chain
def test_everything_is_taken_back_in_one_transaction_after_every_key_is_lost(
    world: World, stranger: Path, tmp_path: Path
) -> None:
    """Two by name first, then all that are left: of those some are withdrawn already, and are passed over."""
    slip = tmp_path / "two.json"
    made = rakkan("consent", "slip", *world.cids(0, 1), "--out", slip, "--json", home=world.home)
    assert made.code == 0, made.out
    assert made.document["schema"] == "rakkan.withdrawal-slips/1"
    assert json.loads(slip.read_text()) == made.document
    assert stat.S_IMODE(slip.stat().st_mode) == 0o600
    every = tmp_path / "all.json"
    all_of_it = rakkan("consent", "slip", "--all", "--out", every, "--json", home=world.home)
    assert {each["recordId"] for each in all_of_it.document["withdrawals"]} == set(
        world.cids(*range(len(world.items)))
    )
    shutil.move(world.home / "keys" / "authority.pem", tmp_path / "lost")
    shutil.move(world.home / "keys" / "artist.pem", tmp_path / "lost too")
    try:
        assert use(stranger, slip).error == (2, "usage"), "no node is named"
        done = use(stranger, slip, "--rpc", world.chain.rpc_url)
        assert done.code == 0, done.out
        assert done.document["schema"] == "rakkan.relayed-many/1"
        assert sorted(each["consent"] for each in done.document["withdrawals"]) == sorted(world.cids(0, 1))
        assert done.document["tx"] is not None
        again = use(stranger, slip, "--rpc", world.chain.rpc_url)
        assert (again.code, again.document["tx"]) == (0, None), "nothing is sent twice"
        assert rakkan("worker", "--once", home=world.home).code == 0
        assert [world.told(place) for place in (0, 1, 2)] == [1, 1, 0]
        rest = use(stranger, every, "--rpc", world.chain.rpc_url)
        assert rest.code == 0, rest.out
        assert rest.document["tx"] is not None
    finally:
        shutil.move(tmp_path / "lost", world.home / "keys" / "authority.pem")
        shutil.move(tmp_path / "lost too", world.home / "keys" / "artist.pem")
    assert rakkan("worker", "--once", home=world.home).code == 0
    assert {world.told(place) for place in range(len(world.items))} == {1}
    nothing = rakkan("consent", "slip", "--all", "--json", home=world.home)
    assert nothing.error == (4, "consent-none"), "all of it is gone"


@pytest.mark.chain
def test_its_own_registry_records_each_and_sends_one_transaction(tmp_path: Path, pictures: Path) -> None:
    require_anvil()
    items = stamped(tmp_path, pictures, "local")
    home, slip = tmp_path / "home", tmp_path / "all.json"
    with local_chain(Home(home)):
        assert rakkan("consent", "slip", "--all", "--out", slip, home=home).code == 0
        done = use(home, slip)
        assert done.code == 0, done.out
        rows = done.document["withdrawals"]
        assert len(rows) == len(items)
        assert {each["anchor"]["state"] for each in rows} <= {"mined", "final"}
        assert len({each["anchor"]["tx"] for each in rows}) == 1
        assert rakkan("fsck", home=home).code == 0
        for item in items:
            assert rakkan("consent", "show", item["recordId"], *SCOPE, home=home).code == 1


@pytest.mark.chain
def test_a_changed_slip_takes_nothing_back(world: World, stranger: Path, tmp_path: Path) -> None:
    made = rakkan("consent", "slip", *world.cids(2, 3), "--json", home=world.home).document
    bad = tmp_path / "changed.json"
    for change in ({"withdrawals": made["withdrawals"][:1]}, {"chainId": 10}, {"words": "x"}, {"more": 1}):
        bad.write_text(json.dumps({**made, **change}))
        assert use(stranger, bad, "--rpc", world.chain.rpc_url).error[1] in ("slip-form", "slip-signature")


@pytest.mark.chain
def test_a_code_is_drawn_if_it_fits_else_the_file_is_named(world: World, tmp_path: Path) -> None:
    drawn = tmp_path / "code.svg"
    words = ("consent", "slip", *world.cids(0, 1), "--qr", drawn, "--json")
    assert rakkan(*words, home=world.home).code == 0
    assert drawn.read_text().lstrip().startswith("<svg")
    items = [f"sha256:{n:064x}" for n in range(40)]
    given = rakkan(
        *("consent", "grant", *items, "--terms", "open-training", "--collection", *SAID, "--json"),
        home=world.home,
    )
    assert given.code == 0, given.out
    large = rakkan(
        *("consent", "slip", given.document["recordId"]),
        *(word for item in items for word in ("--item", item)),
        *("--qr", tmp_path / "large.svg", "--out", tmp_path / "out.json", "--json"),
        home=world.home,
    )
    assert large.error == (2, "slip-code")
    assert "--out FILE" in large.document["error"]["hint"]
    assert not (tmp_path / "out.json").exists()


def test_without_a_chain_it_carries_each_signature(tmp_path: Path, pictures: Path) -> None:
    items = stamped(tmp_path, pictures, "none")
    home, slip = tmp_path / "home", tmp_path / "all.json"
    made = rakkan("consent", "slip", tmp_path / "out", "--out", slip, "--json", home=home)
    assert made.code == 0, made.out
    assert len(made.document["signatures"]) == len(items)
    assert rakkan("init", "--chain", "none", home=tmp_path / "other").code == 0
    assert use(tmp_path / "other", slip).error == (6, "slip-elsewhere")
    (home / "keys" / "artist.pem").unlink()
    assert use(home, slip).code == 0
    for item in items:
        assert rakkan("consent", "show", item["recordId"], *SCOPE, home=home).code == 1
    assert use(home, slip).code == 0, "again changes nothing"


def test_what_is_named_is_consents_or_works_or_all(home: Path) -> None:
    for words in ((), ("baguqeera", "--all"), ("--all", "--item", "sha256:00")):
        assert rakkan("consent", "slip", *words, "--json", home=home).error == (2, "usage"), words
