"""``rakkan model``: what a file is, and a run declared end to end: records, header, budget, cross-checks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.models.digests import read_model
from rakkan.manifests.samples import render_samples
from rakkan.schemas.instant import format_instant, from_unix
from tests.cli.conftest import Rakkan
from tests.homes import SAID, new_home
from tests.unit.manifests.models.files import KOHYA, LORA, WRITTEN, safetensors

FOLDER = "1_painter style"


def header(now: int) -> dict[str, Any]:
    """What the trainer wrote, by a clock that is ahead: it began after whatever is granted below."""
    return {
        **KOHYA,
        "ss_training_started_at": f"{now + 300}.25",
        "ss_training_finished_at": f"{now + 360}.5",
        "ss_dataset_dirs": json.dumps({FOLDER: {"n_repeats": 10, "img_count": 4}}),
    }


class Studio:
    """A home without a chain, a locked folder of pictures, and a LoRA that says it was trained on them."""

    def __init__(self, folder: Path, rakkan: Rakkan) -> None:
        self.folder, self._rakkan = folder, rakkan
        now = int(time.time())
        self.began, self.later = format_instant(from_unix(now + 300)), format_instant(from_unix(now + 540))
        self.header = header(now)
        self.home = folder / "home"
        new_home(self.home)
        self.pictures = render_samples(folder / "dataset" / FOLDER)[:4]
        for other in (folder / "dataset" / FOLDER).iterdir():
            if other not in self.pictures:
                other.unlink()
        self.lock, self.lora = folder / "lock.json", folder / "painter.safetensors"
        assert self.run("dataset", "lock", folder / "dataset", "--out", self.lock).code == 0
        self.lora.write_bytes(safetensors(LORA, self.header, order=WRITTEN))

    def run(self, *words: object) -> Any:
        return self._rakkan("--home", self.home, *words)

    def grant(self, *, runs: int | None, grantee: str = "public") -> dict[str, Any]:
        terms = self.folder / "terms.toml"
        bounds = f"[bounds]\nruns = {runs}\n" if runs else ""
        terms.write_text(
            f'kind = "grant"\ngrantee = ["{grantee}"]\nclaim = "created"\ndays = 400\n'
            f'[scopes]\n"org.rakkan.finetune_lora" = "allowed"\n{bounds}'
        )
        given = self.run(
            "--json",
            "consent",
            "grant",
            self.folder / "dataset" / FOLDER,
            "--terms",
            terms,
            "--publish",
            *SAID,
        )
        assert given.code == 0, given.err
        return dict(given.document)

    def register(self, *more: object, code: int = 0) -> Any:
        done = self.run("--json", "model", "register", self.lora, "--dataset", self.lock, *more)
        assert done.code == code, done.err
        return done

    def answer(self) -> str:
        shown = self.run(
            "--json",
            "consent",
            "show",
            self.pictures[0],
            "--scope",
            "org.rakkan.finetune_lora",
        )
        (found,) = shown.document["scopes"]
        return str(found["code"])


@pytest.fixture
def studio(tmp_path: Path, rakkan: Rakkan) -> Studio:
    return Studio(tmp_path, rakkan)


def test_inspect_needs_no_home_and_tells_every_name(tmp_path: Path, rakkan: Rakkan) -> None:
    path = tmp_path / "painter.safetensors"
    path.write_bytes(safetensors(LORA, {**KOHYA, "sshs_model_hash": "ab" * 32}, order=WRITTEN))
    shown = rakkan("--home", tmp_path / "none", "--json", "model", "inspect", path)
    assert shown.code == 0
    model, found = read_model(path), shown.document
    assert found["schema"] == "rakkan.model/1"
    assert found["digest"] == {"autov3": model.autov3.hex, "sha256": model.sha256.hex}
    worth = {(each["alg"], each["basis"]): each["worth"] for each in found["aliases"]}
    assert worth["kohya", "declared"] == "differs"
    assert worth["kohya", "computed"] == worth["autov1", "computed"] == "computed"
    assert found["declared"]["folders"] == [
        {"name": "10_painter style", "images": 4, "repeats": 10, "role": "train"}
    ]
    assert "kohya abababababababab is in the header" in shown.err
    told = rakkan("model", "inspect", path)
    assert model.autov3.hex in told.out
    assert "the tensors alone: this is the model" in told.out


@pytest.mark.parametrize("content", [b"", b"\x80\x02}", b"\xff" * 64])
def test_what_is_no_model_is_refused_by_name(tmp_path: Path, rakkan: Rakkan, content: bytes) -> None:
    path = tmp_path / "painter.safetensors"
    path.write_bytes(content)
    done = rakkan("--json", "model", "inspect", path)
    assert done.code == 2
    assert done.document["error"]["code"].startswith("model-")
    assert "painter.safetensors" in done.err


def test_a_run_is_declared_and_spends_the_budget(studio: Studio) -> None:
    grant = studio.grant(runs=1)
    assert studio.answer() == "granted-to-public"
    before = studio.lora.read_bytes()
    found = studio.register("--publish").document
    assert found["state"] == "registered"
    assert found["consent"]["answers"] == {"allowed": 4}
    (run,) = found["runs"]
    assert (run["began"], run["spent"]) == (studio.began, [grant["envelope"]])
    assert [each["outcome"] for each in found["checks"]] == [
        *("not-applicable", "pass", "pass", "pass", "not-applicable", "pass", "pass", "undetermined")
    ]
    copy = read_model(Path(found["output"]))
    assert copy.autov3.hex == found["digest"]["autov3"]
    assert copy.header.texts == {
        **studio.header,
        "rakkan.dataset_root": found["dataset"]["root"],
        "rakkan.training_run": run["recordId"],
        "rakkan.log": copy.header.texts["rakkan.log"],
    }
    assert studio.lora.read_bytes() == before
    assert studio.answer() == "budget-spent"
    shown = studio.run("--json", "consent", "show", studio.pictures[0], "--as-of", studio.later).document[
        "budgets"
    ]
    assert [(each["recordId"], each["allowed"], len(each["spent"])) for each in shown] == [
        (grant["recordId"], 1, 1)
    ]
    assert shown[0]["spent"][0]["recordId"] == run["recordId"]
    told = studio.run("consent", "show", studio.pictures[0], "--as-of", studio.later).out
    assert f"1 of 1 training runs spent of {grant['recordId']}" in told
    why = studio.run(
        "consent",
        "explain",
        studio.pictures[0],
        "--scope",
        "org.rakkan.finetune_lora",
        "--as-of",
        studio.later,
    )
    assert why.code == 3
    assert "it spends one of the runs allowed" in why.out
    assert studio.run("fsck").code == 0
    told = studio.run("publish", "--dry-run", found["recordId"])
    assert told.code == 0


def test_again_nothing_is_spent_and_a_lost_copy_is_written_anew(studio: Studio) -> None:
    studio.grant(runs=2)
    first = studio.register().document
    again = studio.register().document
    assert again["state"] == "already"
    assert (again["recordId"], again["runs"][0]["recordId"]) == (
        first["recordId"],
        first["runs"][0]["recordId"],
    )
    output = Path(first["output"])
    content = output.read_bytes()
    output.unlink()
    assert studio.register().document["state"] == "already"
    assert output.read_bytes() == content
    assert studio.answer() == "granted-to-public", "one of two"
    # another checkpoint with the same ss_session_id is the same run
    studio.lora = studio.folder / "painter-000010.safetensors"
    studio.lora.write_bytes(safetensors(LORA[:-1], studio.header))
    other = studio.register().document
    assert other["state"] == "registered"
    assert other["runs"][0]["run"] == first["runs"][0]["run"]
    assert studio.answer() == "granted-to-public", "still one of two"
    studio.lora.with_name("later.safetensors").write_bytes(
        safetensors(LORA[1:], {**studio.header, "ss_session_id": "2"})
    )
    studio.lora = studio.lora.with_name("later.safetensors")
    studio.register()
    assert studio.answer() == "budget-spent"


def test_what_disagrees_is_told(studio: Studio) -> None:
    wrong = {
        **studio.header,
        "ss_dataset_dirs": json.dumps({"5_dogs": {"n_repeats": 5, "img_count": 9}}),
        "modelspec.hash_sha256": "0x" + "ab" * 32,
        "rakkan.dataset_root": "ff" * 32,
    }
    studio.lora.write_bytes(safetensors(LORA, wrong, order=WRITTEN))
    done = studio.register("--began", "2019-01-01T00:00:00Z", "--base", f"sha256:{'cc' * 32}")
    told = {each["name"]: each["outcome"] for each in done.document["checks"]}
    assert told == {
        "aliases": "fail",
        "images": "fail",
        "epoch": "fail",
        "folders": "fail",
        "dataset": "fail",
        "began": "fail",
        "ended": "pass",
        "base": "fail",
    }
    assert "The header says 9 images, the lock has 4." in done.err
    assert "4 items were not allowed when training began (no-consent" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--began", "yesterday"), 2, "instant"),
        (("--began", "2999-01-01T00:00:00Z"), 2, "began-future"),
        (("--run", "0d"), 2, "shape"),
        (("--role", "hypernetwork"), 2, "shape"),
        (("--grantee", "nobody"), 2, "grantee-form"),
        (("--base", "autov3:12"), 2, "digest-form"),
        (("--base", "missing.safetensors"), 2, "model-missing"),
        (("--ended", "2019-01-01T00:00:00Z"), 2, "shape"),
    ],
)
def test_a_wrong_word_leaves_nothing(studio: Studio, words: tuple[str, ...], code: int, said: str) -> None:
    before = sorted(each.name for each in studio.folder.iterdir())
    done = studio.register(*words, code=code)
    assert said in done.document["error"]["code"]
    assert sorted(each.name for each in studio.folder.iterdir()) == before


def test_a_header_that_says_no_date_needs_one(studio: Studio) -> None:
    studio.lora.write_bytes(safetensors(LORA, {"format": "pt"}))
    assert studio.register(code=2).document["error"]["code"] == "began-missing"
    assert studio.register("--began", studio.began).document["state"] == "registered"


def test_another_dataset_for_the_same_tensors_is_refused(studio: Studio) -> None:
    studio.register()
    studio.pictures[0].unlink()
    studio.lock.unlink()
    assert studio.run("dataset", "lock", studio.folder / "dataset", "--out", studio.lock).code == 0
    done = studio.register(code=2)
    assert done.document["error"]["code"] == "model-registered"


def test_an_output_that_is_there_stays(studio: Studio) -> None:
    target = studio.folder / "painter.rakkan.safetensors"
    target.write_bytes(b"mine")
    assert studio.register(code=2).document["error"]["code"] == "output-exists"
    assert target.read_bytes() == b"mine"
    assert studio.register("--out", studio.folder / "other.safetensors").code == 0


def test_nothing_private_is_in_the_records(studio: Studio) -> None:
    found = studio.register("--publish").document
    for cid in (found["recordId"], found["runs"][0]["recordId"]):
        shown = studio.run("--json", "publish", "--dry-run", cid).out
        for secret in ("painter", "base.safetensors", "networks.lora", "1234567890"):
            assert secret not in shown, secret
