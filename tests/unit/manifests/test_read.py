"""The state of a credential: whose it is, whether it is this picture's, and what does not count."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from rakkan.manifests import _c2pa
from rakkan.manifests.certificates import fingerprint, load_certificates
from rakkan.manifests.checks import BINDING, CHECKS, MANIFEST, REVOCATION, SIGNATURE, TRUST
from rakkan.manifests.container import manifest_parts, walk
from rakkan.manifests.read import read_manifest
from rakkan.manifests.stamp import stamp
from rakkan.schemas.verdict import Outcome
from tests.unit.manifests.credentials import (
    FORMS,
    NOW,
    artist,
    checked,
    definition,
    forged,
    issuers,
    picture,
    signer,
    stamped,
)
from tests.unit.manifests.handmade import LABEL, manifest, parent, png_with_store
from tests.unit.manifests.pictures import chunk, encoded, scene


@pytest.mark.parametrize("form", FORMS)
class TestStates:
    def test_trusted_under_a_list_that_was_meant(self, form: str) -> None:
        report = read_manifest(checked(stamped(form).content), issuers())
        assert (report.found, report.state) == ("embedded", "trusted")
        assert tuple(check.name for check in report.checks) == CHECKS
        assert report.identity == report.claimed == stamped(form).identity
        assert report.signer is not None
        assert report.signer.subject.startswith("Ada")
        assert report.made_with == "Rakkan 0.1.0"

    @pytest.mark.parametrize("listed", [None, "Another authority", "Test authority "])
    def test_intact_without_it(self, form: str, listed: str | None) -> None:
        report = read_manifest(
            checked(stamped(form).content), issuers(listed.strip() + "!") if listed else None
        )
        assert report.state == "intact"
        assert not report.check(TRUST).clears

    def test_none_without_a_credential(self, form: str) -> None:
        report = read_manifest(picture(form), issuers())
        assert (report.found, report.state, report.identity) == ("none", "none", None)
        assert {check.outcome for check in report.checks} == {Outcome.NOT_APPLICABLE}

    def test_revoked_by_our_own_list(self, form: str) -> None:
        image = checked(stamped(form).content)
        certificates = load_certificates(artist().chain_pem)
        for certificate in certificates:
            report = read_manifest(image, issuers(), revoked={fingerprint(certificate)})
            assert (report.state, report.check(REVOCATION).code) == ("revoked", "certificate-revoked")
        assert read_manifest(image, issuers(), revoked={bytes(32)}).state == "trusted"

    def test_a_credential_of_another_picture(self, form: str) -> None:
        """Same size, same place in the file: only the pixels differ."""
        other = encoded(form, scene().rotate(180))
        theirs = stamp(checked(other), definition(), signer()).content
        parts = manifest_parts(walk(theirs))
        mine = stamped(form).content
        places = manifest_parts(walk(mine))
        content = mine[: places[0].start] + theirs[parts[0].start : parts[-1].end] + mine[places[-1].end :]
        if form == "WEBP":
            content = content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:]
        report = read_manifest(checked(content), issuers())
        assert (report.state, report.check(BINDING).outcome) == ("invalid", Outcome.FAIL)
        assert report.identity is None
        assert report.claimed is not None  # what it says it is, which leads to no record
        assert not any(report.terms.uses.values())


class TestTime:
    def test_an_ended_certificate_counts_at_a_proven_instant(self) -> None:
        image = checked(stamped().content)
        end = signer().expires
        assert read_manifest(image, issuers(), at=NOW).state == "trusted"
        late = read_manifest(image, issuers(), at=end + timedelta(seconds=1))
        assert (late.state, late.check(TRUST).code) == ("intact", "signer-expired")
        early = read_manifest(image, issuers(), at=NOW - timedelta(days=400))
        assert (early.state, early.check(TRUST).code) == ("intact", "signer-not-yet-valid")


class TestTwoReaders:
    def test_the_engines_good_word_is_not_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The engine's answer for one file, held against another one."""
        good = stamped().content
        answer = _c2pa.read(good, "image/png", issuers())
        other = checked(stamp(picture(), definition(), signer("Bob")).content)
        monkeypatch.setattr(_c2pa, "read", lambda *_: answer)
        report = read_manifest(other, issuers())
        assert (report.state, report.check(MANIFEST).code) == ("invalid", "manifest-disputed")

    def test_an_unexplained_no_is_a_no(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = _c2pa.read(stamped().content, "image/png", issuers())
        for spoiled in (
            replace(answer, state="Invalid"),
            replace(answer, failure=frozenset({"some.code.of.tomorrow"})),
            replace(answer, ingredient_failure=frozenset({"some.code.of.tomorrow"})),
            replace(answer, success=frozenset()),
        ):
            monkeypatch.setattr(_c2pa, "read", lambda *_, spoiled=spoiled: spoiled)
            assert read_manifest(checked(stamped().content), issuers()).state == "invalid"

    def test_a_match_in_a_list_that_was_not_meant_does_not_count(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = _c2pa.read(stamped().content, "image/png", issuers())
        monkeypatch.setattr(_c2pa, "read", lambda *_: replace(answer, trust_uri="urn:tsa"))
        report = read_manifest(checked(stamped().content), issuers())
        assert (report.state, report.check(TRUST).code) == ("intact", "issuer-disputed")


class TestStores:
    def test_a_changed_claim_generator_breaks_the_signature(self) -> None:
        content = png_with_store()
        at = content.index(b"Stranger")
        changed = content[:at] + b"Rakkanly" + content[at + 8 :]
        part = next(part for part in walk(changed).parts if part.kind == "caBX")
        whole = chunk(b"caBX", changed[part.payload_start : part.payload_end])
        report = read_manifest(checked(changed[: part.start] + whole + changed[part.end :]), issuers())
        assert (report.state, report.check(SIGNATURE).code) == ("invalid", "signature-mismatch")

    def test_two_manifests_of_one_name_are_refused(self) -> None:
        """The engine takes one of them, and does not say which."""
        said = [("c2pa.actions.v2", {"actions": [{"action": "c2pa.edited"}]})]
        report = read_manifest(checked(png_with_store(below=[manifest(said, label=LABEL)])), issuers())
        assert (report.state, report.check(MANIFEST).code) == ("invalid", "jumbf-duplicate")

    def test_a_manifest_beside_changes_nothing_but_the_count(self) -> None:
        alone = checked(png_with_store())
        beside = checked(png_with_store(below=[parent()[1]]))
        first, second = read_manifest(alone, issuers()), read_manifest(beside, issuers())
        assert first.state == "trusted"
        assert second.state == "trusted"
        assert second.identity is not None
        assert second.identity.label == LABEL


def test_a_remote_manifest_is_not_fetched() -> None:
    """A listener that nobody may call, named in the picture."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        calls: list[object] = []

        def listen() -> None:
            try:
                calls.append(server.accept())
            except TimeoutError:
                return

        waiting = threading.Thread(target=listen)
        waiting.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        content = forged(picture(), remote_url=url, embed=False)
        assert url.encode() in content
        report = read_manifest(checked(content), issuers())
        embedded = read_manifest(checked(forged(picture(), remote_url=url)), issuers())
        waiting.join()
    assert (report.found, report.state) == ("none", "none")
    assert embedded.found == "embedded"
    assert calls == []
