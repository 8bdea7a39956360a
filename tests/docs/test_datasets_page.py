"""docs/datasets.md is executed, as it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from tests.docs.blocks import blocks_of, run
from tests.homes import new_registry, own_terms

NAME = "docs/datasets.md"


def test_the_commands_are_run(tmp_path: Path) -> None:
    training = tmp_path / "training"
    unknown, *registered = render_samples(tmp_path / "pictures")[:4]
    with new_registry(tmp_path / "home") as registry:
        stamp_files(registry, registered, StampOptions(out=training, terms=own_terms("community-lora")))
        publish(registry)
    shutil.copy(unknown, training / "unknown.png")
    (training / "paper-lanterns.txt").write_text("lanterns on a river")
    (block,) = blocks_of(NAME)
    said = run(block, tmp_path, RAKKAN_HOME=str(tmp_path / "home"))
    assert "same 4 items" in said[1]
    assert "unknown.png  " in said[2]
    assert "gone: 1" in said[3]
    assert " is in datasetRoot:" in said[6]
    assert json.loads((tmp_path / "outside.json").read_text())["schema"] == "rakkan.dataset-absence/1"
