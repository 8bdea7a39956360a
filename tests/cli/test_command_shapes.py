"""The fixed JSON shapes and exit codes, which scripts of others rely on: asserted key by key."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rakkan.manifests.samples import PARENT
from tests.cli import pngs
from tests.cli.command import Done, rakkan
from tests.cli.conftest import Atelier
from tests.homes import SAID

CHECKS = (
    *("image", "manifest", "signature", "trust", "revocation", "binding", "ingredients", "redactions"),
    *("attribution", "vocabulary", "softBinding", "record", "log", "anchor", "consent"),
)
ITEM = {
    "input",
    "output",
    "state",
    "recordId",
    "envelope",
    "digest",
    "error",
    "findings",
    "assumed",
    "consent",
}
ANCHOR = {"state", "chain", "contract", "tx", "block", "size", "root", "index", "proof"}
CID = re.compile(r"baguqeera[a-z2-7]{52}")
HEX = re.compile(r"[0-9a-f]{64}")


def states(atelier: Atelier, folder: Path) -> dict[str, Path]:
    """A picture in each state that can be reached without a certificate that was taken back."""
    found = {name: folder / f"{name}.png" for name in ("trusted", "invalid", "recovered", "none", "empty")}
    whole = (atelier.stamped / PARENT).read_bytes()
    found["trusted"].write_bytes(whole)
    found["invalid"].write_bytes(pngs.text_added(whole))
    shutil.copy(atelier.pictures / PARENT, found["recovered"])
    Image.effect_noise((256, 256), 90).convert("RGB").save(found["none"])
    found["empty"].write_bytes(b"")
    return found


def test_verify_in_every_state(shared_atelier: Atelier, tmp_path: Path) -> None:
    found = states(shared_atelier, tmp_path)
    home = shared_atelier.home
    answers = {name: rakkan("verify", path, "--json", home=home) for name, path in found.items()}
    answers["intact"] = rakkan("verify", found["trusted"], "--json", home=tmp_path / "nobody")
    codes = {name: done.code for name, done in answers.items()}
    assert codes == {"trusted": 0, "intact": 3, "recovered": 3, "invalid": 1, "none": 4, "empty": 2}
    for name, done in answers.items():
        if name == "empty":
            assert done.document["schema"] == "rakkan.error/1"
            continue
        document = done.document
        assert set(document) == {
            *("schema", "state", "checks", "record", "anchor", "consent", "lineage", "matched", "identities")
        }
        assert (document["schema"], document["state"]) == ("rakkan.verification/1", name)
        assert tuple(each["name"] for each in document["checks"]) == CHECKS
        for each in document["checks"]:
            assert set(each) == {"name", "outcome", "code", "detail"}
            assert each["outcome"] in ("pass", "fail", "undetermined", "not-applicable")
        assert set(document["anchor"]) == ANCHOR
        assert {"nodes", "edges"} <= set(document["lineage"])
        if document["record"] is not None:
            assert set(document["record"]) == {"recordId", "envelope"}
            assert all(CID.fullmatch(each) for each in document["record"].values())
        assert done.err == ""
    known = answers["trusted"].document
    assert known["anchor"]["state"] == "unanchored"
    for node in known["lineage"]["nodes"]:
        assert {"id", "kind", "digest"} <= set(node)
    for edge in known["lineage"]["edges"]:
        assert {"from", "to", "relation"} <= set(edge)


@pytest.fixture(scope="module")
def judged(shared_atelier: Atelier, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A home of its own, and the lock of its dataset."""
    folder = tmp_path_factory.mktemp("judged")
    shutil.copytree(shared_atelier.home, folder / "home")
    done = rakkan("dataset", "lock", shared_atelier.stamped, "--out", folder / "lock.json", "--json")
    assert done.code == 0
    return folder, done.document


def test_dataset_lock(judged: tuple[Path, Any], shared_atelier: Atelier) -> None:
    document = judged[1]
    assert set(document) == {"schema", "root", "size", "items"}
    assert document["schema"] == "rakkan.dataset-lock/1"
    assert HEX.fullmatch(document["root"])
    assert document["size"] == len(document["items"]) == len(list(shared_atelier.stamped.iterdir()))
    for item in document["items"]:
        assert set(item) == {"sha256", "path", "bytes", "count", "trainingInput"}
        assert HEX.fullmatch(item["sha256"])
        assert (shared_atelier.stamped / item["path"]).stat().st_size == item["bytes"]
    assert [item["sha256"] for item in document["items"]] == sorted(i["sha256"] for i in document["items"])
    printed = rakkan("dataset", "lock", shared_atelier.stamped)
    assert printed.document == document


def test_verdict_make_and_show(judged: tuple[Path, Any]) -> None:
    folder, lock = judged
    words = ("verdict", "make", folder / "lock.json", "--policy", "reservation-free", "--json")
    made = rakkan(*words, home=folder / "home")
    document = made.document
    standing = {"stale", "staleCauses", "staleCausesTotal"}
    assert set(document) == {"schema", "recordId", "envelope", "verdict", "signature"} | standing
    assert document["schema"] == "rakkan.verdict/1"
    assert CID.fullmatch(document["recordId"])
    assert document["signature"] is None, "without a gate nobody attests"
    statement = document["verdict"]
    assert statement["predicateType"] == "urn:rakkan:verdict:1"
    assert statement["subject"] == [{"name": "dataset", "digest": {"datasetRoot": lock["root"]}}]
    assert made.code == {"approved": 0, "rejected": 1, "undetermined": 3}[statement["predicate"]["outcome"]]
    for name in (document["recordId"], document["envelope"], f"datasetRoot:{lock['root']}"):
        shown = rakkan("verdict", "show", name, "--json", home=folder / "home")
        assert (shown.code, shown.document) == (made.code, document)


def test_a_verdict_in_every_outcome(judged: tuple[Path, Any], tmp_path: Path) -> None:
    folder, _ = judged
    (tmp_path / "empty").mkdir()
    assert rakkan("dataset", "lock", tmp_path / "empty", "--out", tmp_path / "empty.json").code == 0
    share = '{"clause":"consent.share","scope":"org.rakkan.finetune_lora","grantee":"public","minBp":%s}'
    head = '{"policy":"rakkan-policy/1","name":"x","validDays":9,"all":[%s]}'
    (tmp_path / "some.json").write_text(head % (share % "10000"))
    (tmp_path / "none.json").write_text(head % (share.replace("finetune_lora", "style_imitation") % "10000"))
    asked = {
        "approved": (folder / "lock.json", "some.json", 0),
        "rejected": (folder / "lock.json", "none.json", 1),
        "undetermined": (tmp_path / "empty.json", "some.json", 3),
    }
    for outcome, (lock, policy, code) in asked.items():
        words = ("verdict", "make", lock, "--policy", tmp_path / policy, "--json")
        made = rakkan(*words, home=folder / "home")
        assert (made.document["verdict"]["predicate"]["outcome"], made.code) == (outcome, code)


def stamp(home: Path, picture: Path, out: Path, *words: object) -> Done:
    return rakkan("stamp", picture, "--out", out, "--json", *words, home=home)


def test_stamp_and_private_until_published(home: Path, pictures: Path, tmp_path: Path) -> None:
    done = stamp(home, pictures / PARENT, tmp_path / "out", "--consent", "community-lora", *SAID)
    document = done.document
    assert document["schema"] == "rakkan.stamp/1"
    (item,) = document["items"]
    assert set(item) == ITEM
    assert item["error"] is None
    assert set(item["digest"]) == {"sha256", "c2paClaim", "c2paHardBinding"}
    assert all(HEX.fullmatch(each) for each in item["digest"].values())
    failed = stamp(home, tmp_path / "missing.png", tmp_path / "out").document["items"][0]
    assert set(failed) == ITEM
    assert {"code", "message"} <= set(failed["error"])

    assert not [path for path in (home / "blocks").rglob("*") if path.is_file()], "no block was stored"
    assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty")
    assert rakkan("worker", "--once", "--json", home=home).document["pinned"] == 0
    planned = rakkan("publish", "--dry-run", "--json", home=home).document
    assert (planned["schema"], planned["dryRun"]) == ("rakkan.publish/1", True)
    assert {each["recordId"] for each in planned["records"]} == {
        item["recordId"],
        item["consent"]["recordId"],
    }
    work = next(each for each in planned["records"] if each["kind"] == "work")
    assert {"prompt", "workflow"} <= set(work["hides"])
    assert len(work["blocks"]) == 3
    assert rakkan("log", "head", "--json", home=home).error == (4, "log-empty"), "a dry run sends nothing"

    published = rakkan("publish", "--json", home=home).document
    assert published["records"] == planned["records"]
    blocks = b"".join(path.read_bytes() for path in (home / "blocks").rglob("*") if path.is_file())
    assert PARENT.encode() not in blocks
    assert rakkan("log", "head", "--json", home=home).document["size"] == 2
    assert rakkan("publish", "--dry-run", "--json", home=home).document["records"] == []
