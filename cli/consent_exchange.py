"""``rakkan consent export|import|disclose|erase``: consents to and from other vocabularies, private fields.

It decides how they are asked for and shown. What is lost in a translation is reported on stderr, and with
``--json`` in the document; what is translated is decided in ``rakkan.registry.rules.vocabulary``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits
from rakkan.cli.session import Session, line
from rakkan.cli.works import read_file, subject_of, write_file

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.schemas.record import Record

CREDENTIAL = "vc"
Name = Annotated[str, typer.Argument(metavar="RECORD", help="The record's or envelope's CID.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="cawg, aipref, aipref-02, aipref-05, tdmai, rsl, iptc, tdmrep, tdmrep-header, odrl, erc7517, spawning; "
        "export also knows vc.",
    ),
]
About = Annotated[
    str,
    typer.Option("--about", metavar="URL|ISCC", help="Where the work is, in that vocabulary. [its digest]"),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``rakkan consent``."""
    app.command("export")(export)
    app.command("import")(import_)
    app.command("disclose")(disclose)
    app.command("erase")(erase)


def export(
    context: typer.Context,
    name: Name,
    format_: Format,
    about: About = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it here. [standard output]")
    ] = None,
) -> int:
    """Say a consent in another vocabulary, or as a W3C Verifiable Credential (vc).

    Example: rakkan consent export baguqeera… --format rsl --about https://example.org/a.png
    """
    from rakkan.registry.flows.consent import exchange
    from rakkan.registry.rules.vocabulary.foreign import written

    session = Session.of(context)
    with session.registry() as registry:
        record = _record(registry, name)
        if format_ == CREDENTIAL:
            content = written(exchange.issue(registry, record))
            report: dict[str, Any] = {"vocabulary": CREDENTIAL, "version": "2.0 (eddsa-jcs-2022)"}
        else:
            exported = exchange.export(registry, record, format_, about)
            content, report = exported.content, exported.report.to_json()
    if out is not None:
        write_file(out, content)
    document = {
        "schema": "rakkan.consent-export/1",
        "recordId": str(record.record_id),
        "format": format_,
        "document": content.decode(),
        "losses": report,
    }
    shown = f"Written to {out}." if out else content.decode().rstrip("\n")
    session.emit(document, lambda: line(shown))
    if not content:
        session.warn("Nothing of this consent can be said there, so the document is empty.")
    _say_losses(session, report)
    return exits.YES


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A document in another vocabulary.")],
    format_: Format,
    work: Annotated[
        list[str] | None,
        typer.Option(
            "--work", metavar="WORK", help="A work that it is about; repeatable. [as it names them]"
        ),
    ] = None,
    about: Annotated[
        str, typer.Option("--about", metavar="URL", help="Where those works are, to match its addresses.")
    ] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="URL", help="Where the document was found; becomes public.")
    ] = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Make the reservations public for ever, now.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be reserved; keep nothing.")
    ] = False,
) -> int:
    """Take "do not use" from a foreign document. What it allows never counts. Nothing reserved: exit 4.

    Example: rakkan consent import optout.txt --format spawning --work picture.png
    """
    from rakkan.registry.flows.consent import exchange
    from rakkan.registry.flows.publish import publish as make_public

    session = Session.of(context)
    content = read_file(file, "document")
    with session.registry() as registry:
        intake = exchange.take(
            registry,
            content,
            format_,
            [subject_of(registry, each) for each in work or ()],
            url=about,
            uri=source,
            publish=publish,
            keep=not dry_run,
        )
        if publish and not dry_run and intake.records:
            make_public(registry, [str(each.record_id) for each in intake.records], progress=session.say)
    document = {
        "schema": "rakkan.consent-import/1",
        "format": format_,
        "kept": not dry_run,
        "records": [_brief(each) for each in intake.records],
        "already": [_brief(each) for each in intake.already],
        "unbound": list(intake.unbound),
        "losses": intake.report.to_json(),
    }
    session.emit(document, lambda: _show_import(document))
    _say_losses(session, intake.report.to_json())
    return exits.YES if intake.records or intake.already else exits.NOT_FOUND


def disclose(
    context: typer.Context,
    name: Name,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="The private field.")] = "",
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="FILE", help="Check a disclosure that was handed to you."),
    ] = None,
) -> int:
    """Show one private field so that others can check it, or check one. It cannot be taken back.

    Example: rakkan consent disclose baguqeera… name > name.json
    """
    from rakkan.registry.flows.consent.private import disclose
    from rakkan.registry.rules.sealing import check_disclosure
    from rakkan.schemas.canonical import parse_strict
    from rakkan.schemas.errors import Invalid

    session = Session.of(context)
    if bool(field) == (check is not None):
        raise Invalid("Name either a field or a disclosure to check.", code="usage")
    with session.registry() as registry:
        record = _record(registry, name)
        if check is None:
            document = disclose(registry, record, field).to_json()
            session.emit(document, lambda: line(_json(document)))
            session.say("Whoever has this knows the field for good.")
            return exits.YES
        shown = check_disclosure(record, parse_strict(read_file(check, "disclosure")))
    checked = {
        "schema": "rakkan.disclosure-check/1",
        "recordId": shown.record_id,
        "name": shown.name,
        "holds": True,
    }
    session.emit(checked, lambda: line(f"The record commits to this text as {shown.name}."))
    return exits.YES


def erase(
    context: typer.Context,
    name: Name,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this, only say what would be destroyed.")
    ] = False,
) -> int:
    """Destroy the key, salts and texts of a record's private fields. The record itself stays valid.

    Example: rakkan consent erase baguqeera… --yes
    """
    from rakkan.registry.flows.consent.erasure import erase
    from rakkan.registry.rules.sealing import commitments_of

    session = Session.of(context)
    with session.registry() as registry:
        record = _record(registry, name)
        fields = [each.name for each in commitments_of(record)]
        block = None
        if yes:
            done = erase(registry, record)
            fields, block = list(done.fields), done.block
    document = {
        "schema": "rakkan.erasure/1",
        "recordId": str(record.record_id),
        "erased": yes,
        "fields": fields,
        "block": str(block) if block else None,
    }
    did = "Erased for good" if yes else "Would be erased for good"
    session.emit(document, lambda: line(f"{did}: {', '.join(fields) or 'nothing'}."))
    session.say(
        "Copies in backups, and what was disclosed, are beyond this registry."
        if yes
        else "Nothing was erased; say --yes."
    )
    return exits.YES


def _record(registry: Registry, name: str) -> Record:
    from rakkan.registry.flows.lookup import resolve
    from rakkan.schemas.values import Cid

    return resolve(registry, str(Cid.parse(name))).record


def _brief(record: Record) -> dict[str, Any]:
    statement = record.parsed
    return {
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        "works": [dict(subject.digest) for subject in statement.subject],
        "scopes": {each["name"]: each["use"] for each in statement.predicate["scopes"]},
    }


def _show_import(document: Mapping[str, Any]) -> None:
    done = "reserved" if document["kept"] else "would be reserved"
    for state, records in ((done, document["records"]), ("reserved before", document["already"])):
        for each in records:
            line(f"{len(each['works'])} works {state}: {', '.join(each['scopes'])} ({each['recordId']})")
    for each in document["unbound"]:
        line(f"not matched to a work here: {each}")


def _say_losses(session: Session, report: Mapping[str, Any]) -> None:
    for kind, words in (
        ("widened", "refuses more"),
        ("narrowed", "allows less"),
        ("unheld", "not taken over"),
        ("unsaid", "not said"),
    ):
        for each in report.get(kind, ()):
            session.say(f"{words}: {each['key']}: {each['why']}")


def _json(document: Mapping[str, Any]) -> str:
    from rakkan.cli.text import to_json

    return to_json(document)
