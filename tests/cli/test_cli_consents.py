"""``rakkan consent list|explain|diff|renew`` as people and scripts call them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rakkan.cli import reasons
from rakkan.cli.consent_list import State
from rakkan.registry.keys import Keys
from rakkan.registry.rules.states import STATES
from rakkan.schemas.values import Digest
from tests.cli.conftest import Rakkan
from tests.cli.filled import filled
from tests.homes import SAID
from tests.house.code import ROOT

TRAIN = "cawg.ai_generative_training"
WORKS = [str(Digest.of(b"work %d" % number)) for number in range(4)]
TERMS = ("--terms", "open-training", *SAID, "--publish")
AGENT = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


class Desk:
    """The command on one home."""

    def __init__(self, rakkan: Rakkan, home: Path) -> None:
        self._rakkan, self.home = rakkan, home

    def run(self, *words: object, code: int = 0) -> Any:
        ran = self._rakkan("--home", self.home, "--json", *words)
        assert ran.code == code, ran.err
        return ran.document

    def grant(self, *words: object) -> str:
        return str(self.run("consent", "grant", *words, *TERMS)["recordId"])

    def states(self, *words: object) -> list[str]:
        return [each["state"] for each in self.run("consent", "list", *words)["consents"]]

    def names(self, *words: object) -> list[str]:
        return [each["recordId"] for each in self.run("consent", "list", *words)["consents"]]


@pytest.fixture
def desk(rakkan: Rakkan, home: Path) -> Desk:
    return Desk(rakkan, home)


def test_the_list_is_filtered_by_what_consents_say(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_text("ed25519:" + "05" * 32)
    grant = desk.grant(WORKS[0])
    reserve = desk.run("consent", "reserve", WORKS[1], "--publish")["recordId"]
    mandate = desk.run("consent", "delegate", AGENT, "--scope", TRAIN)["recordId"]
    other = desk.grant(WORKS[0], "--signer", f"file:{tmp_path / 'key'}", "--grantee", AGENT)
    (tmp_path / "short.toml").write_text(filled("grant").replace("days = 730", "days = 5"))
    short = desk.run("consent", "grant", WORKS[2], "--terms", tmp_path / "short.toml", "--publish")[
        "recordId"
    ]
    everything = [grant, reserve, mandate, other, short]
    assert desk.names() == everything
    assert desk.names("--kind", "grant") == [grant, other, short]
    assert desk.names("--kind", "mandate", "--kind", "reservation") == [reserve, mandate]
    assert desk.names("--mine") == [grant, reserve, mandate, short]
    assert desk.names("--grantor", Keys(desk.home / "keys").artist_did) == [grant, reserve, mandate, short]
    assert desk.names("--grantee", AGENT) == [mandate, other]
    assert desk.names("--subject", WORKS[0]) == [grant, other]
    assert desk.names("--scope", "org.rakkan.finetune_lora") == [grant, mandate, other, short]
    assert desk.names("--expires-within", "5") == [short]
    assert desk.names("--expires-within", "4000") == everything
    assert desk.names("--state", "unlogged") == [mandate]
    assert desk.names("--subject", WORKS[3]) == []


def test_pages_follow_one_another(desk: Desk, rakkan: Rakkan) -> None:
    made = [desk.grant(work) for work in WORKS]
    first = desk.run("consent", "list", "--limit", "3")
    assert [each["recordId"] for each in first["consents"]] == made[:3]
    rest = desk.run("consent", "list", "--limit", "3", "--after", first["cursor"])
    assert ([each["recordId"] for each in rest["consents"]], rest["cursor"]) == (made[3:], None)
    exact = desk.run("consent", "list", "--limit", "4")
    assert exact["cursor"] is None
    shown = rakkan("--home", desk.home, "consent", "list", "--limit", "1")
    assert shown.out.split()[:3] == ["kind", "state", "works"]
    assert f"--after {first['consents'][0]['logIndex'] + 1}" in shown.err
    empty = rakkan("--home", desk.home, "consent", "list", "--kind", "likeness")
    assert empty.out == "No consent here fits.\n"


def test_every_state_is_told(desk: Desk) -> None:
    active, gone, part, disputed = (desk.grant(work) for work in WORKS)
    many = desk.grant(*WORKS, "--collection")
    desk.run("consent", "withdraw", gone)
    desk.run("consent", "withdraw", many, "--item", WORKS[2])
    desk.run("dispute", disputed, "--ground", "forged")
    again = desk.run("consent", "renew", part, "--publish")["recordId"]
    states = {each["recordId"]: each["state"] for each in desk.run("consent", "list")["consents"]}
    assert states == {
        active: "active",
        gone: "withdrawn",
        part: "superseded",
        disputed: "suspended",
        many: "active",
        again: "active",
    }
    assert desk.names("--state", "withdrawn", "--state", "suspended") == [gone, disputed]
    desk.run("key", "compromised", "--since", "2020-01-01T00:00:00Z")
    assert set(desk.states("--kind", "grant")) == {"withdrawn", "superseded", "suspended", "key-compromised"}
    assert {each.value for each in State} == set(STATES)


def test_an_answer_is_explained_record_by_record(desk: Desk, rakkan: Rakkan) -> None:
    work = WORKS[0]
    nothing = desk.run("consent", "explain", work, code=3)
    assert (nothing["answer"], nothing["code"], nothing["records"]) == ("undetermined", "no-consent", [])
    first = desk.grant(work)
    later = desk.run("consent", "renew", first, "--publish")["recordId"]
    alone = desk.run("consent", "grant", work, *TERMS[:-1])["recordId"]
    found = desk.run("consent", "explain", work, "--scope", "org.rakkan.finetune_lora")
    parts = {each["recordId"]: (each["part"], each["code"], each["because"]) for each in found["records"]}
    assert parts == {
        first: ("silent", "superseded", [later]),
        later: ("decides", "granted-to-public", []),
        alone: ("silent", "unlogged", []),
    }
    assert (found["answer"], found["relied"]) == ("allowed", [later])
    dispute = desk.run("dispute", later, "--ground", "forged")["recordId"]
    paused = desk.run("consent", "explain", work, code=3)
    assert (paused["code"], paused["relied"]) == ("suspended", [later])
    by = {each["recordId"]: each for each in paused["records"]}
    assert by[later]["because"] == [dispute]
    assert (by[dispute]["part"], by[dispute]["code"], by[dispute]["because"]) == (
        "objects",
        "running",
        [later],
    )
    desk.run("consent", "reserve", work, "--publish")
    assert desk.run("consent", "explain", work, code=1)["code"] == "reserved"
    shown = rakkan("--home", desk.home, "consent", "explain", work)
    assert shown.out.startswith(f"not allowed: {TRAIN}, for public (reserved: reserves it: do not use)")
    assert "What is set aside:" in shown.out
    assert re.search(r"is paused while disputed, see \d", shown.out)
    then = desk.run(
        "consent",
        "explain",
        work,
        "--as-of",
        "2020-01-01T00:00:00Z",
        "--known",
        "2020-01-01T00:00:00Z",
        code=3,
    )
    assert {each["part"] for each in then["records"]} == {"unknown"}


def test_it_is_asked_for_whom_and_under_which_policy(desk: Desk, tmp_path: Path) -> None:
    bound = desk.run("policy", "lint", "community-lora")["policyId"]
    terms = filled("grant", grantee=f'["{AGENT}"]') + f'\n[bounds]\npolicy = "{bound}"\n'
    (tmp_path / "terms.toml").write_text(terms)
    desk.run("consent", "grant", WORKS[0], "--terms", tmp_path / "terms.toml", "--publish")
    ask = ("consent", "explain", WORKS[0])
    assert desk.run(*ask, code=3)["code"] == "grantee-other"
    assert desk.run(*ask, "--for", AGENT, code=3)["code"] == "policy-other"
    for policy in (bound, "community-lora"):
        assert desk.run(*ask, "--for", AGENT, "--policy", policy)["code"] == "granted"
    assert desk.run(*ask, "--for", AGENT, "--policy", "permissive-research", code=3)["code"] == "policy-other"
    assert desk.run(*ask, "--policy", "none", code=4)["error"]["code"] == "policy-missing"


def test_every_code_of_the_standard_has_words() -> None:
    page = (ROOT / "docs" / "proof-of-consent.md").read_text(encoding="utf-8")
    codes = set(re.findall(r"^\| `([a-z-]+)` \| (?:allowed|denied|undetermined) \|", page, re.MULTILINE))
    assert codes <= reasons.CODES.keys()


def test_terms_and_consents_are_compared(desk: Desk, rakkan: Rakkan, tmp_path: Path) -> None:
    wider = desk.run("consent", "diff", "community-lora", "open-training", code=1)
    fields = {each["field"]: each["direction"] for each in wider["changes"]}
    assert (fields[f"scopes/{TRAIN}"], fields["scopes/cawg.data_mining"]) == ("wider", "wider")
    assert wider["direction"] == "wider"
    assert desk.run("consent", "diff", "reserve", "reserve") | {"before": 0, "after": 0} == {
        "schema": "rakkan.consent-diff/1",
        "before": 0,
        "after": 0,
        "direction": "same",
        "changes": [],
    }
    (tmp_path / "grant.toml").write_text(filled("grant"))
    record = desk.run("consent", "grant", WORKS[0], "--terms", tmp_path / "grant.toml")["recordId"]
    same = desk.run("consent", "diff", tmp_path / "grant.toml", record)
    assert same["changes"] == []
    two = desk.run("consent", "grant", *WORKS[:2], "--terms", tmp_path / "grant.toml")["recordId"]
    shown = rakkan("--home", desk.home, "consent", "diff", record, two)
    assert "2 works, 1 of them new, 0 no longer" in shown.out
    assert "wider: more may be done" in shown.out
    claim = desk.run("claim", WORKS[0])["recordId"]
    assert desk.run("consent", "diff", claim, two, code=2)["error"]["code"] == "record-kind"
    assert desk.run("consent", "diff", two, "nowhere.toml", code=4)["error"]["code"] == "terms-missing"


def test_a_consent_is_renewed_for_a_new_term(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "grant.toml").write_text(filled("grant") + '\n[private]\nname = "Ada of Marylebone"\n')
    old = desk.run(
        "consent", "grant", *WORKS, "--collection", "--terms", tmp_path / "grant.toml", "--publish"
    )
    planned = desk.run("consent", "renew", old["recordId"], "--days", "9", "--dry-run")
    assert [each["field"] for each in planned["changes"]] == ["validUntil"]
    assert planned["changes"][0]["direction"] == "narrower"
    assert desk.names() == [old["recordId"]]
    new = desk.run("consent", "renew", old["recordId"], "--days", "9", "--publish")
    before, after = (each["statement"]["predicate"] for each in (old, new))
    assert after["supersedes"] == {"/": old["envelope"]}
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed | {"validFrom"} == {"nonce", "validFrom", "validUntil", "supersedes", "notice", "sealed"}
    assert old["statement"]["subject"] == new["statement"]["subject"]
    shown = desk.run("consent", "disclose", new["recordId"], "name")
    assert shown["text"] == "Ada of Marylebone"
    assert desk.run("consent", "explain", WORKS[2])["relied"] == [new["recordId"]]


def test_what_was_not_said_is_said_in_a_renewal(desk: Desk) -> None:
    words = ("consent", "grant", WORKS[0], "--terms", "open-training", "--publish")
    old = desk.run(*words)["recordId"]
    assert desk.run("consent", "explain", WORKS[0], code=3)["code"] == "coauthors-missing"
    new = desk.run("consent", "renew", old, *SAID, "--publish")
    assert {each["field"] for each in new["changes"]} - {"validUntil"} == {
        "rightsBasis/coauthorsComplete",
        "persons/depicted",
        "persons/minors",
    }
    assert desk.run("consent", "explain", WORKS[0])["code"] == "granted-to-public"


def test_who_may_not_renew_what(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_text("ed25519:" + "05" * 32)
    mine = desk.grant(WORKS[0])
    theirs = desk.grant(WORKS[1], "--signer", f"file:{tmp_path / 'key'}")
    foreign = desk.run("consent", "renew", theirs, code=6)
    assert foreign["error"]["code"] == "renewal-foreign"
    assert desk.run("consent", "renew", theirs, "--signer", f"file:{tmp_path / 'key'}")["recordId"]
    desk.run("consent", "withdraw", mine)
    assert desk.run("consent", "renew", mine, code=6)["error"]["code"] == "consent-ended"
    claim = desk.run("claim", WORKS[0])["recordId"]
    assert desk.run("consent", "renew", claim, code=2)["error"]["code"] == "record-kind"
    unknown = "baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya"
    assert desk.run("consent", "renew", unknown, code=4)["error"]["code"] == "record-unknown"


def test_a_successor_renews_what_the_old_key_gave(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_text("ed25519:" + "05" * 32)
    follower = f"file:{tmp_path / 'key'}"
    old = desk.grant(WORKS[0])
    desk.run("key", "rotate", "--to", follower)
    new = desk.run("consent", "renew", old, "--signer", follower, "--publish")
    fields = {each["field"] for each in new["changes"]}
    assert "grantor" in fields
    assert desk.run("consent", "explain", WORKS[0])["relied"] == [new["recordId"]]
    assert desk.states() == ["superseded", "active"]
