"""``rakkan consent show``: what holds for a work, now and then.

It decides how the answer is asked for and shown. What consents mean together is decided in
``rakkan.registry.rules.consent``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.session import Session, line
from rakkan.cli.verify import Identities
from rakkan.cli.works import digests_of
from rakkan.schemas.values import DAG_JSON, Cid

if TYPE_CHECKING:
    from datetime import datetime

    from rakkan.registry.flows.withdraw.withdrawn import Effectives
    from rakkan.registry.rules.accounts import Account
    from rakkan.registry.rules.consent import Effective

AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="INSTANT",
        help="When it was used, as 2026-11-22T12:00:00Z; not later than now. [now]",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("show")(show)


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FILE|DIGEST|CID", help="An image, kind:hex, or a record.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="One use. [every scope we know]")
    ] = "",
    grantee: Annotated[
        str, typer.Option("--grantee", metavar="WHO", help="For whom it is asked.")
    ] = "public",
    as_of: AsOf = "",
    identity_trust: Identities = None,
) -> int:
    """Show what holds for a work. Exit: allowed 0, not allowed 1, cannot tell 3.

    Grants that allow a number of training runs are told with the runs that spent them.

    With --as-of, the answer is about a use at that instant by all that is known today; beside it stand what was
    known then, and what holds for a new use today. Of a file, it also says whether an identity credential in it names the wallet or
    key of those who spoke; that grants and denies nothing.

    Example: rakkan consent show picture.png --scope org.rakkan.finetune_lora
    """
    from rakkan.registry.clock import past_instant
    from rakkan.registry.flows.consent.consents import budgets, show
    from rakkan.registry.flows.verify.corroboration import of_file
    from rakkan.registry.flows.withdraw.watching import keep_current
    from rakkan.registry.flows.withdraw.withdrawn import confirmed
    from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, parse_grantee

    session = Session.of(context)
    parse_grantee(grantee)
    with session.registry() as registry:
        used_at = past_instant(as_of, registry.clock, "as-of") if as_of else None
        digests = digests_of(registry, name)
        scopes = (scope,) if scope else (*CAWG_SCOPES, *OWN_SCOPES)

        def told(used: datetime | None, known: datetime | None) -> Effectives:
            return confirmed(
                registry,
                lambda: show(registry, digests, scopes=scopes, grantee=grantee, used_at=used, known_at=known),
                lambda: keep_current(registry),
                lambda error: session.say(f"The chain was not asked about withdrawals: {error.message}"),
            )

        found = told(used_at, None)
        then = told(used_at, used_at) if used_at is not None else {}
        today = told(None, None) if used_at is not None else {}
        spent = budgets(registry, digests, used_at=used_at)
        relied = [fact for answer in found.values() for fact in answer.relied]
        named = of_file(registry, Path(name), relied, identity_trust or ()) if Path(name).is_file() else ()
    document: dict[str, Any] = {
        "schema": "rakkan.consent-answers/1",
        "digests": [str(digest) for digest in digests],
        "grantee": grantee,
        "scopes": [_answer(each, answer) for each, answer in found.items()],
        "identities": [each.to_json() for each in named],
        "budgets": [_budget(each) for each in spent],
    }
    if used_at is not None:
        document |= {
            "asOf": as_of,
            "then": [_answer(each, answer) for each, answer in then.items()],
            "today": [_answer(each, answer) for each, answer in today.items()],
        }

    def tell() -> None:
        render.table(_rows(found, then, today))
        for each in document["budgets"]:
            line(f"{len(each['spent'])} of {each['allowed']} training runs spent of {each['recordId']}")
            for run in each["spent"]:
                line(f"  by {run['trainer']}, began {run['began']}: {run['recordId']}")
        for text in sentences.identities(named):
            line(text)

    session.emit(document, tell)
    return exits.weakest(exits.ANSWERS[answer.answer.value] for answer in found.values())


def _answer(scope: str, answer: Effective) -> dict[str, Any]:
    return {
        "scope": scope,
        "answer": answer.answer.value,
        "code": answer.code,
        "assurance": answer.assurance,
        "relied": [str(Cid(DAG_JSON, fact.record_id)) for fact in answer.relied],
    }


def _budget(account: Account) -> dict[str, Any]:
    from rakkan.schemas.trainingrun import TrainingRun

    runs = [(fact, fact.predicate) for fact in account.spent]
    return {
        "recordId": str(Cid(DAG_JSON, account.grant.record_id)),
        "allowed": account.allowed,
        "spent": [
            {"recordId": str(Cid(DAG_JSON, fact.record_id)), "trainer": run.trainer, "began": run.began}
            for fact, run in runs
            if isinstance(run, TrainingRun)
        ],
    }


def _rows(found: Effectives, then: Effectives, today: Effectives) -> list[tuple[str, ...]]:
    """Of a use that was, what is known of it now and was known then; beside it what holds for a new one."""
    rows: list[tuple[str, ...]] = [("", "known now", "", "known then", "", "a new use", "")] if then else []
    for scope in found:
        row: tuple[str, ...] = (scope,)
        for answers in (found, then, today) if then else (found,):
            row += (sentences.ANSWERS[answers[scope].answer.value], answers[scope].code)
        rows.append(row)
    return rows
