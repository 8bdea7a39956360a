"""The root of all our errors: a stable code, one sentence, named fields.

It decides what an error carries. It leaves out how an error is shown: exit codes live in
``rakkan.cli.exits``, HTTP status in ``rakkan.api.problems``.
"""

from __future__ import annotations

from typing import ClassVar, Self


class DomainError(Exception):
    """Anything that Rakkan says "no" or "cannot" about.

    Attributes:
        code: Stable kebab-case code that callers branch on; never renamed.
        message: One plain sentence that names the thing at fault.
        hint: What the reader can do about it, or an empty string.
        pointer: JSON pointer (RFC 6901) to the field at fault, or an empty string.
        fields: Further named facts, safe to show (never secrets).
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, code: str = "", hint: str = "", pointer: str = "", **fields: str | int
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.hint = hint
        self.pointer = pointer
        self.fields = fields

    def about(self, what: str, *, hint: str = "") -> Self:
        """The same error, said of one thing: the sentence begins with its name.

        Args:
            what: What was being read, such as a file by its path.
            hint: What to do, where the error itself does not know.
        """
        said = self.hint or hint
        return type(self)(
            f"{what}: {self.message}", code=self.code, hint=said, pointer=self.pointer, **self.fields
        )

    def __str__(self) -> str:
        """The sentence, with the hint after it."""
        return f"{self.message} {self.hint}".rstrip()


class Invalid(DomainError):
    """Malformed input: bytes, a value or a record that does not have the promised form."""

    default_code = "invalid"


class NotFound(DomainError):
    """Nothing is known under the given name."""

    default_code = "not-found"


class Conflict(DomainError):
    """The request contradicts what is already recorded, or somebody else is at work."""

    default_code = "conflict"


class Refused(DomainError):
    """A key, token or right is missing or does not suffice."""

    default_code = "refused"


class Unavailable(DomainError):
    """Something outside (chain, IPFS node, database, disk) does not answer or cannot be written."""

    default_code = "unavailable"


class Integrity(DomainError):
    """Stored or received bytes contradict their own digest, root or index."""

    default_code = "integrity"
