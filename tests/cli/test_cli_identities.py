"""A picture's identity credentials as people and scripts meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.registry.home import Home
from rakkan.registry.keys import Keys
from rakkan.schemas.identity import parse_did
from tests.cli.conftest import Rakkan
from tests.unit.manifests.credentials import authority
from tests.unit.manifests.identities import SITE, WALLET, aggregated, certified, document, picture_with

TRAIN = "cawg.ai_generative_training"


@pytest.fixture
def aggregator(tmp_path: Path) -> Path:
    """A DID document as its aggregator publishes it."""
    path = tmp_path / "did.json"
    path.write_text(json.dumps(document()))
    return path


def picture(path: Path, subject: str = "did:web:aggregator.example:user:1") -> Path:
    """A picture with a credential by that aggregator, about somebody."""

    def change(made: dict[str, dict[str, str]]) -> None:
        made["credentialSubject"]["id"] = subject

    path.write_bytes(picture_with(lambda links: aggregated(links, issuer=SITE, change=change)))
    return path


def test_verify_without_a_home(rakkan: Rakkan, tmp_path: Path, aggregator: Path) -> None:
    nobody, path = tmp_path / "nobody", picture(tmp_path / "picture.png")
    issuers = tmp_path / "issuers.pem"
    issuers.write_bytes(authority().certificate_pem)
    words = ("--home", nobody, "--json", "verify", path, "--offline", "--trust", issuers)
    unknown = rakkan(*words)
    known = rakkan(*words, "--identity-trust", aggregator)
    for ran, code in ((unknown, "cawg.ica.did_unavailable"), (known, "cawg.identity.trusted")):
        assert (ran.code, ran.document["state"]) == (0, "trusted")  # whomever it names
        (named,) = ran.document["identities"]
        assert named["code"] == code
        assert next(each for each in ran.document["checks"] if each["name"] == "attribution")["code"] == code
    assert unknown.document["identities"][0]["names"] == []
    assert known.document["identities"][0]["names"][0]["address"] == WALLET
    told = rakkan("--home", nobody, "verify", path, "--offline", "--identity-trust", aggregator)
    assert f"the wallet {WALLET} at Wallets (checked 2026-05-27); this does not show who made it." in told.out


def test_lists_may_be_mixed(rakkan: Rakkan, tmp_path: Path, aggregator: Path) -> None:
    path, names = tmp_path / "picture.png", tmp_path / "names.pem"
    path.write_bytes(
        picture_with(
            lambda links: aggregated(links, issuer=SITE), lambda links: certified(links, "Grace", "Names")
        )
    )
    names.write_bytes(authority("Names").certificate_pem)
    words = ("--home", tmp_path / "nobody", "--json", "verify", path)
    ran = rakkan(*words, "--identity-trust", aggregator, "--identity-trust", names)
    assert [each["outcome"] for each in ran.document["identities"]] == ["pass", "pass"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "aggregators-form"), (b"{}", "aggregators-form"), (None, "file-missing")],
)
def test_a_list_that_is_none(rakkan: Rakkan, tmp_path: Path, content: bytes | None, code: str) -> None:
    path, bad = picture(tmp_path / "picture.png"), tmp_path / "list.json"
    if content is not None:
        bad.write_bytes(content)
    ran = rakkan("--home", tmp_path / "nobody", "--json", "verify", path, "--identity-trust", bad)
    assert (ran.code, ran.document["error"]["code"]) == (2, code)


@pytest.mark.parametrize("same", [True, False])
def test_consent_show(rakkan: Rakkan, home: Path, tmp_path: Path, aggregator: Path, same: bool) -> None:
    """The home's own list; the grantor is the home's key."""
    Home(home).aggregators.write_bytes(aggregator.read_bytes())
    grantor = Keys(home / "keys").artist_did
    other = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    parse_did(other)
    path = picture(tmp_path / "picture.png", grantor if same else other)
    show = ("--home", home, "--json", "consent", "show", path, "--scope", TRAIN)
    before = rakkan(*show)
    assert (before.code, before.document["identities"][0]["actors"]) == (3, [])  # it grants nothing
    said = ("--persons", "none", "--minors", "none", "--coauthors", "complete")
    words = ("consent", "grant", path, "--terms", "open-training", *said, "--publish")
    given = rakkan("--home", home, "--json", *words)
    assert given.code == 0, given.err
    ran = rakkan(*show)
    assert (ran.code, ran.document["scopes"][0]["answer"]) == (0, "allowed")  # nor does it deny
    assert ran.document["identities"][0]["actors"] == [{"part": "grantor", "did": grantor, "agrees": same}]
    told = rakkan("--home", home, "consent", "show", path).out
    if same:
        assert "A credential in the file names the same key that spoke about its use." in told
    else:
        assert "names another key than the one that spoke about its use: look before you rely" in told
    by_digest = rakkan("--home", home, "--json", "consent", "show", ran.document["digests"][0])
    assert by_digest.document["identities"] == []
