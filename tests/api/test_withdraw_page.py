"""The page ``/withdraw`` in a real browser: by slip (file, text, code, camera) and by wallet; and what is no slip."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rakkan.registry.flows.consent.consents import give
from rakkan.registry.flows.withdraw.joint import make_joint
from rakkan.registry.flows.withdraw.slips import make_slip
from rakkan.registry.rules.joint_slips import any_bytes
from rakkan.registry.rules.slips import slip_bytes
from rakkan.registry.worker import Worker
from rakkan.schemas.slip import Slip
from rakkan.schemas.statement import Subject
from tests.api.browsing import CHROMIUM, FLAGS, Visit
from tests.api.wallets import World, unknown
from tests.homes import new_registry, own_terms

pytestmark = [pytest.mark.browser, pytest.mark.chain]
TRAINING = "cawg.ai_generative_training"


@pytest.fixture
def visit(context: BrowserContext, world: World) -> Visit:
    return Visit(context, world.url)


class Granted:
    """A consent of this registry's own key, in force, and its slip."""

    def __init__(self, world: World, terms: str = "open-training") -> None:
        self.world, self.digest = world, unknown()
        subject = Subject(name="work", digest={"sha256": self.digest[7:]})
        self.record = give(world.registry, [subject], own_terms(terms), publish=True)
        Worker(world.registry).settle()
        self.slip: Slip = make_slip(world.registry, self.record)

    @property
    def told(self) -> str:
        return self.world.told(self.digest, TRAINING)[0]

    def code(self, *, kind: str = "png") -> bytes:
        """The slip's code as the command line draws it."""
        stream = io.BytesIO()
        drawn = segno.make_qr(slip_bytes(self.slip, words=False), mode="byte", error="m")
        drawn.save(stream, kind=kind, scale=4)
        return stream.getvalue()


@pytest.fixture
def granted(world: World) -> Granted:
    return Granted(world)


def confirm(page: Page, granted: Granted) -> None:
    """From the form to the withdrawal."""
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("h1")).to_have_text("Take this consent back? It cannot be undone.")
    expect(page.locator(".lead")).to_contain_text(str(granted.record.record_id))
    expect(page.locator(".said-list li").first).to_contain_text("You allow everybody")
    assert granted.told == "allowed", "nothing is done before it is confirmed"
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("h1")).to_have_text("The consent is withdrawn: no new use from now on.")
    assert granted.told == "denied"


def photographed(code: bytes) -> bytes:
    """The code as a phone takes it: askew, a little out of focus, on a table, as JPEG."""
    with Image.open(io.BytesIO(code)) as opened:
        paper = opened.convert("L").resize((900, 900), Image.Resampling.NEAREST)
    table = Image.new("L", (1600, 1200), 120)
    table.paste(paper.rotate(7, expand=True, fillcolor=120, resample=Image.Resampling.BICUBIC), (330, 90))
    stream = io.BytesIO()
    table.filter(ImageFilter.GaussianBlur(1.2)).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def test_a_file_is_dropped(visit: Visit, granted: Granted, tmp_path: Path) -> None:
    slip = tmp_path / "my.slip.json"
    slip.write_bytes(slip_bytes(granted.slip))
    page = visit.open("/withdraw")
    page.locator("#slip").scroll_into_view_if_needed()
    box = page.locator("#slip").bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    dragged = {"items": [], "files": [str(slip)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **where, "data": dragged})
    visit.shot("withdraw-360")
    confirm(page, granted)
    visit.check()


def test_its_text_is_pasted(visit: Visit, granted: Granted) -> None:
    page = visit.open("/withdraw")
    page.get_by_label("Or paste its text").fill(slip_bytes(granted.slip, words=False).decode())
    confirm(page, granted)
    visit.check()


@pytest.mark.parametrize("how", ["drawn", "vector", "photographed"])
def test_a_picture_of_its_code(visit: Visit, granted: Granted, how: str) -> None:
    if how == "drawn":
        content, name, media = granted.code(), "code.png", "image/png"
    elif how == "vector":
        content, name, media = granted.code(kind="svg"), "code.svg", "image/svg+xml"
    else:
        content, name, media = photographed(granted.code()), "photo.jpg", "image/jpeg"
    page = visit.open("/withdraw")
    page.set_input_files("#slip", {"name": name, "mimeType": media, "buffer": content})
    expect(page.locator("#slip-said")).to_contain_text("The code was read.")
    expect(page.get_by_role("button", name="Read it")).to_be_focused()
    assert json.loads(page.locator("#text").input_value())["recordId"] == str(granted.record.record_id)
    confirm(page, granted)
    visit.check()


def test_the_camera(browser: Browser, world: World, granted: Granted, tmp_path: Path) -> None:
    """Chromium's camera is a film here: a code that comes into view after a while."""
    blank = Image.new("RGB", (1280, 720), (90, 90, 90))
    shown = blank.copy()
    with Image.open(io.BytesIO(granted.code())) as code:
        shown.paste(code.convert("RGB").resize((640, 640), Image.Resampling.NEAREST), (320, 40))
    film = tmp_path / "film.mjpeg"
    with film.open("wb") as stream:
        for frame in [blank] * 10 + [shown] * 60:
            frame.save(stream, "JPEG", quality=90)
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags = [*FLAGS, *camera, f"--use-file-for-fake-video-capture={film}"]
    with browser.browser_type.launch(executable_path=CHROMIUM, args=flags) as filming:
        visit = Visit(filming.new_context(permissions=["camera"]), world.url)
        page = visit.open("/withdraw")
        page.get_by_role("button", name="Scan its code with the camera").click()
        expect(page.locator("#slip-said")).to_contain_text("The code was read.", timeout=30_000)
        expect(page.locator("#scan")).to_be_hidden()
        assert page.evaluate("document.getElementById('scan-video').srcObject.active") is False, "it is off"
        confirm(page, granted)
        visit.check()


def test_no_camera(browser: Browser, world: World) -> None:
    """Refused, or not there: said in one sentence, and the rest of the page works."""
    context = browser.new_context()
    page = Visit(context, world.url).open("/withdraw")
    page.get_by_role("button", name="Scan its code with the camera").click()
    expect(page.locator("#slip-failed")).to_contain_text("The camera cannot be used here.")
    context.close()


def test_one_code_over_many(visit: Visit, world: World) -> None:
    """Two consents under one signature: read from a picture of the code, told, and taken back together."""
    both = [Granted(world), Granted(world)]
    slip = make_joint(world.registry, [(each.record, None) for each in both])
    stream = io.BytesIO()
    segno.make_qr(any_bytes(slip, words=False), mode="byte", error="m").save(stream, kind="png", scale=4)
    page = visit.open("/withdraw")
    page.set_input_files("#slip", {"name": "c.png", "mimeType": "image/png", "buffer": stream.getvalue()})
    expect(page.locator("#slip-said")).to_contain_text("The code was read.")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Take all of these consents back?")
    assert [each.told for each in both] == ["allowed", "allowed"]
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The consents are withdrawn")
    assert [each.told for each in both] == ["denied", "denied"]
    visit.check()


def other_registrys(folder: Path) -> Slip:
    with new_registry(folder) as registry:
        subject = Subject(name="work", digest={"sha256": "0" * 64})
        return make_slip(registry, give(registry, [subject], own_terms("open-training"), publish=True))


def test_wrong_slips(visit: Visit, world: World, granted: Granted, tmp_path: Path) -> None:
    """Tampered, of another registry, of a consent that is not known, cut, or something else: never done."""
    good, other = granted.slip.to_json(), Granted(world).slip.to_json()
    bare = {name: value for name, value in good.items() if name != "words"}
    wrong: dict[str, str | dict[str, Any]] = {
        "signature is not for this withdrawal": {**bare, "signature": other["signature"]},
        "key is not that of its consent": {**bare, "key": other["key"]},
        "words do not say what its fields say": {**good, "words": "Harmless."},
        "This slip is for": other_registrys(tmp_path / "other").to_json(),
        "has no field": {**good, "more": 1},
        "strict JSON": json.dumps(good)[:-20],
        "not a withdrawal slip": {"schema": "rakkan.verdict/1"},
    }
    for words, content in wrong.items():
        page = visit.open("/withdraw")
        text = content if isinstance(content, str) else json.dumps(content)
        page.get_by_label("Or paste its text").fill(text)
        page.get_by_role("button", name="Read it").click()
        expect(page.locator(".tone-alarm")).to_be_visible()
        if words != "strict JSON":
            expect(page.locator(".tone-alarm h1")).to_contain_text(words)
    assert granted.told == "allowed"
    visit.said = [each for each in visit.said if "status of 4" not in each]
    visit.check()


def test_wrong_files(visit: Visit, granted: Granted) -> None:
    """Said at once, and nothing of them is sent."""
    stream = io.BytesIO()
    segno.make_qr("https://example.org/").save(stream, kind="png", scale=6)
    page = visit.open("/withdraw")
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 200, 200)).save(blank, "PNG")
    files = [
        ("huge.json", "application/json", b" " * 70_000, "too large for a withdrawal slip"),
        ("huge.png", "image/png", granted.code() + bytes(33 * 1024 * 1024), "This picture is too large"),
        ("letter.png", "image/png", b"Dear registry", "This picture cannot be read"),
        ("blank.png", "image/png", blank.getvalue(), "No code was found"),
    ]
    before = len(visit.asked)
    for name, media, content, words in files:
        page.set_input_files("#slip", {"name": name, "mimeType": media, "buffer": content})
        expect(page.locator("#slip-failed")).to_contain_text(words)
        assert page.evaluate("document.getElementById('slip').files.length") == 0
    assert [each for each in visit.asked[before:] if "/static/" not in each and "blob:" not in each] == []
    page.set_input_files("#slip", {"name": "c.png", "mimeType": "image/png", "buffer": stream.getvalue()})
    expect(page.locator("#text")).to_have_value("https://example.org/")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".tone-alarm")).to_be_visible()
    assert granted.told == "allowed"


def test_without_scripts(browser: Browser, world: World, granted: Granted, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = Visit(context, world.url).open("/withdraw")
    expect(page.locator("#camera-line")).to_be_hidden()
    page.set_input_files("#slip", {"name": "c.png", "mimeType": "image/png", "buffer": granted.code()})
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".tone-alarm")).to_contain_text("scan the code with your phone's camera")
    page.goto(world.url + "/withdraw")
    slip = tmp_path / "slip.json"
    slip.write_bytes(slip_bytes(granted.slip))
    page.set_input_files("#slip", slip)
    confirm(page, granted)
    page.goto(f"{world.url}/withdraw?consent={Granted(world).record.record_id}")
    expect(page.locator("noscript p")).to_contain_text("--wallet-key FILE")
    context.close()
