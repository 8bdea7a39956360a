"""From a name to an answer: files, digests and CIDs looked up, dossiers found, trust put together.

It decides where evidence comes from, a bundle or the home. What is believed is put together in ``outside``;
judgement is in ``verify``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.manifests.errors import UnreadableImage
from rakkan.manifests.image import CheckedImage, check_image, read_image
from rakkan.manifests.read import ManifestReport
from rakkan.registry.clock import SystemClock
from rakkan.registry.flows.lookup import is_cid, is_digest, resolve, similar
from rakkan.registry.flows.verify.consulting import consult_chain, consult_home
from rakkan.registry.flows.verify.damage import damage_of, look
from rakkan.registry.flows.verify.dossier import Dossier, gather, gather_work
from rakkan.registry.flows.verify.outside import VerifyOptions as VerifyOptions
from rakkan.registry.flows.verify.outside import outside
from rakkan.registry.flows.verify.reading import ManifestTrust, trust_of
from rakkan.registry.flows.verify.record_checks import Trust
from rakkan.registry.flows.verify.verify import Verification, judge
from rakkan.registry.home import Home
from rakkan.schemas.errors import Invalid, NotFound
from rakkan.schemas.values import Cid, Digest, Fingerprint

if TYPE_CHECKING:
    from rakkan.registry.service import Registry
    from rakkan.registry.settings import Settings
    from rakkan.registry.store.records import StoredRecord


def verify_name(settings: Settings, name: str, options: VerifyOptions) -> Verification:
    """Verify a file, or what is registered under a digest or a CID.

    Raises:
        Invalid: If the name is malformed, or the file is not one whole image.
        NotFound: ``file-missing``, ``record-unknown``, ``home-missing``.
        Integrity: If a bundle's blocks are damaged.
    """
    image = None if is_digest(name) or is_cid(name) else read_image(Path(name), damaged_too=True)
    with _home(settings) as registry:
        trust = outside(registry, options, settings.rpc_url)
        reader = trust_of(registry, options.trust, options.identity_trust)
        if options.bundle is not None:
            return _with_bundle(image, name, options, trust, reader, registry)
        if registry is None:
            if image is None:
                raise NotFound(
                    f"There is no registry in {settings.folder} to look {name} up in.",
                    code="home-missing",
                    hint="Run `rakkan init`, name a --home, or bring a --bundle.",
                )
            report = reader.read(image)
            damage, now = damage_of(image, report), SystemClock().now()
            return judge(report, (), None, trust, instant=now, grantee=options.grantee, damage=damage)
        if image is not None:
            return _image(registry, image, reader, trust, options.grantee)
        return _stored(registry, resolve(registry, name), trust, options.grantee)


def verify_image(registry: Registry, content: bytes, name: str, *, grantee: str = "public") -> Verification:
    """Verify bytes that somebody handed in.

    Raises:
        Invalid: If they are not one whole image.
    """
    trust = outside(registry, VerifyOptions())
    image = check_image(content, name, damaged_too=True)
    return _image(registry, image, trust_of(registry), trust, grantee)


def verify_digest(registry: Registry, digest: Digest, *, grantee: str = "public") -> Verification:
    """What is registered under an identifier; checks of the file itself do not apply."""
    trust = outside(registry, VerifyOptions())
    dossier = gather(registry, [digest])
    if dossier is None:
        return judge(None, (), None, trust, instant=registry.clock.now(), grantee=grantee)
    return _judge_home(registry, None, (), dossier, trust, grantee, recovered=True)


def _image(
    registry: Registry, image: CheckedImage, reader: ManifestTrust, trust: Trust, grantee: str
) -> Verification:
    report = reader.read(image)
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
    from rakkan.registry.flows.verify.tracing import trace

    lineage = trace(registry, dossier.work.record.record_id.digest) if dossier else None
    if dossier is not None:
        dossier, trust = consult_home(registry, dossier, trust)
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


def _with_bundle(
    image: CheckedImage | None,
    name: str,
    options: VerifyOptions,
    trust: Trust,
    reader: ManifestTrust,
    registry: Registry | None,
) -> Verification:
    from rakkan.registry.flows.verify.evidence import unpack_file

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
        report = reader.read(image)
        prints, damage = look(image, report)
        asked = report.identity.c2pa_claim if report.identity and not damage else image.sha256
    dossier, trust = consult_chain(replace(dossier, matched=asked), trust)
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
