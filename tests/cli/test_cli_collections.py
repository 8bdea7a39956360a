"""``rakkan consent grant --collection``, ``delegate`` and ``show --as-of`` as people and scripts call them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.schemas.instant import format_instant
from rakkan.schemas.values import Digest
from tests.cli.conftest import Rakkan
from tests.homes import SAID

DIGESTS = [str(Digest.of(b"work %d" % number)) for number in range(3)]
TRAIN = "cawg.ai_generative_training"


def answers(rakkan: Rakkan, home: Path, name: str | Path, *more: str) -> list[str]:
    ran = rakkan("--home", home, "--json", "consent", "show", name, "--scope", TRAIN, *more)
    return [each["answer"] for each in ran.document["scopes"] + ran.document.get("then", [])]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    return render_samples(tmp_path / "pictures")


@pytest.mark.parametrize("name", ["pictures", "pictures/*", "pictures/**/*.png"])
def test_folders_and_patterns_are_one_collection(
    rakkan: Rakkan, home: Path, pictures: list[Path], tmp_path: Path, name: str
) -> None:
    words = (
        "consent",
        "grant",
        tmp_path / name,
        "--collection",
        "--terms",
        "open-training",
        *SAID,
        "--publish",
    )
    ran = rakkan("--home", home, "--json", *words)
    assert ran.code == 0, ran.err
    said = ran.document["statement"]["predicate"]
    wanted = [each for each in pictures if "png" not in name or each.suffix == ".png"]
    assert (said["match"], said["collection"]["count"]) == ("collection", len(wanted))
    assert f"Collection: {len(wanted)} works" in ran.document["notice"]
    for each in wanted:
        assert answers(rakkan, home, each) == ["allowed"]


def test_digests_and_locks_are_one_collection_and_one_work_is_taken_out(
    rakkan: Rakkan, home: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    lock = tmp_path / "lock.json"
    assert rakkan("dataset", "lock", pictures[0].parent, "--out", lock).code == 0
    size = len(json.loads(lock.read_text())["items"])
    words = (
        "consent",
        "grant",
        *DIGESTS,
        lock,
        DIGESTS[0],
        "--collection",
        "--terms",
        "open-training",
        *SAID,
    )
    ran = rakkan("--home", home, "--json", *words, "--publish")
    assert ran.code == 0, ran.err
    assert ran.document["statement"]["predicate"]["collection"]["count"] == size + len(DIGESTS)
    taken = rakkan("--home", home, "consent", "withdraw", ran.document["recordId"], "--item", DIGESTS[1])
    assert taken.code == 0, taken.err
    assert [answers(rakkan, home, each) for each in DIGESTS] == [["allowed"], ["denied"], ["allowed"]]


def test_the_dry_run_lists_the_works_as_public(rakkan: Rakkan, home: Path) -> None:
    words = ("consent", "grant", *DIGESTS, "--collection", "--terms", "open-training", *SAID)
    assert rakkan("--home", home, *words).code == 0
    ran = rakkan("--home", home, "publish", "--dry-run")
    assert "the digests of 3 works" in ran.out
    planned = rakkan("--home", home, "--json", *words, "--dry-run")
    assert planned.document["statement"]["predicate"]["collection"]["count"] == len(DIGESTS)


def test_what_names_nothing_is_refused(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in (tmp_path / "empty", tmp_path / "*.png", "nothing"):
        ran = rakkan(
            "--home",
            home,
            "--json",
            "consent",
            "grant",
            name,
            "--collection",
            "--terms",
            "open-training",
            *SAID,
        )
        assert ran.document["error"]["code"] == "collection-nothing"


def test_then_and_now(rakkan: Rakkan, home: Path) -> None:
    ran = rakkan(
        "--home",
        home,
        "--json",
        "consent",
        "grant",
        DIGESTS[0],
        "--terms",
        "open-training",
        *SAID,
        "--publish",
    )
    begin = ran.document["statement"]["predicate"]["validFrom"]
    assert answers(rakkan, home, DIGESTS[0]) == ["allowed"]
    assert answers(rakkan, home, DIGESTS[0], "--as-of", "2020-01-01T00:00:00Z") == ["undetermined"] * 2
    assert rakkan("--home", home, "consent", "withdraw", ran.document["recordId"]).code == 0
    assert answers(rakkan, home, DIGESTS[0]) == ["denied"]
    far = format_instant(datetime.now(UTC) + timedelta(minutes=11))
    for words in (("show", "--as-of", far), ("explain", "--as-of", far), ("explain", "--known", far)):
        verb, *rest = words
        early = rakkan("--home", home, "--json", "consent", verb, DIGESTS[0], *rest)
        assert (early.code, early.document["error"]["code"]) == (2, "instant-future"), words
        assert "Leave it out" in early.document["error"]["hint"]
    soon = format_instant(datetime.now(UTC) + timedelta(minutes=5))
    assert answers(rakkan, home, DIGESTS[0], "--as-of", soon) == ["denied", "denied"], (
        "clocks differ a little"
    )
    shown = rakkan("--home", home, "consent", "show", DIGESTS[0], "--scope", TRAIN, "--as-of", begin)
    assert shown.out.split("\n")[0].split() == ["known", "now", "known", "then", "a", "new", "use"]
    told = rakkan("--home", home, "--json", "consent", "show", DIGESTS[0], "--scope", TRAIN, "--as-of", begin)
    assert [told.document["today"][0][name] for name in ("answer", "code")] == ["denied", "withdrawn"]
    wrong = rakkan("--home", home, "--json", "consent", "show", DIGESTS[0], "--as-of", "yesterday")
    assert wrong.document["error"]["code"] == "instant-form"


def test_somebody_may_grant_in_my_name(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    agent = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    ran = rakkan("--home", home, "--json", "consent", "delegate", agent, "--scope", TRAIN, "--days", "9")
    assert ran.code == 0, ran.err
    said = ran.document["statement"]
    assert (said["predicate"]["kind"], said["predicate"]["grantee"]) == ("mandate", [agent])
    assert said["subject"][0]["name"] == "author"
    assert "They may allow in the name of the one who states this" in ran.document["notice"]
    one = rakkan(
        "--home", home, "--json", "consent", "delegate", agent, "--scope", TRAIN, "--work", DIGESTS[0]
    )
    assert one.document["statement"]["subject"][0]["digest"] == {"sha256": DIGESTS[0].split(":")[1]}
    below = rakkan(
        "--home",
        home,
        "--json",
        "consent",
        "delegate",
        agent,
        "--scope",
        TRAIN,
        "--under",
        ran.document["recordId"],
    )
    assert below.document["statement"]["predicate"]["mandate"] == {"/": ran.document["envelope"]}
    for word in ("public", "nobody"):
        refused = rakkan("--home", home, "--json", "consent", "delegate", word, "--scope", TRAIN)
        assert refused.document["error"]["code"] == "shape"
