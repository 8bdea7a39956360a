"""``rakkan identify aggregator|steward``: by a credential in a picture, and by rights that somebody saw."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Rakkan
from tests.cli.test_cli_identify import artist, assurance, did, granted, trusted
from tests.unit.manifests.identities import SITE, aggregated, document, picture_with

__all__ = ("artist",)  # a fixture


def picture(path: Path, subject: str) -> Path:
    """A picture with a credential about this subject."""

    def change(made: dict[str, dict[str, str]]) -> None:
        made["credentialSubject"]["id"] = subject

    path.write_bytes(picture_with(lambda links: aggregated(links, issuer=SITE, change=change)))
    return path


def identified(rakkan: Rakkan, home: Path, artist: Path, *words: object) -> Any:
    more = ("--actor", did(artist), "--co-signer", artist)
    return rakkan("--home", home, "--json", "identify", *words, *more)


def test_an_aggregators_credential_identifies_whom_it_names(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    granted(rakkan, home, artist)
    trusted(home, did(home))
    assert assurance(rakkan, home) == 0
    path = picture(tmp_path / "picture.png", did(artist))
    unknown = identified(rakkan, home, artist, "aggregator", path)
    assert (unknown.code, unknown.document["error"]["code"]) == (6, "credential-open")
    assert "picture.png" in unknown.err
    (home / "aggregators.json").write_text(json.dumps(document()))
    done = identified(rakkan, home, artist, "aggregator", path)
    assert done.code == 0, done.err
    rakkan("--home", home, "worker", "--once")
    assert assurance(rakkan, home) == 2


@pytest.mark.parametrize(
    ("subject", "code", "exit_code"),
    [
        ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "identity-other", 6),
        (None, "credential-none", 4),
    ],
    ids=["another", "none"],
)
def test_a_credential_about_somebody_else_identifies_nobody(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path, subject: str | None, code: str, exit_code: int
) -> None:
    (home / "aggregators.json").write_text(json.dumps(document()))
    path = tmp_path / "picture.png"
    path.write_bytes(picture_with()) if subject is None else picture(path, subject)
    ran = identified(rakkan, home, artist, "aggregator", path)
    assert (ran.code, ran.document["error"]["code"]) == (exit_code, code)


def test_a_credential_cut_out_of_another_picture_identifies_nobody(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    (home / "aggregators.json").write_text(json.dumps(document()))
    path = picture(tmp_path / "picture.png", did(artist))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"IDAT") + 12
    content[place] ^= 1
    path.write_bytes(bytes(content))
    ran = identified(rakkan, home, artist, "aggregator", path)
    assert ran.code in (2, 4)
    assert ran.document["error"]["code"] in ("credential-none", "image-damaged")


def test_a_steward_says_what_was_seen(rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path) -> None:
    granted(rakkan, home, artist)
    trusted(home, did(home))
    contract = tmp_path / "contract.pdf"
    contract.write_bytes(b"a commission")
    nothing = identified(rakkan, home, artist, "steward", "Ada of the studio")
    assert (nothing.code, nothing.document["error"]["code"]) == (2, "usage")
    missing = identified(rakkan, home, artist, "steward", "Ada", "--evidence", tmp_path / "none.pdf")
    assert (missing.code, missing.document["error"]["code"]) == (4, "file-missing")
    done = identified(rakkan, home, artist, "steward", "Ada of the studio", "--evidence", contract)
    assert done.code == 0, done.err
    rakkan("--home", home, "worker", "--once")
    assert assurance(rakkan, home) == 3
    block = b"".join(path.read_bytes() for path in (home / "blocks").rglob("*") if path.is_file())
    assert hashlib.sha256(b"a commission").hexdigest().encode() in block
    assert b"contract.pdf" not in block
