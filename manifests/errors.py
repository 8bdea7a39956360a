"""What can go wrong with a picture, its C2PA manifest, or a model file: four ways to say so.

It decides the types and their default codes. It leaves out the finer codes, which stand where they
are raised, and what a caller does about them.
"""

from __future__ import annotations

from typing import ClassVar

from rakkan.schemas.errors import DomainError, Invalid


class UnreadableImage(Invalid):
    """The bytes are not a picture that we take: empty, cut short, damaged, of a kind not supported, too big.

    Codes: ``image-empty``, ``image-missing``, ``image-too-large``, ``image-unknown``,
    ``image-unsupported``, ``image-extension``, ``image-truncated``, ``image-damaged``,
    ``image-trailing``, ``image-pixels``, ``image-frames``, ``image-parts``, ``image-text``,
    ``image-decode``, ``image-refused``.
    """

    default_code: ClassVar[str] = "image-unreadable"


class UnreadableManifest(Invalid):
    """The picture has a C2PA manifest store, or claims to, and it does not have the promised form.

    Codes raised by the container: ``manifest-several``, ``manifest-crc``, ``manifest-sequence``,
    ``manifest-box``.
    """

    default_code: ClassVar[str] = "manifest-unreadable"


class UnreadableModel(Invalid):
    """The bytes are not a model file that we take; ``pointer`` names the place in its header.

    Codes: ``model-missing``, ``model-unsupported``, ``model-truncated``, ``model-trailing``, ``model-header``,
    ``model-header-large``, ``model-tensor``, ``model-overlap``, ``model-gap``, ``model-empty``, ``model-changed``.
    """

    default_code: ClassVar[str] = "model-header"


class SigningFailed(DomainError):
    """The picture is fine, but no signed copy of it could be made."""

    default_code: ClassVar[str] = "signing-failed"
