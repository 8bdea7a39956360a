"""Stamping as artists do it: folders, lineage, terms, crashes, doing it again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rakkan.manifests.image import read_image
from rakkan.manifests.read import read_manifest
from rakkan.manifests.samples import CHILD, PARENT, render_samples
from rakkan.registry.flows.consent.terms import load_terms
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.batch import Finding
from rakkan.registry.flows.stamp.stamping import StampItem, StampOptions, stamp_files
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.registry.rules.sealing import commitment
from rakkan.registry.service import Registry, open_registry
from rakkan.schemas.work import Work
from tests.homes import new_home, new_registry, own_terms


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    render_samples(folder)
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


def work_of(item: StampItem) -> Work:
    assert item.record is not None
    predicate = item.record.predicate
    assert isinstance(predicate, Work)
    return predicate


def test_a_folder_is_stamped_verified_and_left_as_it_was(
    registry: Registry, pictures: Path, tmp_path: Path
) -> None:
    inputs = sorted(pictures.iterdir())
    before = {path: path.read_bytes() for path in inputs}
    items = stamp_files(
        registry, inputs, StampOptions(out=tmp_path / "out", terms=own_terms("community-lora"))
    )
    assert [item.state for item in items] == ["stamped"] * 5
    assert {path: path.read_bytes() for path in inputs} == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in inputs]
    for item in items:
        assert item.output is not None
        assert item.consent is not None
        report = read_manifest(read_image(item.output), registry.issuers)
        assert report.state == "trusted", report.checks
        assert report.identity is not None
        assert item.digest["c2paClaim"] == report.identity.c2pa_claim.hex
        answer = verify_name(registry.settings, str(item.output), VerifyOptions())
        assert answer.state == "trusted"
        assert answer.record is not None
        assert answer.record.record_id == item.record.record_id if item.record else False


def test_lineage_is_found_by_name_and_kept_private_unless_asked(
    registry: Registry, pictures: Path, tmp_path: Path
) -> None:
    inputs = [pictures / CHILD, pictures / PARENT]  # the child first: order is ours to find
    child, parent = stamp_files(registry, inputs, StampOptions(out=tmp_path / "a"))
    assert work_of(child).parents == ()
    assert work_of(child).making == "edited"
    assert any(each.name.startswith("lineage/") for each in work_of(child).commitments)
    child, parent = stamp_files(registry, inputs, StampOptions(out=tmp_path / "b", disclose=("parents",)))
    assert [(each.relation, each.digest) for each in work_of(child).parents] == [
        ("parentOf", f"c2paClaim:{parent.digest['c2paClaim']}")
    ]


def test_again_after_publishing_is_still_already(registry: Registry, pictures: Path, tmp_path: Path) -> None:
    """A published parent may be linked from now on; that makes no other stamping of its children."""
    inputs = [pictures / CHILD, pictures / PARENT]
    options = StampOptions(out=tmp_path / "out", disclose=("parents",))
    first = stamp_files(registry, inputs, options)
    publish(registry)
    again = stamp_files(registry, inputs, options)
    assert [item.state for item in again] == ["already", "already"]
    assert [item.digest for item in again] == [item.digest for item in first]


def test_a_name_that_several_inputs_have_is_nobodys_parent(
    registry: Registry, pictures: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
    for folder, name in (
        (folders[0], PARENT),
        (folders[1], PARENT),
        (folders[1], CHILD),
        (folders[2], CHILD),
    ):
        (folder / name).write_bytes((pictures / name).read_bytes())
    inputs = [folders[2] / CHILD, folders[1] / CHILD, folders[1] / PARENT, folders[0] / PARENT]
    alone, beside, parent, _ = stamp_files(registry, inputs, StampOptions(disclose=("parents",)))
    assert work_of(alone).parents == ()
    assert [each.digest for each in work_of(beside).parents] == [f"c2paClaim:{parent.digest['c2paClaim']}"]


def test_nothing_private_is_in_record_or_manifest(registry: Registry, pictures: Path, tmp_path: Path) -> None:
    options = StampOptions(
        out=tmp_path / "out", creator="Ada Lovelace of Kensington", terms=load_terms("reserve")
    )
    for item in stamp_files(registry, sorted(pictures.iterdir()), options):
        assert item.record is not None
        fields = registry.store.stamps.fields(item.record.record_id.digest)
        stamp = registry.store.stamps.by_record([item.record.record_id.digest])[item.record.record_id.digest]
        public = item.record.statement + item.record.envelope + stamp.manifest
        assert fields["creator"].text == "Ada Lovelace of Kensington"
        assert fields["file"].text == item.input.name
        named = {each.name: each.value for each in work_of(item).commitments}
        for name, field in fields.items():
            assert named[name] == commitment(field.salt, field.text).hex()
            if len(field.text) > 5:
                assert field.text.encode() not in public, name


def test_again_is_already_and_a_lost_output_is_made_anew(
    registry: Registry, pictures: Path, tmp_path: Path
) -> None:
    options = StampOptions(out=tmp_path / "out")
    (first,) = stamp_files(registry, [pictures / PARENT], options)
    (again,) = stamp_files(registry, [pictures / PARENT], options)
    assert (again.state, again.output, again.digest) == ("already", first.output, first.digest)
    assert first.output is not None
    first.output.unlink()
    (anew,) = stamp_files(registry, [pictures / PARENT], options)
    assert anew.state == "stamped"
    assert registry.store.records.count() == {"work": 2}


def test_jobs_give_the_same_as_one(registry: Registry, pictures: Path, tmp_path: Path) -> None:
    inputs = sorted(pictures.iterdir())
    items = stamp_files(registry, inputs, StampOptions(out=tmp_path / "out", jobs=2, disclose=("parents",)))
    assert [(item.state, item.input) for item in items] == [("stamped", path) for path in inputs]
    assert len(work_of(items[[p.name for p in inputs].index(CHILD)]).parents) == 1
    for item in items:
        assert item.output is not None
        assert read_manifest(read_image(item.output), registry.issuers).state == "trusted"


def test_dry_run_writes_nothing(registry: Registry, pictures: Path, tmp_path: Path) -> None:
    items = stamp_files(
        registry, sorted(pictures.iterdir()), StampOptions(out=tmp_path / "out", dry_run=True)
    )
    assert {item.state for item in items} == {"planned"}
    assert not (tmp_path / "out").exists()
    assert registry.store.records.count() == {}


def test_a_credentialed_file_becomes_an_ingredient(
    registry: Registry, pictures: Path, tmp_path: Path
) -> None:
    (first,) = stamp_files(registry, [pictures / PARENT], StampOptions(out=tmp_path / "one"))
    assert first.output is not None
    (second,) = stamp_files(registry, [first.output], StampOptions(out=tmp_path / "two"))
    assert second.state == "stamped", second.error
    assert second.output is not None
    report = read_manifest(read_image(second.output), registry.issuers)
    assert report.state == "trusted"
    assert len(report.ingredients) == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.png", b"", "image-empty"),
        ("text.png", b"not an image at all", None),
        ("missing.png", None, None),
        ("truncated.png", "truncate", None),
        ("wrong.jpg", "png", "image-extension"),
    ],
)
def test_bad_input_fails_alone(
    registry: Registry,
    pictures: Path,
    tmp_path: Path,
    name: str,
    content: bytes | str | None,
    code: str | None,
) -> None:
    good, bad = pictures / PARENT, tmp_path / name
    whole = good.read_bytes()
    if content is not None:
        given = {"truncate": whole[:-1000], "png": whole}
        bad.write_bytes(given[content] if isinstance(content, str) else content)
    failed, fine = stamp_files(registry, [bad, good], StampOptions(out=tmp_path / "out"))
    assert (failed.state, fine.state) == ("failed", "stamped")
    assert failed.error is not None
    assert name in failed.error.message
    if code:
        assert failed.error.code == code
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [PARENT]


def test_outputs_do_not_collide_or_overwrite(registry: Registry, pictures: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / PARENT
    other.parent.mkdir()
    shutil.copy(pictures / CHILD, other)
    one, two = stamp_files(registry, [pictures / PARENT, other], StampOptions(out=tmp_path / "out"))
    assert one.state == "stamped"
    assert two.error is not None
    assert two.error.code == "output-collision"
    (own,) = stamp_files(registry, [other], StampOptions(out=other.parent))
    assert own.error is not None
    assert own.error.code == "output-is-input"
    (tmp_path / "out2").mkdir()
    (tmp_path / "out2" / PARENT).write_bytes(b"somebody else's")
    (taken,) = stamp_files(
        registry, [pictures / PARENT], StampOptions(out=tmp_path / "out2", terms=own_terms("open-training"))
    )
    assert taken.error is not None
    assert (tmp_path / "out2" / PARENT).read_bytes() == b"somebody else's"


@pytest.mark.parametrize("point", ["stamp.signed", "stamp.recorded", "stamp.renamed"])
def test_killed_while_stamping(point: str, pictures: Path, tmp_path: Path) -> None:
    settings = new_home(tmp_path / "home")
    script = (
        "import sys; from pathlib import Path\n"
        "from rakkan.registry.service import open_registry\n"
        "from rakkan.registry.settings import load_settings\n"
        "from tests.homes import own_terms\n"
        "from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files\n"
        "with open_registry(load_settings(home=Path(sys.argv[1]))) as registry:\n"
        "    options = StampOptions(out=Path(sys.argv[3]), terms=own_terms('community-lora'))\n"
        "    items = stamp_files(registry, sorted(Path(sys.argv[2]).iterdir()), options)\n"
        "    assert all(item.error is None for item in items), items\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "home"), str(pictures), str(tmp_path / "out")]
    killed = subprocess.run(command, env={**os.environ, "RAKKAN_FAILPOINT": point}, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert subprocess.run(command, check=False, timeout=120).returncode == 0
    with open_registry(settings) as registry:
        outputs = sorted((tmp_path / "out").iterdir())
        assert [path.name for path in outputs] == sorted(path.name for path in pictures.iterdir())
        for path in outputs:
            answer = verify_name(settings, str(path), VerifyOptions())
            assert answer.state == "trusted", path
            assert answer.record is not None
        assert registry.store.records.count() == {"work": 5, "consent": 5}


def test_real_pictures(real_pictures: list[Path], registry: Registry, tmp_path: Path) -> None:
    items = stamp_files(registry, real_pictures, StampOptions(out=tmp_path / "out", jobs=2))
    assert [(item.input.name, item.error) for item in items if item.state != "stamped"] == []
    for item in items:
        assert verify_name(registry.settings, str(item.output), VerifyOptions()).state == "trusted"


def test_secrets_are_told_before_anything_is_signed(registry: Registry, tmp_path: Path) -> None:
    graph = {"3": {"class_type": "SaveImage", "inputs": {"path": "/home/ada/secret/out", "images": ["3", 0]}}}
    record = PngInfo()
    record.add_text("prompt", json.dumps(graph))
    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "teal").save(path, pnginfo=record)
    told: list[tuple[str, bool]] = []

    def noticed(named: Path, findings: tuple[Finding, ...]) -> None:
        told.append((f"{named.name}: {findings[0]}", any((tmp_path / "out").glob("*"))))

    (item,) = stamp_files(registry, [path], StampOptions(out=tmp_path / "out"), noticed=noticed)
    assert item.state == "stamped"
    assert [written for _, written in told] == [False]
    assert "secret" not in told[0][0]


def test_what_no_generator_made_is_not_silently_called_generated(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "teal").save(path)
    (assumed,) = stamp_files(registry, [path], StampOptions(out=tmp_path / "a"))
    (said,) = stamp_files(registry, [path], StampOptions(out=tmp_path / "b", making="captured"))
    assert (assumed.assumed, work_of(assumed).making) == (True, "generated")
    assert (said.assumed, work_of(said).making) == (False, "captured")
    assert said.output is not None
    assert b"digitalCapture" in said.output.read_bytes()
    assert b"trainedAlgorithmicMedia" not in said.output.read_bytes()
