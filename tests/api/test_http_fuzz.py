"""Whatever is sent to whichever operation: never a 500, never anything but an answer or a problem."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rakkan.api.app import create_app
from rakkan.api.examples import record_examples
from rakkan.api.problems import MEDIA_TYPE
from tests.api.asking import problem, record_of
from tests.api.conftest import Served

CASES = 20
BOUNDED = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

TEXT = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
MEDIA = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "\x80",
    ]
)


def known(served: Served) -> list[str]:
    """Names that lead somewhere, so that more than the parsers is met."""
    item = served.work
    record = record_of(item)
    head = served.registry.store.log.head()
    assert head is not None
    return [
        str(record.record_id),
        str(record.envelope_cid),
        f"sha256:{item.digest['sha256']}",
        f"c2paClaim:{item.digest['c2paClaim']}",
        "datasetRoot:" + "0" * 64,
        "0" * 64,
        "digest-form",
        str(head.size),
        "public",
        "cawg.data_mining",
    ]


def operations(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    document = create_app(served.registry).openapi()
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def hold(answer: httpx.Response) -> None:
    """An answer as promised, or a problem; 503 is for engines, and here all of them work."""
    assert answer.status_code < 500, (str(answer.request.url), answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE, str(answer.request.url)
        problem(answer, answer.status_code, answer.json()["code"])


@BOUNDED
@given(data=st.data())
def test_every_address(served: Served, data: st.DataObject) -> None:
    names = st.sampled_from(known(served)) | TEXT
    for method, path, operation in operations(served):
        query: list[tuple[str, str]] = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                value = data.draw(names.filter(bool), label=path)
                path = path.replace("{" + parameter["name"] + "}", _quoted(value))
            elif data.draw(st.booleans()):
                query.append((parameter["name"], data.draw(names | st.integers().map(str))))
        query += data.draw(st.lists(st.tuples(TEXT, TEXT), max_size=1))
        if method == "get":
            hold(served.http.get(path, params=[(_plain(name), _plain(value)) for name, value in query]))


@BOUNDED
@given(content=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200), media=MEDIA)
def test_every_body(served: Served, content: bytes, media: str) -> None:
    for path in ("/v1/assets", "/v1/consents", "/v1/verdicts", "/v1/verify", "/"):
        headers = {
            b"Content-Type": media.encode("latin-1"),
            b"Authorization": served.bearer["Authorization"].encode(),
        }
        hold(served.http.post(path, content=content, headers=headers))


@pytest.mark.parametrize(("path", "kind"), [("/v1/assets", "work"), ("/v1/consents", "consent")])
@BOUNDED
@given(data=st.data())
def test_records_with_one_thing_wrong(served: Served, path: str, kind: str, data: st.DataObject) -> None:
    plain = json.loads(json.dumps(record_examples(kind)["plain JSON"]))
    plain["statement"]["predicate"]["audience"] = served.registry.origin
    places = list(_places(plain))
    parent, key = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        parent[key] = data.draw(JSON)
    elif isinstance(parent, dict):
        del parent[key]
    else:
        parent.append(data.draw(JSON))
    answer = served.http.post(
        path, content=json.dumps(plain), headers={**served.bearer, "Content-Type": "application/json"}
    )
    assert answer.status_code >= 400, "its signature is of nothing"
    hold(answer)


@BOUNDED
@given(data=st.data())
def test_judging_with_one_thing_wrong(served: Served, data: st.DataObject) -> None:
    judging: dict[str, Any] = {
        "lock": {
            "schema": "rakkan.dataset-lock/1",
            "root": "0" * 64,
            "size": 1,
            "items": [
                {"sha256": "0" * 64, "path": "a.png", "bytes": 1, "count": 1, "trainingInput": "0" * 64}
            ],
        },
        "policy": {
            "policy": "rakkan-policy/1",
            "name": "fuzz",
            "validDays": 30,
            "all": [
                {"clause": "consent.share", "scope": "cawg.data_mining", "grantee": "self", "minBp": 10000}
            ],
        },
    }
    parent, key = data.draw(st.sampled_from(list(_places(judging))))
    parent[key] = data.draw(JSON)
    hold(
        served.http.post(
            "/v1/verdicts",
            content=json.dumps(judging),
            headers={**served.bearer, "Content-Type": "application/json"},
        )
    )


@BOUNDED
@given(data=st.data())
def test_flipped_bits_in_a_stamped_picture(served: Served, data: st.DataObject) -> None:
    """Anything but an answer that says more than the whole picture's."""
    assert served.work.output is not None
    content = bytearray(served.work.output.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    answer = served.http.post("/v1/verify", files={"file": ("picture.png", bytes(content))})
    hold(answer)
    if answer.status_code == 200 and answer.json()["state"] == "trusted":
        assert answer.json()["record"]["recordId"] == str(record_of(served.work).record_id)


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(each, dict | list):
            found += _places(each)
    return found


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(_plain(text), safe="") if text not in (".", "..") else "%2e"
