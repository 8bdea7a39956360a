"""The words that C2PA and IPTC define for actions and for where a picture comes from.

It decides which are known here (IPTC digital source types, C2PA §18.15). It leaves out what an
unknown one means (``rakkan.manifests.terms``).
"""

from __future__ import annotations

from typing import Final

_IPTC: Final = frozenset(
    [
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "composite",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "computationalCapture",
        "dataDrivenMedia",
        "digitalArt",
        "digitalCapture",
        "digitalCreation",
        "humanEdits",
        "minorHumanEdits",
        "negativeFilm",
        "positiveFilm",
        "print",
        "screenCapture",
        "softwareImage",
        "trainedAlgorithmicMedia",
        "virtualRecording",
    ]
)
_C2PA: Final = frozenset({"empty", "trainedAlgorithmicData"})
SOURCE_TYPES: Final = frozenset(
    {
        f"{scheme}://cv.iptc.org/newscodes/digitalsourcetype/{name}"
        for scheme in ("http", "https")
        for name in _IPTC
    }
    | {f"http://c2pa.org/digitalsourcetype/{name}" for name in _C2PA}
)
# C2PA §18.15.2, with what earlier versions had; names of others carry their owner's prefix.
ACTION_NAMES: Final = frozenset(
    f"c2pa.{name}"
    for name in (
        "addedText",
        "adjustedColor",
        "changedSpeed",
        "color_adjustments",
        "converted",
        "copied",
        "created",
        "cropped",
        "deleted",
        "drawing",
        "dubbed",
        "edited",
        "edited.metadata",
        "enhanced",
        "filtered",
        "formatted",
        "opened",
        "orientation",
        "placed",
        "printed",
        "published",
        "redacted",
        "removed",
        "repackaged",
        "resized",
        "resized.proportional",
        "saved",
        "transcoded",
        "translated",
        "trimmed",
        "unknown",
        "version_updated",
        "watermarked",
        "watermarked.bound",
        "watermarked.unbound",
    )
)
