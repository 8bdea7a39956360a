"""What an issuer took back, and keys that everybody has: the command says no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rakkan.manifests.certificates import Authority, load_certificates
from rakkan.manifests.samples import PARENT
from rakkan.registry.home import Home
from rakkan.registry.keys import ACCOUNT, CREDENTIAL_CHAIN, ISSUING_CERTIFICATE, ISSUING_KEY
from rakkan.registry.ledger.loopback import ask, choose_port
from tests.cli.command import Done, rakkan
from tests.cli.conftest import Atelier
from tests.homes import require_anvil
from tests.ports.anvil import anvil_program, bare_anvil
from tests.unit.manifests.stapling import GOOD, answer, stapled

__all__ = ["anvil_program"]

PRINTED = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""The first key of the mnemonic that anvil and Hardhat print at every start."""


def issued_by(home: Path) -> tuple[Authority, Any]:
    """The home's own issuer, and the artist's certificate."""
    keys = Home(home).keys
    authority = Authority(keys.read(ISSUING_KEY), keys.read(ISSUING_CERTIFICATE))
    return authority, load_certificates(keys.read(CREDENTIAL_CHAIN))[0]


def checks(done: Done) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in done.document["checks"]}


def test_a_credential_that_its_issuer_took_back(atelier: Atelier, tmp_path: Path) -> None:
    """The registry knows the work; its certificate was revoked since, and the file has the issuer's word."""
    original = (atelier.stamped / PARENT).read_bytes()
    authority, certificate = issued_by(atelier.home)
    path = tmp_path / PARENT
    path.write_bytes(stapled(original, answer(authority, certificate)))
    done = rakkan("verify", path, "--json", home=atelier.home)
    assert (done.code, done.document["state"]) == (1, "revoked")
    found = checks(done)
    assert found.pop("revocation") == "fail"
    assert "fail" not in found.values()
    assert found["record"] == "pass", "it is the same work, whatever lies beside its signature"
    plain = rakkan("verify", path, home=atelier.home)
    assert plain.code == 1
    assert "a certificate that its issuer has taken back" in plain.out
    alone = rakkan("verify", path, "--json", home=tmp_path / "nowhere")
    assert (alone.code, alone.document["state"]) == (1, "revoked"), "for a reader who knows nobody, too"

    path.write_bytes(stapled(original, answer(authority, certificate, GOOD)))
    assert rakkan("verify", path, home=atelier.home).code == 0


@pytest.mark.chain
def test_a_key_that_is_printed_in_manuals_pays_on_the_local_chain_alone(
    tmp_path: Path, anvil_program: Path
) -> None:
    require_anvil()
    home = tmp_path / "home"
    assert rakkan("init", home=home).code == 0
    key = ec.derive_private_key(int(PRINTED, 16), ec.SECP256K1())
    Home(home).keys.write(
        f"{ACCOUNT}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    account = str(Home(home).keys.address(ACCOUNT))
    assert account == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

    port = choose_port()
    with bare_anvil(anvil_program, port, tmp_path, 7):
        ask(port, "anvil_setBalance", account, hex(10**20))
        elsewhere = rakkan("init", "--chain", f"http://127.0.0.1:{port}", "--json", home=home)
        assert elsewhere.error == (6, "dev-key")
        assert account in elsewhere.document["error"]["message"]
        assert ask(port, "eth_getTransactionCount", account, "latest") == "0x0", "nothing was sent"
    assert Home(home).read().chain is None

    assert rakkan("init", "--chain", "local", home=home).code == 0
    chain = Home(home).read().chain
    assert chain is not None
    assert chain.chain_id == 31337
