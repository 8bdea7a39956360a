"""In which order pictures are stamped: what one was made from comes before it.

It decides which of the inputs a generator's file name means: the one in the same folder, else the only
one of that name. A name that fits several is nobody's: no lineage is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rakkan.registry.flows.stamp.preparing import Task, parent_names


class Lineage:
    """Who was made from whom among the inputs of one run.

    Args:
        tasks: The inputs; each path once.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self._named: dict[str, list[Path]] = {}
        for task in tasks:
            self._named.setdefault(task.path.name, []).append(task.path)
        self._parents = {task.path: self._find(task) for task in tasks} if len(tasks) > 1 else {}

    def parents(self, task: Task) -> tuple[Path, ...]:
        """The inputs that this one was made from and that come before it, in the generator's order."""
        return self._parents.get(task.path, ())

    def waves(self) -> Iterator[list[Task]]:
        """The inputs in groups, none made from one in the same group or in a later one.

        Of a circle no input can come first: its members are given without parents.
        """
        done: set[Path] = set()
        left = list(self._tasks)
        while left:
            wave = [task for task in left if done.issuperset(self.parents(task))]
            if not wave:
                wave = left
                self._parents.update((task.path, ()) for task in left)
            yield wave
            done.update(task.path for task in wave)
            left = [task for task in left if task.path not in done]

    def _find(self, task: Task) -> tuple[Path, ...]:
        found = (self._meant(task.path, name) for name in parent_names(task.path))
        return tuple(dict.fromkeys(path for path in found if path is not None and path != task.path))

    def _meant(self, path: Path, name: str) -> Path | None:
        same = self._named.get(name, [])
        beside = [each for each in same if each.parent == path.parent]
        return (beside or same)[0] if len(beside or same) == 1 else None
