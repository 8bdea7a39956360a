"""TXT records of a domain, asked of one resolver: over UDP, and over TCP where the answer is cut.

It decides how a resolver is asked and how strictly its answer is read; nothing it says can make us follow it
anywhere. Answers are not authenticated (no DNSSEC): what they show is worth as much as the way to the resolver. Form: RFC 1035, RFC 6891.
"""

from __future__ import annotations

import re
import secrets
import socket
import struct
import time
from pathlib import Path
from typing import Final

from rakkan.schemas.errors import Invalid, NotFound, Unavailable

SECONDS: Final = 4.0
"""Time for one question."""

_TRIES: Final = 2
_UDP: Final = 1232
_TCP: Final = 65_535
_TXT: Final = 16
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+\Z"
)
_CONFIGURED: Final = Path("/etc/resolv.conf")


def texts_of(name: str, resolver: str = "", *, seconds: float = SECONDS) -> list[str]:
    """The TXT records of a name; those that are not ASCII are left out.

    Args:
        name: In ASCII and lower case.
        resolver: ``address`` or ``address:port`` (IPv4); empty takes the one of this system.
        seconds: Time for one question.

    Raises:
        Invalid: ``dns-name``, ``dns-resolver``. NotFound: ``dns-unknown``.
        Unavailable: ``dns-silent``, ``dns-answer``.
    """
    if not _NAME.match(name):
        raise Invalid(
            f"{name[:80]!r} is not the name of a domain.", code="dns-name", hint="Write it like example.org."
        )
    where = _where(resolver)
    for attempt in range(_TRIES):
        number = secrets.randbelow(1 << 16)
        question = _question(number, name)
        try:
            answer = _by_udp(where, question, number, seconds)
            if answer[2] & 2:  # cut
                answer = _by_tcp(where, question, seconds)
            return _read(answer, question, number, name)
        except OSError as error:
            if attempt + 1 == _TRIES:
                raise Unavailable(
                    f"The resolver {where[0]} does not answer about {name}.",
                    code="dns-silent",
                    hint="Try again, or name another one with --resolver.",
                ) from error
    raise AssertionError


def _where(resolver: str) -> tuple[str, int]:
    if not resolver:
        try:
            lines = _CONFIGURED.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        named = [line.split()[1] for line in lines if line.startswith("nameserver") and len(line.split()) > 1]
        resolver = next((each for each in named if ":" not in each), "127.0.0.53")
    host, colon, port = resolver.partition(":")
    try:
        socket.inet_pton(socket.AF_INET, host)
        number = int(port) if colon else 53
        if not 0 < number < 65536:
            raise ValueError(port)
    except (OSError, ValueError):
        raise Invalid(
            f"{resolver[:80]!r} is not the address of a resolver.",
            code="dns-resolver",
            hint="Write it like 9.9.9.9, or 127.0.0.1:5353.",
        ) from None
    return host, number


def _question(number: int, name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    extended = b"\0" + struct.pack("!HHIH", 41, _UDP, 0, 0)  # EDNS: how much we take
    return (
        struct.pack("!6H", number, 0x0100, 1, 0, 0, 1)
        + labels
        + b"\0"
        + struct.pack("!2H", _TXT, 1)
        + extended
    )


def _by_udp(where: tuple[str, int], question: bytes, number: int, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(where)  # from nobody else
        line.send(question)
        while True:
            line.settimeout(max(0.001, deadline - time.monotonic()))
            answer = line.recv(_UDP + 1)
            if len(answer) >= 12 and struct.unpack("!H", answer[:2])[0] == number:
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError


def _by_tcp(where: tuple[str, int], question: bytes, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    with socket.create_connection(where, timeout=seconds) as line:
        line.sendall(struct.pack("!H", len(question)) + question)
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + struct.unpack("!H", answer[:2])[0]:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            line.settimeout(left)
            part = line.recv(_TCP)
            if not part or len(answer) > _TCP:
                raise ConnectionError
            answer += part
    return answer[2:]


def _read(answer: bytes, question: bytes, number: int, name: str) -> list[str]:
    """The texts of an answer to this question, read to its end and no further."""
    try:
        found, flags, asked, answers = struct.unpack("!4H", answer[:8])
        length = len(question) - 12 - 11  # without header and EDNS
        if found != number or not flags & 0x8000 or asked != 1:
            raise ValueError("not an answer")
        if answer[12 : 12 + length].lower() != question[12 : 12 + length]:
            raise ValueError("an answer to another question")
        status = flags & 15
        if status == 3 or (status == 0 and answers == 0):
            raise _unknown(name)
        if status:
            raise ValueError(f"status {status}")
        place, texts = 12 + length, []
        for _ in range(answers):
            place = _skip_name(answer, place)
            kind, _, _, size = struct.unpack("!HHIH", answer[place : place + 10])
            place += 10
            if place + size > len(answer):
                raise ValueError("cut")
            if kind == _TXT:
                texts.append(_strings(answer[place : place + size]))
            place += size
    except (ValueError, struct.error, IndexError) as error:
        raise Unavailable(
            f"What answers about {name} does not speak as resolvers do.", code="dns-answer"
        ) from error
    found_texts = [text.decode() for text in texts if text.isascii()]
    if not found_texts:
        raise _unknown(name)
    return found_texts


def _skip_name(answer: bytes, place: int) -> int:
    while True:
        size = answer[place]
        if size & 0xC0 == 0xC0:
            return place + 2  # a pointer ends a name; where it leads does not matter here
        if size & 0xC0:
            raise ValueError("a label of another kind")
        place += 1 + size
        if not size:
            return place


def _strings(content: bytes) -> bytes:
    text, place = b"", 0
    while place < len(content):
        size = content[place]
        if place + 1 + size > len(content):
            raise ValueError("cut")
        text += content[place + 1 : place + 1 + size]
        place += 1 + size
    return text


def _unknown(name: str) -> NotFound:
    return NotFound(f"The domain has no TXT record at {name}.", code="dns-unknown", hint="Publish it first.")
