"""A wallet in the page: an EIP-1193 provider whose every request is answered here, by a key of eth-account.

It behaves as wallets do: it announces itself (EIP-6963), stands as ``window.ethereum``, or both; it asks before it
shows an account; it refuses, changes its account or its chain, when a test says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from tests.api.wallets import Wallet

_SCRIPT = """
(() => {
  const heard = {};
  const tell = (name, value) => (heard[name] ?? []).slice().forEach((listener) => listener(value));
  const provider = {
    request: async ({ method, params }) => {
      const answer = JSON.parse(await window.__askWallet(JSON.stringify({ method, params: params ?? [] })));
      for (const [name, value] of answer.events) tell(name, value);
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      return answer.result;
    },
    on: (name, listener) => { (heard[name] ??= []).push(listener); },
    removeListener: (name, listener) => { heard[name] = (heard[name] ?? []).filter((each) => each !== listener); },
  };
  window.__tellPage = tell;
  const info = { uuid: "5b9f5a52-8f6e-4d0e-9d53-6c1a4b6c7f10", name: "Test <b>Wallet</b>", icon: "data:,", rdns: "org.rakkan.test" };
  const announce = () => window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  if (ANNOUNCED) { window.addEventListener("eip6963:requestProvider", announce); announce(); }
  if (LEGACY) window.ethereum = provider;
})();
"""


class Refusal(Exception):
    """What a wallet throws: EIP-1193 codes."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Injected:
    """One wallet in one browser.

    Attributes:
        wallet: The key.
        chain: On which chain it is.
        knows: Chains that it can switch to.
        rpc_url: Where its transactions go.
        connected: Whether the page may see the account.
        asked: Every method that the page asked for, in order.
        typed: What was signed.
        before: Run when a method is asked for; may raise :class:`Refusal`, and may change all of this.
    """

    wallet: Wallet
    chain: int = 31337
    knows: set[int] = field(default_factory=lambda: {31337})
    rpc_url: str = ""
    connected: bool = False
    accounts: list[str] | None = None
    asked: list[str] = field(default_factory=list)
    typed: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    events: list[tuple[str, object]] = field(default_factory=list)

    def into(self, context: BrowserContext, *, announced: bool = True, legacy: bool = False) -> None:
        """Put the wallet into every page of a browser."""
        script = _SCRIPT.replace("ANNOUNCED", str(announced).lower()).replace("LEGACY", str(legacy).lower())
        context.expose_function("__askWallet", self._answer)
        context.add_init_script(script)

    def shown(self) -> list[str]:
        """The accounts that the page may see."""
        if not self.connected:
            return []
        return [self.wallet.address.lower()] if self.accounts is None else self.accounts

    def become(self, wallet: Wallet) -> None:
        """Another account is chosen in the wallet."""
        self.wallet = wallet
        self.events.append(("accountsChanged", [wallet.address.lower()]))

    def move(self, chain: int) -> None:
        """Another chain is chosen in the wallet."""
        self.chain = chain
        self.events.append(("chainChanged", hex(chain)))

    def _answer(self, request: str) -> str:
        asked = json.loads(request)
        method, parameters = asked["method"], asked["params"]
        self.asked.append(method)
        answer: dict[str, Any] = {"result": None}
        try:
            self.before.get(method, lambda: None)()
            answer["result"] = self._result(method, parameters)
        except Refusal as refusal:
            answer["error"] = {"code": refusal.code, "message": refusal.message}
        events, self.events = self.events, []
        return json.dumps({**answer, "events": events})

    def _result(self, method: str, parameters: list[Any]) -> Any:
        match method:
            case "eth_requestAccounts":
                self.connected = True
                return self.shown()
            case "eth_accounts":
                return self.shown()
            case "eth_chainId":
                return hex(self.chain)
            case "wallet_switchEthereumChain":
                wanted = int(parameters[0]["chainId"], 16)
                if wanted not in self.knows:
                    raise Refusal(4902, "Unrecognized chain ID")
                self.move(wanted)
                return None
            case "eth_signTypedData_v4":
                assert parameters[0].lower() == self.wallet.address.lower(), "asked for an account of its own"
                typed = json.loads(parameters[1])
                self.typed.append(typed)
                return self.wallet.sign(typed)
            case "eth_sendTransaction":
                (sent,) = parameters
                assert sent["from"].lower() == self.wallet.address.lower()
                return self.wallet.send(self.rpc_url, sent)
            case "eth_getTransactionReceipt":
                body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
                return httpx.post(self.rpc_url, json=body, timeout=30).json()["result"]
            case _:
                raise Refusal(4200, "Unsupported method")
