"""``rakkan stamp``: images in, stamped images and records out.

It decides which files a folder stands for, and what is said of a batch that was interrupted. Stamping
is in ``rakkan.registry.flows.stamp.stamping``; nothing leaves the machine unless ``--publish`` is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rakkan.cli import exits
from rakkan.cli.arguments import DISCLOSABLE
from rakkan.cli.asking import CoauthorsAgree, MinorsShown, PersonsShown, answered
from rakkan.cli.session import Interrupted, Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.slip import SlipFolder, write_slips
from rakkan.schemas.errors import DomainError, Invalid, NotFound

if TYPE_CHECKING:
    from rakkan.registry.flows.stamp.batch import Finding
    from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions
    from rakkan.registry.service import Registry

SUFFIXES: Final = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp")
_OUTPUTS: Final = "stamped"
_FEW: Final = 16
"""Files for which starting processes costs more than they save."""


class Making(StrEnum):
    """How a picture that was made from no other came to be."""

    GENERATED = "generated"
    CAPTURED = "captured"


def stamp(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES|DIR", help="PNG, JPEG or WebP files, or folders of them.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where stamped copies go. ['stamped' beside each file]"),
    ] = None,
    creator: Annotated[str, typer.Option("--creator", metavar="NAME", help="Your name; stays private.")] = "",
    parent: Annotated[
        list[Path] | None,
        typer.Option("--parent", metavar="FILE", help="What all of them were made from; repeatable."),
    ] = None,
    making: Annotated[
        Making | None,
        typer.Option(
            "--making",
            help="How pictures without parents came to be. [generated, with a warning where no generator says so]",
        ),
    ] = None,
    consent: Annotated[
        str,
        typer.Option(
            "--consent", metavar="TERMS", help="Consent for each: a name of terms, or a TOML or JSON file."
        ),
    ] = "",
    persons: PersonsShown = None,
    minors: MinorsShown = None,
    coauthors: CoauthorsAgree = None,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    identity: Annotated[
        str,
        typer.Option(
            "--identity",
            metavar="PEM|own",
            help="Who signs for their name in each picture, too (CAWG identity): a file with certificate and key, or the"
            " home's own. It tells, and grants nothing. [nobody]",
        ),
    ] = "",
    grantee: Annotated[
        list[str] | None, typer.Option("--grantee", metavar="WHO", help="Who may use it. [as the terms say]")
    ] = None,
    publish: Annotated[
        str | None,
        typer.Option(
            "--publish",
            metavar="[prompt,workflow,parents]",
            help="Make the records public for ever; name what else to show.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", metavar="N", min=1, help="Processes that sign. [one, or all cores for many files]"
        ),
    ] = None,
    slips: SlipFolder = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
) -> int:
    """Stamp images with who made them and from what; the files given are never touched.

    Example: rakkan stamp outputs/ --consent community-lora --persons none --minors none --coauthors complete
    """
    from rakkan.registry.flows.consent.terms import load_terms
    from rakkan.registry.flows.stamp.stamping import StampOptions

    session = Session.of(context)
    if grantee and not consent:
        raise Invalid("--grantee says for whom a consent is.", code="usage", hint="Add --consent TERMS.")
    if (persons or minors or coauthors) and not consent:
        raise Invalid(
            "--persons, --minors and --coauthors are said in a consent.",
            code="usage",
            hint="Add --consent TERMS.",
        )
    if slips and not consent:
        raise Invalid(
            "--slips keeps withdrawal slips of consents.", code="usage", hint="Add --consent TERMS."
        )
    disclose = _disclose(publish)
    missing = [name for name in files if not _can_be_read(name)]
    paths, terms = list(_images(files, out)), None
    if consent:
        said = load_terms(consent, tuple(grantee or ()))
        terms = answered(session, said.answering(depicted=persons, minors=minors, coauthors=coauthors))
    options = StampOptions(
        out=out,
        creator=creator,
        parents=tuple(parent or ()),
        terms=terms,
        signer=chosen(session, signer, wallet_key),
        disclose=disclose,
        publish=publish is not None,
        jobs=jobs or (1 if len(paths) < _FEW else os.cpu_count() or 1),
        making="captured" if making is Making.CAPTURED else "generated" if making else None,
        dry_run=dry_run or bool(missing),  # a word mistyped is no reason to sign and publish the rest
    )
    with session.registry() as registry:
        if identity:
            from rakkan.registry.flows.stamp.identity import identity_signer

            options = replace(options, identity=identity_signer(registry, identity))
        items = _run(session, registry, paths, options, slips)
    if missing and len(files) > 1:
        session.warn(
            f"Nothing was stamped, because {missing[0]} is no file or folder that can be read. Leave it out, or"
            " correct it, and run it again."
        )
    return exits.of_errors(item.error for item in items if item.error is not None)


def _run(
    session: Session, registry: Registry, paths: Sequence[Path], options: StampOptions, slips: Path | None
) -> Sequence[StampItem]:
    from rakkan.registry.flows.publish import publish
    from rakkan.registry.flows.stamp.stamping import stamp_files

    done: list[StampItem] = []
    try:
        with session.progress("Stamping", len(paths)) as advance:

            def note(item: StampItem) -> None:
                done.append(item)
                advance(item.input.name)

            items = stamp_files(registry, paths, options, note, _noticed(session))
    except KeyboardInterrupt:
        _answer(session, done, published=False)
        kept = sum(1 for item in done if item.state in ("stamped", "already"))
        raise Interrupted(
            f"{kept} of {len(paths)} are stamped and kept; run it again to do the rest."
        ) from None
    if slips is not None:
        write_slips(registry, (item.consent for item in items if item.consent), slips, options.signer)
    records = [record for item in items for record in (item.record, item.consent) if record is not None]
    if not options.publish or options.dry_run or not records:
        _answer(session, items, published=False)
        return items
    try:
        publish(registry, [str(record.record_id) for record in records], progress=session.say)
    except DomainError:
        _answer(session, items, published=False)  # what is stamped is told, whatever became of the rest
        raise
    _answer(session, items, published=True)
    return items


def _answer(session: Session, items: Sequence[StampItem], *, published: bool) -> None:
    document = {"schema": "rakkan.stamp/1", "published": published, "items": [_item(item) for item in items]}
    session.emit(document, lambda: _show(items))
    for item in items:
        if item.error is not None:
            said = str(item.error)
            session.fail(said if item.input.name in said else f"{item.input}: {said}")
    assumed = [item for item in items if item.assumed and item.state != "already"]
    if assumed:
        session.warn(
            f"{len(assumed)} of them ({assumed[0].input.name}…) hold no generator's record and are stated as"
            " generated. If they are photographs, say --making captured."
        )


def _noticed(session: Session) -> Callable[[Path, tuple[Finding, ...]], None]:
    def warn(path: Path, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            if finding.kind == "credential":
                said = f"{finding}. The stamped copy says so too, and no check will call it trusted."
            else:
                said = (
                    f"the generator's record holds {finding}. It stays out of the record, but it is in the"
                    " picture, and in the stamped copy too, for whoever gets the file."
                )
            session.warn(f"{path}: {said}")

    return warn


def _item(item: StampItem) -> dict[str, Any]:
    record, error = item.record, item.error
    return {
        "input": str(item.input),
        "output": str(item.output) if item.output else None,
        "state": item.state,
        "recordId": str(record.record_id) if record else None,
        "envelope": str(record.envelope_cid) if record else None,
        "digest": dict(item.digest),
        "error": {"code": error.code, "message": error.message, "hint": error.hint} if error else None,
        "findings": [str(finding) for finding in item.findings],
        "assumed": item.assumed,
        "consent": {"recordId": str(item.consent.record_id), "envelope": str(item.consent.envelope_cid)}
        if item.consent
        else None,
    }


def _show(items: Sequence[StampItem]) -> None:
    for item in items:
        if item.error is None:
            name = f"  {item.record.record_id}" if item.record else ""
            line(f"{item.state:<8} {item.input} → {item.output}{name}".replace("\n", " "))


def _disclose(value: str | None) -> tuple[str, ...]:
    names = tuple(part for part in (value or "").split(",") if part)
    unknown = sorted(set(names) - DISCLOSABLE)
    if unknown:
        from difflib import get_close_matches

        known = sorted(DISCLOSABLE)
        meant = get_close_matches(unknown[0].lower(), known, n=1)
        raise Invalid(
            f"--publish cannot show “{unknown[0]}”; nothing was stamped.",
            code="usage",
            hint=(f"Did you mean {meant[0]}? " if meant else "") + f"It knows {', '.join(known)}.",
        )
    return names


def _can_be_read(name: Path) -> bool:
    return name.is_dir() or (name.is_file() and os.access(name, os.R_OK))


def _images(names: Sequence[Path], out: Path | None) -> Iterator[Path]:
    """The files named, and every image below the folders named, except what stamping wrote there."""
    for name in names:
        if not name.is_dir():
            yield name
            continue
        outputs = out.resolve() if out else None
        found = False
        for folder, below, files in os.walk(name):
            below[:] = sorted(
                each
                for each in below
                if not each.startswith(".")
                and each != _OUTPUTS
                and (Path(folder) / each).resolve() != outputs
            )
            for each in sorted(files):
                if each.lower().endswith(SUFFIXES) and not each.startswith("."):
                    found = True
                    yield Path(folder) / each
        if not found:
            raise NotFound(
                f"The folder {name} holds no PNG, JPEG or WebP file.",
                code="images-missing",
                hint="Name the folder they are in.",
            )
