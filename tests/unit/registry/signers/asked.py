"""A signer as a command: the other side of ``callback:``, well-behaved or not, for tests.

``python asked.py KEY-HEX HOW``, where KEY-HEX may be ``ed25519:…``; HOW is ``well`` or the way in which it is not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def say(text: str) -> None:
    sys.stdout.write(text)


def main(key: str, how: str) -> None:
    if how == "hang":
        time.sleep(600)
    if how == "leave-a-child":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        return
    if how == "deaf":
        os.close(0)
        say(json.dumps({"address": Account.from_key(key).address}))
        return
    request: dict[str, Any] = json.loads(sys.stdin.read())
    assert request["schema"] == "rakkan.signing/1"
    assert not {"RAKKAN_PASSPHRASE", "RAKKAN_SIGNER_PASSPHRASE"} & os.environ.keys()
    if how == "flood":
        sys.stdout.write("x" * 10_000_000)
    elif how == "fail":
        sys.exit(3)
    elif how == "no-json":
        say(f"the key is {key}")
    elif how == "error":
        say(json.dumps({"error": f"refused for {key}"}))
    elif request["request"] == "identify":
        say(json.dumps(_who(key)))
    else:
        say(json.dumps(_signed(key, how, request)))


def _who(key: str) -> dict[str, str]:
    if key.startswith("ed25519:"):
        from tests.support import did_of

        return {"actor": did_of(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key[8:])))}
    return {"address": Account.from_key(key).address}


def _signed(key: str, how: str, request: dict[str, Any]) -> dict[str, str]:
    if request["suite"] == "ed25519":
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key[8:]))
        message = b"something else" if how == "wrong" else bytes.fromhex(request["bytes"])
        return {"signature": private.sign(message).hex()}
    readable = encode_typed_data(full_message=request["typedData"])  # a wallet's own reading of it
    signed: bytes = bytes(Account.sign_message(readable, key).signature)
    if how == "wrong":
        signed = PrivateKey(b"\x07" * 32).sign_recoverable(bytes(32), hasher=None)
    if how == "short":
        signed = signed[:40]
    if how == "high-s":  # as some devices give it, and v as others do
        s = ORDER - int.from_bytes(signed[32:64])
        signed = signed[:32] + s.to_bytes(32) + bytes([1 - (signed[64] - 27)])
    return {"signature": "0x" + signed.hex()}


if __name__ == "__main__":
    main(*sys.argv[1:])
