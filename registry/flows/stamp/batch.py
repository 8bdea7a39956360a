"""A batch of files to stamp: how it is asked for, and what became of each file.

It decides the words of both sides and nothing else. Stamping itself is in ``stamping``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rakkan.manifests.claim import Making
from rakkan.manifests.signer import Signer
from rakkan.registry.flows.consent.terms import Terms
from rakkan.registry.signers.port import RecordSigner
from rakkan.schemas.errors import DomainError
from rakkan.schemas.record import Record


@dataclass(frozen=True, slots=True)
class StampOptions:
    """How to stamp.

    Attributes:
        out: Folder for outputs; None means ``stamped`` beside each input.
        creator: Display name, kept private.
        parents: Files that every input was made from, besides what generators name.
        terms: Consent terms for every stamped work.
        signer: The creator; None signs with the home's ``did:key``.
        disclose: What of the private fields becomes public.
        publish: Whether records are public from now on.
        jobs: Processes that sign.
        making: How pictures without parents came to be; None takes them for generated.
        dry_run: Say what would be done.
        identity: Who signs for their name in each picture, too (``identity``).
    """

    out: Path | None = None
    creator: str = ""
    parents: tuple[Path, ...] = ()
    terms: Terms | None = None
    signer: RecordSigner | None = None
    disclose: tuple[str, ...] = ()
    publish: bool = False
    jobs: int = 1
    making: Making | None = None
    dry_run: bool = False
    identity: Signer | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What whoever stamps a file should know before it is signed; its text is what it is as a string.

    Attributes:
        kind: ``secret`` (the generator's record holds a secret or a private path) or ``credential``
            (the credential of the file, or of a parent, does not hold).
        text: One plain phrase, secrets masked.
    """

    kind: Literal["secret", "credential"]
    text: str

    def __str__(self) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True, slots=True)
class StampItem:
    """What became of one input.

    Attributes:
        input: The file named.
        output: The stamped file; None if there is none.
        state: ``stamped | already | planned | failed``.
        record: The work's record.
        digest: Identifiers of the stamped file, by kind.
        error: Why it failed.
        findings: Secrets, private paths and broken credentials seen before it was signed.
        consent: The consent given for it, if any.
        assumed: It is stated as generated, though no generator left a record in it.
    """

    input: Path
    output: Path | None
    state: str
    record: Record | None = None
    digest: Mapping[str, str] = field(default_factory=dict)
    error: DomainError | None = None
    findings: tuple[Finding, ...] = ()
    consent: Record | None = None
    assumed: bool = False
