"""Private fields through a whole registry: sealed, pinned, disclosed, erased; and everything still proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.flows.consent.consents import give, make_consent, show, withdraw
from rakkan.registry.flows.consent.erasure import erase
from rakkan.registry.flows.consent.private import disclose, keep, seal_fields
from rakkan.registry.flows.consent.terms import Terms, load_terms
from rakkan.registry.flows.publish import plan, publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.flows.verify.fsck import inspect
from rakkan.registry.rules.notice import with_notice
from rakkan.registry.rules.proofs import check_record, sign_did
from rakkan.registry.rules.sealing import check_disclosure
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.consent import Consent
from rakkan.schemas.errors import Conflict, Invalid, NotFound, Refused
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Digest
from tests.homes import new_registry, own_terms

SECRET = "Ada Lovelace, 12 St James's Square"
SUBJECT = Subject(name="work", digest={"sha256": "ab" * 32})


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        yield opened


def private_terms() -> Terms:
    terms = own_terms("open-training")
    return Terms(
        **{
            **{name: getattr(terms, name) for name in Terms.__slots__},
            "private": {"name": SECRET, "note": "x"},
        }
    )


def given(registry: Registry, *, public: bool = True) -> Record:
    record = give(registry, [SUBJECT], private_terms(), publish=public)
    if public:
        publish(registry, [str(record.record_id)])
    return record


def block_of(record: Record) -> Any:
    consent = record.predicate
    assert isinstance(consent, Consent)
    assert consent.sealed is not None
    assert consent.sealed.block is not None
    return consent.sealed.block.cid


def test_nothing_private_is_in_the_record_and_the_envelope_is_pinned(registry: Registry) -> None:
    record = given(registry)
    assert SECRET.encode() not in record.statement + record.envelope
    content = registry.content.get(block_of(record))
    assert SECRET.encode() not in content
    assert disclose(registry, record, "name").text == SECRET
    assert check_disclosure(record, disclose(registry, record, "name").to_json()).text == SECRET
    assert SECRET not in repr(registry.store.sealed.get(record.record_id.digest))


def test_the_dry_run_says_what_is_public_and_what_is_hidden(registry: Registry) -> None:
    record = given(registry, public=False)
    (planned,) = plan(registry)
    assert planned.hides == ("name", "note")
    assert str(block_of(record)) in planned.blocks
    said = " ".join(planned.shows)
    for word in (
        "cawg.ai_training: allowed",
        "public",
        registry.home.keys.artist_did,
        "persons",
        "CC-BY-4.0",
        "withdraw",
    ):
        assert word in said
    assert SECRET not in said


def test_erasing_leaves_everything_proven_and_nothing_private(registry: Registry, tmp_path: Path) -> None:
    record = given(registry)
    block, shown = block_of(record), disclose(registry, record, "name").to_json()
    before = inspect(registry)
    answers = show(registry, [Digest("sha256", b"\xab" * 32)], scopes=["cawg.ai_training"], grantee="public")
    done = erase(registry, record)
    assert (done.fields, done.block) == (("name", "note"), block)
    with pytest.raises(Refused) as caught:
        disclose(registry, record, "name")
    assert caught.value.code == "private-erased"
    with pytest.raises(NotFound):
        registry.content.get(block)
    kept = registry.store.sealed.get(record.record_id.digest)
    assert kept is not None
    assert (kept.key, kept.block) == (None, None)
    # the registry is as whole as before, the consent holds, and the proof of it
    after = inspect(registry)
    assert (
        (after.problems, after.records, after.blocks)
        == (before.problems, before.records, before.blocks)
        == ((), before.records, before.blocks)
    )
    assert answers == show(
        registry, [Digest("sha256", b"\xab" * 32)], scopes=["cawg.ai_training"], grantee="public"
    )
    check_record(record, audience=registry.origin, domain=registry.domain)
    # who was shown a field keeps knowing it, and can still show it: that cannot be taken back
    assert check_disclosure(record, shown).text == SECRET
    # the worker does not bring it back, and erasing again is no error
    Worker(registry).settle()
    assert registry.content.missing([block]) == [block]
    assert erase(registry, record) == done
    withdraw(registry, str(record.record_id))


def test_key_and_envelope_are_off_the_disk(registry: Registry, tmp_path: Path) -> None:
    record = given(registry)
    kept = registry.store.sealed.get(record.record_id.digest)
    assert kept is not None
    assert kept.key is not None
    assert kept.block is not None
    key, envelope = kept.key, kept.block
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert any(key in path.read_bytes() for path in files)
    erase(registry, record)
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert key not in content, path
            assert envelope[28:60] not in content, path


def test_unpublished_ones_are_erased_before_they_ever_left(registry: Registry) -> None:
    record = given(registry, public=False)
    erase(registry, record)
    publish(registry, [str(record.record_id)])
    assert registry.content.missing([block_of(record)]) == [block_of(record)]
    assert inspect(registry).problems == ()


def test_it_waits_for_the_worker(registry: Registry) -> None:
    record = given(registry)
    with registry.store.leases.hold("worker", wait=1), pytest.raises(Conflict):
        erase(registry, record, seconds=0)
    assert disclose(registry, record, "name").text == SECRET


def likeness(registry: Registry, **change: Any) -> Record:
    sealing = seal_fields(registry.origin, {"release": SECRET})
    base = make_consent(registry, [SUBJECT], own_terms("open-training")).predicate.to_json()
    value = {**base, "kind": "likeness", "nonce": sealing.nonce, **change}
    consent = parse_model(Consent, value)
    value["sealed"] = sealing.public(pin=consent.may_pin_private)
    statement = statement_bytes("consent", [SUBJECT], with_notice([SUBJECT], parse_model(Consent, value)))
    record = Record.build(statement, [sign_did(statement, registry.home.keys.artist)])
    keep(registry, record, sealing)
    registry.store.records.add([record], accepted_at=registry.clock.now(), publish=True)
    Worker(registry).settle()
    return record


@pytest.mark.parametrize(
    "change", [{}, {"kind": "grant", "persons": {"depicted": "others", "minors": "yes"}}]
)
def test_likeness_and_minors_never_reach_the_content_store(
    registry: Registry, tmp_path: Path, change: dict[str, Any]
) -> None:
    record = likeness(registry, **change)
    assert b'"block"' not in record.statement
    kept = registry.store.sealed.get(record.record_id.digest)
    assert kept is not None
    assert kept.block is not None
    stored = b"".join(path.read_bytes() for path in (tmp_path / "home" / "blocks").iterdir())
    assert record.statement in stored
    assert kept.block[28:60] not in stored
    assert disclose(registry, record, "release").text == SECRET
    assert erase(registry, record).block is None


def test_records_without_private_fields(registry: Registry) -> None:
    record = give(registry, [SUBJECT], own_terms("open-training"))
    for action in (lambda: disclose(registry, record, "name"), lambda: erase(registry, record)):
        with pytest.raises(NotFound) as caught:
            action()
        assert caught.value.code == "private-unknown"
    with pytest.raises(NotFound):
        disclose(registry, given(registry), "address")


def test_private_terms_are_never_dropped_in_silence(registry: Registry) -> None:
    with pytest.raises(Invalid) as caught:
        make_consent(registry, [SUBJECT], private_terms())
    assert caught.value.code == "terms-private"


def test_nothing_is_stamped_under_terms_that_cannot_be_kept(registry: Registry, tmp_path: Path) -> None:
    picture = render_samples(tmp_path / "pictures")[0]
    with pytest.raises(Invalid) as caught:
        stamp_files(registry, [picture], StampOptions(out=tmp_path / "out", terms=private_terms()))
    assert caught.value.code == "terms-private"
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert registry.store.records.all() == []


def test_terms_files_name_private_fields(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_text(
        'kind = "reservation"\n[scopes]\n"cawg.ai_training" = "notAllowed"\n[private]\nname = "Ada"\n'
    )
    record = give(registry, [SUBJECT], load_terms(str(path)))
    assert disclose(registry, record, "name").text == "Ada"
    assert "Ada" not in repr(load_terms(str(path)))


def test_it_survives_reopening(tmp_path: Path) -> None:
    with new_registry(tmp_path / "home") as registry:
        record = given(registry)
    with open_registry(load_settings(home=tmp_path / "home")) as registry:
        assert disclose(registry, record, "name").text == SECRET
        erase(registry, record)
    with open_registry(load_settings(home=tmp_path / "home")) as registry:
        with pytest.raises(Refused):
            disclose(registry, record, "name")
        assert inspect(registry).problems == ()
