"""``stamp --identity``: somebody signs for their name in the picture, too; readers are told, and nothing is granted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from rakkan.manifests.samples import render_samples
from tests.cli.conftest import Rakkan

NOW = datetime.now(UTC)


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    usages: list[ObjectIdentifier] | None,
) -> x509.Certificate:
    """One under an issuer; without usages an issuer's own."""
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=usages is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=usages is not None, key_cert_sign=usages is None, **usage), True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False)
    )
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(by, hashes.SHA256())


class Somebody:
    """A person with a certificate for their name, by an issuer of such."""

    def __init__(self, folder: Path, *usages: ObjectIdentifier) -> None:
        above, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = certificate("Names Ltd", above, "Names Ltd", above, None)
        mine = certificate("Ann Painter", own, "Names Ltd", above, list(usages))
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.issuer, self.pem = folder / "names.pem", folder / "ann.pem"
        self.issuer.write_bytes(issuer.public_bytes(Encoding.PEM))
        self.pem.write_bytes(mine.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM) + private)
        self.pem.chmod(0o600)


@pytest.fixture
def ann(tmp_path: Path) -> Somebody:
    return Somebody(tmp_path, ExtendedKeyUsageOID.EMAIL_PROTECTION)


def stamped(rakkan: Rakkan, home: Path, tmp_path: Path, *words: object, count: int = 1) -> list[Any]:
    pictures = render_samples(tmp_path / "pictures")[:count]
    ran = rakkan("--home", home, "--json", "stamp", *pictures, "--out", tmp_path / "out", *words)
    assert ran.code == 0, ran.out
    items: list[Any] = ran.document["items"]
    return items


def verified(rakkan: Rakkan, home: Path, path: str, *words: object) -> Any:
    return rakkan("--home", home, "--json", "verify", path, "--offline", *words).document


def test_it_is_told_as_corroboration_and_grants_nothing(
    rakkan: Rakkan, home: Path, tmp_path: Path, ann: Somebody
) -> None:
    (item,) = stamped(rakkan, home, tmp_path, "--identity", ann.pem)
    found = verified(rakkan, home, item["output"])
    (credential,) = found["identities"]
    assert (credential["outcome"], credential["code"]) == ("undetermined", "cawg.x509.credential.untrusted")
    assert credential["subject"] == "Ann Painter"
    assert set(credential["covers"]) == {
        *("c2pa.actions.v2", "cawg.training-mining", "org.rakkan.provenance", "c2pa.hash.data"),
    }
    listed = verified(rakkan, home, item["output"], "--identity-trust", ann.issuer)
    (credential,) = listed["identities"]
    assert (credential["outcome"], credential["code"]) == ("pass", "cawg.identity.trusted")
    assert listed["state"] == found["state"] == "trusted", "by the claim's own signer alone"
    unlisted = verified(rakkan, tmp_path / "nobody", item["output"], "--identity-trust", ann.issuer)
    assert unlisted["state"] == "intact", "who is believed about names is believed about nothing else"
    told = rakkan("--home", home, "--json", "consent", "show", item["output"], "--identity-trust", ann.issuer)
    assert {each["answer"] for each in told.document["scopes"]} == {"undetermined"}


def test_the_homes_own_certificate(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    items = stamped(rakkan, home, tmp_path, "--identity", "own", "--jobs", "2", count=2)
    for item in items:
        found = verified(rakkan, home, item["output"], "--identity-trust", home / "issuers.pem")
        assert [each["code"] for each in found["identities"]] == ["cawg.identity.trusted"]


def test_nobody_is_named_unless_asked_and_a_name_makes_another_stamping(
    rakkan: Rakkan, home: Path, tmp_path: Path, ann: Somebody
) -> None:
    (item,) = stamped(rakkan, home, tmp_path)
    assert verified(rakkan, home, item["output"])["identities"] == []
    words = ("stamp", item["input"], "--identity", ann.pem)
    again = rakkan("--home", home, "--json", *words, "--out", tmp_path / "out")
    assert again.document["items"][0]["error"]["code"] == "output-exists", "it is not the same stamping"
    first, second = (
        rakkan("--home", home, "--json", *words, "--out", tmp_path / "named").document["items"][0]
        for _ in range(2)
    )
    assert (first["state"], second["state"]) == ("stamped", "already")
    assert first["digest"] == second["digest"]


def test_what_is_no_identity_is_refused_before_anything_is_signed(
    rakkan: Rakkan, home: Path, tmp_path: Path
) -> None:
    plain = Somebody(tmp_path, ObjectIdentifier("1.3.6.1.4.1.62558.2.1"))  # C2PA claim signing, and no name
    bare = tmp_path / "bare.pem"
    bare.write_bytes(plain.pem.read_bytes().split(b"-----BEGIN PRIVATE KEY-----")[0])
    wrong = {
        plain.pem: (2, "identity-certificate"),
        bare: (2, "signer-key"),
        tmp_path / "missing.pem": (4, "file-missing"),
        plain.issuer: (2, "signer-key"),
        Path(__file__): (2, "certificate-form"),
    }
    picture = render_samples(tmp_path / "pictures")[0]
    for path, expected in wrong.items():
        ran = rakkan(
            *("--home", home, "--json", "stamp", picture, "--out", tmp_path / "out", "--identity", path)
        )
        assert (ran.code, ran.document["error"]["code"]) == expected, path
        assert path.name in ran.document["error"]["message"]
    assert not (tmp_path / "out").exists()
