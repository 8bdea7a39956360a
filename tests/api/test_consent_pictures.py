"""Pictures on the page ``/consent``: named in the browser as we name them, and never sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from rakkan.manifests.image import check_image
from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.lookup import identifiers
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.worker import Worker
from tests.api.browsing import Visit
from tests.api.consenting import GRANT, bring, choose, connect, digest_of, review, sign
from tests.api.injected import Injected
from tests.api.wallets import World

pytestmark = [pytest.mark.browser, pytest.mark.chain]


@pytest.fixture
def visit(context: BrowserContext, wallet: Injected, world: World) -> Visit:
    wallet.into(context)
    return Visit(context, world.url)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_the_browser_names_a_picture_as_we_do(visit: Visit, world: World, tmp_path: Path, kind: str) -> None:
    source = render_samples(tmp_path / "in")[0]
    if kind != "png":
        other = source.with_suffix(f".{kind}")
        Image.open(source).convert("RGB").save(other)
        source = other
    (item,) = stamp_files(world.registry, [source], StampOptions(out=tmp_path / "out"))
    assert item.output is not None
    page = visit.open("/consent")
    for path in (source, item.output):
        names = page.evaluate(
            """async (bytes) => {
                const { namesOf } = await import("/static/picture.js");
                return namesOf(new File([Uint8Array.from(bytes)], "p"));
            }""",
            list(path.read_bytes()),
        )
        known = identifiers(check_image(path.read_bytes(), path.name))
        assert names == {each.kind: each.hex for each in known}
    bring(page, item.output)
    assert item.digest["c2paClaim"][:12] in page.locator("#picture-said").inner_text()


def test_what_is_no_whole_picture(visit: Visit, world: World, tmp_path: Path) -> None:
    (item,) = stamp_files(
        world.registry, render_samples(tmp_path / "in")[:1], StampOptions(out=tmp_path / "out")
    )
    assert item.output is not None
    whole = item.output.read_bytes()
    place = whole.index(b"c2pa.claim.v2")
    broken = {
        "is no picture": b"Dear registry",
        "is damaged": whole[:-40],
        "cannot be read to its end": whole[:place] + b"c2pa.clame.v2" + whole[place + 13 :],
    }
    page = visit.open("/consent")
    for words, content in broken.items():
        page.set_input_files("#picture", {"name": "p.png", "mimeType": "image/png", "buffer": content})
        expect(page.locator("#picture-said")).to_contain_text(words)
        assert page.locator("#picture-shown").is_hidden()
    page.get_by_role("button", name="Read what this comes to").click()
    assert "Which picture?" in page.locator("#wrong").inner_text()
    visit.check()


def test_by_digest(visit: Visit, wallet: Injected, world: World, picture: Path) -> None:
    digest = digest_of(picture)
    page = visit.open(f"/v/{digest}")
    page.get_by_role("link", name="Say what may be done with it").click()
    expect(page.locator("#digest")).to_have_text(digest)
    choose(page, GRANT)
    review(page)
    connect(page)
    sign(page)
    Worker(world.registry).settle()
    assert world.told(digest)[0] == "allowed"
    page.goto(f"{world.url}/consent?digest=sha256:12")
    expect(page.locator(".badge")).to_contain_text("malformed")
    page.goto(f"{world.url}/consent?digest=autov3:{'0' * 64}")
    expect(page.locator("h1")).to_have_text("autov3 does not name a picture.")


def test_the_picture_leaves_nothing_but_its_digest(visit: Visit, picture: Path) -> None:
    sent: list[bytes] = []
    visit.page.on("request", lambda each: sent.append(each.post_data_buffer or b""))
    page = visit.open("/consent")
    bring(page, picture)
    choose(page, GRANT)
    review(page)
    connect(page)
    sign(page)
    bodies = b"".join(sent)
    assert picture.read_bytes()[40:80] not in bodies
    assert b"my secret name" not in bodies
    assert len(bodies) < 10_000
