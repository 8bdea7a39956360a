"""A verification as a page shows it: every value ready, nothing left to decide for the template.

It decides what stands on the page, in which order, and what a visitor can do alone. Words are in
``wording``, geometry in ``drawing``; escaping is the template's, always on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from rakkan.api import wording
from rakkan.api.caution import looks_only
from rakkan.api.drawing import Drawing, draw
from rakkan.api.preview import preview
from rakkan.api.wording import Badge, Sighting
from rakkan.registry.flows.verify.verify import CHECKS, Verification
from rakkan.registry.rules.notice import scope_words
from rakkan.registry.service import Registry
from rakkan.schemas.consent import CAWG_SCOPES
from rakkan.schemas.instant import format_instant
from rakkan.schemas.work import Work

_HOST: Final = re.compile(
    r"https?://[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:]{2,45}\](:[0-9]{1,5})?"
)
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One check: its number and name as in code, the claim, and what became of it."""

    number: int
    name: str
    claim: str
    outcome: str
    words: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together, and how many of them fail or could not be judged."""

    title: str
    rows: tuple[Row, ...]

    @property
    def verdict(self) -> str:
        """In one line: failures first."""
        fails = sum(row.outcome == "fail" for row in self.rows)
        unsure = sum(row.outcome == "undetermined" for row in self.rows)
        holds = sum(row.outcome == "pass" for row in self.rows)
        if fails:
            return f"{fails} of {len(self.rows)} fail" if len(self.rows) > 1 else "fails"
        said = (
            [f"{holds} of {len(self.rows)} hold"]
            if holds and len(self.rows) > 1
            else ["holds"]
            if holds
            else []
        )
        said += (
            [f"{unsure} cannot be told"]
            if unsure and len(self.rows) > 1
            else ["cannot tell"]
            if unsure
            else []
        )
        return ", ".join(said) or "does not apply"

    @property
    def outcome(self) -> str:
        """The worst of its checks; nothing to judge is no pass."""
        found = {row.outcome for row in self.rows}
        return next((each for each in ("fail", "undetermined", "pass") if each in found), "not-applicable")


@dataclass(frozen=True, slots=True)
class Use:
    """One scope and what may be done."""

    scope: str
    words: str
    narrower: bool
    answer: str
    said: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything on the page of one verification."""

    title: str
    badge: Badge
    sentence: str
    file: str
    size: str
    preview: str
    facts: tuple[tuple[str, str, str], ...]
    groups: tuple[Group, ...]
    gist: str
    uses: tuple[Use, ...]
    drawing: Drawing | None
    lineage: tuple[tuple[str, str, str, str], ...]
    record_id: str
    envelope: str
    statement_sha256: str
    permalink: str
    asked: str
    commands: tuple[tuple[str, str], ...]
    log_keys: tuple[str, ...]


def show(
    public: Registry,
    found: Verification,
    *,
    base: str,
    upload: tuple[str, bytes] | None = None,
    said: Mapping[str, str] = MappingProxyType({}),
    asked: str = "",
) -> Shown:
    """Put a page together.

    Args:
        public: The registry as everybody sees it.
        found: The verification.
        base: Address of this server as the visitor wrote it; used only if it is plainly one.
        upload: Name and bytes of the picture, if one was handed in.
        said: Answers about a picture that nobody registered.
        asked: By which digest the page is about it.
    """
    accepted_at = _accepted_at(public, found)
    alike = upload is not None and looks_only(found, upload[1])
    sighting = Sighting(public.clock.now(), accepted_at, by_digest=upload is None, exact=not alike)
    name = _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", upload[0])[:120] if upload else ""
    record_id = str(found.record.record_id) if found.record else ""
    base = base.rstrip("/") if _HOST.fullmatch(base.rstrip("/")) else "http://127.0.0.1:8000"
    uses = _uses(found.consent["scopes"] if found.record else said) if not alike else ()
    return Shown(
        title=name or found.matched or "Nothing registered",
        badge=wording.badge(found, by_digest=upload is None),
        sentence=wording.sentence(found, sighting),
        file=name,
        size=_size(len(upload[1])) if upload else "",
        preview=preview(upload[1]) if upload else "",
        facts=tuple(_facts(found, accepted_at)),
        groups=_groups(found),
        gist=wording.gist({use.words: use.answer for use in uses}) if uses else "",
        uses=uses,
        drawing=draw(found.lineage, record_id) if record_id else None,
        lineage=_steps(found.lineage, record_id),
        record_id=record_id,
        envelope=str(found.record.envelope_cid) if found.record else "",
        statement_sha256=found.record.record_id.digest.hex() if found.record else "",
        permalink=f"/v/{found.matched}" if found.record else "",
        asked=(asked if not found.record else "" if alike else found.matched),
        commands=_commands(public, record_id, base, name),
        log_keys=tuple(verifier.vkey for verifier in public.verifiers),
    )


def _accepted_at(public: Registry, found: Verification) -> datetime | None:
    if found.record is None:
        return None
    name = found.record.record_id.digest
    stored = public.store.records.get([name]).get(name)
    return stored.accepted_at if stored else None


def _facts(found: Verification, accepted_at: datetime | None) -> list[tuple[str, str, str]]:
    """Label, value, and what a long value is in full."""
    facts: list[tuple[str, str, str]] = []
    report = found.report
    if found.record is not None:
        work: Any = found.record.predicate
        assert isinstance(work, Work)
        facts.append(("Registered by", work.creator, "unidentified: this names a key, not a person"))
        if accepted_at is not None:
            facts.append(
                (
                    "First seen here",
                    f"{wording.day(accepted_at)}, {accepted_at:%H:%M} UTC",
                    format_instant(accepted_at),
                )
            )
        facts.append(
            (
                "Says it is",
                f"{work.making}, {work.asset.media_type}, {work.asset.width} × {work.asset.height}",
                "as the record states",
            )
        )
        if work.generation is not None:
            facts.append(
                ("Says it was made with", work.generation.tool, "as the generator left it in the file")
            )
    if report is not None and report.signer is not None:
        facts.append(("Credential issued by", report.signer.issuer, f"to {report.signer.subject}"))
    if report is not None and report.made_with:
        facts.append(("Credential written by", report.made_with, "software, as it calls itself"))
    facts += [("Named in it", each.credential.detail, " ".join(each.sentences)) for each in found.identities]
    if found.record is not None:
        facts.append(("Anchor", *wording.anchor(found)))
        facts.append(("Found under", found.matched, "the identifier that matched"))
    return facts


def _groups(found: Verification) -> tuple[Group, ...]:
    checks = {check.name: check for check in found.checks}
    return tuple(
        Group(
            title,
            tuple(
                Row(
                    number=CHECKS.index(name) + 1,
                    name=name,
                    claim=wording.CHECKS[name],
                    outcome=checks[name].outcome.value,
                    words=wording.OUTCOMES[checks[name].outcome],
                    code=checks[name].code,
                    detail=checks[name].detail,
                )
                for name in names
            ),
        )
        for title, names in wording.GROUPS
    )


def _uses(scopes: Mapping[str, str]) -> tuple[Use, ...]:
    return tuple(
        Use(scope, scope_words(scope), scope not in CAWG_SCOPES, answer, wording.ANSWERS[answer])
        for scope, answer in scopes.items()
    )


def _steps(lineage: Mapping[str, Any], start: str) -> tuple[tuple[str, str, str, str], ...]:
    """Each step as: work, its digest, how, source's digest; for readers who take a table over a drawing."""
    nodes = {str(node["id"]): node for node in lineage.get("nodes", ())}

    def named(name: str) -> str:
        node = nodes.get(name, {})
        if name == start:
            return "this picture"
        return (
            "a work not registered here"
            if node.get("kind") == "unknown"
            else str(node.get("making") or node.get("kind", "work")).replace("-", " ")
        )

    return tuple(
        (
            named(str(edge["from"])),
            str(nodes.get(str(edge["from"]), {}).get("digest", "")),
            wording.RELATIONS.get(str(edge["relation"]), str(edge["relation"])),
            str(nodes.get(str(edge["to"]), {}).get("digest", "")),
        )
        for edge in lineage.get("edges", ())
    )


def _commands(public: Registry, record_id: str, base: str, name: str) -> tuple[tuple[str, str], ...]:
    if not record_id:
        return ()
    bundle, key = f"rakkan-{record_id[-12:]}.car", public.verifiers[0].vkey
    picture = shlex.quote(name if name and not name.startswith("-") else "picture.png")
    return (
        ("Take the evidence along", f"curl -o {bundle} {base}/v1/evidence/{record_id}"),
        (
            "Check it on your own machine, offline",
            f"rakkan verify {picture} --offline --bundle {bundle} --log-key {shlex.quote(key)}",
        ),
        ("Or hash the record yourself", f"curl -s {base}/v1/records/{record_id} | sha256sum"),
    )


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, count // 1000)} kB"
