"""docs/http.md is executed: every curl of it, against a server over a home in which something was published."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.founding import found
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.values import Digest
from tests.docs.blocks import blocks_of, run
from tests.homes import SAID

PAGE = "docs/http.md"
RAKKAN = str(Path(sys.executable).with_name("rakkan"))


def rakkan(folder: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [RAKKAN, "--home", "home", "--json", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    value: dict[str, object] = json.loads(done.stdout)
    return value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader of the page has: stamped pictures, a lock, and curl that takes an error for one."""
    if shutil.which("curl") is None:
        if os.environ.get("RAKKAN_REQUIRE_ENGINES"):
            pytest.fail("curl is missing: run `make engines`")
        pytest.skip("curl is missing")
    folder = tmp_path_factory.mktemp("caller")
    render_samples(folder / "pictures")
    (folder / ".curlrc").write_text("fail\nnoproxy = *\nmax-time = 60\n")
    return folder


@pytest.fixture(scope="module")
def variables(folder: Path) -> dict[str, str]:
    token = found(load_settings(home=folder / "home"), creator="Ada").token
    stamped = rakkan(
        folder, "stamp", "pictures", "--out", "stamped", "--consent", "community-lora", *SAID, "--publish"
    )
    items = stamped["items"]
    assert isinstance(items, list)
    item = next(each for each in items if each["output"].endswith("paper-lanterns.png"))
    lock = rakkan(folder, "dataset", "lock", "stamped", "--out", "dataset.lock.json")
    digest = f"c2paClaim:{item['digest']['c2paClaim']}"
    with open_registry(load_settings(home=folder / "home")) as registry:
        (match,) = registry.store.records.find([Digest.parse(digest)], "consent")
        consent = registry.store.records.get([match.record_id])[match.record_id].record
    return {
        "TOKEN": token,
        "DIGEST": digest,
        "RECORD": item["recordId"],
        "ENVELOPE": item["envelope"],
        "CONSENT": str(consent.record_id),
        "CONSENT_ENVELOPE": str(consent.envelope_cid),
        "SUBJECT": f"datasetRoot:{lock['root']}",
        "CURL_HOME": str(folder),
    }


@pytest.fixture(scope="module")
def url(folder: Path, variables: dict[str, str]) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [RAKKAN, "--home", "home", "--json", "serve", "--port", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    with server:
        try:
            lines = iter(server.stdout.readline, "")
            said = [
                *itertools.takewhile(lambda line: line != "}\n", lines),
                "}",
            ]  # one document, and it goes on
            yield json.loads("".join(said))["url"]
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0


def test_every_call_is_answered(folder: Path, variables: dict[str, str], url: str) -> None:
    asking, telling = (block for block in blocks_of(PAGE) if block.executor == "tests/docs/test_http_page.py")
    said = dict(zip(asking.lines, run(asking, folder, URL=url, **variables), strict=True))
    for line, text in said.items():
        if "sha256sum" not in line and "text/plain" not in line and "-o " not in line:
            json.loads(text)
    upload = next(text for line, text in said.items() if "-F file" in line)
    assert json.loads(upload)["record"]["recordId"] == variables["RECORD"]
    consent = next(text for line, text in said.items() if "/v1/consent/" in line)
    assert json.loads(consent)["answers"][0]["answer"] == "allowed"
    assert (folder / "evidence.car").stat().st_size > 1000

    said = dict(zip(telling.lines, run(telling, folder, URL=url, **variables), strict=True))
    work, granted = (
        json.loads(t) for line, t in said.items() if line.endswith(("/v1/assets", "/v1/consents"))
    )
    assert (work["recordId"], work["new"]) == (variables["RECORD"], False)
    assert (granted["recordId"], granted["kind"]) == (variables["CONSENT"], "consent")
    verdict = json.loads(said[telling.lines[-1]])
    assert verdict["verdict"]["subject"][0]["digest"]["datasetRoot"] == variables["SUBJECT"].partition(":")[2]
