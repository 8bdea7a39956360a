"""The examples that ``--help`` prints, run: one home, one folder, in the order in which one needs another."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer

from rakkan.cli.main import app
from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.home import Home
from rakkan.registry.keys import ARTIST, Keys
from tests.cli.conftest import Rakkan
from tests.cli.filled import filled
from tests.cli.test_cli_help import commands
from tests.flows.receiver import receiving
from tests.homes import new_home, require_anvil
from tests.unit.manifests.models.files import KOHYA, LORA, safetensors

pytestmark = pytest.mark.chain

NOT_RUN = {
    "serve": "it answers until it is ended; tests/api runs it",
    "demo": "it serves its page at the end until it is ended; tests/cli/test_demo.py runs it without that",
}


def example(name: str) -> str:
    """What the help of a command says; the root's for no name."""
    command: Any = typer.main.get_command(app)
    for word in name.split():
        command = command.commands[word]
    (found,) = re.findall(r"Example: (rakkan .+)", command.help or "")
    return str(found)


@dataclass
class Desk:
    """A folder where somebody types what the help says.

    Attributes:
        folder: The working directory, and the user's home.
        home: The registry.
        rakkan: Runs the command, in this process: there are many.
        done: Commands whose example was run.
    """

    folder: Path
    home: Path
    rakkan: Rakkan
    done: set[str] = field(default_factory=set)

    def type(self, name: str, code: int = 0, **meant: object) -> str:
        """Run an example as it stands, but for what its dots stand for; what it printed.

        Args:
            name: The command.
            code: How it ends.
            meant: ``cid``, ``other``, ``root``, ``url``, ``webhook``; and ``dids`` in order.
        """
        line = example(name)
        for dots, value in (
            ("baguqeera…", meant.get("cid")),
            ("baguqeerb…", meant.get("other")),
            ("datasetRoot:9f86d0…", meant.get("root")),
            ("https://…", meant.get("url")),
            ("wh_…", meant.get("webhook")),
            *zip(re.findall(r"did:key:z6M\w…", line), meant.get("dids", ()), strict=False),  # type: ignore[call-overload]  # a list
        ):
            line = line.replace(dots, str(value))
        assert "…" not in line
        assert "None" not in line
        self.done.add(name)
        return self._run(line, code)

    def ask(self, *words: object, code: int = 0) -> Any:
        """Something that the examples need, and the one JSON document that it answers."""
        return json.loads(self._run(shlex.join([*map(str, words), "--json"]), code))

    def _run(self, line: str, code: int) -> str:
        """As a shell would run it: a word is a word, ``~`` the user's home, ``>`` a file."""
        typed, _, target = line.removeprefix("rakkan ").partition(" > ")
        ran = self.rakkan(*(re.sub("^~", str(self.folder), word) for word in shlex.split(typed)))
        assert ran.code == code, f"{line}\n{ran.code}\n{ran.out}\n{ran.err}"
        if target:
            (self.folder / target).write_text(ran.out)
        return ran.out


@pytest.fixture
def desk(tmp_path: Path, rakkan: Rakkan, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    require_anvil()
    made = Desk(tmp_path, tmp_path / "home", rakkan)
    for name in ("RAKKAN_CLOCK", "RAKKAN_RPC_URL", "RAKKAN_KUBO", "RAKKAN_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAKKAN_HOME", str(made.home))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    one, *others = render_samples(tmp_path / "drawn")
    one.rename(tmp_path / "picture.png")
    (tmp_path / "outputs").mkdir()
    for each in others:
        shutil.move(each, tmp_path / "outputs")
    made.type("init")
    with local_chain(Home(made.home)):  # else each command would start it anew
        yield made


def test_every_example_is_run(desk: Desk) -> None:
    stamp_and_publish(desk)
    consents(desk)
    evidence(desk)
    withdrawn = datasets(desk)
    claims(desk, withdrawn)
    keys(desk)
    hooks(desk)
    assert desk.done - {""} == commands() - NOT_RUN.keys()


def stamp_and_publish(desk: Desk) -> None:
    desk.type("")  # the root's: one picture
    desk.type("consent commit")  # before anybody sees it
    desk.type("consent reveal")
    shutil.copy(desk.folder / "stamped" / "picture.png", desk.folder / "picture.png")
    desk.type("stamp")  # a folder of them
    shutil.copytree(desk.folder / "outputs" / "stamped", desk.folder / "training")
    assert "would become public" in desk.type("publish")
    desk.ask("publish")
    desk.type("worker")
    desk.type("fsck")
    assert "picture.png" in example("trace")
    desk.type("trace")
    desk.type("anchor status")
    desk.type("anchor now")


def consents(desk: Desk) -> None:
    desk.type("consent template")
    desk.type("consent diff", 1)  # they differ
    (desk.folder / "art").mkdir()
    shutil.copy(desk.folder / "picture.png", desk.folder / "art")
    desk.type("consent grant")
    desk.type("consent show", 3)  # the root's example says nothing of co-authors
    desk.type("consent explain", 3)
    desk.type("consent list")
    granted = desk.ask("consent", "list", "--mine", "--kind", "grant")["consents"][-1]["recordId"]
    desk.type("consent renew", cid=granted)
    desk.type("consent reserve")
    desk.type("consent export", cid=granted)
    desk.type("consent delegate", dids=[did(desk, "gallery")])
    (desk.folder / "optout.txt").write_text(f"{sha256_of(desk.folder / 'picture.png')}\n")
    desk.type("consent import")
    terms = 'kind = "grant"\n[scopes]\n"cawg.data_mining" = "allowed"\n'
    (desk.folder / "terms.toml").write_text(f'{terms}[private]\nname = "Ada"\n')
    kept = desk.ask("consent", "grant", "picture.png", "--terms", "terms.toml")["recordId"]
    desk.type("consent disclose", cid=kept)
    assert "Ada" in (desk.folder / "name.json").read_text()
    desk.type("consent erase", cid=kept)
    (desk.folder / "likeness.toml").write_text(filled("likeness", depicted='"grantor"'))
    desk.type("consent agree")


def evidence(desk: Desk) -> None:
    (desk.folder / "log.vkey").write_text(Home(desk.home).read().log_keys[0])
    shutil.copy(desk.home / "issuers.pem", desk.folder)
    desk.type("evidence pack")
    desk.type("evidence check")
    desk.type("verify")
    desk.type("log head")
    assert (desk.folder / "head.note").read_text().startswith(Home(desk.home).read().origin)
    desk.type("log proof", cid=desk.ask("verify", "picture.png")["record"]["recordId"])


def datasets(desk: Desk) -> str:
    """Up to the consent that was withdrawn, and felled an approval."""
    desk.type("policy lint")
    desk.type("policy new")
    desk.type("policy id")
    desk.type("policy explain")
    desk.type("policy clauses")
    desk.type("policy diff", 1)
    desk.type("dataset lock")
    desk.type("policy test", 3)
    (desk.folder / "painter.safetensors").write_bytes(safetensors(LORA, KOHYA))
    desk.type("model inspect")
    desk.type("model register")
    root = f"datasetRoot:{json.loads((desk.folder / 'training.lock.json').read_text())['root']}"
    desk.type("dataset check")
    desk.type("dataset repair")
    desk.type("dataset diff")
    desk.type("dataset proof")
    desk.type("dataset verify", root=root)
    desk.type("dataset absence")
    desk.type("verdict make")
    desk.type("policy simulate", 1)
    desk.type("verdict show", root=root)
    desk.type("gate submit", cid=desk.ask("verdict", "show", root)["recordId"])
    desk.type("gate status", 1)  # the standing time is not over
    items = desk.ask("stamp", "outputs/", "--consent", "community-lora")["items"]  # all of them already
    consent = str(items[0]["consent"]["recordId"])
    desk.type("consent slip", cid=consent)
    with local_chain(Home(desk.home)) as chain:
        desk.type("consent withdraw", url=chain.rpc_url)
    desk.type("gate brake", root=root)
    return consent


def claims(desk: Desk, about: str) -> None:
    desk.type("claim")
    desk.type("dispute", cid=about)
    opened = desk.ask("dispute", about, "--ground", "forged")["recordId"]
    desk.type("rule", cid=about, other=opened)


def keys(desk: Desk) -> None:
    desk.type("key guardians", dids=[did(desk, name) for name in ("one", "two", "three")])
    new_home(desk.folder / "new-home")
    recovery(desk)
    desk.type("key compromised")
    desk.type("key rotate")


def hooks(desk: Desk) -> None:
    desk.type("webhook add")
    with receiving() as receiver:
        name = desk.ask("webhook", "add", receiver.url, "--local")["id"]
        desk.type("webhook test", webhook=name)
    desk.type("webhook rotate", webhook=name)
    desk.type("webhook resume", webhook=name)
    assert name in desk.type("webhook list")
    desk.type("webhook remove", webhook=name)


def recovery(desk: Desk) -> None:
    """The new key follows the old one by the word of two guardians, each of whom signs a copy."""
    desk.type("identify")
    desk.type("key recover", dids=[Keys(desk.home / "keys").artist_did])
    assert "is followed by" in desk.type("draft show")
    for number, name in enumerate(("one", "two"), 1):
        signer = f"file:{desk.folder / name / 'artist.pem'}"
        desk.ask("draft", "sign", "recovery.json", "--signer", signer, "--out", f"recovery-{number}.json")
    desk.type("draft sign")
    desk.type("draft submit")


def sha256_of(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def did(desk: Desk, name: str) -> str:
    """Somebody else's ``did:key``."""
    theirs = Keys(desk.folder / name)
    theirs.create()
    assert theirs.has(ARTIST)
    return theirs.artist_did
