"""docs/proof-of-consent.md: its codes, records, levels and operations are those of the code, each way round."""

from __future__ import annotations

import ast
import re

from rakkan.registry.rules import consent, disputes, mandates, support
from rakkan.schemas.consent import Consent
from rakkan.schemas.record import KINDS
from rakkan.schemas.verdict import Answer
from tests.house.code import ROOT, parsed

PAGE = (ROOT / "docs" / "proof-of-consent.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z-]+)` \| (allowed|denied|undetermined) \| .+ \|$", PAGE, re.MULTILINE)


def _answers_in_code() -> set[str]:
    """Codes that are written where an answer is made, and those that stand in the two lists of codes."""
    made = {
        node.args[1].value
        for node in ast.walk(parsed("registry/rules/consent.py"))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Effective"
        and isinstance(node.args[1], ast.Constant)
    }
    return {*map(str, made), *consent._CODES, *consent._SILENCE}


def test_every_code_of_an_answer_is_explained_once() -> None:
    codes = [code for code, _ in ROWS]
    assert len(codes) == len(set(codes))
    assert set(codes) == _answers_in_code()


def test_reasons_for_silence_stand_in_their_order_of_precedence() -> None:
    assert [code for code, _ in ROWS if code in consent._SILENCE] == list(reversed(consent._SILENCE))


def test_the_answer_of_each_code_is_one_that_exists() -> None:
    assert {answer for _, answer in ROWS} == {answer.value for answer in Answer}


def test_every_kind_of_record_has_a_signer() -> None:
    table = PAGE.partition("| record | says |")[2].partition("\n\n")[0]
    named = set(re.findall(r"\b[a-z-]+\b", "\n".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE))))
    kinds = {name.split(":")[2] for name in KINDS} - {"verdict"}
    assert kinds <= named
    assert set(Consent.model_fields["kind"].annotation.__args__) <= named  # type: ignore[union-attr]


def test_numbers_are_those_of_the_rules() -> None:
    assert f"at most {mandates.MAX_DEPTH} deep" in PAGE
    assert f"until {disputes.DEADLINE.days} days later" in PAGE
    assert f"Shares that reach {support.WHOLE} " in PAGE
    assert support.LIKENESS in PAGE


def test_sections_are_numbered_without_a_gap() -> None:
    """Others quote them by number."""
    found = re.findall(r"^## ([0-9])\. |^([0-9])\.([0-9]+) ", PAGE, re.MULTILINE)
    section, clause = 0, 0
    for heading, above, number in found:
        if heading:
            section, clause = section + 1, 0
            assert int(heading) == section
        else:
            clause += 1
            assert (int(above), int(number)) == (section, clause)
    assert section == 8
