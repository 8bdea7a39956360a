"""Many works at once: patterns, folders and lists in one consent, and taken back together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.collections import members
from rakkan.registry.flows.publish import plan
from rakkan.registry.service import open_registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.values import Cid, Digest
from tests.cli.conftest import Rakkan
from tests.homes import SAID

TRAIN = "cawg.ai_generative_training"
TERMS = ("--terms", "open-training", *SAID)
AGENT = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def numbered(count: int) -> list[str]:
    return [str(Digest.of(b"work %d" % number)) for number in range(count)]


def told(rakkan: Rakkan, home: Path, *works: object) -> list[str]:
    asked = (rakkan("--home", home, "--json", "consent", "show", work, "--scope", TRAIN) for work in works)
    return [ran.document["scopes"][0]["answer"] for ran in asked]


def predicate(document: Any) -> Any:
    return document["statement"]["predicate"]


@pytest.fixture
def art(tmp_path: Path) -> list[Path]:
    return render_samples(tmp_path / "art")


@pytest.mark.parametrize("verb", ["grant", "reserve"])
@pytest.mark.parametrize("name", ["art", "art/*.png", "art/**"])
def test_folders_and_patterns_are_one_consent_under_one_signature(
    rakkan: Rakkan, home: Path, art: list[Path], tmp_path: Path, verb: str, name: str
) -> None:
    terms = TERMS if verb == "grant" else ()
    words = ("consent", verb, tmp_path / name, *terms)
    wanted = [each for each in art if "png" not in name or each.suffix == ".png"]
    planned = rakkan("--home", home, "--json", *words, "--dry-run")
    assert predicate(planned.document)["collection"]["count"] == len(wanted)
    made = rakkan("--home", home, "--json", *words, "--publish")
    assert made.code == 0, made.err
    said = predicate(made.document)
    assert (said["match"], said["collection"]["count"]) == ("collection", len(wanted))
    assert len(made.document["proofs"]) == 1
    assert told(rakkan, home, *wanted) == [{"grant": "allowed", "reserve": "denied"}[verb]] * len(wanted)
    with open_registry(load_settings(home=home)) as registry:
        digest = Cid.parse(made.document["recordId"]).digest
        record = registry.store.records.get([digest])[digest].record
        assert len(members(registry, record)) == len(wanted), "the list of members is kept"


def test_a_few_are_named_one_by_one_and_more_become_a_collection(
    rakkan: Rakkan, home: Path, art: list[Path]
) -> None:
    few = rakkan("--home", home, "--json", "consent", "grant", *numbered(64), *TERMS)
    assert len(few.document["statement"]["subject"]) == 64
    many = rakkan("--home", home, "--json", "consent", "grant", *numbered(65), *TERMS)
    assert predicate(many.document)["collection"]["count"] == 65
    alone = rakkan("--home", home, "--json", "consent", "grant", art[0].parent / f"*{art[0].stem}*", *TERMS)
    assert "collection" not in predicate(alone.document)
    asked = rakkan("--home", home, "--json", "consent", "grant", art[0], "--collection", *TERMS)
    assert predicate(asked.document)["collection"]["count"] == 1


def test_pictures_that_were_stamped_are_meant_by_their_work(
    rakkan: Rakkan, home: Path, art: list[Path], tmp_path: Path
) -> None:
    assert rakkan("--home", home, "stamp", art[0].parent, "--out", tmp_path / "out", "--publish").code == 0
    made = rakkan(
        "--home", home, "--json", "consent", "grant", art[0].parent, tmp_path / "out", *TERMS, "--publish"
    )
    assert predicate(made.document)["collection"]["count"] == len(art), "each work once, under either file"
    stamped = [tmp_path / "out" / each.name for each in art]
    assert told(rakkan, home, *stamped, *art) == ["allowed"] * 2 * len(art)


def test_works_are_taken_out_of_every_grant_about_them(
    rakkan: Rakkan, home: Path, art: list[Path], tmp_path: Path
) -> None:
    here = ("--home", home, "--json")
    for name in (art[0].parent, art[0]):
        assert rakkan(*here, "consent", "grant", name, *TERMS, "--publish").code == 0
    planned = rakkan(*here, "consent", "withdraw", art[0], "--dry-run")
    assert sorted(each["item"] is None for each in planned.document["withdrawals"]) == [False, True]
    assert told(rakkan, home, *art) == ["allowed"] * len(art)
    gone = rakkan(*here, "consent", "withdraw", art[0])
    assert (gone.code, gone.document["schema"]) == (0, "rakkan.withdrawals/1")
    assert len(gone.document["withdrawals"]) == 2
    assert told(rakkan, home, *art) == ["denied", *["allowed"] * (len(art) - 1)]
    again = rakkan(*here, "consent", "withdraw", art[0])
    assert (again.code, again.document["error"]["code"]) == (4, "consent-none")
    rest = rakkan("--home", home, "consent", "withdraw", art[0].parent)
    assert rest.code == 0, rest.err
    assert "all of it" in rest.out
    assert told(rakkan, home, *art) == ["denied"] * len(art)


def test_a_pattern_is_taken_out_of_one_consent(
    rakkan: Rakkan, home: Path, art: list[Path], tmp_path: Path
) -> None:
    here = ("--home", home, "--json")
    made = rakkan(*here, "consent", "grant", art[0].parent, *TERMS, "--publish").document
    gone = rakkan(*here, "consent", "withdraw", made["recordId"], "--item", tmp_path / "art" / "*.png")
    assert gone.code == 0, gone.err
    assert told(rakkan, home, *art) == [{".png": "denied"}.get(each.suffix, "allowed") for each in art]
    wrong = rakkan(*here, "consent", "withdraw", made["recordId"], "--item", numbered(1)[0])
    assert (wrong.code, wrong.document["error"]["code"]) == (6, "item-other")
    both = rakkan(*here, "consent", "withdraw", art[0], "--item", art[1])
    assert both.document["error"]["code"] == "usage"


def test_what_others_granted_is_not_ours_to_take_back(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("ed25519:" + "05" * 32)
    (work,) = numbered(1)
    words = ("--home", home, "--json", "consent")
    assert rakkan(*words, "grant", work, *TERMS, "--signer", f"file:{key}", "--publish").code == 0
    assert rakkan(*words, "withdraw", work).document["error"]["code"] == "consent-none"
    assert rakkan(*words, "withdraw", work, "--signer", f"file:{key}").code == 0
    assert told(rakkan, home, work) == ["denied"]


def test_a_grant_brings_its_mandates_into_the_open(rakkan: Rakkan, home: Path) -> None:
    here, (work,) = ("--home", home, "--json"), numbered(1)
    above = rakkan(*here, "consent", "delegate", AGENT, "--scope", TRAIN).document["recordId"]
    below = rakkan(*here, "consent", "delegate", AGENT, "--scope", TRAIN, "--under", above).document[
        "recordId"
    ]
    words = ("consent", "grant", work, *TERMS, "--mandate", below)
    planned = rakkan(*here, *words, "--publish", "--dry-run")
    assert sorted(planned.document["alsoPublic"]) == sorted([above, below])
    assert planned.err.count("With it becomes public: mandate by ") == 2
    given = rakkan(*here, *words).document["recordId"]
    with open_registry(load_settings(home=home)) as registry:
        assert [each.record_id for each in plan(registry, [given])] == [above, below, given]
    assert rakkan(*here, "publish", given).code == 0
    with open_registry(load_settings(home=home)) as registry:
        stored = registry.store.records.all()
        assert [(str(each.record.record_id), each.publish) for each in stored] == [
            (above, True),
            (below, True),
            (given, True),
        ]
        places = [each.log_index for each in stored]
        assert places == sorted(place for place in places if place is not None), "mandates come first"
    assert told(rakkan, home, work) == ["allowed"]


def test_a_grant_brings_its_releases_into_the_open_at_once(
    rakkan: Rakkan, home: Path, tmp_path: Path
) -> None:
    from tests.cli.filled import filled

    here, (work,) = ("--home", home, "--json"), numbered(1)
    (tmp_path / "likeness.toml").write_text(filled("likeness", depicted='"grantor"'))
    release = rakkan(*here, "consent", "agree", work, "--terms", tmp_path / "likeness.toml").document[
        "recordId"
    ]
    releases = f'[persons]\nreleases = ["{release}"]'
    (tmp_path / "grant.toml").write_text(filled("grant", depicted='"others"').replace("[persons]", releases))
    words = ("consent", "grant", work, "--terms", tmp_path / "grant.toml", "--publish")
    assert rakkan(*here, *words, "--dry-run").document["alsoPublic"] == [release]
    assert rakkan(*here, *words).code == 0
    ran = rakkan(*here, "publish", "--dry-run")
    assert ran.document["records"] == []
