"""The demo's first half: artists draw, stamp, publish, and a stranger checks.

It decides who says what in the story: Ada signs by ``did:key``, Bo by a wallet, Cy reserves.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rakkan.cli.demo.stage import Stage
from rakkan.cli.render import lineage as render_lineage

if TYPE_CHECKING:
    from rakkan.registry.signers.port import RecordSigner


def render(stage: Stage) -> list[str]:
    """Draw the pictures."""
    from rakkan.manifests.samples import render_samples

    paths = render_samples(stage.folder / "pictures")
    for path in paths:
        stage.say(f"{path.name}  {path.stat().st_size:,} bytes")
    return [path.name for path in paths]


def rendered(names: list[str]) -> Iterator[str]:
    """What came of drawing."""
    yield f"They are drawn already: {', '.join(names)}."


def stamp(stage: Stage) -> dict[str, Any]:
    """Three artists stamp, each in their own terms."""
    from rakkan.registry.flows.consent.terms import load_terms
    from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files

    names = sorted(stage.story.done("pictures"))
    groups = _groups(stage, names)
    noted: dict[str, Any] = {}
    gate = stage.gate_name
    for artist, (mine, terms_name, wallet) in groups.items():
        terms = load_terms(terms_name, (gate,) if terms_name != "reserve" else ())
        # What these three know of their own pictures, and no preset could say for them.
        terms = terms.answering(depicted="none", minors="none", coauthors="complete")
        options = StampOptions(
            out=stage.folder / "stamped",
            creator=artist,
            terms=terms,
            signer=wallet,
            disclose=("parents",),
        )
        stage.say(f"[bold]{artist}[/] says: {terms_name}")
        for item in stamp_files(stage.registry, [stage.folder / "pictures" / name for name in mine], options):
            if item.error is not None or item.record is None or item.output is None:
                raise item.error or RuntimeError(item.state)
            for finding in item.findings:
                stage.say(f"   before signing: {finding}")
            stage.say(f"   {item.input.name} → c2paClaim:{item.digest['c2paClaim'][:16]}…  ({item.state})")
            noted[item.input.name] = {
                "output": str(item.output),
                "record": str(item.record.record_id),
                "consent": str(item.consent.record_id) if item.consent else None,
                "artist": artist,
            }
    return noted


def stamped(noted: dict[str, Any]) -> Iterator[str]:
    """What came of stamping."""
    for name, each in noted.items():
        yield f"{name} is stamped already, by {each['artist']}: record {each['record']}"


def _groups(stage: Stage, names: list[str]) -> dict[str, tuple[list[str], str, RecordSigner | None]]:
    """Ada signs by ``did:key``; Bo by a wallet, where there is a chain; Cy reserves."""
    from rakkan.manifests.samples import CHILD, PARENT

    comfy = [name for name in names if name in (PARENT, CHILD)]
    others = [name for name in names if name not in comfy]
    groups: dict[str, tuple[list[str], str, RecordSigner | None]] = {"Ada": (comfy, "community-lora", None)}
    wallet = _wallet(stage) if stage.registry.identity else None
    groups["Bo" if wallet else "Bo (no chain, so by did:key)"] = (others[:-1], "community-lora", wallet)
    groups["Cy"] = (others[-1:], "reserve", None)
    return groups


def _wallet(stage: Stage) -> RecordSigner:
    from rakkan.registry.signers.uri import from_file

    path = stage.folder / "bo-wallet.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return from_file(path)


def publish(stage: Stage) -> dict[str, Any]:
    """Show what becomes public, and make it so."""
    from rakkan.registry.flows.publish import plan, publish

    planned = plan(stage.registry)
    stage.say(
        f"{len(planned)} records, {sum(each.bytes for each in planned):,} bytes become public for ever, such as:"
    )
    for each in planned[:2]:
        stage.say(f"   {each.kind}: {'; '.join(each.shows[:4])}")
        stage.say(f"      only committed to, not shown: {', '.join(each.hides[:6]) or 'nothing'}")
    publish(stage.registry, progress=lambda said: stage.say(f"   {said}"))
    head = stage.registry.store.log.head()
    return {"size": head.size if head else 0}


def published(noted: dict[str, Any]) -> Iterator[str]:
    """What came of publishing."""
    yield f"All of it is public already: the log had {noted['size']} records then."


def bundle(stage: Stage) -> dict[str, Any]:
    """Pack the evidence of one picture, and check it with nothing but keys from outside."""
    from rakkan.registry.flows.lookup import resolve
    from rakkan.registry.flows.verify.dossier import gather_work
    from rakkan.registry.flows.verify.evidence import pack
    from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name

    noted = next(iter(stage.story.done("stamps").values()))
    stored = resolve(stage.registry, noted["record"])
    root, car = pack(gather_work(stage.registry, stored, portable=True))
    bundle = stage.folder / "evidence.car"
    bundle.write_bytes(car)
    stage.say(f"evidence.car  {len(car):,} bytes  {root}")
    stranger = stage.settings.model_copy(update={"home": stage.folder / "nobody"})
    options = VerifyOptions(
        offline=True,
        bundle=bundle,
        trust=stage.registry.home.issuers,
        log_keys=stage.registry.config.log_keys,
        chain=json.dumps(stage.registry.config.chain.to_json()) if stage.registry.config.chain else None,
        grantee=stage.gate_name,
    )
    answer = verify_name(stranger, noted["output"], options)
    table = Table("check", "answer", "because", box=None, pad_edge=False)
    for check in answer.checks:
        table.add_row(check.name, check.outcome.value, check.detail)
    stage.console.print(table)
    stage.say(f"state: [bold]{answer.state}[/]")
    return {"state": answer.state, "bundle": str(bundle)}


def checked(noted: dict[str, Any]) -> Iterator[str]:
    """What came of the stranger's check."""
    yield f"It was checked already, and is {noted['state']}; the evidence is in {noted['bundle']}."


def lineage(stage: Stage) -> None:
    """Draw the tree of the picture that was made from another."""
    from rakkan.registry.flows.lookup import resolve
    from rakkan.registry.flows.verify.tracing import trace

    stage.title("Lineage")
    for noted in stage.story.done("stamps").values():
        graph = trace(stage.registry, resolve(stage.registry, noted["record"]).record.record_id.digest)
        if graph["edges"]:
            start = str(graph["edges"][0]["from"])
            render_lineage(graph, start)
            return
