"""URLs asked about: which of them name what they lead to by a digest.

It decides the forms that do: a digest as we write it, ``ni:`` (RFC 6920), ``ipfs://`` with the CID of a whole
raw block, and any URL whose fragment is a digest, which is never sent to its host. Nothing is fetched: any
other URL says only where something lies, and consent is about what it is.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import Final

from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.values import RAW, Cid, Digest

_NI: Final = re.compile(r"ni://[^/?#;]*/sha-256;([A-Za-z0-9_-]{43})(?:[?#].*)?", re.ASCII)
_IPFS: Final = re.compile(r"ipfs://(b[a-z2-7]{10,78})(?:[?#].*)?", re.ASCII)


def read_urls(body: bytes, limit: int) -> list[str]:
    """One URL a line, in order; an end of line after the last one starts no further one.

    Raises:
        Invalid: ``urls-form``, ``batch-too-large``.
    """
    try:
        lines = body.decode().split("\n")
    except UnicodeDecodeError as error:
        raise Invalid("The body is not UTF-8.", code="urls-form", hint="Send one URL a line.") from error
    if lines[-1] == "":
        lines.pop()
    if not lines:
        raise Invalid("No URL was sent.", code="urls-form", hint="Send one URL a line.")
    if len(lines) > limit:
        raise Invalid(
            f"At most {limit} URLs are looked up at once, not {len(lines)}.",
            code="batch-too-large",
            hint="Send them in several requests.",
        )
    return [line.removesuffix("\r") for line in lines]


def digest_of_url(url: str) -> Digest | None:
    """The digest by which a URL names what it leads to, or None."""
    try:
        if found := _NI.fullmatch(url):
            return Digest("sha256", urlsafe_b64decode(found[1] + "="))
        if found := _IPFS.fullmatch(url):
            cid = Cid.parse(found[1])
            return Digest("sha256", cid.digest) if cid.codec == RAW else None
        named = url.rpartition("#")[2].replace("=", ":", 1)
        return Digest.parse(named)
    except DomainError:
        return None
