"""Log heads: the specification's own examples, our bytes, and every way to spoil them."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rakkan.registry.rules.note import LogHead, NoteVerifier, open_head, origin_of, sign_head
from rakkan.registry.rules.tree import EMPTY_ROOT
from rakkan.schemas.errors import DomainError, Invalid, Refused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = origin_of(PUBLIC)
LOG = NoteVerifier(ORIGIN, PUBLIC)
ROOT = bytes(range(100, 132))
HEAD = sign_head(ORIGIN, 20852163, ROOT, KEY)

# From the Go reference implementation (golang.org/x/mod/sumdb/note).
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def _note(body: str, *signatures: str) -> bytes:
    return (body + "\n" + "".join(line + "\n" for line in signatures)).encode()


def _signature(name: str, key: Ed25519PrivateKey, body: str) -> str:
    verifier = NoteVerifier(name, key.public_key().public_bytes_raw())
    return f"— {name} {b64encode(verifier.key_id + key.sign(body.encode())).decode()}"


BODY = f"{ORIGIN}\n7\n{b64encode(ROOT).decode()}\n"


def test_a_head_has_exactly_these_bytes() -> None:
    assert ORIGIN == "rakkan/56475aa75463474c"
    body, _, line = HEAD.note.decode().partition("\n\n")
    assert body == f"{ORIGIN}\n20852163\n{b64encode(ROOT).decode()}"
    assert line.startswith(f"— {ORIGIN} ")
    assert line.endswith("\n")
    assert sign_head(ORIGIN, 20852163, ROOT, KEY) == HEAD
    assert open_head(HEAD.note, [LOG]) == HEAD


def test_keys_are_those_of_the_reference_implementation() -> None:
    verifier = NoteVerifier.parse(PETER_VKEY)
    assert verifier.name == "PeterNeumann"
    assert verifier.vkey == PETER_VKEY
    with pytest.raises(Invalid) as error:  # a note, rightly signed, that is no head
        open_head(PETER_NOTE, [verifier])
    assert error.value.code == "head-form"


def test_reference_signature_holds_over_its_text() -> None:
    """The signing and key-id rules, checked on a note that we did not make."""
    text, _, line = PETER_NOTE.decode().partition("\n\n")
    head = _note(BODY, line.rstrip("\n"), _signature(ORIGIN, KEY, BODY))
    with pytest.raises(Refused):  # Peter signed something else
        open_head(head, [LOG, NoteVerifier.parse(PETER_VKEY)])
    assert open_head(head, [LOG]).size == 7
    assert text


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        "a+b+c",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX",
        "PeterNeumann\udcff+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AR\udcffpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_has_one_text_form(vkey: str) -> None:
    with pytest.raises(Invalid) as error:
        NoteVerifier.parse(vkey)
    assert error.value.code == "vkey-form"


def test_unknown_signatures_are_passed_over_and_known_ones_must_hold() -> None:
    own, stranger = _signature(ORIGIN, KEY, BODY), _signature("witness.example/w", OTHER, BODY)
    witness = NoteVerifier("witness.example/w", OTHER.public_key().public_bytes_raw())
    forged = _signature("witness.example/w", OTHER, BODY + "x")
    assert open_head(_note(BODY, stranger, own), [LOG]).root == ROOT
    assert open_head(_note(BODY, own, stranger), [LOG, witness]).root == ROOT
    assert open_head(_note(BODY, own, own), [LOG]).root == ROOT
    assert open_head(_note(BODY, forged, own), [LOG]).root == ROOT
    for lines, verifiers in [
        ((own, forged), (LOG, witness)),
        ((stranger,), (LOG, witness)),  # a witness alone does not speak for the log
        ((stranger,), (LOG,)),
        ((own,), (witness,)),
        ((own,), ()),
        ((_signature(ORIGIN, OTHER, BODY),), (LOG,)),
        ((_signature("other.example/log", KEY, BODY),), (NoteVerifier("other.example/log", PUBLIC),)),
    ]:
        with pytest.raises(Refused) as error:
            open_head(_note(BODY, *lines), verifiers)
        assert error.value.code == "head-signature"


def test_a_key_id_is_only_a_hint() -> None:
    """A stranger's signature under the log's name and key id does not count."""
    forged = f"— {ORIGIN} {b64encode(LOG.key_id + OTHER.sign(BODY.encode())).decode()}"
    with pytest.raises(Refused):
        open_head(_note(BODY, forged), [LOG])
    with pytest.raises(Refused):
        open_head(_note(BODY, _signature(ORIGIN, KEY, BODY), forged), [LOG])


def test_heads_stay_valid_through_rotation() -> None:
    new = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
    rotated = sign_head(ORIGIN, 9, ROOT, new)
    keys = [LOG, NoteVerifier(ORIGIN, new.public_key().public_bytes_raw())]
    assert [open_head(each.note, keys).size for each in (HEAD, rotated)] == [20852163, 9]


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n07\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n+7\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-7\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7 \n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n\N{ARABIC-INDIC DIGIT SEVEN}\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n9223372036854775808\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode().rstrip('=')}\n",
        f"{ORIGIN}\n7\n{ROOT.hex()}\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode()[:-2]}N=\n",  # other trailing bits, the same 32 bytes
        f"{ORIGIN}\n0\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode()}\nextension\n",
        f"two words\n7\n{b64encode(ROOT).decode()}\n",
        f"\n7\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\r\n7\r\n{b64encode(ROOT).decode()}\r\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode()}\n\n",
    ],
)
def test_a_body_has_one_form_even_if_signed(body: str) -> None:
    with pytest.raises(Invalid) as error:
        open_head(_note(body, _signature(ORIGIN, KEY, body)), [LOG])
    assert error.value.code == "head-form"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: b"",
        lambda note: b"\n\n",
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note + b"x",
        lambda note: b"\n" + note,
        lambda note: note.replace("—".encode(), b"-"),
        lambda note: note.replace("— ".encode(), "—  ".encode()),
        lambda note: note.replace("— ".encode(), "—\u00a0".encode()),
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note.replace(b"\n\n", b"\n\n\n"),
        lambda note: note.replace(b"\n\n", b"\n \n"),
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note[:-2] + b" \n",
        lambda note: note[:-1] + b"=\n",
        lambda note: note + "— x eA==\n".encode(),
        lambda note: note + "— x \n".encode(),
        lambda note: note + "—\n".encode(),
        lambda note: note + "— a+b eHh4eHh4\n".encode(),
        lambda note: note.replace(b"rakkan/", b"rakkan\t/", 1),
        lambda note: b"\xff" + note,
        lambda note: note + note.split(b"\n\n")[1] * 64,
        lambda note: note[:-1] + b"A" * 300_000 + b"\n",
    ],
)
def test_a_note_has_one_form(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Invalid) as error:
        open_head(spoil(HEAD.note), [LOG])
    assert error.value.code == "head-form"


def test_sixteen_large_witnesses_fit() -> None:
    lines = [f"— witness{n}.example/w {b64encode(bytes(4900)).decode()}" for n in range(16)]
    assert open_head(_note(BODY, *lines, _signature(ORIGIN, KEY, BODY)), [LOG]).size == 7


def test_every_changed_bit_is_noticed() -> None:
    for bit in range(8 * len(HEAD.note)):
        spoilt = bytearray(HEAD.note)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DomainError) as error:
            open_head(bytes(spoilt), [LOG])
        assert error.value.code in ("head-form", "head-signature")


@given(st.binary(max_size=400), st.randoms())
def test_hostile_bytes_raise_only_our_errors(content: bytes, chance: random.Random) -> None:
    at = chance.randrange(len(HEAD.note))
    for note in (content, HEAD.note[:at] + content + HEAD.note[at:]):
        try:
            assert open_head(note, [LOG]) == LogHead(HEAD.origin, HEAD.size, HEAD.root, note)
        except DomainError:
            continue


def test_an_empty_log_has_a_head() -> None:
    head = sign_head(ORIGIN, 0, EMPTY_ROOT, KEY)
    assert open_head(head.note, [LOG]).size == 0


@pytest.mark.parametrize(
    ("origin", "size", "root"), [("a b", 1, ROOT), ("", 1, ROOT), (ORIGIN, -1, ROOT), (ORIGIN, 1, b"")]
)
def test_nonsense_is_not_signed(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(Invalid) as error:
        sign_head(origin, size, root, KEY)
    assert error.value.code == "head-form"
