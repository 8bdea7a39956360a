"""A stranger with a bundle, a chain file and a node: what is told is what the chain says, not what the bundle claims."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.chain import local_chain
from rakkan.registry.content.car import read_car, write_car
from rakkan.registry.home import Home
from rakkan.registry.ports import Block
from rakkan.schemas.canonical import canonical, parse_canonical
from rakkan.schemas.instant import format_instant
from tests.cli.command import Done, rakkan
from tests.cli.test_command_chain import DEAD, Town, founded, town

pytestmark = pytest.mark.chain
__all__ = ["founded", "town"]


@contextlib.contextmanager
def node(town: Town) -> Iterator[str]:
    with local_chain(Home(town.home)) as chain:
        yield chain.rpc_url


def pack(town: Town) -> Path:
    car = town.home.parent / "picture.car"
    assert town.run("evidence", "pack", picture(town), "--out", car).code == 0
    return car


def picture(town: Town) -> str:
    return str(town.items[0]["output"])


def trusting(town: Town, *more: object) -> tuple[object, ...]:
    config = json.loads((town.home / "config.json").read_text())
    return ("--log-key", config["logKeys"][0], "--trust", town.home / "issuers.pem", "--json", *more)


def check(town: Town, car: Path, *more: object, env: dict[str, str] | None = None) -> Done:
    nobody = town.home.parent / "nobody"
    return rakkan("evidence", "check", car, *trusting(town, *more), home=nobody, env=env or {})


def forged(car: Path, **anchor: Any) -> Path:
    """The bundle with another anchor in its root block, every digest right."""
    content = read_car(car.read_bytes())
    root = parse_canonical(content.blocks[content.roots[0]])
    block = Block.of(canonical(root | {"anchor": root["anchor"] | anchor}))
    blocks = [block, *(Block(cid, each) for cid, each in content.blocks.items() if cid != content.roots[0])]
    path = car.with_name("forged.car")
    path.write_bytes(write_car(block.cid, blocks))
    return path


def code_of(done: Done, name: str) -> str:
    code: str = next(each["code"] for each in done.document["checks"] if each["name"] == name)
    return code


def test_an_anchor_is_only_claimed_until_the_chain_was_asked(town: Town) -> None:
    car = pack(town)
    lie = forged(car, chainId=1, contract="0x" + "11" * 20, blockNumber=21_000_000, state="final")
    for bundle, block in ((car, None), (lie, 21_000_000)):
        done = check(town, bundle)
        anchor = done.document["anchor"]
        assert (done.code, code_of(done, "anchor")) == (3, "chain-not-consulted")
        assert (anchor["state"], anchor["chain"], anchor["block"], anchor["tx"]) == ("none", None, None, None)
        assert block in (None, anchor["claimed"]["block"])
        words = ("verify", picture(town), "--offline", "--bundle", bundle, *trusting(town))
        verified = rakkan(*words[:-1], home=town.home.parent / "nobody")
        assert (verified.code, "for good" in verified.out) == (0, False)
        assert "not confirmed; the bundle claims chain" in verified.out


def test_with_a_chain_file_and_a_node_it_holds(town: Town) -> None:
    car, pin = pack(town), ("--chain", town.home / "chain.json")
    honest = town.run("verify", picture(town)).document["anchor"]
    with node(town) as url:
        env = {"RAKKAN_RPC_URL": url}
        done = check(town, car, *pin, env=env)
        assert (done.code, done.document["holds"]) == (0, "yes"), done.out
        assert done.document["anchor"]["block"] == honest["block"]
        assert done.document["anchor"]["state"] in ("mined", "final")
        words = ("verify", picture(town), "--bundle", car, "--grantee", grantee(town), *trusting(town, *pin))
        asked = rakkan(*words, home=town.home.parent / "nobody", env=env)
        assert (asked.code, code_of(asked, "anchor")) == (0, "anchored")
        assert code_of(asked, "consent") == "records-not-consulted", "a bundle may leave records out"
        assert set(asked.document["consent"]["scopes"].values()) == {"undetermined"}
        backdated = check(town, forged(car, blockNumber=1, state="final"), *pin, env=env)
        assert backdated.document["anchor"]["block"] == honest["block"], (
            "the contract's block, not the bundle's"
        )
        foreign = check(town, forged(car, contract="0x" + "11" * 20), *pin, env=env)
        assert (foreign.code, code_of(foreign, "anchor")) == (1, "anchor-foreign")
        assert (foreign.document["anchor"]["state"], foreign.document["anchor"]["block"]) == ("none", None)
    silent = check(town, car, *pin, env={"RAKKAN_RPC_URL": DEAD})
    assert (silent.code, code_of(silent, "anchor")) == (3, "chain-unavailable")
    assert check(town, car, *pin).code == 3, "the file names no node, and nobody was asked"
    assert check(town, car, "--chain", DEAD).error == (2, "chain-unpinned")
    assert town.run("evidence", "check", car).code == 0, "a home asks its own chain"


def test_a_withdrawal_that_the_bundle_does_not_know(town: Town) -> None:
    car = pack(town)
    later = Town(town.home.parent / "later", town.folder, town.verdict, town.items)
    shutil.copytree(town.home, later.home)
    assert later.run("consent", "withdraw", town.items[0]["consent"]["recordId"]).code == 0
    with node(later) as url:
        env = {"RAKKAN_RPC_URL": url}
        done = check(town, car, "--chain", town.home / "chain.json", env=env)
        assert code_of(done, "consent") == "consent-withdrawn"
        shown = town.run(
            "consent",
            "show",
            picture(town),
            "--scope",
            "cawg.ai_training",
            "--grantee",
            grantee(town),
            env=env,
        )
        (answer,) = shown.document["scopes"]
        assert (shown.code, answer["answer"], answer["code"]) == (1, "denied", "withdrawn"), (
            "the home that was not told asks the contract"
        )


def test_allowed_is_not_said_while_the_chain_is_silent(town: Town) -> None:
    scope = ("--scope", "cawg.ai_training", "--grantee", grantee(town))
    assert town.run("consent", "show", picture(town), *scope).code == 0
    shown = town.run("consent", "show", picture(town), *scope, env={"RAKKAN_RPC_URL": DEAD})
    (answer,) = shown.document["scopes"]
    assert (shown.code, answer["answer"], answer["code"]) == (3, "undetermined", "withdrawal-not-consulted")
    assert "The chain was not asked about withdrawals" in shown.err
    later = format_instant(datetime.now(UTC) + timedelta(minutes=5))  # as far ahead as clocks may be
    shown = town.run("consent", "show", picture(town), *scope, "--as-of", later, env={"RAKKAN_RPC_URL": DEAD})
    (then,) = shown.document["then"]
    assert (then["answer"], then["code"]) == ("undetermined", "withdrawal-not-consulted")


def grantee(town: Town) -> str:
    gate = json.loads((town.home / "config.json").read_text())["chain"]["gate"]
    return f"eip155:31337:{gate}"
