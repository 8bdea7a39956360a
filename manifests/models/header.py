"""The header of a safetensors file: eight bytes of length, JSON, then tensors without a gap.

It decides which files are whole: the format's own rules, and limits of ours. It leaves out the digests
(``digests``) and what trainers write into the header (``declared``). Format: huggingface/safetensors, README
"Format". Its rules that matter: the header begins with ``{``, no key stands twice, ``__metadata__`` maps text to
text, and the tensors cover every byte after the header exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, Final, TypeGuard

from rakkan.manifests.errors import UnreadableModel
from rakkan.manifests.text import plain as printable
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import Invalid

MAX_HEADER: Final = 16 * 1024 * 1024
"""Bytes of a header that are read. The format allows 100 MB; of what trainers write, tag counts and a thumbnail are
the longest, and have a few."""

TEXTS: Final = "__metadata__"
"""The header's one key that is no tensor: the texts that tools write."""

_LENGTH: Final = 8
_MAX_DIMENSIONS: Final = 64
_MAX_BITS: Final = 1 << 60

BITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "U64": 64,
        "I64": 64,
        "F64": 64,
        "C64": 64,
        "F32": 32,
        "U32": 32,
        "I32": 32,
        "BF16": 16,
        "F16": 16,
        "U16": 16,
        "I16": 16,
        "F8_E8M0": 8,
        "F8_E4M3": 8,
        "F8_E5M2": 8,
        "I8": 8,
        "U8": 8,
        "F6_E3M2": 6,
        "F6_E2M3": 6,
        "F4": 4,
        "BOOL": 8,
    }
)
"""Bits of one element, by type, in the order in which the library lays tensors out (seen with 0.3.1 to 0.7.0)."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor stands.

    Attributes:
        name: Its key.
        dtype: One of :data:`BITS`.
        shape: Its dimensions.
        begin: First byte, counted from the end of the header.
        end: The byte after the last.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was read and found whole.

    Attributes:
        raw: The eight bytes of length and the JSON, as in the file.
        value: The JSON, keys in the order of the file.
        texts: What tools wrote (``__metadata__``).
        tensors: By place in the file.
    """

    raw: bytes
    value: Mapping[str, Any]
    texts: Mapping[str, str]
    tensors: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Bytes before the first tensor."""
        return len(self.raw)


def read_header(file: BinaryIO, size: int) -> Header:
    """Read the header at the start of a file, and hold it against the file's size.

    Args:
        file: Open at its start; afterwards it stands at the first tensor.
        size: Bytes of the file.

    Raises:
        UnreadableModel: ``model-truncated``, ``model-trailing``, ``model-unsupported``, ``model-header``,
            ``model-header-large``, ``model-tensor``, ``model-overlap``, ``model-gap``, ``model-empty``.
    """
    start = file.read(_LENGTH)
    length = int.from_bytes(start, "little")
    if len(start) < _LENGTH or length > size - _LENGTH:
        raise _of_another_kind(start) or UnreadableModel(
            f"The header is said to have {length} bytes, and the file ends before that.",
            code="model-truncated",
        )
    if length > MAX_HEADER:
        raise UnreadableModel(
            f"The header has {length} bytes; at most {MAX_HEADER} are read.", code="model-header-large"
        )
    text = file.read(length)
    if len(text) < length:
        raise UnreadableModel("The file ends within its header.", code="model-truncated")
    if not text.startswith(b"{"):
        raise _of_another_kind(start) or UnreadableModel(
            "The header does not begin with an opening brace.", code="model-header"
        )
    try:
        value = parse_strict(text, limit=MAX_HEADER)
    except Invalid as error:
        raise UnreadableModel(
            f"The header is not strict JSON. {error.message}", code="model-header"
        ) from error
    texts = _texts(value.get(TEXTS, {}))
    tensors = sorted(
        (_tensor(name, said) for name, said in value.items() if name != TEXTS),
        key=lambda each: (each.begin, each.end),
    )
    _check_layout(tensors, size - _LENGTH - length)
    return Header(start + text, value, texts, tuple(tensors))


def _of_another_kind(start: bytes) -> UnreadableModel | None:
    """Files that people take for safetensors, by their first bytes."""
    for magic, what in (
        (b"PK\x03\x04", "a PyTorch archive"),
        (b"GGUF", "a GGUF file"),
        (b"\x80\x02", "a pickle"),
    ):
        if start.startswith(magic):
            return UnreadableModel(
                f"This is {what}, not a safetensors file.",
                code="model-unsupported",
                hint="Pickles can run code when they are loaded; convert it to safetensors.",
            )
    return None


def _texts(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise UnreadableModel(f"{TEXTS} is not an object.", code="model-header", pointer=f"/{TEXTS}")
    for name, text in value.items():
        if not isinstance(text, str):
            raise UnreadableModel(
                "A text of the header is no text.", code="model-header", pointer=_pointer(TEXTS, name)
            )
    try:
        "".join((*value, *value.values())).encode()
    except UnicodeEncodeError:
        raise UnreadableModel(
            "The header holds half a surrogate pair.", code="model-header", pointer=f"/{TEXTS}"
        ) from None
    return value


def _tensor(name: str, said: object) -> Tensor:
    if not isinstance(said, dict):
        raise _unfit(name, "is not an object")
    dtype, shape, offsets = said.get("dtype"), said.get("shape"), said.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _unfit(name, f"has a type that we do not know: {printable(str(dtype))[:40]}", "dtype")
    if not _are_counts(shape) or len(shape) > _MAX_DIMENSIONS:
        raise _unfit(name, "has no shape", "shape")
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _unfit(name, "has no place", "data_offsets")
    bits = BITS[dtype]
    for dimension in shape:
        bits *= dimension
        if bits > _MAX_BITS:
            raise _unfit(name, "is larger than any file", "shape")
    begin, end = offsets
    if bits != (end - begin) * 8:
        raise _unfit(name, f"takes {end - begin} bytes, which is not the size of its shape", "data_offsets")
    return Tensor(name, dtype, tuple(shape), begin, end)


def _are_counts(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(each) is int and each >= 0 for each in value)


def _check_layout(tensors: list[Tensor], size: int) -> None:
    """Whether every byte after the header belongs to exactly one tensor."""
    at = 0
    for each in tensors:
        if each.begin < at:
            raise UnreadableModel(
                f"The tensor {printable(each.name, 80)} overlaps another one.",
                code="model-overlap",
                pointer=_pointer(each.name, "data_offsets"),
            )
        if each.begin > at:
            raise UnreadableModel(
                f"The tensor {printable(each.name, 80)} leaves a gap before it.",
                code="model-gap",
                pointer=_pointer(each.name, "data_offsets"),
            )
        at = each.end
    if at > size:
        raise UnreadableModel(
            f"The tensors take {at} bytes, and the file has {size} for them: it was cut short.",
            code="model-truncated",
            hint="Fetch the file again.",
        )
    if at < size:
        raise UnreadableModel(
            f"{size - at} bytes after the last tensor belong to none.", code="model-trailing"
        )
    if not at:
        raise UnreadableModel("The file holds no tensors: it is no model.", code="model-empty")


def _unfit(name: str, why: str, field: str = "") -> UnreadableModel:
    return UnreadableModel(
        f"The tensor {printable(name, 80)} {why}.", code="model-tensor", pointer=_pointer(name, field)
    )


def _pointer(*parts: str) -> str:
    escaped = (printable(part).replace("~", "~0").replace("/", "~1")[:200] for part in parts if part)
    return "".join(f"/{part}" for part in escaped)
