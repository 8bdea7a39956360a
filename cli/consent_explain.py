"""``rakkan consent explain``: why a use is allowed or not, record by record.

It decides how the explanation is asked for and laid out. What holds, and why, is decided in
``rakkan.registry.rules.consent`` and ``rules.explaining``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli import exits, reasons, render, sentences
from rakkan.cli.session import Session, line
from rakkan.cli.works import digests_of
from rakkan.schemas.values import DAG_JSON, Cid

if TYPE_CHECKING:
    from rakkan.registry.flows.withdraw.withdrawn import Effectives
    from rakkan.registry.rules.explaining import Explanation
    from rakkan.registry.rules.voices import Voice


def register(app: typer.Typer) -> None:
    """Add the command to ``rakkan consent``."""
    app.command("explain")(explain)


def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FILE|DIGEST|CID", help="An image, kind:hex, or a record.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="The use that is asked about.")
    ] = "cawg.ai_generative_training",
    grantee: Annotated[str, typer.Option("--for", metavar="WHO", help="Who wants to use it.")] = "public",
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="INSTANT",
            help="When it was used, as 2026-11-22T12:00:00Z; not later than now. [now]",
        ),
    ] = "",
    known: Annotated[
        str,
        typer.Option("--known", metavar="INSTANT", help="By what was known then. [all that is known now]"),
    ] = "",
    policy: Annotated[
        str,
        typer.Option("--policy", metavar="FILE|NAME|CID", help="The policy under which it is asked. [none]"),
    ] = "",
) -> int:
    """Say why: every record that was heard, and what was set aside, and why. Exit: allowed 0, not 1, cannot tell 3.

    Example: rakkan consent explain picture.png --scope org.rakkan.finetune_lora
    """
    from rakkan.registry.clock import past_instant
    from rakkan.registry.flows.consent.consents import why
    from rakkan.registry.flows.withdraw.watching import keep_current
    from rakkan.registry.flows.withdraw.withdrawn import confirmed

    session = Session.of(context)
    with session.registry() as registry:
        used_at, known_at = (
            past_instant(each, registry.clock, name) if each else None
            for name, each in (("as-of", as_of), ("known", known))
        )
        digests = digests_of(registry, name)
        policy_id = _policy(policy)
        heard: list[Explanation] = []

        def look() -> Effectives:
            heard[:] = [
                why(
                    registry,
                    digests,
                    scope=scope,
                    grantee=grantee,
                    used_at=used_at,
                    known_at=known_at,
                    policy=policy_id,
                )
            ]
            return {scope: heard[0].answer}

        answers = confirmed(
            registry,
            look,
            lambda: keep_current(registry),
            lambda error: session.say(f"The chain was not asked about withdrawals: {error.message}"),
        )
        found = replace(heard[0], answer=answers[scope])
    document = {
        "schema": "rakkan.consent-explanation/1",
        "digests": [str(digest) for digest in digests],
        "scope": scope,
        "grantee": grantee,
        "asOf": as_of or None,
        "knownAt": known or None,
        "answer": found.answer.answer.value,
        "code": found.answer.code,
        "assurance": found.answer.assurance,
        "relied": [_cid(fact.record_id) for fact in found.answer.relied],
        "records": [_voice(each) for each in found.voices],
    }
    session.emit(document, lambda: _show(found, scope, grantee))
    return exits.ANSWERS[found.answer.answer.value]


def _policy(name: str) -> Cid | None:
    if not name:
        return None
    from rakkan.cli.policies import load_policy
    from rakkan.registry.flows.lookup import is_cid

    return Cid.parse(name) if is_cid(name) and not Path(name).exists() else load_policy(name).cid


def _voice(voice: Voice) -> dict[str, Any]:
    from rakkan.schemas.instant import format_instant

    return {
        "recordId": _cid(voice.record_id),
        "kind": voice.kind,
        "part": voice.part,
        "code": voice.code,
        "by": voice.by,
        "person": voice.person or None,
        "knownFrom": format_instant(voice.known_from),
        "at": format_instant(voice.at) if voice.at is not None else None,
        "because": [_cid(each) for each in voice.because],
    }


def _cid(record_id: bytes) -> str:
    return str(Cid(DAG_JSON, record_id))


def _show(found: Explanation, scope: str, grantee: str) -> None:
    answer = found.answer
    line(
        f"{sentences.ANSWERS[answer.answer.value]}: {scope}, for {grantee} ({answer.code}: "
        f"{reasons.CODES[answer.code]})"
    )
    if not found.voices:
        line()
        line("No record here bears on this work.")
    numbers = {voice.record_id: number for number, voice in enumerate(found.voices, 1)}
    for part, heading in reasons.PARTS.items():
        voices = [voice for voice in found.voices if voice.part == part]
        if voices:
            line()
            line(f"What {heading}:")
            render.table(_row(voice, numbers) for voice in voices)


def _row(voice: Voice, numbers: dict[bytes, int]) -> tuple[str, ...]:
    from rakkan.schemas.instant import format_instant

    said = reasons.CODES[voice.code]
    if voice.at is not None:
        said += f" ({format_instant(voice.at)})"
    others = [str(numbers[each]) for each in voice.because if each in numbers and each != voice.record_id]
    if others:
        said += f", see {', '.join(others)}"
    by = f"by {voice.by}" + (f" for {voice.person}" if voice.person else "")
    return f"  {numbers[voice.record_id]}", voice.kind, said, by, _cid(voice.record_id)
