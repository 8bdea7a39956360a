"""From a name to an answer: files, digests and CIDs looked up, dossiers found, trust put together.

It decides where evidence and trust come from: a bundle or the home, the caller's keys or the home's.
Judgement is in ``verify``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.image import CheckedImage, check_image, read_image
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.trust import TrustedIssuers
from rakkan.registry.clock import SystemClock
from rakkan.registry.flows.damage import damage_of, look
from rakkan.registry.flows.dossier import Dossier, consent_of, gather, gather_work
from rakkan.registry.flows.lookup import is_cid, is_digest, resolve, similar
from rakkan.registry.flows.record_checks import Trust
from rakkan.registry.flows.verify import Verification, judge
from rakkan.registry.home import ChainConfig, Home
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.note import NoteVerifier
from rakkan.registry.rules.proofs import withdrawal_key
from rakkan.schemas.canonical import parse_strict
from rakkan.schemas.errors import DomainError, Invalid, NotFound
from rakkan.schemas.identity import Address
from rakkan.schemas.statement import parse_model
from rakkan.schemas.values import Cid, Digest, Fingerprint

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.settings import Settings
    from rakkan.registry.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to verify.

    Attributes:
        offline: Ask nobody; what could not be asked is undetermined.
        bundle: Evidence from a file instead of the home's memory.
        trust: PEM of trusted issuers, instead of the home's.
        log_keys: Verifier keys of logs (text, or a file that holds it), instead of the home's.
        chain: JSON file that pins a chain (see ``ChainConfig``), instead of the home's.
        grantee: For whom consent is asked.
    """

    offline: bool = False
    bundle: Path | None = None
    trust: Path | None = None
    log_keys: tuple[str, ...] = ()
    chain: str | None = None
    grantee: str = "public"


def verify_name(settings: Settings, name: str, options: VerifyOptions) -> Verification:
    """Verify a file, or what is registered under a digest or a CID.

    Raises:
        Invalid: If the name is malformed, or the file is not one whole image.
        NotFound: ``file-missing``, ``record-unknown``, ``home-missing``.
        Integrity: If a bundle's blocks are damaged.
    """
    image = None if is_digest(name) or is_cid(name) else read_image(Path(name), damaged_too=True)
    with _home(settings) as registry:
        trust = _trust(registry, options)
        issuers = _issuers(registry, options)
        if options.bundle is not None:
            return _with_bundle(image, name, options, trust, issuers, registry)
        if registry is None:
            if image is None:
                raise NotFound(
                    f"There is no registry in {settings.folder} to look {name} up in.",
                    code="home-missing",
                    hint="Run `rakkan init`, name a --home, or bring a --bundle.",
                )
            report = read_manifest(image, issuers)
            damage, now = damage_of(image, report), SystemClock().now()
            return judge(report, (), None, trust, instant=now, grantee=options.grantee, damage=damage)
        if image is not None:
            return _image(registry, image, issuers, trust, options.grantee)
        return _stored(registry, resolve(registry, name), trust, options.grantee)


def verify_image(registry: Registry, content: bytes, name: str, *, grantee: str = "public") -> Verification:
    """Verify bytes that somebody handed in.

    Raises:
        Invalid: If they are not one whole image.
    """
    trust = _trust(registry, VerifyOptions())
    image = check_image(content, name, damaged_too=True)
    return _image(registry, image, registry.issuers, trust, grantee)


def verify_digest(registry: Registry, digest: Digest, *, grantee: str = "public") -> Verification:
    """What is registered under an identifier; checks of the file itself do not apply."""
    trust = _trust(registry, VerifyOptions())
    dossier = gather(registry, [digest])
    if dossier is None:
        return judge(None, (), None, trust, instant=registry.clock.now(), grantee=grantee)
    return _judge_home(registry, None, (), dossier, trust, grantee, recovered=True)


def _image(
    registry: Registry, image: CheckedImage, issuers: TrustedIssuers | None, trust: Trust, grantee: str
) -> Verification:
    report = read_manifest(image, issuers)
    prints, damage = look(image, report)
    identity = None if damage else report.identity  # a broken picture is not the one that was signed
    names = [image.sha256] if identity is None else [identity.c2pa_claim, image.sha256]
    dossier = gather(registry, names)
    recovered = dossier is not None and (dossier.alias or identity is None)
    if dossier is None and report.state == "none":
        alike = similar(registry, prints)
        dossier, recovered = gather_work(registry, alike, alias=True) if alike else None, True
    return _judge_home(registry, report, prints, dossier, trust, grantee, recovered=recovered, damage=damage)


def _stored(registry: Registry, stored: StoredRecord, trust: Trust, grantee: str) -> Verification:
    if stored.record.kind != "work":
        raise Invalid(
            f"{stored.record.record_id} is a {stored.record.kind} record, not a work.", code="record-kind"
        )
    dossier = gather_work(registry, stored)
    return _judge_home(registry, None, (), dossier, trust, grantee, recovered=True)


def _judge_home(
    registry: Registry,
    report: ManifestReport | None,
    prints: Sequence[Fingerprint],
    dossier: Dossier | None,
    trust: Trust,
    grantee: str,
    *,
    recovered: bool,
    damage: UnreadableImage | None = None,
) -> Verification:
    from rakkan.registry.flows.tracing import trace

    lineage = trace(registry, dossier.work.record.record_id.digest) if dossier else None
    if dossier is not None:
        dossier, trust = _consult(registry, dossier, trust)
    return judge(
        report,
        tuple(prints),
        dossier,
        trust,
        instant=registry.clock.now(),
        grantee=grantee,
        lineage=lineage,
        recovered=recovered,
        damage=damage,
    )


def _consult(registry: Registry, dossier: Dossier, trust: Trust) -> tuple[Dossier, Trust]:
    """Ask the contract about withdrawals; a home without a chain keeps them all itself."""
    identity = registry.identity
    if identity is None:
        return dossier, replace(trust, withdrawals=True)
    if trust.chain is None:
        return dossier, trust
    from rakkan.registry.flows.withdrawn import look_up

    names = [digest.raw for subject in dossier.work.record.parsed.subject for digest in subject.digests]
    pairs = {}
    for each in dossier.all_consents:
        record_id = each.record.record_id.digest
        authority = Address.parse(consent_of(each).withdrawal.authority).raw
        for item in (None, *names):  # the whole consent, and this work alone
            pairs[authority, withdrawal_key(record_id, item)] = record_id
    try:
        seen = look_up(registry, pairs)
    except DomainError:
        # the chain did not answer: nothing is known of withdrawals, so nothing is allowed
        return dossier, trust
    known = dict(dossier.withdrawn_at)
    for pair, found in seen.items():
        if found.at is not None and pairs[pair] not in known:
            known[pairs[pair]] = found.at
    return replace(dossier, withdrawn_at=tuple(known.items())), replace(trust, withdrawals=True)


def _with_bundle(
    image: CheckedImage | None,
    name: str,
    options: VerifyOptions,
    trust: Trust,
    issuers: TrustedIssuers | None,
    registry: Registry | None,
) -> Verification:
    from rakkan.registry.flows.evidence import unpack_file

    assert options.bundle is not None
    dossier = unpack_file(options.bundle)
    record = dossier.work.record
    if is_cid(name) and Cid.parse(name).digest not in (record.record_id.digest, record.envelope_cid.digest):
        raise Invalid(
            f"The bundle is not about {name}.", code="bundle-other", hint="Bring the bundle of this record."
        )
    clock = registry.clock if registry else SystemClock()
    report: ManifestReport | None = None
    prints: tuple[Fingerprint, ...] = ()
    asked = Digest.parse(name) if is_digest(name) else dossier.matched
    damage: UnreadableImage | None = None
    if image is not None:
        report = read_manifest(image, issuers)
        prints, damage = look(image, report)
        asked = report.identity.c2pa_claim if report.identity and not damage else image.sha256
    dossier = replace(dossier, matched=asked)
    lineage = _bundle_lineage(dossier)
    recovered = report is None or report.identity is None
    return judge(
        report,
        prints,
        dossier,
        trust,
        instant=clock.now(),
        grantee=options.grantee,
        lineage=lineage,
        recovered=recovered,
        damage=damage,
    )


def _bundle_lineage(dossier: Dossier) -> dict[str, Any]:
    work: Any = dossier.work.record.predicate
    name = str(dossier.work.record.record_id)
    nodes = [{"id": name, "kind": "work", "digest": str(dossier.matched)}]
    nodes += [{"id": parent.digest, "kind": "unknown", "digest": parent.digest} for parent in work.parents]
    edges = [{"from": name, "to": parent.digest, "relation": parent.relation} for parent in work.parents]
    return {"nodes": nodes, "edges": edges}


@contextlib.contextmanager
def _home(settings: Settings) -> Iterator[Registry | None]:
    """The home, if there is one; an offline check by bundle needs none, and opens no database for it."""
    if not Home(settings.folder).exists:
        yield None
        return
    from rakkan.registry.service import open_registry

    with open_registry(settings) as registry:
        yield registry


def _trust(registry: Registry | None, options: VerifyOptions) -> Trust:
    keys = tuple(NoteVerifier.parse(_text(each)) for each in options.log_keys)
    if not keys and registry is not None:
        keys = tuple(registry.verifiers)
    if options.chain is not None:
        try:
            chain = parse_model(ChainConfig, parse_strict(_text(options.chain).encode()))
        except DomainError as error:
            named = (
                options.chain if len(options.chain) < 200 and "{" not in options.chain else "what was given"
            )
            hint = "Copy it from `chain` of `rakkan init --json`."
            raise error.about(f"The chain ({named}) is not pinned by this", hint=hint) from error
        return Trust(keys, Domain(chain.chain_id, chain.identity.consents))
    if registry is None:
        return Trust(keys)
    if options.offline:
        return Trust(keys, registry.domain, community=registry.community)
    from rakkan.registry.flows.anchoring import ask

    return Trust(
        keys, registry.domain, lambda receipt: ask(registry.ledger)(receipt), community=registry.community
    )


def _issuers(registry: Registry | None, options: VerifyOptions) -> TrustedIssuers | None:
    if options.trust is not None:
        try:
            return TrustedIssuers.load(options.trust.read_bytes(), uri="urn:rakkan:issuers")
        except OSError as error:
            raise NotFound(
                f"{options.trust} cannot be read: {error.strerror}.", code="file-missing"
            ) from error
    return registry.issuers if registry is not None else None


def _text(value: str) -> str:
    path = Path(value)
    with contextlib.suppress(OSError):
        if path.is_file():
            return path.read_text().strip()
    return value
