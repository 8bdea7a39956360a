"""Writes the JSON Schema of every predicate; ``make generated`` runs it, the results are committed.

It decides nothing: pydantic derives the schemas from the models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rakkan.schemas.record import KINDS
from rakkan.schemas.statement import Envelope, Statement, Value


def json_schema(model: type[Value], name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one model, as records carry it."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:rakkan:schema:{name}:1",
        **schema,
    }


def write(folder: Path) -> list[Path]:
    """Write all schemas into a folder; those of models that are gone are removed."""
    models: dict[str, type[Value]] = {"statement": Statement, "envelope": Envelope}
    models.update((kind.split(":")[2], model) for kind, model in KINDS.items())
    for stale in set(folder.glob("*.schema.json")) - {folder / f"{name}.schema.json" for name in models}:
        stale.unlink()
    written = []
    for name, model in models.items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(json_schema(model, name), indent=2, sort_keys=True) + "\n")
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(__file__).parent / "json")
