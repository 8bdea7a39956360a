"""Signing: a job in, a stamped file under a hidden name out; in this process or in several.

It decides who signs (the home's certificate) and where, and what becomes of a job whose process was
killed. Outputs lie under hidden names until ``stamping`` has recorded them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Self

from rakkan.manifests.claim import ClaimDefinition
from rakkan.manifests.fingerprint import fingerprints
from rakkan.manifests.image import CheckedImage
from rakkan.manifests.jumbf import ManifestIdentity
from rakkan.manifests.signer import Signer
from rakkan.manifests.stamp import stamp
from rakkan.manifests.trust import TrustedIssuers
from rakkan.registry.flows.stamp.undivided import undivided
from rakkan.registry.keys import CREDENTIAL_CHAIN, CREDENTIAL_KEY
from rakkan.registry.service import Registry
from rakkan.schemas.errors import Unavailable
from rakkan.schemas.values import Digest, Fingerprint


@dataclass(frozen=True, slots=True)
class Job:
    """What a signing process is handed.

    Attributes:
        image: The input.
        claim: What is stated about it.
        parents: What it was made from, the opened one first.
        part: The hidden file that is to hold the stamped bytes.
        identity: Who signs for their name, too.
    """

    image: CheckedImage = field(repr=False)
    claim: ClaimDefinition
    parents: tuple[CheckedImage, ...] = field(repr=False)
    part: Path
    identity: Signer | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What it hands back.

    Attributes:
        identity: Of the new manifest.
        sha256: Of the stamped file.
        store: The manifest store.
        fingerprints: What the picture looks like.
    """

    identity: ManifestIdentity
    sha256: Digest
    store: bytes
    fingerprints: tuple[Fingerprint, ...]


Signing = Callable[[], Signed]
"""Waits for a signature.

Raises:
    SigningFailed: As :func:`rakkan.manifests.stamp.stamp` does.
    Unavailable: ``output-unwritable``; ``signing-died``, if its process was killed, and again when it had
        one to itself.
"""


@contextlib.contextmanager
def signing(registry: Registry, jobs: int) -> Iterator[Callable[[Job], Signing]]:
    """Where jobs can be handed in.

    Args:
        registry: Whose certificate signs.
        jobs: Processes that sign; with one, it is this process, when its signature is waited for.
    """
    keys = registry.home.keys
    chain, key = keys.read(CREDENTIAL_CHAIN), keys.read(CREDENTIAL_KEY)
    signer = Signer.load(chain, key, now=registry.clock.now())
    if jobs <= 1:
        yield lambda job: partial(_sign, job, signer, registry.issuers)
        return
    issuers = registry.home.issuers
    with _Processes(jobs, (chain, key, issuers.read_bytes() if issuers.exists() else b"")) as processes:
        yield processes.submit


class _Processes:
    """Processes that sign, and others in their place when one is killed.

    One death breaks the whole pool, and nothing says whose job it was. So every job that was under way
    is done again with a process to itself: the one that is killed once more fails, and no other.
    """

    def __init__(self, jobs: int, secrets: tuple[bytes, bytes, bytes]) -> None:
        self._jobs, self._secrets = jobs, secrets
        # A fresh server process: no thread, lock or SDK context of ours is inherited half-made.
        self._context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            _start_server()
        self._pool = self._new_pool(jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def submit(self, job: Job) -> Signing:
        pool = self._pool
        try:
            return partial(self._wait, job, self._begun(pool, job), pool)
        except BrokenProcessPool:
            self._replace(pool)
            return partial(self._alone, job)

    def _new_pool(self, jobs: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(jobs, self._context, _begin, self._secrets)

    def _begun(self, pool: ProcessPoolExecutor, job: Job) -> Future[Signed]:
        with undivided():  # it may start a process, which must not be left half-started
            return pool.submit(_sign_here, job)

    def _wait(self, job: Job, future: Future[Signed], pool: ProcessPoolExecutor) -> Signed:
        try:
            return future.result()
        except BrokenProcessPool:
            self._replace(pool)
        return self._alone(job)

    def _alone(self, job: Job) -> Signed:
        with self._new_pool(1) as alone, contextlib.suppress(BrokenProcessPool):
            return self._begun(alone, job).result()
        job.part.unlink(missing_ok=True)
        raise Unavailable(
            "The process that signed it was killed, twice.",
            code="signing-died",
            hint="Run it again: what is stamped is kept. If memory is short, use --jobs 1 or a smaller picture.",
        )

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            broken.shutdown()  # waits: none of its processes may still be writing
            self._pool = self._new_pool(self._jobs)


def _start_server() -> None:
    """Start the server process deaf to Ctrl-C, and with it every process it forks.

    A terminal sends SIGINT to all of them; one that is still starting would die with a traceback. The
    tracker comes first: it looks after itself, but lifts the block of whoever starts it.
    """
    resource_tracker.ensure_running()
    forkserver.set_forkserver_preload([__name__])  # imported once, not by every process
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


_process: dict[str, tuple[Signer, TrustedIssuers | None]] = {}


def _begin(chain: bytes, key: bytes, issuers: bytes) -> None:
    """Start of a signing process: Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _process["signer"] = (Signer.load(chain, key), TrustedIssuers.load(issuers) if issuers else None)


def _sign_here(job: Job) -> Signed:
    return _sign(job, *_process["signer"])


def _sign(job: Job, signer: Signer, issuers: TrustedIssuers | None) -> Signed:
    with undivided():  # an exception inside the SDK's signing callback would be swallowed there
        done = stamp(
            job.image, job.claim, signer, parents=job.parents, issuers=issuers, identity=job.identity
        )
    seen = fingerprints(job.image)
    try:
        job.part.parent.mkdir(parents=True, exist_ok=True)
        with job.part.open("wb") as stream:
            stream.write(done.content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            job.part.unlink(missing_ok=True)
        raise Unavailable(
            f"{job.part.parent} cannot be written: {error.strerror}.",
            code="output-unwritable",
            hint="Free space, or use another --out.",
        ) from error
    return Signed(done.identity, done.sha256, done.store, seen)
