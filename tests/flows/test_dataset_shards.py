"""Shards and lists: members of archives that are hostile, and digests one a line."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rakkan.registry.flows.judge.datasets import form_of, lock_dataset
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid, Digest
from tests.flows.handed_in import fed, locked, png, refused

Write = Callable[[tarfile.TarFile], None]


def shard(path: Path, *members: tuple[str, bytes], more: Write | None = None, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # any of them
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if more is not None:
            more(archive)
    return path


@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.tgz", "w:gz")])
def test_shards(tmp_path: Path, name: str, mode: str) -> None:
    path = shard(
        tmp_path / name,
        ("a/000.png", png(1)),
        ("a/000.txt", b"a lantern\n"),
        ("a/000.cls", b"5"),
        ("001.json", json.dumps({"caption": "a boat"}).encode()),
        ("001.png", png(2)),
        ("002.png", png(3)),
        ("003.txt", b"of nothing"),
        mode=mode,
    )
    assert form_of(path) == "webdataset"
    assert locked(path) == {"a/000.png": fed("a lantern"), "001.png": fed("a boat"), "002.png": fed()}


def test_hostile_members_are_refused_one_by_one(tmp_path: Path) -> None:
    def more(archive: tarfile.TarFile) -> None:
        for name, kind, target in (
            ("link.png", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.png", tarfile.LNKTYPE, "a.png"),
            ("device.png", tarfile.CHRTYPE, ""),
            ("pipe.png", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)

    path = shard(
        tmp_path / "x.tar",
        ("a.png", png(1)),
        ("../up.png", png(2)),
        ("/root.png", png(3)),
        ("A.png", png(4)),
        ("broken.png", b"no picture"),
        ("two.png", png(5)),
        ("two.webp", png(6)),
        ("large.png", png(7)),
        ("large.txt", b"x" * 40000),
        ("coded.png", png(8)),
        ("coded.txt", b"\xff\xfe"),
        ("last.png", png(9)),
        more=more,
    )
    found = lock_dataset(path)
    assert {each.path for each in found.lock.items} == {"a.png", "large.png", "last.png"}
    codes = refused(found)
    assert codes.pop("coded.png") == "caption-encoding"
    assert codes.pop("broken.png") == "image-unknown"
    assert set(codes.values()) == {"dataset-member"}
    assert {
        "../up.png",
        "/root.png",
        "A.png",
        "two.png",
        "two.webp",
        "large.txt",
        "link.png",
        "hard.png",
    } <= set(codes)


@pytest.mark.parametrize("cut", [0, 100, 520, 700])
def test_a_shard_that_ends_in_the_middle(tmp_path: Path, cut: int) -> None:
    path = shard(tmp_path / "x.tar", ("a.png", png(1) * 9), ("b.png", png(2)))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(Invalid) as error:
        lock_dataset(path)
    assert error.value.code == "dataset-archive"


def test_lists_of_digests(tmp_path: Path) -> None:
    one, two, three = (Digest.of(png(shade)) for shade in (1, 2, 3))
    path = tmp_path / "list.txt"
    path.write_text(
        f"# a list\n\nsha256:{one.hex} pictures/a.png\n{two.hex}\n{Cid.of(png(3), 0x55)}\nsha256:zz\n"
        f"c2paClaim:{one.hex}\n{Cid.of(b'{}')}\n"
    )
    found = lock_dataset(path)
    assert {each.sha256 for each in found.lock.items} == {one.raw, two.raw, three.raw}
    assert found.lock.items[0].training_input == fed()
    assert refused(found) == {
        "line 6": "digest-form",
        "line 7": "dataset-list",
        "line 8": "dataset-list",
    }
