"""A consent in sentences for the one who is about to sign it, or to take it back.

It decides how each field is said to somebody who knows nothing of chains (DESIGN §1 "For people"). What is
signed are the words of ``rakkan.registry.rules.notice``; these stand beside them and are derived from the same
fields, so that a page never says what the statement does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rakkan.api.wording import day
from rakkan.registry.rules.consent import Effective
from rakkan.registry.rules.notice import scope_words
from rakkan.schemas.consent import PUBLIC, Consent, Use, WithdrawalMode
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.verdict import Answer

CLAIMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "generated": "you generated it with AI tools; in such pictures exclusive rights may not exist",
        "created": "you made it yourself",
        "commissioned": "it was made for you, by commission",
        "assigned": "its rights were passed on to you",
        "licensed": "you hold a licence that lets you permit this",
        "public-domain": "it is in the public domain",
    }
)
WITHDRAWING: Final[Mapping[WithdrawalMode, str]] = MappingProxyType(
    {
        WithdrawalMode.PROSPECTIVE: "nobody may begin a new use. Models trained before stay as they are.",
        WithdrawalMode.SUNSET: "nobody may begin a new use, and models trained before must no longer be passed on{}.",
        WithdrawalMode.RETRAIN_WITHIN: "nobody may begin a new use, and models trained before must be trained again"
        " without the picture{}.",
    }
)
_CREDIT: Final = {"none": "no credit is asked", "name": "credit by name", "link": "credit by link"}
_DEPICTED: Final = {
    "none": "You say: no person can be recognised in it.",
    "grantor": "You say: the person shown is you.",
    "others": "You say: other people are shown.",
    "unknown": "You say: you cannot tell whether somebody is shown.",
}
_MINORS: Final = {
    "none": "",
    "yes": "You say: a person under age is shown.",
    "unknown": "You say: you cannot tell whether a person under age is shown.",
}
_WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "claimant-other": "somebody else has registered this picture here as theirs, and you have not",
        "claims-conflict": "somebody else has spoken about this picture, too, and nobody has settled it",
        "claim-void": "your claim to this picture was cancelled",
        "coauthors-missing": "others have a share in the picture and have not agreed yet",
        "release-missing": "the people shown have not agreed to the use of their likeness",
        "minors-unknown": "nobody says whether a person under age is shown",
        "guardian-missing": "a person under age is shown and no guardian has agreed",
        "suspended": "it is paused while disputed",
        "reserved": "somebody said “do not use”",
    }
)


def sentences(consent: Consent, count: int) -> list[str]:
    """What a grant or a reservation says, one sentence or two at a time, to its grantor.

    Args:
        consent: The consent.
        count: How many works it is about.
    """
    what = "this picture" if count == 1 else f"these {count} pictures"
    said = [_uses(consent, what)]
    if consent.kind == "grant":
        refused = _named(consent, Use.NOT_ALLOWED, Use.CONSTRAINED)
        said += [f"You do not allow: {refused}."] if refused else []
        said.append("Whatever is not named here is not allowed by it.")
        said += _licence(consent)
    end = parse_instant(consent.valid_until)
    after = " After that, it permits no new use." if consent.kind == "grant" else ""
    said.append(f"It holds until {day(end)}, {end:%H:%M} UTC.{after}")
    said.append(_withdrawing(consent))
    rights = consent.rights_basis
    others = (
        "nobody else has a share in it" if rights.coauthors_complete else "others have a share in it, too"
    )
    said.append(f"You say: {CLAIMS[rights.claim]}; {others}.")
    said += [text for text in (_DEPICTED[consent.persons.depicted], _MINORS[consent.persons.minors]) if text]
    return said


def outlook_words(scope: str, answer: Effective) -> str:
    """What would be answered about a scope, and why it is no yes."""
    use = capital(scope_words(scope))
    match answer.answer:
        case Answer.ALLOWED:
            return f"{use}: allowed"
        case Answer.DENIED:
            return f"{use}: do not use"
        case _:
            why = _WHY.get(answer.code, f"the reason is called “{answer.code}”")
            return f"{use}: cannot tell, because {why}"


def capital(words: str) -> str:
    """The same words, to begin with."""
    return words[:1].upper() + words[1:]


def who_may(grantees: Sequence[str]) -> str:
    """Who may use it, for people."""
    return ", ".join("everybody" if each == PUBLIC else f"only {each}" for each in grantees)


def _uses(consent: Consent, what: str) -> str:
    if consent.kind == "reservation":
        refused = _named(consent, Use.NOT_ALLOWED, Use.CONSTRAINED)
        to = "" if consent.grantee == (PUBLIC,) else f" This is said to {', '.join(consent.grantee)}."
        return f"Do not use {what}: {refused}.{to}"
    allowed = _named(consent, Use.ALLOWED)
    return f"You allow {who_may(consent.grantee).removeprefix('only ')} to use {what} for: {allowed}."


def _named(consent: Consent, *uses: Use) -> str:
    names = [scope.name for scope in consent.scopes if scope.use in uses]
    return "; ".join(scope_words(name) for name in names)


def _licence(consent: Consent) -> list[str]:
    terms = consent.terms
    if terms is None:
        return ["You name no licence."]
    commercial = "commercial use included" if terms.commercial else "no commercial use"
    alike = ", and what is made from it must be under the same licence" if terms.share_alike else ""
    return [f"The licence is {terms.licence}: {_CREDIT[terms.attribution]}, {commercial}{alike}."]


def _withdrawing(consent: Consent) -> str:
    terms = consent.withdrawal
    if terms.mode is WithdrawalMode.IRREVOCABLE:
        return "You cannot take it back, ever."
    if consent.kind == "reservation":
        return (
            "You can take it back at any time. That allows nobody anything; it only ends your “do not use”."
        )
    days = f" within {terms.days} days" if terms.days is not None else ""
    return f"You can take it back at any time. From then on, {WITHDRAWING[terms.mode].format(days)}"
