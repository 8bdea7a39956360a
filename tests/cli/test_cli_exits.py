"""The table of exit codes covers everything that can happen."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from rakkan.cli import exits
from rakkan.schemas.errors import Conflict, DomainError, Integrity, Invalid, NotFound, Refused, Unavailable
from rakkan.schemas.verdict import Answer, Decision

DOCUMENTED = {
    exits.YES: 0,
    exits.NO: 1,
    exits.INVALID: 2,
    exits.UNDETERMINED: 3,
    exits.NOT_FOUND: 4,
    exits.UNAVAILABLE: 5,
    exits.REFUSED: 6,
    exits.INTERRUPTED: 130,
}


def error_classes(parent: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        if child.__module__.startswith("rakkan."):
            yield child
            yield from error_classes(child)


@pytest.fixture(scope="module", autouse=True)
def _everything_imported() -> None:
    for name in ("rakkan.schemas", "rakkan.manifests", "rakkan.contracts", "rakkan.registry", "rakkan.cli"):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(found.name)


def test_the_numbers_are_the_documented_ones() -> None:
    assert all(ours == documented for ours, documented in DOCUMENTED.items())


def test_a_node_of_another_chain_says_no_no() -> None:
    """A verdict is not rejected, and an approval not denied, because a URL was wrong."""
    assert exits.of_error(Integrity("Another chain.", code="chain-identity")) == 5
    assert exits.of_error(Integrity("Other bytes.", code="block-digest")) == 1


def test_every_class_of_error_has_an_exit_code() -> None:
    classes = list(error_classes())
    assert len(classes) >= 6
    for kind in classes:
        assert exits.of_error(kind("Something.")) in (1, 2, 4, 5, 6), (
            f"{kind} has no entry in rakkan.cli.exits"
        )
    for kind in DomainError.__subclasses__():
        assert kind in exits.ERRORS or not kind.__module__.startswith("rakkan."), (
            f"{kind} is a new root without an entry"
        )


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Invalid, 2),
        (Conflict, 2),
        (NotFound, 4),
        (Unavailable, 5),
        (Refused, 6),
        (Integrity, 1),
        (DomainError, 70),
    ],
)
def test_error_codes(kind: type[DomainError], code: int) -> None:
    assert exits.of_error(kind("Something.")) == code


def test_every_answer_has_an_exit_code_and_only_yes_is_zero() -> None:
    assert {answer.value for answer in Answer} == set(exits.ANSWERS)
    assert {decision.word for decision in Decision} == set(exits.DECISIONS)
    assert exits.VERIFICATIONS == {
        "trusted": 0,
        "intact": 3,
        "recovered": 3,
        "invalid": 1,
        "revoked": 1,
        "none": 4,
    }
    assert [
        word for table in (exits.ANSWERS, exits.DECISIONS) for word, code in table.items() if code == 0
    ] == [
        "allowed",
        "approved",
    ]


@pytest.mark.parametrize(
    ("codes", "one"), [([], 3), ([0], 0), ([0, 0], 0), ([0, 3], 3), ([3, 1, 0], 1), ([0, 1], 1), ([0, 5], 3)]
)
def test_several_answers_are_as_good_as_the_worst(codes: list[int], one: int) -> None:
    assert exits.weakest(codes) == one


def test_a_batch_without_errors_is_a_yes() -> None:
    assert exits.of_errors([]) == 0
    assert exits.of_errors([Invalid("a"), Unavailable("b"), NotFound("c")]) == 5
