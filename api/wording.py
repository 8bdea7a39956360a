"""Words for people: what the page says, and what it must not say.

It decides sentences, badges and the names of checks, scopes and answers (DESIGN §1 "For people").
Every sentence begins with who, and none says more than the evidence does: a signature shows control
of a key, not authorship; nobody unidentified gets a badge that looks like approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from rakkan.registry.flows.verify.verify import Verification
from rakkan.registry.rules.shortfalls import reasons, unchanged
from rakkan.schemas.record import Record
from rakkan.schemas.verdict import Outcome
from rakkan.schemas.work import Work


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in people's words.

    Attributes:
        words: What is said.
        tone: ``plain`` or ``alarm``; there is no tone of approval while nobody is identified.
        mark: Name of the sign beside it, so that colour never speaks alone.
    """

    words: str
    tone: str
    mark: str


BADGES: Final[Mapping[str, Badge]] = MappingProxyType(
    {
        "trusted": Badge("unchanged, issuer recognised here", "plain", "whole"),
        "invalid": Badge("not what was signed", "alarm", "broken"),
        "revoked": Badge("signed with a certificate that was taken back", "alarm", "broken"),
        "recovered": Badge("no credential in the file; matched to a registered work", "plain", "alike"),
        "none": Badge("no credential in the file, and nothing registered here matches it", "quiet", "open"),
    }
)
REGISTERED: Final = Badge("registered here; only the digest was asked about", "plain", "alike")
NOTHING: Final = Badge("nothing is registered here under this digest", "quiet", "open")

OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.PASS: "holds",
        Outcome.FAIL: "fails",
        Outcome.UNDETERMINED: "cannot tell",
        Outcome.NOT_APPLICABLE: "does not apply",
    }
)
ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {"allowed": "allowed", "denied": "do not use", "undetermined": "cannot tell"}
)
ANCHORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "none": "not in the log yet",
        "pending": "in the log, on its way to the chain",
        "mined": "on the chain, not final yet",
        "final": "on the chain for good",
        "unanchored": "in the log, on no chain",
    }
)
RELATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "parentOf": "made from it",
        "inputTo": "took it as input",
        "componentOf": "contains it",
        "usedModel": "used it, says its generator",
        "cameOutOf": "came out of it, says the trainer",
        "trainedOn": "was trained on it, says the trainer",
        "beganFrom": "began from it, says the trainer",
    }
)
CHECKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image": "The file is one whole picture",
        "manifest": "It carries a well-formed credential",
        "signature": "The credential's signature holds",
        "trust": "Its issuer is recognised here",
        "revocation": "Its certificate was not taken back",
        "binding": "The credential belongs to these very bytes",
        "redactions": "Nothing about consent was struck out",
        "attribution": "Who says what in it can be told",
        "vocabulary": "Its words are ones we know",
        "record": "A signed record names this picture",
        "log": "The record is in the public log",
        "anchor": "The log is on the chain",
        "consent": "Consent can be read",
        "ingredients": "What it was made from was whole",
        "softBinding": "It looks like what was registered",
    }
)
GROUPS: Final = (
    (
        "File",
        (
            "image",
            "manifest",
            "signature",
            "trust",
            "revocation",
            "binding",
            "redactions",
            "attribution",
            "vocabulary",
        ),
    ),
    ("Log and chain", ("record", "log", "anchor")),
    ("Consent", ("consent",)),
    ("Lineage", ("ingredients", "softBinding")),
)
"""The fifteen checks as people look for them."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the sentence needs beside the verification.

    Attributes:
        now: When it is read.
        accepted_at: When the record was accepted here; None without one.
        by_digest: Only a digest was asked about.
        exact: The record names the very bytes at hand.
    """

    now: datetime
    accepted_at: datetime | None
    by_digest: bool
    exact: bool


def badge(found: Verification, *, by_digest: bool) -> Badge:
    """The badge of an answer."""
    if by_digest:
        return REGISTERED if found.record is not None else NOTHING
    if found.state == "intact":
        return Badge(unchanged(found.checks), "plain", "whole")
    return BADGES[found.state]


def sentence(found: Verification, sighting: Sighting) -> str:
    """The first thing that is read: who, what became of it since, and what that does not show."""
    if found.record is not None and sighting.accepted_at is not None:
        return _registered(found, found.record, sighting.accepted_at, sighting)
    return _unregistered(found, sighting)


def who(record: Record) -> str:
    """Who stands behind a record, as far as anybody knows."""
    creator = _creator(record)
    return (
        "a wallet nobody has identified" if creator.startswith("did:pkh:") else "a key nobody has identified"
    )


def gist(uses: Mapping[str, str]) -> str:
    """What may be done, in one sentence.

    Args:
        uses: Each use in people's words, and its answer.
    """
    named = {answer: [use for use, each in uses.items() if each == answer] for answer in ANSWERS}
    if len(named["undetermined"]) == len(uses):
        return "Nobody can tell: nothing is known of consent, and that is no yes."
    allowed, denied, unsure = named["allowed"], named["denied"], named["undetermined"]
    rest = "anything else" if allowed else "anything"
    parts = [f"Allowed for everybody: {', '.join(allowed)}." if allowed else "Nothing is allowed."]
    if denied:
        parts.append(f"Do not use it for {rest if not unsure else ', '.join(denied)}.")
    if unsure:
        parts.append(f"For {'the rest' if denied or allowed else 'anything'}, nobody can tell.")
    return " ".join(parts)


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits; after two months the date."""
    seconds = int((now - then).total_seconds())
    if seconds < 60:
        return "just now"
    for unit, size, most in (("minute", 60, 60), ("hour", 3600, 48), ("day", 86400, 60)):
        if seconds < size * most:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return f"on {day(then)}"


def day(moment: datetime) -> str:
    """A date as it is read aloud."""
    return f"{moment.day} {moment:%B %Y}"


def _registered(found: Verification, record: Record, accepted_at: datetime, sighting: Sighting) -> str:
    done = f"{ago(accepted_at, sighting.now)} by {who(record)}"
    if found.state == "invalid":
        return (
            f"A work registered here {done} is named, but this file does not hold up. {_first_failure(found)}"
        )
    if found.state == "revoked":
        return f"Registered here {done}. The certificate that it was signed with has been taken back since."
    if sighting.by_digest:
        return f"Registered here {done}. Whether your copy is unchanged shows only in the file itself."
    if found.state == "recovered" and not sighting.exact:
        return f"It looks like a work registered here {done}. Looking alike is not being the same."
    if found.state == "recovered":
        return f"Registered here {done}. The file carries no credential; its bytes are ones that the record names."
    return f"Registered here {done}. {_since(found)} This does not show who made it."


def _unregistered(found: Verification, sighting: Sighting) -> str:
    signer = found.report.signer if found.report else None
    name = f"somebody who goes by “{signer.subject}”" if signer and signer.subject else "somebody"
    match found.state:
        case "trusted" | "intact":
            by = ", for whom nobody recognised here vouches"
            if found.check("trust").clears:
                by = f", for whom “{signer.issuer}” vouches" if signer else ""
            return f"Signed by {name}{by}. {_since(found)} It is not registered here."
        case "revoked":
            return f"Signed by {name} with a certificate that has been taken back."
        case "invalid":
            return f"Nobody can be named: this file is not what was signed. {_first_failure(found)}"
    if sighting.by_digest:
        return "Nobody has registered anything here under this digest. That says nothing about who made it."
    return "Nobody has registered this picture here, and it carries no credential. That says nothing about who made it."


def _since(found: Verification) -> str:
    """What became of it since it was signed; what stands against its issuer is said of the signer."""
    why = reasons(check for check in found.checks if check.name != "trust")
    return f"Unchanged since, but {', and '.join(why)}." if why else "Unchanged since."


def _first_failure(found: Verification) -> str:
    """An issuer that is not known makes no file invalid, so it is told only where nothing else fails."""
    failing = [check for check in found.checks if check.outcome is Outcome.FAIL]
    return next(
        (check.detail for check in failing if check.name != "trust"), "".join(c.detail for c in failing)
    )


def _creator(record: Record) -> str:
    predicate: Any = record.predicate
    assert isinstance(predicate, Work)
    return predicate.creator


def anchor(found: Verification) -> tuple[str, str]:
    """How far the log head with this record is, and where; what the chain did not say now is told as a memory."""
    value = found.anchor
    sure = value["block"] is None or found.check("anchor").clears
    said = ANCHORS.get(str(value["state"]), "") if sure else "seen on the chain before, not confirmed now"
    places = [
        f"record {value['index']} of {value['size']}" if value["index"] is not None and value["size"] else "",
        f"chain {value['chain']}, block {value['block']}" if value["block"] is not None else "",
        f"transaction {value['tx']}" if value["tx"] else "",
    ]
    return said, ", ".join(each for each in places if each)
