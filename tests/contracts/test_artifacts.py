"""The committed artifacts are what the sources compile to, and Python reads them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rakkan.contracts import NAMES, artifact
from rakkan.schemas.errors import NotFound
from tests.contracts.world import PROJECT, engine_missing

COMPILE = PROJECT / "scripts/compile.mjs"


def node() -> str:
    """The path of node; without it or npm's packages the rebuild cannot be tested."""
    program = shutil.which("node")
    if program is None or not (PROJECT / "node_modules/solc").is_dir():
        engine_missing("node or solc is not installed: run npm ci --ignore-scripts")
    return program


def test_rebuild_is_byte_for_byte() -> None:
    """The compiler gives exactly the committed files."""
    done = subprocess.run(
        [node(), COMPILE, "--check"], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_changed_source_is_noticed(tmp_path: Path) -> None:
    """--check names the artifact whose source was changed, and does not repair it."""
    shutil.copytree(PROJECT / "contracts/src", tmp_path / "contracts/src")
    shutil.copytree(PROJECT / "contracts/artifacts", tmp_path / "contracts/artifacts")
    (tmp_path / "scripts").mkdir()
    shutil.copy(COMPILE, tmp_path / "scripts")
    shutil.copy(PROJECT / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    book = tmp_path / "contracts/src/ApprovalBook.sol"
    book.write_text(book.read_text() + "// changed\n")
    before = (tmp_path / "contracts/artifacts/ApprovalBook.json").read_bytes()
    done = subprocess.run(
        [node(), tmp_path / "scripts/compile.mjs", "--check"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1
    assert "differ from their sources: ApprovalBook. " in done.stderr
    assert (tmp_path / "contracts/artifacts/ApprovalBook.json").read_bytes() == before


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"WalletQuestion"}))
def test_what_is_deployed(name: str) -> None:
    """Code within the limit of what can be deployed, made by its creation code; with an interface."""
    compiled = artifact(name)
    assert 500 < len(compiled.deployed_bytecode) < len(compiled.bytecode) < 24_576
    assert compiled.bytecode.endswith(compiled.deployed_bytecode)
    assert {entry["type"] for entry in compiled.abi} >= {"function", "event", "error"}


def test_what_is_only_run() -> None:
    """The question to a wallet is its own creation code: it has nothing to call."""
    compiled = artifact("WalletQuestion")
    assert 500 < len(compiled.bytecode) < 2_000
    (entry,) = compiled.abi
    assert entry["type"] == "constructor"
    assert [each["type"] for each in entry["inputs"]] == ["address", "bytes32", "bytes"]


@pytest.mark.parametrize("name", NAMES)
def test_artifacts_read(name: str) -> None:
    """Every field is there, and the digests are those of the sources."""
    compiled = artifact(name)
    assert compiled.name == name
    assert compiled.compiler == "solc 0.8.37+commit.f401782d"
    for source, digest in compiled.source_digests.items():
        path = PROJECT / ("node_modules" if source.startswith("@") else "contracts") / source
        if path.exists():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert f"src/{name}.sol" in compiled.source_digests
    assert artifact(name) is compiled


def test_only_the_immutables_may_differ() -> None:
    """Code on a chain is recognised whatever the constructor put in, and only there."""
    compiled = artifact("ProvenanceLog")
    ((start, length),) = compiled.immutables
    code = bytearray(compiled.deployed_bytecode)
    assert compiled.is_code(bytes(code))
    code[start : start + length] = hashlib.sha256(b"origin").digest()
    assert compiled.is_code(bytes(code))
    code[start - 1] ^= 1
    assert not compiled.is_code(bytes(code))
    assert not compiled.is_code(b"")
    assert not compiled.is_code(compiled.deployed_bytecode + b"\0")


def test_unknown_contracts_are_named() -> None:
    """A typed error, not a missing file."""
    with pytest.raises(NotFound) as caught:
        artifact("../ConsentGate")
    assert caught.value.code == "artifact-unknown"


def test_no_paths_of_this_machine() -> None:
    """Artifacts say nothing about where they were built."""
    for name in NAMES:
        text = (PROJECT / f"contracts/artifacts/{name}.json").read_text()
        assert str(PROJECT) not in text
        settings = json.loads(text)["settings"]
        assert settings["metadata"] == {"appendCBOR": False, "bytecodeHash": "none"}
        assert (settings["evmVersion"], settings["viaIR"]) == ("cancun", True)
        assert settings["optimizer"] == {"enabled": True, "runs": 200}
