"""``rakkan demo``: the whole path told once, on real parts, in the home it is given.

It decides the order of the story: three artists, one dataset, one community with a gate; a consent
given, relied on, taken back, and the approval that falls with it. Every step calls the same flows as
the commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from rakkan.cli.demo import artists, community
from rakkan.cli.demo.stage import Stage, again, say, title
from rakkan.cli.demo.story import Story
from rakkan.cli.render import console
from rakkan.cli.session import Session

if TYPE_CHECKING:
    from rakkan.registry.settings import Settings


def run(session: Session, *, serve: bool = True) -> int:
    """Tell the story, then serve it; what was done in an earlier run is shown and not repeated.

    Args:
        session: Names the home.
        serve: Serve on 127.0.0.1:8000 afterwards, until Ctrl-C.
    """
    settings = session.settings()
    tell(settings, console())
    if serve:
        from rakkan.cli.serve import serve_home

        serve_home(
            settings, announce=lambda url: session.say(f"The page is at {url} until Ctrl-C: try a picture.")
        )
    return 0


def tell(settings: Settings, talk: Console) -> None:
    """Found, stamp, publish, verify, judge, approve, withdraw, repair, sum up."""
    from rakkan.registry.service import open_registry

    talk.print("[bold]Rakkan[/] — provenance and consent for AI art, from a picture to a contract.\n")
    _found(settings, talk)
    folder = settings.folder / "demo"
    folder.mkdir(exist_ok=True)
    with open_registry(settings) as registry:
        stage = Stage(settings, folder, registry, Story.open(folder / "story.json"), talk)
        stage.step("pictures", "Five pictures, as ComfyUI and A1111 leave them", artists.render)
        stage.step("stamps", "Three artists stamp and say what may be done", artists.stamp)
        stage.step("publish", "What was local becomes public: pinned, logged, anchored", artists.publish)
        stage.step(
            "bundle", "A stranger checks one picture from its evidence, with no network", artists.bundle
        )
        artists.lineage(stage)
        if registry.identity is None:
            talk.print(
                "\n[bold]There is no chain here[/] (anvil comes from npm for Linux on x86-64): records stay"
                " [italic]unanchored[/], and no contract can approve anything. The story ends where it needs one."
            )
        else:
            stage.step(
                "approve", "A community asks: is this dataset clean under our policy?", community.approve
            )
            stage.step("withdraw", "Ada takes one consent back, and anyone may brake", community.withdraw)
            stage.step("repair", "The dataset without that picture is judged anew", community.repair)
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


def _sum_up(stage: Stage) -> None:
    if wanted := stage.registry.store.outbox.all():
        stage.title("Transactions")
        table = Table("what", "state", "block", "gas", "transaction", box=None, pad_edge=False)
        for each in wanted:
            signed = f"0x{each.signed.hash.hex()[:16]}…" if each.signed else ""
            gas = f"{each.gas_used:,}" if each.gas_used else ""
            table.add_row(each.name.partition(":")[0], each.state, str(each.block_number or ""), gas, signed)
        stage.console.print(table)
    stage.title("Time of each step in this run")
    for step, seconds in stage.story.seconds.items():
        stage.say(f"{step:<10} {seconds:6.2f} s")
