"""TXT records from resolvers, honest and hostile."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest

from rakkan.registry.outside.txt import texts_of
from rakkan.schemas.errors import DomainError
from tests.unit.registry.outside.hostile import resolving

NAME = "_rakkan.example.org"


def asked(question: bytes) -> bytes:
    """The question section, without header and EDNS."""
    return question[12:-11]


def answer(
    question: bytes, *texts: bytes, flags: int = 0x8180, kind: int = 16, count: int | None = None
) -> bytes:
    records = b""
    for text in texts:
        content = b"".join(
            bytes([len(text[at : at + 255])]) + text[at : at + 255] for at in range(0, len(text) or 1, 255)
        )
        records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(content)) + content
    head = struct.pack(
        "!6H", struct.unpack("!H", question[:2])[0], flags, 1, len(texts) if count is None else count, 0, 0
    )
    return head + asked(question) + records


def code_of(said: Callable[[bytes], Sequence[bytes]], seconds: float = 0.5) -> str:
    with resolving(said) as resolver, pytest.raises(DomainError) as caught:
        texts_of(NAME, resolver, seconds=seconds)
    return caught.value.code


def test_texts_are_read_and_joined() -> None:
    long = b"x" * 600
    with resolving(lambda q: [answer(q, b"rakkan=did:key:z1", long, b"\xff\xfe")]) as resolver:
        assert texts_of(NAME, resolver) == ["rakkan=did:key:z1", long.decode()]


def test_other_records_beside_them_are_passed_over() -> None:
    def said(question: bytes) -> list[bytes]:
        cname = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
        whole = answer(question, b"yes", count=2)
        place = 12 + len(asked(question))
        return [whole[:place] + cname + whole[place:]]

    with resolving(said) as resolver:
        assert texts_of(NAME, resolver) == ["yes"]


def test_an_answer_that_was_cut_is_asked_for_by_tcp() -> None:
    with resolving(lambda q: [answer(q, flags=0x8380)], lambda q: answer(q, b"whole")) as resolver:
        assert texts_of(NAME, resolver) == ["whole"]


def test_an_answer_to_another_question_is_waited_past() -> None:
    def said(question: bytes) -> list[bytes]:
        forged = bytes([question[0] ^ 1]) + answer(question, b"forged")[1:]
        return [b"", b"\0", forged, answer(question, b"true")]

    with resolving(said) as resolver:
        assert texts_of(NAME, resolver) == ["true"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (lambda q: [answer(q, flags=0x8183)], "dns-unknown"),
        (lambda q: [answer(q)], "dns-unknown"),
        (lambda q: [answer(q, b"\xff")], "dns-unknown"),
        (lambda q: [answer(q, b"x", kind=1)], "dns-unknown"),
        (lambda q: [answer(q, flags=0x8182)], "dns-answer"),
        (lambda q: [answer(q, b"x", flags=0x0100)], "dns-answer"),
        (lambda q: [answer(q, b"x", count=9)], "dns-answer"),
        (lambda q: [answer(q, b"x", count=65535)], "dns-answer"),
        (lambda q: [answer(q, b"long text")[:-3]], "dns-answer"),
        (lambda q: [answer(q, b"x").replace(b"example", b"exbmple")], "dns-answer"),
        (lambda q: [answer(q, b"abc")[:-4] + b"\xffabc"], "dns-answer"),
        (lambda q: [answer(q)[:6] + b"\0\1" + answer(q)[8:] + b"\x80" * 40], "dns-answer"),
        (lambda q: [answer(q)[:6] + b"\0\1" + answer(q)[8:] + b"\x3f" * 40], "dns-answer"),
        (lambda q: [q[:12]], "dns-answer"),
        (lambda q: [], "dns-silent"),
        (lambda q: [b"\0"] * 3, "dns-silent"),
    ],
)
def test_what_is_no_answer(said: Callable[[bytes], Sequence[bytes]], code: str) -> None:
    assert code_of(said) == code


@pytest.mark.parametrize("name", ["org", "", "Example.org", "a b.org", "x.org.", "ä.org", "a" * 64 + ".org"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(DomainError) as caught:
        texts_of(name, "127.0.0.1:1")
    assert caught.value.code == "dns-name"


@pytest.mark.parametrize(
    "resolver", ["dns.example", "1.2.3", "127.0.0.1:0", "127.0.0.1:x", "::1", "127.0.0.1:70000"]
)
def test_what_is_no_resolver(resolver: str) -> None:
    with pytest.raises(DomainError) as caught:
        texts_of(NAME, resolver)
    assert caught.value.code == "dns-resolver"
