"""Reasons in people's words: why a record decides, says nothing, or is passed over.

It decides one sentence for each code of an explanation. The codes are ``rakkan.registry.rules.explaining``'s and
stay in the document; these words may be put better at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "granted": "allows it to whoever asks here",
        "granted-to-public": "allows it to everybody",
        "not-allowed": "says no to this use",
        "reserved": "reserves it: do not use",
        "constrained": "allows narrower uses at most, and not this one",
        "withdrawn": "was taken back: no new use",
        "withdrawal-not-consulted": "it was allowed, and the chain could not be asked whether it was taken back since",
        "similar-unresolved": "the work looks like an earlier one, and nobody cleared that",
        "claims-conflict": "several persons claim the work, and none of them stands above the others",
        "no-consent": "nobody ever said anything",
        "grantee-other": "is said to others",
        "scope-unstated": "says nothing of this use, or allows nothing by itself",
        "claimant-other": "is by somebody who claims nothing on a work that others claim",
        "claim-void": "is by somebody whose every claim was cancelled",
        "void": "was cancelled from the start (fraud)",
        "superseded": "was replaced by a later one",
        "not-yet-valid": "does not count yet",
        "expired": "counts no longer",
        "unlogged": "is in no log yet: `rakkan publish` brings it there",
        "train-by-passed": "training had to begin earlier",
        "policy-other": "is bound to another policy",
        "budget-spent": "as many runs as it allows have begun",
        "coauthors-missing": "those who agreed do not hold the whole",
        "release-missing": "somebody who is shown has not agreed",
        "minors-unknown": "nobody says whether a minor is shown",
        "guardian-missing": "a minor is shown and no guardian agreed",
        "mandate-broken": "is given in another's name without their standing mandate",
        "key-rotated": "is stated by a key that had a successor by then",
        "key-compromised": "is stated by a key that was in other hands by then",
        "suspended": "is paused while disputed",
        "unknown": "was not known then",
        "holds": "holds, and others lean on it",
        "highest": "the claim that stands above all others",
        "equal": "a claim that no other stands above",
        "lower": "a claim that another stands above",
        "doubtful": "a claim by a key in other hands",
        "spends": "a training run that began then, declared by its trainer: it spends one of the runs allowed",
        "not-counted": "a training run that spends nothing: cancelled, declared before, or by somebody not allowed to",
        "running": "an objection that pauses what it is about",
        "over": "an objection whose time has run out",
        "without-effect": "an objection that pauses nothing: dismissed, or another one of the same person came first",
        "dismissed": "ends an objection",
        "cleared": "lets the work stand beside an earlier one",
        "not-named": "a ruling by somebody whom the community does not name: it counts for nothing",
        "guardians": "names who may recover the key",
        "rotate": "names the key that follows",
        "recover": "names the key that follows, by the guardians' word",
        "compromised": "says that the key is in other hands",
        "site": "was identified by a site",
        "dns": "was identified by a domain",
        "ens": "was identified by an ENS name",
        "vouch": "was vouched for",
        "aggregator": "had their identity checked",
        "steward": "had their rights looked at by a steward",
    }
)
"""By code; a claim that was cancelled has the words of ``void``."""
PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "decides": "decides",
        "speaks": "is heard, and another decides",
        "silent": "is set aside",
        "leaned-on": "is leaned on",
        "claims": "claims the work",
        "relies": "relies on what was granted",
        "objects": "objects",
        "actor": "is about a person",
        "unknown": "is set aside",
    }
)
"""By part, as headings."""
