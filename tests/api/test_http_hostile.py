"""Pictures and names made to do harm: refused with a code, shown without effect."""

from __future__ import annotations

import json
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from tests.api.asking import output_of, problem, upload
from tests.api.conftest import Served
from tests.api.server import serving
from tests.homes import new_registry

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"--></title>"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb() -> bytes:
    """A PNG of a few hundred bytes that declares 2.5 thousand million pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


def plain() -> bytes:
    written = BytesIO()
    Image.new("RGB", (16, 16), "teal").save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.png", b"", "image-empty"),
        ("bomb.png", bomb(), "image-pixels"),
        ("cut.png", plain()[:-20], "image-truncated"),
        ("zip.png", plain() + b"PK\x03\x04" + bytes(40), "image-trailing"),
        ("page.png", plain() + SCRIPT.encode(), "image-trailing"),
        ("page.png", SCRIPT.encode(), "image-unknown"),
        (
            "drawing.png",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "image-unsupported",
        ),
        ("letter.jpg", b"%PDF-1.7 " + bytes(100), "image-unsupported"),
        ("flat.gif", b"GIF89a" + bytes(100), "image-unsupported"),
        ("wrong.jpg", plain(), "image-extension"),
        ("many.png", plain()[:33] + chunk(b"tEXt", b"a\0b") * 200_000 + plain()[33:], "image-parts"),
        ("crc.png", plain()[:40] + b"\xff" + plain()[41:], "image-damaged"),
    ],
)
def test_harmful_pictures(served: Served, name: str, content: bytes, code: str) -> None:
    answer = upload(served.http, content, name)
    assert answer.status_code in (413, 422)
    problem(answer, answer.status_code, code)
    page = served.http.post("/", files={"file": (name, content)}, headers={"Accept": "text/html"})
    assert page.status_code == answer.status_code
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    ("chunks", "state"),
    [
        (chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000))), "none"),  # nobody asked for it
        (chunk(b"caBX", b"x") * 2, "invalid"),
        (chunk(b"caBX", b"\0\0\0\x08jumb"), "invalid"),
    ],
    ids=["text bomb", "two stores", "empty box"],
)
def test_harmful_parts(served: Served, chunks: bytes, state: str) -> None:
    answer = upload(served.http, plain()[:33] + chunks + plain()[33:])
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert answer.json()["record"] is None


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd.png",
        "..\\..\\windows\\system.png",
        SCRIPT.replace("/", "") + ".png",
        "a" * 5000 + ".png",
        "\u202egnp.exe.png",
        "\u0000\u0007.png",
        "-rf.png",
        "'; rm -rf ~; '.png",
        "${7*7}{{7*7}}.png",
        ".png",
    ],
)
def test_harmful_file_names(served: Served, name: str) -> None:
    content = output_of(served.work).read_bytes()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.replace('"', "%22").encode()
        + b'"\r\nContent-Type: image/png\r\n\r\n'
        + content
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for path in ("/v1/verify", "/"):
        answer = served.http.post(path, content=body, headers=headers)
        assert answer.status_code in (200, 400, 422), answer.text[:300]
        if answer.status_code != 200:
            problem(answer, answer.status_code, answer.json()["code"])
            continue
        assert "<script>alert" not in answer.text
        assert "etc/passwd" not in answer.text
        assert "\u202e" not in answer.text
        assert "49" not in re.findall(r"<h1.*?</h1>", answer.text, re.DOTALL)[0] if path == "/" else True
        assert len(answer.text) < 2_000_000


def test_what_a_generator_wrote_is_text_on_the_page(tmp_path: Path) -> None:
    """A record whose every field is markup, made public, and shown."""
    graph = {"1": {"class_type": SCRIPT, "inputs": {"text": SCRIPT, "seed": 1}}}
    written = PngInfo()
    written.add_text("prompt", json.dumps(graph))
    written.add_text("workflow", json.dumps({"nodes": [SCRIPT]}))
    written.add_text(
        "parameters", f"{SCRIPT}\nSteps: 1, Sampler: {SCRIPT}, Seed: 1, Model: {SCRIPT}, Version: {SCRIPT}"
    )
    picture = tmp_path / "markup.png"
    Image.linear_gradient("L").resize((64, 48)).save(picture, pnginfo=written)
    with new_registry(tmp_path / "home") as registry:
        options = StampOptions(
            out=tmp_path / "out", creator=SCRIPT, disclose=("prompt", "workflow", "parents")
        )
        (item,) = stamp_files(registry, [picture], options)
        assert item.error is None, item.error
        publish(registry)
        with serving(registry) as url, httpx.Client(base_url=url, timeout=60) as http:
            pages = [
                http.post("/", files={"file": (SCRIPT, output_of(item).read_bytes())}).text,
                http.get(f"/v/c2paClaim:{item.digest['c2paClaim']}").text,
            ]
            for page in pages:
                assert "Registered here" in page
                assert "<script" not in page
                assert "onerror=alert(2)>" not in page
                assert not re.search(r"<img[^>]*\bsrc=x\b", page)
            record = http.get(f"/v1/records/{item.record.record_id}" if item.record else "")
            assert record.headers["content-type"] == "application/vnd.ipld.dag-json"
            assert record.headers["x-content-type-options"] == "nosniff"


def test_every_answer_tells_browsers_what_they_may_not_do(served: Served) -> None:
    for path in ("/", "/nothing", "/v1/log/head", "/static/rakkan.css", f"/v/sha256:{'0' * 64}", "/healthz"):
        headers = served.http.get(path).headers
        assert "script-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"]


def test_other_peoples_pages_may_read_and_not_write(served: Served) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    before = served.http.options("/v1/assets", headers=asked)
    assert "POST" not in before.headers["access-control-allow-methods"]
    answer = served.http.post("/v1/assets", json={}, headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert (
        served.http.get("/", headers={"Origin": "https://elsewhere.example"}).headers.get(
            "access-control-allow-origin"
        )
        is None
    )
