"""Reading a picture's own manifest, with the trust that was meant.

It decides where that trust comes from: what the caller names, else the home. Issuers of claims and those
who are believed about names are two lists, and neither stands in for the other. It leaves out what the
registry knows of the picture (``rakkan.registry.flows.verify.verify``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rakkan.manifests.aggregators import NOBODY, IdentityTrust
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.trust import MAX_PEM, TrustedIssuers
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from rakkan.registry.service import Registry


_CERTIFICATES: Final = (".pem", ".crt", ".cer")
_DOCUMENTS: Final = (".json",)
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


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
        issuers: PEM of trusted issuers of claims, or a folder of such files.
        identities: PEM of issuers of identity certificates, or DID documents of aggregators; or folders of them.

    Raises:
        Invalid: ``file-missing``; as :meth:`TrustedIssuers.load` and :meth:`IdentityTrust.load`, with the name of
            the file.
    """
    if issuers is not None:
        listed: TrustedIssuers | None = _issuers(issuers)
    else:
        listed = registry.issuers if registry is not None else None
    if identities:
        contents = [
            each for path in identities for each in _contents(path, (*_CERTIFICATES, *_DOCUMENTS)).items()
        ]
        for path, content in contents:
            with _said_of(path):
                IdentityTrust.load([content])
        return ManifestTrust(listed, IdentityTrust.load([content for _, content in contents]))
    return ManifestTrust(listed, registry.identities if registry is not None else NOBODY)


def _issuers(path: Path) -> TrustedIssuers:
    contents = _contents(path, _CERTIFICATES)
    for each, content in contents.items():
        with _said_of(each):
            TrustedIssuers.load(content)
    with _said_of(path):
        return TrustedIssuers.load(b"\n".join(contents.values()), uri="urn:rakkan:issuers")


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """What is wrong with a list is said with the name of its file: several may have been given."""
    try:
        yield
    except Invalid as error:
        raise error.about(str(path), hint="Give issuers' certificates in PEM form.") from error


def _contents(path: Path, suffixes: Sequence[str]) -> dict[Path, bytes]:
    """A file; or those of a folder, not of folders in it, whose names end so, without keys that lie beside them."""
    try:
        if not path.is_dir():
            return {path: _content(path)}
        files = [
            each for each in sorted(path.iterdir()) if each.suffix.lower() in suffixes and each.is_file()
        ]
    except OSError as error:
        raise _unreadable(path, error) from error
    found = {each: _content(each) for each in files}
    found = {
        each: content for each, content in found.items() if _BEGIN in content or each.suffix in _DOCUMENTS
    }
    if not found:
        raise Invalid(
            f"The folder {path} holds no certificate: none in a file that ends in {', '.join(suffixes)}.",
            code="issuers-empty",
            hint="Name the PEM file with the issuers' certificates, or the folder in which such files are.",
        )
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_PEM + 1)  # a list that is longer is refused, and a device has no end
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> Invalid:
    return Invalid(
        f"{path} cannot be read: {error.strerror}.",
        code="file-missing",
        hint="Name a PEM file with the issuers' certificates, or a folder of such files.",
    )
