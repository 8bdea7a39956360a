"""All vocabularies by name.

It decides which there are, and which text of each is meant by its plain name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rakkan.registry.rules.vocabulary.aipref import AIPREF_02, AIPREF_05, AIPREF_08
from rakkan.registry.rules.vocabulary.cawg import CAWG
from rakkan.registry.rules.vocabulary.erc7517 import ERC7517
from rakkan.registry.rules.vocabulary.iptc import IPTC
from rakkan.registry.rules.vocabulary.model import Vocabulary
from rakkan.registry.rules.vocabulary.odrl import ODRL
from rakkan.registry.rules.vocabulary.rsl import RSL
from rakkan.registry.rules.vocabulary.spawning import SPAWNING
from rakkan.registry.rules.vocabulary.tdmai import TDMAI
from rakkan.registry.rules.vocabulary.tdmrep import TDMREP, TDMREP_HEADER
from rakkan.schemas.errors import Invalid

VOCABULARIES: Final[Mapping[str, Vocabulary]] = MappingProxyType(
    {
        each.name: each
        for each in (
            CAWG,
            AIPREF_08,
            AIPREF_05,
            AIPREF_02,
            TDMAI,
            RSL,
            IPTC,
            TDMREP,
            TDMREP_HEADER,
            ODRL,
            ERC7517,
            SPAWNING,
        )
    }
)


def vocabulary(name: str) -> Vocabulary:
    """The vocabulary of that name.

    Raises:
        Invalid: ``vocabulary-unknown``.
    """
    found = VOCABULARIES.get(name)
    if found is None:
        raise Invalid(
            f"{name[:40]!r} is not a vocabulary.",
            code="vocabulary-unknown",
            hint=f"Use one of {', '.join(VOCABULARIES)}.",
        )
    return found
