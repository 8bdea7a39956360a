"""``/consent``: where somebody says what may be done with their picture, and signs it with a wallet.

It decides which questions are asked and in which words; none has an answer that is given for the visitor. What is
signed is drafted by ``drafting``, held against the choices in the browser (``static/statement.js``), and handed in at
``/v1/consents``. Without scripts the page can be read, and says what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from rakkan.api.consent_words import capital
from rakkan.api.pages import page
from rakkan.api.site import Here
from rakkan.registry.rules.notice import scope_words
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Digest

router: Final = APIRouter(include_in_schema=False)

KINDS: Final = ("sha256", "c2paClaim", "c2paHardBinding")
"""Digests that name a picture."""

_MEANS: Final = {
    "cawg.ai_generative_training": "Models that make pictures learn from it.",
    "cawg.ai_inference": "Somebody feeds it to a model, to have it changed or described.",
    "cawg.ai_training": "Models that recognise or sort learn from it; they make no pictures.",
    "cawg.data_mining": "Programs count and compare it among many others.",
    "org.rakkan.finetune_lora": "A small add-on that teaches a model one style or subject, often from few pictures.",
    "org.rakkan.style_imitation": "A model is made to work in your manner.",
    "org.rakkan.style_name_caption": "Your name is what others type to get your manner.",
    "org.rakkan.likeness": "A model learns to show the person in the picture.",
    "org.rakkan.output_commercial": "What a model makes with it is sold.",
    "org.rakkan.merge": "A model that learned from it is blended into others.",
    "org.rakkan.dataset_redistribution": "The picture itself is handed on in a collection.",
}
LICENCES: Final = (
    ("CC-BY-4.0", "Creative Commons, credit by name", "name", False, True),
    ("CC-BY-NC-4.0", "Creative Commons, credit by name, not commercial", "name", False, False),
    (
        "CC-BY-SA-4.0",
        "Creative Commons, credit by name, same licence for what is made from it",
        "name",
        True,
        True,
    ),
    ("CC0-1.0", "Creative Commons Zero: everybody may, no credit", "none", False, True),
)
"""SPDX identifier, words, and what each says: attribution, share alike, commercial."""


@dataclass(frozen=True, slots=True)
class Use:
    """One scope to decide on.

    Attributes:
        scope: Its name.
        words: In people's words.
        means: What that is.
        parts: The narrower ones.
    """

    scope: str
    words: str
    means: str
    parts: tuple[Use, ...] = ()


def uses() -> tuple[Use, ...]:
    """The scopes, the narrower ones below the broad one that they are part of."""

    def use(scope: str) -> Use:
        parts = tuple(use(own) for own, broad in OWN_SCOPES.items() if broad == scope)
        return Use(scope, capital(scope_words(scope)), _MEANS[scope], parts)

    return tuple(use(scope) for scope in CAWG_SCOPES)


@router.get("/consent")
async def form(site: Here, digest: Annotated[str, Query(max_length=128)] = "") -> Response:
    """The questions, about a picture that is chosen there or named in the address."""
    named = Digest.parse(digest) if digest else None
    if named is not None and named.kind not in KINDS:
        raise Invalid(
            f"{named.kind} does not name a picture.", code="digest-kind", hint=f"Use {', '.join(KINDS)}."
        )
    domain = site.public.domain
    return page(
        "consent.html",
        site.public.origin,
        digest=named,
        chain=domain,
        welcome=site.strangers.welcome,
        uses=uses(),
        licences=LICENCES,
        gate=site.public.community.gate,
        reserved=CAWG_SCOPES,
    )
