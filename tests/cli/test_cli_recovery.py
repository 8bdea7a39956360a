"""The whole story of a stolen key, told through the command: 30,000 works granted by a thief, and none of them stands."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.keys import Keys
from rakkan.registry.rules.dataset import Lock, LockItem, lock_document, training_input
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Digest
from tests.cli.conftest import Rakkan
from tests.homes import SAID, new_home

TRAIN = "cawg.ai_generative_training"
TERMS = ("--terms", "open-training", *SAID)
OWN = [Digest.of(b"the artist's own %d" % number) for number in range(200)]
POLICY = {
    "policy": "rakkan-policy/1",
    "name": "all-of-them",
    "validDays": 30,
    "all": [{"clause": "consent.share", "scope": TRAIN, "grantee": "public", "minBp": 10_000}],
}


@dataclass(frozen=True)
class World:
    """An artist's registry, the guardians' homes, and a new home for the artist."""

    rakkan: Rakkan
    home: Path
    folder: Path

    def run(self, *words: object, home: Path | None = None, code: int = 0) -> Any:
        ran = self.rakkan("--home", home or self.home, "--json", *words)
        assert ran.code == code, ran.err
        return ran.document

    def key(self, name: str) -> str:
        return Keys(self.folder / name / "keys").artist_did

    def told(self, work: Digest) -> str:
        answer = self.rakkan("--home", self.home, "--json", "consent", "explain", work).document
        return f"{answer['answer']} {answer['code']}"

    def judged(self, name: str) -> Any:
        """What a verdict under a policy that asks for consent to all of a dataset says."""
        lock, policy = self.folder / f"{name}.lock.json", self.folder / "policy.json"
        policy.write_text(json.dumps(POLICY))
        made = self.rakkan("--home", self.home, "--json", "verdict", "make", lock, "--policy", policy)
        predicate = made.document["verdict"]["predicate"]
        return predicate["outcome"], predicate["counts"]

    def lock(self, name: str, works: list[Digest]) -> Path:
        path = self.folder / f"{name}.lock.json"
        path.write_text(json.dumps(lock_of(works)))
        return path


def lock_of(works: list[Digest]) -> dict[str, Any]:
    plain = training_input(None, None, 1, "train")
    items = (LockItem(work.raw, f"{place}.png", 1, 1, plain) for place, work in enumerate(works))
    return lock_document(Lock.of(items))


def next_second() -> str:
    """A second later than everything before, and before everything after: instants have whole seconds."""
    time.sleep(1.1)
    now = datetime.now(UTC)
    time.sleep(1.1)
    return format_instant(now)


@pytest.fixture
def world(rakkan: Rakkan, tmp_path: Path) -> World:
    for name in ("artist", "one", "two", "three", "new", "thief"):
        new_home(tmp_path / name)
    made = World(rakkan, tmp_path / "artist", tmp_path)
    guardians = [made.key(name) for name in ("one", "two", "three")]
    made.run("key", "guardians", *guardians, "--threshold", "2")
    return made


@pytest.fixture
def stolen(world: World) -> str:
    """The artist's key, in other hands."""
    copy = world.folder / "stolen.pem"
    copy.touch(mode=0o600)
    copy.write_bytes((world.home / "keys" / "artist.pem").read_bytes())
    return f"file:{copy}"


def test_none_of_thirty_thousand_works_stands_that_a_thief_granted(world: World, stolen: str) -> None:
    lost = world.key("artist")
    own = world.run("consent", "grant", world.lock("own", OWN), *TERMS, "--publish")["recordId"]
    since = next_second()
    many = [Digest.of(b"taken %d" % number) for number in range(29_850)]
    singles = [Digest.of(b"taken alone %d" % number) for number in range(150)]
    as_thief = ("--signer", stolen)
    taken = world.run("consent", "grant", world.lock("many", many), *TERMS, *as_thief, "--publish")
    assert taken["statement"]["predicate"]["collection"]["count"] == len(many)
    for work in singles:
        world.run("consent", "grant", work, *TERMS, *as_thief)
    world.run("publish")
    world.run("key", "guardians", world.key("thief"), "--threshold", "1", *as_thief)
    world.run("key", "rotate", "--to", world.folder / "thief", *as_thief)
    world.lock("all", [*many, *singles])
    assert world.judged("all") == (
        "approved",
        {"items": 30_000, "pass": 30_000, "fail": 0, "undetermined": 0},
    )

    two = ("--guardian", world.folder / "one", "--guardian", world.folder / "two")
    alone = world.run("key", "compromised", "--of", lost, "--since", since, *two[:2], code=3)
    assert alone["lacking"] == "/predicate/actor", "one guardian is not two"
    assert world.judged("all")[0] == "approved"
    said = world.run("key", "compromised", "--of", lost, "--since", since, *two)
    assert [proof["signer"] for proof in said["proofs"]] == [world.key("one"), world.key("two")]
    recovered = world.run("key", "recover", lost, "--to", world.folder / "new", *two)
    assert len(recovered["proofs"]) == 3

    outcome, counts = world.judged("all")
    assert (outcome, counts["pass"]) == ("undetermined", 0)
    assert counts["undetermined"] == 30_000, "not one of them stands"
    for work in (many[0], many[-1], singles[0], singles[-1]):
        assert world.told(work) == "undetermined key-compromised"
    why = world.run("consent", "explain", many[7], code=3)
    (heard,) = [each for each in why["records"] if each["recordId"] == taken["recordId"]]
    assert said["recordId"] in heard["because"]
    assert heard["at"] == since
    assert world.told(OWN[0]) == "allowed granted-to-public", "what was given before stands"

    new = f"file:{world.folder / 'new' / 'keys' / 'artist.pem'}"
    renewed = world.run("consent", "renew", own, "--signer", new, "--publish")["recordId"]
    assert world.run("consent", "explain", OWN[3])["relied"] == [renewed]
    world.run("consent", "grant", many[5], *TERMS, "--signer", new, "--publish")
    assert world.told(many[5]) == "allowed granted-to-public", "the new key is the artist"
    world.run("consent", "grant", many[6], *TERMS, *as_thief, "--publish")
    assert world.told(many[6]) == "undetermined key-compromised"
    thief = f"file:{world.folder / 'thief' / 'keys' / 'artist.pem'}"
    world.run("consent", "grant", OWN[9], *TERMS, "--signer", thief, "--publish")
    assert world.told(OWN[9]) == "undetermined claims-conflict", "whom a thief named is somebody else"


def test_guardians_sign_where_their_keys_are(world: World) -> None:
    lost, draft = world.key("artist"), world.folder / "recovery.json"
    asked = world.run("key", "recover", lost, "--to", world.folder / "new", "--out", draft)
    assert (asked["schema"], asked["lacking"]) == ("rakkan.draft-waiting/1", "/predicate/guardianship")
    copies = []
    for name in ("two", "three"):
        copies.append(world.folder / f"{name}.json")
        signed = world.run("draft", "sign", draft, "--out", copies[-1], home=world.folder / name)
        assert world.key(name) in signed["signers"]
    early = world.run("draft", "submit", copies[0], code=3)
    assert early["lacking"] == "/predicate/guardianship"
    done = world.run("draft", "submit", *copies)
    assert done["statement"]["predicate"]["successor"] == world.key("new")
    stranger = world.folder / "thief.json"
    world.run("draft", "sign", draft, "--out", stranger, home=world.folder / "thief")
    wrong = world.run("draft", "submit", stranger, copies[0], code=3)
    assert wrong["lacking"] == "/predicate/guardianship", "a stranger is no guardian"
    shown = world.rakkan("draft", "show", draft).out
    assert f"The key {lost} is lost, and is followed by {world.key('new')}." in shown


def test_who_follows_a_key_says_that_it_is_in_other_hands(world: World, stolen: str) -> None:
    lost = world.key("artist")
    guardians = ("--guardian", world.folder / "one", "--guardian", world.folder / "three")
    since = next_second()
    world.run("consent", "grant", OWN[0], *TERMS, "--signer", stolen, "--publish")
    assert world.told(OWN[0]) == "allowed granted-to-public"
    world.run("key", "recover", lost, "--to", world.folder / "new", *guardians)
    new = f"file:{world.folder / 'new' / 'keys' / 'artist.pem'}"
    other = f"file:{world.folder / 'thief' / 'keys' / 'artist.pem'}"
    refused = world.run("key", "compromised", "--of", lost, "--since", since, "--signer", other, code=3)
    assert refused["lacking"] == "/predicate/actor"
    world.run("key", "compromised", "--of", lost, "--since", since, "--signer", new)
    assert world.told(OWN[0]) == "undetermined key-compromised"


def test_what_guardians_cannot_do(world: World) -> None:
    lost = world.key("artist")
    to = ("--to", world.folder / "new")
    unknown = world.run("key", "recover", world.key("one"), *to, code=4)
    assert unknown["error"]["code"] == "guardians-unknown"
    never = world.run(
        "key",
        "compromised",
        "--of",
        lost,
        "--since",
        "2020-01-01T00:00:00Z",
        "--out",
        world.folder / "x",
        code=4,
    )
    assert never["error"]["code"] == "guardians-unknown", "they were named after that"
    twice = ("--guardian", world.folder / "one", "--guardian", world.folder / "one")
    assert world.run("key", "recover", lost, *to, *twice, code=2)["error"]["code"] == "usage"
    nowhere = world.run("key", "recover", lost, "--to", world.folder / "nowhere", code=6)
    assert nowhere["error"]["code"] == "key-missing"
    itself = world.run("key", "recover", lost, "--to", world.home, code=2)
    assert itself["error"]["code"] == "shape"
