"""``make bench``: every figure beside what it is measured against, in one run. Figures inform; they gate nothing.

``python -m tests.bench asking`` measures one group.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import asking, consent, registry, stamping


def main() -> None:
    """Measure everything and print one table."""
    table = Table("what", "figure", "against, in the same run", "goal", "", box=None, pad_edge=False)
    with tempfile.TemporaryDirectory() as folder:
        groups = {"stamping": stamping, "registry": registry, "consent": consent, "asking": asking}
        chosen = sys.argv[1:] or list(groups)
        for name in chosen:
            for row in groups[name].rows(Path(folder) / name):
                print(f"{row.name}: {row.figure} ({row.against}; goal {row.goal})", file=sys.stderr)
                table.add_row(row.name, row.figure, row.against, row.goal, "met" if row.met else "missed")
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
