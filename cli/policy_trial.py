"""``rakkan policy diff``, ``test`` and ``simulate``: what a policy would do, before anybody votes on it.

It decides how trials are asked for and shown. Nothing here signs or keeps anything. Judgement is
``rakkan.registry.rules.audit``'s, and which verdicts are judged again ``flows/judge/simulating.py``'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.policies import PolicyName, clause_rows, load_policy, policy_digest
from rakkan.cli.session import Session, line
from rakkan.cli.works import read_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.registry.flows.judge.simulating import Flip, Simulated

_SHOWN = 20
"""Items that are shown to people; with --json there are all."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan policy``."""
    for command in (diff, test, simulate):
        app.command()(command)


def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="The older policy: a file, or a name.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The newer one.")],
) -> int:
    """Say what changes from one policy to another, and whether it asks for more or less. Exit: same 0, else 1.

    Example: rakkan policy diff community-lora strict-art-lora
    """
    from rakkan.registry.rules.policy.difference import difference

    changes = difference(older := load_policy(before), newer := load_policy(after))
    document = {
        "schema": "rakkan.policy-diff/1",
        "before": str(older.cid),
        "after": str(newer.cid),
        "changes": [
            {"direction": each.direction, "before": each.before, "after": each.after} for each in changes
        ],
    }

    def show() -> None:
        for each in changes:
            line(f"{_DIRECTIONS[each.direction]}:")
            for sign, text in (("-", each.before), ("+", each.after)):
                if text:
                    line(f"  {sign} {text}")
        if not changes:
            line("They ask for the same.")

    Session.of(context).emit(document, show)
    return exits.NO if changes else exits.YES


def test(
    context: typer.Context,
    name: PolicyName,
    lock: Annotated[Path, typer.Argument(metavar="LOCK", help="The lock of a dataset.")],
) -> int:
    """Judge a dataset under a policy as of now; nothing is signed or kept. Exit: approved 0, rejected 1, cannot tell 3.

    Example: rakkan policy test strict-art-lora training.lock.json
    """
    from rakkan.registry.flows.judge.gathering import community, gather
    from rakkan.schemas.instant import format_instant

    session, policy, dataset = Session.of(context), load_policy(name), read_lock(lock)
    with session.registry() as registry:
        evidence = gather(registry, dataset)
        result = evidence.judge(policy, community(registry))
    document = {
        "schema": "rakkan.policy-test/1",
        "policyId": str(policy.cid),
        "datasetRoot": dataset.root.hex(),
        "at": format_instant(evidence.instant),
        "outcome": result.decision.word,
        "code": result.code,
        "counts": result.counts.to_json(),
        "clauses": [each.to_json() for each in result.clauses],
    }

    def show() -> None:
        line(f"It would be: {sentences.DECISIONS[result.decision.word]}. Nothing was signed or kept.")
        render.outcomes(clause_rows(policy, result.clauses, result.counts.items))

    session.emit(document, show)
    return exits.DECISIONS[result.decision.word]


def simulate(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="[FILE|NAME]", help="The policy to suppose. [each verdict's own]")
    ] = "",
    instead_of: Annotated[
        str,
        typer.Option("--instead-of", metavar="FILE|NAME|CID", help="Only verdicts under this policy. [all]"),
    ] = "",
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without", metavar="RECORD", help="Suppose that this consent was withdrawn; repeatable."
        ),
    ] = None,
) -> int:
    """Judge the verdicts made here again under another policy, or without some consents: what would flip.

    Each is judged as of its own instant, by what was known then. Exit: nothing flips 0, something 1.

    Example: rakkan policy simulate strict-art-lora --instead-of community-lora
    """
    from rakkan.registry.flows.judge.simulating import simulate
    from rakkan.registry.flows.lookup import resolve
    from rakkan.schemas.errors import Invalid

    session = Session.of(context)
    policy = load_policy(name) if name else None
    if policy is None and not without:
        raise Invalid(
            "Nothing is supposed.",
            code="nothing-supposed",
            hint="Name a policy, or a consent with --without.",
        )
    meant = policy_digest(instead_of) if instead_of else None
    with session.registry() as registry:
        records = [resolve(registry, each).record for each in without or ()]
        for record in records:
            if record.kind != "consent":
                raise Invalid(
                    f"{record.record_id} is a {record.kind} record, not a consent.",
                    code="record-kind",
                    hint="Name a consent.",
                )
        gone = {record.record_id.digest for record in records}
        with session.progress("judging again") as done:
            found = []
            for each in simulate(registry, policy=policy, instead_of=meant, without=gone):
                found.append(each)
                done(each.root.hex())
    document = {"schema": "rakkan.policy-simulation/1", "verdicts": [_told(each) for each in found]}
    session.emit(document, lambda: _show(found))
    return exits.NO if any(_flips(each) for each in found) else exits.YES


_DIRECTIONS = {
    "stricter": "It asks for more",
    "looser": "It asks for less",
    "other": "It asks for something else",
}


def _flips(simulated: Simulated) -> bool:
    return bool(simulated.flips) or simulated.before is not simulated.after.decision


def _told(simulated: Simulated) -> dict[str, Any]:
    from rakkan.schemas.instant import format_instant
    from rakkan.schemas.values import DAG_JSON, Cid

    return {
        "verdict": str(Cid(DAG_JSON, simulated.record_id)),
        "datasetRoot": simulated.root.hex(),
        "policyId": str(simulated.policy.cid),
        "at": format_instant(simulated.at),
        "before": simulated.before.word,
        "after": simulated.after.decision.word,
        "clauses": [each.to_json() for each in simulated.after.clauses],
        "flips": [_flip(each) for each in simulated.flips],
    }


def _flip(flip: Flip) -> dict[str, Any]:
    from rakkan.schemas.canonical import parse_canonical

    return {
        "item": f"sha256:{flip.item.hex()}",
        "before": flip.before.value,
        "after": flip.after.value,
        "reasons": parse_canonical(flip.document)["reasons"],
    }


def _show(found: Sequence[Simulated]) -> None:
    from rakkan.schemas.instant import format_instant

    if not found:
        line("No verdict was made here that this could change.")
    for each in found:
        before, after = sentences.DECISIONS[each.before.word], sentences.DECISIONS[each.after.decision.word]
        same = "as before" if each.before is each.after.decision else f"instead of: {before}"
        line(f"datasetRoot:{each.root.hex()}  {each.policy.name}, {format_instant(each.at)}")
        line(f"  {after} ({same}); {len(each.flips)} of {each.after.counts.items} items flip")
        for flip in each.flips[:_SHOWN]:
            line(f"  sha256:{flip.item.hex()}  {flip.before.value} → {flip.after.value}")
        if len(each.flips) > _SHOWN:
            line(f"  and {len(each.flips) - _SHOWN} more; --json has them all.")
