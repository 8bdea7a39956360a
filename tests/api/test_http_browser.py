"""The page in a real browser: read by a person, without scripts, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from rakkan.api.limits import Limits
from tests.api.asking import output_of, record_of
from tests.api.browsing import Visit
from tests.api.conftest import Served
from tests.api.server import serving

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1280, 900), (375, 740)


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def visit(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Visit]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=True)
    yield Visit(context, served.url)
    context.close()


@pytest.fixture(scope="module")
def pictures(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A stamped picture, a tampered one, one that nobody knows, and what is no picture."""
    folder = tmp_path_factory.mktemp("handed-in")
    content = output_of(served.work).read_bytes()
    tampered = folder / "tampered.png"
    tampered.write_bytes(_retouched(content))
    unknown = folder / "unknown.png"
    Image.radial_gradient("L").resize((320, 200)).save(unknown)
    text = folder / "letter.png"
    text.write_text("Dear registry, this is a letter.")
    return {"trusted": output_of(served.work), "tampered": tampered, "unknown": unknown, "text": text}


def _retouched(content: bytes) -> bytes:
    """Other pixels under the same manifest."""
    import struct
    import zlib
    from io import BytesIO

    with Image.open(BytesIO(content)) as opened:
        other = opened.convert("RGB")
    other.paste((200, 30, 30), (40, 40, 140, 140))
    bare = BytesIO()
    other.save(bare, "PNG")
    place, kept = 8, b""
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        if content[place + 4 : place + 8] == b"caBX":
            kept = content[place : place + 12 + length]
        place += 12 + length
    assert kept
    assert zlib.crc32(kept[4:-4]) == struct.unpack(">I", kept[-4:])[0]
    fresh = bare.getvalue()
    return fresh[:33] + kept + fresh[33:]


def test_home(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("h1")).to_have_text("Who stands behind this picture?")
    visit.shot(f"home-{page.viewport_size['width'] if page.viewport_size else 0}")
    visit.check()


def test_a_stamped_picture(visit: Visit, pictures: dict[str, Path], served: Served) -> None:
    page = visit.verify(pictures["trusted"])
    assert visit.sentence.startswith("Registered here ")
    assert "a key nobody has identified" in visit.sentence
    assert "This does not show who made it." in visit.sentence
    assert page.locator(".check").count() == 15
    expect(page.locator(".preview")).to_be_visible()
    assert page.get_by_text(str(record_of(served.work).record_id)).first.is_visible()
    visit.shot(f"trusted-{page.viewport_size['width'] if page.viewport_size else 0}")
    visit.check()
    page.get_by_role("link", name="Permalink").click()
    assert visit.sentence.startswith("Registered here ")
    visit.check()


def test_a_tampered_picture(visit: Visit, pictures: dict[str, Path]) -> None:
    page = visit.verify(pictures["tampered"])
    assert visit.sentence.startswith("Nobody can be named: this file is not what was signed.")
    assert page.locator(".answer.tone-alarm").count() == 1
    assert page.locator(".outcome-fail").count() >= 1
    visit.shot(f"tampered-{page.viewport_size['width'] if page.viewport_size else 0}")
    visit.check()


def test_a_picture_nobody_knows(visit: Visit, pictures: dict[str, Path]) -> None:
    page = visit.verify(pictures["unknown"])
    assert visit.sentence.startswith("Nobody has registered this picture here")
    visit.shot(f"unknown-{page.viewport_size['width'] if page.viewport_size else 0}")
    visit.check()


def test_what_is_no_picture(visit: Visit, pictures: dict[str, Path]) -> None:
    page = visit.verify(pictures["text"])
    assert "picture" in page.locator(".badge").inner_text()
    visit.shot(f"problem-{page.viewport_size['width'] if page.viewport_size else 0}")
    page.get_by_role("link", name="image-unknown").click()
    expect(page.locator(".lead")).to_contain_text("PNG, JPEG and WebP")
    visit.check()


def test_looking_up_a_digest(visit: Visit, served: Served) -> None:
    page = visit.open()
    page.get_by_label("Or look up a digest").fill(served.work.digest["sha256"])
    page.get_by_role("button", name="Look up").click()
    assert visit.sentence.startswith("Registered here ")
    page.goto(f"{visit.url}/v/sha256:{'0' * 64}")
    assert visit.sentence.startswith("Nobody has registered anything here")
    visit.shot(f"nothing-{page.viewport_size['width'] if page.viewport_size else 0}")
    visit.check()


def test_without_scripts(browser: Browser, served: Served, pictures: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    page.set_input_files("#picture", pictures["trusted"])
    page.get_by_role("button", name="Verify").click()
    assert page.locator("h1.sentence").inner_text().startswith("Registered here ")
    page.locator("summary").first.click()
    assert page.locator("script").count() == 0
    context.close()


def test_by_keyboard_alone(visit: Visit, pictures: dict[str, Path]) -> None:
    visit.page.on("filechooser", lambda _: None)  # from here on the browser asks us, not the desktop
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "picture":
            break
    expect(page.locator("#picture")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(pictures["trusted"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Verify")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "what has the focus is seen"
    page.keyboard.press("Enter")
    expect(page.locator("h1.sentence")).to_contain_text("Registered here ")
    visit.check()


def test_dropping_a_picture(visit: Visit, pictures: dict[str, Path]) -> None:
    """A native drop on the file input, as the browser hands it over."""
    page = visit.open()
    box = page.locator("#picture").bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    dragged = {"items": [], "files": [str(pictures["trusted"])], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **where, "data": dragged})
    assert page.evaluate("document.getElementById('picture').files.length") == 1
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("h1.sentence")).to_contain_text("Registered here ")


def test_a_picture_that_is_too_large_gets_a_page(browser: Browser, served: Served, tmp_path: Path) -> None:
    """Not a broken connection: the browser reads the answer although it was still sending."""
    large = tmp_path / "large.png"
    large.write_bytes(bytes(8 * 1024 * 1024))
    with serving(served.registry, limits=Limits(upload_bytes=1024 * 1024)) as url:
        context = browser.new_context()
        visit = Visit(context, url)
        visit.verify(large)
        assert "1048576 bytes" in visit.sentence
        context.close()
