"""The page of a verdict: what it says, to whom, and that it can be read by everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from rakkan.registry.flows.judge.datasets import lock_dataset
from rakkan.registry.rules.dataset import Lock, lock_document
from rakkan.registry.rules.policy.document import parse_policy
from tests.api.browsing import Visit
from tests.api.conftest import Served
from tests.house.code import ROOT

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHARE = {"clause": "consent.share", "scope": "cawg.ai_generative_training", "grantee": "self", "minBp": 10000}
POLICIES: dict[str, list[dict[str, Any]]] = {
    "for-the-page": [{"clause": "provenance.unknown", "maxBp": 10000}],
    "not-for-the-page": [
        {"clause": "provenance.unknown", "maxBp": 10000},
        SHARE,
        {"clause": "synthetic.share", "maxBp": 0},
    ],
    "asks-nothing": [],
}


@pytest.fixture(scope="module")
def judged(served: Served) -> dict[str, str]:
    """The page's address, by the name of the policy."""
    items = lock_dataset(served.folder / "stamped").lock.items
    lock = lock_document(Lock.of(items[:-1]))  # a dataset of its own
    found = {}
    for name, clauses in POLICIES.items():
        document = {"policy": "rakkan-policy/1", "name": name, "validDays": 9, "all": clauses}
        body = {"lock": lock, "policy": document}
        assert served.http.post("/v1/verdicts", json=body, headers=served.bearer).status_code == 201
        policy = parse_policy(json.dumps(document).encode()).cid
        found[name] = f"/d/datasetRoot:{lock['root']}?policy={policy}"
    return found


@pytest.fixture(params=["light", "dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme=request.param, bypass_csp=True
    )
    yield Visit(context, served.url)
    context.close()


@pytest.mark.parametrize("name", POLICIES)
def test_it_is_read_on_a_phone_and_by_everybody(visit: Visit, judged: dict[str, str], name: str) -> None:
    page = visit.open(judged[name])
    expect(page.locator("h1.sentence")).to_be_visible()
    visit.check()
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
    assert [(each["id"], each["help"]) for each in found] == []
    visit.shot(f"verdict-{name}-{page.evaluate('matchMedia(`(prefers-color-scheme: dark)`).matches')}")


def test_it_says_who_says_what_and_the_failing_clauses_first(visit: Visit, judged: dict[str, str]) -> None:
    page = visit.open(judged["not-for-the-page"])
    assert " under not-for-the-page: rejected." in visit.sentence
    assert not visit.sentence.startswith("Approved")
    outcomes = [each.get_attribute("class") or "" for each in page.locator(".check").all()]
    assert "outcome-fail" in outcomes[0]
    assert "outcome-pass" in outcomes[-1]
    page.locator("summary").first.click()
    first = page.locator(".witnesses a").first
    expect(first).to_have_attribute("href", f"/v/{first.inner_text()}")
    legend = [each.inner_text().strip() for each in page.locator(".legend li").all()]
    expect(page.locator("svg.bar")).to_have_attribute("aria-label", ", ".join(legend))


def test_without_scripts(browser: Browser, served: Served, judged: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = Visit(context, served.url).open(judged["for-the-page"])
    expect(page.locator("h1.sentence")).to_contain_text("approved")
    expect(page.locator(".badge")).to_have_text("every clause holds")
    href = page.get_by_role("link", name="Verdict (JSON)").get_attribute("href")
    assert href is not None
    assert served.http.get(href).json()["schema"] == "rakkan.verdict/1"
    context.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/d/datasetRoot:" + "1" * 64, 404),
        ("/d/" + "1" * 64, 404),
        ("/d/sha256:" + "1" * 64, 422),
        ("/d/everything", 422),
        ("/d/%00", 422),
    ],
)
def test_what_nobody_judged_has_no_page(served: Served, path: str, status: int) -> None:
    answer = served.http.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_of_several_policies_one_is_named(served: Served, judged: dict[str, str]) -> None:
    path = judged["for-the-page"].split("?")[0]
    assert served.http.get(path, headers={"Accept": "text/html"}).status_code == 409
