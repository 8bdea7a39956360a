"""``rakkan consent commit|reveal`` on a real chain: the date is that of the commitment, and nobody else's."""

from __future__ import annotations

import json
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rakkan.manifests.samples import render_samples
from rakkan.registry.chain import local_chain
from rakkan.registry.flows.accept import accept
from rakkan.registry.flows.consent.revealing import AGAIN, learn
from rakkan.registry.home import Home
from rakkan.registry.keys import AUTHORITY
from rakkan.registry.rules.commitments import commitment_of
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.proofs import sign_did, sign_wallet
from rakkan.registry.service import Registry, open_registry
from rakkan.registry.settings import load_settings
from rakkan.registry.worker import Worker
from rakkan.schemas.authorship import Authorship
from rakkan.schemas.identity import Address
from rakkan.schemas.instant import parse_instant
from rakkan.schemas.record import Record, statement_bytes
from rakkan.schemas.statement import Subject, parse_model
from rakkan.schemas.values import Cid, Digest
from tests.cli.conftest import Rakkan
from tests.flows.homesteads import key, who
from tests.homes import new_home, require_anvil

pytestmark = pytest.mark.chain


@dataclass(frozen=True)
class Town:
    """A home with a chain that runs."""

    home: Path
    chain: Any


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    require_anvil()
    folder = tmp_path_factory.mktemp("town")
    new_home(folder / "home", chain="local")
    with local_chain(Home(folder / "home")) as chain:
        yield Town(folder / "home", chain)


def run(rakkan: Rakkan, town: Town, *words: object, code: int = 0) -> Any:
    ran = rakkan("--home", town.home, "--json", *words)
    assert ran.code == code, ran.err
    return ran.document


def opened(town: Town) -> Any:
    return open_registry(load_settings(home=town.home))


def finish(town: Town) -> None:
    """Blocks until everything is final, and the worker over it."""
    for _ in range(70):
        town.chain.mine()
    with opened(town) as registry:
        Worker(registry).settle()


def date_of(registry: Registry, name: str) -> Any:
    digest = Cid.parse(name).digest
    return registry.store.commitments.dates([digest]).get(digest)


def work(text: str) -> str:
    return str(Digest.of(text.encode()))


def claim_of(
    registry: Registry, kept: dict[str, Any], by: str, *, sign_as_authority: bool, **digests: str
) -> Record:
    """Somebody's claim that opens a commitment."""
    kind, _, text = kept["claim"].partition(":")
    subject = Subject(name="work", digest={kind: text, **digests})
    said = parse_model(
        Authorship,
        {
            "audience": registry.origin,
            "claimant": who(by),
            "claimedAt": "2026-11-22T12:00:00Z",
            "rightsBasis": {"claim": "created", "coauthorsComplete": True},
            "reveal": {"authority": kept["authority"], "salt": kept["salt"]},
        },
    )
    statement = statement_bytes("authorship", [subject], said)
    proofs = [sign_did(statement, key(by))]
    if sign_as_authority:
        domain = registry.domain
        assert isinstance(domain, Domain)
        proofs.append(sign_wallet(statement, domain, registry.home.keys.wallet(AUTHORITY)))
    return Record.build(statement, proofs)


def kept_of(town: Town, claim: str) -> dict[str, Any]:
    found = [json.loads(path.read_text()) for path in (town.home / "commitments").iterdir()]
    return next(each for each in found if each["claim"] == claim)


def test_a_claim_that_was_committed_dates_from_before_it_was_shown(
    rakkan: Rakkan, town: Town, tmp_path: Path
) -> None:
    pictures = render_samples(tmp_path / "pictures")
    stamped = tmp_path / "out" / pictures[0].name
    run(rakkan, town, "stamp", pictures[0], "--out", tmp_path / "out")
    planned = run(rakkan, town, "consent", "commit", stamped, "--dry-run")
    (claim,) = planned["works"]
    assert claim.startswith("c2paClaim:")
    assert planned["transactions"] == 1
    assert run(rakkan, town, "consent", "commit")["commitments"] == []
    made = run(rakkan, town, "consent", "commit", stamped)["commitments"]
    assert [(each["work"], each["claim"]) for each in made] == [(claim, None)]
    assert made[0]["state"] in ("mined", "final")
    again = run(rakkan, town, "consent", "commit", stamped)["commitments"]
    assert again[0]["commitment"] == made[0]["commitment"], "again changes nothing"
    with opened(town) as registry:
        assert registry.store.records.find([Digest.parse(claim)], "authorship") == []
    before = int(time.time())
    while int(time.time()) <= before:
        time.sleep(0.05)
    told = run(rakkan, town, "consent", "reveal", stamped, "--basis", "generated", "--coauthors", "complete")
    (revealed,) = told["claims"]
    assert revealed["committedAt"] == made[0]["committedAt"]
    assert len(revealed["proofs"]) == 2, "by the artist, and by the authority that committed"
    assert revealed["statement"]["subject"][0]["digest"] == {"c2paClaim": claim.partition(":")[2]}
    finish(town)
    with opened(town) as registry:
        assert date_of(registry, revealed["recordId"]) == parse_instant(made[0]["committedAt"])
        stored = registry.store.records.get([Cid.parse(revealed["recordId"]).digest])
        accepted = next(iter(stored.values())).accepted_at
        assert date_of(registry, revealed["recordId"]) < accepted
    listed = {each["work"]: each["claim"] for each in run(rakkan, town, "consent", "commit")["commitments"]}
    assert listed[claim] == revealed["recordId"]
    gone = run(rakkan, town, "consent", "reveal", stamped, code=4)
    assert gone["error"]["code"] == "commitment-unknown"


def test_what_opens_it_is_a_secret_of_the_home(rakkan: Rakkan, town: Town) -> None:
    run(rakkan, town, "consent", "commit", work("secret"))
    folder = town.home / "commitments"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    salt = kept_of(town, work("secret"))["salt"]
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for words in (("consent", "commit"), ("consent", "commit", work("secret"))):
        ran = rakkan("--home", town.home, *words)
        assert salt not in ran.out + ran.err


def test_a_thief_who_read_the_salt_opens_nothing(rakkan: Rakkan, town: Town) -> None:
    run(rakkan, town, "consent", "commit", work("stolen"))
    kept = kept_of(town, work("stolen"))
    with opened(town) as registry:
        thief = claim_of(registry, kept, "thief", sign_as_authority=False)
        (refused,) = accept(registry, [thief], publish=True)
        assert refused.error is not None
        assert (refused.error.code, refused.error.pointer) == ("proof-missing", "/predicate/reveal/authority")
        beside = claim_of(registry, kept, "artist", sign_as_authority=True, c2paClaim="ab" * 32)
        (refused,) = accept(registry, [beside], publish=True)
        assert refused.error is not None
        assert (refused.error.code, refused.error.pointer) == ("subject-other", "/subject")
        whole = claim_of(registry, kept, "artist", sign_as_authority=True)
        (accepted,) = accept(registry, [whole], publish=True)
        assert (accepted.error, accepted.new) == (None, True)


def test_what_was_never_committed_proves_nothing(rakkan: Rakkan, town: Town) -> None:
    run(rakkan, town, "consent", "commit", work("true"))
    kept = kept_of(town, work("true")) | {"salt": "77" * 32}
    with opened(town) as registry:
        record = claim_of(registry, kept, "liar", sign_as_authority=True)
        assert accept(registry, [record], publish=True)[0].error is None
        assert learn(registry) >= 0
        assert record.record_id.digest not in registry.store.commitments.open(
            registry.clock.now() - AGAIN, 100
        ), "it is not asked for again at once"
        assert date_of(registry, str(record.record_id)) is None


def test_a_date_is_not_told_before_it_is_final(rakkan: Rakkan, town: Town) -> None:
    run(rakkan, town, "consent", "commit", work("fresh"))
    with opened(town) as registry:
        record = claim_of(registry, kept_of(town, work("fresh")), "artist", sign_as_authority=True)
        assert accept(registry, [record], publish=True)[0].error is None
        learn(registry)
        assert date_of(registry, str(record.record_id)) is None
        assert record.record_id.digest in registry.store.commitments.open(
            registry.clock.now() - AGAIN, 100
        ), "it is asked for again"
    finish(town)
    with opened(town) as registry:
        assert date_of(registry, str(record.record_id)) is not None


def test_a_collection_is_committed_to_as_one(rakkan: Rakkan, town: Town) -> None:
    works = [work(f"of many {number}") for number in range(5)]
    made = run(rakkan, town, "consent", "commit", *works, "--collection")["commitments"]
    assert [each["work"].partition(":")[0] for each in made] == ["collectionRoot"]
    revealed = run(rakkan, town, "consent", "reveal", *works, "--collection")["claims"]
    assert [list(each["statement"]["subject"][0]["digest"]) for each in revealed] == [["collectionRoot"]]


def test_a_wallet_commits_and_reveals(rakkan: Rakkan, town: Town, tmp_path: Path) -> None:
    for name, byte in (("mine", "21"), ("other", "22")):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(byte * 32)
    mine, other = (f"file:{tmp_path / name}" for name in ("mine", "other"))
    made = run(rakkan, town, "consent", "commit", work("by wallet"), "--signer", mine)["commitments"]
    wrong = run(rakkan, town, "consent", "reveal", work("by wallet"), "--signer", other, code=6)
    assert wrong["error"]["code"] == "commitment-foreign"
    moved = tmp_path / "elsewhere.json"
    shutil.move(town.home / "commitments" / f"{made[0]['commitment']}.json", moved)
    (revealed,) = run(rakkan, town, "consent", "reveal", "--file", moved, "--signer", mine)["claims"]
    assert len(revealed["proofs"]) == 1
    assert revealed["committedAt"] == made[0]["committedAt"]


def test_wrong_words_and_wrong_files(rakkan: Rakkan, town: Town, home: Path, tmp_path: Path) -> None:
    chainless = rakkan("--home", home, "--json", "consent", "commit", work("x"))
    assert (chainless.code, chainless.document["error"]["code"]) == (5, "no-chain")
    assert run(rakkan, town, "consent", "reveal", code=2)["error"]["code"] == "usage"
    unknown = run(rakkan, town, "consent", "reveal", work("never"), code=4)
    assert unknown["error"]["code"] == "commitment-unknown"
    run(rakkan, town, "consent", "commit", work("filed"))
    kept = kept_of(town, work("filed"))
    (tmp_path / "ed").touch(mode=0o600)
    (tmp_path / "ed").write_text("ed25519:" + "09" * 32)
    no_wallet = run(
        rakkan, town, "consent", "commit", work("z"), "--signer", f"file:{tmp_path / 'ed'}", code=6
    )
    assert no_wallet["error"]["code"] == "domain-unknown"
    for change, code, name in (
        ({"salt": "00" * 32}, 2, "commitment-form"),
        ({"claim": "x"}, 2, "commitment-form"),
        ({"audience": "rakkan/" + "0" * 16}, 6, "audience-foreign"),
    ):
        (tmp_path / "c.json").write_text(json.dumps(kept | change))
        ran = run(rakkan, town, "consent", "reveal", "--file", tmp_path / "c.json", code=code)
        assert ran["error"]["code"] == name
    for content, name in (("{", "commitment-form"), ("[]", "commitment-form")):
        (tmp_path / "c.json").write_text(content)
        ran = run(rakkan, town, "consent", "reveal", "--file", tmp_path / "c.json", code=2)
        assert ran["error"]["code"] == name
    unsent = commitment_of(Address.parse(kept["authority"]), Digest.parse(kept["claim"]).raw, b"\5" * 32)
    (tmp_path / "c.json").write_text(json.dumps(kept | {"salt": "05" * 32, "commitment": unsent.hex()}))
    early = run(rakkan, town, "consent", "reveal", "--file", tmp_path / "c.json", code=6)
    assert early["error"]["code"] == "commitment-missing", "opened too early it would prove nothing"
    missing = run(rakkan, town, "consent", "reveal", "--file", tmp_path / "none.json", code=4)
    assert missing["error"]["code"] == "file-missing"
