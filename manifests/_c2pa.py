"""The C2PA engine (c2pa-python), behind one door: the only file that imports it.

It decides whose signatures the engine makes (its settings are in ``_c2pa_settings``), and one context per process, because a context made before a fork is dead in
the child. Every error of the engine becomes one of ours. It leaves out what its answers mean
(``rakkan.manifests.read``): its ``validation_state`` is never a verdict.
"""

from __future__ import annotations

import io
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rakkan.manifests._c2pa_settings import common
from rakkan.manifests._c2pa_settings import settings as settings
from rakkan.manifests.errors import SigningFailed, UnreadableImage, UnreadableManifest
from rakkan.manifests.signer import Signer
from rakkan.manifests.text import plain
from rakkan.manifests.trust import TrustedIssuers
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    import c2pa

Json = dict[str, Any]

_MAX_CONTEXTS: Final = 16
_UNREADABLE: Final = "asset could not be parsed"  # all that the engine says when it is the file's fault


@dataclass(frozen=True, slots=True)
class Reading:
    """What the engine says of a file; codes as in C2PA §15.2.

    Attributes:
        state: ``Trusted``, ``Valid`` or ``Invalid``; an opinion, not a verdict.
        active: Label of the manifest that it took for the active one.
        success: Status codes of the active manifest.
        informational: Likewise.
        failure: Likewise.
        ingredient_failure: Failures of ingredients that their signer did not record.
        trust_uri: The list in which it found the signer's issuer.
    """

    state: str
    active: str
    success: frozenset[str]
    informational: frozenset[str]
    failure: frozenset[str]
    ingredient_failure: frozenset[str]
    trust_uri: str | None


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A picture with a credential that goes into a manifest.

    Attributes:
        definition: ``relationship``, ``label``, ``instance_id``.
        media_type: Of the content.
        content: The whole file.
    """

    definition: Mapping[str, str]
    media_type: str
    content: bytes


def read(content: bytes, media_type: str, issuers: TrustedIssuers | None) -> Reading:
    """Let the engine validate a file that carries a manifest.

    Raises:
        UnreadableManifest: ``manifest-refused``: the engine raised instead of answering, which it
            does for a good part of all broken manifests.
    """
    engine, context = _reader(issuers)
    try:
        with engine.Reader(media_type, io.BytesIO(content), context=context) as reader:
            answer = json.loads(reader.json())
    except (engine.C2paError, ValueError, RecursionError) as error:
        raise UnreadableManifest(
            f"The manifest cannot be read: {_cause(error, 120)}.",
            code="manifest-refused",
            hint="Get the file from its source again.",
        ) from error
    results = answer.get("validation_results") or {}
    active = results.get("activeManifest") or {}
    deltas = results.get("ingredientDeltas") or []
    return Reading(
        state=str(answer.get("validation_state", "Invalid")),
        active=str(answer.get("active_manifest", "")),
        success=_codes(active, "success"),
        informational=_codes(active, "informational"),
        failure=_codes(active, "failure"),
        ingredient_failure=frozenset[str]().union(
            *(_codes(delta.get("validationDeltas") or {}, "failure") for delta in deltas)
        ),
        trust_uri=results.get("trustListUri"),
    )


def sign(
    content: bytes,
    media_type: str,
    definition: Json,
    signer: Signer,
    ingredients: Sequence[Ingredient] = (),
    issuers: TrustedIssuers | None = None,
    identity: Signer | None = None,
) -> tuple[bytes, bytes]:
    """Sign a file in memory; the engine reads its own work back before it answers.

    With an identity, somebody signs for their name, too (``cawg.identity``): for all that the definition states, and
    for the binding to the file.

    Returns:
        The signed file, and the manifest store in it.

    Raises:
        SigningFailed: ``signing-refused``.
        UnreadableImage: ``image-refused``, if the engine takes less than we do.
    """
    covers = tuple(str(each["label"]) for each in definition["assertions"]) if identity is not None else ()
    engine, context = _signing(signer, issuers, identity, covers)
    output = io.BytesIO()
    try:
        with engine.Builder(definition, context) as builder:
            for ingredient in ingredients:
                builder.add_ingredient(
                    json.dumps(dict(ingredient.definition)),
                    ingredient.media_type,
                    io.BytesIO(ingredient.content),
                )
            store: bytes = builder.sign(media_type, io.BytesIO(content), output)
    except (engine.C2paError, ValueError) as error:
        if _UNREADABLE in str(error):
            raise UnreadableImage(
                f"The picture has a part that the C2PA engine cannot read: {_cause(error, 160)}.",
                code="image-refused",
                hint="Open it in an image program and export it again, then use the new file.",
            ) from error
        raise SigningFailed(
            f"The picture could not be signed: {_cause(error, 160)}.", code="signing-refused"
        ) from error
    return output.getvalue(), store


def engine_version() -> str:
    """The native engine's version, for evidence."""
    import c2pa

    return str(c2pa.sdk_version())


def _reader(issuers: TrustedIssuers | None) -> tuple[Any, c2pa.Context]:
    import c2pa  # 70 ms, and only who meets a manifest pays them

    def make() -> c2pa.Context:
        return c2pa.Context(c2pa.Settings.from_dict(settings(common(issuers))))

    try:
        return c2pa, _CONTEXTS.get((b"read", _listed(issuers)), make)
    except c2pa.C2paError as error:
        raise Invalid(
            f"The list of trusted issuers cannot be used: {_cause(error, 160)}.", code="issuers-refused"
        ) from error


def _listed(issuers: TrustedIssuers | None) -> bytes:
    return issuers.uri.encode() + issuers.digest if issuers else b""


def _signing(
    signer: Signer, issuers: TrustedIssuers | None, identity: Signer | None = None, covers: Sequence[str] = ()
) -> tuple[Any, c2pa.Context]:
    import c2pa

    def make() -> c2pa.Context:
        tree = common(issuers)
        # A thumbnail costs twenty times the signature and up to sixteen times the picture's bytes.
        tree["builder"] = {"thumbnail": {"enabled": False}, "created_assertion_labels": ["c2pa.ingredient"]}
        if identity is not None:
            tree["signer"] = {"local": _local(signer)}
            tree["cawg_x509_signer"] = {"local": {**_local(identity), "referenced_assertions": list(covers)}}
            return _by_settings(c2pa.Settings.from_dict(settings(tree)))
        made = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.chain_pem, signer.key_pem, None)
        return c2pa.Context(c2pa.Settings.from_dict(settings(tree)), c2pa.Signer.from_info(made))

    key: tuple[bytes, ...] = (
        b"sign",
        signer.algorithm.encode(),
        signer.digest.raw,
        signer.chain_pem,
        _listed(issuers),
    )
    if identity is not None:
        key += (identity.digest.raw, identity.chain_pem, " ".join(covers).encode())
    try:
        return c2pa, _CONTEXTS.get(key, make)
    except c2pa.C2paError as error:
        raise SigningFailed(
            f"The signing key cannot be used: {_cause(error, 160)}.", code="signing-key"
        ) from error


def _local(signer: Signer) -> Json:
    return {
        "alg": signer.algorithm,
        "sign_cert": signer.chain_pem.decode(),
        "private_key": signer.key_pem.decode(),
    }


def _by_settings(tree: c2pa.Settings) -> c2pa.Context:
    """A context whose signers stand in its settings: the one way in which the engine signs for an identity, too.

    The engine's own class takes it for one without a signer, and lets that be said anew.
    """
    import c2pa

    class BySettings(c2pa.Context):  # type: ignore[misc]  # the engine's classes have no types
        @property
        def has_signer(self) -> bool:
            return True

    return BySettings(tree)


def _cause(error: Exception, limit: int) -> str:
    """The engine's words, which may quote the file."""
    return plain(str(error), limit).rstrip(" .:") or type(error).__name__


def _codes(results: Json, group: str) -> frozenset[str]:
    return frozenset(str(status.get("code", "")) for status in results.get(group) or ())


class _Contexts:
    """The contexts of this process, the least recently used one dropped first."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Begin anew: contexts of the parent are of no use, and its lock may be held for ever."""
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[bytes, ...], c2pa.Context] = OrderedDict()

    def get(self, key: tuple[bytes, ...], make: Callable[[], c2pa.Context]) -> c2pa.Context:
        with self._lock:
            context = self._made.pop(key, None) or make()
            self._made[key] = context
            if len(self._made) > _MAX_CONTEXTS:
                self._made.popitem(last=False)
            return context


_CONTEXTS: Final = _Contexts()
