"""Bundles of works whose consents lean on others: what decides goes with them, and is checked again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from rakkan.registry.flows.verify.consent_check import consent_check
from rakkan.registry.flows.verify.dossier import Dossier, gather
from rakkan.registry.flows.verify.evidence import pack, unpack
from rakkan.registry.flows.verify.record_checks import Trust
from rakkan.registry.rules.proofs import sign_did
from rakkan.registry.service import Registry
from rakkan.schemas.canonical import canonical
from rakkan.schemas.community import Community
from rakkan.schemas.instant import format_instant
from rakkan.schemas.record import Record
from rakkan.schemas.statement import Subject
from rakkan.schemas.values import Digest
from tests.flows.homesteads import TRAIN, People, author_subject, key, link, who
from tests.homes import new_registry

WORK = Digest.of(b"the work")
MANY = [Digest.of(b"work %d" % number) for number in range(50)]
COMMUNITY = Community(checkers=(who("checker"),), adjudicators=(who("judge"),))


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with new_registry(tmp_path / "home") as opened:
        opened.home.community.write_bytes(canonical(COMMUNITY.to_json()))
        yield opened


@pytest.fixture
def people(registry: Registry) -> People:
    made = People(registry)
    made.work("artist", WORK)
    return made


def dossier_of(registry: Registry, digest: Digest = WORK) -> Dossier:
    from rakkan.registry.flows.verify.dossier import gather_work

    found = registry.store.records.find([digest], "work")[0].record_id
    return gather_work(registry, registry.store.records.get([found])[found], portable=True)


def asked(dossier: Dossier, at: datetime, **trust: object) -> str:
    """Code of the check and the answer for training, to a stranger who asked about withdrawals elsewhere."""
    given = Trust(withdrawals=True, records=True, **trust)  # type: ignore[arg-type]
    check, words = consent_check(dossier, given, at, "public")
    return f"{check.code} {words[TRAIN]}"


def carried(dossier: Dossier) -> Dossier:
    return unpack(pack(dossier)[1])


def test_a_mandate_goes_with_the_grant_that_leans_on_it(registry: Registry, people: People) -> None:
    mandate = people.hand_in(
        people.consent_statement(
            "artist", [author_subject("artist")], kind="mandate", grantee=[who("agent")]
        ),
        ["artist"],
    )
    people.consent("agent", WORK, mandate=link(mandate))
    now = people.on(1)
    at_home = gather(registry, [WORK])
    assert at_home is not None
    assert asked(at_home, now) == "consent-read allowed"
    there = carried(dossier_of(registry))
    assert [each.record.record_id for each in there.linked] == [mandate.record_id]
    assert asked(there, now) == "consent-read allowed"
    assert asked(replace(there, linked=()), now) == "link-unknown undetermined"


def test_membership_in_a_collection_is_proven(registry: Registry, people: People) -> None:
    people.collection("artist", [WORK, *MANY])
    now = people.on(1)
    there = carried(dossier_of(registry))
    assert asked(there, now) == "consent-read allowed"
    (consent,) = there.consents
    (shown,) = consent.memberships
    assert shown.digest == WORK
    for forged in (
        replace(shown, index=(shown.index or 0) + 1),
        replace(shown, proof=(shown.proof or ())[1:]),
        replace(shown, digest=MANY[0]),
        None,
    ):
        changed = replace(consent, memberships=(forged,) if forged else ())
        assert asked(replace(there, consents=(changed,)), now) == "consent-open undetermined"


def test_a_consent_on_another_work_says_nothing(registry: Registry, people: People) -> None:
    people.work("artist", MANY[0])
    people.consent("artist", MANY[0])
    now = people.on(1)
    other = carried(dossier_of(registry, MANY[0]))
    assert asked(other, now) == "consent-read allowed"
    mine = carried(dossier_of(registry))
    assert asked(replace(mine, consents=other.consents), now) == "consent-open undetermined"


def test_what_objects_goes_along_and_only_the_named_community_is_trusted(
    registry: Registry, people: People
) -> None:
    grant = people.consent("artist", WORK)
    dispute = people.dispute("accuser", grant)
    now = people.on(1)
    there = carried(dossier_of(registry))
    assert asked(there, now) == "consent-open undetermined"
    people.rule("dismissed", grant, dispute=link(dispute))
    there = carried(dossier_of(registry))
    assert asked(there, now) == "consent-open undetermined", "whose ruling is it?"
    assert asked(there, now, community=COMMUNITY) == "consent-read allowed"


def test_a_lost_key_goes_along(registry: Registry, people: People) -> None:
    people.on(2)
    people.consent("artist", WORK)
    now = people.on(3)
    assert asked(carried(dossier_of(registry)), now) == "consent-read allowed"
    people.rotate("artist", "new")
    people.lost("artist", "new", since=1)
    assert asked(carried(dossier_of(registry)), now) == "consent-open undetermined"


def test_a_record_that_cannot_be_judged_takes_every_yes_back(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK)
    people.dispute("accuser", grant)
    now = people.on(1)
    there = carried(dossier_of(registry))
    (dispute,) = [each for each in there.linked if each.record.kind == "dispute"]
    other = people.claim("accuser", MANY[3])
    forged = replace(dispute, record=replace(other, envelope=dispute.record.envelope))
    assert asked(replace(there, linked=(forged,)), now) == "envelope-mismatch undetermined"


def test_training_runs_go_with_the_grant_whose_budget_they_spend(registry: Registry, people: People) -> None:
    grant = people.consent("artist", WORK, bounds={"runs": 1})
    other = people.consent("artist", MANY[0], bounds={"runs": 9})
    now = people.on(1)
    assert asked(carried(dossier_of(registry)), now) == "consent-read allowed"
    said = {
        "trainer": who("ben"),
        "run": "0d" * 16,
        "began": format_instant(now),
        "consents": [link(other), link(grant)],  # a bundle about one work has one of them
    }
    dataset = Subject(name="dataset", digest={"datasetRoot": "da" * 32})
    made = people.state("training-run", [dataset], said, "ben")
    now = people.on(2)
    at_home = gather(registry, [WORK])
    assert at_home is not None
    assert asked(at_home, now) == "consent-open undetermined"
    there = carried(dossier_of(registry))
    assert [each.record.record_id for each in there.linked] == [made.record_id]
    assert asked(there, now) == "consent-open undetermined"
    forged = Record.build(made.statement, [sign_did(made.statement, key("zoe"))])
    planted = replace(there.linked[0], record=forged)
    assert asked(replace(there, linked=(planted,)), now) == "proof-missing undetermined"
