"""``rakkan gate``: ask the contract, hand it verdicts, and stop it with a proof.

It decides how a subject and a policy are named. Whether an approval stands is the contract's to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.commands import group
from rakkan.cli.policies import policy_digest
from rakkan.cli.session import Session, line
from rakkan.cli.works import read_lock
from rakkan.schemas.errors import Invalid, Refused

if TYPE_CHECKING:
    from rakkan.registry.flows.judge.gates import GateStatus
    from rakkan.registry.service import Registry
    from rakkan.registry.store.outbox import Transaction

app = group()

Named = Annotated[
    str,
    typer.Argument(
        metavar="CID|datasetRoot:HEX|LOCK",
        help="A verdict made here, or with --policy the lock of a dataset.",
    ),
]
Policy = Annotated[
    str,
    typer.Option(
        "--policy", metavar="FILE|NAME|CID", help="The policy, if a lock is named or there were several."
    ),
]
Wait = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")]


@app.callback()
def _gate() -> None:
    """Ask the contract, hand it verdicts, stop it with a proof."""


@app.command("status")
def status(context: typer.Context, name: Named, policy: Policy = "") -> int:
    """Ask the contract whether a dataset is approved. Exit: yes 0, no 1.

    Example: rakkan gate status training.lock.json --policy community-lora
    """
    from rakkan.registry.flows.judge.gates import status

    session = Session.of(context)
    with session.registry() as registry:
        found = status(registry, *_subject_and_policy(registry, name, policy))
    document = _status(found)
    session.emit(document, lambda: _show_status(document))
    return exits.YES if found.approved else exits.NO


@app.command("submit")
def submit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CID|datasetRoot:HEX", help="A verdict made here.")],
    policy: Annotated[
        str, typer.Option("--policy", metavar="FILE|NAME|CID", help="The policy, if there were several.")
    ] = "",
    dry_run: Wait = False,
) -> int:
    """Hand a verdict to the gate that it was made for. Exit: 1 if the gate does not take it for an approval.

    Example: rakkan gate submit baguqeera…
    """
    from rakkan.registry.flows.judge.gates import status, submission, submit
    from rakkan.registry.flows.judge.verdicts import load
    from rakkan.registry.rules.policy.document import parse_policy

    session = Session.of(context)
    with session.registry() as registry:
        made = load(registry, name, policy_digest(policy) if policy else None)
        about = str(made.record.record_id)
        if dry_run:
            submission(registry, made)
            return _plan(session, registry, "submit", about, policy=str(made.verdict.policy.cid))
        done = submit(registry, made)
        found = status(registry, made.stored.subject, made.stored.policy)
    why = found.why_not(made.stored.record_id)
    document = _transaction("submit", about, done) | {
        "policy": str(made.verdict.policy.cid),
        "outcome": made.verdict.outcome,
        "approved": found.approved,
        "why": why or None,
        "countsFrom": _counts_from(found),
    }
    session.emit(document, lambda: _show_submitted(document, parse_policy(made.stored.policy_bytes).name))
    # An approval that only waits for its standing time is as it should be; so is a "no" that was handed over.
    fine = why in ("", "standing-time") or made.verdict.outcome != "approved"
    return exits.YES if fine else exits.NO


@app.command("brake")
def brake(context: typer.Context, name: Named, policy: Policy = "", dry_run: Wait = False) -> int:
    """Fell an approval that relies on a withdrawn consent, with the proof that it does.

    Example: rakkan gate brake datasetRoot:9f86d0…
    """
    from rakkan.registry.flows.judge.gates import brake, plan_brake
    from rakkan.schemas.values import DAG_JSON, Cid

    session = Session.of(context)
    with session.registry() as registry:
        subject, policy_id = _subject_and_policy(registry, name, policy)
        if dry_run:
            found = plan_brake(registry, subject, policy_id)
            if found.done:
                session.say("The gate has braked it already.")
            consent = str(Cid(DAG_JSON, found.felling.record_id))
            return _plan(session, registry, "brake", subject.hex(), consent=consent)
        done = brake(registry, subject, policy_id)
    document = _transaction("brake", subject.hex(), done)
    session.emit(document, lambda: line(_told(document)))
    return exits.YES


def _subject_and_policy(registry: Registry, name: str, policy: str) -> tuple[bytes, bytes]:
    from rakkan.registry.flows.judge.verdicts import load
    from rakkan.registry.flows.lookup import is_cid

    if Path(name).is_file():
        if policy:
            return read_lock(Path(name)).subject, policy_digest(policy)
        raise Invalid(
            f"{name} is a lock, and the policy is not named.", code="usage", hint="Add --policy FILE|NAME."
        )
    if policy and not name.startswith("datasetRoot:") and not is_cid(name):
        read_lock(Path(name))  # says what is wrong with it
    made = load(registry, name, policy_digest(policy) if policy else None)
    return bytes.fromhex(made.verdict.subject), made.stored.policy


def _status(found: GateStatus) -> dict[str, Any]:
    from rakkan.schemas.instant import format_instant
    from rakkan.schemas.values import DAG_JSON, Cid
    from rakkan.schemas.verdict import Decision

    held = found.verdict
    return {
        "schema": "rakkan.gate-status/1",
        "approved": found.approved,
        "chain": found.chain_id,
        "gate": str(found.gate),
        "block": found.block,
        "subject": found.subject.hex(),
        "policy": str(Cid(DAG_JSON, found.policy)),
        "why": found.why_not() or None,
        "countsFrom": _counts_from(found),
        "verdict": {
            "recordId": str(Cid(DAG_JSON, held.record_id)),
            "outcome": Decision(held.outcome).word,
            "attester": str(held.attester),
            "recordedAt": format_instant(held.recorded_at),
            "issuedAt": format_instant(held.issued_at),
            "validUntil": format_instant(held.valid_until),
            "braked": held.braked,
            "retracted": held.retracted,
            "suspended": held.suspended,
        }
        if held
        else None,
    }


def _show_status(document: dict[str, Any]) -> None:
    held = document["verdict"]
    word = "approves" if document["approved"] else "does not approve"
    line(
        f"The gate {document['gate']} on chain {document['chain']} {word} it, as of block {document['block']}."
    )
    line()
    rows = [("why not", _why(document))] if document["why"] else []
    rows += [("subject", document["subject"]), ("policy", document["policy"])]
    if held is None:
        rows.append(("verdict", "none on file"))
    else:
        rows += [("verdict", held["recordId"]), ("outcome", sentences.DECISIONS[held["outcome"]])]
        rows += [("recorded", held["recordedAt"]), ("until", held["validUntil"])]
        rows += [(name, "yes") for name in ("braked", "retracted", "suspended") if held[name]]
    render.table(rows)


def _show_submitted(document: dict[str, Any], policy: str) -> None:
    line(_told(document))
    said = "approves it" if document["approved"] else f"does not approve it: {_why(document)}"
    line(f"The gate {said}.")
    outcome = sentences.DECISIONS[document["outcome"]]
    render.table(
        [("verdict", f"{document['about']} ({outcome})"), ("policy", f"{policy} {document['policy']}")]
    )


def _why(document: dict[str, Any]) -> str:
    until = f"; it counts from {document['countsFrom']} on" if document["why"] == "standing-time" else ""
    return sentences.GATES[document["why"]] + until


def _counts_from(found: GateStatus) -> str | None:
    from rakkan.schemas.instant import format_instant

    return format_instant(found.counts_from) if found.counts_from else None


def _plan(session: Session, registry: Registry, what: str, name: str, **why: str) -> int:
    identity = registry.identity
    if identity is None or identity.gate is None:
        raise Refused("This home has no gate.", code="no-gate", hint="Run `rakkan init --chain local`.")
    document = {
        "schema": "rakkan.transaction-plan/1",
        "what": what,
        "about": name,
        "chain": identity.chain_id,
        "gate": str(identity.gate),
        **why,
    }

    def show() -> None:
        line(
            f"Would {what} {name} at the gate {identity.gate} on chain {identity.chain_id}; nothing was sent."
        )
        render.table(why.items())

    session.emit(document, show)
    return exits.YES


def _transaction(what: str, name: str, done: Transaction) -> dict[str, Any]:
    return {
        "schema": "rakkan.transaction/1",
        "what": what,
        "about": name,
        "state": done.state,
        "tx": f"0x{done.signed.hash.hex()}" if done.signed else None,
        "block": done.block_number,
        "gas": done.gas_used,
    }


def _told(document: dict[str, Any]) -> str:
    state = sentences.transaction(document["state"], document["block"])
    return f"{document['what']}: {state}, gas {document['gas']}, {document['tx']}"
