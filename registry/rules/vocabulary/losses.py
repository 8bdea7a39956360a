"""What a translation lost: which keys, and why, in plain sentences.

It decides the four kinds of loss. Nothing is ever widened towards allowed, so there is no word for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that did not cross as it was: which key, and why in a plain sentence."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class LossReport:
    """What one translation lost.

    Attributes:
        vocabulary: Name of the vocabulary.
        version: Which text of it.
        unsaid: Keys of ours that the target cannot say.
        unheld: Keys of theirs that we cannot hold.
        narrowed: Permissions that cover less than they did, or nothing.
        widened: Prohibitions that cover more than they did.
    """

    vocabulary: str
    version: str
    unsaid: tuple[Loss, ...] = ()
    unheld: tuple[Loss, ...] = ()
    narrowed: tuple[Loss, ...] = ()
    widened: tuple[Loss, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        named = {name: getattr(self, name) for name in ("unsaid", "unheld", "narrowed", "widened")}
        return {
            "vocabulary": self.vocabulary,
            "version": self.version,
            **{
                name: [{"key": each.key, "why": each.why} for each in all_of]
                for name, all_of in named.items()
            },
        }


@dataclass(slots=True)
class Losses:
    """Collects losses while a document is translated; each is kept once, in order."""

    unsaid: dict[Loss, None] = field(default_factory=dict)
    unheld: dict[Loss, None] = field(default_factory=dict)
    narrowed: dict[Loss, None] = field(default_factory=dict)
    widened: dict[Loss, None] = field(default_factory=dict)

    def cannot_say(self, key: str, why: str) -> None:
        """A key of ours is left out."""
        self.unsaid[Loss(key, why)] = None

    def cannot_hold(self, key: str, why: str) -> None:
        """A key of theirs is left out."""
        self.unheld[Loss(key[:200], why)] = None

    def narrow(self, key: str, why: str) -> None:
        """A permission covers less."""
        self.narrowed[Loss(key, why)] = None

    def widen(self, key: str, why: str) -> None:
        """A prohibition covers more."""
        self.widened[Loss(key[:200], why)] = None

    def report(self, vocabulary: str, version: str) -> LossReport:
        """What was collected."""
        return LossReport(
            vocabulary,
            version,
            tuple(self.unsaid),
            tuple(self.unheld),
            tuple(self.narrowed),
            tuple(self.widened),
        )
