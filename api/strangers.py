"""Consents that are taken without a token: given by a wallet whose signature is all the proof they need.

It decides which ones (a grant or a reservation, about a few works that nobody else has spoken of here, signed
by its grantor's wallet and by nobody else), how large they are, and how many are taken in an hour. A token
lifts all of it. What a consent means is decided in ``rakkan.registry.rules.consent``.

Nobody else may have spoken of the works, because a second voice turns a yes into a doubt (a reservation by
anybody does): with a token somebody answers for that, without one nobody does. What such a consent replaces
is its grantor's own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fastapi import Request

from rakkan.api.limits import Limits
from rakkan.api.quota import Quota
from rakkan.registry.flows.consent.drafts import spoken_for
from rakkan.registry.rules.facts import folded
from rakkan.registry.service import Registry
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Refused
from rakkan.schemas.record import Record

MAX_BYTES: Final = 16 * 1024
"""Statement and envelope together."""

MAX_WORKS: Final = 16


class Strangers:
    """Takes consents of wallets that nobody here knows.

    Args:
        public: The published part of the registry: what is not public must not show in what is refused.
        limits: How many are taken.
    """

    def __init__(self, public: Registry, limits: Limits) -> None:
        self._public, self._limits, self._quota = public, limits, Quota()

    @property
    def welcome(self) -> bool:
        """Whether any are taken here."""
        return self._limits.open_consents > 0 and self._public.domain is not None

    def may_bring(self, record: Record, blocks: Sequence[bytes] = ()) -> bool:
        """Whether a record is of the kind that needs no token; its proofs are not looked at."""
        consent, proofs = record.predicate, record.parsed_envelope.proofs
        return (
            self.welcome
            and isinstance(consent, Consent)
            and consent.kind in ("grant", "reservation")
            and consent.match == "exact"
            and all(
                each is None for each in (consent.mandate, consent.joins, consent.sealed, consent.derived)
            )
            and len(record.parsed.subject) <= MAX_WORKS
            and len(record.statement) + len(record.envelope) <= MAX_BYTES
            and not blocks
            and not consent.persons.releases
            and [(each.suite, each.signer) for each in proofs] == [("eip712", consent.grantor.id)]
        )

    @contextmanager
    def bringing(self, request: Request, record: Record) -> Iterator[None]:
        """Take a record for which :meth:`may_bring` holds, inside the block; it counts if the block ends well.

        Raises:
            Refused: ``work-spoken-for``, ``quota-spent``.
        """
        consent = record.predicate
        assert isinstance(consent, Consent)
        digests = [digest for subject in record.parsed.subject for digest in subject.digests]
        if spoken_for(self._public, digests, consent.grantor.id) or not self._may_replace(consent):
            raise Refused(
                "Somebody else has registered this work here, or has spoken about it before.",
                code="work-spoken-for",
                hint="Sign with the wallet or the key that did, or send it with a token of this registry.",
            )
        each = self._limits.open_consents_each
        names = [
            ("all", self._limits.open_consents),
            (f"wallet {consent.grantor.id}", each),
            (f"network {_network(request)}", each),
        ]
        with self._quota.spend(names):
            yield

    def _may_replace(self, consent: Consent) -> bool:
        """Whether what it replaces, if anything, is public here and of the same grantor."""
        if consent.supersedes is None:
            return True
        name = consent.supersedes.cid.digest
        stored = self._public.store.records.get([name]).get(name)
        earlier = None if stored is None else stored.record.predicate
        return isinstance(earlier, Consent) and folded(earlier.grantor.id) == folded(consent.grantor.id)


def _network(request: Request) -> str:
    """Whom an address of the network counts for; of IPv6, one customer has at least 64 bits."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
