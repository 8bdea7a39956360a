"""A signer behind a command: hardware, a key agent, a machine elsewhere.

It decides how it is asked: without a shell, one JSON document on its stdin, one on its stdout, in bounded
time and size. Its answer is checked before it counts, so that a wrong one is told here and not by whoever
reads the record. Its stderr is the terminal's: it may ask to be touched.

* ``{"schema":"rakkan.signing/1","request":"identify"}`` → ``{"actor":"did:key:z…"}`` or
  ``{"address":"0x…"}``
* ``{"schema":"rakkan.signing/1","request":"sign","suite":"eip712","actor":…,"typedData":{…},
  "digest":"0x…","statement":{…}}`` → ``{"signature":"0x…"}``: 65 bytes, v 0, 1, 27 or 28
* the same with ``"suite":"ed25519"`` and ``"bytes":"…"`` instead of typed data and digest: what is signed,
  in hex → 64 bytes
* ``eip712`` without ``statement`` asks for one signature over many withdrawals (``Withdrawals``)
"""

from __future__ import annotations

import json
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rakkan.registry.rules.eip712 import Domain, record_digest, recover, typed_data
from rakkan.registry.rules.many_keys import joint_proof, typed_withdrawals, withdrawals_digest
from rakkan.registry.rules.proofs import did_message
from rakkan.registry.signers.material import PASSPHRASE, PASSPHRASE_FD
from rakkan.registry.signers.port import wallet_actor
from rakkan.schemas.canonical import parse_canonical, parse_strict
from rakkan.schemas.errors import DomainError, Invalid, NotFound, Refused, Unavailable
from rakkan.schemas.identity import Address, DidKey, DidPkh, parse_did
from rakkan.schemas.statement import Proof

SCHEMA: Final = "rakkan.signing/1"
SECONDS: Final = "RAKKAN_SIGNER_SECONDS"
"""Variable with the time for one answer; 120 unless set, for a person may have to find the device."""

ANSWER_LIMIT: Final = 65_536
"""Bytes of an answer that are read."""

_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_OURS: Final = ("RAKKAN_PASSPHRASE", PASSPHRASE, PASSPHRASE_FD)  # not the command's business


class CommandSigner:
    """Signs by asking a command.

    Args:
        words: The command and its arguments.
        who: As whom it signs.
    """

    __slots__ = ("_who", "_words")

    def __init__(self, words: tuple[str, ...], who: DidKey | Address) -> None:
        self._words, self._who = words, who

    @classmethod
    def open(cls, line: str) -> Self:
        """Ask a command who it is.

        Args:
            line: The command and its arguments, quoted as for a shell, which is not asked.

        Raises:
            Invalid: ``signer-uri``. NotFound: ``signer-missing``.
            Refused: ``signer-answer``. Unavailable: ``signer-failed``, ``signer-slow``.
        """
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise Invalid("The command of a signer is not quoted well.", code="signer-uri") from error
        if not words:
            raise Invalid("No command is named that would sign.", code="signer-uri")
        answer = _ask(words, {"request": "identify"})
        try:
            if "address" in answer:
                return cls(words, Address.parse(str(answer["address"])))
            who = parse_did(str(answer["actor"]))
        except (KeyError, DomainError) as error:
            raise _wrong_form(words) from error
        return cls(words, who if isinstance(who, DidKey) else who.address)

    @property
    def address(self) -> Address | None:
        """The wallet's address; None for a ``did:key``."""
        return self._who if isinstance(self._who, Address) else None

    def actor(self, domain: Domain | None) -> str:
        """The DID that it signs as."""
        return str(self._who) if isinstance(self._who, DidKey) else wallet_actor(self._who, domain)[0]

    def prove(self, statement: bytes, domain: Domain | None) -> Proof:
        """Its proof, checked."""
        if isinstance(self._who, DidKey):
            return self._prove_did(statement, self._who)
        return self._prove_wallet(statement, self._who, domain)

    def _prove_did(self, statement: bytes, who: DidKey) -> Proof:
        value = parse_canonical(statement)
        audience = str(value["predicate"].get("audience", ""))
        message = did_message(statement, audience)
        asked = {"suite": "ed25519", "bytes": message.hex(), "statement": value}
        signature = self._signature(str(who), asked, 64)
        try:
            Ed25519PublicKey.from_public_bytes(who.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise self._wrong() from None
        return Proof(suite="ed25519", signer=str(who), signature=signature.hex())

    def _prove_wallet(self, statement: bytes, who: Address, domain: Domain | None) -> Proof:
        _, where = wallet_actor(who, domain)
        said = {"statement": parse_canonical(statement)}
        signature = self._sign(
            who, where, record_digest(where, statement, who), typed_data(where, statement, who), said
        )
        return Proof(
            suite="eip712",
            signer=str(DidPkh(where.chain_id, who)),
            signature=signature.hex(),
            verifying_contract=str(where.contract),
        )

    def prove_keys(self, keys: Sequence[bytes], domain: Domain | None) -> Proof:
        """Its proof over many withdrawals, checked; it is asked once."""
        if isinstance(self._who, DidKey):
            raise Refused("Only a wallet signs many withdrawals at once.", code="domain-unknown")
        _, where = wallet_actor(self._who, domain)
        digest, typed = withdrawals_digest(where, self._who, keys), typed_withdrawals(where, self._who, keys)
        return joint_proof(keys, where, self._who, self._sign(self._who, where, digest, typed, {}))

    def _sign(
        self, who: Address, where: Domain, digest: bytes, typed: dict[str, Any], said: dict[str, Any]
    ) -> bytes:
        asked = {"suite": "eip712", "typedData": typed, "digest": "0x" + digest.hex(), **said}
        signature = _one_form(self._signature(wallet_actor(who, where)[0], asked, 65))
        try:
            signed_by = recover(digest, signature)
        except Refused:
            raise self._wrong() from None
        if signed_by != who:
            raise self._wrong()
        return signature

    def _signature(self, actor: str, asked: dict[str, Any], length: int) -> bytes:
        answer = _ask(self._words, {"request": "sign", "actor": actor, **asked})
        try:
            signature = bytes.fromhex(str(answer["signature"]).removeprefix("0x"))
        except (KeyError, ValueError):
            raise _wrong_form(self._words) from None
        if len(signature) != length:
            raise _wrong_form(self._words)
        return signature

    def _wrong(self) -> Refused:
        return Refused(
            f"What {self._words[0]} signed is not what it was asked to sign, or not by the key that it named.",
            code="signer-wrong",
        )


def _one_form(signature: bytes) -> bytes:
    """R ‖ s ‖ v with v 27 or 28 and low s: the one form that counts, of those that devices give."""
    s, v = int.from_bytes(signature[32:64]), signature[64]
    v = v + 27 if v < 2 else v
    if _ORDER // 2 < s < _ORDER:
        s, v = _ORDER - s, 55 - v
    return signature[:32] + s.to_bytes(32) + bytes([v % 256])


def _ask(words: tuple[str, ...], request: dict[str, Any]) -> dict[str, Any]:
    """One request, one answer."""
    asked = json.dumps({"schema": SCHEMA, **request}, sort_keys=True, separators=(",", ":")).encode()
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kept, start_new_session=True
        )
    except OSError as error:
        raise NotFound(
            f"The signer {words[0]} cannot be started: {error.strerror}.",
            code="signer-missing",
            hint="Check the command after callback:.",
        ) from error
    try:
        said = _exchange(process, asked + b"\n", words)
    finally:
        _end(process)
    if process.returncode and not said.strip():
        raise Unavailable(
            f"The signer {words[0]} ended with {process.returncode} and no answer.", code="signer-failed"
        )
    try:
        answer = parse_strict(said, limit=ANSWER_LIMIT)
    except Invalid:
        raise _wrong_form(words) from None  # the cause would quote what may be a secret
    if not isinstance(answer, dict) or "error" in answer:
        raise _wrong_form(words)
    return answer


def _exchange(process: subprocess.Popen[bytes], asked: bytes, words: tuple[str, ...]) -> bytes:
    """Write the request and read the answer, whatever the command does meanwhile, until it ends or time does."""
    assert process.stdin is not None
    assert process.stdout is not None
    seconds = _seconds()
    said, deadline = b"", time.monotonic() + seconds
    with process.stdin as asking, process.stdout as answering, selectors.DefaultSelector() as ready:
        for stream, event in ((asking, selectors.EVENT_WRITE), (answering, selectors.EVENT_READ)):
            os.set_blocking(stream.fileno(), False)
            ready.register(stream, event)
        while answering in ready.get_map() and len(said) <= ANSWER_LIMIT:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unavailable(
                    f"The signer {words[0]} did not answer within {seconds} s.",
                    code="signer-slow",
                    hint=f"Try again, or give it more time with {SECONDS}.",
                )
            for key, _ in ready.select(left):
                if key.fileobj is answering:
                    part = os.read(answering.fileno(), ANSWER_LIMIT)
                    said += part
                    if not part:
                        ready.unregister(answering)
                    continue
                try:
                    asked = asked[os.write(asking.fileno(), asked) :]
                except OSError:
                    asked = b""  # it may answer without having read all
                if not asked:
                    ready.unregister(asking)
                    asking.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, min(1.0, deadline - time.monotonic())))
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with all that it started, if it has not ended by itself."""
    if process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _seconds() -> int:
    said = os.environ.get(SECONDS, "")
    return min(max(int(said), 1), 3600) if said.isascii() and said.isdigit() else 120


def _wrong_form(words: tuple[str, ...]) -> Refused:
    return Refused(
        f"The signer {words[0]} refused, or does not answer as signers do.",
        code="signer-answer",
        hint='It is asked in one JSON document, and answers {"actor"}, {"address"} or {"signature"} in one.',
    )
