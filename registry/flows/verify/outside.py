"""Trust from outside of the evidence: the caller's keys and chain, or those of the home.

It decides what is believed when something is verified, and which chain is asked. Judgement by it is in
``verify``; what is verified is found in ``opening``. It leaves out whom a reader of manifests trusts
(``reading``).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.registry.flows.consent.cases import community_of
from rakkan.registry.flows.verify.anchoring import ask
from rakkan.registry.flows.verify.record_checks import OpenChain, Trust
from rakkan.registry.home import ChainConfig
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.note import NoteVerifier
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError
from rakkan.schemas.statement import parse_model

if TYPE_CHECKING:
    from rakkan.registry.ports import Chain
    from rakkan.registry.service import Registry


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to verify.

    Attributes:
        offline: Ask nobody; what could not be asked is undetermined.
        bundle: Evidence from a file instead of the home's memory.
        trust: PEM of trusted issuers, or a folder of such files, instead of the home's.
        identity_trust: PEM of issuers of identity certificates, or DID documents of aggregators, instead of
            the home's.
        log_keys: Verifier keys of logs (text, or a file that holds it), instead of the home's.
        chain: JSON file that pins a chain (see ``ChainConfig``), instead of the home's.
        grantee: For whom consent is asked.
    """

    offline: bool = False
    bundle: Path | None = None
    trust: Path | None = None
    identity_trust: tuple[Path, ...] = ()
    log_keys: tuple[str, ...] = ()
    chain: str | None = None
    grantee: str = "public"


def outside(registry: Registry | None, options: VerifyOptions, rpc_url: str = "") -> Trust:
    """Put together what is believed; a chain among it is opened when it is first asked.

    Args:
        registry: The home, if there is one.
        options: What the caller named; it goes before what the home has.
        rpc_url: A node to ask, instead of the one that a chain's file names.

    Raises:
        Invalid: If a key or the chain's file is malformed.
    """
    keys = tuple(NoteVerifier.parse(_text(each)) for each in options.log_keys)
    if not keys and registry is not None:
        keys = tuple(registry.verifiers)
    if options.chain is not None:
        pinned = _pinned(options.chain)
        trust, url = Trust(keys, Domain(pinned.chain_id, pinned.identity.consents)), rpc_url or pinned.rpc_url
        return _asking(trust, _reader(pinned, url)) if url and not options.offline else trust
    if registry is None:
        return Trust(keys)
    trust = Trust(keys, registry.domain, community=community_of(registry))
    return trust if options.offline else _asking(trust, lambda: registry.ledger)


def _pinned(chain: str) -> ChainConfig:
    try:
        return parse_model(ChainConfig, parse_strict(_text(chain).encode()))
    except DomainError as error:
        named = chain if len(chain) < 200 and "{" not in chain else "what was given"
        hint = "Take the file chain.json of the registry, from somebody whom you trust."
        raise error.about(f"The chain ({named}) is not pinned by this", hint=hint) from error


def _reader(pinned: ChainConfig, url: str) -> OpenChain:
    """A chain that is read and not written on."""

    def opened() -> Chain:
        from rakkan.registry.ledger.evm import EvmLedger

        return EvmLedger(url, pinned.identity, None)

    return cache(opened)


def _asking(trust: Trust, ledger: OpenChain) -> Trust:
    """The same trust, with somebody to ask."""
    return replace(trust, chain=lambda receipt: ask(ledger())(receipt), ledger=ledger)


def _text(value: str) -> str:
    path = Path(value)
    with contextlib.suppress(OSError):
        if path.is_file():
            return path.read_text().strip()
    return value
