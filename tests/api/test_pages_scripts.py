"""What the pages with scripts may do, and what is served for them: policies, sinks, files, the npm code reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from rakkan.api.headers import CONTENT_POLICY, SCRIPTED_POLICY
from tests.api.browsing import Visit
from tests.api.wallets import World, unknown
from tests.house.code import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.chain]
NPM_QR = ROOT / "node_modules" / "qr"


def test_the_pages_policy(world: World) -> None:
    """Scripts of our own alone, none of them inline, on two pages and nowhere else."""
    for path in ("/consent", "/withdraw", f"/consent?digest={unknown()}", f"/withdraw?digest={unknown()}"):
        answer = world.http.get(path)
        assert answer.headers["content-security-policy"] == SCRIPTED_POLICY
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son[a-z]+=|\sstyle=|javascript:", answer.text), path
        assert set(re.findall(r'(?:src|href|action)="([^"#]*)', answer.text)) <= _local(answer)
    assert "'unsafe" not in SCRIPTED_POLICY
    for path in ("/", f"/v/{unknown()}", "/problems/quota-spent", "/static/consent.js", "/v1/log/head"):
        assert world.http.get(path).headers["content-security-policy"] == CONTENT_POLICY
    assert "camera=(self)" in world.http.get("/withdraw").headers["permissions-policy"]
    assert "camera=()" in world.http.get("/consent").headers["permissions-policy"]


def _local(answer: httpx.Response) -> set[str]:
    """Every address on a page that begins at this server's root, and what names nothing."""
    found = re.findall(r'(?:src|href|action)="([^"#]*)', answer.text)
    return {each for each in found if each == "" or (each.startswith("/") and not each.startswith("//"))}


def test_scripts_put_nothing_but_text_on_a_page() -> None:
    scripts = list((ROOT / "api" / "static").glob("*.js"))
    assert len(scripts) >= 8
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        for sink in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "http:",
            "https:/",
        ):
            assert sink not in text, (path.name, sink)
        assert text.count("\n") <= 300, path.name
        assert text.startswith("// "), "it says what it is"


@pytest.mark.parametrize("name", ["index.js", "decode.js"])
def test_the_code_reader_is_what_npm_has(world: World, name: str) -> None:
    assert world.http.get(f"/static/qr/{name}").content == (NPM_QR / name).read_bytes()
    wanted: dict[str, Any] = json.loads((ROOT / "package.json").read_bytes())["dependencies"]
    package: dict[str, Any] = json.loads((NPM_QR / "package.json").read_bytes())
    assert (package["version"], package["license"]) == (wanted["qr"], "(MIT OR Apache-2.0)")


def test_without_the_code_reader_slips_are_files(browser: Browser, world: World, tmp_path: Path) -> None:
    context = browser.new_context()
    page = Visit(context, world.url).open("/withdraw")
    page.route("**/static/qr/*", lambda route: route.fulfill(status=404))
    page.evaluate("delete globalThis.BarcodeDetector")
    picture = tmp_path / "code.png"
    Image.new("RGB", (64, 64), "white").save(picture)
    page.locator("#slip").set_input_files(str(picture))
    failed = page.locator("#slip-failed")
    expect(failed).to_contain_text("Nothing here reads codes. Bring the slip's file, or paste its text.")
    context.close()


def test_static_files_are_found_by_name_alone(world: World) -> None:
    assert world.http.get("/static/qr/decode.js").headers["content-type"].startswith("text/javascript")
    assert world.http.get("/static/consent.js").headers["cache-control"] == "no-cache"
    for name in (
        "qr",
        "qr/",
        "../pages.py",
        "qr/../../pages.py",
        "%2e%2e/pages.py",
        "/etc/passwd",
        "qr//decode.js",
    ):
        assert world.http.get(f"/static/{name}").status_code == 404, name
