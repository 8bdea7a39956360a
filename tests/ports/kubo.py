"""Fixtures: a real Kubo daemon of the test's own, cut off from every network but the loopback interface."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from rakkan.schemas.values import Cid

VERSION = "v0.42.0"

_OPEN = build_opener(ProxyHandler({})).open


class NodeError(Exception):
    """What the node says instead of an answer."""


class Kubo:
    """A daemon on a fresh repository; its RPC API is spoken here without any of our own code.

    Args:
        program: The ``ipfs`` program.
        folder: The repository, made anew.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self.folder = folder
        self._environment = {**os.environ, "IPFS_PATH": str(folder), "IPFS_TELEMETRY": "off"}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._run("init", "--empty-repo")
        self._cut_off()

    @property
    def address(self) -> str:
        """Multiaddr of the RPC API."""
        return (self.folder / "api").read_text().strip()

    @property
    def url(self) -> str:
        """The RPC API for HTTP clients."""
        _, _, host, _, port = self.address.split("/")
        return f"http://{host}:{port}"

    def start(self, seconds: float = 60) -> None:
        """Start the daemon and wait until it answers."""
        (self.folder / "api").unlink(missing_ok=True)
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [self._program, "daemon", "--offline", "--migrate=false"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + seconds
        while True:
            try:
                assert self.ask("version")[0]["Version"] == VERSION.removeprefix("v")
            except (OSError, ValueError):
                said = (self.folder / "daemon.log").read_text()
                assert self._daemon.poll() is None, f"Kubo ended: {said}"
                assert time.monotonic() < deadline, f"Kubo does not answer: {said}"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End the daemon."""
        if self._daemon is not None:
            self._daemon.terminate()
            try:
                self._daemon.wait(20)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
            self._daemon = None

    def ask(self, command: str, *arguments: object, file: bytes | None = None, **options: str) -> list[Any]:
        """The JSON values that a command answers."""
        return _json_values(self.fetch(command, *arguments, file=file, **options).decode())

    def fetch(self, command: str, *arguments: object, file: bytes | None = None, **options: str) -> bytes:
        """The bytes that a command answers."""
        query = [(name.replace("_", "-"), value) for name, value in options.items()]
        query += [("arg", str(each)) for each in arguments]
        headers, body = {}, b""
        if file is not None:
            headers = {"Content-Type": "multipart/form-data; boundary=seam"}
            body = b'--seam\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + file
            body += b"\r\n--seam--\r\n"
        request = Request(f"{self.url}/api/v0/{command}?{urlencode(query)}", body, headers, method="POST")
        try:
            with _OPEN(request, timeout=30) as answer:
                found: bytes = answer.read()
        except HTTPError as error:
            with error:
                raise NodeError(error.read().decode()) from None
        except URLError as error:
            raise ConnectionError(str(error.reason)) from None
        return found

    def pins(self) -> dict[str, str]:
        """Kind of pin by CID."""
        return {cid: pin["Type"] for cid, pin in (self.ask("pin/ls")[0].get("Keys") or {}).items()}

    def block_file(self, cid: Cid) -> Path:
        """Where flatfs keeps a block."""
        key = base64.b32encode(b"\x12\x20" + cid.digest).decode().rstrip("=")
        return self.folder / "blocks" / key[-3:-1] / f"{key}.data"

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            [self._program, *arguments], env=self._environment, check=True, capture_output=True, timeout=60
        )

    def _cut_off(self) -> None:
        path = self.folder / "config"
        config = json.loads(path.read_text())
        config["AutoConf"] = {"Enabled": False}
        config["Bootstrap"] = []
        config["Discovery"]["MDNS"]["Enabled"] = False
        config["DNS"]["Resolvers"] = {}
        config["Routing"] = {"Type": "none", "DelegatedRouters": []}
        config["Ipns"]["DelegatedPublishers"] = []
        config["Addresses"].update(Swarm=[], API="/ip4/127.0.0.1/tcp/0", Gateway="/ip4/127.0.0.1/tcp/0")
        config["Swarm"]["DisableNatPortMap"] = True
        config["Plugins"]["Plugins"] = {"telemetry": {"Disabled": True}}
        path.write_text(json.dumps(config))


def find_kubo() -> Path | None:
    """Where ``scripts/kubo.sh`` puts Kubo; None if it is not there."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    engines = os.environ.get("RAKKAN_ENGINES") or str(Path(cache) / "rakkan" / "engines")
    program = Path(engines) / f"kubo-{VERSION}" / "ipfs"
    return program if os.access(program, os.X_OK) else None


@pytest.fixture(scope="session")
def kubo_program() -> Path:
    """The ipfs program; without it, what needs a node is skipped and says so."""
    program = find_kubo()
    if program is None:
        message = f"Kubo {VERSION} is not built: run scripts/kubo.sh (needs Go)"
        if os.environ.get("RAKKAN_REQUIRE_ENGINES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return program


@pytest.fixture(scope="session")
def kubo(kubo_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubo]:
    """A running node that all tests share: put nothing into it that another test could mean."""
    yield from _running(kubo_program, tmp_path_factory.mktemp("kubo") / "repo")


@pytest.fixture
def own_kubo(kubo_program: Path, tmp_path: Path) -> Iterator[Kubo]:
    """A running node for one test, which may stop and spoil it."""
    yield from _running(kubo_program, tmp_path / "own-kubo")


def _running(program: Path, folder: Path) -> Iterator[Kubo]:
    node = Kubo(program, folder)
    try:
        node.start()
        yield node
    finally:
        node.stop()


def _json_values(text: str) -> list[Any]:
    values, at, decoder = [], 0, json.JSONDecoder()
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


__all__: Sequence[str] = ("Kubo", "NodeError", "find_kubo", "kubo", "kubo_program", "own_kubo")
