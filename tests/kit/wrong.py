"""Implementations that are wrong on purpose: ``python -m tests.kit.wrong FAULT``; the driver must catch each.

It decides how each goes wrong: ours, with one thing overlooked or one thing said otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from tests.kit.ours import reply

Line = dict[str, Any]


def overlooking(request: Any, name: str) -> Any:
    """The request without any member of this name, at whatever depth outside records."""
    if isinstance(request, list):
        return [overlooking(each, name) for each in request]
    if not isinstance(request, Mapping):
        return request
    return {
        key: each if key == "record" else overlooking(each, name)
        for key, each in request.items()
        if key != name
    }


def _kind(request: Line) -> Line:
    """What cannot be told is taken for a yes."""
    found = reply(request)
    return {**found, "answer": "allowed"} if found.get("answer") == "undetermined" else found


def _generous(request: Line) -> Line:
    return {**reply(request), "more": 1}


def _numeric(request: Line) -> Line:
    """1 for true, which is equal in some languages."""
    return {name: int(each) if isinstance(each, bool) else each for name, each in reply(request).items()}


_SAID: Final[Mapping[str, Callable[[Line], Line]]] = {
    "kind": _kind,
    "generous": _generous,
    "numeric": _numeric,
    "blind": lambda request: reply(overlooking(request, "case")),
    "deaf": lambda request: {"error": "op-unknown"},
}


def _lines(fault: str) -> Iterator[str]:
    for number, text in enumerate(sys.stdin):
        request = json.loads(text)
        said = _SAID.get(fault, reply)(request)
        if fault == "dies" and number == 100:
            sys.exit("something broke")
        if fault == "forgetful" and number == 100:
            continue  # from here on every reply stands in another's place
        yield (
            "Certainly!" if fault == "chatty" and number == 100 else json.dumps({"id": request["id"], **said})
        )


FAULTS: Final = (*_SAID, "dies", "forgetful", "chatty", "wordy")

if __name__ == "__main__":
    more = ["one line more"] if sys.argv[1] == "wordy" else []
    for line in chain(_lines(sys.argv[1]), more):
        sys.stdout.write(line + "\n")
