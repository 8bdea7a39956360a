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

from rakkan.schemas.consent import PUBLIC, Compensation, Consent, Notice, Use, WithdrawalMode
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
_HEADINGS: Final = {
    "grant": "PERMISSION FOR THE USE OF WORKS",
    "reservation": "RESERVATION: DO NOT USE THESE WORKS",
    "mandate": "MANDATE: OTHERS MAY ACT FOR THE ONE WHO STATES THIS",
    "likeness": "AGREEMENT OF A PERSON WHO IS SHOWN",
    "co-author": "AGREEMENT OF A CO-AUTHOR",
}
_ALLOWED_WORDS: Final = {
    "reservation": "Named without being granted: ",
    "mandate": "They may allow in the name of the one who states this: ",
}
_GRANTEE_WORDS: Final = {"reservation": "Addressed to: ", "mandate": "Who may act: "}
_COMPENSATION_WORDS: Final = {
    "free": "nothing is asked",
    "flat": "once, ",
    "per-training": "for each training, ",
    "rev-share-bp": "of what is earned, in hundredths of a percent, ",
    "per-inference": "for each use as input, ",
}


def notice_text(subjects: Sequence[Subject], predicate: Consent) -> str:
    """The notice of a consent, in English, one fact a line, without a newline at the end.

    Args:
        subjects: The statement's subjects, in order.
        predicate: Everything but its ``notice`` is read.
    """
    lines = [_HEADINGS[predicate.kind]]
    lines.append(f"Stated by: {_safe(predicate.grantor.id)}, as {predicate.grantor.capacity}")
    lines += [_subject_line(number, subject, predicate) for number, subject in enumerate(subjects, 1)]
    if predicate.collection is not None:
        lines.append(f"Collection: {predicate.collection.count} works, root {predicate.collection.root}")
    lines += _scope_lines(predicate)
    grantees = _GRANTEE_WORDS.get(predicate.kind, "Who may use it: ")
    lines.append(grantees + _grantee_list(predicate.grantee))
    lines += _term_lines(predicate)
    lines.append(f"Valid: from {predicate.valid_from} until {predicate.valid_until}")
    if predicate.train_by is not None:
        lines.append(f"New training must begin before {predicate.train_by}")
    lines.append(_withdrawal_line(predicate))
    lines += _rights_lines(predicate)
    lines.append(f"Persons shown: {predicate.persons.depicted}; minors: {predicate.persons.minors}")
    lines += [f"Agreed to by a person shown in {_safe(link.target)}" for link in predicate.persons.releases]
    lines += _link_lines(predicate)
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


def _subject_line(number: int, subject: Subject, predicate: Consent) -> str:
    digests = ", ".join(f"{_safe(kind)} {value[:16]}…" for kind, value in sorted(subject.digest.items()))
    actor = subject.digest.get("actor")
    if actor is not None:
        own = hashlib.sha256(predicate.grantor.id.encode()).hexdigest() == actor
        return (
            f"Works {number}: every work of {'the one who states this' if own else 'an author'} ({digests})"
        )
    return f'Work {number}: "{_safe(subject.name)}" ({digests})'


def _scope_lines(predicate: Consent) -> list[str]:
    said = {use: [scope.name for scope in predicate.scopes if scope.use is use] for use in Use}
    words = {
        Use.ALLOWED: _ALLOWED_WORDS.get(predicate.kind, "Allowed: "),
        Use.NOT_ALLOWED: "Not allowed: ",
        Use.CONSTRAINED: "Not allowed unless stated here more narrowly: ",
    }
    order = (Use.ALLOWED, Use.NOT_ALLOWED, Use.CONSTRAINED)
    lines = [words[use] + _scope_list(said[use]) for use in order if said[use]]
    return [*lines, "Everything not named here is not granted."]


def _term_lines(predicate: Consent) -> list[str]:
    """Licence, price, and what the consent is bound to."""
    lines, terms, bounds = [], predicate.terms, predicate.bounds
    if terms is not None:
        commercial = "commercial use included" if terms.commercial else "no commercial use"
        alike = ", share alike" if terms.share_alike else ""
        credit = _ATTRIBUTION_WORDS[terms.attribution]
        lines.append(f"Licence: {_safe(terms.licence)}, {commercial}{alike}; credit: {credit}")
        if terms.outputs_licence is not None:
            lines.append(f"What a model puts out is under: {_safe(terms.outputs_licence)}")
        if terms.compensation is not None:
            lines.append(_compensation_line(terms.compensation))
    if bounds is not None and bounds.policy is not None:
        lines.append(f"Counts only under the policy {_safe(bounds.policy.target)}")
    if bounds is not None and bounds.runs is not None:
        lines.append(f"Counts for {bounds.runs} training runs")
    return lines + _jurisdiction_lines(predicate)


def _compensation_line(asked: Compensation) -> str:
    amount = f"{asked.amount or 'an amount not stated'} {_safe(asked.currency or '')}".strip()
    line = "Price: " + _COMPENSATION_WORDS[asked.model] + ("" if asked.model == "free" else amount)
    return line + (f", paid to {_safe(asked.pay_to)}" if asked.pay_to is not None else "")


def _jurisdiction_lines(predicate: Consent) -> list[str]:
    where = predicate.jurisdiction
    if where is None:
        return []
    said = [f"law of {where.law}"] if where.law is not None else []
    said += [f"only in {', '.join(where.allow)}"] if where.allow else []
    said += [f"not in {', '.join(where.deny)}"] if where.deny else []
    return ["Where: " + ("; ".join(said) or "not stated")]


def _rights_lines(predicate: Consent) -> list[str]:
    rights = predicate.rights_basis
    if predicate.derived is not None:
        read = predicate.derived
        about = f' about "{_safe(read.about)}"' if read.about is not None else ""
        return [
            f'Read in a document of "{_safe(read.vocabulary)}" "{_safe(read.version)}"{about}, sha256 {read.sha256}',
            "They pass it on, and claim no right of their own",
        ]
    complete = "all co-authors agree" if rights.coauthors_complete else "co-authors may be missing"
    lines = [f"They say: {_CLAIM_WORDS[rights.claim]}; {complete}"]
    if rights.share_bp is not None:
        lines.append(f"Their share: {rights.share_bp // 100}.{rights.share_bp % 100:02} %")
    return lines


def _link_lines(predicate: Consent) -> list[str]:
    """The records that it rests on, joins or replaces, and what it keeps private."""
    lines = []
    if predicate.mandate is not None:
        lines.append(f"In another's name, under the mandate {_safe(predicate.mandate.target)}")
    if predicate.joins is not None:
        lines.append(f"Agrees with the grant {_safe(predicate.joins.target)}")
    if predicate.supersedes is not None:
        lines.append(f"Replaces the earlier record {_safe(predicate.supersedes.target)}")
    if predicate.sealed is not None:
        names = ", ".join(f'"{_safe(each.name)}"' for each in predicate.sealed.commitments)
        lines.append(f"Kept private, fixed by commitments: {names}")
    return lines


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
