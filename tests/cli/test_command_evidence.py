"""Evidence that was tampered with: bundles, proofs, blocks and databases, through ``rakkan``."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from rakkan.manifests.samples import CHILD, PARENT
from rakkan.registry.content.car import read_car, write_car
from rakkan.registry.ports import Block
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.canonical import canonical
from rakkan.schemas.record import Record
from rakkan.schemas.values import Cid
from tests.cli.command import Done, rakkan
from tests.cli.conftest import Atelier
from tests.homes import new_home


@pytest.fixture(scope="module")
def bundle(shared_atelier: Atelier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "picture.car"
    words = ("evidence", "pack", shared_atelier.stamped / PARENT, "--out", path)
    assert rakkan(*words, home=shared_atelier.home).code == 0
    return path


def check(atelier: Atelier, car: Path, home: Path, key: str = "") -> tuple[Done, Done]:
    """What a stranger, with trust from outside, is told about a bundle, and about the picture by it."""
    log_key = key or json.loads((atelier.home / "config.json").read_text())["logKeys"][0]
    trust = ("--log-key", log_key, "--trust", atelier.home / "issuers.pem", "--json")
    words = ("verify", atelier.stamped / PARENT, "--offline", "--bundle", car, *trust)
    return rakkan("evidence", "check", car, *trust, home=home), rakkan(*words, home=home)


def outcomes(done: Done) -> dict[str, str]:
    return {each["name"]: each["outcome"] for each in done.document["checks"]}


def test_a_whole_bundle_offline_without_a_home(shared_atelier: Atelier, bundle: Path, tmp_path: Path) -> None:
    checked, verified = check(shared_atelier, bundle, tmp_path / "nobody")
    assert (verified.code, verified.document["state"]) == (0, "trusted")
    assert outcomes(checked)["record"] == outcomes(checked)["log"] == "pass"
    assert (checked.code, checked.document["holds"]) == (3, "undetermined"), "the chain was not asked"
    assert not (tmp_path / "nobody").exists()


@pytest.mark.parametrize("place", [0.0, 0.05, 0.3, 0.6, 0.999])
def test_one_byte_of_a_bundle(shared_atelier: Atelier, bundle: Path, tmp_path: Path, place: float) -> None:
    content = bytearray(bundle.read_bytes())
    content[int(len(content) * place)] ^= 1
    (tmp_path / "x.car").write_bytes(content)
    for done in check(shared_atelier, tmp_path / "x.car", tmp_path / "nobody"):
        assert done.code in (1, 2)
        assert done.document["error"]["code"] in ("block-digest", "car-form", "bundle-form", "cid-form")
        assert done.document["error"]["hint"]
        assert f"The bundle {tmp_path / 'x.car'}" in done.err


@pytest.mark.parametrize("content", [b"", b"no bundle", b"\x00" * 100])
def test_no_bundle_at_all(shared_atelier: Atelier, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.car").write_bytes(content)
    for done in check(shared_atelier, tmp_path / "x.car", tmp_path / "nobody"):
        assert done.error == (2, "car-form")
        assert f"The bundle {tmp_path / 'x.car'}" in done.err
        assert done.document["error"]["hint"]


def test_a_bundle_does_not_vouch_for_itself(home: Path, shared_atelier: Atelier, bundle: Path) -> None:
    """Everything in it is consistent, and signed by the wrong log: only the key from outside counts."""
    other = json.loads((home / "config.json").read_text())["logKeys"][0]
    checked, verified = check(shared_atelier, bundle, home / "nobody", other)
    assert (checked.code, checked.document["holds"], outcomes(checked)["log"]) == (1, "no", "fail")
    assert (verified.code, verified.document["state"]) == (1, "invalid")


def forged(bundle: Path, path: Path, **fields: object) -> Path:
    """The bundle with another root block."""
    car = read_car(bundle.read_bytes())
    root = json.loads(car.blocks[car.roots[0]])
    for name, value in fields.items():
        part = root
        *way, last = name.split("__")
        for step in way:
            part = part[step]
        part[last] = value
    head = Block.of(canonical(root))
    rest = [Block(cid, content) for cid, content in car.blocks.items() if cid != car.roots[0]]
    path.write_bytes(write_car(head.cid, [head, *rest]))
    return path


@pytest.mark.parametrize(
    "fields",
    [
        {"work__index": 1},
        {"work__proof": []},
        {"work__proof": ["00" * 32] * 3},
        {"root": "ab" * 32},
        {"size": 5},
        {"note": ""},
    ],
)
def test_a_forged_proof(
    shared_atelier: Atelier, bundle: Path, tmp_path: Path, fields: dict[str, object]
) -> None:
    car = forged(bundle, tmp_path / "x.car", **fields)
    for done in check(shared_atelier, car, tmp_path / "nobody"):
        if "note" in fields:  # a head that is not there proves nothing, and refutes nothing
            assert outcomes(done)["log"] == "undetermined"
        else:
            assert (done.code, outcomes(done)["log"]) == (1, "fail")


@pytest.mark.parametrize(
    "fields", [{"size": -1}, {"work__index": "first"}, {"anchor": {"state": "said so"}}, {"extra": 1}]
)
def test_a_bundle_of_another_form_is_named_with_what_to_do(
    shared_atelier: Atelier, bundle: Path, tmp_path: Path, fields: dict[str, object]
) -> None:
    car = forged(bundle, tmp_path / "x.car", **fields)
    for done in check(shared_atelier, car, tmp_path / "nobody"):
        if "extra" in fields:
            assert done.code in (0, 3), "unknown fields are kept and never grant"
            continue
        assert done.error == (2, "shape")
        assert f"The bundle {car} is not whole: /" in done.err
        assert "Get it again" in done.document["error"]["hint"]


def test_a_malleated_signature_in_a_record(shared_atelier: Atelier, bundle: Path, tmp_path: Path) -> None:
    car = read_car(bundle.read_bytes())
    root = json.loads(car.blocks[car.roots[0]])
    envelope = json.loads(car.blocks[Cid.parse(root["work"]["envelope"]["/"])])
    signature = envelope["proofs"][0]["signature"]
    envelope["proofs"][0]["signature"] = ("0" if signature[0] != "0" else "1") + signature[1:]
    block = Block.of(canonical(envelope))
    root["work"]["envelope"] = {"/": str(block.cid)}
    head = Block.of(canonical(root))
    rest = [Block(cid, content) for cid, content in car.blocks.items() if cid != car.roots[0]]
    (tmp_path / "x.car").write_bytes(write_car(head.cid, [head, block, *rest]))
    for done in check(shared_atelier, tmp_path / "x.car", tmp_path / "nobody"):
        assert (done.code, outcomes(done)["record"]) == (1, "fail")


def test_every_block_in_the_segments_is_missed_when_it_is_broken(atelier: Atelier) -> None:
    blocks = [path for path in (atelier.home / "blocks").rglob("*") if path.is_file()]
    with open_registry(load_settings(home=atelier.home)) as registry:
        stored = next(each for each in registry.store.records.all() if each.record.kind == "work")
        stamp = registry.store.stamps.by_record([stored.record.record_id.digest]).popitem()[1]
        wanted = (stored.record.statement, stored.record.envelope, stamp.manifest)
    segment = next(path for path in blocks if wanted[0] in path.read_bytes())
    whole = segment.read_bytes()
    for content in wanted:
        at = whole.index(content) + len(content) // 2
        segment.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = rakkan("fsck", "--json", home=atelier.home)
        assert (done.code, done.document["state"]) == (1, "damaged")
        assert {each["code"] for each in done.document["problems"]} <= {"block-digest", "block-missing"}
        (problem,) = done.document["problems"]
        assert problem["where"].startswith("baf" if content == stamp.manifest else "bagu")
    segment.write_bytes(whole)
    assert rakkan("fsck", home=atelier.home).code == 0


def test_a_record_changed_in_the_database_is_believed_by_nobody(atelier: Atelier) -> None:
    with open_registry(load_settings(home=atelier.home)) as registry:
        stored = registry.store.records.all()[0].record
    assert isinstance(stored, Record)
    changed = stored.statement.replace(b"generated", b"captured!")
    with sqlite3.connect(atelier.home / "registry.db") as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%envelope_bytes%'"
        ).fetchone()
        connection.execute(
            f"UPDATE {table} SET statement = ? WHERE statement = ?", (changed, stored.statement)
        )
    connection.close()
    assert rakkan("fsck", "--json", home=atelier.home).document["state"] == "damaged"
    name = f"c2paClaim:{stored.parsed.subject[0].digest['c2paClaim']}"
    done = rakkan("verify", name, "--json", home=atelier.home)
    assert done.code in (1, 2)


def test_a_database_of_another_version(home: Path) -> None:
    with sqlite3.connect(home / "registry.db") as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%setting%'"
        ).fetchone()
        connection.execute(f"UPDATE {table} SET value = '99' WHERE name = 'schema'")
    connection.close()
    before = (home / "registry.db").read_bytes()
    for words in (["log", "head"], ["fsck"], ["publish"], ["init"]):
        done = rakkan(*words, "--json", home=home)
        assert done.error == (2, "store-version")
        assert "99" in done.err
        assert done.document["error"]["hint"]
    assert (home / "registry.db").read_bytes() == before


def test_a_database_of_another_home(home: Path, shared_atelier: Atelier) -> None:
    shutil.copy(shared_atelier.home / "registry.db", home / "registry.db")
    for suffix in ("-wal", "-shm"):
        (home / f"registry.db{suffix}").unlink(missing_ok=True)
    assert rakkan("log", "head", "--json", home=home).error == (2, "store-foreign")


def test_the_bundle_of_another_picture(shared_atelier: Atelier, bundle: Path, tmp_path: Path) -> None:
    key = json.loads((shared_atelier.home / "config.json").read_text())["logKeys"][0]
    words = ("verify", shared_atelier.stamped / CHILD, "--offline", "--bundle", bundle, "--log-key", key)
    done = rakkan(*words, "--trust", shared_atelier.home / "issuers.pem", "--json", home=tmp_path / "nobody")
    assert (done.code, outcomes(done)["record"]) == (1, "fail")


def test_what_cannot_be_tied_to_the_log_that_was_meant_allows_nothing(
    shared_atelier: Atelier, home: Path
) -> None:
    picture, key = (
        shared_atelier.stamped / PARENT,
        json.loads((home / "config.json").read_text())["logKeys"][0],
    )
    whole = rakkan("verify", picture, "--json", home=shared_atelier.home)
    assert (whole.code, "allowed" in whole.document["consent"]["scopes"].values()) == (0, True)
    done = rakkan("verify", picture, "--log-key", key, "--json", home=shared_atelier.home)
    assert (done.code, outcomes(done)["log"], outcomes(done)["consent"]) == (1, "fail", "undetermined")
    said = done.document["consent"]["scopes"]
    assert "allowed" not in said.values()
    denied = {scope for scope, word in whole.document["consent"]["scopes"].items() if word == "denied"}
    assert denied == {scope for scope, word in said.items() if word == "denied"}, "a no stays a no"


def test_what_fails_first_is_what_makes_it_invalid(
    shared_atelier: Atelier, bundle: Path, tmp_path: Path
) -> None:
    """An issuer that is not known here makes nothing invalid, and stands earlier in the list."""
    key = json.loads((shared_atelier.home / "config.json").read_text())["logKeys"][0]
    other = new_home(tmp_path / "other").folder / "issuers.pem"
    words = ("verify", shared_atelier.stamped / CHILD, "--offline", "--bundle", bundle, "--log-key", key)
    done = rakkan(*words, "--trust", other, home=tmp_path / "nobody")
    assert done.code == 1
    assert "What fails first: trust" not in done.out
    assert "What fails first: " in done.out
