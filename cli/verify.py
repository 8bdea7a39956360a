"""``rakkan verify``: one sentence, fifteen checks, one exit code.

It decides how an answer is shown. The answer itself is ``rakkan.registry.flows.verify.opening``'s and
``verify``'s; with ``--offline`` nobody is asked, and what nobody was asked about is undetermined.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render, sentences
from rakkan.cli.session import Session, line

if TYPE_CHECKING:
    from rakkan.registry.flows.verify.opening import VerifyOptions
    from rakkan.registry.flows.verify.verify import Verification
    from rakkan.registry.settings import Settings

Trust = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="PEM|DIR",
        help="Certificates of the issuers you trust, not the home's: a file, or a folder of such files.",
    ),
]
Identities = Annotated[
    list[Path] | None,
    typer.Option(
        "--identity-trust",
        metavar="FILE",
        help="Whom you believe about names, not whom the home does: issuers (PEM) or DID documents (JSON), or a folder of them; repeatable.",
    ),
]
LogKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--log-key", metavar="VKEY|FILE", help="Key of a log you trust, not the home's; repeatable."
    ),
]
Chain = Annotated[
    str | None,
    typer.Option(
        "--chain", metavar="FILE|URL", help="The chain: a file that pins it, or another node of the home's."
    ),
]


def verify(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FILE|DIGEST|CID", help="An image, kind:hex, or a record.")],
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody; say what could not be asked.")
    ] = False,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="CAR", help="Evidence from a file, not the home.")
    ] = None,
    trust: Trust = None,
    identity_trust: Identities = None,
    log_key: LogKeys = None,
    chain: Chain = None,
    grantee: Annotated[
        str, typer.Option("--grantee", metavar="WHO", help="For whom consent is asked.")
    ] = "public",
) -> int:
    """Check an image: who signed and registered it, whether it is unchanged, what may be done with it.

    Exit: trusted 0, unchanged or recovered 3, invalid or revoked 1, nothing known 4, unreadable 2.

    Example: rakkan verify picture.png --offline --bundle picture.car --log-key log.vkey --trust issuers.pem
    """
    from rakkan.registry.flows.verify.opening import verify_name
    from rakkan.schemas.consent import parse_grantee

    session = Session.of(context)
    options = options_of(
        offline=offline,
        bundle=bundle,
        trust=trust,
        identity_trust=identity_trust,
        log_key=log_key,
        chain=chain,
        grantee=parse_grantee(grantee),
    )
    found = verify_name(settings_of(session, chain), name, options)
    session.emit(document(found), lambda: show(found))
    return exits.VERIFICATIONS[found.state]


def options_of(
    *,
    offline: bool,
    bundle: Path | None,
    trust: Path | None,
    log_key: list[str] | None,
    chain: str | None,
    identity_trust: list[Path] | None = None,
    grantee: str = "public",
) -> VerifyOptions:
    """The words of the command line as the flow takes them; a chain by URL is a setting, not an option."""
    from rakkan.registry.flows.verify.opening import VerifyOptions

    pinned = None if chain is None or _is_url(chain) else chain
    return VerifyOptions(
        offline=offline,
        bundle=bundle,
        trust=trust,
        identity_trust=tuple(identity_trust or ()),
        log_keys=tuple(log_key or ()),
        chain=pinned,
        grantee=grantee,
    )


def settings_of(session: Session, chain: str | None) -> Settings:
    """The settings, with another node to ask for the home's chain if ``--chain`` is a URL.

    Raises:
        Invalid: ``chain-unpinned``, if there is no home whose chain it could be.
    """
    from rakkan.registry.home import Home
    from rakkan.schemas.errors import Invalid

    settings = session.settings()
    if chain is None or not _is_url(chain):
        return settings
    if not Home(settings.folder).exists:
        raise Invalid(
            "A node's address does not say which chain and contracts are meant.",
            code="chain-unpinned",
            hint="Give --chain the registry's chain.json, from somebody whom you trust.",
        )
    return settings.model_copy(update={"rpc_url": chain})


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def document(found: Verification) -> dict[str, Any]:
    """The answer as ``rakkan.verification/1``."""
    return {
        "schema": "rakkan.verification/1",
        "state": found.state,
        "checks": checks(found),
        "record": {"recordId": str(found.record.record_id), "envelope": str(found.record.envelope_cid)}
        if found.record
        else None,
        "anchor": dict(found.anchor),
        "consent": dict(found.consent),
        "lineage": dict(found.lineage),
        "matched": found.matched or None,
        "identities": [each.to_json() for each in found.identities],
    }


def checks(found: Verification) -> list[dict[str, str]]:
    """All checks as JSON values."""
    return [
        {"name": each.name, "outcome": each.outcome.value, "code": each.code, "detail": each.detail}
        for each in found.checks
    ]


def show(found: Verification) -> None:
    """The answer for people: the sentence that begins with who, then what it rests on."""
    line(sentences.verification(found))
    line()
    render.outcomes((each.name, each.outcome.value, each.detail) for each in found.checks)
    line()
    rows = []
    if found.record is not None:
        rows = [("record", str(found.record.record_id)), ("envelope", str(found.record.envelope_cid))]
        rows += [("matched by", found.matched)]
        rows += [("anchor", sentences.anchor(found))]
    rows += [("consent", text) for text in sentences.consent(found.consent)]
    rows += [("named in it", text) for text in sentences.identities(found.identities)]
    render.table(rows)
