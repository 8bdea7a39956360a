"""Who may write: holders of a bearer token that this registry made.

It decides how a token is presented and what is answered without one. Only its sha256 is stored, and
it is looked up by that, so that neither the time a comparison takes nor a stolen database gives one
away. A withdrawal needs none: its proof is its right.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from rakkan.api.site import Here, Site
from rakkan.schemas.errors import Refused

MAX_TOKEN: Final = 256
_scheme: Final = HTTPBearer(
    auto_error=False, scheme_name="token", bearerFormat="rkn_…", description="Printed once by `rakkan init`."
)
Presented = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]
"""A route's parameter that is given the token presented, unchecked."""


def check_token(site: Site, presented: HTTPAuthorizationCredentials | None) -> None:
    """Let holders of a token pass.

    Raises:
        Refused: ``token-missing``, ``token-unknown``.
    """
    if presented is None:
        raise Refused(
            "Writing here needs a token.",
            code="token-missing",
            hint="Send `Authorization: Bearer <token>`; `rakkan init` printed one.",
        )
    token = presented.credentials
    if len(token) > MAX_TOKEN or not site.registry.store.knows_token(token):
        raise Refused(
            "This token is not known here.",
            code="token-unknown",
            hint="Use the token that this registry's `rakkan init` printed.",
        )


def _require(site: Here, presented: Presented) -> None:
    check_token(site, presented)


TOKEN: Final = Depends(_require)
"""A route's dependency that lets only holders of a token pass."""
