"""Records by wallets held by code, handed in over HTTP as they are."""

from __future__ import annotations

import httpx
import pytest

from rakkan.registry.worker import Worker
from rakkan.schemas.record import Record
from tests.api.asking import exact, problem
from tests.api.server import serving
from tests.flows.walletry import ANN, BEN, TRAIN, Town, a_work, silence, town
from tests.ports.wallets import wallet_code

__all__ = ["town", "wallet_code"]

pytestmark = pytest.mark.chain


def test_a_wallet_grants_over_http(town: Town) -> None:
    wallet, work = town.wallets.deploy("CodeWallet", ANN[1]), a_work()
    given, other = town.grant(wallet, work), town.grant(wallet, a_work())
    token = town.registry.store.new_token("test", town.registry.clock.now())
    bearer = {"Authorization": f"Bearer {token}"}
    with serving(town.registry) as url, httpx.Client(base_url=url, timeout=60, headers=bearer) as http:

        def post(record: Record) -> httpx.Response:
            return http.post("/v1/consents", json=exact(record))

        assert post(given).status_code == 201
        plain = http.post(
            "/v1/consents", json={"statement": given.value, "proofs": given.to_json()["proofs"]}
        )
        assert plain.status_code == 200, "it was known already, and is not asked again"
        Worker(town.registry).settle()
        told = http.get(f"/v1/consent/{work}", params={"scope": TRAIN}).json()
        assert told["answers"][0]["answer"] == "allowed"

        refused = problem(post(town.grant(wallet, a_work(), by=BEN[0])), 403, "proof-invalid")
        assert refused["errors"][0]["pointer"] == "/proofs/0"
        stale = town.wallets.newest()
        town.pass_time(7200)
        refused = problem(post(town.grant(wallet, a_work(), at=stale)), 403, "block-old")
        assert refused["errors"][0]["pointer"] == "/proofs/0/block"

        silence(town)
        answer = post(other)
        problem(answer, 503, "chain-unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert post(given).status_code == 200
    assert town.registry.store.records.get([other.record_id.digest]) == {}
