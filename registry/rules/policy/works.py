"""Clauses about where items come from: registered works, how they were made, and how old the claim is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints
from typing_extensions import override

from rakkan.registry.rules.claims import claimant
from rakkan.registry.rules.facts import RecordFact
from rakkan.registry.rules.policy.clause import (
    Clause,
    Days,
    Measure,
    Reason,
    ShareLimit,
    Tally,
    at_most,
    at_most_words,
)
from rakkan.schemas.verdict import Outcome
from rakkan.schemas.work import ModelUse, Work

if TYPE_CHECKING:
    from rakkan.registry.rules.policy.view import ItemView

_ModelPrefix = Annotated[str, StringConstraints(pattern=r"^autov[123]:[0-9a-f]{8,64}$")]


class ProvenanceUnknown(ShareLimit):
    """At most ``maxBp`` of the items have no registered work behind them."""

    clause: Literal["provenance.unknown"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        if view.evidence.work is None:
            return Reason(Outcome.UNDETERMINED, "work-unregistered")
        return Reason(Outcome.PASS, "work-registered")

    @override
    def on_set(self, tally: Tally) -> Measure:
        """That no work is registered is a fact: the item stays unclear, the count does not."""
        return at_most(tally.count(Outcome.UNDETERMINED), 0, tally.total, self.max_bp)

    @override
    def sentence(self) -> str:
        if not self.max_bp:
            return "Every item has a registered work behind it."
        return f"{at_most_words(self.max_bp)} have no registered work behind them."


class SyntheticShare(ShareLimit):
    """At most ``maxBp`` of the items are generated, as their makers state; edited ones may be."""

    clause: Literal["synthetic.share"]

    @override
    def on_item(self, view: ItemView) -> Reason:
        """An item that is generated does not fail: how many there may be is decided for all of them."""
        work = view.work
        if work is None:
            return Reason(Outcome.UNDETERMINED, "work-unregistered")
        if work.making == "captured":
            return Reason(Outcome.PASS, "made-captured")
        if work.making == "edited":
            return Reason(Outcome.UNDETERMINED, "made-edited")
        return Reason(Outcome.FAIL if not self.max_bp else Outcome.NOT_APPLICABLE, "made-generated")

    @override
    def counts_against(self, outcome: Outcome) -> bool:
        return outcome is not Outcome.PASS

    @override
    def on_set(self, tally: Tally) -> Measure:
        generated = tally.count(Outcome.FAIL) + tally.count(Outcome.NOT_APPLICABLE)
        return at_most(generated, tally.count(Outcome.UNDETERMINED), tally.total, self.max_bp)

    @override
    def sentence(self) -> str:
        return f"{at_most_words(self.max_bp)} are generated, by what their makers state."


class ClaimAge(Clause):
    """The claim of the one who stands above all other claimants is proven to be this old."""

    clause: Literal["claim.min_age_days"]
    days: Days

    @override
    def on_item(self, view: ItemView) -> Reason:
        if not view.claims:
            return Reason(Outcome.UNDETERMINED, "claim-unsettled")
        proven = [since for each in view.claims if (since := _proven_since(each, view)) is not None]
        if not proven:
            return Reason(Outcome.UNDETERMINED, "claim-undated")
        if min(proven) + timedelta(days=self.days) <= view.instant:
            return Reason(Outcome.PASS, "claim-old-enough")
        return Reason(Outcome.UNDETERMINED, "claim-too-young")

    @override
    def sentence(self) -> str:
        return f"Each item's work has been claimed, provably, for {self.days} days or longer."


class GeneratorTrainable(Clause):
    """Every model that the generator declares is one of those on whose outputs the community trains.

    ``models`` are prefixes of model digests (``autov2:…``, at least eight characters); what a generator
    declares is a claim, not a fact.
    """

    clause: Literal["generator.outputs_trainable"]
    models: tuple[_ModelPrefix, ...] = Field(min_length=1, max_length=256, strict=False)

    @override
    def on_item(self, view: ItemView) -> Reason:
        work = view.work
        if work is None:
            return Reason(Outcome.UNDETERMINED, "work-unregistered")
        if work.making == "captured":
            return Reason(Outcome.PASS, "made-captured")
        return self._on_generation(work)

    def _on_generation(self, work: Work) -> Reason:
        models = [each for each in (work.generation.models if work.generation else ()) if _generates(each)]
        if not models or not all(each.declared for each in models):
            return Reason(Outcome.UNDETERMINED, "generator-undeclared")
        if all(self._lists(each) for each in models):
            return Reason(Outcome.PASS, "generator-accepted")
        return Reason(Outcome.FAIL, "generator-other")

    def _lists(self, model: ModelUse) -> bool:
        declared = (model.declared or {}).items()
        listed = [tuple(each.split(":")) for each in self.models]
        return any(
            kind == name and len(value) >= 8 and (prefix.startswith(value) or value.startswith(prefix))
            for kind, value in declared
            for name, prefix in listed
        )

    @override
    def sentence(self) -> str:
        return f"Every model that made an item is one of {len(self.models)} that the policy lists."


def _proven_since(claim: RecordFact, view: ItemView) -> datetime | None:
    """Since when a claim is proven to have been made to this work, by a key that was its owner's."""
    if claim.proven_at is None or view.question.known.key_fault(claimant(claim), claim.known_from):
        return None
    return max(claim.proven_at, claim.named_from or claim.proven_at)


def _generates(model: ModelUse) -> bool:
    """Whether a model leaves its mark on what is made; a decoder or an upscaler does not make it."""
    return model.role in ("checkpoint", "lora", "embedding", "controlnet")
