"""``--trust`` and ``--identity-trust``: a file or a folder of files; anything else is an error of usage with its fix."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from tests.cli.conftest import Rakkan


@pytest.fixture
def stamped(rakkan: Rakkan, home: Path, tmp_path: Path) -> Path:
    picture = render_samples(tmp_path / "pictures")[0]
    assert rakkan("--home", home, "stamp", picture, "--out", tmp_path / "out").code == 0
    return tmp_path / "out" / picture.name


def verified(rakkan: Rakkan, tmp_path: Path, stamped: Path, *words: object) -> tuple[int, str]:
    """Exit code, and the state or the error, for somebody who has no home."""
    ran = rakkan("--home", tmp_path / "nobody", "--json", "verify", stamped, "--offline", *words)
    said = ran.document.get("error")
    return ran.code, said["code"] if said else ran.document["state"]


def test_a_folder_is_all_its_certificates(rakkan: Rakkan, home: Path, stamped: Path, tmp_path: Path) -> None:
    """Other issuers and keys may lie beside the one that is meant; folders in it are not looked into."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    shutil.copy(home / "issuers.pem", folder / "one.PEM")
    assert rakkan("--home", tmp_path / "other", "init", "--chain", "none").code == 0
    shutil.copy(tmp_path / "other" / "issuers.pem", folder / "another.crt")
    shutil.copy(home / "keys" / "log.pem", folder / "key.pem")
    (folder / "notes.txt").write_text("not looked at")
    one = verified(rakkan, tmp_path, stamped, "--trust", home / "issuers.pem")
    assert one == verified(rakkan, tmp_path, stamped, "--trust", folder) == (0, "trusted")
    (folder / "one.PEM").unlink()
    assert verified(rakkan, tmp_path, stamped, "--trust", folder) == (3, "intact"), "the other one alone"
    assert verified(rakkan, tmp_path, stamped, "--identity-trust", folder) == (3, "intact")


@pytest.mark.parametrize("option", ["--trust", "--identity-trust"])
def test_what_is_no_list_of_issuers_is_an_error_of_usage(
    rakkan: Rakkan, home: Path, stamped: Path, tmp_path: Path, option: str
) -> None:
    folder, bad = tmp_path / "folder", tmp_path / "folder" / "bad.pem"
    (folder / "within").mkdir(parents=True)
    shutil.copy(home / "issuers.pem", folder / "within")
    wrong: list[tuple[Path, str]] = [
        (folder, "issuers-empty"),
        (tmp_path / "missing.pem", "file-missing"),
        (home / "keys" / "credential.pem", "issuers-not-issuer"),
        (bad, "certificate-form"),
        (folder, "certificate-form"),
    ]
    for path, code in wrong:
        if code == "certificate-form":
            bad.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        named = "--home", tmp_path / "nobody", "--json", "verify", stamped, option, path
        ran = rakkan(*named)
        assert (ran.code, ran.document["error"]["code"]) == (2, code), path
        assert str(bad if code == "certificate-form" else path) in ran.document["error"]["message"]
        assert ran.document["error"]["hint"], "and what to do"
    if option == "--trust":
        ran = rakkan(
            "--home", tmp_path / "nobody", "--json", "verify", stamped, option, home / "keys" / "log.pem"
        )
        assert (ran.code, ran.document["error"]["code"]) == (2, "issuers-empty")
