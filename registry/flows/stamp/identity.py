"""Whose name is signed in the pictures, too: an identity credential (CAWG identity 1.3, by certificate).

It decides where certificate and key come from, and that they are for names. What such a credential is worth to a
reader is decided in ``rakkan.manifests.naming``: it corroborates, and grants nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from rakkan.manifests.certificates import load_certificates
from rakkan.manifests.naming import is_for_names
from rakkan.manifests.signer import MAX_PEM, Signer
from rakkan.registry.keys import CREDENTIAL_CHAIN, CREDENTIAL_KEY
from rakkan.registry.service import Registry
from rakkan.schemas.errors import Invalid, NotFound

_KEY: Final = re.compile(rb"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\s", re.DOTALL)
OWN: Final = "own"
"""Stands for the home's own certificate."""


def identity_signer(registry: Registry, name: str) -> Signer:
    """Who signs for their name.

    Args:
        registry: Whose own certificate it may be.
        name: :data:`OWN`, or a PEM file with the certificate, its issuers' if there are any, and its key.

    Raises:
        NotFound: ``file-missing``.
        Invalid: ``identity-certificate``, if the certificate is not for names; as :meth:`Signer.load`, with the name of
            the file.
    """
    keys = registry.home.keys
    if name == OWN:
        content, key = keys.read(CREDENTIAL_CHAIN), keys.read(CREDENTIAL_KEY)
    else:
        content = _content(Path(name))
        found_key = _KEY.search(content)
        key = found_key[0] if found_key else b""
    try:
        certificates = load_certificates(content)
        chain = b"".join(
            each.public_bytes(Encoding.PEM) for each in certificates
        )  # without the key beside them
        found = Signer.load(chain, key, now=registry.clock.now())
    except Invalid as error:
        hint = "Give one PEM file with the certificate and its unencrypted PKCS#8 key."
        raise Invalid(f"{name}: {error.message}", code=error.code, hint=hint) from error
    if not is_for_names(certificates[0]):
        raise Invalid(
            f"{name}: the certificate may not sign for a name.",
            code="identity-certificate",
            hint="It needs the usage of e-mail protection or document signing (CAWG identity 1.3, 8.2.1).",
        )
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(2 * MAX_PEM)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", code="file-missing") from error
