"""Attribution: who a picture's own identity credentials name, and what that adds up to.

It decides check 9 together with what is only gathered (``rakkan.manifests.terms``): a credential that is
broken fails, one by somebody who is not trusted about names leaves the check open, and one that holds
says who, in words that promise no more. A credential is corroboration: it changes no state of a picture
and grants nothing. It leaves out single credentials (``rakkan.manifests.naming``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from rakkan.manifests.aggregators import IdentityTrust
from rakkan.manifests.checks import ATTRIBUTION, Check
from rakkan.manifests.identity import LABEL, Claims, Refusal, read_identity
from rakkan.manifests.ingredients import Ingredient
from rakkan.manifests.jumbf import ManifestStore
from rakkan.manifests.naming import SHOWN, Bench, IdentityCredential, judge_credential, refused
from rakkan.schemas.verdict import Outcome

MAX_CREDENTIALS: Final = 16

_WORST: Final = (Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS, Outcome.NOT_APPLICABLE)


def read_credentials(
    store: ManifestStore,
    ingredients: Sequence[Ingredient],
    trust: IdentityTrust,
    *,
    at: datetime | None,
    now: datetime,
    revoked: Collection[bytes] | None = None,
) -> tuple[IdentityCredential, ...]:
    """Judge every identity credential of the active manifest, which is known to be whole (§7.1).

    Args:
        store: All manifests.
        ingredients: What the active manifest was made from, as far down as the store goes.
        trust: Whose word about a name counts.
        at: When the manifest's signature is proven to have existed.
        now: The wall clock, which counts if nothing is proven.
        revoked: SHA-256 digests (32 bytes) of revoked certificates; None if no list was consulted.
    """
    labels = list(store.active.labels(LABEL))
    if not labels:
        return ()
    below = {each.manifest for each in ingredients}
    claims = Claims(store, {each.label: each for each in store.manifests if each.label in below})
    algorithm = store.active.fields.get("alg")
    bench = Bench(
        trust, at or now, frozenset(revoked or ()), algorithm if isinstance(algorithm, str) else "sha256"
    )
    found = []
    for label in labels[:MAX_CREDENTIALS]:
        try:
            assertion = read_identity(store.active, label)
            covers = claims.check(assertion)
            found.append(judge_credential(assertion, covers, bench))
        except Refusal as refusal:
            found.append(refused(label, refusal))
    if len(labels) > MAX_CREDENTIALS:
        too_many = Refusal("identities-too-many", f"is one of more than {MAX_CREDENTIALS}", open=True)
        found.append(refused(labels[MAX_CREDENTIALS], too_many))
    return tuple(found)


def judge_attribution(said: Check, credentials: Sequence[IdentityCredential]) -> Check:
    """Check 9: what is only gathered, and who is named; the worst of all answers.

    Args:
        said: Whether actions and consent are attributed to the signer.
        credentials: As :func:`read_credentials` found them.
    """
    if not credentials:
        return said
    # Of answers alike, that about who is named says more; of faults, the one that touches consent.
    order: list[Check | IdentityCredential] = [*credentials, said]
    if said.outcome is Outcome.FAIL:
        order.reverse()
    worst = min(order, key=lambda each: _WORST.index(each.outcome))
    shown = [each.detail for each in credentials[:SHOWN]]
    if len(credentials) > SHOWN:
        shown.append(f"There are {len(credentials) - SHOWN} more identity credentials in it.")
    about = [] if said.outcome is Outcome.NOT_APPLICABLE else [said.detail]
    return Check(ATTRIBUTION, worst.outcome, worst.code, " ".join([*about, *shown]))
