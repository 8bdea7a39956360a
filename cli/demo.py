"""``rakkan demo``: the whole path told once, on real parts, in the home it is given.

It decides the story: three artists, one dataset, one community with a gate; a consent given, relied
on, taken back, and the approval that falls with it. Every step calls the same flows as the commands.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from rakkan.cli.render import console, lineage
from rakkan.cli.session import Session
from rakkan.cli.story import Story

if TYPE_CHECKING:
    from rakkan.registry.flows.verdicts import MadeVerdict
    from rakkan.registry.service import Registry
    from rakkan.registry.settings import Settings

STANDING_SECONDS = 3
"""Standing time of the demo's own gate: long enough to be seen, short enough to be waited for."""

POLICY = {
    "policy": "rakkan-policy/1",
    "name": "atelier-lora",
    "validDays": 30,
    "all": [
        {"clause": "consent.share", "scope": "org.rakkan.finetune_lora", "grantee": "self", "minBp": 10000},
        {"clause": "consent.unrevoked"},
        {"clause": "provenance.unknown", "maxBp": 0},
    ],
}


def run(session: Session, *, serve: bool = True) -> int:
    """Tell the story, then serve it; what was done in an earlier run is shown and not repeated.

    Args:
        session: Names the home.
        serve: Serve on 127.0.0.1:8000 afterwards, until Ctrl-C.
    """
    settings = session.settings()
    Demo(settings, console()).tell()
    if serve:
        from rakkan.cli.serve import serve_home

        serve_home(settings)
    return 0


class Demo:
    """One telling.

    Args:
        settings: Names the home.
        talk: Where it is told.
    """

    def __init__(self, settings: Settings, talk: Console) -> None:
        self._settings, self._console = settings, talk
        self._folder = settings.folder / "demo"

    def tell(self) -> None:
        """Found, stamp, publish, verify, judge, approve, withdraw, repair, sum up."""
        from rakkan.registry.service import open_registry

        self._console.print(
            "[bold]Rakkan[/] — provenance and consent for AI art, from a picture to a contract.\n"
        )
        self._found()
        self._folder.mkdir(exist_ok=True)
        self._story = Story.open(self._folder / "story.json")
        with open_registry(self._settings) as registry:
            self._registry: Registry = registry
            self._step("pictures", "Five pictures, as ComfyUI and A1111 leave them", self._render)
            self._step("stamps", "Three artists stamp and say what may be done", self._stamp)
            self._step("publish", "What was local becomes public: pinned, logged, anchored", self._publish)
            self._step(
                "bundle", "A stranger checks one picture from its evidence, with no network", self._bundle
            )
            self._lineage()
            if registry.identity is None:
                self._console.print(
                    "\n[bold]There is no chain here[/] (anvil comes from npm for Linux on x86-64): records stay"
                    " [italic]unanchored[/], and no contract can approve anything. The story ends where it needs one."
                )
                self._sum_up()
                return
            self._step("approve", "A community asks: is this dataset clean under our policy?", self._approve)
            self._step("withdraw", "Ada takes one consent back, and anyone may brake", self._withdraw)
            self._step("repair", "The dataset without that picture is judged anew", self._repair)
            self._sum_up()

    def _found(self) -> None:
        from rakkan.registry.flows.founding import found
        from rakkan.registry.home import Home
        from rakkan.registry.ledger.anvil import find_anvil

        self._title("A home: keys, certificates, database, contracts")
        if Home(self._settings.folder).exists:
            self._again(f"{self._settings.folder} is there: {Home(self._settings.folder).read().origin}")
            return
        chain = "local" if find_anvil() else "none"
        if chain == "none":
            self._say(
                "anvil is not here, so this home has no chain: it runs on the unanchored ledger, and says so."
            )
        made = found(
            self._settings,
            creator="Ada of the Demo",
            chain=chain,
            standing_seconds=STANDING_SECONDS,
            progress=self._say,
        )
        self._say(f"bearer token for writing over HTTP (shown once): {made.token}")

    def _render(self) -> list[str]:
        from rakkan.manifests.samples import render_samples

        paths = render_samples(self._folder / "pictures")
        for path in paths:
            self._say(f"{path.name}  {path.stat().st_size:,} bytes")
        return [path.name for path in paths]

    def _stamp(self) -> dict[str, Any]:
        from rakkan.registry.flows.stamping import StampOptions, stamp_files
        from rakkan.registry.flows.terms import load_terms

        names = sorted(self._story.done("pictures"))
        groups = self._groups(names)
        noted: dict[str, Any] = {}
        gate = self._gate_name()
        for artist, (mine, terms_name, wallet) in groups.items():
            terms = load_terms(terms_name, (gate,) if terms_name != "reserve" else ())
            options = StampOptions(
                out=self._folder / "stamped",
                creator=artist,
                terms=terms,
                wallet=wallet,
                disclose=("parents",),
            )
            self._say(f"[bold]{artist}[/] says: {terms_name}")
            for item in stamp_files(
                self._registry, [self._folder / "pictures" / name for name in mine], options
            ):
                if item.error is not None or item.record is None or item.output is None:
                    raise item.error or RuntimeError(item.state)
                for finding in item.findings:
                    self._say(f"   before signing: {finding}")
                self._say(
                    f"   {item.input.name} → c2paClaim:{item.digest['c2paClaim'][:16]}…  ({item.state})"
                )
                noted[item.input.name] = {
                    "output": str(item.output),
                    "record": str(item.record.record_id),
                    "consent": str(item.consent.record_id) if item.consent else None,
                    "artist": artist,
                }
        return noted

    def _groups(self, names: list[str]) -> dict[str, tuple[list[str], str, bytes | None]]:
        """Ada signs by ``did:key``; Bo by a wallet, where there is a chain; Cy reserves."""
        from rakkan.manifests.samples import CHILD, PARENT

        comfy = [name for name in names if name in (PARENT, CHILD)]
        others = [name for name in names if name not in comfy]
        groups: dict[str, tuple[list[str], str, bytes | None]] = {"Ada": (comfy, "community-lora", None)}
        wallet = self._wallet() if self._registry.identity else None
        groups["Bo" if wallet else "Bo (no chain, so by did:key)"] = (others[:-1], "community-lora", wallet)
        groups["Cy"] = (others[-1:], "reserve", None)
        return groups

    def _wallet(self) -> bytes:
        from rakkan.registry.keys import read_wallet_key

        path = self._folder / "bo-wallet.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return read_wallet_key(path)

    def _gate_name(self) -> str:
        identity = self._registry.identity
        return f"eip155:{identity.chain_id}:{identity.gate}" if identity and identity.gate else "public"

    def _publish(self) -> dict[str, Any]:
        from rakkan.registry.flows.publish import plan, publish

        planned = plan(self._registry)
        self._say(
            f"{len(planned)} records, {sum(each.bytes for each in planned):,} bytes become public for ever, such as:"
        )
        for each in planned[:2]:
            self._say(f"   {each.kind}: {'; '.join(each.shows[:4])}")
            self._say(f"      only committed to, not shown: {', '.join(each.hides[:6]) or 'nothing'}")
        publish(self._registry, progress=lambda said: self._say(f"   {said}"))
        head = self._registry.store.log.head()
        return {"size": head.size if head else 0}

    def _bundle(self) -> dict[str, Any]:
        from rakkan.registry.flows.dossier import gather_work
        from rakkan.registry.flows.evidence import pack
        from rakkan.registry.flows.lookup import resolve
        from rakkan.registry.flows.opening import VerifyOptions, verify_name

        noted = next(iter(self._story.done("stamps").values()))
        stored = resolve(self._registry, noted["record"])
        root, car = pack(gather_work(self._registry, stored))
        bundle = self._folder / "evidence.car"
        bundle.write_bytes(car)
        self._say(f"evidence.car  {len(car):,} bytes  {root}")
        stranger = replace_home(self._settings, self._folder / "nobody")
        options = VerifyOptions(
            offline=True,
            bundle=bundle,
            trust=self._registry.home.issuers,
            log_keys=self._registry.config.log_keys,
            chain=json.dumps(self._registry.config.chain.to_json()) if self._registry.config.chain else None,
        )
        answer = verify_name(stranger, noted["output"], options)
        table = Table("check", "answer", "because", box=None, pad_edge=False)
        for check in answer.checks:
            table.add_row(check.name, check.outcome.value, check.detail)
        self._console.print(table)
        self._say(f"state: [bold]{answer.state}[/]")
        return {"state": answer.state, "bundle": str(bundle)}

    def _lineage(self) -> None:
        from rakkan.registry.flows.lookup import resolve
        from rakkan.registry.flows.tracing import trace

        self._title("Lineage")
        for noted in self._story.done("stamps").values():
            graph = trace(self._registry, resolve(self._registry, noted["record"]).record.record_id.digest)
            if graph["edges"]:
                start = str(graph["edges"][0]["from"])
                lineage(graph, start)
                return

    def _approve(self) -> dict[str, Any]:
        from rakkan.registry.rules.policy import explain, lint, parse_policy

        dataset = self._folder / "dataset"
        shutil.rmtree(dataset, ignore_errors=True)
        dataset.mkdir()
        for name, noted in self._story.done("stamps").items():
            if noted["artist"] != "Cy":
                shutil.copy(noted["output"], dataset / name)
                (dataset / name).with_suffix(".txt").write_text("a picture of the atelier")
        policy = parse_policy(json.dumps(POLICY).encode())
        (self._folder / "policy.json").write_bytes(policy.canonical)
        for sentence in explain(policy):
            self._say(f"policy: {sentence}")
        for warning in lint(policy):
            self._say(f"lint: {warning}")
        return self._judge_and_submit()

    def _judge_and_submit(self) -> dict[str, Any]:
        from rakkan.registry.flows.datasets import lock_folder
        from rakkan.registry.flows.gates import submit
        from rakkan.registry.flows.verdicts import make
        from rakkan.registry.rules.dataset import lock_document
        from rakkan.registry.rules.policy import parse_policy

        policy = parse_policy((self._folder / "policy.json").read_bytes())
        lock = lock_folder(self._folder / "dataset").lock
        (self._folder / "dataset.lock.json").write_text(json.dumps(lock_document(lock), indent=1))
        self._say(f"dataset: {len(lock.items)} items, root {lock.root.hex()[:16]}…")
        made = make(self._registry, lock, policy)
        counts = made.verdict.counts
        self._say(
            f"verdict: [bold]{made.verdict.outcome}[/] — {counts.passed} pass, {counts.failed} fail,"
            f" {counts.undetermined} undetermined"
        )
        done = submit(self._registry, made)
        self._say(f"handed to the gate in block {done.block_number} for {done.gas_used:,} gas")
        self._wait_standing_time()
        return {**self._asked(made), "subject": made.verdict.subject, "policy": policy.cid.digest.hex()}

    def _wait_standing_time(self) -> None:
        from rakkan.registry.chain import local_chain

        self._say(f"standing time: {STANDING_SECONDS} s in which anyone can fell it with one proof…")
        time.sleep(STANDING_SECONDS + 1)
        with local_chain(self._registry.home) as chain:
            chain.mine()

    def _asked(self, made: MadeVerdict) -> dict[str, Any]:
        subject, policy = bytes.fromhex(made.verdict.subject), made.stored.policy
        approved = self._is_approved(subject, policy)
        return {"verdict": str(made.record.record_id), "approved": approved}

    def _is_approved(self, subject: bytes, policy: bytes) -> bool:
        """Read the gate by a plain JSON-RPC call, with nothing of ours in between."""
        from rakkan.registry.chain import local_chain

        identity = self._registry.identity
        assert identity is not None
        selector = "f92d6a6d"  # isApproved(bytes32,bytes32)
        call = {"to": str(identity.gate), "data": f"0x{selector}{subject.hex()}{policy.hex()}"}
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
        with local_chain(self._registry.home) as chain:
            asked = urllib.request.Request(  # noqa: S310 - the embedded chain on loopback
                chain.rpc_url, json.dumps(request).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                word = json.loads(answer.read())["result"]
        approved = int(word, 16) == 1
        self._say(f"isApproved over plain JSON-RPC: [bold]{str(approved).lower()}[/]")
        return approved

    def _withdraw(self) -> dict[str, Any]:
        from rakkan.registry.flows.consents import withdraw
        from rakkan.registry.flows.gates import brake
        from rakkan.registry.worker import Worker

        before = self._story.done("approve")
        name, noted = next(
            (n, each) for n, each in self._story.done("stamps").items() if each["artist"] == "Ada"
        )
        record = withdraw(self._registry, noted["consent"])
        Worker(self._registry).settle()
        self._say(f"Ada withdrew her consent for {name}: {record.record_id}")
        subject, policy = bytes.fromhex(before["subject"]), bytes.fromhex(before["policy"])
        done = brake(self._registry, subject, policy)
        self._say(f"braked with one proof in block {done.block_number} for {done.gas_used:,} gas")
        return {"item": name, "approved": self._is_approved(subject, policy)}

    def _repair(self) -> dict[str, Any]:
        name = self._story.done("withdraw")["item"]
        for path in (self._folder / "dataset" / name, (self._folder / "dataset" / name).with_suffix(".txt")):
            path.unlink(missing_ok=True)
        self._say(f"{name} leaves the dataset")
        return self._judge_and_submit()

    def _sum_up(self) -> None:
        self._title("Transactions")
        table = Table("what", "state", "block", "gas", "transaction", box=None, pad_edge=False)
        for each in self._registry.store.outbox.all():
            signed = f"0x{each.signed.hash.hex()[:16]}…" if each.signed else ""
            gas = f"{each.gas_used:,}" if each.gas_used else ""
            table.add_row(each.name.partition(":")[0], each.state, str(each.block_number or ""), gas, signed)
        self._console.print(table)
        self._title("Time of each step in this run")
        for step, seconds in self._story.seconds.items():
            self._say(f"{step:<10} {seconds:6.2f} s")

    def _step(self, name: str, title: str, action: Callable[[], Any]) -> None:
        self._title(title)
        done = self._story.done(name)
        if done is not None:
            self._again(f"done before: {_short(done)}")
            return
        with self._story.timed(name):
            result = action()
        self._story.note(name, result)

    def _title(self, text: str) -> None:
        self._console.print(f"\n[bold cyan]▍{text}[/]")

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", highlight=False)

    def _again(self, text: str) -> None:
        self._console.print(f"  [dim]{text}[/]", highlight=False)


def replace_home(settings: Settings, folder: Path) -> Settings:
    """The same settings for another home."""
    return settings.model_copy(update={"home": folder})


def _short(value: Any) -> str:  # noqa: ANN401 - a note
    text = (
        ", ".join(f"{k}={v}" for k, v in value.items())
        if isinstance(value, dict)
        else ", ".join(map(str, value))
    )
    return text if len(text) < 160 else f"{text[:157]}…"
