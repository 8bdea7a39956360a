"""The demo's stage: where it is told, over which registry, and which steps were done before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from rakkan.cli.demo.story import Story

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """What every step of the story is given.

    Attributes:
        settings: Name the home.
        folder: Where pictures, dataset and notes are.
        registry: The home, open.
        story: What was done before.
        console: Where it is told.
    """

    settings: Settings
    folder: Path
    registry: Registry
    story: Story
    console: Console

    @property
    def gate_name(self) -> str:
        """The community by its gate (CAIP-10), or everybody where there is no chain."""
        identity = self.registry.identity
        return f"eip155:{identity.chain_id}:{identity.gate}" if identity and identity.gate else "public"

    def title(self, text: str) -> None:
        """Begin a part."""
        title(self.console, text)

    def say(self, text: str) -> None:
        """Tell one thing."""
        say(self.console, text)

    def step(
        self,
        name: str,
        heading: str,
        action: Callable[[Stage], Any],
        retell: Callable[[Any], Iterable[str]],
    ) -> None:
        """Do a step, or tell what came of it when it was done.

        Args:
            name: Under which it is noted.
            heading: Its title.
            action: Does it; what it returns is noted.
            retell: What is told instead, of what was noted.
        """
        self.title(heading)
        done = self.story.done(name)
        if done is not None:
            for text in retell(done):
                again(self.console, text)
            return
        with self.story.timed(name):
            result = action(self)
        self.story.note(name, result)


def title(console: Console, text: str) -> None:
    """Begin a part."""
    console.print(f"\n[bold cyan]▍{text}[/]")


def say(console: Console, text: str) -> None:
    """Tell one thing."""
    console.print(f"  {text}", highlight=False)


def again(console: Console, text: str) -> None:
    """Tell what is there already."""
    console.print(f"  [dim]{text}[/]", highlight=False)
