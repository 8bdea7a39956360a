"""Effective consent against a bare loop that knows precedence and nothing else; wallet proofs against eth-account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_typed_data

from rakkan.registry.rules.consent import ConsentFact, effective
from rakkan.registry.rules.eip712 import address_of, record_digest, recover, typed_data
from rakkan.schemas.consent import OWN_SCOPES
from rakkan.schemas.instant import format_instant
from rakkan.schemas.verdict import Answer
from tests.bench.measure import Row, medians
from tests.unit.registry.rules import cases
from tests.unit.registry.rules.cases import COMMUNITY, NOW, fact

TRAIN = "cawg.ai_generative_training"
_TIMES = 20_000


def rows(folder: Path) -> Iterator[Row]:
    """All rows about consent."""
    one = [fact(0, scopes={TRAIN: "allowed"})]
    two = [*one, fact(1, scopes={TRAIN: "allowed"}, grantee=[COMMUNITY])]
    for name, facts in (("one grant", one), ("two grants", two)):
        yield _effective(name, facts)
    yield _wallets()


def _wallets() -> Row:
    """From a parsed record, its legible fields derived anew, and eth-account's way from the finished typed data."""
    records = [cases.wallet_consent(nonce=f"{number:032x}") for number in range(100)]
    signer = address_of(cases.WALLET)
    signatures = [bytes.fromhex(each.parsed_envelope.proofs[0].signature) for each in records]
    messages = [typed_data(cases.DOMAIN, each) for each in records]

    def ours() -> None:
        for each, signature in zip(records, signatures, strict=True):
            assert recover(record_digest(cases.DOMAIN, each, signer), signature) == signer

    def theirs() -> None:
        for message, signature in zip(messages, signatures, strict=True):
            found = Account.recover_message(encode_typed_data(full_message=message), signature=signature)
            assert found == str(signer)

    times = medians({"ours": ours, "theirs": theirs}, 7)
    ratio = times["theirs"] / times["ours"]
    return Row(
        "EIP-712 verification of a consent",
        f"{times['ours'] / len(records) * 1e3:.3f} ms",
        f"eth-account with coincurve {times['theirs'] / len(records) * 1e3:.3f} ms, {ratio:.1f}× faster",
        "≥ 4×",
        ratio >= 4,
    )


def _effective(name: str, facts: Sequence[ConsentFact]) -> Row:
    def ours() -> None:
        for _ in range(_TIMES):
            answer = effective(facts, scope=TRAIN, grantee=COMMUNITY, used_at=NOW, known_at=NOW)
            assert answer.answer is Answer.ALLOWED

    def bare() -> None:
        for _ in range(_TIMES):
            assert _bare(facts, TRAIN, COMMUNITY, NOW)

    times = medians({"ours": ours, "bare": bare}, 7)
    ratio = times["ours"] / times["bare"]
    each = times["ours"] / _TIMES * 1e6
    return Row(
        f"effective consent, {name}",
        f"{each:.1f} µs",
        f"bare loop {times['bare'] / _TIMES * 1e6:.1f} µs, {ratio:.1f}×",
        "≤ 3×",
        ratio <= 3,
    )


def _bare(facts: Sequence[ConsentFact], scope: str, grantee: str, now: datetime) -> bool:
    """Time, withdrawal, rank and scope in one loop; the last word of the first rank wins, noes first."""
    moment, best, yes = format_instant(now), 9, False
    for each in facts:
        consent = each.consent
        if each.known_from > now or each.log_index is None:
            continue
        if not consent.valid_from <= moment < consent.valid_until:
            continue
        if each.withdrawn_at is not None and each.withdrawn_at <= now:
            continue
        rank = 0 if grantee in consent.grantee else 2 if "public" in consent.grantee else 9
        rank += consent.kind == "reservation"
        use, broad, broadly = None, OWN_SCOPES.get(scope), None
        for stated in consent.scopes:
            if stated.name == scope:
                use = stated.use.value
            elif stated.name == broad:
                broadly = stated.use.value
        use = use or broadly
        if use is None or rank > best:
            continue
        says = use == "allowed" and consent.kind == "grant"
        yes = says if rank < best else yes and says
        best = rank
    return yes
