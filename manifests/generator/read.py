"""From a picture's file to its generator record: which texts count, and which dialect they speak.

It decides precedence: a ComfyUI graph before an infotext beside it, a PNG text before an EXIF
field of the same name, the last of two equal PNG keywords. It leaves out the dialects themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rakkan.manifests.container import Text, texts
from rakkan.manifests.formats.exif import USER_COMMENT
from rakkan.manifests.generator.a1111 import models_named, parse_infotext, read_a1111
from rakkan.manifests.generator.comfyui import read_comfyui
from rakkan.manifests.generator.record import GeneratorRecord
from rakkan.manifests.generator.secrets import secrets_in
from rakkan.manifests.image import CheckedImage

# ComfyUI keeps "name:{json}" in any EXIF text field, counting tags down from Model and Make.
_NAMED_JSON: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_. -]{0,63}):(?=\s*[{\[])")


def read_generation(image: CheckedImage) -> GeneratorRecord | None:
    """The generator record that the picture's file carries.

    Returns:
        None if no dialect we know left one. All of it is self-declared.

    Raises:
        UnreadableImage: ``image-text``, if a text is broken or too large to be read; nothing else,
            however odd the texts.
    """
    entries = texts(image.container, image.name)
    if not entries:
        return None
    findings = secrets_in(entries)
    named = named_texts(entries)
    parsed = parse_infotext(named.get("parameters", ""))
    known = models_named(parsed) if parsed else ()
    return read_comfyui(named, findings, known) or read_a1111(named.get("parameters", ""), findings)


def named_texts(entries: Iterable[Text]) -> dict[str, str]:
    """Texts by the name that generators know them by; an EXIF comment counts as ``parameters``."""
    found: dict[str, str] = {}
    in_exif: dict[str, str] = {}
    for entry in entries:
        if entry.place == "PNG":
            found[entry.keyword] = entry.text
        elif entry.place == "EXIF" and entry.keyword == f"0x{USER_COMMENT:04x}":
            in_exif.setdefault("parameters", entry.text)
        elif entry.place == "EXIF" and (name := _NAMED_JSON.match(entry.text)):
            in_exif.setdefault(name.group(1), entry.text[name.end() :])
    return in_exif | found
