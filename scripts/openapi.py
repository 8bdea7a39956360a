#!/usr/bin/env python3
"""Writes docs/openapi.json from the HTTP application; ``make generated`` runs it, the result is committed.

It decides nothing: routes, words and examples are declared in ``rakkan.api``. The registry it opens is a
throwaway; nothing of it is in the document.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rakkan.api.app import create_app
from rakkan.registry.flows.founding import found
from rakkan.registry.service import open_registry
from rakkan.registry.settings import Settings

TARGET = Path(__file__).parents[1] / "docs" / "openapi.json"


def document() -> str:
    """The description that ``/openapi.json`` serves, for people to read in a diff."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", database_url="", kubo="", rpc_url="", clock="")
        found(settings)
        with open_registry(settings) as registry:
            described = create_app(registry).openapi()
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
