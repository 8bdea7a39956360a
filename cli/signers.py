"""``--signer`` and ``--wallet-key``: who signs, as commands take it.

It decides how a person is asked for a passphrase. Which keys there are and how they are read is decided in
``rakkan.registry.signers``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli.session import Session
from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from rakkan.registry.signers.port import RecordSigner

SignerUri = Annotated[
    str,
    typer.Option(
        "--signer",
        metavar="URI",
        help="Who signs: file:PATH, keystore:PATH, keyring:SERVICE/NAME, env:NAME or callback:COMMAND. [the home's"
        " own key]",
    ),
]
WalletKey = Annotated[
    Path | None,
    typer.Option(
        "--wallet-key", metavar="FILE", help="Key file of the wallet that signs, as --signer file:FILE."
    ),
]


def chosen(session: Session, uri: str, wallet_key: Path | None = None) -> RecordSigner | None:
    """Who signs; None is the home's own key.

    Raises:
        Invalid: ``usage``, ``signer-uri``, ``key-form``, ``keystore-form``.
        NotFound, Refused, Unavailable: As ``rakkan.registry.signers.uri.open_signer``.
    """
    if uri and wallet_key is not None:
        raise Invalid("--signer and --wallet-key name two signers.", code="usage", hint="Give one of them.")
    if not uri and wallet_key is None:
        return None
    from rakkan.registry.home import Home
    from rakkan.registry.signers.uri import from_file, open_signer

    if wallet_key is not None:
        _warn_if_open(session, wallet_key)
        return from_file(wallet_key, _asking, private=False)
    return open_signer(uri, Home(session.settings().folder).keys, _asking)


def another(session: Session, name: str) -> RecordSigner:
    """Somebody else's signer: the own key of another home, by its folder, or a URI.

    Raises:
        As :func:`chosen`; NotFound: ``key-missing``, if the folder is no home.
    """
    from rakkan.registry.home import Home
    from rakkan.registry.signers.uri import is_uri, open_signer

    if is_uri(name):
        return open_signer(name, Home(session.settings().folder).keys, _asking)
    return open_signer("home", Home(Path(name).expanduser().absolute()).keys)


def _asking(name: str) -> str:
    """A passphrase from the terminal; nothing where there is none."""
    if not sys.stdin.isatty():
        return ""
    from getpass import getpass

    from rakkan.cli.text import clean

    return getpass(f"Passphrase of {clean(name)}: ", stream=sys.stderr)


def _warn_if_open(session: Session, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # told when it is read
    if mode & 0o077:
        session.warn(f"The key file {path} can be read by others: `chmod 600 {path}`.")
