"""The notice: the plain words of a consent, as a wallet or page shows them before signing.

It decides the exact text, a pure function of subjects and predicate; its sha256 is in the consent,
and checking derives it again. So these words are part of the record format: a change here makes old
consents unreadable, and needs a new predicate version. It leaves out what several consents mean
together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from rakkan.schemas.consent import PUBLIC, Consent, Notice, Use, WithdrawalMode
from rakkan.schemas.statement import Subject

LANGUAGE: Final = "en"

# Fixed here and not asked of a Unicode database, which differs from one Python to the next: control
# characters, line and paragraph separators, invisible and direction-changing ones, and our quotes.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
    '\ud800-\udfff\U000e0000-\U000e0fff"“”„‟]'
)
_SCOPE_WORDS: Final = {
    "cawg.ai_generative_training": "training of generative AI models",
    "cawg.ai_inference": "use as input to AI models",
    "cawg.ai_training": "training of other AI models",
    "cawg.data_mining": "text and data mining",
    "org.rakkan.finetune_lora": "fine-tuning of a LoRA",
    "org.rakkan.style_imitation": "imitation of the style",
    "org.rakkan.style_name_caption": "the artist's name in training captions",
    "org.rakkan.likeness": "use of a person's likeness",
    "org.rakkan.output_commercial": "commercial use of what a model puts out",
    "org.rakkan.merge": "merging into other models",
    "org.rakkan.dataset_redistribution": "passing the works on in a dataset",
}
_CLAIM_WORDS: Final = {
    "generated": "they generated the work; exclusive rights in generated works may not exist",
    "created": "they created the work",
    "commissioned": "the work was commissioned",
    "assigned": "the rights were assigned to them",
    "licensed": "the rights were licensed to them",
    "public-domain": "the work is in the public domain",
}
_WITHDRAWAL_WORDS: Final = {
    WithdrawalMode.PROSPECTIVE: "no new use; models already trained stay as they are",
    WithdrawalMode.SUNSET: "no new use; models already trained are no longer passed on",
    WithdrawalMode.RETRAIN_WITHIN: "no new use; models already trained are trained again without the work",
    WithdrawalMode.IRREVOCABLE: "nothing: this permission cannot be taken back",
}
_ATTRIBUTION_WORDS: Final = {"none": "none asked", "name": "by name", "link": "by link"}


def notice_text(subjects: Sequence[Subject], predicate: Consent) -> str:
    """The notice of a consent, in English, one fact a line, without a newline at the end.

    Args:
        subjects: The statement's subjects, in order.
        predicate: Everything but its ``notice`` is read.
    """
    is_grant = predicate.kind == "grant"
    allowed = [scope.name for scope in predicate.scopes if scope.use is Use.ALLOWED]
    refused = [scope.name for scope in predicate.scopes if scope.use is Use.NOT_ALLOWED]
    limited = [scope.name for scope in predicate.scopes if scope.use is Use.CONSTRAINED]
    lines = ["PERMISSION FOR THE USE OF WORKS" if is_grant else "RESERVATION: DO NOT USE THESE WORKS"]
    lines.append(f"Stated by: {_safe(predicate.grantor.id)}, as {predicate.grantor.capacity}")
    lines += [_subject_line(number, subject) for number, subject in enumerate(subjects, 1)]
    if allowed and is_grant:
        lines.append("Allowed: " + _scope_list(allowed))
    elif allowed:
        lines.append("Named without being granted: " + _scope_list(allowed))
    if refused:
        lines.append("Not allowed: " + _scope_list(refused))
    if limited:
        lines.append("Not allowed unless stated here more narrowly: " + _scope_list(limited))
    lines.append("Everything not named here is not granted.")
    lines.append(("Who may use it: " if is_grant else "Addressed to: ") + _grantee_list(predicate.grantee))
    if predicate.terms is not None:
        terms = predicate.terms
        commercial = "commercial use included" if terms.commercial else "no commercial use"
        alike = ", share alike" if terms.share_alike else ""
        credit = _ATTRIBUTION_WORDS[terms.attribution]
        lines.append(f"Licence: {_safe(terms.licence)}, {commercial}{alike}; credit: {credit}")
    lines.append(f"Valid: from {predicate.valid_from} until {predicate.valid_until}")
    lines.append(_withdrawal_line(predicate))
    complete = (
        "all co-authors agree" if predicate.rights_basis.coauthors_complete else "co-authors may be missing"
    )
    lines.append(f"They say: {_CLAIM_WORDS[predicate.rights_basis.claim]}; {complete}")
    lines.append(f"Persons shown: {predicate.persons.depicted}; minors: {predicate.persons.minors}")
    if predicate.supersedes is not None:
        lines.append(f"Replaces the earlier record {_safe(predicate.supersedes.target)}")
    lines.append("This shows control of a key, not authorship.")
    return "\n".join(lines)


def notice_of(subjects: Sequence[Subject], predicate: Consent) -> Notice:
    """The ``notice`` field that belongs to this consent."""
    text = notice_text(subjects, predicate)
    return Notice(lang=LANGUAGE, sha256=hashlib.sha256(text.encode()).hexdigest())


def with_notice(subjects: Sequence[Subject], predicate: Consent) -> Consent:
    """The same consent with its ``notice`` filled in, ready to be signed."""
    return predicate.model_copy(update={"notice": notice_of(subjects, predicate)})


def scope_words(name: str) -> str:
    """A scope in people's words, or its name if it has none."""
    return _SCOPE_WORDS.get(name, name)


def _subject_line(number: int, subject: Subject) -> str:
    digests = ", ".join(f"{_safe(kind)} {value[:16]}…" for kind, value in sorted(subject.digest.items()))
    return f'Work {number}: "{_safe(subject.name)}" ({digests})'


def _scope_list(names: Sequence[str]) -> str:
    return "; ".join(f"{_SCOPE_WORDS[name]} [{name}]" if name in _SCOPE_WORDS else name for name in names)


def _grantee_list(grantees: Sequence[str]) -> str:
    return ", ".join("everybody" if grantee == PUBLIC else f'"{_safe(grantee)}"' for grantee in grantees)


def _withdrawal_line(predicate: Consent) -> str:
    terms = predicate.withdrawal
    days = f" within {terms.days} days" if terms.days is not None else ""
    return f"If {terms.authority} withdraws: {_WITHDRAWAL_WORDS[terms.mode]}{days}"


def _safe(text: str) -> str:
    return _UNSAFE.sub("", text)
