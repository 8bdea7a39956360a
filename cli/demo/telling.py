"""``rakkan demo``: the whole path told once, on real parts, in the home it is given.

It decides the order of the story: three artists, one dataset, one community with a gate; a consent
given, relied on, taken back, and the approval that falls with it. Every step calls the same flows as
the commands.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from shutil import which
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from rakkan.cli.demo import artists, community
from rakkan.cli.demo.stage import Stage, again, say, title
from rakkan.cli.demo.story import Story
from rakkan.cli.render import console
from rakkan.cli.session import Session
from rakkan.schemas.errors import Unavailable

if TYPE_CHECKING:
    from rakkan.registry.settings import Settings
    from rakkan.registry.store.outbox import Transaction


def run(session: Session, *, serve: bool = True, port: int = 8000) -> int:
    """Tell the story, then serve it; what was done in an earlier run is shown and not repeated.

    Args:
        session: Names the home.
        serve: Serve on 127.0.0.1 afterwards, until Ctrl-C.
        port: Where.

    Raises:
        Unavailable: ``serve-port``, before anything is told.
    """
    settings = session.settings()
    if serve:
        _check_port(port)
    tell(settings, console())
    if serve:
        from rakkan.cli.serve import serve_home

        serve_home(
            settings,
            port=port,
            announce=lambda url: session.say(f"The page is at {url} until Ctrl-C: try a picture."),
        )
    return 0


def _check_port(port: int) -> None:
    """Whether the page can be served there: found out before the story, which takes its time."""
    from rakkan.cli.serve import listening

    try:
        listening("127.0.0.1", port).close()
    except Unavailable as error:
        raise Unavailable(
            error.message,
            code=error.code,
            hint=f"End what listens there, or name another one: `make run PORT={port + 1}`,"
            f" `rakkan demo --port {port + 1}`.",
        ) from error


def tell(settings: Settings, talk: Console) -> None:
    """Found, stamp, publish, verify, judge, approve, withdraw, repair, sum up."""
    from rakkan.registry.service import open_registry

    talk.print("[bold]Rakkan[/] — provenance and consent for AI art, from a picture to a contract.\n")
    _found(settings, talk)
    folder = settings.folder / "demo"
    folder.mkdir(exist_ok=True)
    with open_registry(settings) as registry:
        stage = Stage(settings, folder, registry, Story.open(folder / "story.json"), talk)
        stage.step(
            "pictures", "Five pictures, as ComfyUI and A1111 leave them", artists.render, artists.rendered
        )
        stage.step("stamps", "Three artists stamp and say what may be done", artists.stamp, artists.stamped)
        stage.step(
            "publish",
            "What was local becomes public: pinned, logged, anchored",
            artists.publish,
            artists.published,
        )
        stage.step(
            "bundle",
            "A stranger checks one picture from its evidence, with no network",
            artists.bundle,
            artists.checked,
        )
        artists.lineage(stage)
        if registry.identity is None:
            _without_chain(stage)
        else:
            stage.step(
                "approve",
                "A community asks: is this dataset clean under our policy?",
                community.approve,
                community.asked,
            )
            stage.step(
                "withdraw",
                "Ada takes one consent back, and anyone may brake",
                community.withdraw,
                community.withdrawn,
            )
            stage.step(
                "repair",
                "The dataset without that picture is judged anew",
                community.repair,
                community.asked,
            )
        _sum_up(stage)


def _found(settings: Settings, talk: Console) -> None:
    from rakkan.registry.flows.founding import found
    from rakkan.registry.home import Home
    from rakkan.registry.ledger.anvil import find_anvil

    title(talk, "A home: keys, certificates, database, contracts")
    home = Home(settings.folder)
    if home.exists:
        again(talk, f"{settings.folder} is there: {home.read().origin}")
        return
    chain = "local" if find_anvil() else "none"
    if chain == "none":
        say(
            talk,
            "anvil is not here, so this home has no chain: it runs on the unanchored ledger, and says so.",
        )
    made = found(
        settings,
        creator="Ada of the Demo",
        chain=chain,
        standing_seconds=community.STANDING_SECONDS,
        progress=lambda said: say(talk, said),
    )
    say(talk, f"bearer token for writing over HTTP (shown once): {made.token}")


def _without_chain(stage: Stage) -> None:
    from rakkan.registry.ledger.anvil import find_anvil

    stage.console.print(
        "\n[bold]There is no chain here[/]: records stay [italic]unanchored[/], and no contract can approve"
        " anything. The story ends where it needs one."
    )
    if find_anvil():
        command = "rakkan" if which("rakkan") else sys.argv[0]
        stage.say(
            "This home was made without one, and anvil is here now. To give it its chain and hear the rest:"
        )
        stage.say(
            f"   {shlex.quote(command)} init --chain local --standing {community.STANDING_SECONDS}"
            f" --home {shlex.quote(str(stage.settings.folder))}"
        )
        stage.say("and then run this again.")
    else:
        stage.say(
            "anvil, the chain's engine, comes from npm, for Linux on x86-64: with Node 20 or newer installed,"
            " `make run` fetches it."
        )


def _sum_up(stage: Stage) -> None:
    sent = stage.registry.store.outbox.all()
    if sent:
        _transactions(stage, sent)
    stage.title("Time of each step in this run")
    for step, seconds in stage.story.seconds.items():
        stage.say(f"{step:<10} {seconds:6.2f} s")
    if not stage.story.seconds:
        stage.say("Every step was done before; nothing was repeated.")


def _transactions(stage: Stage, sent: Sequence[Transaction]) -> None:
    stage.title("Transactions")
    table = Table("what", "state", "block", "gas", "transaction", box=None, pad_edge=False)
    for each in sent:
        signed = f"0x{each.signed.hash.hex()[:16]}…" if each.signed else ""
        gas = f"{each.gas_used:,}" if each.gas_used else ""
        table.add_row(each.name.partition(":")[0], each.state, str(each.block_number or ""), gas, signed)
    stage.console.print(table)
