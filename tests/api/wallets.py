"""A wallet that is not ours: its signatures are those of eth-account, from the typed data that it is given."""

from __future__ import annotations

import contextlib
import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_typed_data

from rakkan.api.limits import Limits
from rakkan.registry.service import Registry
from rakkan.schemas.canonical import canonical
from tests.api.server import serving
from tests.homes import new_registry

LORA, STYLE = "org.rakkan.finetune_lora", "org.rakkan.style_imitation"


class Wallet:
    """One account."""

    def __init__(self, name: int) -> None:
        self.account = Account.from_key(name.to_bytes(32, "big"))
        self.address: str = self.account.address

    def sign(self, typed_data: dict[str, Any]) -> str:
        """``eth_signTypedData_v4``: 65 bytes, hex with 0x."""
        message = encode_typed_data(full_message=json.loads(json.dumps(typed_data)))
        return "0x" + bytes(self.account.sign_message(message).signature).hex()

    def signed(self, draft: dict[str, Any], statement: dict[str, Any]) -> dict[str, Any]:
        """A drafted consent as it is handed in."""
        domain = draft["typedData"]["domain"]
        proof = {
            "suite": "eip712",
            "signer": f"did:pkh:eip155:{domain['chainId']}:{self.address}",
            "signature": self.sign(draft["typedData"])[2:],
            "verifyingContract": domain["verifyingContract"],
        }
        return {"statement": statement, "proofs": [proof]}

    def send(self, rpc_url: str, transaction: dict[str, Any]) -> str:
        """``eth_sendTransaction``: signed here, paid from a purse that the embedded chain fills."""

        def ask(method: str, *parameters: object) -> Any:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
            answer = httpx.post(rpc_url, json=body, timeout=30).json()
            assert "error" not in answer, answer
            return answer["result"]

        ask("anvil_setBalance", self.address, hex(10**18))
        signed = self.account.sign_transaction(
            {
                "to": transaction["to"],
                "data": transaction["data"],
                "chainId": int(ask("eth_chainId"), 16),
                "nonce": int(ask("eth_getTransactionCount", self.address, "latest"), 16),
                "gas": 200_000,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        sent: str = ask("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
        assert int(ask("eth_getTransactionReceipt", sent)["status"], 16) == 1
        return sent


TERMS: dict[str, Any] = {
    "kind": "grant",
    "scopes": {"org.rakkan.finetune_lora": "allowed", "org.rakkan.style_imitation": "notAllowed"},
    "grantee": ["public"],
    "days": 365,
    "mode": "prospective",
    "claim": "created",
    "capacity": "author",
    "coauthors": "complete",
    "persons": {"depicted": "none", "minors": "none"},
}
"""Everything chosen, one use allowed."""


def drafted(http: httpx.Client, wallet: Wallet, digest: str, **terms: Any) -> dict[str, Any]:
    """A draft about one work, named ``kind:hex``."""
    kind, _, hexadecimal = digest.partition(":")
    asked = {"works": [{kind: hexadecimal}], "wallet": wallet.address, "terms": {**TERMS, **terms}}
    answer = http.post("/v1/consents/draft", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@dataclass(frozen=True, slots=True)
class World:
    """A served registry with a chain."""

    registry: Registry
    url: str
    http: httpx.Client
    token: str

    def told(self, digest: str, scope: str = LORA) -> tuple[str, str]:
        answer = self.http.get(f"/v1/consent/{digest}", params={"scope": scope}).json()["answers"][0]
        return answer["answer"], answer["code"]

    def hand_in(self, wallet: Wallet, draft: dict[str, Any], **headers: str) -> httpx.Response:
        return self.http.post("/v1/consents", json=wallet.signed(draft, statement(draft)), headers=headers)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def statement(draft: dict[str, Any]) -> dict[str, Any]:
    content = urlsafe_b64decode(draft["statement"] + "=" * (-len(draft["statement"]) % 4))
    found: dict[str, Any] = json.loads(content)
    assert canonical(found) == content
    return found


def unknown() -> str:
    """The digest of a picture that nobody has ever spoken of."""
    return f"sha256:{secrets.token_hex(32)}"


@contextlib.contextmanager
def wallet_world(folder: Path) -> Iterator[World]:
    """A registry with a chain of its own, served with room for many strangers."""
    limits = Limits(open_consents=1000, open_consents_each=500)
    with new_registry(folder / "home", chain="local") as registry:
        token = registry.store.new_token("test", registry.clock.now())
        with serving(registry, limits=limits) as url, httpx.Client(base_url=url, timeout=60) as http:
            yield World(registry, url, http, token)
