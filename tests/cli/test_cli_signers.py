"""``--signer`` on every command that signs, with wallets and keys from everywhere; and no secret in what is said."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.home import Home
from rakkan.registry.rules.eip712 import Domain, address_of, record_digest, recover
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.values import Cid, Digest
from tests.cli.conftest import Rakkan
from tests.homes import SAID, new_home, require_anvil
from tests.house.code import ROOT

KEY = "1f" * 31 + "0d"
WORD = "open sesame, and tell nobody"
ASKED = ROOT / "tests" / "unit" / "registry" / "signers" / "asked.py"
TERMS = ("--terms", "open-training", *SAID)


@dataclass(frozen=True)
class Desk:
    """A home with a chain, and a key in every place."""

    home: Path
    uris: dict[str, str]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    require_anvil()
    folder = tmp_path_factory.mktemp("desk")
    new_home(folder / "home", chain="local")
    for name, text in (
        ("key", KEY),
        ("store", json.dumps(Account.encrypt(bytes.fromhex(KEY), WORD, iterations=4096))),
    ):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    command = shlex.join([sys.executable, str(ASKED), KEY, "well"])
    uris = {
        "file": f"file:{folder / 'key'}",
        "keystore": f"keystore:{folder / 'store'}",
        "env": "env:ARTIST_WALLET",
        "callback": f"callback:{command}",
    }
    with local_chain(Home(folder / "home")):
        yield Desk(folder / "home", uris)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTIST_WALLET", KEY)
    monkeypatch.setenv("RAKKAN_SIGNER_PASSPHRASE", WORD)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def told(rakkan: Rakkan, home: Path, work: str) -> str:
    ran = rakkan("--home", home, "--json", "consent", "show", work, "--scope", "cawg.data_mining")
    return str(ran.document["scopes"][0]["answer"])


@pytest.mark.chain
@pytest.mark.parametrize("scheme", ["file", "keystore", "env", "callback"])
def test_a_wallet_from_anywhere_grants_slips_and_withdraws(
    rakkan: Rakkan, desk: Desk, scheme: str, tmp_path: Path
) -> None:
    work, uri = str(Digest.of(scheme.encode())), desk.uris[scheme]
    here = ("--home", desk.home, "--json")
    made = rakkan(*here, "consent", "grant", work, *TERMS, "--signer", uri, "--publish")
    assert made.code == 0, made.err
    (proof,) = made.document["proofs"]
    wallet = str(address_of(bytes.fromhex(KEY)))
    assert (proof["suite"], proof["signer"]) == ("eip712", f"did:pkh:eip155:31337:{wallet}")
    assert made.document["statement"]["predicate"]["withdrawal"]["authority"] == wallet
    assert told(rakkan, desk.home, work) == "allowed"
    cid = made.document["recordId"]
    slip = rakkan(*here, "consent", "slip", cid, "--signer", uri)
    assert (slip.document["authority"], slip.document["chainId"]) == (wallet, 31337)
    assert rakkan(*here, "consent", "slip", cid).document["error"]["code"] == "withdrawal-foreign"
    (tmp_path / "slip.json").write_text(slip.out)
    foreign = rakkan(*here, "consent", "withdraw", cid)
    assert foreign.document["error"]["code"] == "withdrawal-foreign"
    gone = rakkan(*here, "consent", "withdraw", cid, "--signer", uri)
    assert gone.code == 0, gone.err
    assert gone.document["anchor"]["state"] in ("mined", "final")
    assert told(rakkan, desk.home, work) == "denied"
    for each in (made, slip, foreign, gone):
        assert KEY not in each.out + each.err
        assert WORD not in each.out + each.err


@pytest.mark.chain
def test_everything_else_that_is_signed(rakkan: Rakkan, desk: Desk, pictures: Path, tmp_path: Path) -> None:
    here, uri = ("--home", desk.home, "--json"), desk.uris["callback"]
    wallet = f"did:pkh:eip155:31337:{address_of(bytes.fromhex(KEY))}"
    work = str(Digest.of(b"another"))

    def signers(*words: object) -> list[str]:
        ran = rakkan(*here, *words, "--signer", uri)
        assert ran.code == 0, ran.err
        return [proof["signer"] for proof in ran.document["proofs"]]

    stamped = rakkan(
        *here,
        "stamp",
        pictures,
        "--out",
        tmp_path / "out",
        "--consent",
        "open-training",
        *SAID,
        "--signer",
        uri,
    )
    assert stamped.code == 0, stamped.err
    name = stamped.document["items"][0]["consent"]["recordId"]
    dry = rakkan(*here, "consent", "grant", work, *TERMS, "--signer", uri, "--dry-run")
    assert dry.document["statement"]["predicate"]["grantor"]["id"] == wallet
    assert signers("consent", "reserve", work) == [wallet]
    assert signers("consent", "delegate", wallet, "--scope", "cawg.data_mining") == [wallet]
    assert signers("claim", work) == [wallet]
    assert signers("dispute", name, "--ground", "forged") == [wallet]
    assert signers("rule", "void", name) == [wallet]
    assert signers("key", "guardians", wallet, "--threshold", "1") == [wallet]
    assert signers("key", "compromised", "--since", "2020-01-01T00:00:00Z") == [wallet]
    follower = tmp_path / "follower"
    follower.touch(mode=0o600)
    follower.write_text("ed25519:" + "07" * 32)
    assert len(signers("key", "rotate", "--to", f"file:{follower}")) == 2


@pytest.mark.chain
def test_a_verdict_is_attested_by_a_wallet_elsewhere(rakkan: Rakkan, desk: Desk, tmp_path: Path) -> None:
    here, lock = ("--home", desk.home, "--json"), tmp_path / "lock.json"
    pictures = render_samples(tmp_path / "pictures")
    assert rakkan("dataset", "lock", pictures[0].parent, "--out", lock).code == 0
    make = ("verdict", "make", lock, "--policy", "permissive-research")
    own = rakkan(*here, *make).document
    theirs = rakkan(*here, *make, "--signer", desk.uris["callback"]).document
    assert own["signature"] != theirs["signature"]
    shown = rakkan(*here, "verdict", "show", theirs["recordId"]).document
    assert shown["signature"] == theirs["signature"], "what was signed last is kept"
    with open_registry(load_settings(home=desk.home)) as registry:
        kept = registry.store.verdicts.get(Cid.parse(theirs["recordId"]).digest)
        assert kept is not None
        assert kept.attester == address_of(bytes.fromhex(KEY)).raw
        identity = registry.identity
        assert identity is not None
        assert identity.gate is not None
        gate = Domain(identity.chain_id, identity.gate)
        stored = registry.store.records.get([kept.record_id])[kept.record_id].record
        digest = record_digest(gate, stored, address_of(bytes.fromhex(KEY)))
        assert recover(digest, bytes.fromhex(theirs["signature"][2:])) == address_of(bytes.fromhex(KEY))
    key = tmp_path / "ed"
    key.touch(mode=0o600)
    key.write_text("ed25519:" + "09" * 32)
    no_wallet = rakkan(*here, *make, "--signer", f"file:{key}")
    assert (no_wallet.code, no_wallet.document["error"]["code"]) == (6, "attester-wallet")


@pytest.mark.chain
def test_an_ed25519_key_from_a_file_grants_and_the_home_withdraws(
    rakkan: Rakkan, desk: Desk, tmp_path: Path
) -> None:
    path, here = tmp_path / "key", ("--home", desk.home, "--json")
    path.touch(mode=0o600)
    path.write_text("ed25519:" + "09" * 32)
    work = str(Digest.of(b"by a key"))
    made = rakkan(*here, "consent", "grant", work, *TERMS, "--signer", f"file:{path}", "--publish")
    assert made.document["proofs"][0]["suite"] == "ed25519"
    for by in (("--signer", f"file:{path}"), ()):
        assert rakkan(*here, "consent", "withdraw", made.document["recordId"], *by).code == 0
    assert told(rakkan, desk.home, work) == "denied"


def test_no_secret_is_in_any_refusal(
    rakkan: Rakkan, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_key, store = tmp_path / "open", tmp_path / "store"
    open_key.write_text(KEY)
    open_key.chmod(0o644)
    store.write_text(json.dumps(Account.encrypt(bytes.fromhex(KEY), WORD + "!", iterations=4096)))
    monkeypatch.setenv("BROKEN", KEY + "00")
    command = shlex.join([sys.executable, str(ASKED), KEY, "no-json"])
    expected: dict[str, tuple[int, str]] = {
        f"file:{open_key}": (6, "key-open"),
        f"keystore:{store}": (6, "key-locked"),
        "env:BROKEN": (2, "key-form"),
        "env:ARTIST_WALLET": (6, "domain-unknown"),
        f"callback:{command}": (6, "signer-answer"),
        KEY: (2, "signer-uri"),
        f"wallet:{KEY}": (2, "signer-uri"),
    }
    for uri, (code, name) in expected.items():
        for verbose in ((), ("-v",)):
            ran = rakkan(
                "--home",
                home,
                "--json",
                *verbose,
                "consent",
                "reserve",
                str(Digest.of(b"x")),
                "--signer",
                uri,
            )
            assert (ran.code, ran.document["error"]["code"]) == (code, name), uri
            said: Any = ran.out + ran.err
            assert KEY not in said
            assert WORD not in said


def test_an_old_key_file_is_warned_of_and_two_signers_are_refused(
    rakkan: Rakkan, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "wallet"
    path.write_text(KEY)
    path.chmod(0o644)
    words = ("consent", "reserve", str(Digest.of(b"x")), "--wallet-key", path)
    ran = rakkan("--home", home, *words)
    assert ran.code == 6
    assert "chmod 600" in ran.err
    both = rakkan("--home", home, "--json", *words, "--signer", "home")
    assert (both.code, both.document["error"]["code"]) == (2, "usage")
