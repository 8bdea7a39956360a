"""Examples for the API description: requests that can be sent, answers as they came.

It decides which ones there are; the texts stand in ``examples.json``, and tests hold each to its schema.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from pathlib import Path
from typing import Any

from rakkan.schemas.canonical import canonical
from rakkan.schemas.statement import Link
from rakkan.schemas.values import Cid


def record_examples(name: str) -> dict[str, Any]:
    """A signed record of a kind, in both forms in which one can be handed in.

    Args:
        name: ``work``, ``consent`` or ``training-run``.
    """
    plain = _texts()["requests"][name]
    statement = canonical(plain["statement"])
    envelope = canonical({"statement": Link.to(Cid.of(statement)).to_json(), "proofs": plain["proofs"]})
    exact = {"statement": _base64(statement), "envelope": _base64(envelope)}
    return {"exact bytes": exact, "plain JSON": plain}


def slip_example() -> dict[str, Any]:
    """A withdrawal slip as it is made with a chain."""
    slip: dict[str, Any] = _texts()["requests"]["slip"]
    return slip


def joint_slip_example() -> dict[str, Any]:
    """A withdrawal slip over many consents as it is made with a chain."""
    slip: dict[str, Any] = _texts()["requests"]["jointSlip"]
    return slip


def draft_example() -> dict[str, Any]:
    """What is to be drafted for a wallet."""
    asked: dict[str, Any] = _texts()["requests"]["draft"]
    return asked


def answer_example(operation: str) -> Any:  # noqa: ANN401 - shapes are the routes'
    """What an operation answered once; None if its answer is not JSON."""
    return _texts()["answers"].get(operation)


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_text("utf-8"))
    return texts


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
