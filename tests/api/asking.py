"""What tests ask with, and what every problem must be."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx

from rakkan.api.problems import MEDIA_TYPE, explanations
from rakkan.api.shapes import ProblemShape
from rakkan.registry.flows.stamp.stamping import StampItem
from rakkan.schemas.record import Record


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Hold an answer to be this problem, in the form that all problems have."""
    assert (response.status_code, response.headers["content-type"]) == (status, MEDIA_TYPE), response.text
    document: dict[str, Any] = response.json()
    shown = ProblemShape.model_validate(document)
    assert (shown.code, shown.status, shown.type) == (code, status, f"/problems/{code}"), document
    assert shown.title
    assert shown.detail
    assert code in explanations()
    assert response.headers["cache-control"] == "no-store"
    return document


def exact(record: Record) -> dict[str, str]:
    """A record as a request carries it byte for byte."""
    return {
        "statement": urlsafe_b64encode(record.statement).decode().rstrip("="),
        "envelope": urlsafe_b64encode(record.envelope).decode().rstrip("="),
    }


def record_of(item: StampItem) -> Record:
    """The record of a stamped picture."""
    assert item.record is not None
    return item.record


def consent_of(item: StampItem) -> Record:
    """The consent given with a stamped picture."""
    assert item.consent is not None
    return item.consent


def output_of(item: StampItem) -> Path:
    """The stamped file."""
    assert item.output is not None
    return item.output


def upload(http: httpx.Client, content: bytes, name: str = "picture.png", **more: Any) -> httpx.Response:
    """Hand in a picture to be verified."""
    return http.post("/v1/verify", files={"file": (name, content)}, **more)
