"""Settings of the C2PA engine: no network, no thumbnails, one list of issuers under its own name.

It decides what the engine is told, and that it is told nothing that it would pass over. It imports no engine; whose
signatures it makes is decided in ``_c2pa``.
"""

from __future__ import annotations

from typing import Any, Final

from rakkan.manifests.certificates import SIGNING_USAGES
from rakkan.manifests.trust import TrustedIssuers

Json = dict[str, Any]

# The engine ignores a setting that it does not know, so a slip of the pen would switch off a check.
# What is not in this list is refused here (names as in c2pa-rs 0.91.3, docs/context-settings.md).
_KNOWN: Final = frozenset(
    {
        *(
            f"{who}.local.{what}"
            for who in ("signer", "cawg_x509_signer")
            for what in ("alg", "sign_cert", "private_key")
        ),
        "cawg_x509_signer.local.referenced_assertions",
        "builder.created_assertion_labels",
        "builder.generate_c2pa_archive",
        "builder.thumbnail.enabled",
        "core.allow_redirects",
        "core.allowed_network_hosts",
        "core.decode_identity_assertions",
        "core.max_decompressed_manifest_size_in_mb",
        "trust.anchors",
        "trust.trust_config",
        "verify.ocsp_fetch",
        "verify.remote_manifest_fetch",
        "verify.verify_after_reading",
        "verify.verify_after_sign",
        "verify.verify_trust",
    }
)


def settings(tree: Json) -> Json:
    """The tree itself, if the engine knows every setting in it.

    Raises:
        ValueError: A setting that the engine would silently ignore.
    """
    for section, entries in tree.items():
        for name, value in entries.items():
            paths = (
                [f"{section}.{name}.{key}" for key in value]
                if isinstance(value, dict)
                else [f"{section}.{name}"]
            )
            for path in paths:
                if path not in _KNOWN:
                    raise ValueError(f"the C2PA engine has no setting {path!r}")
    return tree


def common(issuers: TrustedIssuers | None) -> Json:
    """Network off twice over, and the one list that counts."""
    trust: Json = {"trust_config": "\n".join(oid.dotted_string for oid in SIGNING_USAGES)}
    if issuers is not None:
        trust["anchors"] = [
            {"trust_anchors": issuers.pem.decode(), "trust_uri": issuers.uri, "trust_kind": "manifest"}
        ]
    return {
        "core": {
            "allowed_network_hosts": [],
            "allow_redirects": False,
            # Identity assertions may name hosts to ask, and their failures would colour the state.
            "decode_identity_assertions": False,
        },
        "trust": trust,
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": True,
            "verify_after_reading": True,
            "verify_after_sign": True,
        },
    }
