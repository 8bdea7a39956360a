"""Bodies as they come in: strict JSON, or one picture in a form; kept in memory, never on disk.

It decides which media types are taken and how they are read. Sizes were bounded by the guard before.
What the fields mean is for the routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from rakkan.api.site import Here
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import Invalid

FIELD: Final = "file"
_NAME: Final = 255
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"<svg", b"<?xml")
_PAPER: Final = 72 * 1024  # bytes of a pasted slip; one over as many consents as it may have fits


class _InMemory(MultiPartParser):
    """A picture is never written to disk, not even to a temporary file without a name."""

    spool_max_size = 0  # for SpooledTemporaryFile: no limit, hence no roll-over


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as handed in.

    Attributes:
        name: The file's name, as the sender says; only shown back to them.
        content: Its bytes.
    """

    name: str
    content: bytes


async def _strict_json(request: Request, site: Here) -> Any:  # noqa: ANN401 - shapes are the routes'
    if not is_json(request):
        raise Invalid(
            "Send the body as application/json.",
            code="media-type",
            hint="Set Content-Type: application/json.",
        )
    return parse_strict(await request.body(), limit=site.limits.body_bytes(request.url.path))


JsonBody = Annotated[Any, Depends(_strict_json)]
"""A route's parameter that is given the parsed body: no floats, no key twice, no nesting without end."""


def is_json(request: Request) -> bool:
    """Whether the body calls itself JSON."""
    return media_type(request) == "application/json"


def is_form(request: Request) -> bool:
    """Whether the body is a form with files."""
    return media_type(request) == "multipart/form-data"


async def read_upload(request: Request) -> Upload:
    """The picture in the form's field ``file``.

    Raises:
        Invalid: ``form-unreadable``, ``file-missing``, ``media-type``.
    """
    if not is_form(request):
        raise Invalid(
            "Send the picture as multipart/form-data.", code="media-type", hint=f"Name the field {FIELD!r}."
        )
    try:
        form = await _InMemory(
            request.headers, request.stream(), max_files=1, max_fields=4, max_part_size=1024
        ).parse()
    except (MultiPartException, ValueError) as error:
        said = error.message if isinstance(error, MultiPartException) else "not a form"
        raise Invalid(f"The form cannot be read: {said.rstrip('.')}.", code="form-unreadable") from error
    try:
        return await _picture(form)
    finally:
        await form.close()


async def read_paper(request: Request) -> tuple[bytes, bool]:
    """A slip from a form: the file ``file``, or what was pasted in ``text``; and whether ``sure`` says yes.

    Raises:
        Invalid: ``form-unreadable``, ``slip-missing``, ``slip-picture``, ``media-type``.
    """
    if not is_form(request):
        raise Invalid(
            "Send the slip as multipart/form-data.", code="media-type", hint=f"Name the field {FIELD!r}."
        )
    try:
        form = await _InMemory(
            request.headers, request.stream(), max_files=1, max_fields=4, max_part_size=_PAPER
        ).parse()
    except (MultiPartException, ValueError) as error:
        said = error.message if isinstance(error, MultiPartException) else "not a form"
        raise Invalid(f"The form cannot be read: {said.rstrip('.')}.", code="form-unreadable") from error
    try:
        part, text = form.get(FIELD), form.get("text")
        content = await part.read() if isinstance(part, UploadFile) else b""
        content = content or (text.encode() if isinstance(text, str) else b"")
        if content.startswith(_PICTURES):
            raise Invalid(
                "This is a picture; a code in it is read in your browser, and is never sent here.",
                code="slip-picture",
                hint="Turn scripts on, or scan the code with your phone's camera and paste its text.",
                pointer=f"/{FIELD}",
            )
        if not content.strip():
            raise Invalid(
                "No slip was sent.",
                code="slip-missing",
                hint="Choose its file, or paste its text.",
                pointer=f"/{FIELD}",
            )
        return content, form.get("sure") == "yes"
    finally:
        await form.close()


async def _picture(form: FormData) -> Upload:
    part = form.get(FIELD)
    if not isinstance(part, UploadFile) or not (part.filename or part.size):
        raise Invalid(
            "No picture was sent, or the form ended before it did.",
            code="file-missing",
            hint=f"Choose a PNG, JPEG or WebP file; it goes into the field {FIELD!r}.",
            pointer=f"/{FIELD}",
        )
    name = (part.filename or "picture").replace("\\", "/").rpartition("/")[2]
    return Upload(name[-_NAME:] or "picture", await part.read())


def media_type(request: Request) -> str:
    """What the body calls itself, without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
