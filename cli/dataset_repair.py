"""``rakkan dataset repair``: the fewest items to drop so that a policy passes, each with its reason.

It decides how a repair is shown and written: always as a new lock, nothing is deleted. Which items are dropped
is decided in ``rakkan.registry.rules.repair``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.dataset_compare import LockFile
from rakkan.cli.policies import clause_rows, load_policy
from rakkan.cli.session import Session, line
from rakkan.cli.text import to_json
from rakkan.cli.works import read_lock, write_file
from rakkan.schemas.errors import Conflict

if TYPE_CHECKING:
    from rakkan.registry.flows.judge.repairing import Repaired
    from rakkan.registry.rules.finding import JudgedItem
    from rakkan.registry.rules.policy.document import Policy

_SHOWN = 20
"""Items that are shown to people; with --json there are all."""


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan dataset``."""
    app.command()(repair)


def repair(
    context: typer.Context,
    lock: LockFile,
    policy: Annotated[str, typer.Option("--policy", metavar="FILE|NAME", help="The policy that is to pass.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the lock of what stays goes. [nowhere]"),
    ] = None,
) -> int:
    """Find the fewest items to drop so that a policy passes now, and say why each. Exit: it passes then 0, it cannot 1.

    Example: rakkan dataset repair training.lock.json --policy community-lora --out repaired.lock.json
    """
    from rakkan.registry.flows.judge.repairing import repair_dataset
    from rakkan.registry.rules.dataset import lock_document
    from rakkan.schemas.instant import format_instant

    session, dataset, rules = Session.of(context), read_lock(lock), load_policy(policy)
    if out is not None and out.exists():
        raise Conflict(f"{out} is there already.", code="output-exists", hint="Give --out another name.")
    with session.registry() as registry:
        found = repair_dataset(registry, dataset, rules)
    repaired, paths = found.repair, {each.leaf_data: each.path for each in dataset.items}
    if out is not None and repaired.approved:
        write_file(out, to_json(lock_document(found.lock), compact=True).encode() + b"\n")
    document = {
        "schema": "rakkan.dataset-repair/1",
        "policyId": str(rules.cid),
        "datasetRoot": dataset.root.hex(),
        "at": format_instant(found.at),
        "outcome": repaired.result.decision.word,
        "code": repaired.result.code,
        "kept": {"root": found.lock.root.hex(), "size": len(found.lock.items)},
        "dropped": [_dropped(each, paths) for each in repaired.dropped],
        "clauses": [each.to_json() for each in repaired.result.clauses],
        "path": str(out) if out is not None and repaired.approved else None,
    }
    session.emit(document, lambda: _show(found, rules, paths, out))
    return exits.YES if repaired.approved else exits.NO


def _dropped(judged: JudgedItem, paths: dict[bytes, str]) -> dict[str, Any]:
    from rakkan.schemas.canonical import parse_canonical

    finding = judged.finding
    return {
        "sha256": finding.item.hex(),
        "trainingInput": finding.training_input.hex(),
        "path": paths[finding.item + finding.training_input],
        "finding": finding.outcome.value,
        "reasons": parse_canonical(judged.document)["reasons"],
    }


def _show(found: Repaired, policy: Policy, paths: dict[bytes, str], out: Path | None) -> None:
    repaired = found.repair
    if not repaired.approved:
        word = sentences.DECISIONS[repaired.result.decision.word]
        line(f"No part of it passes {policy.name}; of the largest that comes near it says: {word}.")
        render.outcomes(clause_rows(policy, repaired.result.clauses, repaired.result.counts.items))
        return
    line(f"{policy.name} passes without {len(repaired.dropped)} of {len(paths)} items. Drop:")
    for each in repaired.dropped[:_SHOWN]:
        dropped = _dropped(each, paths)
        codes = [reason["code"] for reason in _lacking(each, dropped["reasons"])]
        why = ", ".join(dict.fromkeys(codes)) or "one person grants too much"
        line(f"  {dropped['path']}  {why}")
    if len(repaired.dropped) > _SHOWN:
        line(f"  and {len(repaired.dropped) - _SHOWN} more; --json has them all.")
    line(f"datasetRoot:{found.lock.root.hex()}  {len(found.lock.items)} items  {out or ''}".rstrip())


def _lacking(judged: JudgedItem, reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = zip(reasons, judged.outcomes, strict=True)
    return [reason for reason, outcome in pairs if outcome.value in ("fail", "undetermined")]
