"""The contract asked through ``rakkan``: what is somebody else's, what is silent, what was never approved."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Done, rakkan
from tests.homes import SAID, require_anvil

pytestmark = pytest.mark.chain
DEAD = "http://127.0.0.1:9"
CLAUSES: list[dict[str, Any]] = [
    {
        "clause": "consent.share",
        "scope": "cawg.ai_generative_training",
        "grantee": "self",
        "minBp": 10000,
    },
    {"clause": "consent.unrevoked"},
    {"clause": "provenance.unknown", "maxBp": 0},
]


@dataclass(frozen=True, slots=True)
class Town:
    """A home with a chain, a dataset whose verdict the gate approves, and what people were told.

    Attributes:
        home: The home.
        folder: Lock and policies.
        verdict: CID of the verdict.
        items: What ``stamp`` said.
    """

    home: Path
    folder: Path
    verdict: str
    items: list[dict[str, Any]]

    def run(self, *words: object, **more: Any) -> Done:
        return rakkan(*words, "--json", home=self.home, **more)

    @property
    def lock(self) -> Path:
        return self.folder / "lock.json"

    @property
    def policy(self) -> Path:
        return self.folder / "policy.json"

    def status(self, *words: object) -> Done:
        return self.run("gate", "status", *(words or (self.lock, "--policy", self.policy)))

    def approved(self) -> bool:
        done = self.status()
        assert done.code == (0 if done.document["approved"] else 1)
        return bool(done.document["approved"])


def policy(path: Path, days: int) -> None:
    document = {"policy": "rakkan-policy/1", "name": "test", "validDays": days, "all": CLAUSES}
    path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Town:
    require_anvil()
    folder = tmp_path_factory.mktemp("town")
    home = folder / "home"
    made = rakkan("init", "--chain", "local", "--standing", "0", "--json", home=home)
    assert made.code == 0, made.err
    chain = made.document["chain"]
    gate = f"eip155:{chain['chainId']}:{chain['gate']}"
    policy(folder / "policy.json", 30)
    words = (
        "stamp",
        pictures,
        "--out",
        folder / "set",
        "--consent",
        "open-training",
        *SAID,
        "--grantee",
        gate,
    )
    stamped = rakkan(*words, "--publish", "--json", home=home)
    assert stamped.code == 0, stamped.err
    assert rakkan("dataset", "lock", folder / "set", "--out", folder / "lock.json").code == 0
    judge = ("verdict", "make", folder / "lock.json", "--policy", folder / "policy.json", "--json")
    judged = rakkan(*judge, home=home)
    assert judged.code == 0, judged.out
    verdict = judged.document["recordId"]
    assert rakkan("gate", "submit", verdict, home=home).code == 0
    return Town(home, folder, verdict, stamped.document["items"])


@pytest.fixture
def town(founded: Town, tmp_path: Path) -> Town:
    """A copy to do with as one likes; no process runs its chain."""
    shutil.copytree(founded.home, tmp_path / "town")
    return Town(tmp_path / "town", founded.folder, founded.verdict, founded.items)


def test_a_verdict_is_for_one_root_one_policy_and_one_gate(town: Town, tmp_path: Path) -> None:
    assert town.approved()
    policy(tmp_path / "other.json", 31)
    assert town.status(town.lock, "--policy", tmp_path / "other.json").code == 1, "another policy"
    shutil.copytree(town.folder / "set", tmp_path / "set")
    next((tmp_path / "set").iterdir()).unlink()
    assert rakkan("dataset", "lock", tmp_path / "set", "--out", tmp_path / "less.json").code == 0
    done = town.status(tmp_path / "less.json", "--policy", town.policy)
    assert (done.code, done.document["verdict"]) == (1, None), "another root"

    config = json.loads((town.home / "config.json").read_text())
    config["chain"]["gate"] = config["chain"]["book"]
    (town.home / "config.json").write_text(json.dumps(config))
    assert town.run("gate", "submit", town.verdict).error == (6, "gate-foreign")
    config["chain"]["chainId"] = 1
    (town.home / "config.json").write_text(json.dumps(config))
    other = town.run("gate", "submit", town.verdict)
    assert (other.code, other.document["schema"]) in ((5, "rakkan.error/1"), (6, "rakkan.error/1"))


def test_what_the_chain_was_not_asked_about_is_a_memory(town: Town) -> None:
    work = town.items[0]["recordId"]
    assert "on the chain" in rakkan("verify", work, home=town.home).out
    for words, env in ((["--offline"], {}), ([], {"RAKKAN_RPC_URL": DEAD})):
        told = rakkan("verify", work, *words, home=town.home, env=env).out
        assert "not confirmed; this home saw it on chain 31337, in block " in told


def test_a_chain_that_lost_its_state_is_told_with_the_way_back(town: Town) -> None:
    shutil.rmtree(town.home / "chain")
    lost = town.status()
    assert lost.error == (5, "chain-identity")
    assert "backup" in lost.document["error"]["hint"]


def test_somebody_elses_withdrawal(town: Town, tmp_path: Path) -> None:
    consent = town.items[0]["consent"]["recordId"]
    (tmp_path / "stranger").write_text(secrets.token_hex(32))
    done = town.run("consent", "withdraw", consent, "--wallet-key", tmp_path / "stranger")
    assert done.error == (6, "withdrawal-foreign")
    assert "--wallet-key" in done.document["error"]["hint"]
    assert town.approved()
    assert town.run("gate", "brake", town.lock, "--policy", town.policy).error == (4, "nothing-withdrawn")
    assert town.run("fsck").code == 0

    assert town.run("consent", "withdraw", consent).code == 0
    assert town.run("gate", "brake", town.lock, "--policy", town.policy).code == 0
    assert not town.approved()
    claim = f"c2paClaim:{town.items[0]['digest']['c2paClaim']}"
    assert town.run("consent", "show", claim, "--grantee", gate_of(town)).code == 1


def test_a_dry_run_of_a_brake_asks_what_the_brake_asks(town: Town) -> None:
    words = ("gate", "brake", town.lock, "--policy", town.policy)
    for more in ((), ("--dry-run",)):
        assert town.run(*words, *more).error == (4, "nothing-withdrawn")
    consent = town.items[0]["consent"]["recordId"]
    assert town.run("consent", "withdraw", consent).code == 0
    planned = town.run(*words, "--dry-run")
    assert (planned.code, planned.document["consent"]) == (0, consent)
    assert town.status().document["verdict"]["braked"] is False, "a dry run sends nothing"
    assert town.run(*words).code == 0
    again = town.run(*words, "--dry-run")
    assert again.code == 0
    assert "braked it already" in again.err


def test_an_approval_that_fell_is_no_yes_when_it_is_handed_over_again(town: Town) -> None:
    first = town.run("gate", "submit", town.verdict)
    assert (first.code, first.document["approved"], first.document["why"]) == (0, True, None)
    assert town.run("consent", "withdraw", town.items[0]["consent"]["recordId"]).code == 0
    assert town.run("gate", "brake", town.verdict).code == 0
    again = town.run("gate", "submit", town.verdict)
    assert (again.code, again.document["approved"], again.document["why"]) == (1, False, "braked")
    assert again.document["tx"] == first.document["tx"], "nothing was sent anew"
    told = rakkan("gate", "submit", town.verdict, home=town.home)
    assert told.code == 1
    assert "does not approve it: braked" in told.out
    assert town.verdict in told.out
    assert f"test {again.document['policy']}" in " ".join(told.out.split())
    asked = town.status()
    assert (asked.code, asked.document["why"]) == (1, "braked")


def test_an_approval_in_its_standing_time_is_as_it_should_be(tmp_path: Path, pictures: Path) -> None:
    require_anvil()
    home = tmp_path / "home"
    assert rakkan("init", "--chain", "local", "--standing", "3600", home=home).code == 0
    said = ("--persons", "none", "--minors", "none", "--coauthors", "complete")
    words = ("stamp", pictures, "--out", tmp_path / "set", "--consent", "open-training", "--publish", *said)
    assert rakkan(*words, home=home).code == 0
    assert rakkan("dataset", "lock", tmp_path / "set", "--out", tmp_path / "lock.json").code == 0
    policy(tmp_path / "policy.json", 30)
    judge = ("verdict", "make", tmp_path / "lock.json", "--policy", tmp_path / "policy.json", "--json")
    verdict = rakkan(*judge, home=home).document["recordId"]
    done = rakkan("gate", "submit", verdict, "--json", home=home)
    assert (done.code, done.document["approved"], done.document["why"]) == (0, False, "standing-time")
    asked = rakkan("gate", "status", verdict, home=home)
    assert asked.code == 1
    assert f"it counts from {done.document['countsFrom']} on" in asked.out


def test_nobody_approves_under_a_policy_unseen(town: Town, tmp_path: Path) -> None:
    """Two verdicts as of one block: under another policy, then one more under the same."""
    root = f"datasetRoot:{json.loads(town.lock.read_text())['root']}"
    assert town.run("verdict", "show", root).document["recordId"] == town.verdict, "one policy needs no name"
    policy(tmp_path / "other.json", 31)
    other = town.run("verdict", "make", town.lock, "--policy", tmp_path / "other.json").document
    for words in (
        ("verdict", "show", root),
        ("gate", "submit", root),
        ("gate", "submit", root, "--dry-run"),
        ("gate", "status", root),
        ("gate", "brake", root),
    ):
        refused = town.run(*words)
        assert refused.error == (2, "policy-ambiguous"), words
        for each in (town.verdict, other["recordId"]):
            cid = town.run("verdict", "show", each).document["verdict"]["predicate"]["policy"]["/"]
            assert cid in refused.document["error"]["message"]
        assert refused.document["error"]["hint"]
    for named, days, recorded in (
        (town.policy, 30, town.verdict),
        (tmp_path / "other.json", 31, other["recordId"]),
    ):
        for policy_name in (named, cid_of(named)):
            shown = town.run("verdict", "show", root, "--policy", policy_name)
            assert (shown.code, shown.document["recordId"]) == (0, recorded), days
    submitted = town.run("gate", "submit", root, "--policy", tmp_path / "other.json")
    assert (submitted.code, submitted.document["about"]) == (0, other["recordId"])
    assert town.run("gate", "status", root, "--policy", tmp_path / "other.json").code == 0
    assert town.run("verdict", "show", town.verdict, "--policy", tmp_path / "other.json").error == (
        4,
        "verdict-unknown",
    )


def cid_of(policy: Path) -> str:
    return str(rakkan("policy", "lint", policy, "--json").document["policyId"])


def gate_of(town: Town) -> str:
    gate = json.loads((town.home / "config.json").read_text())["chain"]["gate"]
    return f"eip155:31337:{gate}"


def test_a_node_that_does_not_answer(town: Town) -> None:
    down = {"RAKKAN_RPC_URL": DEAD}
    for words in (
        ("gate", "status", town.lock, "--policy", town.policy),
        ("gate", "submit", town.verdict),
        ("verdict", "make", town.lock, "--policy", town.policy),
        ("anchor", "now"),
        ("worker", "--once"),
    ):
        assert town.run(*words, env=down).error == (5, "chain-unavailable"), words
    picture = town.items[0]["output"]
    ask = ("verify", picture, "--grantee", gate_of(town))
    for done in (town.run(*ask, env=down), town.run(*ask, "--chain", DEAD)):
        checks = {each["name"]: each["outcome"] for each in done.document["checks"]}
        assert (checks["anchor"], checks["consent"]) == ("undetermined", "undetermined")
    seen = town.run("fsck", env=down)
    assert (seen.code, seen.document["state"], seen.document["problems"]) == (3, "undetermined", [])

    late = town.run("consent", "withdraw", town.items[1]["consent"]["recordId"], env=down)
    assert (late.code, late.document["schema"]) == (5, "rakkan.withdrawal/1")
    assert "rakkan worker" in late.err
    assert town.run("worker", "--once").code == 0, "the node is back, and what was wanted is done"
    assert town.run("gate", "brake", town.lock, "--policy", town.policy).code == 0


def test_our_clock_moves_on_the_local_chain_alone(town: Town, home: Path, tmp_path: Path) -> None:
    moved = {"RAKKAN_CLOCK": "2031-01-01T00:00:00Z"}
    words = ("consent", "grant", "sha256:" + "ab" * 32, "--terms", "open-training", *SAID, "--json")
    given = rakkan(*words, home=town.home, env=moved)
    assert given.document["statement"]["predicate"]["validFrom"] == "2031-01-01T00:00:00Z"
    assert rakkan(*words, home=home, env=moved).error == (6, "clock-moved")
    config = json.loads((town.home / "config.json").read_text())
    config["chain"]["chainId"] = 1
    (town.home / "config.json").write_text(json.dumps(config))
    assert rakkan(*words, home=town.home, env=moved).error == (6, "clock-moved")


def test_a_home_is_founded_once(town: Town) -> None:
    before = {path.name: path.read_bytes() for path in (town.home / "keys").iterdir()}
    again = town.run("init")
    assert (again.code, again.document["token"], again.document["transactions"]) == (0, None, [])
    assert {path.name: path.read_bytes() for path in (town.home / "keys").iterdir()} == before
    assert "exists" in again.err, "it says that nothing was made"
    assert town.run("init", "--chain", "http://127.0.0.1:9").error == (2, "home-chain")
