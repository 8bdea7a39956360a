"""Clauses of the catalogue: what each says about one item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rakkan.registry.rules.case import Similar
from rakkan.registry.rules.facts import ConsentFact
from rakkan.registry.rules.finding import ItemEvidence, ItemJudge
from rakkan.registry.rules.policy.clause import name_of
from rakkan.registry.rules.policy.document import CATALOGUE, shipped_policies
from rakkan.schemas.errors import Invalid
from rakkan.schemas.identity import Address, DidPkh
from rakkan.schemas.keychange import KeyChange
from rakkan.schemas.statement import parse_model
from tests.unit.registry.rules.cases import COMMUNITY, NOW
from tests.unit.registry.rules.casework import (
    DAY,
    LIKENESS,
    NO,
    WORK,
    actors,
    at,
    by,
    case,
    claim,
    dispute,
    identified,
    key,
    link,
    record,
    ruling,
    who,
)
from tests.unit.registry.rules.clausework import CLAUSES, REGISTERED, clause, said, work_of
from tests.unit.registry.rules.test_finding import FED, ITEM, policy_of


def test_every_clause_is_tried_here_and_every_name_is_its_own() -> None:
    names = [name_of(each) for each in CATALOGUE]
    assert sorted(names) == sorted(CLAUSES)
    assert len(set(names)) == len(names)
    used = {each.name for policy in shipped_policies().values() for each in policy.clauses}
    assert used <= set(names)


def test_consent_by_people_who_are_known() -> None:
    known = case(actors=actors(identified("ann", "site")))
    checked = case(actors=actors(identified("ann")))
    assert said(clause("consent.share"), by(0)) == ("undetermined", "assurance-too-low")
    assert said(clause("consent.share"), by(0), about=known) == ("pass", "granted-to-public")
    assert said(clause("consent.share", minAssurance=2), by(0), about=known)[0] == "undetermined"
    assert said(clause("consent.share", minAssurance=2), by(0), about=checked)[0] == "pass"
    assert said(clause("consent.share"), by(0, scopes=NO), about=known) == ("fail", "not-allowed")


def test_who_is_not_known_well_enough_is_not_relied_on() -> None:
    judge = ItemJudge(policy_of(clause("consent.share")), grantee_self=COMMUNITY, instant=NOW)
    assert judge.judge(ItemEvidence(ITEM, FED, ITEM, (by(0),), case())).reliance == []
    found = judge.judge(ItemEvidence(ITEM, FED, ITEM, (by(0),), case(actors=actors(identified("ann")))))
    assert [each.record_id for each in found.reliance] == [by(0).record_id]


def test_a_mandate_by_somebody_unknown_makes_its_grant_unknown() -> None:
    mandate = by(50, "ann", kind="mandate", grantee=[who("eve")], subjects={WORK})
    under = by(0, "eve", mandate=link("50"))
    about = case(mandates={mandate.envelope: mandate}, actors=actors(identified("eve")))
    assert said(clause("consent.share"), under, about=about)[1] == "assurance-too-low"


def test_how_a_withdrawal_acts_and_for_how_long_a_consent_was_open_to_challenge() -> None:
    authority = by(0).consent.withdrawal.authority
    for mode, outcome in {"prospective": "pass", "retrain-within": "fail", "irrevocable": "fail"}.items():
        grant = by(0, withdrawal={"authority": authority, "mode": mode})
        assert said(clause("withdrawal.mode"), grant)[0] == outcome
    young, old = by(0, known_from=NOW - DAY), by(0, known_from=NOW - 7 * DAY)
    assert said(clause("challenge.window"), young) == ("undetermined", "challenge-window-open")
    assert said(clause("challenge.window"), old) == ("pass", "challenged-long-enough")
    named = replace(old, named_from=NOW - DAY)  # for a week, nobody could know that it is about this work
    assert said(clause("challenge.window"), named) == ("undetermined", "challenge-window-open")


def test_who_is_shown_has_agreed() -> None:
    asked = clause("persons.releases")

    def shows(depicted: str, **more: Any) -> dict[str, Any]:
        return {"persons": {"depicted": depicted, "minors": "none", **more}}

    release = by(9, "model", kind="likeness", scopes={LIKENESS: "allowed"}, subjects={WORK})
    with_release = case(releases={release.envelope: release})
    linked = shows("others", releases=[link("9")])
    assert said(asked, by(0, **shows("none"))) == ("pass", "nobody-else-shown")
    assert said(asked, by(0, **shows("grantor"))) == ("pass", "nobody-else-shown")
    assert said(asked, by(0, **shows("unknown"))) == ("undetermined", "persons-unknown")
    assert said(asked, by(0, **shows("others"))) == ("fail", "release-missing")
    assert said(asked, by(0, **linked), about=with_release) == ("pass", "released")
    assert said(asked, by(0, **linked), about=case()) == ("fail", "release-missing")
    assert said(asked) == ("undetermined", "persons-unknown")
    says = by(1, "ann", kind="reservation", scopes={"cawg.data_mining": "notAllowed"}, **shows("others"))
    assert said(asked, by(0, **shows("none")), says) == ("undetermined", "persons-disputed")


def test_for_a_minor_a_guardian_agrees() -> None:
    asked = clause("persons.releases")
    for minors, capacity, expected in (
        ("yes", "author", ("fail", "guardian-missing")),
        ("yes", "guardian", ("pass", "released")),
        ("unknown", "guardian", ("undetermined", "minors-unknown")),
    ):
        release = by(
            9, "model", kind="likeness", scopes={LIKENESS: "allowed"}, subjects={WORK}, capacity=capacity
        )
        grant = by(0, persons={"depicted": "others", "minors": minors, "releases": [link("9")]})
        assert said(asked, grant, about=case(releases={release.envelope: release})) == expected
    assert said(asked, by(0, persons={"depicted": "none", "minors": "unknown"}))[0] == "pass"


def test_a_release_that_was_taken_back_is_none() -> None:
    release = by(
        9, "model", kind="likeness", scopes={LIKENESS: "allowed"}, subjects={WORK}, withdrawn_at=at(-1)
    )
    grant = by(0, persons={"depicted": "others", "minors": "none", "releases": [link("9")]})
    about = case(releases={release.envelope: release})
    assert said(clause("persons.releases"), grant, about=about) == ("fail", "release-missing")


@pytest.mark.parametrize(
    ("making", "share", "expected"),
    [
        ("generated", 0, ("fail", "made-generated")),
        ("generated", 100, ("not-applicable", "made-generated")),
        ("edited", 0, ("undetermined", "made-edited")),
        ("captured", 0, ("pass", "made-captured")),
    ],
)
def test_how_an_item_was_made(making: str, share: int, expected: tuple[str, str]) -> None:
    about = work_of(making=making)
    assert said(clause("synthetic.share", maxBp=share), by(0), about=about, work=REGISTERED) == expected
    assert said(clause("synthetic.share"), by(0), work=None) == ("undetermined", "work-unregistered")


def test_a_stranger_does_not_say_how_it_was_made() -> None:
    asked, mine = clause("synthetic.share"), work_of(making="generated").claims[0]
    stranger = work_of(making="captured", creator=who("eve")).claims[0]
    stranger = replace(stranger, record_id=b"s" * 32, envelope=b"s" * 32, log_index=1, proven_at=None)
    about = case(claims=(stranger, mine))
    assert said(asked, by(0), about=about, work=stranger.record_id) == ("fail", "made-generated")
    alone = case(claims=(stranger,))
    assert said(asked, by(0), about=alone, work=stranger.record_id)[1] == "made-captured"
    voided = case(claims=work_of(making="captured").claims, rulings=(ruling("void", "work"),))
    assert said(asked, by(0), about=voided, work=REGISTERED) == ("undetermined", "work-unregistered")


def test_how_old_the_claim_is() -> None:
    asked = clause("claim.min_age_days")
    for proven, code in {-40: "claim-old-enough", -29: "claim-too-young", None: "claim-undated"}.items():
        assert said(asked, by(0), about=case(claims=(claim("ann", proven=proven, days=-50),)))[1] == code
    equal = case(claims=(claim("ann", proven=-40), claim("eve", proven=-40)))
    assert said(asked, by(0), about=equal) == ("undetermined", "claim-unsettled")
    named = replace(claim("ann", proven=-40), named_from=at(-2))
    assert said(asked, by(0), about=case(claims=(named,)))[1] == "claim-too-young"
    stolen = key("compromised", "ann", since=-45)
    of_thief = case(claims=(claim("ann", proven=-40, days=-42),), actors=actors(stolen))
    assert said(asked, by(0), about=of_thief)[1] == "claim-undated"
    assert said(asked, by(0)) == ("undetermined", "claim-unsettled")


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ([{"role": "checkpoint", "declared": {"autov2": "0123456789"}}], "generator-accepted"),
        ([{"role": "checkpoint", "declared": {"autov2": "012345678"}}], "generator-accepted"),
        ([{"role": "checkpoint", "declared": {"autov2": "0123456"}}], "generator-other"),
        ([{"role": "checkpoint", "declared": {"autov1": "0123456789"}}], "generator-other"),
        ([{"role": "checkpoint", "declared": {"autov2": "ffffffffff"}}], "generator-other"),
        ([{"role": "checkpoint"}], "generator-undeclared"),
        (
            [
                {"role": "checkpoint", "declared": {"autov2": "0123456789"}},
                {"role": "lora", "declared": {"autov2": "ffffffffff"}},
            ],
            "generator-other",
        ),
        (
            [{"role": "checkpoint", "declared": {"autov2": "0123456789"}}, {"role": "vae"}],
            "generator-accepted",
        ),
        ([], "generator-undeclared"),
    ],
)
def test_which_model_made_it(models: list[dict[str, Any]], expected: str) -> None:
    asked = clause("generator.outputs_trainable")
    about = work_of(generation={"tool": "ComfyUI", "models": models})
    assert said(asked, by(0), about=about, work=REGISTERED)[1] == expected


def test_which_model_made_what_was_captured_is_no_question() -> None:
    asked = clause("generator.outputs_trainable")
    assert said(asked, by(0), about=work_of(making="captured"), work=REGISTERED)[0] == "pass"
    assert said(asked, by(0), about=work_of(), work=REGISTERED)[1] == "generator-undeclared"


def test_a_dispute_that_pauses_something_is_open() -> None:
    asked = clause("dispute.open")
    assert said(asked, by(0), about=case()) == ("pass", "no-dispute-open")
    for days, outcome in {-1: "undetermined", -15: "pass"}.items():
        about = case(disputes=(dispute("eve", "0", days=days),))
        assert said(asked, by(0), about=about)[0] == outcome
    stranger = case(
        claims=(claim("ann", proven=-40),), disputes=(dispute("eve", "0", ground="not-the-author"),)
    )
    assert said(asked, by(0), about=stranger)[0] == "pass"


def test_a_likeness_is_open_until_somebody_clears_it() -> None:
    asked, earlier = clause("similar.unresolved"), case(digests=frozenset()).digests
    assert earlier == frozenset()
    flag = Similar(earlier=b"e" * 32, holders=frozenset({who("eve")}), reserved=False, known_from=at(-5))
    mine = claim("ann", proven=-40, name="mine")
    assert said(asked, by(0), about=case(claims=(mine,), similar=(flag,))) == (
        "undetermined",
        "similar-unresolved",
    )
    cleared = case(claims=(mine,), similar=(flag,), rulings=(ruling("cleared", "mine", by="steward"),))
    assert said(asked, by(0), about=cleared) == ("pass", "similar-cleared")
    own = Similar(earlier=b"e" * 32, holders=frozenset({who("ann")}), reserved=False, known_from=at(-5))
    assert said(asked, by(0), about=case(claims=(mine,), similar=(own,)))[0] == "pass"
    assert said(asked, about=case(similar=(flag,)))[0] == "undetermined"


def test_people_whom_the_policy_refuses() -> None:
    asked = clause("source.denylist")
    assert said(asked, by(0)) == ("pass", "grantor-not-refused")
    assert said(asked, by(0, "eve")) == ("fail", "grantor-refused")
    mandate = by(50, "eve", kind="mandate", grantee=[who("ann")], subjects={WORK})
    about = case(mandates={mandate.envelope: mandate})
    assert said(asked, by(0, "ann", mandate=link("50")), about=about) == ("fail", "grantor-refused")


def test_no_key_of_a_refused_person_slips_by() -> None:
    wallet = DidPkh(1, Address(b"\xab" * 20))
    elsewhere, small = str(DidPkh(137, wallet.address)), str(wallet).lower()
    asked = clause("source.denylist", grantors=[small])
    for grantor in (str(wallet), elsewhere):
        named = replace_grantor(by(0), grantor)
        assert said(asked, named) == ("fail", "grantor-refused")
    value = {
        "audience": by(0).consent.audience,
        "actor": str(wallet),
        "action": "rotate",
        "statedAt": "2026-11-01T00:00:00Z",
        "successor": who("new"),
    }
    change = replace(
        record(parse_model(KeyChange, value), "rotation"), signers=frozenset({str(wallet), who("new")})
    )
    assert said(asked, by(0, "new"), about=case(actors=actors(change)))[0] == "fail"


def test_a_refused_co_author_is_refused() -> None:
    own = {"claim": "created", "coauthorsComplete": True, "shareBp": 5000}
    joined = by(60, "eve", kind="co-author", joins=link("0"), rightsBasis=own, subjects={WORK})
    about = case(coauthors={by(0).envelope: (joined,)})
    grant = by(0, rightsBasis=own)
    assert said(clause("consent.share", minAssurance=None), grant, about=about)[0] == "pass"
    assert said(clause("source.denylist"), grant, about=about) == ("fail", "grantor-refused")


@pytest.mark.parametrize("name", ["did:pkh:eip155:1:0x12", "did:key:zabc", who("eve")[:-1]])
def test_a_refused_name_that_can_be_nobodys_is_mistyped(name: str) -> None:
    with pytest.raises(Invalid) as error:
        policy_of(clause("source.denylist", grantors=[name]))
    assert (error.value.code, error.value.pointer) == ("policy-clause", "/all/0/grantors/0")


def test_of_two_consents_the_one_is_relied_on_that_every_clause_can_live_with() -> None:
    longer: dict[str, Any] = {"validUntil": "2028-01-01T00:00:00Z"}
    shorter: dict[str, Any] = {"validUntil": "2027-06-01T00:00:00Z"}
    unclear = {"depicted": "unknown", "minors": "unknown"}
    fits = by(1, persons={"depicted": "none", "minors": "none"}, **shorter)
    for name in ("persons.minors", "persons.releases"):
        assert said(clause(name), by(0, persons=unclear, **longer), fits)[0] == "pass"
    young = by(
        50, "ann", kind="mandate", grantee=[who("eve")], subjects={WORK}, known_from=NOW - DAY, **longer
    )
    under = by(0, "eve", mandate=link("50"), **longer)
    about = case(mandates={young.envelope: young})
    assert said(clause("challenge.window"), under, about=about)[0] == "undetermined"
    assert said(clause("challenge.window"), under, by(1, **shorter), about=about)[0] == "pass"


def replace_grantor(fact: ConsentFact, did: str) -> ConsentFact:
    grantor = fact.consent.grantor.model_copy(update={"id": did})
    return replace(fact, consent=fact.consent.model_copy(update={"grantor": grantor}))
