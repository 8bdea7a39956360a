"""``rakkan policy``: begin a policy, read what it asks, and know its id.

It decides how policies are named and shown. Which clauses exist is decided in
``rakkan.registry.rules.policy``; what a policy does to datasets is asked in ``cli/policy_trial.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits, policy_trial, render
from rakkan.cli.commands import group
from rakkan.cli.policies import PolicyName, load_policy
from rakkan.cli.session import Session, line
from rakkan.cli.works import write_file
from rakkan.schemas.errors import Conflict

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.document import Policy

app = group()


@app.callback()
def _policy() -> None:
    """Write, read and try policies before anybody votes on them."""


@app.command("new")
def new(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the new policy is called.")],
    base: Annotated[
        str, typer.Option("--from", metavar="FILE|NAME", help="The policy to begin with.")
    ] = "community-lora",
    days: Annotated[
        int | None, typer.Option("--valid-days", metavar="N", min=1, max=3650, help="[as there]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it. [standard output]")
    ] = None,
) -> int:
    """Begin a policy with the clauses of another one, to edit; it has an id of its own.

    Example: rakkan policy new --name our-lora --from strict-art-lora --out our-lora.json
    """
    import json

    from rakkan.registry.rules.policy.document import parse_policy
    from rakkan.schemas.canonical import parse_canonical

    session = Session.of(context)
    value = {**parse_canonical(load_policy(base).canonical), "name": name}
    if days is not None:
        value["validDays"] = days
    clauses = ",\n    ".join(json.dumps(each) for each in value["all"])
    head = "\n".join(
        f"  {json.dumps(key)}: {json.dumps(value[key])}," for key in ("policy", "name", "validDays")
    )
    text = f'{{\n{head}\n  "all": [\n    {clauses}\n  ]\n}}\n'
    policy = parse_policy(text.encode())
    if out is not None:
        if out.exists():
            raise Conflict(f"{out} is there already.", code="output-exists", hint="Give --out another name.")
        write_file(out, text.encode())
    document = {"schema": "rakkan.policy-new/1", "policy": value, "path": str(out) if out else None}
    session.emit(document | _named(policy), lambda: line(text.rstrip() if out is None else str(out)))
    return exits.YES


@app.command("id")
def identify(context: typer.Context, name: PolicyName) -> int:
    """Print the id of a policy: what a community votes on. Layout and order of fields do not change it.

    Example: rakkan policy id strict-art-lora
    """
    session, policy = Session.of(context), load_policy(name)
    session.emit({"schema": "rakkan.policy-id/1", **_named(policy)}, lambda: line(str(policy.cid)))
    return exits.YES


@app.command("explain")
def explain(context: typer.Context, name: PolicyName) -> int:
    """Say in plain words what a policy asks, clause by clause.

    Example: rakkan policy explain share-alike
    """
    session, policy = Session.of(context), load_policy(name)
    said = [(each.name, each.sentence()) for each in policy.clauses]
    document = {
        "schema": "rakkan.policy-explanation/1",
        **_named(policy),
        "validDays": policy.valid_days,
        "clauses": [{"clause": clause, "sentence": sentence} for clause, sentence in said],
    }

    def show() -> None:
        _head(policy)
        render.table(said)

    session.emit(document, show)
    return exits.YES


@app.command("lint")
def lint(context: typer.Context, name: PolicyName) -> int:
    """Say what a policy asks and what to think twice about; one that cannot be judged is refused.

    Example: rakkan policy lint strict-art-lora
    """
    from rakkan.registry.rules.policy.lint import lint

    session, policy = Session.of(context), load_policy(name)
    warnings = lint(policy)
    document = {
        "schema": "rakkan.policy-lint/1",
        **_named(policy),
        "validDays": policy.valid_days,
        "clauses": policy.sentences,
        "warnings": warnings,
    }

    def show() -> None:
        _head(policy)
        for each in policy.sentences:
            line(f"  {each}")
        for each in warnings:
            line(f"Think twice: {each}")

    session.emit(document, show)
    return exits.YES


@app.command("clauses")
def clauses(context: typer.Context) -> int:
    """List every clause that a policy can have, with its fields.

    Example: rakkan policy clauses
    """
    from rakkan.registry.rules.policy.clause import name_of
    from rakkan.registry.rules.policy.document import CATALOGUE

    found = [
        (
            name_of(each),
            [field.alias or name for name, field in each.model_fields.items() if name != "clause"],
            (each.__doc__ or "").split("\n\n")[0].strip().replace("``", ""),
        )
        for each in CATALOGUE
    ]
    document = {
        "schema": "rakkan.policy-clauses/1",
        "clauses": [{"clause": name, "fields": fields, "asks": text} for name, fields, text in found],
    }
    rows = [(name, ", ".join(fields), text) for name, fields, text in found]
    Session.of(context).emit(document, lambda: render.table(rows, ("clause", "fields", "asks")))
    return exits.YES


policy_trial.register(app)


def _named(policy: Policy) -> dict[str, str]:
    return {"name": policy.name, "policyId": str(policy.cid), "policyDigest": policy.cid.digest.hex()}


def _head(policy: Policy) -> None:
    line(f"{policy.name}  {policy.cid}")
    line(f"An approval under it stands for {policy.valid_days} days, if:")
