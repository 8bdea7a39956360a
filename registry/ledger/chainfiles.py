"""What the folder of an embedded chain remembers: its state, and which process is whose.

It decides the files, and that none of them is ever taken half-written, nor a state that a block fell
into. Who starts and ends the process is decided in ``rakkan.registry.ledger.anvil``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from rakkan.schemas.errors import Integrity, Unavailable

STATE: Final = "state.json"
"""The state to start from: written whole, and durable."""

PARTING: Final = "parting.json"
"""What anvil itself writes at an orderly end; newer than the state, but perhaps half, or torn by a block."""

LOG: Final = "anvil.log"
RECORD: Final = "anvil.json"


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """Which chain lives in the folder, and the process that ran it last.

    Attributes:
        genesis: Hash of block 0, hexadecimal: what tells this chain from another local one.
        genesis_time: Time of block 0, in Unix seconds.
        pid: The anvil's process id.
        port: Its port on the loopback interface.
    """

    genesis: str
    genesis_time: int
    pid: int
    port: int

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read it; None if there is none yet.

        Raises:
            Integrity: ``local-chain-lost``.
        """
        try:
            fields = json.loads((folder / RECORD).read_bytes())
            return cls(
                str(fields["genesis"]), int(fields["genesis_time"]), int(fields["pid"]), int(fields["port"])
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise lost(folder, f"{RECORD} cannot be read") from error

    def write(self, folder: Path) -> None:
        """Replace it.

        Raises:
            Unavailable: ``local-chain-unwritable``.
        """
        replace(folder / RECORD, json.dumps(asdict(self), sort_keys=True).encode() + b"\n")


def saved_genesis_time(folder: Path) -> int | None:
    """The time of block 0 in the saved state; None if there is no state.

    Raises:
        Integrity: ``local-chain-lost``.
    """
    try:
        headers = [block["header"] for block in json.loads((folder / STATE).read_bytes())["blocks"]]
        return min(int(header["timestamp"], 16) for header in headers if int(header["number"], 16) == 0)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise lost(folder, f"{STATE} cannot be read") from error


def unexplained(state: bytes) -> dict[str, int]:
    """Nonces that no transaction in a state explains, by account; none in most states.

    anvil notes blocks and transactions first and the accounts last, and a block may fall in between: then
    accounts were moved by transactions that the state does not know, and whoever sent them would send
    them again. Two states of one chain leave the same unexplained (a nonce can be set by hand), unless
    one of them is torn like that.

    Raises:
        ValueError: If it is no state.
    """
    try:
        content = json.loads(state)
        sent = Counter(str(each["info"]["from"]).lower() for each in content["transactions"])
        return {
            address: over
            for address, account in content["accounts"].items()
            if account.get("code", "0x") == "0x"  # a contract's nonce counts what it created
            and (over := int(account["nonce"]) - sent[address.lower()])
        }
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("not a state of anvil's") from error


def unexplained_in(folder: Path) -> dict[str, int]:
    """As :func:`unexplained`, for the state to start from; nothing where there is none, or a damaged one."""
    try:
        return unexplained((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return {}  # anvil says what it makes of it


def take_parting_state(folder: Path) -> None:
    """Make the state of an orderly end the one to start from; half a file, or a torn one, is thrown away.

    Only while no anvil runs on the folder.

    Raises:
        Unavailable: ``local-chain-unwritable``.
    """
    parting = folder / PARTING
    try:
        whole = unexplained(parting.read_bytes()) == unexplained_in(folder)
    except FileNotFoundError:
        return
    except ValueError:
        whole = False
    except OSError as error:
        raise _unwritable(parting, error) from error
    try:
        if not whole:
            parting.unlink()
            return
        with parting.open("rb") as stream:
            os.fsync(stream.fileno())
        parting.replace(folder / STATE)
    except OSError as error:
        raise _unwritable(parting, error) from error


def replace(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half-written, durable on return.

    Raises:
        Unavailable: ``local-chain-unwritable``; the old file is untouched.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"{path} cannot be written: {error.strerror}.",
        code="local-chain-unwritable",
        hint="Free space on the disk, or use a home that can be written.",
    )


def lost(folder: Path, why: str) -> Integrity:
    """The error that says: what was here is gone, and nothing may take its place in silence."""
    return Integrity(
        f"The local chain in {folder} is not the one that was there: {why}.",
        code="local-chain-lost",
        hint="Put the folder back from a backup, or make a new home; its anchors are gone with it.",
    )
