"""Limits: what a single request may cost this server.

It decides sizes, counts and seconds, each of them a setting (``RAKKAN_HTTP_*``). What a single
picture may cost beyond its bytes is decided in ``rakkan.manifests.image``.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from rakkan.schemas.errors import Invalid


class Limits(BaseSettings):
    """What a request may cost.

    Attributes:
        json_bytes: Body of a JSON request; a record and its envelope in base64url fit.
        consent_bytes: Body of a request that brings a consent; the list of a hundred thousand works fits.
        upload_bytes: Body of a request that brings a picture.
        lock_bytes: Body of a request that brings a dataset lock.
        header_bytes: Request line and headers together.
        query_bytes: Body of a query about many works.
        digests: Identifiers in one batch to be verified.
        query_digests: Works in one query about consent.
        body_seconds: Until a body must have arrived whole.
        memory_bytes: Bodies of all requests under way together.
        verifying: Pictures verified at the same time.
        waiting: Pictures that may wait for their turn; more are sent away with ``Retry-After``.
        verify_seconds: Until a verification is given up; a wait is part of it.
        judge_seconds: The same for a verdict.
        open_consents: Consents that wallets give without a token, in an hour, all together; 0 takes none.
        open_consents_each: The same for one wallet, and for one address of the network.
        query_seconds: The same for a query about many works.
    """

    model_config = SettingsConfigDict(env_prefix="RAKKAN_HTTP_", extra="ignore", frozen=True)

    json_bytes: int = Field(default=256 * 1024, ge=1024)
    consent_bytes: int = Field(default=5 * 1024 * 1024, ge=1024)
    upload_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    lock_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    header_bytes: int = Field(default=32 * 1024, ge=1024)
    query_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    digests: int = Field(default=1000, ge=1, le=10_000)
    query_digests: int = Field(default=10_000, ge=1, le=10_000)
    body_seconds: float = Field(default=120, gt=0)
    memory_bytes: int = Field(default=512 * 1024 * 1024, ge=1024)
    verifying: int = Field(default=2, ge=1, le=64)
    waiting: int = Field(default=16, ge=0, le=1024)
    verify_seconds: float = Field(default=60, gt=0)
    judge_seconds: float = Field(default=600, gt=0)
    open_consents: int = Field(default=120, ge=0, le=100_000)
    open_consents_each: int = Field(default=20, ge=1, le=100_000)
    query_seconds: float = Field(default=60, gt=0)

    def body_bytes(self, path: str) -> int:
        """The largest body that a path takes."""
        if path in ("/", "/v1/verify"):
            return self.upload_bytes
        if path == "/v1/consents":
            return self.consent_bytes
        if path == "/v1/consents/query":
            return self.query_bytes
        return self.lock_bytes if path == "/v1/verdicts" else self.json_bytes


def load_limits() -> Limits:
    """Read the environment.

    Raises:
        Invalid: ``settings``.
    """
    try:
        return Limits()
    except ValueError as error:
        raise Invalid(f"The limits do not make sense: {error}.", code="settings") from error
