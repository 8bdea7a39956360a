"""``rakkan init``: make a home.

It decides how a founding is asked for and shown. What is made is in ``rakkan.registry.flows.founding``.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Invalid

CONTRACTS: Final = {
    "log": "ProvenanceLog",
    "consents": "ConsentRegistry",
    "gate": "ConsentGate",
    "book": "ApprovalBook",
}


def init(
    context: typer.Context,
    creator: Annotated[
        str,
        typer.Option(
            "--creator", metavar="NAME", help="Name in your certificate; public in every stamped image."
        ),
    ] = "Rakkan artist",
    chain: Annotated[
        str,
        typer.Option(
            "--chain", metavar="local|none|URL", help="The chain to anchor on; deploys the contracts."
        ),
    ] = "none",
    standing: Annotated[
        int | None,
        typer.Option(
            "--standing", metavar="SECONDS", min=0, help="Time in which anyone can fell an approval. [1 hour]"
        ),
    ] = None,
) -> int:
    """Make a registry: keys, certificates, database and, with a chain, contracts.

    Run again, it finishes what was begun, gives the home its first chain, or issues the certificate that
    follows one which ends; keys are never replaced.

    Example: rakkan init --creator "Ada" --chain local
    """
    from rakkan.registry.flows.founding import STANDING_SECONDS, Founding, found

    session = Session.of(context)
    if chain not in ("local", "none") and not chain.startswith(("http://", "https://")):
        raise Invalid(
            f"--chain {chain!r} is not local, none or a URL.",
            code="usage",
            hint="Write a URL as http://… or https://….",
        )
    settings = session.settings()
    made: Founding = found(
        settings,
        creator=creator,
        chain=chain,
        standing_seconds=STANDING_SECONDS if standing is None else standing,
        progress=session.say,
    )
    if not made.token:
        new = [
            *(["it has a chain now"] if made.deployment else []),
            *(["your certificate, which ends, has one that follows it"] if made.renewed else []),
        ]
        got = ", and ".join(new) or "nothing was made"
        session.say(f"The home {settings.folder} exists already: {got}, and its keys are as they were.")
    document = _document(made, str(settings.folder))
    session.emit(document, lambda: _show(document))
    return exits.YES


def _document(made: Any, folder: str) -> dict[str, Any]:  # noqa: ANN401 - Founding, imported only when it runs
    config, deployment = made.config, made.deployment
    return {
        "schema": "rakkan.init/1",
        "home": folder,
        "origin": config.origin,
        "logKeys": list(config.log_keys),
        "createdAt": config.created_at,
        "token": made.token or None,
        "chain": config.chain.to_json() if config.chain else None,
        "transactions": [
            {
                "name": each.name,
                "address": str(each.address),
                "tx": f"0x{each.transaction.hex()}",
                "gas": each.gas_used,
                "block": each.block_number,
            }
            for each in (deployment.transactions if deployment else ())
        ],
    }


def _show(document: dict[str, Any]) -> None:
    chain = document["chain"]
    rows = [("home", document["home"]), ("log", document["origin"]), ("log key", *document["logKeys"][:1])]
    if chain:
        rows.append(("chain", f"{chain['chainId']} ({chain['kind']})"))
        rows += [(said, chain[name]) for name, said in CONTRACTS.items() if chain.get(name)]
    else:
        rows.append(("chain", "none: records are kept and logged, and nothing is anchored"))
    render.table(rows)
    if document["transactions"]:
        line()
        render.table(
            (each["name"], each["address"], f"gas {each['gas']}", each["tx"])
            for each in document["transactions"]
        )
    if document["token"]:
        line()
        line(f"Token for writing over HTTP, shown this once: {document['token']}")
