"""``rakkan draft``: records that several people sign in several places.

It decides how a draft is shown before it is signed, and what is answered while somebody is missing. What a draft
is, and when it is complete, is decided in ``rakkan.registry.flows.claims.cosigning``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.commands import EVERYBODY, group
from rakkan.cli.session import Session, line
from rakkan.cli.signers import SignerUri, WalletKey, chosen
from rakkan.cli.works import read_file, write_file
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.registry.flows.claims.cosigning import Draft
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner

app = group()

DraftFile = Annotated[Path, typer.Argument(metavar="DRAFT", help="The file that you were sent.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where the draft goes if others have to sign it too."),
]


def register(app_: typer.Typer) -> None:
    """Add the group to ``rakkan``."""
    purpose = "Sign a record together with others, each where their key is."
    app_.add_typer(app, name="draft", help=purpose, rich_help_panel=EVERYBODY)


@app.command("show")
def show(context: typer.Context, file: DraftFile) -> int:
    """Say what a draft says, and who has signed it so far; their signatures are not checked yet.

    Example: rakkan draft show recovery.json
    """
    from rakkan.registry.flows.claims.cosigning import words_of

    session, draft = Session.of(context), _read(file)
    words = words_of(draft)
    document = {"schema": "rakkan.draft-words/1", "words": words, "draft": draft.to_json()}
    session.emit(document, lambda: line("\n".join(words)))
    return exits.YES


@app.command("sign")
def sign(
    context: typer.Context,
    file: DraftFile,
    signer: SignerUri = "",
    wallet_key: WalletKey = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the signed draft goes. [the same file]"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
) -> int:
    """Sign a draft that somebody sent you, after it said what it says; send it back afterwards.

    Example: rakkan draft sign recovery.json
    """
    from rakkan.registry.flows.claims.cosigning import sign_draft, words_of
    from rakkan.registry.home import Home
    from rakkan.registry.signers.port import KeySigner

    session, draft = Session.of(context), _read(file)
    for each in words_of(draft):
        session.say(each)
    if not yes and not session.json and sys.stdin.isatty():
        typer.confirm("Do you sign this?", err=True, abort=True)
    by = chosen(session, signer, wallet_key) or KeySigner(Home(session.settings().folder).keys.artist)
    signed = sign_draft(draft, by)
    write_file(out or file, _bytes(signed))
    document = {"schema": "rakkan.draft-signed/1", "file": str(out or file), "signers": list(signed.signers)}
    session.emit(document, lambda: line(f"Signed: {out or file}"))
    return exits.YES


@app.command("submit")
def submit(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="DRAFT", help="The draft, or copies of it that were signed apart."),
    ],
) -> int:
    """Hand in a draft that all have signed: it becomes a record, public at once. Somebody missing: exit 3.

    Example: rakkan draft submit recovery-1.json recovery-2.json
    """
    from rakkan.registry.flows.claims.cosigning import join_drafts

    session = Session.of(context)
    draft = join_drafts([_read(file) for file in files])
    with session.registry() as registry:
        return hand_in(session, registry, draft, None)


def hand_in(session: Session, registry: Registry, draft: Draft, out: Path | None) -> int:
    """Hand in a draft, or write it for the others to sign; answer with what became of it."""
    from rakkan.registry.flows.claims import cosigning
    from rakkan.registry.worker import Worker

    handed = cosigning.hand_in(registry, draft)
    record = handed.record
    if record is None:
        return _waiting(session, draft, handed.lacking, out)
    Worker(registry, session.say).settle()
    document = {"schema": "rakkan.statement/1", "kind": record.kind, **record.to_json()}
    rows = [("record", str(record.record_id)), ("envelope", str(record.envelope_cid))]
    session.emit(document, lambda: render.table(rows))
    return exits.YES


def _waiting(session: Session, draft: Draft, lacking: str, out: Path | None) -> int:
    if out is not None:
        write_file(out, _bytes(draft))
    document: dict[str, Any] = {
        "schema": "rakkan.draft-waiting/1",
        "file": str(out) if out is not None else None,
        "signers": list(draft.signers),
        "lacking": lacking,
    }
    session.emit(document, lambda: line(f"It is not complete: {_LACKING.get(lacking, lacking)}."))
    if out is not None:
        session.say(
            f"The draft is in {out}: the others sign it with `rakkan draft sign`, then `rakkan draft submit`."
        )
        return exits.YES
    session.say("Nothing was handed in; --out FILE keeps the draft for the others to sign.")
    return exits.UNDETERMINED


_LACKING = {
    "/proofs": "nobody has signed it",
    "/predicate/guardianship": "too few of the guardians have signed it",
    "/predicate/successor": "the key that follows has not signed it",
    "/predicate/actor": "the one whom it is about has not signed it, nor enough of the guardians",
    "/predicate/checker": "the one who checked has not signed it",
}


def _read(path: Path) -> Draft:
    from rakkan.registry.flows.claims.cosigning import read_draft

    return read_draft(read_file(path, "draft"))


def _bytes(draft: Draft) -> bytes:
    from rakkan.cli.text import to_json

    return (to_json(draft.to_json()) + "\n").encode()


def signed_as(draft: Draft, registry: Registry, by: RecordSigner | None) -> Draft:
    """A draft signed by whoever gave the command; None is the home's own key."""
    from rakkan.registry.flows.claims.cosigning import sign_draft
    from rakkan.registry.signers.port import KeySigner

    return sign_draft(draft, by or KeySigner(registry.home.keys.artist))


def signed_by(draft: Draft, session: Session, names: Sequence[str]) -> Draft:
    """A draft signed by these: homes by their folder, or signers by URI.

    Raises:
        Invalid: ``usage``, if one is named twice.
    """
    from rakkan.cli.signers import another
    from rakkan.registry.flows.claims.cosigning import sign_draft

    if len(set(names)) != len(names):
        raise Invalid("One of those who sign is named twice.", code="usage", hint="Name each once.")
    for name in names:
        draft = sign_draft(draft, another(session, name))
    return draft
