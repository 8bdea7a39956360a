"""Signers by URI: where a key is, never the key itself.

It decides the schemes, and that a file which others may read is no place for a key:

* ``home`` or ``did:key:z…``: the home's own key, which must then be that one.
* ``file:PATH``: a key as text, mode 0600. ``keystore:PATH``: encrypted JSON, version 3.
* ``env:NAME``: a key as text in a variable. ``keyring:SERVICE/NAME``: in the keyring of the system.
* ``callback:COMMAND``: another program signs (``command``): hardware, or a machine elsewhere.

What a key looks like as text is decided in ``material``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rakkan.registry.signers.keystore import is_keystore
from rakkan.registry.signers.material import MATERIAL_LIMIT, Asking, nobody, signer_from
from rakkan.registry.signers.port import KeySigner, RecordSigner
from rakkan.schemas.errors import Invalid, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from rakkan.registry.keys import Keys

SCHEMES: Final = (
    "home, did:key:z…, file:PATH, keystore:PATH, env:NAME, keyring:SERVICE/NAME, callback:COMMAND"
)
_SHOWN: Final = 24


def is_uri(text: str) -> bool:
    """Whether a text names a signer by a scheme that we know, and not a folder."""
    return text == "home" or text.partition(":")[0] in (
        "did",
        "file",
        "keystore",
        "env",
        "keyring",
        "callback",
    )


def open_signer(uri: str, keys: Keys, ask: Asking = nobody) -> RecordSigner:
    """The signer that a URI names.

    Args:
        uri: As above.
        keys: Of the home.
        ask: For a passphrase that the environment does not give.

    Raises:
        Invalid: ``signer-uri``, ``key-form``, ``keystore-form``.
        NotFound: ``key-missing``, ``signer-missing``.
        Refused: ``key-locked``, ``key-open``, ``key-other``, ``key-unreadable``, ``signer-answer``.
        Unavailable: ``extra-missing``, ``keyring-unavailable``, ``signer-failed``, ``signer-slow``.
    """
    if uri == "home":
        return KeySigner(keys.artist)
    if uri.startswith("did:"):
        return _own(uri, keys)
    scheme, colon, rest = uri.partition(":")
    opening: dict[str, Callable[[str, Asking], RecordSigner]] = {
        "file": lambda path, how: from_file(Path(path), how),
        "keystore": _keystore,
        "env": _environment,
        "keyring": _keyring,
        "callback": _callback,
    }
    if not colon or not rest or scheme not in opening:
        # a key that was pasted here by mistake must not end up in a log
        shown = f"{scheme}:" if colon and len(scheme) <= _SHOWN and scheme.isalpha() else "this"
        raise Invalid(
            f"Nobody signs under {shown!r}.", code="signer-uri", hint=f"Name a signer by {SCHEMES}."
        )
    return opening[scheme](rest, ask)


def from_file(path: Path, ask: Asking = nobody, *, private: bool = True) -> RecordSigner:
    """A signer from a file with a key as text.

    Args:
        path: The file.
        ask: For its passphrase.
        private: Whether the file must be readable by its owner alone.

    Raises:
        NotFound: ``key-missing``. Refused: ``key-open``, ``key-locked``. Invalid: ``key-form``.
    """
    path = path.expanduser()
    content, mode = _read(path)
    if private and mode & 0o077 and not is_keystore(content):
        raise Refused(
            f"The key file {path} can be read by others (mode {mode:04o}).",
            code="key-open",
            hint=f"Run `chmod 600 {path}`; if somebody may have read it, make another key.",
        )
    return signer_from(content, str(path), ask)


def _keystore(rest: str, ask: Asking) -> RecordSigner:
    path = Path(rest).expanduser()
    content, _ = _read(path)
    if not is_keystore(content):
        raise Invalid(f"{path} is not a keystore that can be opened here.", code="keystore-form")
    return signer_from(content, str(path), ask)


def _read(path: Path) -> tuple[bytes, int]:
    """What a file holds, and its mode, of the one that was opened."""
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            return stream.read(MATERIAL_LIMIT + 1), mode
    except OSError as error:
        raise NotFound(
            f"The key file {path} cannot be read: {error.strerror}.",
            code="key-missing",
            hint="Check the path.",
        ) from error


def _environment(name: str, ask: Asking) -> RecordSigner:
    found = os.environ.get(name, "")
    if not found:
        raise NotFound(f"The variable {name[:80]} is not set.", code="key-missing", hint="Export it first.")
    return signer_from(found.encode(), f"The variable {name[:80]}", ask)


def _keyring(rest: str, ask: Asking) -> RecordSigner:
    service, _, name = rest.rpartition("/")
    if not service or not name:
        raise Invalid(
            "A key in a keyring is named by service and name.",
            code="signer-uri",
            hint="Write keyring:SERVICE/NAME.",
        )
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise Unavailable(
            "Keyrings need a library that is not installed.",
            code="extra-missing",
            hint="Install it with `pip install 'rakkan[keyring]'`.",
        ) from error
    try:
        found = keyring.get_password(service, name)
    except KeyringError as error:
        raise Unavailable(
            "The keyring of this system does not answer.",
            code="keyring-unavailable",
            hint="Unlock it, or name another signer.",
        ) from error
    if not found:
        raise NotFound(
            f"The keyring holds no {name} of {service}.",
            code="key-missing",
            hint=f"Put it there with `keyring set {service} {name}`.",
        )
    return signer_from(found.encode(), f"The keyring's {service}/{name}", ask)


def _callback(rest: str, ask: Asking) -> RecordSigner:  # noqa: ARG001 - it asks for itself
    from rakkan.registry.signers.command import CommandSigner

    return CommandSigner.open(rest)


def _own(uri: str, keys: Keys) -> RecordSigner:
    signer = KeySigner(keys.artist)
    own = signer.actor(None)
    if uri not in (own, "did:key"):
        raise Refused(
            "The key of this home is another one.",
            code="key-other",
            hint=f"Its own is {own}; name the --home that has the other, or where its key is.",
        )
    return signer
