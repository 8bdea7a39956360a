"""The Solidity tests pass: unit, fuzz and invariant tests, by forge and solc from npm."""

from __future__ import annotations

import shutil
import subprocess

from tests.contracts.world import PROJECT, engine_missing


def test_solidity_tests_pass() -> None:
    """scripts/forge-test.sh is the command that developers run, too."""
    if not any(PROJECT.glob("node_modules/@foundry-rs/forge-*/bin/forge")) or shutil.which("node") is None:
        engine_missing("forge or node is not installed: run npm ci --ignore-scripts")
    done = subprocess.run(
        [PROJECT / "scripts/forge-test.sh"], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "invariant_WhatFellIsNeverApproved() (runs: 64, calls: 4096, reverts: 0)" in done.stdout
    assert ", 0 skipped" in done.stdout
