"""What a home keeps for itself: keys that are never replaced, and a database that nobody else reads."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rakkan.manifests.certificates import Authority, issue_artist
from rakkan.manifests.samples import PARENT
from rakkan.registry.flows.founding import found
from rakkan.registry.settings import load_settings
from tests.cli.command import rakkan
from tests.cli.conftest import Atelier


@pytest.mark.parametrize("name", ["log.pem", "artist.pem", "authority.pem", "credential-key.pem"])
def test_a_lost_key_is_never_replaced(home: Path, name: str) -> None:
    (home / "keys" / name).unlink()
    done = rakkan("init", "--json", home=home)
    assert done.error == (6, "key-missing")
    assert name in done.document["error"]["message"]
    assert "backup" in done.document["error"]["hint"]
    assert not (home / "keys" / name).exists()


@pytest.mark.parametrize("how", ["lost", "emptied"])
def test_a_lost_database_is_never_begun_anew(atelier: Atelier, how: str) -> None:
    """It would sign a second log under the key and the name of the first."""
    database = atelier.home / "registry.db"
    for suffix in ("-wal", "-shm"):
        database.with_name(f"registry.db{suffix}").unlink(missing_ok=True)
    database.unlink()
    if how == "emptied":
        database.touch()
    picture = next(atelier.stamped.iterdir())
    for words in (["log", "head"], ["publish"], ["verify", picture], ["fsck"], ["init"]):
        done = rakkan(*words, "--json", home=atelier.home)
        assert done.error == (5, "store-missing")
        assert "registry.db" in done.err
        assert "backup" in done.document["error"]["hint"]
        assert database.exists() == (how == "emptied")


@pytest.mark.parametrize("how", ["lost", "another"])
def test_nothing_leaves_that_could_not_be_logged(atelier: Atelier, tmp_path: Path, how: str) -> None:
    key, word = atelier.home / "keys" / "log.pem", ("log", "head", "--json")
    size = rakkan(*word, home=atelier.home).document["size"]
    assert (
        rakkan(
            "stamp",
            next(atelier.pictures.iterdir()),
            "--out",
            tmp_path / "o",
            "--creator",
            "B",
            home=atelier.home,
        ).code
        == 0
    )
    words = ("consent", "reserve", next(atelier.stamped.iterdir()), "--json")
    assert rakkan(*words, home=atelier.home).code == 0
    blocks = sorted((path.name, path.stat().st_size) for path in (atelier.home / "blocks").iterdir())
    key.unlink()
    if how == "another":
        found(load_settings(home=tmp_path / "other"))
        key.write_bytes((tmp_path / "other" / "keys" / "log.pem").read_bytes())
    done = rakkan("publish", "--json", home=atelier.home)
    assert done.error == (6, "key-missing" if how == "lost" else "log-key-foreign")
    assert sorted((path.name, path.stat().st_size) for path in (atelier.home / "blocks").iterdir()) == blocks
    assert rakkan(*word, home=atelier.home).document["size"] == size


def test_nobody_else_reads_the_home(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        home = tmp_path / "fresh" / "home"
        assert rakkan("init", "--json", home=home).code == 0
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        files = list(home.rglob("registry.db*"))
        assert files
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        (home / "registry.db").chmod(0o644)  # as an earlier version left it
        assert rakkan("log", "head", home=home).code in (0, 4)
        assert stat.S_IMODE((home / "registry.db").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_certificate_that_has_ended_is_followed_by_another(
    home: Path, pictures: Path, tmp_path: Path
) -> None:
    keys, picture = home / "keys", pictures / PARENT
    authority = Authority((keys / "issuing-key.pem").read_bytes(), (keys / "issuing.pem").read_bytes())
    key = (keys / "credential-key.pem").read_bytes()
    ended = issue_artist(authority, "Ada", datetime.now(UTC) - timedelta(days=400), key_pem=key)
    (keys / "credential.pem").write_bytes(ended.chain_pem)
    words = ("stamp", picture, "--out", tmp_path / "out")
    late = rakkan(*words, "--json", home=home)
    assert late.error == (2, "signer-expired")
    assert "rakkan init" in late.document["error"]["hint"]

    again = rakkan("init", home=home)
    assert (again.code, "certificate" in again.err) == (0, True)
    assert (keys / "credential-key.pem").read_bytes() == key, "the key is as it was"
    assert rakkan(*words, home=home).code == 0
    seen = rakkan("verify", tmp_path / "out" / PARENT, "--json", home=home)
    assert (seen.code, seen.document["state"]) == (0, "trusted")
    assert "Ada" in rakkan("verify", tmp_path / "out" / PARENT, home=home).out
    assert "nothing was made" in rakkan("init", home=home).err
