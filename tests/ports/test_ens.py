"""ENS names on a real chain, with resolvers that answer as they are told."""

from __future__ import annotations

import pytest

from rakkan.registry.ledger.anvil import LocalChain
from rakkan.registry.ledger.ens import KEY, REGISTRY, namehash, text_of
from rakkan.registry.ledger.loopback import ask
from rakkan.schemas.errors import DomainError
from rakkan.schemas.identity import Address, keccak
from tests.ports.anvil import anvil_program, chain, lying_node

__all__ = ["anvil_program", "chain"]

pytestmark = pytest.mark.chain
RESOLVER = Address(b"\x22" * 20)
DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def answering(chain: LocalChain, at: Address, answer: bytes) -> None:
    """A contract that answers every call with these bytes."""
    size = len(answer)
    code = bytes([0x61]) + size.to_bytes(2) + bytes([0x60, 15, 0x60, 0, 0x39])  # CODECOPY(0, 15, size)
    code += bytes([0x61]) + size.to_bytes(2) + bytes([0x60, 0, 0xF3])  # RETURN(0, size)
    ask(chain.port, "anvil_setCode", str(at), "0x" + (code.ljust(15, b"\0") + answer).hex())


def string(text: bytes) -> bytes:
    return (32).to_bytes(32) + len(text).to_bytes(32) + text.ljust(-(-len(text) // 32) * 32, b"\0")


def test_nodes_of_names_are_those_of_the_standard() -> None:
    assert namehash("foo.eth").hex() == "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"
    for name in ("", "eth", "Foo.eth", "foo..eth", "föö.eth", ".eth"):
        with pytest.raises(DomainError) as caught:
            namehash(name)
        assert caught.value.code == "ens-name"


def test_the_text_of_a_name_is_asked_of_its_resolver(chain: LocalChain) -> None:
    answering(chain, REGISTRY, RESOLVER.raw.rjust(32, b"\0"))
    answering(chain, RESOLVER, string(DID.encode()))
    seen: list[tuple[str, str]] = []

    def listen(method: str, params: list[object], truth: dict[str, object]) -> object:
        if method == "eth_call" and isinstance(params[0], dict):
            seen.append((params[0]["to"].lower(), params[0]["data"]))
        return truth

    with lying_node(chain.port, listen) as url:
        assert text_of(url, "foo.eth") == DID
    node = namehash("foo.eth")
    assert seen == [
        (str(REGISTRY).lower(), "0x" + (keccak(b"resolver(bytes32)")[:4] + node).hex()),
        (
            str(RESOLVER).lower(),
            "0x"
            + (
                keccak(b"text(bytes32,string)")[:4]
                + node
                + (64).to_bytes(32)
                + len(KEY).to_bytes(32)
                + KEY.encode().ljust(32, b"\0")
            ).hex(),
        ),
    ]


@pytest.mark.parametrize(
    ("registry", "resolver", "code"),
    [
        (b"", b"", "ens-answer"),
        (bytes(32), b"", "ens-unknown"),
        (b"\x01" + bytes(31), b"", "ens-answer"),
        (RESOLVER.raw.rjust(32, b"\0"), string(b""), "ens-unknown"),
        (RESOLVER.raw.rjust(32, b"\0"), b"", "ens-answer"),
        (RESOLVER.raw.rjust(32, b"\0"), string(b"\xff\xfe"), "ens-answer"),
        (RESOLVER.raw.rjust(32, b"\0"), (32).to_bytes(32) + (2**200).to_bytes(32), "ens-answer"),
        (RESOLVER.raw.rjust(32, b"\0"), (64).to_bytes(32) + bytes(64), "ens-answer"),
    ],
    ids=["nothing", "nobody", "no-address", "no-text", "no-answer", "no-letters", "too-long", "elsewhere"],
)
def test_what_is_no_ens_is_told(chain: LocalChain, registry: bytes, resolver: bytes, code: str) -> None:
    answering(chain, REGISTRY, registry)
    answering(chain, RESOLVER, resolver)
    with pytest.raises(DomainError) as caught:
        text_of(chain.rpc_url, "foo.eth")
    assert caught.value.code == code
