"""Credentials that do not hold, said of the files to be stamped before anything is signed.

It decides what is said of a picture whose own credential, or a parent's, fits it no longer: stamped, it
is an ingredient that fails for good, and no copy can ever be trusted. It leaves out secrets
(``rakkan.manifests.generator``). Nothing is refused for it: what a picture was made from is stated as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rakkan.manifests.checks import INGREDIENTS, REDACTIONS, Check
from rakkan.manifests.container import manifest_store
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers
from rakkan.registry.flows.stamp.batch import Finding
from rakkan.schemas.verdict import Outcome

_INHERITED = (INGREDIENTS, REDACTIONS)


class Faults:
    """What is wrong with credentials; each picture of a run is judged once, those without one never."""

    def __init__(self, issuers: TrustedIssuers | None) -> None:
        self._issuers = issuers
        self._judged: dict[bytes, Check | None] = {}

    def of(self, image: CheckedImage, parents: Sequence[CheckedImage]) -> Iterator[Finding]:
        """What is to be said of a file and its parents; nothing if their credentials hold.

        An issuer that is not recognised is no fault: it says as little as no credential.
        """
        for picture in (image, *parents):
            check = self._check(picture)
            if check is None:
                continue
            whose = "that it carries" if picture is image else f"of its parent {plain(picture.name, 80)}"
            yield Finding(
                "credential",
                f"the credential {whose} does not hold: {check.name}: {check.detail.rstrip('.')}",
            )

    def _check(self, picture: CheckedImage) -> Check | None:
        if manifest_store(picture.container) is None:
            return None
        key = picture.sha256.raw
        if key not in self._judged:
            self._judged[key] = _first(read_manifest(picture, self._issuers))
        return self._judged[key]


def _first(report: ManifestReport) -> Check | None:
    """The check that fails whoever reads a copy, if there is one."""
    failing = (check for check in report.checks if check.outcome is Outcome.FAIL)
    if report.state in ("invalid", "revoked"):
        return next((check for check in failing if check.name != "trust"), report.checks[0])
    return next((check for check in failing if check.name in _INHERITED), None)
