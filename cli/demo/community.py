"""The demo's second half: a community asks, approves, and sees its approval fall with a consent.

It decides the community's policy and how long an approval stands before it counts.
"""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rakkan.cli.demo.stage import Stage

if TYPE_CHECKING:
    from rakkan.registry.flows.judge.verdicts import MadeVerdict

STANDING_SECONDS: Final = 3
"""Standing time of the demo's own gate: long enough to be seen, short enough to be waited for."""

_PATIENCE: Final = 30
"""Seconds of standing time that the demo waits for; a home of one's own may have a slower gate."""

POLICY: Final = {
    "policy": "rakkan-policy/1",
    "name": "atelier-lora",
    "validDays": 30,
    "all": [
        {"clause": "consent.share", "scope": "org.rakkan.finetune_lora", "grantee": "self", "minBp": 10000},
        {"clause": "consent.unrevoked"},
        {"clause": "provenance.unknown", "maxBp": 0},
    ],
}


def approve(stage: Stage) -> dict[str, Any]:
    """Lock a folder, lint a policy, judge, and hand the verdict to the gate."""
    from rakkan.registry.rules.policy.document import parse_policy
    from rakkan.registry.rules.policy.lint import lint

    dataset = stage.folder / "dataset"
    shutil.rmtree(dataset, ignore_errors=True)
    dataset.mkdir()
    for name, noted in stage.story.done("stamps").items():
        if noted["artist"] != "Cy":
            shutil.copy(noted["output"], dataset / name)
            (dataset / name).with_suffix(".txt").write_text("a picture of the atelier")
    policy = parse_policy(json.dumps(POLICY).encode())
    (stage.folder / "policy.json").write_bytes(policy.canonical)
    for sentence in policy.sentences:
        stage.say(f"policy: {sentence}")
    for warning in lint(policy):
        stage.say(f"lint: {warning}")
    return _judge_and_submit(stage)


def asked(noted: dict[str, Any]) -> Iterator[str]:
    """What came of a dataset that was judged and handed to the gate."""
    said = "approved it" if noted["approved"] else "did not approve it, or not yet"
    yield f"It was judged already, and the gate {said}: verdict {noted['verdict']}"


def _judge_and_submit(stage: Stage) -> dict[str, Any]:
    from rakkan.registry.flows.judge.datasets import lock_dataset
    from rakkan.registry.flows.judge.gates import submit
    from rakkan.registry.flows.judge.verdicts import load, make
    from rakkan.registry.rules.dataset import lock_document
    from rakkan.registry.rules.policy.document import parse_policy
    from rakkan.registry.worker import Worker

    # What was published before this home had a chain is not on it yet, and a verdict leans on what is.
    Worker(stage.registry, lambda said: stage.say(f"   {said}")).settle()
    policy = parse_policy((stage.folder / "policy.json").read_bytes())
    lock = lock_dataset(stage.folder / "dataset").lock
    (stage.folder / "dataset.lock.json").write_text(json.dumps(lock_document(lock), indent=1))
    stage.say(f"dataset: {len(lock.items)} items, root {lock.root.hex()[:16]}…")
    handed = stage.story.done("handed") or {}  # before the end of the standing time, in a run that was ended
    name = handed.get(lock.root.hex())
    made = load(stage.registry, name) if name else make(stage.registry, lock, policy)
    counts = made.verdict.counts
    stage.say(
        f"verdict: [bold]{made.verdict.outcome}[/] — {counts.passed} pass, {counts.failed} fail,"
        f" {counts.undetermined} undetermined"
    )
    done = submit(stage.registry, made)
    stage.story.note("handed", handed | {lock.root.hex(): str(made.record.record_id)})
    stage.say(f"handed to the gate in block {done.block_number} for {done.gas_used:,} gas")
    _wait_standing_time(stage, made)
    return {**_asked(stage, made), "subject": made.verdict.subject, "policy": policy.cid.digest.hex()}


def _wait_standing_time(stage: Stage, made: MadeVerdict) -> None:
    from rakkan.registry.chain import local_chain
    from rakkan.registry.flows.judge.gates import status

    found = status(stage.registry, bytes.fromhex(made.verdict.subject), made.stored.policy)
    seconds = found.standing_seconds
    stage.say(f"standing time: {seconds} s in which anyone can fell it with one proof…")
    if seconds > _PATIENCE:
        stage.say(
            f"This home's gate takes its time: ask it then with `rakkan gate status {made.record.record_id}`."
        )
        return
    time.sleep(seconds + 1)
    with local_chain(stage.registry.home) as chain:
        chain.mine()


def _asked(stage: Stage, made: MadeVerdict) -> dict[str, Any]:
    subject, policy = bytes.fromhex(made.verdict.subject), made.stored.policy
    approved = _is_approved(stage, subject, policy)
    return {"verdict": str(made.record.record_id), "approved": approved}


def _is_approved(stage: Stage, subject: bytes, policy: bytes) -> bool:
    """Read the gate by a plain JSON-RPC call, with nothing of ours in between."""
    from rakkan.registry.chain import local_chain

    identity = stage.registry.identity
    assert identity is not None
    selector = "f92d6a6d"  # isApproved(bytes32,bytes32)
    call = {"to": str(identity.gate), "data": f"0x{selector}{subject.hex()}{policy.hex()}"}
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    with local_chain(stage.registry.home) as chain:
        asked = urllib.request.Request(  # noqa: S310 - the embedded chain on loopback
            chain.rpc_url, json.dumps(request).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            word = json.loads(answer.read())["result"]
    approved = int(word, 16) == 1
    stage.say(f"isApproved over plain JSON-RPC: [bold]{str(approved).lower()}[/]")
    return approved


def withdraw(stage: Stage) -> dict[str, Any]:
    """Take one consent back, and fell the approval that relied on it with one proof."""
    from rakkan.registry.flows.consent.consents import withdraw
    from rakkan.registry.flows.judge.gates import brake
    from rakkan.registry.worker import Worker

    before = stage.story.done("approve")
    name, noted = next((n, each) for n, each in stage.story.done("stamps").items() if each["artist"] == "Ada")
    record = withdraw(stage.registry, noted["consent"])
    Worker(stage.registry).settle()
    stage.say(f"Ada withdrew her consent for {name}: {record.record_id}")
    subject, policy = bytes.fromhex(before["subject"]), bytes.fromhex(before["policy"])
    done = brake(stage.registry, subject, policy)
    stage.say(f"braked with one proof in block {done.block_number} for {done.gas_used:,} gas")
    return {"item": name, "approved": _is_approved(stage, subject, policy)}


def withdrawn(noted: dict[str, Any]) -> Iterator[str]:
    """What came of the withdrawal."""
    said = "yes" if noted["approved"] else "no"
    yield f"Ada took her consent for {noted['item']} back already; asked after that, the gate said {said}."


def repair(stage: Stage) -> dict[str, Any]:
    """Judge the dataset anew without the picture."""
    name = stage.story.done("withdraw")["item"]
    for path in (stage.folder / "dataset" / name, (stage.folder / "dataset" / name).with_suffix(".txt")):
        path.unlink(missing_ok=True)
    stage.say(f"{name} leaves the dataset")
    return _judge_and_submit(stage)
