"""``make bench``: every figure beside what it is measured against, in one run. Figures inform; they gate nothing."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import consent, registry, stamping


def main() -> None:
    """Measure everything and print one table."""
    table = Table("what", "figure", "against, in the same run", "goal", "", box=None, pad_edge=False)
    with tempfile.TemporaryDirectory() as folder:
        for name, group in (("stamping", stamping), ("registry", registry), ("consent", consent)):
            for row in group.rows(Path(folder) / name):
                print(f"{row.name}: {row.figure} ({row.against}; goal {row.goal})", file=sys.stderr)
                table.add_row(row.name, row.figure, row.against, row.goal, "met" if row.met else "missed")
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
