"""Exit codes: the one table from what happened to the number that scripts branch on.

It decides the numbers: 0 yes, 1 no, 2 usage or invalid input, 3 cannot tell, 4 not found, 5 something
outside does not answer, 6 key or permission, 130 interrupted. 70 is a fault of ours, never an answer, and
141 says that nobody read on.
Only 0 is a yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rakkan.manifests.errors import SigningFailed
from rakkan.schemas.errors import Conflict, DomainError, Integrity, Invalid, NotFound, Refused, Unavailable

YES: Final = 0
NO: Final = 1
INVALID: Final = 2
UNDETERMINED: Final = 3
NOT_FOUND: Final = 4
UNAVAILABLE: Final = 5
REFUSED: Final = 6
FAULT: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

ERRORS: Final[Mapping[type[DomainError], int]] = MappingProxyType(
    {
        Invalid: INVALID,
        NotFound: NOT_FOUND,
        Conflict: INVALID,
        Refused: REFUSED,
        Unavailable: UNAVAILABLE,
        Integrity: NO,
        SigningFailed: UNAVAILABLE,
    }
)
"""By class; a subclass has its parent's code."""

CODES: Final[Mapping[str, int]] = MappingProxyType(
    {"chain-identity": UNAVAILABLE, "membership-proof": UNDETERMINED}
)
"""By code, where the class says too much: a node of another chain gave no answer, and so no "no"; a broken proof
that an item is in a dataset does not show that it is not."""

VERIFICATIONS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "trusted": YES,
        "intact": UNDETERMINED,
        "recovered": UNDETERMINED,
        "invalid": NO,
        "revoked": NO,
        "none": NOT_FOUND,
    }
)
"""By state of a verification; a file that cannot be read is an error and has 2."""

DECISIONS: Final[Mapping[str, int]] = MappingProxyType(
    {"approved": YES, "rejected": NO, "undetermined": UNDETERMINED}
)
"""By outcome of a verdict."""

ANSWERS: Final[Mapping[str, int]] = MappingProxyType(
    {"allowed": YES, "denied": NO, "undetermined": UNDETERMINED}
)
"""By answer about consent."""


def of_error(error: DomainError) -> int:
    """The exit code of an error; one whose class has no entry is a fault of ours."""
    if error.code in CODES:
        return CODES[error.code]
    return next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), FAULT)


def of_errors(errors: Iterable[DomainError]) -> int:
    """The exit code of a batch in which some items failed: the greatest, 0 if none failed."""
    return max((of_error(error) for error in errors), default=YES)


def weakest(codes: Iterable[int]) -> int:
    """One code for several answers: any no is a no, else anything uncertain is uncertain; no answer is none."""
    found = set(codes)
    if not found:
        return UNDETERMINED
    return NO if NO in found else UNDETERMINED if found - {YES} else YES
