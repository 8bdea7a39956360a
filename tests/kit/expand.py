"""Requests as the file of vectors has them, made self-contained: where a record stands by its envelope, it is put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def expanded(request: Mapping[str, Any], records: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it is sent.

    Args:
        request: Of a test.
        records: By the CID of the envelope, ``{"statement", "proofs"}``.
    """
    found: dict[str, Any] = _put_in(dict(request), records)
    return found


def _put_in(value: Any, records: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_put_in(each, records) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: records[each]
        if name in ("record", "consent") and isinstance(each, str)
        else _put_in(each, records)
        for name, each in value.items()
    }
