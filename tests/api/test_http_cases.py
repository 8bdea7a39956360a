"""Every kind of Proof-of-Consent record over HTTP, collections with their lists, answers then and now."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from rakkan.api.shapes import Accepted, ConsentShape
from rakkan.registry.rules.collection import collect
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.worker import Worker
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid, Digest
from tests.api.asking import exact, problem
from tests.api.server import serving
from tests.flows.homesteads import DAY, START, TRAIN, People, author_subject, key, link, who
from tests.homes import new_registry

WORK = Digest.of(b"the work")
MANY = [Digest.of(b"work %d" % number) for number in range(2000)]


class OverHttp(People):
    """People who hand everything but works in over HTTP."""

    http: httpx.Client
    bearer: dict[str, str]

    def hand_in(
        self, statement: bytes, by: Sequence[str], blocks: Sequence[bytes] = (), *, log: bool = True
    ) -> Record:
        record = Record.build(statement, [sign_did(statement, key(each)) for each in by])
        if record.kind == "work":
            return super().hand_in(statement, by, blocks, log=log)
        answer = self.post(record, blocks)
        assert answer.status_code == 201, answer.text
        assert Accepted.model_validate(answer.json()).kind == record.kind
        Worker(self.registry).settle()
        return record

    def post(self, record: Record, blocks: Sequence[bytes] = (), *, token: bool = True) -> httpx.Response:
        body: dict[str, Any] = dict(exact(record))
        if blocks:
            body["blocks"] = [urlsafe_b64encode(block).decode().rstrip("=") for block in blocks]
        return self.http.post("/v1/consents", json=body, headers=self.bearer if token else {})

    def told(self, digest: Digest = WORK, **query: str) -> str:
        answer = self.http.get(f"/v1/consent/{digest}", params={"scope": TRAIN, **query})
        shape = ConsentShape.model_validate(answer.json())
        words = [f"{shape.answers[0].answer} {shape.answers[0].code}"]
        words += [f"then {each.answer} {each.code}" for each in shape.then or ()]
        return ", ".join(words)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[OverHttp]:
    with new_registry(tmp_path / "home") as registry:
        community = Community(checkers=(who("checker"),), adjudicators=(who("judge"),))
        registry.home.community.write_bytes(canonical(community.to_json()))
        made = OverHttp(registry)
        made.bearer = {"Authorization": f"Bearer {registry.store.new_token('test', START)}"}
        with serving(registry, worker=False) as url, httpx.Client(base_url=url, timeout=60) as http:
            made.http = http
            yield made


def test_the_whole_story_of_one_work(people: OverHttp) -> None:
    people.work("artist", WORK)
    people.identify("artist")
    mandate = people.hand_in(
        people.consent_statement(
            "artist", [author_subject("artist")], kind="mandate", grantee=[who("agent")]
        ),
        ["artist"],
    )
    grant = people.consent("agent", WORK, mandate=link(mandate))
    assert people.told() == "allowed granted-to-public"
    people.on(2)
    people.claim("rival", WORK)
    dispute = people.dispute("rival", grant)
    assert people.told() == "undetermined suspended"
    people.on(3)
    people.rule("dismissed", grant, dispute=link(dispute))
    assert people.told() == "allowed granted-to-public"
    people.on(4)
    people.rotate("artist", "new")
    assert people.told() == "allowed granted-to-public"
    people.on(5)
    people.rule("void", mandate)
    assert people.told() == "undetermined mandate-broken"
    day = {each: format_instant(START + each * DAY) for each in (1, 2)}
    assert people.told(asOf=day[1]) == "undetermined mandate-broken, then allowed granted-to-public"
    assert people.told(asOf=day[2]) == "undetermined suspended, then undetermined suspended"


def test_a_collection_comes_with_its_list(people: OverHttp) -> None:
    made = collect(MANY)
    statement = people.consent_statement(
        "artist", [made.subject], match="collection", collection=made.collection.to_json()
    )
    record = Record.build(statement, [sign_did(statement, key("artist"))])
    found = problem(people.post(record), 422, "collection-blocks")
    assert found["errors"][0]["pointer"] == "/predicate/collection/members"
    problem(people.post(record, [made.blocks[0][:-33]]), 422, "collection-blocks")
    assert people.told(MANY[7]) == "undetermined no-consent"
    people.hand_in(statement, ["artist"], made.blocks)
    assert people.told(MANY[7]) == "allowed granted-to-public"
    assert people.told(WORK) == "undetermined no-consent"
    assert people.post(record).status_code == 200, "known already, list and all"


def test_what_is_wrong_is_pointed_at_and_nothing_is_kept(people: OverHttp) -> None:
    people.work("artist", WORK)
    grant = people.consent("artist", WORK)
    before = people.registry.store.records.count()
    gap = people.consent_statement("agent", [author_subject("x")], kind="mandate", grantee=[who("y")])
    refused = [
        (Record.build(gap, [sign_did(gap, key("agent"))]), "subject-other", "/subject", 422),
    ]
    chained = people.consent_statement("artist", grant.parsed.subject, mandate=Cid.of(b"{}").link)
    refused.append(
        (
            Record.build(chained, [sign_did(chained, key("artist"))]),
            "link-unknown",
            "/predicate/mandate",
            403,
        )
    )
    unknown: dict[str, dict[str, Any]] = {
        "supersedes": {"supersedes": Cid.of(b"{}").link},
        "persons/releases/0": {
            "persons": {"depicted": "others", "minors": "none", "releases": [Cid.of(b"{}").link]}
        },
    }
    for field, more in unknown.items():
        linking = people.consent_statement("artist", grant.parsed.subject, **more)
        record = Record.build(linking, [sign_did(linking, key("artist"))])
        refused.append((record, "link-unknown", f"/predicate/{field}", 403))
    thief = people.consent_statement("artist", grant.parsed.subject)
    refused.append(
        (Record.build(thief, [sign_did(thief, key("thief"))]), "proof-missing", "/predicate/grantor/id", 403)
    )
    for record, code, pointer, status in refused:
        found = problem(people.post(record), status, code)
        assert [each["pointer"] for each in found["errors"]] == [pointer]
    problem(people.post(refused[0][0], token=False), 401, "token-missing")
    body: dict[str, Any] = {**exact(grant), "blocks": ["!"]}
    problem(people.http.post("/v1/consents", json=body, headers=people.bearer), 422, "base64")
    body = {**exact(grant), "blocks": [7]}
    problem(people.http.post("/v1/consents", json=body, headers=people.bearer), 422, "shape")
    assert people.registry.store.records.count() == before


@pytest.mark.parametrize("instant", ["yesterday", "2026-11-22", "2026-11-22T12:00:00+01:00", ""])
def test_instants_have_one_form(people: OverHttp, instant: str) -> None:
    answer = people.http.get(f"/v1/consent/{WORK}", params={"asOf": instant})
    problem(answer, 422, "parameter")
