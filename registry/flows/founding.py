"""Founding a home: keys, certificates, database, and, with a chain, the contracts.

It decides the order, and that starting again continues where it stopped. What a key is for is said
in ``rakkan.registry.keys``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from rakkan.manifests.certificates import ArtistCertificate, Authority, follow, issue_artist, new_authority
from rakkan.registry import keys as key_names
from rakkan.registry.chain import local_chain
from rakkan.registry.clock import SystemClock
from rakkan.registry.home import ChainConfig, Home, HomeConfig
from rakkan.registry.ledger.deploy import Deployment
from rakkan.registry.rules.note import NoteVerifier, origin_of
from rakkan.registry.settings import Settings
from rakkan.registry.store import Store
from rakkan.schemas.errors import Conflict, Refused
from rakkan.schemas.instant import format_instant

STANDING_SECONDS = 3600
"""Default time in which anyone can fell an approval before it counts."""


@dataclass(frozen=True, slots=True)
class Founding:
    """What ``init`` made.

    Attributes:
        config: What the home says of itself now.
        token: Bearer token for writing over HTTP, shown once; empty if the home existed.
        deployment: The contracts deployed now, None if there was nothing to deploy.
        renewed: A new certificate of the artist follows one that ends.
    """

    config: HomeConfig
    token: str
    deployment: Deployment | None
    renewed: bool = False


def found(
    settings: Settings,
    *,
    creator: str = "Rakkan artist",
    chain: str = "none",
    standing_seconds: int = STANDING_SECONDS,
    progress: Callable[[str], None] = lambda _: None,
) -> Founding:
    """Make a home, or finish one that was begun; an existing one may gain its first chain.

    Args:
        settings: Names the folder.
        creator: Common name in the artist's certificate; it becomes public in every stamped image.
        chain: ``local`` (embedded anvil), ``none``, or a JSON-RPC URL.
        standing_seconds: Standing time of the gate that is deployed.
        progress: Told what is done.

    Raises:
        Conflict: ``home-occupied``, ``home-chain`` (it has another chain already).
        Refused: ``key-missing``, if a home that exists has lost a key: none is ever replaced.
        Unavailable: ``no-anvil``, ``chain-unavailable``; ``store-missing``, if a home that exists has lost it.
    """
    home = Home(settings.folder)
    home.claim()
    with home.alone("founding"):
        return _found(settings, home, creator, chain, standing_seconds, progress)


def _found(
    settings: Settings,
    home: Home,
    creator: str,
    chain: str,
    standing_seconds: int,
    progress: Callable[[str], None],
) -> Founding:
    now = SystemClock().now()
    if home.exists and (lost := home.keys.missing()):
        raise Refused(
            f"This home has lost {', '.join(lost)}; another key would not be the one that people know.",
            code="key-missing",
            hint="Restore it from a backup, or found another home.",
        )
    home.keys.create()
    renewed = _certificates(home, creator)
    public = home.keys.log_public
    origin = origin_of(public)
    if home.exists:
        config = home.read()
    else:
        config = HomeConfig(
            schema="rakkan.home/1",
            origin=origin,
            log_keys=(NoteVerifier(origin, public).vkey,),
            created_at=format_instant(now),
        )
    progress(f"keys and certificates of {origin}")
    deployment = None
    if chain != "none" and config.chain is None:
        config, deployment = _with_chain(home, config, chain, standing_seconds, progress)
    elif chain not in ("none", config.chain.kind, config.chain.rpc_url) if config.chain else False:
        raise Conflict(
            "This home has another chain already.",
            code="home-chain",
            hint="Found another home for another chain.",
        )
    home.keep_private()
    store = Store(settings.database_url or home.database_url, config.origin, founded=home.exists)
    try:
        token = "" if home.exists else store.new_token("init", now)
    finally:
        store.close()
    home.write(config)
    return Founding(config, token, deployment, renewed)


def _certificates(home: Home, creator: str) -> bool:
    """Make what a new home has; where an artist's certificate ends, let one follow it under the same key."""
    keys, now = home.keys, SystemClock().now()
    if not (keys.folder / key_names.CREDENTIAL_CHAIN).exists():
        for stale in (key_names.ISSUING_KEY, key_names.ISSUING_CERTIFICATE, key_names.CREDENTIAL_KEY):
            with contextlib.suppress(FileNotFoundError):
                (keys.folder / stale).unlink()
        authority = new_authority(creator, now)
        artist = issue_artist(authority, creator, now)
        keys.write(key_names.ISSUING_KEY, authority.key_pem)
        keys.write(key_names.ISSUING_CERTIFICATE, authority.certificate_pem)
        keys.write(key_names.CREDENTIAL_KEY, artist.key_pem)
        keys.write(key_names.CREDENTIAL_CHAIN, artist.chain_pem)
        next_one = None
    else:
        authority = Authority(*map(keys.read, (key_names.ISSUING_KEY, key_names.ISSUING_CERTIFICATE)))
        last = ArtistCertificate(*map(keys.read, (key_names.CREDENTIAL_KEY, key_names.CREDENTIAL_CHAIN)))
        next_one = follow(authority, last, now)
        if next_one is not None:
            keys.write(key_names.CREDENTIAL_CHAIN, next_one.chain_pem)
    home.issuers.write_bytes(keys.read(key_names.ISSUING_CERTIFICATE))
    return next_one is not None


def _with_chain(
    home: Home, config: HomeConfig, chain: str, standing_seconds: int, progress: Callable[[str], None]
) -> tuple[HomeConfig, Deployment]:
    from rakkan.registry.ledger.deploy import deploy

    with contextlib.ExitStack() as closing:
        url = chain
        if chain == "local":
            local = closing.enter_context(local_chain(home))
            local.fund(home.keys.address(key_names.ACCOUNT))
            url = local.rpc_url
        account = home.keys.address(key_names.ACCOUNT)
        deployment = deploy(
            url,
            home.keys.wallet(key_names.ACCOUNT),
            origin=config.origin,
            community=account,
            attester=home.keys.address(key_names.ATTESTER),
            standing_time=standing_seconds,
            progress=lambda each: progress(f"deployed {each.name} at {each.address} ({each.gas_used:,} gas)"),
        )
    identity = deployment.identity
    pinned = ChainConfig(
        kind="local" if chain == "local" else "rpc",
        rpc_url="" if chain == "local" else chain,
        chain_id=identity.chain_id,
        genesis=identity.genesis.hex(),
        log=str(identity.log),
        consents=str(identity.consents),
        gate=str(identity.gate) if identity.gate else None,
        book=str(identity.book) if identity.book else None,
        since=min(each.block_number for each in deployment.transactions),
    )
    return config.model_copy(update={"chain": pinned}), deployment
