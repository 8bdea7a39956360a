"""Registering a model: the run that it came out of, the file with its dataset in the header, the model's record.

It decides the order, so that nothing is half there: the run is made first, the copy names it, the model's record
names the copy, and the copy stands under its name only once both are accepted. Doing it again changes nothing. What a
run relies on is decided in ``relying``; what the records must be, in ``rakkan.registry.rules.trained``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rakkan.manifests.models.aliases import Alias
from rakkan.manifests.models.declared import LOG_KEY, ROOT_KEY, RUN_KEY, Declared
from rakkan.manifests.models.digests import ModelFile, Progress
from rakkan.manifests.models.rewriting import copy_with, output_exists
from rakkan.registry.flows.accept import accept_all
from rakkan.registry.flows.claims.stating import actor
from rakkan.registry.flows.train.relying import Reliance
from rakkan.registry.rules.dataset import Lock
from rakkan.registry.rules.sealing import commitment
from rakkan.registry.rules.trained import DATASET, MODEL, OUTPUT
from rakkan.registry.service import Registry
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.registry.store.records import StoredRecord
from rakkan.registry.store.stamps import PrivateField
from rakkan.schemas.errors import Conflict, Invalid
from rakkan.schemas.instant import format_instant
from rakkan.schemas.model import NO_TENSORS, Model
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Link, Subject, Value, parse_model
from rakkan.schemas.trainingrun import MAX_CONSENTS, TrainingRun
from rakkan.schemas.values import Cid, Digest

_CLOCKS: Final = timedelta(minutes=10)
_WHOLE: Final = {"autov1": 8, "kohya": 64, "kohyaLegacy": 8, "modelspec": 64}


@dataclass(frozen=True, slots=True)
class RunSaid:
    """What the trainer states.

    Attributes:
        began: When training began.
        ended: When it ended, or None.
        role: What the model is used as.
        run: 32 hex digits, or empty: then derived, alike for all files with one ``ss_session_id``.
        base: The base model, or None.
        tool: What trained, or empty.
    """

    began: datetime
    ended: datetime | None
    role: str
    run: str = ""
    base: Digest | None = None
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered model.

    Attributes:
        model: Its record.
        runs: The records of its training run; more than one if it rests on very many grants.
        output: The copy.
        new: False if it was registered already.
    """

    model: Record
    runs: tuple[Record, ...]
    output: Path
    new: bool


def register(
    registry: Registry,
    source: Path,
    model: ModelFile,
    declared: Declared,
    aliases: Sequence[Alias],
    lock: Lock,
    said: RunSaid,
    reliance: Reliance,
    output: Path,
    *,
    signer: RecordSigner | None = None,
    progress: Progress = lambda _: None,
) -> Registered:
    """Declare a run, write the dataset's root into a copy of the model, and register the model.

    Args:
        registry: Where.
        source: The file as it was read; it stays as it is.
        model: What was read.
        declared: What its header claims.
        aliases: Its names.
        lock: What it was trained on.
        said: What else the trainer states.
        reliance: The grants that the run spends.
        output: Where the copy goes.
        signer: The trainer; None signs with the home's ``did:key``.
        progress: Told how many more bytes were copied.

    Raises:
        Invalid: ``model-empty``, ``shape``, ``dataset-empty``, ``began-future``.
        Conflict: ``output-exists``; ``model-registered``, if the same trainer registered these tensors with another
            dataset, or this file with another header.
        UnreadableModel, Unavailable, Refused: As ``copy_with`` and ``accept_all``.
    """
    if not lock.items:
        raise Invalid("The lock has no items: nothing was trained on it.", code="dataset-empty")
    if model.autov3.raw == NO_TENSORS.raw:
        raise Invalid("The file holds no tensors: it is no model.", code="model-empty")
    if said.began > registry.clock.now() + _CLOCKS:
        raise Invalid(
            f"Training that begins on {format_instant(said.began)} has not begun.",
            code="began-future",
            hint="Check --began, and the clock of the machine that trained.",
        )
    trainer = actor(registry, signer)
    known = _registered(registry, model, trainer)
    if known is not None:
        return _again(registry, known, source, model, lock, output, progress)
    if output.exists():
        raise output_exists(output)
    signing = signer or KeySigner(registry.home.keys.artist)
    settings = _fields(_settings(model))
    runs = [
        _signed(registry, statement, signing)
        for statement in _run_statements(
            registry, trainer, model, declared, lock, said, reliance.spent, _commitments(settings)
        )
    ]
    first = runs[0]
    with copy_with(source, model, _texts(registry, lock, first), output, progress) as copy:
        subject = Subject(name=MODEL, digest={"autov3": model.autov3.hex, "sha256": copy.sha256.hex})
        titled = {"file": model.name, "title": declared.modelspec.get("title", "")}
        fields = _fields({name: text for name, text in titled.items() if text})
        value = {
            "audience": registry.origin,
            "creator": trainer,
            "statedAt": format_instant(registry.clock.now()),
            "role": said.role,
            "format": "safetensors",
            "bytes": copy.bytes,
            "tensors": len(model.header.tensors),
            "run": Link.to(first.envelope_cid).to_json(),
            "aliases": list(_aliases(aliases)),
            "commitments": _commitments(fields),
        }
        record = _signed(registry, _statement("model", [subject], Model, value), signing)
        for each in runs:  # first: what is committed to could never be shown without its salt
            registry.store.stamps.keep(each.record_id.digest, settings)
        registry.store.stamps.keep(record.record_id.digest, fields)
        accept_all(registry, [*runs, record], publish=False)
        copy.settle()
    return Registered(record, tuple(runs), output, new=True)


def _registered(registry: Registry, model: ModelFile, trainer: str) -> StoredRecord | None:
    """The record by this trainer about these tensors, the first if there are several."""
    matches = registry.store.records.find([model.autov3], "model")
    stored = registry.store.records.get([each.record_id for each in matches])
    for match in matches:
        said = stored[match.record_id].record.predicate
        if isinstance(said, Model) and said.creator == trainer and said.run is not None:
            return stored[match.record_id]
    return None


def _again(
    registry: Registry,
    known: StoredRecord,
    source: Path,
    model: ModelFile,
    lock: Lock,
    output: Path,
    progress: Progress,
) -> Registered:
    """What was registered already; the copy is written again if it is gone."""
    said = known.record.predicate
    assert isinstance(said, Model)
    assert said.run is not None
    run = registry.store.records.get([said.run.cid.digest])[said.run.cid.digest].record
    if run.parsed.subject[0].digest != {"datasetRoot": lock.root.hex()}:
        raise Conflict(
            f"You registered this model as trained on datasetRoot:{run.parsed.subject[0].digest['datasetRoot']}.",
            code="model-registered",
            hint="Name that dataset's lock; what was declared stays declared.",
        )
    if not output.exists():
        with copy_with(source, model, _texts(registry, lock, run), output, progress) as copy:
            if copy.sha256.hex != known.record.parsed.subject[0].digest.get("sha256"):
                raise Conflict(
                    "You registered these tensors under another header.",
                    code="model-registered",
                    hint="Use the file that it was registered from.",
                )
            copy.settle()
    return Registered(known.record, (run,), output, new=False)


def _texts(registry: Registry, lock: Lock, run: Record) -> dict[str, str]:
    """What is written into the header of the copy."""
    return {ROOT_KEY: lock.root.hex(), RUN_KEY: str(run.record_id), LOG_KEY: registry.origin}


def _run_statements(
    registry: Registry,
    trainer: str,
    model: ModelFile,
    declared: Declared,
    lock: Lock,
    said: RunSaid,
    spent: Sequence[Cid],
    commitments: list[dict[str, str]],
) -> Iterator[bytes]:
    """One statement for every so many grants that it spends; at least one."""
    subjects = [
        Subject(name=DATASET, digest={"datasetRoot": lock.root.hex()}),
        Subject(name=OUTPUT, digest={"autov3": model.autov3.hex}),
    ]
    value: dict[str, Any] = {
        "audience": registry.origin,
        "trainer": trainer,
        "run": said.run or _run_name(model, declared),
        "began": format_instant(said.began),
        "commitments": commitments,
    }
    if said.ended is not None:
        value["ended"] = format_instant(said.ended)
    if said.base is not None:
        value["base"] = {"digest": str(said.base)}
    if said.tool:
        value["tool"] = said.tool
    links = [Link.to(each).to_json() for each in spent]
    for start in range(0, max(len(links), 1), MAX_CONSENTS):
        linked = links[start : start + MAX_CONSENTS]
        yield _statement("training-run", subjects, TrainingRun, {**value, "consents": linked})


def _settings(model: ModelFile) -> dict[str, str]:
    """What kohya's scripts wrote into the header, as one private text; nothing if they wrote nothing."""
    kept = {name: text for name, text in sorted(model.header.texts.items()) if name.startswith("ss_")}
    return {"settings": json.dumps(kept, ensure_ascii=False)} if kept else {}


def _run_name(model: ModelFile, declared: Declared) -> str:
    """Alike for every file of one session, and else of its own."""
    if declared.session is not None and declared.started is not None:
        of = f"kohya\0{declared.session}\0{format_instant(declared.started)}"
    else:
        of = f"autov3\0{model.autov3.hex}"
    return hashlib.sha256(b"rakkan-run-v1\0" + of.encode()).hexdigest()[:32]


def _statement(kind: str, subjects: Sequence[Subject], model: type[Value], value: dict[str, Any]) -> bytes:
    return statement_bytes(kind, subjects, parse_model(model, value, pointer="/predicate"))


def _signed(registry: Registry, statement: bytes, signing: RecordSigner) -> Record:
    return Record.build(statement, [signing.prove(statement, registry.domain)])


def _aliases(aliases: Sequence[Alias]) -> Iterator[dict[str, str]]:
    """Those that are names at all, in full; short forms of what the subject says are left out."""
    for each in aliases:
        if each.worth != "refused" and len(each.value) == _WHOLE.get(each.alg):
            yield {"alg": each.alg, "value": each.value, "basis": each.basis}


def _fields(texts: dict[str, str]) -> tuple[PrivateField, ...]:
    return tuple(PrivateField(name, secrets.token_bytes(32), text) for name, text in sorted(texts.items()))


def _commitments(fields: Sequence[PrivateField]) -> list[dict[str, str]]:
    return [{"name": each.name, "value": commitment(each.salt, each.text).hex()} for each in fields]
