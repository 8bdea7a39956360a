"""What records of models and training runs must be about, and must rest on.

It decides what such a record may look like besides its schema. Who must sign it is in ``duties``; what a run
then spends, in ``budget``. It leaves out whether it is true: both are declared, and nobody can see a training run
from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rakkan.registry.rules.linked import Linked, linked_record
from rakkan.schemas.errors import Invalid, Refused
from rakkan.schemas.model import NO_TENSORS, Model
from rakkan.schemas.statement import Subject
from rakkan.schemas.trainingrun import TrainingRun

DATASET: Final = "dataset"
OUTPUT: Final = "output"
MODEL: Final = "model"
_TENSORS: Final = "autov3"


def check_trained(subjects: Sequence[Subject], said: Model | TrainingRun, linked: Linked) -> None:
    """Whether such a record is about what it must be about, and rests on records that are known.

    Raises:
        Invalid: ``subject-other``, ``model-empty``, ``digest-kind``, ``link-twice``.
        Refused: ``link-unknown``, ``run-other``.
    """
    if isinstance(said, Model):
        check_model(subjects, said, linked)
    else:
        check_run(subjects, said)


def check_model(subjects: Sequence[Subject], model: Model, linked: Linked) -> None:
    """One file, named by its tensors; a run that it links must name them among what came out.

    Raises:
        Invalid: ``subject-other``, ``model-empty``.
        Refused: ``link-unknown``, ``run-other``.
    """
    if len(subjects) != 1 or subjects[0].name != MODEL:
        raise _other("A model record is about one subject, the model.", "/subject")
    _check_tensors(subjects[0], 0)
    if model.run is None:
        return
    run = linked_record(linked, model.run, "run", ("training-run",))
    if subjects[0].digest[_TENSORS] not in outputs(run.parsed.subject):
        raise Refused(
            "The training run that this model links does not name it among what came out.",
            code="run-other",
            pointer="/predicate/run",
        )


def check_run(subjects: Sequence[Subject], run: TrainingRun) -> None:
    """A dataset by its root, then what came out; no grant twice.

    Raises:
        Invalid: ``subject-other``, ``model-empty``, ``digest-kind``, ``link-twice``.
    """
    first, *others = subjects
    if first.name != DATASET or list(first.digest) != ["datasetRoot"]:
        raise _other("A training run names its dataset first, by its root and nothing else.", "/subject/0")
    for place, subject in enumerate(others, 1):
        if subject.name != OUTPUT:
            raise _other("After its dataset, a training run names what came out of it.", f"/subject/{place}")
        _check_tensors(subject, place)
    kind = run.base.digest.partition(":")[0] if run.base is not None else _TENSORS
    if kind not in (_TENSORS, "sha256"):
        raise Invalid(
            f"A base model is named by autov3 or sha256, not by {kind}.",
            code="digest-kind",
            pointer="/predicate/base/digest",
        )
    if len({link.target for link in run.consents}) != len(run.consents):
        raise Invalid("A grant is linked twice.", code="link-twice", pointer="/predicate/consents")


def outputs(subjects: Sequence[Subject]) -> frozenset[str]:
    """``autov3`` (64 hex digits) of everything that a training run says came out of it."""
    return frozenset(each.digest[_TENSORS] for each in subjects if each.name == OUTPUT)


def check_relied_on(run: TrainingRun, linked: Linked) -> None:
    """Every grant that a run relies on, and the record of its base model, must be known.

    It is asked last, once the run is known to be its trainer's: who has only some of the grants at hand, as in a
    bundle about one work, is told that these links lead further, and nothing else is wrong.

    Raises:
        Refused: ``link-unknown``.
    """
    for place, link in enumerate(run.consents):
        linked_record(linked, link, f"consents/{place}", ("consent",), "grant")
    if run.base is not None and run.base.record is not None:
        kind, _, value = run.base.digest.partition(":")
        record = linked_record(linked, run.base.record, "base/record", (MODEL,))
        if record.parsed.subject[0].digest.get(kind) != value:
            raise Refused(
                "The record that base links is about another model.",
                code="link-unknown",
                pointer="/predicate/base/record",
            )


def _check_tensors(subject: Subject, place: int) -> None:
    """By ``autov3``, and beside it at most by the whole file; the digest of nothing names no model."""
    pointer = f"/subject/{place}/digest"
    if _TENSORS not in subject.digest or not subject.digest.keys() <= {_TENSORS, "sha256"}:
        raise _other("A model is named by autov3, and beside it at most by the sha256 of its file.", pointer)
    for kind, value in subject.digest.items():
        if value == NO_TENSORS.hex:
            raise Invalid(
                f"{value[:8]}… is the sha256 of nothing: it names no model.",
                code="model-empty",
                pointer=f"{pointer}/{kind}",
                hint="A broken tool wrote it; compute the digest from the file.",
            )


def _other(said: str, pointer: str) -> Invalid:
    return Invalid(said, code="subject-other", pointer=pointer)
