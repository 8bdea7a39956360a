"""A command to run in this process, and homes to run it on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rakkan.cli.main import main
from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.service import open_registry
from tests.homes import new_home, own_terms


@dataclass(frozen=True, slots=True)
class Ran:
    """What one call left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Rakkan = Callable[..., Ran]


@pytest.fixture
def rakkan(capsys: pytest.CaptureFixture[str]) -> Rakkan:
    """Run the command in this process."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ran(code, said.out, said.err)

    return run


@dataclass(frozen=True, slots=True)
class Atelier:
    """A home without a chain, in which pictures were stamped with consent and published.

    Attributes:
        home: The home.
        pictures: What the generators left.
        stamped: The stamped copies, by name.
    """

    home: Path
    pictures: Path
    stamped: Path


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures as generators leave them; to be read, not written."""
    folder = tmp_path_factory.mktemp("pictures")
    render_samples(folder)
    return folder


@pytest.fixture(scope="session")
def shared_atelier(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Atelier:
    """To be read, not written."""
    folder = tmp_path_factory.mktemp("atelier")
    options = StampOptions(out=folder / "stamped", terms=own_terms("community-lora"), publish=True)
    with open_registry(new_home(folder / "home")) as registry:
        items = stamp_files(registry, sorted(pictures.iterdir()), options)
        assert {item.state for item in items} == {"stamped"}
        publish(registry)
    return Atelier(folder / "home", pictures, folder / "stamped")


@pytest.fixture
def atelier(shared_atelier: Atelier, tmp_path: Path) -> Atelier:
    """A copy to do with as one likes."""
    shutil.copytree(shared_atelier.home, tmp_path / "home")
    shutil.copytree(shared_atelier.stamped, tmp_path / "stamped")
    return Atelier(tmp_path / "home", shared_atelier.pictures, tmp_path / "stamped")


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied, not used."""
    return new_home(tmp_path_factory.mktemp("founded") / "home").folder


@pytest.fixture
def home(shared_home: Path, tmp_path: Path) -> Path:
    """A new home without a chain."""
    shutil.copytree(shared_home, tmp_path / "home")
    return tmp_path / "home"
