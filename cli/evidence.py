"""``rakkan evidence``: pack what is on file about a work into one file, and check such a file.

It decides when a bundle holds: nothing in it may fail, and only what was consulted counts as a yes.
What is in it is decided in ``rakkan.registry.flows.verify.evidence``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.commands import group
from rakkan.cli.session import Session, line
from rakkan.cli.verify import Chain, LogKeys, Trust, checks, options_of, settings_of
from rakkan.cli.works import work_record, write_file

app = group()
JUDGED: Final = ("record", "log", "anchor", "consent")
"""Checks that a bundle can answer; the others need the image."""


@app.callback()
def _evidence() -> None:
    """Carry evidence to where there is no registry."""


@app.command("pack")
def pack(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FILE|DIGEST|CID", help="An image, kind:hex, or a record.")],
    out: Annotated[Path, typer.Option("--out", metavar="CAR", help="Where the bundle goes.")],
) -> int:
    """Write all evidence about a work into one file that a stranger can check offline.

    Example: rakkan evidence pack picture.png --out picture.car
    """
    from rakkan.registry.flows.verify.dossier import gather_work
    from rakkan.registry.flows.verify.evidence import pack

    session = Session.of(context)
    with session.registry() as registry:
        record = work_record(registry, name)
        stored = registry.store.records.get([record.record_id.digest])[record.record_id.digest]
        root, content = pack(
            gather_work(registry, stored, record.parsed.subject[0].digests[0], alias=False, portable=True)
        )
    write_file(out, content)
    document = {
        "schema": "rakkan.evidence/1",
        "recordId": str(record.record_id),
        "envelope": str(record.envelope_cid),
        "root": str(root),
        "bytes": len(content),
        "path": str(out),
    }
    session.emit(document, lambda: line(f"{out}  {len(content)} bytes  {root}"))
    return exits.YES


@app.command("check")
def check(
    context: typer.Context,
    car: Annotated[Path, typer.Argument(metavar="CAR", help="A bundle.")],
    trust: Trust = None,
    log_key: LogKeys = None,
    chain: Chain = None,
) -> int:
    """Check a bundle with trust from outside it. Exit: it holds 0, it does not 1, cannot tell 3.

    Example: rakkan evidence check picture.car --log-key log.vkey
    """
    from rakkan.registry.flows.verify.evidence import unpack_file
    from rakkan.registry.flows.verify.opening import verify_name

    session = Session.of(context)
    dossier, settings = unpack_file(car), settings_of(session, chain)
    options = options_of(offline=False, bundle=car, trust=trust, log_key=log_key, chain=chain)
    found = verify_name(settings, str(dossier.matched), options)
    said = [each for each in found.checks if each.name in JUDGED]
    codes = {"pass": exits.YES, "fail": exits.NO}
    # What may be done with the work today is not for a bundle to say; it may only contradict itself there.
    judged = [each for each in said if each.name != "consent" or each.outcome.value == "fail"]
    code = exits.weakest(codes.get(each.outcome.value, exits.UNDETERMINED) for each in judged)
    document = {
        "schema": "rakkan.evidence-check/1",
        "holds": {exits.YES: "yes", exits.NO: "no"}.get(code, "undetermined"),
        "matched": str(dossier.matched),
        "checks": [each for each in checks(found) if each["name"] in JUDGED],
        "recordId": str(dossier.work.record.record_id),
        "envelope": str(dossier.work.record.envelope_cid),
        "anchor": dict(found.anchor),
        "consent": dict(found.consent),
    }

    def show() -> None:
        line(sentences.bundle(found, holds=code == exits.YES, fails=code == exits.NO))
        line()
        render.outcomes((each.name, each.outcome.value, each.detail) for each in said)
        line()
        rows = [
            ("record", str(dossier.work.record.record_id)),
            ("about", str(dossier.matched)),
            ("anchor", sentences.anchor(found)),
        ]
        render.table([*rows, *(("consent", text) for text in sentences.consent(found.consent))])

    session.emit(document, show)
    return code
