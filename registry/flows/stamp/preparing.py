"""Preparing files to be stamped: read, define, see whether it was done before, have it signed.

It decides what is asked of each file before anything is signed, and that only a few files are in memory
at a time. Who signs, and where, is in ``signing``; what is recorded afterwards in ``stamping``.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rakkan.manifests.claim import ClaimDefinition, Making, claim_definition
from rakkan.manifests.generator import GeneratorRecord, read_generation
from rakkan.manifests.image import CheckedImage, read_image
from rakkan.manifests.jumbf import ManifestIdentity
from rakkan.manifests.signer import Signer
from rakkan.registry.flows.lookup import identifiers, published
from rakkan.registry.flows.stamp.batch import Finding
from rakkan.registry.flows.stamp.faults import Faults
from rakkan.registry.flows.stamp.signing import Job, Signing, signing
from rakkan.registry.service import Registry
from rakkan.registry.store.stamps import Stamp
from rakkan.schemas.consent import CAWG_SCOPES, Use
from rakkan.schemas.errors import Conflict, DomainError
from rakkan.schemas.statement import Link
from rakkan.schemas.values import Digest, Fingerprint
from rakkan.schemas.work import Parent

_AHEAD: Final = 2
"""Files in memory per process: enough to keep it busy, few enough to keep memory flat."""


Noticed = Callable[[Path, tuple[Finding, ...]], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One file to stamp.

    Attributes:
        path: The input.
        output: Where the stamped file goes.
        parents: Files that it was made from.
        uses: What the terms say of the four CAWG keys; empty reserves all of them.
        disclose: What of the private fields becomes public.
        making: How it came to be if it has no parents; None takes it for generated.
        identity: Who signs for their name, too.
    """

    path: Path
    output: Path
    parents: tuple[Path, ...]
    uses: Mapping[str, str]
    disclose: frozenset[str]
    making: Making | None = None
    identity: Signer | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that is signed and written aside, or the reason why it is not.

    Attributes:
        task: What was asked.
        error: Why it failed.
        already: It was stamped before, and the output is whole.
        image: The input.
        generator: What the generator left in it.
        findings: Secrets and private paths seen in the generator record, masked, and credentials that
            do not hold.
        making: ``generated``, ``edited`` or ``captured``.
        parents: Identifier and relation of each parent.
        definition: Digest of what was asked: the claim definition, every parent named by its digest
            alone (that one was published since makes no other stamping of it), what is disclosed, and whose
            identity is in it.
        identity: Of the new manifest.
        output_digest: sha256 of the stamped file.
        manifest: The manifest store.
        fingerprints: What it looks like.
        part: The hidden file that holds the stamped bytes.
    """

    task: Task
    error: DomainError | None = None
    already: Stamp | None = None
    image: CheckedImage | None = field(default=None, repr=False)
    generator: GeneratorRecord | None = None
    findings: tuple[Finding, ...] = ()
    making: Making = "generated"
    parents: tuple[tuple[Digest, str], ...] = ()
    definition: bytes = b""
    identity: ManifestIdentity | None = None
    output_digest: Digest | None = None
    manifest: bytes = field(default=b"", repr=False)
    fingerprints: tuple[Fingerprint, ...] = ()
    part: Path = Path()


def parent_names(path: Path) -> tuple[str, ...]:
    """File names that the generator record of an image calls its inputs; none if it cannot be read."""
    try:
        record = read_generation(read_image(path))
    except DomainError:
        return ()
    return record.parent_names if record else ()


def prepared(
    registry: Registry, tasks: Sequence[Task], jobs: int, noticed: Noticed, *, dry_run: bool
) -> Generator[Prepared, None, None]:
    """Prepare files, in the order given, a few at a time.

    Args:
        registry: Whose certificate signs.
        tasks: The files.
        jobs: Processes that sign.
        noticed: Told of secrets and broken credentials in a file before it is signed.
        dry_run: Stop before signing.
    """
    faults = Faults(registry.issuers)
    drafts = _told((_draft(registry, task, faults) for task in tasks), noticed)
    if dry_run:
        yield from (draft for draft, _ in drafts)
        return
    parts: set[Path] = set()  # begun, and not handed out yet: an interruption leaves none behind
    try:
        for ready in _signed(registry, drafts, min(jobs, len(tasks)), parts):
            parts.discard(ready.part)
            yield ready
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _told(
    drafts: Iterable[tuple[Prepared, Job | None]], noticed: Noticed
) -> Iterator[tuple[Prepared, Job | None]]:
    for draft, job in drafts:
        if draft.findings:
            noticed(draft.task.path, draft.findings)
        yield draft, job


def _signed(
    registry: Registry, drafts: Iterable[tuple[Prepared, Job | None]], jobs: int, parts: set[Path]
) -> Iterator[Prepared]:
    waiting: deque[tuple[Prepared, Signing | None]] = deque()
    with signing(registry, jobs) as submit:
        for draft, job in drafts:
            if job is not None:
                parts.add(job.part)
            waiting.append((draft, submit(job) if job is not None else None))
            if len(waiting) >= (jobs * _AHEAD if jobs > 1 else 1):
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())


def _finished(draft: Prepared, signing: Signing | None) -> Prepared:
    if signing is None:
        return draft
    try:
        done = signing()
    except DomainError as error:
        return replace(draft, error=error)
    return replace(
        draft,
        identity=done.identity,
        output_digest=done.sha256,
        manifest=done.store,
        fingerprints=done.fingerprints,
    )


def _draft(registry: Registry, task: Task, faults: Faults) -> tuple[Prepared, Job | None]:
    try:
        image = read_image(task.path)
        generator = read_generation(image)
        parents = tuple(read_image(path) for path in task.parents)
        edited = bool(parents) or bool(generator and generator.parent_names)
        relations = [("parentOf" if edited and place == 0 else "inputTo") for place in range(len(parents))]
        uses = tuple(
            (identifiers(parent)[0], relation) for parent, relation in zip(parents, relations, strict=True)
        )
        making: Making = "edited" if edited else task.making or "generated"
        define = partial(
            claim_definition,
            origin=registry.origin,
            making=making,
            uses={key: Use(task.uses.get(key, Use.NOT_ALLOWED)) for key in CAWG_SCOPES},
            software_version=_version(),
            generation=generator.generation if generator else None,
        )
        disclose = "parents" in task.disclose
        claim = define(parents=_open_parents(registry, uses, disclose=disclose))
        key = define(parents=_closed(uses)).digest + bytes([disclose])
        key += task.identity.digest.raw if task.identity is not None else b""
        draft = Prepared(
            task,
            image=image,
            generator=generator,
            findings=(*_secrets(generator), *faults.of(image, parents)),
            making=making,
            parents=uses,
            definition=hashlib.sha256(key).digest(),
        )
        return _already_or_new(registry, draft, claim, parents)
    except DomainError as error:
        return Prepared(task, error=error), None


def _secrets(generator: GeneratorRecord | None) -> Iterator[Finding]:
    return (Finding("secret", str(each)) for each in (generator.findings if generator else ()))


def _already_or_new(
    registry: Registry, draft: Prepared, claim: ClaimDefinition, parents: tuple[CheckedImage, ...]
) -> tuple[Prepared, Job | None]:
    assert draft.image is not None
    task, source = draft.task, draft.image.sha256.raw
    part = task.output.with_name(f".{task.output.name}.{draft.definition.hex()[:8]}.part")
    before = registry.store.stamps.get(source, draft.definition)
    if before is not None:
        _take_part(part, before)
        if _sha256(Path(before.path)) == before.output:
            return replace(draft, already=before), None
    if task.output.exists():
        raise Conflict(
            f"{task.path}: the output {task.output} exists and is not of this stamping.",
            code="output-exists",
            hint="Move it away, or name another --out.",
        )
    return replace(draft, part=part), Job(draft.image, claim, parents, part, task.identity)


def _take_part(part: Path, before: Stamp) -> None:
    """Finish what a crash left between recording and naming."""
    if not Path(before.path).exists() and _sha256(part) == before.output:
        part.replace(before.path)


def _sha256(path: Path) -> bytes | None:
    try:
        return Digest.of(path.read_bytes()).raw
    except OSError:
        return None


def _closed(uses: Sequence[tuple[Digest, str]]) -> list[Parent]:
    return [Parent.model_validate({"relation": relation, "digest": str(digest)}) for digest, relation in uses]


def _open_parents(registry: Registry, uses: Sequence[tuple[Digest, str]], *, disclose: bool) -> list[Parent]:
    """Parents that may be named in the manifest: published ones, or all if their owner says so."""
    found = published(registry, [digest for digest, _ in uses])
    return [
        parent.model_copy(update={"record": Link.to(found[digest])}) if digest in found else parent
        for parent, (digest, _) in zip(_closed(uses), uses, strict=True)
        if disclose or digest in found
    ]


@cache
def _version() -> str:
    return version("rakkan")
