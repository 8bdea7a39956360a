"""``rakkan identify`` and ``draft``: who somebody is, by what they publish, signed by both sides."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rakkan.registry.keys import Keys
from rakkan.schemas.values import Digest
from tests.cli.command import RAKKAN, environment
from tests.cli.conftest import Rakkan
from tests.homes import SAID, new_home
from tests.unit.registry.outside.hostile import resolving, serving
from tests.unit.registry.outside.test_sites import plain
from tests.unit.registry.outside.test_txt import answer

WORK = str(Digest.of(b"the work"))
TRAIN = "cawg.ai_generative_training"
STRANGER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def did(home: Path) -> str:
    return Keys(home / "keys").artist_did


def site(*actors: str) -> Callable[[bytes], list[bytes | float]]:
    body = json.dumps({"schema": "rakkan.site/1", "actors": actors}).encode()
    return lambda _: [plain(body)]


@pytest.fixture
def artist(tmp_path: Path) -> Path:
    return new_home(tmp_path / "artist").folder


def trusted(home: Path, *checkers: str) -> None:
    (home / "community.json").write_text(json.dumps({"schema": "rakkan.community/1", "checkers": checkers}))


def assurance(rakkan: Rakkan, home: Path) -> int:
    ran = rakkan("--home", home, "--json", "consent", "show", WORK, "--scope", TRAIN)
    return int(ran.document["scopes"][0]["assurance"])


def granted(rakkan: Rakkan, home: Path, artist: Path) -> None:
    key = artist / "keys" / "artist.pem"
    words = (
        "consent",
        "grant",
        WORK,
        "--terms",
        "open-training",
        *SAID,
        "--signer",
        f"file:{key}",
        "--publish",
    )
    assert rakkan("--home", home, *words).code == 0


def test_a_site_identifies_an_artist_whose_key_is_elsewhere(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    trusted(home, did(home))
    granted(rakkan, home, artist)
    assert assurance(rakkan, home) == 0
    draft = tmp_path / "identity.json"
    with serving(site(STRANGER, did(artist))) as port:
        name = f"127.0.0.1:{port}"
        words = ("--home", home, "--json", "identify", "site", name, "--actor", did(artist), "--out", draft)
        asked = rakkan(*words)
    assert (asked.code, asked.document["schema"]) == (0, "rakkan.draft-waiting/1")
    assert asked.document["lacking"] == "/predicate/actor"
    early = rakkan("--home", home, "--json", "draft", "submit", draft)
    assert (early.code, early.document["lacking"]) == (3, "/predicate/actor")
    shown = rakkan("draft", "show", draft)
    assert f"{did(artist)} controls {name} (site), as {did(home)} has checked" in shown.out
    signed = rakkan("--home", artist, "--json", "draft", "sign", draft)
    assert signed.document["signers"] == [did(home), did(artist)]
    assert "controls" in signed.err, "whoever signs is told what"
    done = rakkan("--home", home, "--json", "draft", "submit", draft)
    assert (done.code, done.document["kind"]) == (0, "identity"), done.err
    said = done.document["statement"]["predicate"]
    assert (said["method"], said["name"], said["evidence"][0]["type"]) == ("site", name, "domain-control")
    assert said["evidence"][0]["uri"] == f"http://{name}/.well-known/rakkan.json"
    assert assurance(rakkan, home) == 1
    trusted(home, STRANGER)
    assert assurance(rakkan, home) == 0, "only checks by those whom the community names count"


def test_a_domain_identifies_the_home_itself_at_once(rakkan: Rakkan, home: Path) -> None:
    with resolving(
        lambda question: [answer(question, b"v=spf1", b"rakkan=" + did(home).encode())]
    ) as resolver:
        words = ("--home", home, "--json", "identify", "dns", "example.org")
        done = rakkan(*words, "--resolver", resolver)
        assert (done.code, done.document["kind"]) == (0, "identity"), done.err
        other = rakkan(*words, "--resolver", resolver, "--actor", STRANGER)
    assert (other.code, other.document["error"]["code"]) == (6, "identity-other")
    assert done.document["statement"]["predicate"]["evidence"][0]["uri"] == "dns:_rakkan.example.org?type=TXT"


def test_one_who_is_identified_vouches_for_another(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    trusted(home, did(home))
    granted(rakkan, home, artist)
    vouch = ("--home", home, "--json", "identify", "vouch", "Ada, whom I know", "--actor", did(artist))
    done = rakkan(*vouch, "--co-signer", artist)
    assert done.code == 0, done.err
    assert assurance(rakkan, home) == 0, "nobody knows who vouches"
    with serving(site(did(home))) as port:
        assert rakkan("--home", home, "identify", "site", f"localhost:{port}").code == 0
    assert assurance(rakkan, home) == 1


def test_what_has_to_be_published_is_told_first(rakkan: Rakkan, home: Path) -> None:
    for method, where in (
        ("site", "https://example.org/.well-known/rakkan.json"),
        ("dns", "TXT _rakkan.example.org"),
        ("ens", "text record org.rakkan of example.org"),
        ("vouch", None),
    ):
        ran = rakkan("--home", home, "--json", "identify", method, "example.org", "--dry-run")
        assert (ran.code, ran.document["where"]) == (0, where)
        assert where is None or did(home) in ran.document["what"]
    shown = rakkan("--home", home, "identify", "site", "example.org", "--dry-run")
    assert shown.out.splitlines()[1] == f'{{"actors":["{did(home)}"],"schema":"rakkan.site/1"}}'
    with serving(lambda _: [plain(shown.out.splitlines()[1].encode())]) as port:
        assert rakkan("--home", home, "identify", "site", f"127.0.0.1:{port}").code == 0, (
            "it is what is looked for"
        )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"schema":"rakkan.site/1","actors":[]}', "identity-other"),
        (b'{"schema":"rakkan.site/2","actors":["DID"]}', "site-form"),
        (b'{"schema":"rakkan.site/1","actors":"DID"}', "site-form"),
        (b'{"schema":"rakkan.site/1","actors":[{"did":"DID"},5,null]}', "identity-other"),
        (b"<html>DID</html>", "site-form"),
        (b"[" * 20_000, "site-form"),
        (b'{"schema":1.5}', "site-form"),
        (b"\xff", "site-form"),
    ],
)
def test_a_site_that_does_not_say_so(rakkan: Rakkan, home: Path, body: bytes, code: str) -> None:
    content = body.replace(b"DID", did(home).encode())
    with serving(lambda _: [plain(content)]) as port:
        ran = rakkan("--home", home, "--json", "identify", "site", f"127.0.0.1:{port}")
    assert ran.document["error"]["code"] == code
    listed = rakkan("--home", home, "--json", "publish", "--dry-run")
    assert listed.document["records"] == []


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("site", "10.0.0.1"), 6, "site-address"),
        (("site", "Not A Site"), 2, "site-name"),
        (("dns", "example.org", "--resolver", "nowhere"), 2, "dns-resolver"),
        (("ens", "name.eth"), 2, "usage"),
        (("ens", "Name.eth", "--rpc", "http://127.0.0.1:9"), 2, "ens-name"),
        (("ens", "name.eth", "--rpc", "ftp://x"), 2, "rpc-url"),
        (("ens", "name.eth", "--rpc", "http://127.0.0.1:9"), 5, "chain-unavailable"),
        (("site", "example.org", "--actor", "ada"), 2, "did-method"),
        (("steward", "example.org"), 2, "usage"),
        (("vouch", "x", "--days", "0"), 2, "usage"),
        (("vouch", "x" * 300), 2, "shape"),
    ],
)
def test_wrong_words(rakkan: Rakkan, home: Path, words: tuple[str, ...], code: int, name: str) -> None:
    ran = rakkan("--home", home, "--json", "identify", *words)
    assert (ran.code, ran.document["error"]["code"]) == (code, name)


def test_drafts_that_are_none_or_of_something_else(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.json"
    vouch = ("--home", home, "--json", "identify", "vouch", "Ada", "--actor", did(artist), "--out")
    assert rakkan(*vouch, draft).code == 0
    whole = json.loads(draft.read_text())
    grant = rakkan("--home", home, "--json", "consent", "grant", WORK, "--terms", "open-training", *SAID)
    consent = {**whole, "statement": grant.document["statement"]}
    for value, pointer in (
        (consent, "/statement/predicateType"),
        ({**whole, "schema": "rakkan.draft/2"}, "/schema"),
        ({**whole, "statement": {}}, "/statement/_type"),
        ({**whole, "proofs": [5]}, "/proofs/0"),
        ([], ""),
    ):
        (tmp_path / "wrong.json").write_text(json.dumps(value))
        for verb in ("show", "sign"):
            ran = rakkan("--home", home, "--json", "draft", verb, tmp_path / "wrong.json")
            assert (ran.code, ran.document["error"]["code"], ran.document["error"]["pointer"]) == (
                2,
                "draft-form",
                pointer,
            )
    other = ("--home", home, "identify", "vouch", "Ada of elsewhere", "--actor", did(artist), "--out")
    assert rakkan(*other, tmp_path / "other.json").code == 0
    both = rakkan("--home", home, "--json", "draft", "submit", draft, tmp_path / "other.json")
    assert both.document["error"]["code"] == "draft-other"
    elsewhere = rakkan("--home", artist, "--json", "draft", "submit", draft)
    assert (elsewhere.code, elsewhere.document["error"]["code"]) == (6, "audience-foreign")
    whole["proofs"][0]["signature"] = "00" * 64
    draft.write_text(json.dumps(whole))
    assert rakkan("--home", artist, "draft", "sign", draft).code == 0
    forged = rakkan("--home", home, "--json", "draft", "submit", draft)
    assert (forged.code, forged.document["error"]["code"]) == (6, "proof-invalid")


def test_somebody_at_a_terminal_is_asked_before_they_sign(
    rakkan: Rakkan, home: Path, artist: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.json"
    vouch = ("--home", home, "identify", "vouch", "Ada", "--actor", did(artist), "--out", draft)
    assert rakkan(*vouch).code == 0
    before = draft.read_bytes()
    for said, code in ((b"n\n", 130), (b"y\n", 0)):
        assert on_a_terminal(artist, said, "draft", "sign", str(draft)) == code
        assert (draft.read_bytes() == before) is (code != 0)


def on_a_terminal(home: Path, said: bytes, *words: str) -> int:
    ours, theirs = pty.openpty()
    process: subprocess.Popen[Any]
    with subprocess.Popen(
        [RAKKAN, *words], env=environment(home), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        os.write(ours, said)
        process.wait()
    os.close(ours)
    return process.returncode
