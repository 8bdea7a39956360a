"""Standard Webhooks: signatures that an independent implementation takes, addresses that are none, pauses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rakkan.registry.rules import webhook
from rakkan.registry.rules.webhook import (
    Address,
    body_of,
    message_id,
    new_secret,
    parse_address,
    parse_types,
    pause,
)
from rakkan.schemas.errors import DomainError

SECRETS = [new_secret(bytes([n]) * 32) for n in (1, 2)]
MESSAGE = message_id("rakkan/0123456789abcdef", bytes(32))
BODY = body_of("consent.withdrawn", "2026-11-22T12:00:00Z", "rakkan/0123456789abcdef", {"item": None})


def headers(at: int, secrets: list[str]) -> dict[str, str]:
    signed = webhook.signatures(secrets, MESSAGE, at, BODY)
    return {"webhook-id": MESSAGE, "webhook-timestamp": str(at), "webhook-signature": signed}


@pytest.mark.parametrize("secrets", [SECRETS[:1], SECRETS, SECRETS[::-1]])
def test_another_implementation_takes_what_we_sign(secrets: list[str]) -> None:
    now = int(time.time())
    for secret in secrets:
        assert Webhook(secret).verify(BODY, headers(now, secrets)) == json.loads(BODY)
    other, right = new_secret(bytes(32)), headers(now, secrets)
    for secret, body, sent in (
        (other, BODY, right),
        (secrets[0], BODY + b" ", right),
        (secrets[0], BODY, headers(now - 3600, secrets)),
        (secrets[0], BODY, {**right, "webhook-id": "msg_other"}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, sent)


def test_the_signature_is_what_the_text_of_the_standard_says() -> None:
    key = base64.b64decode(SECRETS[0].removeprefix("whsec_"))
    mac = hmac.new(key, f"{MESSAGE}.1700000000.".encode() + BODY, hashlib.sha256).digest()
    assert (
        webhook.signatures(SECRETS[:1], MESSAGE, 1_700_000_000, BODY)
        == "v1," + base64.b64encode(mac).decode()
    )


def test_an_id_stands_for_one_event_of_one_log() -> None:
    assert message_id("rakkan/0123456789abcdef", bytes(32)) == MESSAGE
    others = {
        message_id("rakkan/1123456789abcdef", bytes(32)),
        message_id("rakkan/0123456789abcdef", b"\1" * 32),
    }
    assert len(others | {MESSAGE}) == 3


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_****", SECRETS[0][6:], "whsec_" + "A" * 200]
)
def test_a_damaged_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(DomainError) as caught:
        webhook.signatures([secret], MESSAGE, 1, BODY)
    assert caught.value.code == "webhook-secret"
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "local", "address"),
    [
        ("https://example.org", False, Address(True, "example.org", 443, "example.org", "/")),
        (
            "https://Example.org:8443/a/b?c=d",
            False,
            Address(True, "example.org", 8443, "example.org:8443", "/a/b?c=d"),
        ),
        (
            "https://xn--mnchen-3ya.de/%20",
            True,
            Address(True, "xn--mnchen-3ya.de", 443, "xn--mnchen-3ya.de", "/%20"),
        ),
        ("http://127.0.0.1:9/", True, Address(False, "127.0.0.1", 9, "127.0.0.1:9", "/")),
        ("http://[::1]:9?x", True, Address(False, "::1", 9, "[::1]:9", "/?x")),
    ],
)
def test_addresses(url: str, local: bool, address: Address) -> None:
    assert parse_address(url, local=local) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "https://",
        "https:///path",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://example.org:/",
        "https://example.org/#part",
        "https://example.org/#",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/\x00",
        "https://münchen.de/",
        "https://exa_mple.org/",
        "https://-x.org/",
        "https://x..org/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://[example.org]/",
        f"https://{'a' * 64}.org/",
        f"https://example.org/{'a' * 2048}",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_address(url, local=False)
    assert caught.value.code == "webhook-url"


def test_types() -> None:
    assert parse_types([]) == tuple(webhook.TYPES.values())
    assert parse_types(["consent.withdrawn", "consent.granted"]) == ("consent.granted", "consent.withdrawn")
    with pytest.raises(DomainError) as caught:
        parse_types(["consent.*"])
    assert caught.value.code == "webhook-type"


def test_no_type_says_that_a_use_is_allowed() -> None:
    assert not any("allow" in each for each in webhook.TYPES.values())


def test_pauses_grow_and_are_spread_and_end() -> None:
    middle = [pause(failures, 0.5) for failures in range(1, 40)]
    assert middle[:4] == [5, 15, 45, 135]
    assert middle == sorted(middle)
    assert middle[-1] == 4 * 3600
    assert (pause(1, 0.0), pause(1, 1.0)) == (2.5, 7.5)
    assert pause(1, 0.5, 120) == 120
    assert pause(1, 0.5, 10**9) == 86_400
    assert pause(10**9, 1.0) == 6 * 3600
