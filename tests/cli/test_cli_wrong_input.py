"""Wrong input: a typed error that names the file and the fix, the documented code, one line, nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Atelier, Rakkan

UNKNOWN_CID = "baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya"
UNKNOWN_DIGEST = "sha256:" + "ab" * 32


def broken(folder: Path, pictures: Path, name: str) -> Path:
    whole = (pictures / "dawn-ridges.png").read_bytes()
    path = folder / {"extension": "extension.jpg", "text": "text.png"}.get(name, f"{name}.png")
    content = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "text": b"this is no picture\n",
        "extension": whole,
        "trailing": whole + b"<script>",
    }
    if name in content:
        path.write_bytes(content[name])
    elif name == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize("name", ["empty", "truncated", "text", "extension", "trailing", "missing", "folder"])
@pytest.mark.parametrize(
    "command", ["verify", "stamp", "trace", "evidence pack", "consent show", "consent reserve"]
)
def test_a_file_that_is_no_picture(
    rakkan: Rakkan, home: Path, tmp_path: Path, pictures: Path, command: str, name: str
) -> None:
    path = broken(tmp_path, pictures, name)
    words = [*command.split(), path, "--home", home, "--json"]
    words += ["--out", tmp_path / "x.car"] if command == "evidence pack" else []
    ran = rakkan(*words)
    if name == "folder" and command in ("stamp", "consent reserve"):
        code = {"stamp": "images-missing", "consent reserve": "collection-nothing"}[command]
        assert (ran.code, ran.document["error"]["code"]) == (4, code)
        return
    assert ran.code == 2
    assert path.name in ran.err
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("rakkan: ")
    error = ran.document["items"][0]["error"] if command == "stamp" else ran.document["error"]
    assert error["code"].startswith("image-")
    assert error["hint"]
    left = {each.name for each in tmp_path.iterdir()}
    assert left <= {"home", path.name, "stamped"}
    assert not any((tmp_path / "stamped").iterdir()) if "stamped" in left else True


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["verify", UNKNOWN_CID], 4, "record-unknown"),
        (["verify", UNKNOWN_CID[:-1] + "b"], 2, "cid-form"),
        (["verify", "sha256:ABC"], 2, "digest-form"),
        (["verify", "sha256:" + "AB" * 32], 2, "digest-form"),
        (["verify", UNKNOWN_DIGEST, "--grantee", ""], 2, "grantee-form"),
        (["consent", "show", UNKNOWN_DIGEST, "--grantee", "everybody"], 2, "grantee-form"),
        (["trace", UNKNOWN_DIGEST], 4, "record-unknown"),
        (["trace", UNKNOWN_CID], 4, "record-unknown"),
        (["consent", "withdraw", UNKNOWN_CID], 4, "record-unknown"),
        (["consent", "withdraw", "not-a-cid"], 2, "cid-form"),
        (["consent", "grant", UNKNOWN_CID, "--terms", "community-lora"], 4, "record-unknown"),
        (["consent", "grant", UNKNOWN_DIGEST, "--terms", "no-such-terms"], 4, "terms-missing"),
        (["consent", "grant", UNKNOWN_DIGEST, "--terms", "reserve"], 2, "terms-kind"),
        (["consent", "reserve", UNKNOWN_DIGEST, "--terms", "open-training"], 2, "terms-kind"),
        (
            ["consent", "grant", UNKNOWN_DIGEST, "--terms", "reserve", "--grantee", "everybody"],
            2,
            "terms-kind",
        ),
        (["consent", "reserve", UNKNOWN_DIGEST, "--grantee", "everybody"], 2, "shape"),
        (["consent", "reserve", UNKNOWN_DIGEST, "--wallet-key", "/no/such/key"], 4, "key-missing"),
        (["publish", UNKNOWN_CID], 4, "record-unknown"),
        (["evidence", "check", "/no/such.car"], 4, "file-missing"),
        (["verdict", "show", UNKNOWN_CID], 4, "verdict-unknown"),
        (["verdict", "show", "datasetRoot:" + "00" * 32], 4, "verdict-unknown"),
        (["verdict", "make", "/no/such.lock", "--policy", "strict-art-lora"], 4, "file-missing"),
        (["policy", "lint", "no-such-policy"], 4, "policy-missing"),
        (["dataset", "lock", "/no/such/folder"], 4, "dataset-missing"),
        (["log", "head"], 4, "log-empty"),
        (["log", "proof", "0"], 4, "log-empty"),
        (["log", "proof"], 2, "usage"),
        (["log", "proof", "xx"], 2, "usage"),
        (["log", "proof", "baguqeera"], 2, "usage"),
        (["log", "proof", UNKNOWN_CID, "--from", "1"], 2, "usage"),
        (["anchor", "now"], 5, "no-chain"),
        (["gate", "submit", UNKNOWN_CID], 4, "verdict-unknown"),
        (["worker", "--once", "--poll", "3"], 2, "usage"),
        (["init", "--chain", "mainnet"], 2, "usage"),
        (["stamp", "x.png", "--publish=seed"], 2, "usage"),
        (["stamp", "x.png", "--grantee", "public"], 2, "usage"),
        (["stamp", "x.png", "--jobs", "0"], 2, "usage"),
        (["stamp"], 2, "usage"),
        (["frob"], 2, "usage"),
        (["verify", "--frob", "x.png"], 2, "usage"),
        (["consent"], 2, "usage"),
        (["serve", "--port", "0"], 2, "usage"),
        (["serve", "--host", "no.such.host.invalid"], 2, "serve-address"),
        (["verify", "x.png", "--home"], 2, "usage"),
    ],
)
def test_wrong_words(rakkan: Rakkan, home: Path, words: list[str], code: int, named: str) -> None:
    ran = rakkan("--home", home, "--json", *words)
    assert (ran.code, ran.document["error"]["code"]) == (code, named)
    assert ran.document["schema"] == "rakkan.error/1"
    assert set(ran.document["error"]) == {"code", "message", "hint", "pointer", "fields"}
    assert ran.err.count("\n") == 1
    plain = rakkan("--home", home, *words)
    assert (plain.code, plain.out) == (code, "")
    assert plain.err.splitlines()[-1] == ran.err.strip()


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["publish"],
            ["trace", "x.png"],
            ["fsck"],
            ["worker", "--once"],
            ["log", "head"],
            ["anchor", "status"],
        ),
        *(
            ["consent", "show", UNKNOWN_DIGEST],
            ["verdict", "show", UNKNOWN_CID],
            ["gate", "status", UNKNOWN_CID],
        ),
        *(["verify", UNKNOWN_CID], ["serve"]),
    ],
)
def test_no_home(rakkan: Rakkan, tmp_path: Path, words: list[str]) -> None:
    ran = rakkan("--home", tmp_path / "nowhere", "--json", *words)
    assert (ran.code, ran.document["error"]["code"]) == (4, "home-missing")
    assert "rakkan init" in ran.err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"schema":"rakkan.home/2"}', b"\xff\xfe", b"[1.5]"])
def test_damaged_config(rakkan: Rakkan, home: Path, content: bytes) -> None:
    (home / "config.json").write_bytes(content)
    ran = rakkan("log", "head", "--home", home, "--json")
    assert ran.code == 2
    assert ran.document["error"]["code"] in ("shape", "not-json")
    assert ran.err.count("\n") == 1
    assert f"config.json in {home}" in ran.err
    assert ran.document["error"]["hint"]


def test_database_that_is_none(rakkan: Rakkan, home: Path) -> None:
    (home / "registry.db").write_bytes(b"not a database at all, and long enough to be one" * 100)
    ran = rakkan("log", "head", "--home", home, "--json")
    assert ran.code in (1, 2, 5)
    assert ran.document["error"]["code"].startswith("store-")


def test_home_that_is_something_else(rakkan: Rakkan, tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    ran = rakkan("init", "--home", tmp_path, "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "home-occupied")
    assert [each.name for each in tmp_path.iterdir()] == ["holiday.txt"]


def test_settings_that_make_no_sense(rakkan: Rakkan, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_CLOCK", "2026-11-22T09:30:00Z")
    ran = rakkan("log", "head", "--home", home, "--json")
    assert (ran.code, ran.document["error"]["code"]) == (6, "clock-moved")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda lock: lock.update(root="00" * 32), "lock-root"),
        (lambda lock: lock["items"].reverse(), "lock-order"),
        (lambda lock: lock["items"][0].pop("bytes"), "lock-form"),
        (lambda lock: lock["items"][0].update(path="../../etc/passwd"), "lock-item"),
        (lambda lock: lock.update(schema="rakkan.dataset-lock/9"), "lock-form"),
    ],
)
def test_tampered_lock(rakkan: Rakkan, atelier: Atelier, tmp_path: Path, change: object, named: str) -> None:
    assert rakkan("dataset", "lock", atelier.stamped, "--out", tmp_path / "lock.json").code == 0
    lock = json.loads((tmp_path / "lock.json").read_text())
    change(lock)  # type: ignore[operator]
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    ran = rakkan(
        "verdict",
        "make",
        tmp_path / "lock.json",
        "--policy",
        "strict-art-lora",
        "--home",
        atelier.home,
        "--json",
    )
    assert (ran.code, ran.document["error"]["code"]) == (1 if named == "lock-root" else 2, named)
    assert f"The lock {tmp_path / 'lock.json'}" in ran.err
    assert ran.document["error"]["hint"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"policy":"rakkan-policy/1","name":"x","validDays":1,"all":[{"clause":"consent.maybe"}]}',
        b'{"policy":"rakkan-policy/1","name":"x","validDays":1.5,"all":[]}',
        b'{"policy":"rakkan-policy/1","name":"x","validDays":1,"all":[],"extra":1}',
    ],
)
def test_policy_that_cannot_be_judged(rakkan: Rakkan, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "policy.json").write_bytes(content)
    ran = rakkan("policy", "lint", tmp_path / "policy.json", "--json")
    assert ran.code == 2
    assert ran.document["error"]["code"] in ("policy-clause", "not-json")
    assert f"The policy {tmp_path / 'policy.json'}" in ran.err
    assert ran.document["error"]["hint"]


def test_hostile_names_reach_no_terminal(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\u202e.png"
    path.write_bytes(b"no picture")
    for words in (["verify", path], ["stamp", path], ["stamp", tmp_path], ["trace", path]):
        ran = rakkan(*words, "--home", home)
        assert ran.code == 2
        assert "\x1b" not in ran.err + ran.out
        assert "\u202e" not in ran.err + ran.out


def test_output_that_cannot_be_written(rakkan: Rakkan, atelier: Atelier, tmp_path: Path) -> None:
    ran = rakkan("dataset", "lock", atelier.stamped, "--out", tmp_path / "no" / "folder.json", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (5, "file-unwritable")
    picture = atelier.stamped / "agate.jpg"
    ran = rakkan(
        "evidence", "pack", picture, "--out", tmp_path / "no" / "x.car", "--home", atelier.home, "--json"
    )
    assert (ran.code, ran.document["error"]["code"]) == (5, "file-unwritable")
    blocked = tmp_path / "taken"
    blocked.mkdir()
    ran = rakkan("dataset", "lock", atelier.stamped, "--out", blocked, "--json")
    assert ran.code == 5
    assert list(blocked.iterdir()) == []
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_dataset_with_files_that_are_no_items_is_not_locked_unasked(
    rakkan: Rakkan, atelier: Atelier, tmp_path: Path
) -> None:
    whole = len(list(atelier.stamped.iterdir()))
    (atelier.stamped / "broken.png").write_bytes(b"")
    (atelier.stamped / "notes.md").write_text("not an item, and nobody minds")
    out = tmp_path / "lock.json"
    ran = rakkan("dataset", "lock", atelier.stamped, "--out", out, "--json")
    assert (ran.code, ran.document["error"]["code"], out.exists()) == (2, "dataset-refused", False)
    assert "broken.png" in ran.err
    ran = rakkan("dataset", "lock", atelier.stamped, "--out", out, "--json", "--leave-out")
    assert (ran.code, ran.document["size"]) == (0, whole)
    assert "broken.png" in ran.err
    shutil.rmtree(atelier.stamped)
