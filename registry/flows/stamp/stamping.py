"""Stamping: images in, stamped images and work records out, nothing sent.

It decides names of outputs, order (parents before children), and that a crash at any point neither
loses nor repeats an item: signed bytes go to a hidden file, records are committed, then the file gets
its name. What is asked of each file is in ``preparing``, what a record says in
``drafting``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from rakkan.registry.failpoints import failpoint
from rakkan.registry.flows.accept import accept_all
from rakkan.registry.flows.consent.consents import make_consent, refuse_private, says, speaks_alike
from rakkan.registry.flows.lookup import published
from rakkan.registry.flows.stamp.batch import StampItem, StampOptions
from rakkan.registry.flows.stamp.drafting import ParentUse, WorkDraft, draft_work
from rakkan.registry.flows.stamp.ordering import Lineage
from rakkan.registry.flows.stamp.preparing import Noticed, Prepared, Task, prepared
from rakkan.registry.flows.stamp.undivided import undivided
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.registry.store.stamps import Stamp
from rakkan.schemas.errors import Conflict, DomainError, Unavailable
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Proof, Subject

__all__ = ["StampItem", "StampOptions", "stamp_files"]

_BATCH: Final = 32


def stamp_files(
    registry: Registry,
    paths: Sequence[Path],
    options: StampOptions,
    progress: Callable[[StampItem], None] = lambda _: None,
    noticed: Noticed = lambda _path, _findings: None,
) -> list[StampItem]:
    """Stamp images; one that fails does not hold up the others.

    Args:
        registry: Whose keys sign, and where the records are kept.
        paths: Files.
        options: How.
        progress: Told of each item as it is done.
        noticed: Told of secrets and private paths in a file, before it is signed.

    Returns:
        One item per path, in the order given.

    Raises:
        Invalid: ``terms-private``, before anything is read.
    """
    refuse_private(options.terms)
    run = _Run(registry, paths, options, progress, noticed)
    if options.dry_run:
        return run.items()
    with registry.home.alone("stamping"):  # two runs at once would sign one input twice
        return run.items()


class _Run:
    def __init__(
        self,
        registry: Registry,
        paths: Sequence[Path],
        options: StampOptions,
        progress: Callable[[StampItem], None],
        noticed: Noticed,
    ) -> None:
        self._registry, self._options = registry, options
        self._progress, self._noticed = progress, noticed
        self._paths = list(dict.fromkeys(paths))
        self._done: dict[Path, StampItem] = {}
        self._outputs: dict[Path, Path] = {}
        self._begun: dict[tuple[bytes, bytes], Path] = {}

    @cached_property
    def _creator(self) -> str:
        return self._signer.actor(self._registry.domain)

    @cached_property
    def _signer(self) -> RecordSigner:
        return self._options.signer or KeySigner(self._registry.home.keys.artist)

    def _prove(self, statement: bytes) -> Proof:
        return self._signer.prove(statement, self._registry.domain)

    def items(self) -> list[StampItem]:
        tasks = [task for path in self._paths if (task := self._task(path)) is not None]
        lineage = Lineage(tasks)
        for wave in lineage.waves():
            ready_tasks = [self._with_parents(task, lineage.parents(task)) for task in wave]
            batch: list[Prepared] = []
            try:
                stream = prepared(
                    self._registry,
                    ready_tasks,
                    self._options.jobs,
                    self._noticed,
                    dry_run=self._options.dry_run,
                )
                with closing(stream):
                    for ready in stream:
                        if ready.error is not None or self._options.dry_run or ready.already is not None:
                            self._finish(self._unsigned(ready))
                            continue
                        batch.append(ready)
                        if len(batch) >= _BATCH:
                            full, batch = batch, []
                            self._keep(full)
            finally:
                self._keep(batch)  # Ctrl-C loses no signature that was made
        return [self._done[path] for path in self._paths]

    def _task(self, path: Path) -> Task | None:
        output = (self._options.out or path.parent / "stamped") / path.name
        try:
            if output.resolve() == path.resolve():
                raise Conflict(
                    f"{path}: the output would overwrite the input.",
                    code="output-is-input",
                    hint="Use another --out.",
                )
            taken = self._outputs.setdefault(output, path)
            if taken != path:
                raise Conflict(
                    f"{path}: {taken} has the same output name {output}.",
                    code="output-collision",
                    hint="Stamp them into different folders.",
                )
        except DomainError as error:
            self._finish(StampItem(path, None, "failed", error=error))
            return None
        asked = self._options
        uses = dict(asked.terms.cawg) if asked.terms else {}
        parents, disclose = tuple(asked.parents), frozenset(asked.disclose)
        return Task(path, output, parents, uses, disclose, asked.making, asked.identity)

    def _with_parents(self, task: Task, parents: Iterable[Path]) -> Task:
        items = [self._done[path] for path in parents]
        outputs = (item.output for item in items if item.output and item.output.exists())
        return replace(task, parents=(*task.parents, *outputs))

    def _unsigned(self, ready: Prepared) -> StampItem:
        if ready.error is not None:
            return self._failed(ready, ready.error)
        if ready.already is None:
            task, assumed = ready.task, self._assumed(ready)
            return StampItem(task.path, task.output, "planned", findings=ready.findings, assumed=assumed)
        name = ready.already.record_id
        record = self._registry.store.records.get([name])[name].record
        path, named = Path(ready.already.path), ready.task.output
        output = named if named.absolute() == path else path  # in the words of whoever asks
        return self._item(ready, "already", output, record, self._consent(record))

    def _keep(self, batch: Sequence[Prepared]) -> None:
        """Record what is signed, in one commit, then give the files their names; bytes met before are already."""
        firsts, twins = [], []
        for ready in batch:
            assert ready.image
            first = self._begun.setdefault((ready.image.sha256.raw, ready.definition), ready.task.path)
            if first == ready.task.path:
                firsts.append(ready)
            else:
                ready.part.unlink(missing_ok=True)  # the same bytes under another name are the same work
                twins.append((ready, first))
        with undivided():
            self._record_and_name(firsts)
        for ready, first in twins:
            done = self._done[first]
            state = "already" if done.error is None else done.state
            self._finish(replace(done, input=ready.task.path, state=state))

    def _record_and_name(self, batch: Sequence[Prepared]) -> None:
        if not batch:
            return
        failpoint("stamp.signed")
        registry, kept, drafts = self._registry, [], []
        for ready in batch:
            try:
                drafts.append(self._draft(ready))
                kept.append(ready)
            except DomainError as error:
                ready.part.unlink(missing_ok=True)
                self._finish(self._failed(ready, error))
        try:
            works = [Record.build(draft.statement, [self._prove(draft.statement)]) for draft in drafts]
            consents = [self._new_consent(work) for work in works]
            given = [consent for consent in consents if consent is not None]
            rows = [self._row(ready, work) for ready, work in zip(kept, works, strict=True)]
            stamps = list(zip(rows, (draft.fields for draft in drafts), strict=True))
            accept_all(registry, [*works, *given], publish=self._options.publish, stamps=stamps)
        except DomainError:
            for ready in kept:
                ready.part.unlink(missing_ok=True)
            raise
        failpoint("stamp.recorded")
        for ready, work, consent in zip(kept, works, consents, strict=True):
            output = ready.task.output
            try:
                ready.part.replace(output)
            except OSError as error:
                problem = Unavailable(
                    f"{output} cannot be written: {error.strerror}.",
                    code="output-unwritable",
                    hint="Free space, or use another --out.",
                )
                self._finish(self._failed(ready, problem))
                continue
            failpoint("stamp.renamed")
            self._finish(self._item(ready, "stamped", output, work, consent))

    def _draft(self, ready: Prepared) -> WorkDraft:
        assert ready.image
        assert ready.identity
        assert ready.output_digest
        return draft_work(
            origin=self._registry.origin,
            creator=self._creator,
            making=ready.making,
            at=self._registry.clock.now(),
            source=ready.image,
            identity=ready.identity,
            output=ready.output_digest,
            fingerprints=ready.fingerprints,
            generator=ready.generator,
            parents=self._parents(ready),
            disclose=self._options.disclose,
            label=self._options.creator,
        )

    def _row(self, ready: Prepared, record: Record) -> Stamp:
        assert ready.image
        assert ready.output_digest
        return Stamp(
            source=ready.image.sha256.raw,
            definition=ready.definition,
            output=ready.output_digest.raw,
            path=str(ready.task.output.absolute()),
            record_id=record.record_id.digest,
            manifest=ready.manifest,
        )

    def _parents(self, ready: Prepared) -> list[ParentUse]:
        envelopes = published(self._registry, [digest for digest, _ in ready.parents])
        return [ParentUse(relation, digest, envelopes.get(digest)) for digest, relation in ready.parents]

    def _new_consent(self, work: Record, instead: Record | None = None) -> Record | None:
        """The consent that the terms ask for, signed; in place of one that says the same and less."""
        terms = self._options.terms
        if terms is None:
            return None
        if instead is not None:
            terms = replace(terms, supersedes=str(instead.record_id))
        subject = Subject(name="work", digest=dict(work.parsed.subject[0].digest))
        return make_consent(self._registry, [subject], terms, signer=self._options.signer)

    def _consent(self, work: Record) -> Record | None:
        """The consent of a work stamped before: the one given then, else a new one, if terms ask for it."""
        terms, records = self._options.terms, self._registry.store.records
        if terms is None or self._options.dry_run:
            return None
        names = [digest for digest in work.parsed.subject[0].digests if digest.kind == "c2paClaim"]
        known = records.get([match.record_id for match in records.find(names, "consent")]).values()
        before = [each.record for each in sorted(known, key=lambda each: each.sequence)]
        alike = [each for each in before if speaks_alike(each, terms, self._creator)]
        for record in alike:
            if says(record, terms, self._creator):
                return record
        consent = self._new_consent(work, alike[-1] if alike else None)
        assert consent
        accept_all(self._registry, [consent], publish=self._options.publish)
        return consent

    def _item(
        self, ready: Prepared, state: str, output: Path, work: Record, consent: Record | None
    ) -> StampItem:
        digest = work.parsed.subject[0].digest
        assumed = self._assumed(ready)
        return StampItem(ready.task.path, output, state, work, digest, None, ready.findings, consent, assumed)

    def _assumed(self, ready: Prepared) -> bool:
        return self._options.making is None and ready.making == "generated" and ready.generator is None

    def _failed(self, ready: Prepared, error: DomainError) -> StampItem:
        return StampItem(ready.task.path, None, "failed", error=error, findings=ready.findings)

    def _finish(self, item: StampItem) -> None:
        self._done[item.input] = item
        self._progress(item)
