"""Publishing by name: a stamped image, its digests, or a CID; never anything that was not meant."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.samples import CHILD, PARENT
from tests.cli.command import rakkan


@pytest.fixture
def stamped(home: Path, pictures: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Two pictures with consent, nothing public."""
    out = tmp_path / "out"
    names = [pictures / PARENT, pictures / CHILD]
    done = rakkan("stamp", *names, "--out", out, "--consent", "community-lora", "--json", home=home)
    assert done.code == 0, done.err
    items: list[dict[str, Any]] = done.document["items"]
    return items


def waiting(home: Path) -> set[str]:
    planned = rakkan("publish", "--dry-run", "--json", home=home).document
    return {each["recordId"] for each in planned["records"]}


@pytest.mark.parametrize("by", ["file", "claim", "sha256", "cid", "envelope", "source"])
def test_a_work_is_published_by_any_of_its_names(
    by: str, home: Path, pictures: Path, stamped: list[dict[str, Any]]
) -> None:
    item, other = stamped
    before = waiting(home)
    name = {
        "file": item["output"],
        "claim": f"c2paClaim:{item['digest']['c2paClaim']}",
        "sha256": f"sha256:{item['digest']['sha256']}",
        "cid": item["recordId"],
        "envelope": item["envelope"],
        "source": f"sha256:{hashlib.sha256((pictures / PARENT).read_bytes()).hexdigest()}",
    }[by]
    planned = rakkan("publish", name, "--dry-run", "--json", home=home)
    assert planned.code == 0, planned.err
    assert [each["recordId"] for each in planned.document["records"]] == [item["recordId"]]
    assert waiting(home) == before, "a dry run publishes nothing"

    done = rakkan("publish", name, "--json", home=home)
    assert done.document["records"] == planned.document["records"]
    assert waiting(home) == before - {item["recordId"]}, "the work alone"
    assert item["consent"]["recordId"] in done.err, "what stays private is said"
    assert other["consent"]["recordId"] not in done.err

    again = rakkan("publish", name, item["consent"]["recordId"], other["output"], "--json", home=home)
    assert {each["recordId"] for each in again.document["records"]} == {
        item["recordId"],
        item["consent"]["recordId"],
        other["recordId"],
    }
    assert rakkan("log", "head", "--json", home=home).document["size"] == 3


def test_a_file_that_is_two_works_is_not_guessed_at(home: Path, pictures: Path, tmp_path: Path) -> None:
    for terms in ("community-lora", "open-training"):
        words = ("stamp", pictures / PARENT, "--out", tmp_path / terms, "--consent", terms)
        assert rakkan(*words, home=home).code == 0
    source = tmp_path / "again.png"
    shutil.copy(pictures / PARENT, source)
    done = rakkan("publish", source, "--json", home=home)
    assert done.error == (2, "record-ambiguous")
    assert done.document["error"]["hint"].count("baguqeera") == 2
    assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty")


def test_what_names_nothing_is_told_what_to_name(home: Path, pictures: Path, tmp_path: Path) -> None:
    for name, error in (
        (pictures / PARENT, (4, "record-unknown")),
        (tmp_path / "absent.png", (2, "image-missing")),
        (tmp_path, (2, "image-missing")),
        ("not-a-cid", (2, "image-missing")),
        ("sha256:12", (2, "digest-form")),
    ):
        done = rakkan("publish", name, "--json", home=home)
        assert done.error == error, done.err
        assert done.document["error"]["hint"]
