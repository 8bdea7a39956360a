"""``rakkan model register``: a model, the run that it came out of, and the dataset's root in a copy of the file.

It decides what the trainer states, and how it is shown what that came to. What is written and recorded is decided in
``rakkan.registry.flows.train``, what fits together in ``rakkan.registry.rules.crosscheck``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.model import ModelArgument, about, read_file
from rakkan.cli.reasons import CODES
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.works import read_lock
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from datetime import datetime

    from rakkan.registry.flows.train.registering import Registered
    from rakkan.registry.flows.train.relying import Reliance
    from rakkan.registry.rules.crosscheck import CrossCheck
    from rakkan.schemas.record import Record
    from rakkan.schemas.values import Digest


def add_to(app: typer.Typer) -> None:
    """Add the command to ``rakkan model``."""
    app.command("register")(register)


def register(
    context: typer.Context,
    file: ModelArgument,
    dataset: Annotated[
        Path,
        typer.Option("--dataset", metavar="LOCK", help="The lock of the dataset that it was trained on."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="The copy with the dataset's root. [NAME.rakkan.safetensors]"
        ),
    ] = None,
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="What it is used as: checkpoint, lora, embedding, vae, controlnet, upscaler or clip.",
        ),
    ] = "lora",
    began: Annotated[
        str, typer.Option("--began", metavar="INSTANT", help="When training began. [what its header says]")
    ] = "",
    ended: Annotated[
        str, typer.Option("--ended", metavar="INSTANT", help="When it ended. [what its header says]")
    ] = "",
    base: Annotated[
        str, typer.Option("--base", metavar="FILE|DIGEST", help="The model that training began from.")
    ] = "",
    run: Annotated[
        str,
        typer.Option(
            "--run",
            metavar="HEX",
            help="32 hex digits, alike for all that came out of one run. [by kohya's ss_session_id]",
        ),
    ] = "",
    grantee: Annotated[
        str, typer.Option("--grantee", metavar="WHO", help="For whom it was trained. [who signs]")
    ] = "",
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="What for.")
    ] = "org.rakkan.finetune_lora",
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Make it public for ever: the model, its run, the grants it spends."),
    ] = False,
) -> int:
    """Declare what a model was trained on: its run, and the dataset's root in a copy of the file.

    The tensors stay as they are, and so does autov3. Grants that allow a number of runs lose one. What the header
    says is held against the lock, and what disagrees is told; nobody can see from outside whether it is true.

    Example: rakkan model register painter.safetensors --dataset training.lock.json
    """
    from rakkan.manifests.models.aliases import aliases_of
    from rakkan.manifests.models.declared import read_declared
    from rakkan.registry.flows.claims.stating import actor
    from rakkan.registry.flows.publish import publish as make_public
    from rakkan.registry.flows.train.registering import RunSaid
    from rakkan.registry.flows.train.registering import register as declare
    from rakkan.registry.flows.train.relying import relying
    from rakkan.registry.rules.crosscheck import cross_check
    from rakkan.schemas.consent import parse_grantee
    from rakkan.schemas.trainingrun import DECLARED

    session, by = Session.of(context), chosen(Session.of(context), signer, wallet_key)
    whom = parse_grantee(grantee) if grantee else ""
    lock, model = read_lock(dataset), read_file(session, file)
    declared = read_declared(model.header.texts)
    aliases, bases = aliases_of(model, declared), _base(session, base)
    said = RunSaid(
        began=_began(began, declared.started),
        ended=_instant(ended) or declared.finished,
        role=role,
        run=run,
        base=bases[0] if bases else None,
        tool="kohya-ss/sd-scripts" if declared.session is not None else "",
    )
    checks = cross_check(declared, aliases, lock, began=said.began, ended=said.ended, base=bases)
    target = out or file.with_name(f"{file.stem}.rakkan.safetensors")
    with session.registry() as registry:
        whom = whom or actor(registry, by)
        rests = relying(registry, lock, grantee=whom, scope=scope, at=said.began)
        with session.progress("Copying") as advance:
            made = declare(
                registry,
                file,
                model,
                declared,
                aliases,
                lock,
                said,
                rests,
                target,
                signer=by,
                progress=lambda _: advance(file.name),
            )
        if publish:
            make_public(registry, [str(made.model.record_id)])
    asked = {"grantee": whom, "scope": scope, "at": _text(said.began)}
    document = {
        "schema": "rakkan.model-registration/1",
        "state": "registered" if made.new else "already",
        **_names(made.model),
        **about(model),
        "output": str(made.output),
        "dataset": {"root": lock.root.hex(), "items": len(lock.items), "link": DECLARED},
        "runs": [_run(each) for each in made.runs],
        "consent": {**asked, "answers": rests.answers, "codes": rests.codes},
        "checks": [each.to_json() for each in checks],
        "published": publish,
    }
    session.emit(document, lambda: _show(made, document, checks))
    _warn(session, checks, rests)
    return exits.YES


def _base(session: Session, name: str) -> tuple[Digest, ...]:
    """Every digest of the base model, its tensors first; none if none is named."""
    from rakkan.schemas.values import Digest

    if not name:
        return ()
    if name.startswith(("autov3:", "sha256:")):
        return (Digest.parse(name),)
    model = read_file(session, Path(name))
    return (model.autov3, model.sha256)


def _instant(text: str) -> datetime | None:
    from rakkan.schemas.instant import parse_instant

    return parse_instant(text) if text else None


def _began(text: str, declared: datetime | None) -> datetime:
    found = _instant(text) or declared
    if found is None:
        raise Invalid(
            "Nobody says when training began: the header does not.",
            code="began-missing",
            hint="Name it with --began, as 2026-11-22T12:00:00Z: a grant counts as of then.",
        )
    return found


def _text(moment: datetime) -> str:
    from rakkan.schemas.instant import format_instant

    return format_instant(moment)


def _names(record: Record) -> dict[str, str]:
    return {"recordId": str(record.record_id), "envelope": str(record.envelope_cid)}


def _run(record: Record) -> dict[str, Any]:
    said = record.value["predicate"]
    spent = [each["/"] for each in said.get("consents", ())]
    return {**_names(record), "run": said["run"], "began": said["began"], "spent": spent}


def _show(made: Registered, document: dict[str, Any], checks: tuple[CrossCheck, ...]) -> None:
    dataset, spent = document["dataset"], sum(len(each["spent"]) for each in document["runs"])
    line(
        f"{'Registered' if made.new else 'Registered already'}: autov3:{document['digest']['autov3']}, trained on "
        f"datasetRoot:{dataset['root']} ({dataset['items']} items; {dataset['link']})."
    )
    line()
    answers = ", ".join(f"{count} {word}" for word, count in sorted(document["consent"]["answers"].items()))
    rows = [("record", document["recordId"]), ("envelope", document["envelope"])]
    rows += [("training run", each["recordId"]) for each in document["runs"]]
    rows += [("copy", document["output"]), ("items when it began", answers), ("budgets spent", str(spent))]
    rows.append(("public", "yes, for ever" if document["published"] else "no: `rakkan publish` makes it so"))
    render.table(rows)
    line()
    line("Whether the header and the trainer say the same:")
    render.outcomes((each.name, each.outcome.value, each.detail) for each in checks)


def _warn(session: Session, checks: tuple[CrossCheck, ...], rests: Reliance) -> None:
    for each in checks:
        if each.outcome.value == "fail":
            session.warn(f"{each.name}: {each.detail}")
    if rests.unread is not None:
        session.warn(f"The chain was not asked about withdrawals: {rests.unread.message}")
    open_ = {code: count for code, count in rests.codes.items() if not code.startswith("granted")}
    for code, count in sorted(open_.items()):
        session.warn(f"{count} items were not allowed when training began ({code}: {CODES[code]}).")
