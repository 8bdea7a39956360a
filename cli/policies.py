"""Names of policies on the command line: a file, a policy that comes with Rakkan, or an id.

It decides which one is meant, and nothing about what it says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli.works import read_file
from rakkan.schemas.errors import DomainError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rakkan.registry.rules.policy.document import Policy
    from rakkan.schemas.verdict import ClauseResult

PolicyName = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A policy document, or one that comes with Rakkan.")
]


def load_policy(name: str) -> Policy:
    """A policy from a file, or by the name under which it comes with Rakkan.

    Raises:
        Invalid: ``policy-clause``, ``not-json``.
        NotFound: ``policy-missing``.
    """
    from rakkan.registry.rules.policy.document import parse_policy, shipped_policies

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


def clause_rows(
    policy: Policy, results: Sequence[ClauseResult], items: int
) -> Iterator[tuple[str, str, str]]:
    """Name, outcome and what was counted, for each clause of a policy that a dataset was judged under."""
    from rakkan.registry.rules.policy.clause import Measure

    for clause, result in zip(policy.clauses, results, strict=True):
        detail = ""
        if result.observed is not None:
            detail = clause.observed(Measure(result.outcome, result.observed, result.limit), items)
        if result.witnesses:
            more = f" and {len(result.witnesses) - 1} more" if result.witnesses[1:] else ""
            detail += f" first: sha256:{result.witnesses[0]}{more}"
        yield result.clause, result.outcome.value, detail.strip()
