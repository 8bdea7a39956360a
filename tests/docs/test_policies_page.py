"""docs/policies.md is executed, and its tables have the clauses and policies that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.flows.judge.verdicts import make
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.rules.dataset import lock_document
from rakkan.registry.rules.policy.clause import name_of
from rakkan.registry.rules.policy.document import CATALOGUE, parse_policy, shipped_policies
from tests.docs.blocks import blocks_of, run
from tests.homes import new_registry, own_terms
from tests.house.code import ROOT

NAME = "docs/policies.md"
PAGE = (ROOT / NAME).read_text(encoding="utf-8")


def test_the_commands_are_run(tmp_path: Path) -> None:
    with new_registry(tmp_path / "home") as registry:
        options = StampOptions(out=tmp_path / "dataset", terms=own_terms("community-lora"))
        stamp_files(registry, render_samples(tmp_path / "pictures")[:3], options)
        publish(registry)
        lock = lock_dataset(tmp_path / "dataset").lock
        assert make(registry, lock, shipped_policies()["community-lora"]).verdict.outcome == "approved"
    (tmp_path / "dataset.lock.json").write_text(json.dumps(lock_document(lock)), encoding="utf-8")
    (block,) = blocks_of(NAME)
    _, _, changes, tried, flipped, name = run(block, tmp_path, RAKKAN_HOME=str(tmp_path / "home"))
    assert "asks for more" in changes
    assert "Nothing was signed or kept" in tried
    assert "3 of 3 items flip" in flipped
    assert name.strip() == str(parse_policy((tmp_path / "our-lora.json").read_bytes()).cid)


def test_the_tables_are_whole() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.-]+)` \|([^|]*)\|", PAGE, re.MULTILINE))
    for clause in CATALOGUE:
        fields = re.findall(r"`(\w+)`", rows.pop(name_of(clause)))
        known = [each.alias or name for name, each in clause.model_fields.items() if name != "clause"]
        assert sorted(fields) == sorted(known)
    assert set(rows) == set(shipped_policies())


def test_the_policy_on_the_page_can_be_voted_on() -> None:
    (document,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_policy(document.encode()).name == "our-lora"
