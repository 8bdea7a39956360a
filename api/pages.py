"""The pages: a picture handed in and verified, a digest looked up, a problem explained.

It decides addresses and what is rendered; everything here is drawn on the server and works without
scripts (two other pages have some, ``consent_page`` and ``slips``). Static files are read once and served
by name, so that no path can be walked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from rakkan.api.answers import FOR_EVER, exact
from rakkan.api.bodies import FIELD, read_upload
from rakkan.api.caution import cautious
from rakkan.api.problems import Problem
from rakkan.api.showing import Shown, show
from rakkan.api.site import Here
from rakkan.api.unregistered import beside, said_of
from rakkan.registry.flows.verify.opening import verify_digest, verify_image
from rakkan.schemas.errors import NotFound
from rakkan.schemas.values import Digest

router: Final = APIRouter(include_in_schema=False)
HERE: Final = Path(__file__).parent
_QR: Final = HERE.resolve().parent / "node_modules" / "qr"
_QR_FILES: Final = ("index.js", "decode.js")
# The npm package that draws and reads codes, in the checkout alone; without it the pages say so.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_CHECKED: Final = "no-cache"
"""For scripts that others load by their plain name: an old one must not meet a new one."""


@router.get("/")
async def home(site: Here) -> Response:
    """The form."""
    return page("home.html", site.public.origin)


@router.post("/")
async def verify(request: Request, site: Here) -> Response:
    """Verify the picture in the form, and show what was found. The picture is not kept."""
    site.verifying.check_room()
    upload = await read_upload(request)
    base = str(request.base_url)

    def work() -> Shown:
        found = cautious(verify_image(site.public, upload.content, upload.name), upload.content)
        bytes_ = Digest.of(upload.content)
        said = said_of(site, found, bytes_)
        handed_in = (upload.name, upload.content)
        return show(
            site.public, beside(found, said), base=base, upload=handed_in, said=said, asked=str(bytes_)
        )

    return page("result.html", site.public.origin, shown=await site.verifying.run(work))


@router.get("/v")
async def look_up(digest: Annotated[str, Query(max_length=128)]) -> Response:
    """From the form to the permalink."""
    text = digest.strip()
    asked = Digest.parse(text if ":" in text else f"sha256:{text.lower()}")
    return RedirectResponse(f"/v/{asked}", 303)


@router.get("/v/{digest}")
async def permalink(
    request: Request, site: Here, digest: Annotated[str, PathParameter(max_length=128)]
) -> Response:
    """What is registered under a digest."""
    asked, base = Digest.parse(digest), str(request.base_url)

    def work() -> Shown:
        found = cautious(verify_digest(site.public, asked))
        said = said_of(site, found, asked)
        return show(site.public, beside(found, said), base=base, said=said, asked=str(asked))

    shown = await site.verifying.run(work)
    known = shown.record_id or shown.uses
    return page("result.html", site.public.origin, status=200 if known else 404, shown=shown)


@router.get("/static/{name:path}")
async def static(request: Request, name: str) -> Response:
    """A file of the page's own, by its name below ``static/``."""
    found = _files().get(name)
    if found is None:
        raise NotFound("There is no such file.", code="route-missing")
    content, media_type = found
    plain = _CHECKED if name.endswith(".js") else "public, max-age=3600"
    return exact(request, content, media_type, cache=FOR_EVER if request.url.query else plain)


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """For browsers that ask without having read the page."""
    return await static(request, "seal.svg")


def wants_page(request: Request) -> bool:
    """Whether a person's browser is asking, at an address that has pages."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")


def problem_page(problem: Problem) -> Response:
    """A problem for a person, with the form to try again."""
    response = page("problem.html", "", status=problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response


def explanation_page(code: str, said: str) -> Response:
    """What a code means."""
    return page("explanation.html", "", code=code, said=said)


def page(template: str, origin: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - for the template
    """A page of ours, drawn; never kept by anybody on the way."""
    content = _templates().get_template(template).render(origin=origin, field=FIELD, stamp=_stamp, **values)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return Response(
        content.encode("utf-8", "replace"), status, headers, media_type="text/html; charset=utf-8"
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> Mapping[str, tuple[bytes, str]]:
    own = HERE / "static"
    named = {each.relative_to(own).as_posix(): each for each in own.rglob("*") if each.suffix in _TYPES}
    named |= {f"qr/{name}": _QR / name for name in _QR_FILES if (_QR / name).is_file()}
    return MappingProxyType({name: (each.read_bytes(), _TYPES[each.suffix]) for name, each in named.items()})


@cache
def _stamp(name: str) -> str:
    return hashlib.sha256(_files()[name][0]).hexdigest()[:12]
