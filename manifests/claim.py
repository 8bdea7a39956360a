"""What a stamp says: the definition of a C2PA claim (version 2, specification 2.4).

It decides actions, consent terms and links, all of them attributed to the signer. It is pure: no
time, no chance, no file. What a person did not choose to publish is not an argument here: no file
name, path, prompt or title can reach a manifest. It leaves out signing (``rakkan.manifests.stamp``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from rakkan.manifests.text import plain
from rakkan.schemas.canonical import canonical
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Cid
from rakkan.schemas.work import Generation, Parent

Making = Literal["generated", "edited", "captured"]

PROVENANCE: Final = "org.rakkan.provenance"
"""Our own assertion: registry origin, consent links, parent links."""

TRAINING: Final = "cawg.training-mining"
"""CAWG training and data mining 1.1: who may use the work for what."""

ACTIONS: Final = "c2pa.actions.v2"
SPECIFICATION: Final = "2.4.0"
GENERATOR: Final = "Rakkan"
PARENT_LABEL: Final = "parent"
MAX_LINKS: Final = 64

_SOURCES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_OF: Final[dict[Making, str]] = {
    "generated": _SOURCES + "trainedAlgorithmicMedia",
    "edited": _SOURCES + "compositeWithTrainedAlgorithmicMedia",
    "captured": _SOURCES + "digitalCapture",
}


@dataclass(frozen=True, slots=True)
class ClaimDefinition:
    """A claim before it has a picture.

    Attributes:
        making: How the picture came to be.
        agent: Name of the software that made it, or an empty string.
        generator: The claim generator: this software.
        assertions: Everything but the actions, which depend on the ingredients.
        digest: SHA-256 of the canonical definition; with the input's digest it is the key under
            which stamping again finds what is already stamped.
    """

    making: Making
    agent: str
    generator: Mapping[str, str]
    assertions: tuple[Mapping[str, Any], ...]
    digest: bytes

    @property
    def definition(self) -> dict[str, Any]:
        """The claim of a picture without ingredients."""
        return self.document()

    def document(self, *, opened: bool = False, inputs: Sequence[str] = ()) -> dict[str, Any]:
        """The claim as the C2PA engine takes it.

        Args:
            opened: A parent is among the ingredients (under :data:`PARENT_LABEL`); then the claim
                begins with ``c2pa.opened`` (§18.15.4), else with ``c2pa.created``.
            inputs: Labels of the other ingredients.
        """
        actions = _actions(self.making, self.agent, opened=opened, inputs=inputs)
        data = {"actions": actions, "allActionsIncluded": True}
        return {
            "claim_generator_info": [dict(self.generator)],
            "assertions": [_created(ACTIONS, data), *(dict(assertion) for assertion in self.assertions)],
        }


def claim_definition(
    *,
    origin: str,
    making: Making,
    uses: Mapping[str, Use],
    software_version: str,
    generation: Generation | None = None,
    consents: Sequence[Cid] = (),
    parents: Sequence[Parent] = (),
) -> ClaimDefinition:
    """Put a claim together.

    Args:
        origin: The registry that will know the work, ``rakkan/<16 hex>``.
        making: How the picture came to be.
        uses: All four CAWG keys, each said outright: an absent one would say nothing.
        software_version: Of this software.
        generation: What the generator left in the file; only the tool's name is used.
        consents: Envelopes of consents that exist already.
        parents: Works it was made from, as far as the artist publishes them.

    Raises:
        Invalid: ``claim-uses``, ``claim-links``, ``not-canonical``.
    """
    if set(uses) != set(CAWG_SCOPES):
        raise Invalid(
            "The four CAWG uses must each be allowed, notAllowed or constrained.",
            code="claim-uses",
            hint=f"Say all of {', '.join(CAWG_SCOPES)}.",
        )
    if max(len(consents), len(parents)) > MAX_LINKS:
        raise Invalid(f"A claim links at most {MAX_LINKS} consents and parents.", code="claim-links")
    provenance = {
        "origin": origin,
        "consents": [str(consent) for consent in consents],
        "parents": [_parent_link(parent) for parent in parents],
    }
    entries = {key: {"use": uses[key].value} for key in sorted(uses)}
    generator = {"name": GENERATOR, "version": software_version, "specVersion": SPECIFICATION}
    assertions = (_created(TRAINING, {"entries": entries}), _created(PROVENANCE, provenance))
    agent = plain(generation.tool, 64) if generation else ""
    document = {"making": making, "agent": agent, "generator": generator, "assertions": list(assertions)}
    digest = hashlib.sha256(canonical(document)).digest()
    return ClaimDefinition(making, agent, generator, assertions, digest)


def _created(label: str, data: dict[str, Any]) -> dict[str, Any]:
    """An assertion attributed to the signer; without the flag the engine would only list it as gathered."""
    return {"label": label, "created": True, "data": data}


def _parent_link(parent: Parent) -> dict[str, str]:
    link = {"relation": parent.relation, "digest": parent.digest}
    return link | {"record": parent.record.target} if parent.record else link


def _actions(making: Making, agent: str, *, opened: bool, inputs: Sequence[str]) -> list[dict[str, Any]]:
    """The first action is the inception (§18.15.3); ``c2pa.opened`` takes exactly the parent and no source type."""
    source: dict[str, Any] = {"digitalSourceType": _SOURCE_OF[making]}
    if agent:
        source["softwareAgent"] = {"name": agent}
    if inputs:
        source["parameters"] = {"ingredientIds": list(inputs)}
    if not opened:
        return [{"action": "c2pa.created", **source}]
    opening: dict[str, Any] = {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT_LABEL]}}
    if making != "edited":
        return [opening]  # opened and signed again: nothing was done to the picture
    return [opening, {"action": "c2pa.edited", **source}]
