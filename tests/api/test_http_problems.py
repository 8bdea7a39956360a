"""Every error is a problem with a stable code: ours, the framework's, and those of the guard before both."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from rakkan.api.limits import Limits
from rakkan.api.problems import MEDIA_TYPE, explanations
from rakkan.api.shapes import ExplanationShape
from tests.api.asking import problem, upload
from tests.api.conftest import Served
from tests.api.server import serving


@pytest.fixture(scope="module")
def narrow(served: Served) -> Iterator[httpx.Client]:
    """The same registry with hardly any room and patience."""
    limits = Limits(
        json_bytes=2048,
        upload_bytes=4096,
        lock_bytes=2048,
        header_bytes=2048,
        body_seconds=0.2,
        memory_bytes=5000,
        digests=3,
    )
    with serving(served.registry, limits=limits) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "route-missing"),
        ("GET", "/v1", 404, "route-missing"),
        ("GET", "/v1/assets/", 404, "route-missing"),
        ("GET", "/v1/log/head/", 404, "route-missing"),
        ("GET", "/docs", 404, "route-missing"),
        ("GET", "/static/../app.py", 404, "route-missing"),
        ("GET", "/static/..%2fapp.py", 404, "route-missing"),
        ("GET", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "route-missing"),
        ("GET", "/static/explanations.toml", 404, "route-missing"),
        ("GET", "/problems/..%2f..%2fetc%2fpasswd", 404, "route-missing"),
        ("GET", "/problems/no-such-code", 404, "code-unknown"),
        ("DELETE", "/v1/assets", 405, "method-not-allowed"),
        ("PUT", "/v1/consents", 405, "method-not-allowed"),
        ("POST", "/v1/log/head", 405, "method-not-allowed"),
        ("TRACE", "/", 405, "method-not-allowed"),
        ("GET", "/v1/verify", 405, "method-not-allowed"),
        ("GET", "/v1/records/" + "a" * 129, 422, "parameter"),
        ("GET", "/v1/log/head?" + "a" * 4096, 414, "address-too-long"),
        ("GET", "/v1/consent/sha256:" + "0" * 64 + "?scope=a&scope=b", 422, "parameter"),
    ],
)
def test_the_frameworks_own_errors(
    http: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = http.request(method, path)
    problem(answer, status, code)
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"\xff\xfe", 400, "not-json"),
        (b'{"a": 1, "a": 2}', 400, "not-json"),
        (b'{"statement": 1.5}', 400, "not-json"),
        (b'{"statement": 1e3}', 400, "not-json"),
        (b'{"statement": NaN}', 400, "not-json"),
        (b'{"statement": -Infinity}', 400, "not-json"),
        (b'{"statement": {"a": 9007199254740992}, "proofs": [{}]}', 422, "not-canonical"),
        (b'{"statement": ' + b"9" * 5000 + b"}", 400, "not-json"),
        (b"[" * 100_000, 400, "not-json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "not-json"),
        (b"null", 422, "shape"),
        (b"[]", 422, "shape"),
        (b'"text"', 422, "shape"),
        (b"{}", 422, "shape"),
        (b'{"statement": {}, "envelope": ""}', 422, "shape"),
        (b'{"statement": "!", "envelope": ""}', 422, "base64"),
        (b'{"statement": "A", "envelope": ""}', 422, "base64"),
        ('{"statement": "ｅ", "envelope": ""}'.encode(), 422, "base64"),
        (b'{"statement": "", "envelope": ""}', 400, "not-json"),
        (b'{"statement": {"a": "\\ud800"}, "proofs": [{}]}', 422, "not-canonical"),
        (b'{"statement": {"/": "x"}, "proofs": [{}]}', 422, "not-canonical"),
        (b'{"statement": {"\\u00e9": 1}, "proofs": [{}]}', 422, "not-canonical"),
        (b'{"statement": {"_type": "x"}, "proofs": [{}]}', 422, "shape"),
        (b'{"statement": {}, "proofs": []}', 422, "shape"),
        (b" " * (5 * 1024 * 1024 + 1), 413, "body-too-large"),  # consents bring lists of works
    ],
)
def test_malformed_records(served: Served, content: bytes, status: int, code: str) -> None:
    headers = {"Content-Type": "application/json", **served.bearer}
    for path in ("/v1/assets", "/v1/consents"):
        problem(served.http.post(path, content=content, headers=headers), status, code)


def test_a_record_has_an_end(served: Served) -> None:
    body = {"statement": "A" * 131_076, "envelope": ""}
    problem(served.http.post("/v1/assets", json=body, headers=served.bearer), 413, "record-too-large")
    body = {"statement": "A" * 100_000, "envelope": ""}
    answer = served.http.post("/v1/assets", json=body, headers=served.bearer)
    problem(answer, answer.status_code, answer.json()["code"])


def test_bodies_that_are_too_large_are_not_read(narrow: httpx.Client) -> None:
    announced = upload(narrow, bytes(5000))
    problem(announced, 413, "body-too-large")
    assert announced.headers["connection"] == "close"
    unannounced = narrow.post(
        "/v1/verify",
        content=iter([bytes(3000), bytes(3000)]),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    problem(unannounced, 413, "body-too-large")
    problem(narrow.post("/v1/assets", content=bytes(2049)), 413, "body-too-large")
    problem(narrow.post("/v1/verify", json={"digests": ["x"] * 4}), 422, "batch-too-large")


def test_bodies_that_come_too_slowly(narrow: httpx.Client) -> None:
    answer = _raw(
        narrow,
        b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    )
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert MEDIA_TYPE.encode() in answer
    assert b'"code":"body-slow"' in answer


def test_headers_that_are_too_large(narrow: httpx.Client) -> None:
    problem(narrow.get("/v1/log/head", headers={"X-Much": "x" * 3000}), 431, "headers-too-large")
    problem(narrow.get("/v1/log/head", headers={"Cookie": "a=" + "b" * 3000}), 431, "headers-too-large")


@pytest.mark.parametrize(
    ("media_type", "content", "status", "code"),
    [
        ("multipart/form-data", b"", 400, "form-unreadable"),
        ("multipart/form-data; boundary=", b"", 422, "file-missing"),
        ("multipart/form-data; boundary=x", b"--y\r\n", 400, "form-unreadable"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n", 400, "form-unreadable"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "file-missing"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
            422,
            "file-missing",
        ),
        (
            "multipart/form-data; boundary=x; charset=idna",
            b'--x\r\nContent-Disposition: form-data; name="f\xff"; filename="\xff"\r\n\r\nt\r\n--x--\r\n',
            422,
            "file-missing",
        ),
        (
            "multipart/form-data; boundary=x; charset=undefined",
            b'--x\r\nContent-Disposition: form-data; name="f\xff"; filename="\xff"\r\n\r\nt\r\n--x--\r\n',
            400,
            "form-unreadable",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--x--\r\n',
            422,
            "image-empty",
        ),
        ("application/jsonx", b"{}", 415, "media-type"),
        ("text/plain", b"{}", 415, "media-type"),
        ("", b"{}", 415, "media-type"),
    ],
)
def test_malformed_forms(http: httpx.Client, media_type: str, content: bytes, status: int, code: str) -> None:
    answer = http.post("/v1/verify", content=content, headers={"Content-Type": media_type})
    problem(answer, status, code)


def test_problems_lead_to_their_explanation(http: httpx.Client) -> None:
    for code, said in explanations().items():
        found = ExplanationShape.model_validate(http.get(f"/problems/{code}").json())
        assert (found.code, found.explanation) == (code, said)
        page = http.get(f"/problems/{code}", headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        assert f"<code>{code}</code>" in page.text


def test_persons_get_pages_and_programs_get_problems(http: httpx.Client, narrow: httpx.Client) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for answer in (
        http.get("/nothing", headers=browser),
        http.get("/v/nonsense", headers=browser),
        http.post("/", files={"file": ("a.png", b"x")}, headers=browser),
        narrow.post("/", files={"file": ("a.png", bytes(5000))}, headers=browser),
        narrow.get("/", headers={**browser, "X-Much": "x" * 3000}),
    ):
        assert answer.status_code >= 400
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    problem(http.get("/v1/nothing", headers=browser), 404, "route-missing")
    problem(http.get("/nothing"), 404, "route-missing")


@pytest.mark.parametrize("host", ["[", "[::1", "a/b", "a b", "", "x:99999", "x:y", "<script>"])
def test_no_host_header_makes_a_difference(http: httpx.Client, host: str) -> None:
    answer = http.get(f"/v/sha256:{'0' * 64}", headers={"Host": host})
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    problem(http.get("/v1/nothing", headers={"Host": host, "Accept": "text/html"}), 404, "route-missing")


def test_something_unforeseen_is_said_without_a_word_of_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path /home/somebody")

    monkeypatch.setattr(served.registry.store.log, "head", broken)
    answer = served.http.get("/v1/log/head")
    problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "somebody" not in answer.text


def _raw(client: httpx.Client, request: bytes) -> bytes:
    where = urlsplit(str(client.base_url))
    assert where.hostname
    assert where.port
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer
