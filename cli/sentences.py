"""The words for people: one sentence per answer, beginning with who.

It decides how answers are said (DESIGN "For people"). It promises no more than the evidence does: a
signature shows control of a key, not authorship.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rakkan.cli.text import clean

if TYPE_CHECKING:
    from rakkan.registry.flows.verify.corroboration import Corroboration
    from rakkan.registry.flows.verify.verify import Verification
    from rakkan.schemas.record import Record

STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trusted": "unchanged, issuer recognised here",
        "invalid": "not what was signed",
        "revoked": "signed with a certificate that its issuer has taken back",
        "recovered": "no credential in the file; matched to a registered work",
        "none": "no credential in the file, and nothing registered here matches it",
    }
)
DECISIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"approved": "approved", "rejected": "rejected", "undetermined": "cannot tell"}
)
ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {"allowed": "allowed", "denied": "not allowed", "undetermined": "cannot tell"}
)
ANCHORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "none": "not on a chain",
        "pending": "on its way to the chain",
        "mined": "on the chain, not final yet",
        "final": "on the chain for good",
        "unanchored": "in the log, on no chain",
    }
)

GATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nothing-on-file": "no verdict was handed to it",
        "superseded": "another verdict was handed to it since",
        "no-approval": "the verdict is no approval",
        "braked": "braked: a consent that it relies on was withdrawn",
        "retracted": "its attester took it back",
        "suspended": "paused by the community",
        "expired": "its time is over",
        "standing-time": "not yet: anyone can still fell it",
        "attester-removed": "its attester counts no more",
    }
)
"""Why a gate does not approve."""


def verification(found: Verification) -> str:
    """Who stands behind an image, what became of it since, and what that does not show."""
    parts = [_who(found)]
    if found.state != "none" and found.check("record").outcome.value != "fail":
        parts.append(_registered(found))  # a record of another picture registers nothing here
    # Who signed stands in the sentence already, and an unknown issuer makes nothing invalid; what is
    # wrong with the rest is said in full.
    failing = [each for each in found.checks if each.outcome.value == "fail"]
    telling = [each for each in failing if each.name != "trust"]
    first = next(iter({"invalid": telling or failing, "intact": telling}.get(found.state, ())), None)
    if first is not None:
        parts.append(f"What fails first: {first.name}. {first.detail}")
    if found.state in ("trusted", "intact", "recovered"):
        parts.append("This shows control of a key, not who made the image.")
    return clean(" ".join(part for part in parts if part))


def bundle(found: Verification, *, holds: bool, fails: bool) -> str:
    """Whether a bundle holds, by the checks that it can answer."""
    if fails:
        said = "it does not hold"
    elif holds:
        said = "everything in it holds"
    else:
        said = "cannot tell, because not all of it could be checked"
    record = found.record
    return clean(f"{_signers(record) if record else 'Nobody known'} stands behind this evidence: {said}.")


def _who(found: Verification) -> str:
    signer = found.report.signer if found.report is not None else None
    said = _unchanged(found) if found.state == "intact" else STATES[found.state]
    if found.state in ("trusted", "intact", "revoked"):
        name = f"“{signer.subject}”" if signer and signer.subject else "somebody without a name"
        # Only an issuer that is trusted here vouches for the name; else it is the signer's own choice.
        vouched = found.state != "intact" or found.check("trust").clears
        who = name if vouched else f"Somebody who goes by {name}"
        return f"{who} signed this image: {said}."
    if found.state == "invalid":
        return f"Nobody stands behind this file as it is: {said}."
    if found.state == "recovered" and found.record is not None:
        return f"{_signers(found.record)} registered this image: {said}."
    return f"Nobody known here stands behind this image: {said}."


def _unchanged(found: Verification) -> str:
    from rakkan.registry.rules.shortfalls import unchanged

    return unchanged(found.checks)


def _registered(found: Verification) -> str:
    record = found.record
    if record is None or found.state == "recovered":
        return ""
    since = record.parsed.predicate.get("stampedAt", "")
    return f"{_signers(record)} registered it" + (f" on {str(since)[:10]}." if since else ".")


def _signers(record: Record) -> str:
    """Identity first: a key is not a person."""
    return f"A key that nobody has identified ({', '.join(proof.signer for proof in record.parsed_envelope.proofs)})"


def anchor(found: Verification) -> str:
    """Where the log head with this record is; what the chain did not say is told as what it is, a memory."""
    value = found.anchor
    claimed = value.get("claimed")
    if claimed:
        return f"not confirmed; the bundle claims chain {claimed['chain']}, block {claimed['block']}"
    if value.get("block") is not None and not found.check("anchor").clears:
        return f"not confirmed; this home saw it on chain {value['chain']}, in block {value['block']}"
    said = ANCHORS.get(str(value.get("state")), str(value.get("state")))
    if value.get("block") is not None:
        said += f": chain {value['chain']}, block {value['block']}"
        said += f", transaction {value['tx']}" if value["tx"] else ""
    if value.get("size"):
        said += f" (record {value['index']} of {value['size']})"
    return said


def consent(value: Mapping[str, Any]) -> list[str]:
    """One line for each answer that differs: what is allowed, what is not, what nobody can tell."""
    scopes: Mapping[str, str] = value["scopes"]
    lines = []
    for answer, said in ANSWERS.items():
        named = [scope for scope, each in scopes.items() if each == answer]
        if named:
            every = "everything" if len(named) == len(scopes) else ", ".join(named)
            lines.append(f"{said} for {value['grantee']}: {every}")
    return lines


def identities(values: Iterable[Corroboration]) -> list[str]:
    """Whom the picture's identity credentials name, beside those who signed records about it."""
    return [clean(said) for value in values for said in (value.credential.detail, *value.sentences)]


def transaction(state: str, block: int | None) -> str:
    """How far one transaction is."""
    words = {
        "planned": "wanted, not signed yet",
        "signed": "signed and sent",
        "failed": "refused by the contract",
    }
    return words.get(state, f"{state} in block {block}")
