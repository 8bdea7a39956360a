"""Terms as people write them: templates, blanks, misspelt words; and what nobody but the grantor can say."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from rakkan.registry.flows.consent.templates import KINDS, template_of
from rakkan.registry.flows.consent.terms import PRESETS, load_terms
from rakkan.registry.flows.consent.termsfile import parse_terms
from rakkan.schemas.errors import Invalid
from rakkan.schemas.values import Digest
from tests.cli.command import RAKKAN, environment
from tests.cli.conftest import Rakkan
from tests.cli.filled import blanks_of, filled
from tests.homes import SAID

WORK = str(Digest.of(b"the work"))
TRAIN = "cawg.ai_generative_training"
LIKENESS = "org.rakkan.likeness"
LINK = '"baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya"'


def told(rakkan: Rakkan, home: Path, scope: str = TRAIN) -> str:
    (answer,) = rakkan("--home", home, "--json", "consent", "show", WORK, "--scope", scope).document["scopes"]
    return f"{answer['answer']} {answer['code']}"


def refused(content: str) -> tuple[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_terms(content.encode(), "terms.toml", toml=True)
    return caught.value.code, caught.value.pointer


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_printed_written_and_lints_when_it_is_filled_in(
    rakkan: Rakkan, kind: str, tmp_path: Path
) -> None:
    printed = rakkan("consent", "template", kind)
    assert (printed.code, printed.out) == (0, template_of(kind))
    assert rakkan("consent", "template", kind, "--out", tmp_path / "t.toml", "--json").document["text"]
    assert (tmp_path / "t.toml").read_text() == template_of(kind)
    assert parse_terms(filled(kind, joins=LINK).encode(), "t", toml=True).kind == kind


@pytest.mark.parametrize(("kind", "blank"), [(kind, blank) for kind in KINDS for blank in blanks_of(kind)])
def test_every_blank_is_refused_by_its_pointer(kind: str, blank: str) -> None:
    code, pointer = refused(filled(kind, but=blank, joins=LINK))
    assert code == "terms-blank"
    assert pointer.removesuffix("/0").split("/")[-1] == blank.strip('"')


def test_a_blank_in_a_file_stops_the_command_before_anything_is_signed(
    rakkan: Rakkan, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "terms.toml").write_text(filled("grant", but="minors"))
    ran = rakkan("--home", home, "--json", "consent", "grant", WORK, "--terms", tmp_path / "terms.toml")
    assert (ran.code, ran.document["error"]["code"]) == (2, "terms-blank")
    assert ran.document["error"]["pointer"] == "/persons/minors"
    (tmp_path / "terms.toml").write_text(filled("grant"))
    made = rakkan("--home", home, "--json", "consent", "grant", WORK, "--terms", tmp_path / "terms.toml")
    assert made.code == 0, made.err
    said = made.document["statement"]["predicate"]
    assert said["persons"] == {"depicted": "none", "minors": "none", "releases": []}
    assert said["rightsBasis"] == {"claim": "created", "coauthorsComplete": True, "evidence": []}
    assert made.document["unsaid"] == []


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ('scope = "x"', "terms", "/scope"),
        ("days = 0", "terms", "/days"),
        ("days = 1.5", "terms", "/days"),
        ('mode = "later"', "terms", "/mode"),
        ('grantee = ["everybody"]', "terms", "/grantee/0"),
        ('coauthors = "all"', "terms", "/coauthors"),
        ("shareBp = 20000", "terms", "/shareBp"),
        ('trainBy = "tomorrow"', "terms", "/trainBy"),
        ('persons = {minor = "none"}', "terms", "/persons/minor"),
        ('persons = {minors = "no"}', "terms", "/persons/minors"),
        ('persons = {releases = ["x"]}', "terms", "/persons/releases/0"),
        ('terms = {licence = "MIT"}', "terms", "/terms/attribution"),
        ('terms = {licence = "MIT", attribution = "none", free = true}', "terms", "/terms/shareAlike"),
        (
            'terms = {licence="MIT", attribution="none", shareAlike=false, commercial=true, compensation={m=1}}',
            "terms",
            "/terms/compensation/model",
        ),
        ("bounds = {run = 1}", "terms", "/bounds/run"),
        ('mandate = "here"', "terms", "/mandate"),
        ('jurisdiction = {law = "Germany"}', "terms", "/jurisdiction/law"),
        ('private = {a = "?"}', "terms-blank", "/private/a"),
        ('kind = "grant"', "terms", ""),
        ("\x00", "terms", ""),
    ],
)
def test_what_no_terms_can_say_is_refused_where_it_stands(more: str, code: str, pointer: str) -> None:
    base = 'kind = "grant"\n' + more + '\n[scopes]\n"cawg.ai_training" = "allowed"\n'
    assert refused(base) == (code, pointer)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ('kind = "gift"\nscopes = {"cawg.ai_training" = "allowed"}', "/kind"),
        ('kind = "grant"', "/scopes"),
        ('kind = "grant"\nscopes = {}', "/scopes"),
        ('kind = "grant"\nscopes = {"cawg.ai_training" = true}', "/scopes/cawg.ai_training"),
    ],
)
def test_kind_and_scopes_are_needed(content: str, pointer: str) -> None:
    assert refused(content) == ("terms", pointer)


def test_other_refusals(tmp_path: Path) -> None:
    assert refused('kind = "grant"\nscopes = {"cawg.all" = "allowed"}') == ("terms-scope", "/scopes/cawg.all")
    assert refused("#" * 70_000) == ("terms", "")
    (tmp_path / "terms.json").write_text("[" * 5000)
    with pytest.raises(Invalid) as caught:
        load_terms(str(tmp_path / "terms.json"))
    assert caught.value.code == "terms"


def test_toml_instants_are_ours(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        'kind = "grant"\ntrainBy = 2030-01-01T01:00:00+01:00\nscopes = {"cawg.ai_training" = "allowed"}\n'
    )
    assert load_terms(str(tmp_path / "t.toml")).more == {"trainBy": "2030-01-01T00:00:00Z"}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_no_name_of_terms_speaks_for_people(name: str) -> None:
    terms = load_terms(name)
    assert (terms.depicted, terms.minors, terms.coauthors) == (None, None, None)


def test_what_was_not_said_is_unknown_and_grants_nothing(rakkan: Rakkan, home: Path) -> None:
    ran = rakkan("--home", home, "--json", "consent", "grant", WORK, "--terms", "open-training", "--publish")
    assert ran.code == 0, ran.err
    assert ran.document["unsaid"] == ["depicted", "minors", "coauthors"]
    assert "--persons and --minors and --coauthors" in ran.err
    said = ran.document["statement"]["predicate"]
    assert (said["persons"]["depicted"], said["persons"]["minors"]) == ("unknown", "unknown")
    assert "Persons shown: unknown; minors: unknown" in ran.document["notice"]
    assert "co-authors may be missing" in ran.document["notice"]
    assert told(rakkan, home) == "undetermined coauthors-missing"
    words = ("consent", "grant", WORK, "--terms", "open-training", "--coauthors", "complete", "--publish")
    assert rakkan("--home", home, *words).code == 0
    assert told(rakkan, home) == "allowed granted-to-public"
    assert told(rakkan, home, LIKENESS) == "undetermined release-missing", "nobody said who is shown"


def test_a_policy_that_asks_about_minors_gets_no_answer_from_silence(
    rakkan: Rakkan, home: Path, pictures: Path, tmp_path: Path
) -> None:
    words = ("stamp", pictures, "--out", tmp_path / "out", "--consent", "community-lora", "--publish")
    assert rakkan("--home", home, *words, "--coauthors", "complete").code == 0
    assert rakkan("dataset", "lock", tmp_path / "out", "--out", tmp_path / "lock.json").code == 0
    make = ("verdict", "make", tmp_path / "lock.json", "--policy", "community-lora", "--json")
    ran = rakkan("--home", home, *make)
    assert ran.code == 3, ran.err
    clauses = {each["clause"]: each["outcome"] for each in ran.document["verdict"]["predicate"]["clauses"]}
    assert clauses["persons.minors"] == "undetermined"
    assert clauses["consent.share"] == "pass"
    again = rakkan("--home", home, *words, *SAID)
    assert again.code == 0, again.err
    assert rakkan("--home", home, *make).code == 0, "said afterwards, it is a consent of its own"


def test_stamping_says_it_too_and_not_without_a_consent(rakkan: Rakkan, home: Path, pictures: Path) -> None:
    ran = rakkan("--home", home, "--json", "stamp", pictures, *SAID)
    assert (ran.code, ran.document["error"]["code"]) == (2, "usage")


def test_a_claim_says_whether_others_have_a_share(rakkan: Rakkan, home: Path) -> None:
    silent = rakkan("--home", home, "--json", "claim", WORK).document["statement"]["predicate"]
    said = rakkan("--home", home, "--json", "claim", WORK, "--coauthors", "complete")
    complete = said.document["statement"]["predicate"]["rightsBasis"]["coauthorsComplete"]
    assert (silent["rightsBasis"]["coauthorsComplete"], complete) == (False, True)


def test_somebody_at_a_terminal_is_asked(home: Path) -> None:
    ours, theirs = pty.openpty()
    words = ("consent", "grant", WORK, "--terms", "open-training", "--minors", "none")
    with subprocess.Popen(
        [RAKKAN, *words],
        env=environment(home, TERM="dumb", NO_COLOR="1"),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, b"everybody\nothers\ncomplete\n")
        assert process.stdout is not None
        notice = process.stdout.read().decode()
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0
    assert shown.count("Who can be recognised in the works?") == 2, "an answer that is none is asked again"
    assert "Are minors shown?" not in shown
    assert "Persons shown: others; minors: none" in notice
    assert "all co-authors agree" in notice


def test_people_who_are_shown_or_have_a_share_agree(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    here = ("--home", home, "--json")
    (tmp_path / "likeness.toml").write_text(filled("likeness", depicted='"grantor"'))
    agreed = rakkan(*here, "consent", "agree", WORK, "--terms", tmp_path / "likeness.toml", "--publish")
    assert agreed.code == 0, agreed.err
    assert agreed.document["statement"]["predicate"]["kind"] == "likeness"
    release = agreed.document["recordId"]
    more = f'[persons]\nreleases = ["{release}"]'
    grant = filled("grant", depicted='"others"').replace("[persons]", more)
    (tmp_path / "grant.toml").write_text(grant.replace("# shareBp = 6000", "shareBp = 6000"))
    given = rakkan(*here, "consent", "grant", WORK, "--terms", tmp_path / "grant.toml", "--publish")
    assert given.code == 0, given.err
    assert given.document["statement"]["predicate"]["persons"]["releases"] == [
        {"/": agreed.document["envelope"]}
    ]
    assert told(rakkan, home) == "undetermined coauthors-missing"
    (tmp_path / "share.toml").write_text(filled("co-author", joins=f'"{given.document["recordId"]}"'))
    joined = rakkan(*here, "consent", "agree", WORK, "--terms", tmp_path / "share.toml", "--publish")
    assert joined.code == 0, joined.err
    assert joined.document["statement"]["predicate"]["joins"] == {"/": given.document["envelope"]}
    assert told(rakkan, home) == "undetermined coauthors-missing", (
        "the same person's share does not count twice"
    )
    for word, verb in (
        ("likeness", "grant"),
        ("share", "reserve"),
        ("grant", "agree"),
        ("share", "delegate"),
    ):
        works = () if verb == "delegate" else (WORK,)
        wrong = rakkan(*here, "consent", verb, *works, "--terms", tmp_path / f"{word}.toml")
        assert wrong.document["error"]["code"] == "terms-kind"


def test_a_mandate_from_a_file_and_a_grant_under_it(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    agent = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    (tmp_path / "mandate.toml").write_text(filled("mandate", grantee=f'["{agent}"]'))
    here = ("--home", home, "--json")
    made = rakkan(*here, "consent", "delegate", "--terms", tmp_path / "mandate.toml")
    assert made.code == 0, made.err
    assert made.document["statement"]["predicate"]["grantee"] == [agent]
    words = ("consent", "grant", WORK, "--terms", "open-training", *SAID, "--mandate")
    under = rakkan(*here, *words, made.document["recordId"])
    assert under.document["statement"]["predicate"]["mandate"] == {"/": made.document["envelope"]}
    unknown = rakkan(*here, *words, "baguqeerarhq3zdlrwo2wqow2fhpw5zfrs5g5ebgugyelw7tkimwnkepsuyya")
    assert (unknown.code, unknown.document["error"]["pointer"]) == (6, "/mandate")
    assert rakkan(*here, "consent", "delegate", agent).document["error"]["code"] == "usage"
    assert rakkan(*here, "consent", "delegate").document["error"]["code"] == "usage"
