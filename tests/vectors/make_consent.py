"""Writes ``consent.json``: the tests of the kit, from tables that say by hand what is expected.

It decides the file's form: each record once under the CID of its envelope, each test on one line, and what the
Solidity tests read. Run it as
``python -m tests.vectors.make_consent``; the same code always writes the same bytes, and refuses to write
where the rules and the tables disagree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from rakkan.schemas.canonical import parse_canonical
from rakkan.schemas.record import Record
from tests.kit.expand import expanded
from tests.kit.ours import reply
from tests.vectors import consent_parts
from tests.vectors.contract_parts import contracts
from tests.vectors.tables import budgets, changes, claims, keys, mandates, needs, objections, words

TABLES: Final = (words, changes, mandates, budgets, needs, claims, keys, objections)
FILE: Final = Path(__file__).with_name("consent.json")


def vectors() -> dict[str, Any]:
    """All vectors, as a JSON value.

    Raises:
        ValueError: If the rules answer otherwise than a table expects.
    """
    rows = [row for table in TABLES for row in table.rows()]
    records = {str(each.envelope_cid): _json(each) for row in rows for each in row.records()}
    records |= {str(each.envelope_cid): _json(each) for each in consent_parts.records()}
    tests = [
        _test(name, consent_parts.LEVELS[request["op"]], request, records)
        for name, request in consent_parts.requests()
    ]
    for row in rows:
        test = _test(row.title, 4 if row.case else 3, row.request(), records)
        answered = f"{test['reply']['answer']} {test['reply']['code']}"
        if answered != row.expected:
            raise ValueError(f"{row.title}: {row.expected} is expected, the rules say {answered}")
        if row.assurance not in (None, test["reply"]["assurance"]):
            raise ValueError(f"{row.title}: another assurance is expected than {test['reply']['assurance']}")
        tests.append(test)
    return {"contracts": contracts(), "records": records, "tests": tests}


def _test(name: str, level: int, request: dict[str, Any], records: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "level": level, "request": request, "reply": reply(expanded(request, records))}


def _json(record: Record) -> dict[str, Any]:
    return {
        "statement": parse_canonical(record.statement),
        "proofs": [each.to_json() for each in record.parsed_envelope.proofs],
    }


def written() -> str:
    """The file's text: one line for each record and each test."""
    made = vectors()
    records = ",\n".join(
        f"  {_line(name)}: {_line(made['records'][name])}" for name in sorted(made["records"])
    )
    tests = ",\n".join(f"  {_line(test)}" for test in made["tests"])
    shared = ",\n".join(f"  {_line(name)}: {_line(each)}" for name, each in made["contracts"].items())
    return f'{{\n "contracts": {{\n{shared}\n }},\n "records": {{\n{records}\n }},\n "tests": [\n{tests}\n ]\n}}\n'


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
