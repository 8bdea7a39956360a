"""What the demo remembers between runs, and the clock and gas it shows for each step.

It decides that a step which was done is not done again. The steps themselves are in ``demo``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Story:
    """The demo's notes, kept as JSON in its folder.

    Attributes:
        path: The file.
        notes: Results of finished steps, by step.
        seconds: How long each step took in this run, in order.
    """

    path: Path
    notes: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Story:
        """Read the notes, if there are any; notes that cannot be read are begun anew."""
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            found = {}
        return cls(path, found if isinstance(found, dict) else {})

    def done(self, step: str) -> Any:  # noqa: ANN401 - what the step noted
        """What a finished step noted, or None."""
        return self.notes.get(step)

    def note(self, step: str, result: Any) -> None:  # noqa: ANN401 - any JSON value
        """Note a finished step, durable on return."""
        self.notes[step] = result
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.notes, indent=1, sort_keys=True))
        fresh.replace(self.path)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure a step."""
        start = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - start
