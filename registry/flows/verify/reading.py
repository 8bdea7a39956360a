"""Reading a picture's own manifest, with the trust that was meant.

It decides where that trust comes from: what the caller names, else the home. Issuers of claims and those
who are believed about names are two lists, and neither stands in for the other. It leaves out what the
registry knows of the picture (``rakkan.registry.flows.verify.verify``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.manifests.aggregators import NOBODY, IdentityTrust
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.errors import NotFound

if TYPE_CHECKING:
    from rakkan.registry.service import Registry


@dataclass(frozen=True, slots=True)
class ManifestTrust:
    """Whom a reader of manifests trusts.

    Attributes:
        issuers: Issuers of the certificates that sign claims; None if no list was given.
        identities: Whose word counts about who somebody is.
    """

    issuers: TrustedIssuers | None = None
    identities: IdentityTrust = NOBODY

    def read(self, image: CheckedImage) -> ManifestReport:
        """Read and judge the manifest."""
        return read_manifest(image, self.issuers, identities=self.identities)


def trust_of(
    registry: Registry | None, issuers: Path | None = None, identities: Sequence[Path] = ()
) -> ManifestTrust:
    """The caller's lists, each instead of the home's; nobody is trusted without either.

    Args:
        registry: The home, if there is one.
        issuers: PEM of trusted issuers of claims.
        identities: PEM of issuers of identity certificates, or DID documents of aggregators.

    Raises:
        NotFound: ``file-missing``.
        Invalid: As :meth:`TrustedIssuers.load` and :meth:`IdentityTrust.load`.
    """
    if issuers is not None:
        listed: TrustedIssuers | None = TrustedIssuers.load(_content(issuers), uri="urn:rakkan:issuers")
    else:
        listed = registry.issuers if registry is not None else None
    if identities:
        return ManifestTrust(listed, IdentityTrust.load([_content(path) for path in identities]))
    return ManifestTrust(listed, registry.identities if registry is not None else NOBODY)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error
