"""Terms: what a grantor wants to say, before it is about any work.

It decides the presets and the form of terms files. Nothing grants unless it is chosen, and a key that
is not named is ``notAllowed``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.consent import CAWG_SCOPES, OWN_SCOPES, PUBLIC
from rakkan.schemas.errors import Invalid, NotFound

_FREE: Final[dict[str, Any]] = {
    "terms": {"licence": "CC-BY-4.0", "attribution": "name", "shareAlike": False, "commercial": True},
    "mode": "prospective",
    "days": 730,
}
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "community-lora": {
        "kind": "grant",
        "scopes": {
            **dict.fromkeys(CAWG_SCOPES, "notAllowed"),
            "cawg.ai_generative_training": "constrained",
            "org.rakkan.finetune_lora": "allowed",
            "org.rakkan.style_imitation": "notAllowed",
        },
        **_FREE,
    },
    "open-training": {"kind": "grant", "scopes": dict.fromkeys(CAWG_SCOPES, "allowed"), **_FREE},
    "reserve": {
        "kind": "reservation",
        "scopes": dict.fromkeys(CAWG_SCOPES, "notAllowed"),
        "mode": "prospective",
        "days": 3650,
    },
}
"""Terms by name. ``reserve`` says "do not use"; nothing grants unless it is chosen."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grantor wants to say, before it is about anything.

    Attributes:
        kind: ``grant`` or ``reservation``.
        scopes: Scope name to ``allowed | notAllowed | constrained``.
        licence: Licence terms, or None.
        mode: What withdrawal means for what was trained before.
        mode_days: Days that ``sunset`` and ``retrain-within`` leave.
        days: How long it is valid.
        grantee: Who may use it; ``public`` unless named.
        claim: Basis of the right.
        capacity: As what the grantor acts.
        coauthors_complete: Whether nobody else has a share in the works.
        persons: Who is shown: ``depicted`` and ``minors``, as in the schema.
        private: Name to text of what only salted commitments will stand for.
        more: Further fields of the consent, as JSON: its collection, the mandate it rests on.
    """

    kind: str
    scopes: Mapping[str, str]
    licence: Mapping[str, Any] | None
    mode: str
    mode_days: int | None
    days: int
    grantee: tuple[str, ...]
    claim: str
    capacity: str = "author"
    coauthors_complete: bool = True
    persons: Mapping[str, str] = field(default_factory=lambda: {"depicted": "none", "minors": "none"})
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def cawg(self) -> dict[str, str]:
        """The four CAWG keys, all explicit; what is not allowed by name is ``notAllowed``."""
        return {name: self.scopes.get(name, "notAllowed") for name in CAWG_SCOPES}


def load_terms(name: str, grantee: Sequence[str] = ()) -> Terms:
    """Terms by preset name, or from a TOML or JSON file with the same keys.

    Raises:
        Invalid: ``terms``, ``terms-scope``.
        NotFound: ``terms-missing``.
    """
    source: Mapping[str, Any]
    if name in PRESETS:
        source = PRESETS[name]
    else:
        path = Path(name)
        try:
            content = path.read_bytes()
            source = tomllib.loads(content.decode()) if path.suffix == ".toml" else parse_strict(content)
        except OSError:
            raise NotFound(
                f"{name!r} is neither a file nor one of the terms {', '.join(PRESETS)}.", code="terms-missing"
            ) from None
        except ValueError as error:
            raise Invalid(f"{name}: {error}.", code="terms") from error
    try:
        shown = source.get("persons", {"depicted": "none", "minors": "none"})
        alone = source.get("coauthorsComplete", True)
        if not isinstance(alone, bool):
            raise TypeError("coauthorsComplete")
        terms = Terms(
            kind=str(source["kind"]),
            scopes=dict(source["scopes"]),
            licence=source.get("terms"),
            mode=str(source.get("mode", "prospective")),
            mode_days=source.get("modeDays"),
            days=int(source.get("days", 730)),
            grantee=tuple(grantee) or tuple(source.get("grantee", (PUBLIC,))),
            claim=str(source.get("claim", "generated")),
            capacity=str(source.get("capacity", "author")),
            coauthors_complete=alone,
            persons={name: str(shown[name]) for name in ("depicted", "minors")},
            private={str(key): str(text) for key, text in dict(source.get("private", {})).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            f"{name}: the terms lack or misuse {error}.", code="terms", hint="They need kind and scopes."
        ) from error
    unknown = set(terms.scopes) - set(CAWG_SCOPES) - set(OWN_SCOPES)
    if unknown:
        raise Invalid(
            f"{name}: {sorted(unknown)[0]!r} is not a scope.",
            code="terms-scope",
            hint=f"Use {', '.join((*CAWG_SCOPES, *OWN_SCOPES))}.",
        )
    return terms
