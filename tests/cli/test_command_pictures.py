"""Pictures that are none, or are not what they were: what ``rakkan`` says, and that nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.manifests.container import manifest_parts
from rakkan.manifests.image import read_image
from rakkan.manifests.samples import CHILD, PARENT
from tests.cli import pngs
from tests.cli.command import Done, files, rakkan
from tests.cli.conftest import Atelier

UNREADABLE = {
    "empty": ("empty.png", "image-empty"),
    "truncated": ("truncated.png", "image-truncated"),
    "no image": ("notes.png", "image-unknown"),
    "wrong extension": ("picture.jpg", "image-extension"),
    "pixel bomb": ("bomb.png", "image-pixels"),
}


def unreadable(kind: str, folder: Path, pictures: Path) -> Path:
    whole = (pictures / PARENT).read_bytes()
    content = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "no image": b"Dear diary, this is no picture.\n",
        "wrong extension": whole,
        "pixel bomb": pngs.bomb(),
    }[kind]
    path = folder / UNREADABLE[kind][0]
    path.write_bytes(content)
    return path


def one_line_about(done: Done, path: Path) -> None:
    assert done.err.startswith("rakkan: ")
    assert done.err.count("\n") == 1
    assert path.name in done.err


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_picture_that_cannot_be_read(
    kind: str, shared_atelier: Atelier, pictures: Path, tmp_path: Path
) -> None:
    path = unreadable(kind, tmp_path, pictures)
    code = UNREADABLE[kind][1]
    done = rakkan("verify", path, "--json", home=shared_atelier.home)
    assert done.error == (2, code)
    assert done.document["error"]["hint"]
    one_line_about(done, path)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_it_is_not_stamped_either_and_holds_up_nobody(
    kind: str, home: Path, pictures: Path, tmp_path: Path
) -> None:
    path = unreadable(kind, tmp_path, pictures)
    out = tmp_path / "out"
    done = rakkan("stamp", path, pictures / PARENT, "--out", out, "--json", home=home)
    bad, good = done.document["items"]
    assert (done.code, bad["state"], bad["error"]["code"]) == (2, "failed", UNREADABLE[kind][1])
    assert bad["error"]["hint"]
    assert (bad["output"], bad["recordId"]) == (None, None)
    assert good["state"] == "stamped"
    assert list(files(out)) == [PARENT]
    assert [each for each in done.err.splitlines() if path.name in each and each.startswith("rakkan: ")]


def verify(atelier: Atelier, path: Path) -> Done:
    return rakkan("verify", path, "--json", home=atelier.home)


def outcome(done: Done, name: str) -> str:
    return str(next(each["outcome"] for each in done.document["checks"] if each["name"] == name))


def test_text_added_after_signing_is_invalid(atelier: Atelier) -> None:
    path = atelier.stamped / PARENT
    path.write_bytes(pngs.text_added(path.read_bytes()))
    done = verify(atelier, path)
    assert (done.code, done.document["state"], outcome(done, "binding")) == (1, "invalid", "fail")


def test_the_manifest_of_another_picture_is_invalid(atelier: Atelier) -> None:
    store = pngs.manifest_of((atelier.stamped / CHILD).read_bytes())
    path = atelier.stamped / PARENT
    path.write_bytes(pngs.with_manifest(path.read_bytes(), store))
    done = verify(atelier, path)
    assert (done.code, done.document["state"], outcome(done, "binding")) == (1, "invalid", "fail")
    bare = atelier.pictures / PARENT
    path.write_bytes(pngs.with_manifest(bare.read_bytes(), store))
    done = verify(atelier, path)
    assert (done.code, done.document["state"], outcome(done, "binding")) == (1, "invalid", "fail")


def test_one_bit_of_one_pixel_is_invalid(atelier: Atelier) -> None:
    path = atelier.stamped / PARENT
    path.write_bytes(pngs.pixel_changed(path.read_bytes()))
    done = verify(atelier, path)
    assert (done.code, done.document["state"], outcome(done, "binding")) == (1, "invalid", "fail")


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


@pytest.mark.parametrize("name", [PARENT, "agate.jpg", "aurora.webp"])
def test_a_bit_flipped_on_the_way_is_invalid(name: str, atelier: Atelier) -> None:
    """Whoever sees it first: the file's own checksums, its decoder, or the credential."""
    path = atelier.stamped / name
    whole = path.read_bytes()
    container = read_image(path).container
    manifest = manifest_parts(container)
    pixels = max(
        (each for each in container.parts if each not in manifest), key=lambda each: each.end - each.start
    )
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(flipped(whole, pixels.start + int((pixels.end - pixels.start) * share)))
        done = verify(atelier, path)
        assert (done.code, done.document["state"], outcome(done, "binding")) == (1, "invalid", "fail")
        assert done.document["record"] is None
        assert "allowed" not in done.document["consent"]["scopes"].values()


def test_damaged_pixels_with_a_credential_are_invalid_and_without_one_unreadable(
    atelier: Atelier, tmp_path: Path
) -> None:
    path = atelier.stamped / PARENT
    whole = path.read_bytes()
    kept = tmp_path / "kept.car"
    assert rakkan("evidence", "pack", path, "--out", kept, home=atelier.home).code == 0
    path.write_bytes(flipped(whole, whole.rindex(b"IDAT") + 40))
    for home, words in (
        (atelier.home, []),
        (tmp_path / "nobody", []),
        (tmp_path / "nobody", ["--bundle", kept]),
    ):
        done = rakkan("verify", path, *words, "--json", home=home)
        assert (done.code, done.document["state"]) == (1, "invalid")
        checks = {each["name"]: each for each in done.document["checks"]}
        assert (checks["image"]["outcome"], checks["image"]["code"]) == ("fail", "image-damaged")
        assert checks["binding"]["outcome"] == "fail"
        assert (
            "not what was signed. What fails first: image." in rakkan("verify", path, *words, home=home).out
        )
    stamped = rakkan("stamp", path, "--out", tmp_path / "out", "--json", home=atelier.home)
    assert (stamped.code, stamped.document["items"][0]["error"]["code"]) == (2, "image-damaged")

    bare = (atelier.pictures / PARENT).read_bytes()
    path.write_bytes(flipped(bare, bare.rindex(b"IDAT") + 40))
    for home in (atelier.home, tmp_path / "nobody"):
        assert rakkan("verify", path, "--json", home=home).error == (2, "image-damaged")


def test_a_checksum_alone_that_was_changed_is_invalid(atelier: Atelier) -> None:
    path = atelier.stamped / PARENT
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, len(whole) - 1))
    done = verify(atelier, path)
    assert (done.code, done.document["state"], outcome(done, "image")) == (1, "invalid", "fail")


def test_bits_flipped_in_the_padding_of_a_manifest_change_no_identity(atelier: Atelier) -> None:
    """What nobody signed may change; the picture is the same record then, or is refused."""
    path = atelier.stamped / PARENT
    whole = path.read_bytes()
    record = verify(atelier, path).document["record"]
    store = pngs.manifest_of(whole)
    start = max(range(len(store)), key=lambda at: len(store[at:]) - len(store[at:].lstrip(b"\0")))
    length = len(store[start:]) - len(store[start:].lstrip(b"\0"))
    assert length > 100, "there is no padding to flip bits in"
    for at in (start + 1, start + length // 2, start + length - 2):
        mutant = store[:at] + bytes([store[at] ^ 1]) + store[at + 1 :]
        path.write_bytes(pngs.with_manifest(whole, mutant))
        done = verify(atelier, path)
        if done.code == 0:
            assert done.document["record"] == record
        else:
            assert done.code in (1, 2)


def forged(atelier: Atelier, how: str) -> bytes:
    whole = (atelier.stamped / PARENT).read_bytes()
    if how == "text added":
        return pngs.text_added(whole)
    if how == "pixel changed":
        return pngs.pixel_changed(whole)
    return pngs.with_manifest(whole, pngs.manifest_of((atelier.stamped / CHILD).read_bytes()))


@pytest.mark.parametrize("how", ["text added", "pixel changed", "manifest of another"])
def test_a_credential_that_does_not_fit_names_no_work(how: str, atelier: Atelier, tmp_path: Path) -> None:
    """Else whoever plants a granted picture's manifest in another one gets a yes for that one."""
    path = tmp_path / "planted.png"
    path.write_bytes(forged(atelier, how))
    asked = rakkan("consent", "show", path, "--json", home=atelier.home)
    assert asked.code == 3
    assert {each["answer"] for each in asked.document["scopes"]} == {"undetermined"}
    assert all(each.startswith("sha256:") for each in asked.document["digests"])
    why = rakkan(
        "consent", "explain", path, "--scope", "org.rakkan.finetune_lora", "--json", home=atelier.home
    )
    assert why.code == 3
    for words in (
        ["trace", path],
        ["publish", path],
        ["evidence", "pack", path, "--out", tmp_path / "e.car"],
    ):
        assert rakkan(*words, "--json", home=atelier.home).error == (4, "record-unknown")
    made = rakkan(
        "stamp",
        atelier.pictures / "agate.jpg",
        "--parent",
        path,
        "--out",
        tmp_path / "out",
        home=atelier.home,
    )
    assert made.code == 0
    lineage = rakkan("trace", tmp_path / "out" / "agate.jpg", "--json", home=atelier.home).document
    assert [each["id"] for each in lineage["nodes"]] == [lineage["recordId"]], (
        "it was made from no known work"
    )


@pytest.mark.parametrize("how", ["text added", "pixel changed", "manifest of another"])
@pytest.mark.parametrize("dry", [False, True])
def test_a_credential_that_does_not_fit_is_told_before_anything_is_signed(
    how: str, dry: bool, atelier: Atelier, tmp_path: Path
) -> None:
    """What came in broken is an ingredient that says so; the new stamp speaks for the new file alone."""
    path = tmp_path / PARENT
    path.write_bytes(forged(atelier, how))
    words = ["stamp", path, "--out", tmp_path / "out", "--json", *(["--dry-run"] if dry else [])]
    done = rakkan(*words, home=atelier.home)
    (item,) = done.document["items"]
    (finding,) = item["findings"]
    assert "the credential that it carries does not hold" in finding
    assert "binding" in finding
    assert f"warning: {path}: {finding}" in done.err
    if dry:
        return
    answer = verify(atelier, Path(item["output"]))
    assert (answer.code, answer.document["state"]) == (3, "intact")
    assert (outcome(answer, "ingredients"), outcome(answer, "trust")) == ("fail", "pass")
    headline = rakkan("verify", item["output"], home=atelier.home).out.splitlines()[0]
    assert "not recognised" not in headline
    assert "unchanged, but something stands against a picture that it was made from" in headline
    assert "What fails first: ingredients." in headline
    stranger = rakkan("verify", item["output"], home=tmp_path / "nobody").out.splitlines()[0]
    assert "unchanged, issuer not recognised here, and something stands against" in stranger
    assert stranger.startswith("Somebody who goes by")


def test_a_parent_whose_credential_does_not_fit_is_told_too(atelier: Atelier, tmp_path: Path) -> None:
    parent = tmp_path / "parent.png"
    parent.write_bytes(forged(atelier, "text added"))
    words = ["stamp", atelier.pictures / "agate.jpg", atelier.pictures / "aurora.webp", "--parent", parent]
    done = rakkan(*words, "--out", tmp_path / "out", "--json", home=atelier.home)
    for item in done.document["items"]:
        assert [
            finding for finding in item["findings"] if "of its parent parent.png does not hold" in finding
        ]


def test_a_credential_that_holds_is_nothing_to_tell(atelier: Atelier, tmp_path: Path) -> None:
    words = ["stamp", atelier.stamped, "--out", tmp_path / "out", "--json"]
    done = rakkan(*words, home=atelier.home)
    assert {item["state"] for item in done.document["items"]} == {"stamped"}
    assert not [each for item in done.document["items"] for each in item["findings"] if "credential" in each]


def test_a_record_that_is_not_there(shared_atelier: Atelier) -> None:
    absent = "baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya"
    for words in (["verify", absent], ["trace", absent], ["publish", absent], ["log", "proof", absent]):
        done = rakkan(*words, "--json", home=shared_atelier.home)
        assert done.error == (4, "record-unknown"), words
        assert absent in done.err
        assert json.loads(done.out)["error"]["hint"], words
