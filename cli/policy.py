"""``rakkan policy lint``: what a policy asks, in plain words, and what its authors may not have meant.

It decides how policies are named and shown. Which clauses exist is decided in
``rakkan.registry.rules.policy``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli import exits
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.cli.works import read_file
from rakkan.schemas.errors import DomainError, NotFound

if TYPE_CHECKING:
    from rakkan.registry.rules.policy import Policy

app = group()


@app.callback()
def _policy() -> None:
    """Read policies before anybody votes on them."""


@app.command("lint")
def lint(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A policy document, or one that comes with Rakkan.")
    ],
) -> int:
    """Say what a policy asks and what to think twice about; one that cannot be judged is refused.

    Example: rakkan policy lint strict-art-lora
    """
    from rakkan.registry.rules.policy import explain, lint

    session = Session.of(context)
    policy = load_policy(name)
    asks, warnings = explain(policy), lint(policy)
    document = {
        "schema": "rakkan.policy-lint/1",
        "name": policy.name,
        "policyId": str(policy.cid),
        "policyDigest": policy.cid.digest.hex(),
        "validDays": policy.valid_days,
        "clauses": asks,
        "warnings": warnings,
    }

    def show() -> None:
        line(f"{policy.name}  {policy.cid}")
        line(f"An approval under it stands for {policy.valid_days} days, if:")
        for each in asks:
            line(f"  {each}")
        for each in warnings:
            line(f"Think twice: {each}")

    session.emit(document, show)
    return exits.YES


def load_policy(name: str) -> Policy:
    """A policy from a file, or by the name under which it comes with Rakkan.

    Raises:
        Invalid: ``policy-clause``, ``not-json``.
        NotFound: ``policy-missing``.
    """
    from rakkan.registry.rules.policy import parse_policy, shipped_policies

    shipped = shipped_policies()
    if name in shipped and not Path(name).is_file():
        return shipped[name]
    if not Path(name).exists():
        raise NotFound(
            f"{name!r} is neither a file nor a policy that comes with Rakkan.",
            code="policy-missing",
            hint=f"Those are {', '.join(shipped)}.",
        )
    content = read_file(Path(name), "policy")
    try:
        return parse_policy(content)
    except DomainError as error:
        raise error.about(
            f"The policy {name}", hint="`rakkan policy lint strict-art-lora` shows one."
        ) from error


def policy_digest(name: str) -> bytes:
    """sha256 of the policy that is meant: by its CID, or as :func:`load_policy` finds it."""
    from rakkan.registry.flows.lookup import is_cid
    from rakkan.schemas.values import Cid

    return Cid.parse(name).digest if is_cid(name) else load_policy(name).cid.digest
