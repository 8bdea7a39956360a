"""Verifying pictures and digests over HTTP."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rakkan.api.shapes import Batch, VerificationShape
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.flows.verify.verify import CHECKS
from tests.api.asking import output_of, problem, record_of, upload
from tests.api.conftest import Served
from tests.cli import pngs


def verified(served: Served, content: bytes, name: str = "picture.png") -> VerificationShape:
    answer = upload(served.http, content, name)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = VerificationShape.model_validate(answer.json())
    assert [check.name for check in found.checks] == list(CHECKS)
    return found


def outcomes(found: VerificationShape) -> dict[str, str]:
    return {check.name: check.outcome for check in found.checks}


def test_every_stamped_picture_is_trusted_here(served: Served) -> None:
    for item in served.items:
        found = verified(served, output_of(item).read_bytes(), output_of(item).name)
        assert found.state == "trusted"
        assert found.record is not None
        assert found.record.record_id == str(record_of(item).record_id)
        assert found.anchor.state == "unanchored"
        assert found.consent["scopes"]["cawg.ai_generative_training"] == "allowed"
        assert outcomes(found)["consent"] == "pass"


def test_a_changed_picture_is_invalid(served: Served) -> None:
    """One bit, which the file's own checksum sees before the credential does."""
    content = bytearray(output_of(served.work).read_bytes())
    content[content.rindex(b"IDAT") + 40] ^= 1
    found = verified(served, bytes(content))
    assert (found.state, outcomes(found)["image"], outcomes(found)["binding"]) == ("invalid", "fail", "fail")
    assert "allowed" not in found.consent["scopes"].values()
    page = served.http.post("/", files={"file": ("a.png", bytes(content))})
    assert page.status_code == 200
    assert "not what was signed" in page.text
    bare = bytearray(served.work.input.read_bytes())
    bare[bare.rindex(b"IDAT") + 40] ^= 1
    problem(upload(served.http, bytes(bare)), 422, "image-damaged")


def test_the_page_names_what_keeps_an_unchanged_picture_from_being_trusted(
    served: Served, tmp_path: Path
) -> None:
    """Its issuer is recognised: what it was made from is what stands against it."""
    forged = tmp_path / "forged.png"
    forged.write_bytes(pngs.text_added(output_of(served.work).read_bytes()))
    (item,) = stamp_files(served.registry, [forged], StampOptions(out=tmp_path / "out"))
    content = output_of(item).read_bytes()
    assert verified(served, content).state == "intact"
    page = " ".join(served.http.post("/", files={"file": ("a.png", content)}).text.split())
    assert "Unchanged since, but something stands against a picture that it was made from." in page
    assert "unchanged, but something stands against a picture that it was made from" in page
    assert "not recognised here" not in page.partition("<details")[0]


def test_the_picture_that_was_stamped_is_recovered(served: Served) -> None:
    """Its exact bytes are an alias of the record; a re-encoded copy only looks alike."""
    content = served.work.input.read_bytes()
    exact = verified(served, content)
    assert (exact.state, outcomes(exact)["consent"]) == ("recovered", "pass")
    with Image.open(BytesIO(content)) as opened:
        again = BytesIO()
        opened.convert("RGB").save(again, "JPEG", quality=90)
    alike = verified(served, again.getvalue(), "copy.jpg")
    assert alike.state == "recovered"
    assert outcomes(alike)["consent"] == "undetermined"
    assert next(check.code for check in alike.checks if check.name == "consent") == "only-similar"
    assert set(alike.consent["scopes"].values()) == {"undetermined"}, (
        "looking alike never grants and never denies"
    )


def test_a_picture_nobody_knows(served: Served) -> None:
    plain = BytesIO()
    Image.radial_gradient("L").resize((128, 64)).save(plain, "PNG")
    found = verified(served, plain.getvalue())
    assert (found.state, found.record) == ("none", None)
    assert set(found.consent["scopes"].values()) == {"undetermined"}


def test_a_batch_answers_each_in_its_place(served: Served) -> None:
    known = f"c2paClaim:{served.work.digest['c2paClaim']}"
    asked = [known, "sha256:" + "0" * 64, "nonsense", known, "\ud800", ""]
    answer = served.http.post(
        "/v1/verify", content=json.dumps({"digests": asked}), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    batch = Batch.model_validate(answer.json())
    assert [each.digest for each in batch.items] == asked
    assert batch.items[0] == batch.items[3]
    assert batch.items[0].verification is not None
    assert batch.items[0].verification.state == "recovered"
    assert batch.items[1].verification is not None
    assert batch.items[1].verification.state == "none"
    for place in (2, 4, 5):
        assert batch.items[place].verification is None
        assert (batch.items[place].error or {})["code"] == "digest-form"


def test_batches_have_an_end(served: Served) -> None:
    problem(served.http.post("/v1/verify", json={"digests": ["x"] * 1001}), 422, "batch-too-large")
    assert served.http.post("/v1/verify", json={"digests": ["x"] * 1000}).status_code == 200
    bodies: list[Any] = [
        {},
        {"digests": []},
        {"digests": [1]},
        {"digests": "x"},
        {"digests": ["x"], "more": 1},
        [],
    ]
    for body in bodies:
        problem(served.http.post("/v1/verify", json=body), 422, "shape")


def test_for_whom_is_asked(served: Served) -> None:
    content = output_of(served.work).read_bytes()
    grantee = "eip155:1:0x" + "11" * 20
    answer = upload(served.http, content, params={"grantee": grantee})
    assert answer.json()["consent"]["grantee"] == grantee
    problem(upload(served.http, content, params={"grantee": "nobody"}), 422, "parameter")
    problem(upload(served.http, content, params={"for": "public"}), 422, "parameter")


@pytest.mark.parametrize("field", ["picture", "files", ""])
def test_the_field_has_a_name(served: Served, field: str) -> None:
    answer = served.http.post("/v1/verify", files={field: ("a.png", b"x")})
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code, answer.json()["code"])


def test_one_picture_at_a_time(served: Served) -> None:
    content = output_of(served.work).read_bytes()
    answer = served.http.post(
        "/v1/verify", files=[("file", ("a.png", content)), ("file", ("b.png", content))]
    )
    problem(answer, 400, "form-unreadable")
    problem(
        served.http.post("/v1/verify", content=content, headers={"Content-Type": "image/png"}),
        415,
        "media-type",
    )
    problem(served.http.post("/v1/verify", data={"file": "text"}), 415, "media-type")
    problem(served.http.post("/v1/verify"), 415, "media-type")


def test_pictures_as_generators_left_them(served: Served, real_pictures: list) -> None:  # type: ignore[type-arg]  # paths
    for path in real_pictures[:12]:
        found = verified(served, path.read_bytes(), path.name)
        assert found.state in ("none", "intact", "invalid", "recovered")
