"""``rakkan claim|dispute|rule`` and ``rakkan key`` as people and scripts call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rakkan.registry.keys import Keys
from rakkan.schemas.values import Digest
from tests.cli.conftest import Rakkan
from tests.homes import SAID, new_home

WORK = str(Digest.of(b"the work"))
TRAIN = "cawg.ai_generative_training"


def told(rakkan: Rakkan, home: Path) -> str:
    ran = rakkan("--home", home, "--json", "consent", "show", WORK, "--scope", TRAIN)
    (answer,) = ran.document["scopes"]
    return f"{answer['answer']} {answer['code']}"


@pytest.fixture
def grant(rakkan: Rakkan, home: Path) -> str:
    assert rakkan("--home", home, "claim", WORK, "--basis", "generated").code == 0
    ran = rakkan(
        "--home", home, "--json", "consent", "grant", WORK, "--terms", "open-training", *SAID, "--publish"
    )
    assert ran.code == 0, ran.err
    return str(ran.document["recordId"])


def test_a_dispute_pauses_until_the_named_adjudicator_dismisses_it(
    rakkan: Rakkan, home: Path, grant: str
) -> None:
    assert told(rakkan, home) == "allowed granted-to-public"
    opened = rakkan("--home", home, "--json", "dispute", grant, "--ground", "forged")
    assert opened.code == 0, opened.err
    assert opened.document["kind"] == "dispute"
    assert told(rakkan, home) == "undetermined suspended"
    words = ("rule", "dismissed", grant, "--dispute", opened.document["recordId"])
    assert rakkan("--home", home, *words).code == 0
    assert told(rakkan, home) == "undetermined suspended", "nobody named us"
    community = {"schema": "rakkan.community/1", "adjudicators": [Keys(home / "keys").artist_did]}
    (home / "community.json").write_text(json.dumps(community))
    assert told(rakkan, home) == "allowed granted-to-public"
    assert rakkan("--home", home, "rule", "void", grant).code == 0
    assert told(rakkan, home) == "undetermined void"


def test_a_lost_key_grants_nothing_more(rakkan: Rakkan, home: Path, grant: str) -> None:
    ran = rakkan("--home", home, "key", "compromised", "--since", "2020-01-01T00:00:00Z")
    assert ran.code == 0, ran.err
    assert told(rakkan, home) == "undetermined key-compromised"


def test_a_key_is_followed_by_that_of_another_home(
    rakkan: Rakkan, home: Path, grant: str, tmp_path: Path
) -> None:
    new_home(tmp_path / "new")
    ran = rakkan("--home", home, "--json", "key", "rotate", "--to", tmp_path / "new")
    assert ran.code == 0, ran.err
    assert len(ran.document["proofs"]) == 2
    assert told(rakkan, home) == "allowed granted-to-public"


def test_guardians_are_named(rakkan: Rakkan, home: Path, tmp_path: Path) -> None:
    one = Keys(home / "keys").artist_did
    ran = rakkan("--home", home, "--json", "key", "guardians", one, "--threshold", "1")
    assert ran.document["statement"]["predicate"]["guardians"] == [one]
    wrong = rakkan("--home", home, "--json", "key", "guardians", one, "--threshold", "2")
    assert wrong.document["error"]["code"] == "shape"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("dispute", "baguqeera" + "a" * 52, "--ground", "forged"), "record-unknown"),
        (("dispute", "GRANT", "--ground", "ugly"), "shape"),
        (("dispute", "GRANT", "--ground", "forged", "--item", "00" * 32), "item-other"),
        (("rule", "dismissed", "GRANT"), "shape"),
        (("rule", "dismissed", "GRANT", "--dispute", "GRANT"), "link-unknown"),
        (("claim", WORK, "--basis", "stolen"), "shape"),
        (("key", "compromised", "--since", "2999-01-01T00:00:00Z"), "period-empty"),
        (("key", "compromised", "--since", "lately"), "shape"),
    ],
)
def test_what_makes_no_record_is_refused(
    rakkan: Rakkan, home: Path, grant: str, words: tuple[str, ...], code: str
) -> None:
    ran = rakkan("--home", home, "--json", *(grant if word == "GRANT" else word for word in words))
    assert ran.document["error"]["code"] == code


def test_a_community_file_that_is_wrong_is_said_to_be(rakkan: Rakkan, home: Path, grant: str) -> None:
    (home / "community.json").write_text('{"schema": "rakkan.community/1", "adjudicators": ["me"]}')
    ran = rakkan("--home", home, "--json", "consent", "show", WORK)
    assert (ran.document["error"]["code"], ran.document["error"]["pointer"]) == ("shape", "/adjudicators/0")
