"""Terms files: what they may say of the grantor and of who is shown, and what is refused rather than guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.flows.consents import make_consent
from rakkan.registry.flows.terms import load_terms
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Invalid
from rakkan.schemas.statement import Subject
from tests.homes import new_registry

SAID: dict[str, Any] = {"kind": "grant", "scopes": {"org.rakkan.finetune_lora": "allowed"}}


def written(folder: Path, **more: object) -> str:
    path = folder / "terms.json"
    path.write_text(json.dumps({**SAID, **more}))
    return str(path)


def test_who_grants_and_who_is_shown(tmp_path: Path) -> None:
    terms = load_terms(
        written(
            tmp_path,
            capacity="owner",
            claim="commissioned",
            coauthorsComplete=False,
            persons={"depicted": "others", "minors": "unknown"},
        )
    )
    with new_registry(tmp_path / "home") as registry:
        consent = make_consent(registry, [Subject(name="work", digest={"sha256": "0" * 64})], terms).predicate
    assert isinstance(consent, Consent)
    assert consent.grantor.capacity == "owner"
    assert (consent.rights_basis.claim, consent.rights_basis.coauthors_complete) == ("commissioned", False)
    assert (consent.persons.depicted, consent.persons.minors) == ("others", "unknown")


@pytest.mark.parametrize(
    "more",
    [
        {"persons": {"depicted": "none"}},
        {"persons": "none"},
        {"coauthorsComplete": "no"},
        {"coauthorsComplete": 0},
    ],
)
def test_what_is_said_by_half_is_not_guessed(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        load_terms(written(tmp_path, **more))
    assert refused.value.code == "terms"
