"""Secrets in the texts of a picture: tokens, home folders, addresses, passwords in URLs.

It decides what is worth a warning before anything is signed or published. It leaves out what to do
about it, and never repeats what it found: excerpts are masked. A finding is a suspicion; that
nothing was found proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rakkan.manifests.container import Text
from rakkan.manifests.formats.part import printable

MAX_FINDINGS: Final = 100

# Every pattern begins at a fixed text or a look-behind and repeats with a bound or over a class that
# its own beginning leaves: so each runs in time linear in the text, whatever the text.
_EDGE: Final = r"(?<![A-Za-z0-9_-])"
_TOKENS: Final = (
    ("hugging-face-token", r"hf_[A-Za-z0-9]{30,80}"),
    ("api-key", r"sk-[A-Za-z0-9_-]{20,200}"),
    ("github-token", r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    ("aws-key", r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
    ("google-key", r"AIza[0-9A-Za-z_-]{35}"),
    ("slack-token", r"xox[abeoprs]-[A-Za-z0-9-]{10,200}"),
    ("json-web-token", r"eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{5,1000}"),
    ("bearer-token", r"[Bb]earer[ \t]{1,4}[A-Za-z0-9._~+/-]{16,4000}"),
)
_HOME: Final = r"[^/\\\s\"'<>|:*?,;]{1,64}"
_OTHERS: Final = (
    ("private-key", r"-----BEGIN (?:[A-Z]{1,12} )?PRIVATE KEY"),
    (
        "named-secret",
        (
            r"(?i:api[_-]?key|access[_-]?token|auth[_-]?token|token|secret|password|passwd)"
            r"\\{0,7}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,7}[\"']?"
            r"(?=[A-Za-z0-9._~+/-]{0,40}[0-9])[A-Za-z0-9._~+/-]{12,400}"
        ),
    ),
    ("home-folder", r"(?<![\w.])(?:/mnt/[a-z])?/(?:home|Users)/" + _HOME),
    ("home-folder", r"(?<![A-Za-z])[A-Za-z]:\\{1,8}Users\\{1,8}" + _HOME),
    ("password-in-url", r"://[^\s/@:\"'\\]{1,256}:[^\s/@\"'\\]{1,256}@[\w.-]{1,253}"),
    ("e-mail", r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}([A-Za-z]{2,24})(?![\w-])"),
)
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern)) for kind, pattern in (*((k, _EDGE + p) for k, p in _TOKENS), *_OTHERS)
)
# In JSON, and in JSON inside JSON, a line break is the letters "\n", which would hide where a path
# begins; but "\\nadia" can be a folder too: such texts are searched both ways.
_BREAK: Final = re.compile(r"(?<!\\)\\{1,8}[nrt]")
# "name@2x.png" is a file, not a mailbox.
_ENDINGS: Final = frozenset(
    {"png", "jpg", "jpeg", "webp", "gif", "safetensors", "ckpt", "pt", "json", "txt", "mp4"}
)


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A text that looks like a secret.

    Attributes:
        kind: ``hugging-face-token``, ``home-folder``, ``e-mail``, ….
        where: The text that holds it, such as ``PNG workflow`` or ``EXIF 0x9286``.
        excerpt: Its beginning, the rest masked.
    """

    kind: str
    where: str
    excerpt: str

    def __str__(self) -> str:
        """One phrase for people."""
        return f"what looks private ({self.kind} in {self.where}: {self.excerpt})"


def secrets_in(texts: Iterable[Text]) -> tuple[SecretFinding, ...]:
    """Search texts for secrets.

    Returns:
        At most :data:`MAX_FINDINGS`, in order of the texts, equal ones once.
    """
    found: dict[SecretFinding, None] = {}
    for entry in texts:
        where = printable(f"{entry.place} {entry.keyword}".strip())
        for text in dict.fromkeys((entry.text, _BREAK.sub("  ", entry.text))):
            for kind, excerpt in _suspects(text):
                found[SecretFinding(kind, where, excerpt)] = None
                if len(found) >= MAX_FINDINGS:
                    return tuple(found)
    return tuple(found)


def _suspects(text: str) -> Iterator[tuple[str, str]]:
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if kind != "e-mail" or match.group(1).lower() not in _ENDINGS:
                yield kind, _masked(kind, match.group())


def _masked(kind: str, text: str) -> str:
    """What tells the owner which one it is, and a stranger nothing."""
    match kind:
        case "home-folder":
            cut = max(text.rfind("/"), text.rfind("\\")) + 1
            return f"{text[:cut]}{text[cut : cut + 1]}…"
        case "e-mail":
            name, _, domain = text.partition("@")
            return f"{name[:1]}…@{domain[:1]}…"
        case "password-in-url":
            return f"://…@{text.rpartition('@')[2]}"
        case "named-secret":
            return f"{re.split('[:=]', text, maxsplit=1)[0].strip(chr(34) + chr(39) + chr(92) + ' ')}: …"
        case "private-key":
            return "-----BEGIN PRIVATE KEY …"
        case _:
            return f"{text[:5]}… ({len(text)} characters)"
