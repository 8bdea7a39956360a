"""Withdrawal slips as files: written when a consent is given, and handed in.

It decides what is written where and how a slip is read. Making one later is ``consent_slip``; what it is worth is
decided in ``rakkan.registry.rules.slips`` and, for one over many, ``joint_slips``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, render
from rakkan.cli.session import Session, line
from rakkan.schemas.errors import Invalid, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rakkan.registry.rules.joint_slips import AnySlip
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner
    from rakkan.schemas.record import Record

SlipFolder = Annotated[
    Path | None,
    typer.Option(
        "--slips", metavar="DIR", help="Write a withdrawal slip for each consent there. Keep them safe."
    ),
]
SlipFile = Annotated[
    Path | None,
    typer.Option("--slip", metavar="FILE", help="A withdrawal slip, instead of CID and key."),
]
Rpc = Annotated[str, typer.Option("--rpc", metavar="URL", help="A node of the slip's chain. [the home's]")]


def write_slips(
    registry: Registry, consents: Iterable[Record], folder: Path, signer: RecordSigner | None = None
) -> list[Path]:
    """A slip file for each consent, named after its record.

    Raises:
        Refused: ``withdrawal-foreign``. Unavailable: ``slip-unwritable``.
    """
    from rakkan.registry.flows.withdraw.slips import make_slip, write_slip

    written = []
    for consent in consents:
        path = folder / f"{consent.record_id}.slip.json"
        write_slip(make_slip(registry, consent, signer=signer), path)
        written.append(path)
    return written


def withdraw_by(session: Session, path: Path, rpc: str) -> int:
    """Use a slip: in this home if it is its registry, else straight at the contract."""
    from rakkan.registry.home import Home
    from rakkan.registry.keys import ACCOUNT
    from rakkan.registry.rules.joint_slips import check_any

    found = read(path)
    check_any(found)
    settings = session.settings()
    home = Home(settings.folder)
    if home.exists and not rpc:
        from rakkan.registry.flows.withdraw.slips import belongs_here

        with session.registry() as registry:
            if belongs_here(registry, found):
                return _at_home(session, registry, found)
    if found.chain_id is None:
        raise Refused(
            f"This slip is for the registry {found.audience}, which has no chain.",
            code="slip-elsewhere",
            hint="Hand it to that registry: its page /withdraw, or POST /v1/withdrawals.",
        )
    url = rpc or settings.rpc_url or _home_url(home)
    if not url:
        raise Invalid(
            f"The slip is for chain {found.chain_id}; name a node of it.",
            code="usage",
            hint="Add --rpc URL, or set RAKKAN_RPC_URL.",
        )
    if not home.keys.has(ACCOUNT):
        raise NotFound(
            f"There is no account in {home.folder} that could pay for the transaction.",
            code="sender-missing",
            hint="Run `rakkan init --chain none` there, send its chain account some of the chain's coin, and do this "
            "again. Or hand the slip to its registry, whose page /withdraw asks for nothing.",
        )
    document = _relayed(found, url, home.keys.wallet(ACCOUNT))
    session.emit(document, lambda: _show_relayed(document))
    return exits.YES


def _relayed(found: AnySlip, url: str, key: bytes) -> dict[str, Any]:
    from rakkan.registry.ledger.relay import Relayed, relay, relay_many
    from rakkan.schemas.instant import format_instant
    from rakkan.schemas.slip import Slip

    document: dict[str, Any] = {
        "schema": "rakkan.relayed/1" if isinstance(found, Slip) else "rakkan.relayed-many/1"
    }
    done: Relayed | None
    if isinstance(found, Slip):
        done = relay(found, url, key)
        document |= {"consent": found.record_id, "item": found.item}
    else:
        done = relay_many(found, url, key)
        document["withdrawals"] = [
            {"consent": part.record_id, "item": item}
            for part in found.withdrawals
            for item in (part.items or (None,))
        ]
    sent = done.transaction if done is not None else None
    return document | {
        "authority": found.authority,
        "chainId": found.chain_id,
        "contract": found.contract,
        "withdrawnAt": format_instant(done.at) if done is not None else None,
        "tx": f"0x{sent.hex()}" if sent is not None else None,
        "gas": done.gas_used if done is not None and done.gas_used else None,
    }


def read(path: Path) -> AnySlip:
    """A slip of either form from a file, or from standard input for ``-``.

    Raises:
        NotFound: ``file-missing``. Invalid: ``slip-form``, ``not-json``, ``record-too-large``.
    """
    from rakkan.registry.rules.joint_slips import JOINT_LIMIT, read_any

    try:
        if str(path) == "-":
            return read_any(sys.stdin.buffer.read(JOINT_LIMIT + 1))
        with path.open("rb") as stream:
            return read_any(stream.read(JOINT_LIMIT + 1))
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error


def _at_home(session: Session, registry: Registry, found: AnySlip) -> int:
    from rakkan.cli import consent_answers as answers
    from rakkan.registry.flows.withdraw.joint import hand_in_any
    from rakkan.registry.worker import Worker
    from rakkan.schemas.errors import DomainError
    from rakkan.schemas.slip import JointSlip

    records = [each.record for each in hand_in_any(registry, found)]
    late: DomainError | None = None
    try:
        Worker(registry, session.say).settle()
    except DomainError as error:
        late = error
    documents = answers.withdrawals(registry, records)
    answers.tell_taken_back(session, documents, many=isinstance(found, JointSlip))
    if late is not None:
        session.warn(f"It is recorded, and `rakkan worker` sends it as soon as it can: {late}")
        return exits.of_error(late)
    return exits.YES


def _home_url(home: Any) -> str:  # noqa: ANN401 - Home, imported only when it runs
    chain = home.read().chain if home.exists else None
    return chain.rpc_url if chain else ""


def _show_relayed(document: dict[str, Any]) -> None:
    many = document.get("withdrawals")
    if document["withdrawnAt"] is None:
        line("All of it was withdrawn before.")
    else:
        what = f"{len(many)} consents or works" if many else "it"
        line(f"{document['authority']} withdrew {what}: no new use from {document['withdrawnAt']} on.")
    line()
    sent = document["tx"] or "it was withdrawn before, and nothing was sent"
    consents = [each["consent"] for each in many] if many else [document["consent"]]
    render.table(
        [
            *(("consent", each) for each in dict.fromkeys(consents)),
            ("chain", str(document["chainId"])),
            ("transaction", sent),
        ]
    )
