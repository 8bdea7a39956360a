"""``rakkan verdict``: judge a locked dataset under a policy, and show what was judged.

It decides how verdicts are asked for and shown, failing items first. Judgement is
``rakkan.registry.rules.audit``'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.commands import group
from rakkan.cli.policies import clause_rows, load_policy, policy_digest
from rakkan.cli.session import Session, line
from rakkan.cli.signers import chosen
from rakkan.cli.works import read_lock

if TYPE_CHECKING:
    from rakkan.registry.flows.judge.staleness import Standing
    from rakkan.registry.flows.judge.verdicts import MadeVerdict

app = group()


@app.callback()
def _verdict() -> None:
    """Judge datasets under policies."""


@app.command("make")
def make(
    context: typer.Context,
    lock: Annotated[Path, typer.Argument(metavar="LOCK", help="The lock of the dataset.")],
    policy: Annotated[
        str, typer.Option("--policy", metavar="FILE|NAME", help="The policy to judge it under.")
    ],
    signer: Annotated[
        str,
        typer.Option(
            "--signer",
            metavar="URI",
            help="The wallet that attests it for the gate, as for other commands. [the home's attester]",
        ),
    ] = "",
) -> int:
    """Judge every item of a locked dataset. Exit: approved 0, rejected 1, cannot tell 3.

    Example: rakkan verdict make training.lock.json --policy community-lora
    """
    from rakkan.registry.flows.judge.verdicts import make

    session = Session.of(context)
    dataset, rules = read_lock(lock), load_policy(policy)
    with session.registry() as registry:
        made = make(registry, dataset, rules, attester=chosen(session, signer))
    return answer(session, made)


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="CID|datasetRoot:HEX", help="A verdict, or the newest on a dataset.")
    ],
    policy: Annotated[
        str,
        typer.Option("--policy", metavar="FILE|NAME|CID", help="The policy, if there were several."),
    ] = "",
) -> int:
    """Show a verdict made here, and whether it lost a consent since. Exit: approved 0, rejected 1, cannot tell 3.

    An approval that relies on what was withdrawn since is no yes: 3.

    Example: rakkan verdict show datasetRoot:9f86d0…
    """
    from rakkan.registry.flows.judge.staleness import standing
    from rakkan.registry.flows.judge.verdicts import load

    session = Session.of(context)
    with session.registry() as registry:
        made = load(registry, name, policy_digest(policy) if policy else None)
        found = standing(registry, made.stored)
    return answer(session, made, found)


def answer(session: Session, made: MadeVerdict, standing: Standing | None = None) -> int:
    """Show a verdict; its decision is the exit code, and nothing stale is a yes."""
    from rakkan.registry.flows.judge.staleness import FRESHLY_MADE
    from rakkan.schemas.canonical import parse_canonical

    signature = made.stored.signature
    document = {
        "schema": "rakkan.verdict/1",
        "recordId": str(made.record.record_id),
        "envelope": str(made.record.envelope_cid),
        "verdict": parse_canonical(made.record.statement),
        "signature": f"0x{signature.hex()}" if signature else None,
        **(standing or FRESHLY_MADE).to_json(),
    }
    session.emit(document, lambda: _show(made, standing or FRESHLY_MADE))
    decided = exits.DECISIONS[made.verdict.outcome]
    if standing is not None and standing.why and standing.stale is None:
        session.warn(f"Nobody can tell whether its consents still stand: {standing.why}")
    return exits.UNDETERMINED if decided == exits.YES and document["stale"] is not False else decided


def _show(made: MadeVerdict, standing: Standing) -> None:
    from rakkan.registry.rules.policy.document import parse_policy

    verdict = made.verdict
    counts, gate = verdict.counts, verdict.gate
    who = f"The gate {gate.address} on chain {gate.chain_id} is told" if gate else "This registry says"
    said = sentences.DECISIONS[verdict.outcome]
    line(
        f"{who}: {said}. {counts.items} items: {counts.passed} pass, {counts.failed} fail, {counts.undetermined} unknown."
    )
    line()
    policy = parse_policy(made.stored.policy_bytes)
    render.outcomes(clause_rows(policy, verdict.clauses, counts.items))
    line()
    rows = [("record", str(made.record.record_id)), ("envelope", str(made.record.envelope_cid))]
    rows += [("policy", str(verdict.policy.cid)), ("subject", verdict.subject)]
    block = f", block {verdict.as_of.block.number}" if verdict.as_of.block else ""
    rows += [
        ("as of", f"{verdict.issued_at}, {verdict.as_of.log_size} records{block}"),
        ("until", verdict.valid_until),
    ]
    render.table(rows)
    if standing.stale:
        line()
        line(
            "Stale: consents that it relies on were withdrawn since. Make a new verdict, and brake this one's approval."
        )
        render.table(
            [
                (f"from {each['withdrawnAt']}", f"{each['consent']} ({each['items']} items)")
                for each in standing.to_json()["staleCauses"]
            ]
        )
