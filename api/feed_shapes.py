"""Shapes of what is told over time: the feed of withdrawals, and the history of one consent.

It decides field names, as ``rakkan.api.shapes`` does for the other answers.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rakkan.api.shapes import RecordNames, Shape


class WithdrawalEntry(Shape):
    """One entry of the feed of withdrawals."""

    cursor: str = Field(description="How far who has read this entry has read.")
    state: Literal["withdrawn", "undone"]
    at: str = Field(description="When it was accepted here, or the time of its block.")
    noticed_at: str = Field(description="When it was noticed here.")
    source: Literal["record", "chain"]
    block: int | None
    authority: str
    key: str = Field(description="sha256 of the consent's statement, or sha256(that ‖ item): as on chain.")
    item: str | None = Field(description="The one work that is taken out, where a record says so.")
    consent: RecordNames | None = Field(description="The consent, if it is known and public here.")
    record_id: str | None = Field(description="The withdrawal's own record.")


class WithdrawalsShape(BaseModel):
    """A page of the feed of withdrawals (``rakkan.withdrawals/1``)."""

    model_config = ConfigDict(extra="forbid")
    schema_: Literal["rakkan.withdrawals/1"] = Field(alias="schema")
    items: list[WithdrawalEntry]
    cursor: str = Field(description="Ask again `after` this one.")
    more: bool = Field(description="Whether there is more already.")
    consulted: bool = Field(description="Whether the chain was read up to a few seconds ago.")


class MomentShape(Shape):
    """Something that happened to a consent."""

    state: Literal[
        "granted",
        "reserved",
        "given",
        "logged",
        "anchored",
        "superseded",
        "joined",
        "relied-on",
        "disputed",
        "ruled",
        "withdrawn",
        "undone",
        "expired",
    ]
    at: str
    record: RecordNames | None = Field(description="The record that says so, if one does.")
    source: Literal["record", "chain"] | None = Field(default=None, description="Where it was withdrawn.")
    block: int | None = None
    was_at: str | None = Field(default=None, description="Time of the block that is no more.")
    item: str | None = Field(default=None, description="The one work that it is about; else all of it.")
    index: int | None = Field(default=None, description="Place in the log.")
    size: int | None = Field(default=None, description="Size of the tree that was anchored.")
    tx: str | None = None
    final: bool | None = None
    by: str | None = Field(default=None, description="DID of the accuser, adjudicator or trainer.")
    began: str | None = Field(default=None, description="When the training run began, as its trainer says.")
    ground: str | None = None
    decision: str | None = None


class HistoryShape(RecordNames):
    """What became of one consent, oldest first. It does not say whether a use is allowed: ask that."""

    kind: str
    valid_from: str
    valid_until: str
    moments: list[MomentShape]
    more: bool = Field(description="Whether there are more records about it than are told.")
    block: int | None = Field(description="Height up to which withdrawals were read; null without a chain.")
    consulted: bool = Field(description="Whether that is what the chain had a few seconds ago.")
