"""A signer's certificate that was taken back, by the issuer's own word in the file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from rakkan.manifests.certificates import load_certificates
from rakkan.manifests.checks import REVOCATION, TRUST
from rakkan.manifests.read import ManifestReport, read_manifest
from rakkan.manifests.stapled import MAX_ANSWERS, MAX_BYTES
from tests.unit.manifests.credentials import artist, authority, checked, engine_state, issuers
from tests.unit.manifests.credentials import stamped as stamped_picture
from tests.unit.manifests.stapling import GOOD, UNKNOWN, answer, responder, stapled

ADA = load_certificates(artist().chain_pem)[0]
PNG = stamped_picture("PNG").content


def read(*answers: bytes, at: datetime | None = None) -> ManifestReport:
    return read_manifest(checked(stapled(PNG, *answers)), issuers(), at=at)


def state(*answers: bytes, at: datetime | None = None) -> str:
    return read(*answers, at=at).state


def test_its_issuers_word_counts() -> None:
    report = read(answer(authority(), ADA))
    assert (report.state, report.check(REVOCATION).code) == ("revoked", "certificate-revoked")
    assert report.check(TRUST).clears, "it was this issuer's"
    assert report.identity == stamped_picture("PNG").identity
    assert engine_state(stapled(PNG, answer(authority(), ADA)), issuers()) == "Trusted", "we alone see it"


def test_it_counts_for_whoever_does_not_know_the_issuer() -> None:
    content = checked(stapled(PNG, answer(authority(), ADA)))
    assert read_manifest(content, None).state == "revoked"
    assert read_manifest(content, issuers("Another authority")).state == "revoked"


def test_a_responder_that_the_issuer_named_counts_and_no_other() -> None:
    key, certificate = responder(authority(), may=True)
    assert state(answer(authority(), ADA, by=key, bringing=certificate)) == "revoked"
    key, certificate = responder(authority(), may=False)
    assert state(answer(authority(), ADA, by=key, bringing=certificate)) == "trusted"
    key, certificate = responder(authority("Another authority"), may=True)
    assert state(answer(authority(), ADA, by=key, bringing=certificate)) == "trusted"


def test_what_was_signed_before_it_was_taken_back_stays() -> None:
    now = datetime.now(UTC)
    late = answer(authority(), ADA, when=now - timedelta(minutes=1))
    assert state(late, at=now - timedelta(minutes=4)) == "trusted"
    assert state(late, at=now) == "revoked"
    assert state(late) == "revoked"


def test_what_proves_nothing_changes_nothing() -> None:
    bob = load_certificates(artist("Bob").chain_pem)[0]
    genuine = answer(authority(), ADA)
    broken = bytearray(genuine)
    broken[-1] ^= 1
    for nothing in (
        answer(authority(), ADA, GOOD),
        answer(authority(), ADA, UNKNOWN),
        answer(authority(), ADA, reason=x509.ReasonFlags.remove_from_crl),
        answer(authority(), bob),
        answer(authority("Another authority"), ADA),
        bytes(broken),
        genuine[:-9],
        b"",
        b"\x30\x80" * 300,
    ):
        assert state(nothing) == "trusted"


def test_it_is_found_among_others() -> None:
    assert state(answer(authority(), ADA, GOOD), answer(authority(), ADA)) == "revoked"


@pytest.mark.parametrize("answers", [7, b"text", ["text"], [[b"x"]], {"a": 1}, None])
def test_what_has_another_form_is_none(answers: object) -> None:
    from rakkan.manifests.cose import check_signature
    from rakkan.manifests.jumbf import parse

    active = parse(stamped_picture("PNG").store).active
    import cbor2

    protected, _, payload, raw = cbor2.loads(active.signature[1:])
    for header in ({"rVals": {"ocspVals": answers}}, {"rVals": answers}):
        content = b"\xd2" + cbor2.dumps([protected, header, payload, raw])
        assert check_signature(content, active.claim).answers == ()


def test_only_so_many_and_so_large_are_looked_at() -> None:
    from rakkan.manifests.stapled import revoked_at

    chain, genuine = load_certificates(artist().chain_pem), answer(authority(), ADA)
    assert revoked_at([b""] * (MAX_ANSWERS - 1) + [genuine], chain, None) is not None
    assert revoked_at([b""] * MAX_ANSWERS + [genuine], chain, None) is None
    assert revoked_at([genuine + bytes(MAX_BYTES)], chain, None) is None
