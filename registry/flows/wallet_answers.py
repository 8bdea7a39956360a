"""Asking wallets that are held by code, when records are accepted and when they are checked again.

It decides when which question is asked and what counts as not heard. What is asked and about which block
it may be is in ``rakkan.registry.rules.wallet_questions``. A record that is kept was heard when it was
accepted and is not asked about again, except by ``fsck``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rakkan.registry.ledger.wallet_calls import question_answer, question_code, unasked
from rakkan.registry.ports import Chain, ChainBlock
from rakkan.registry.rules.duties import Linked
from rakkan.registry.rules.eip712 import Domain
from rakkan.registry.rules.proofs import check_records
from rakkan.registry.rules.wallet_questions import (
    Answers,
    WalletQuestion,
    check_block,
    questions_of,
    stated_at,
)
from rakkan.registry.service import Registry
from rakkan.schemas.errors import DomainError, Refused, Unavailable
from rakkan.schemas.record import Record

PATIENCE: Final = 30.0
"""Seconds after which no further question of a batch is begun."""

QUESTIONS: Final = 64
"""Questions that are asked for one bundle; whoever made it chose how many there are."""

Admission = Callable[[WalletQuestion, ChainBlock | None, ChainBlock], None]
"""(question, block at the height that it names, newest block): raises if it is not to be asked."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of questions.

    Attributes:
        answers: What wallets said.
        unheard: Why there is no answer to the others.
    """

    answers: Mapping[WalletQuestion, bool]
    unheard: Mapping[WalletQuestion, DomainError]


def ask_wallets(
    open_chain: Callable[[], Chain],
    records: Sequence[Sequence[WalletQuestion]],
    admit: Admission,
    *,
    still: bool = False,
) -> Heard:
    """Ask wallets, one question after another, each after the block that it names.

    Args:
        open_chain: The chain; opened only if there is a question.
        records: What is asked, by record: after an answer that is no yes, no more is asked for that record.
        admit: Raises for what is not asked.
        still: Whether a yes must still be one after the newest block: who was an owner a moment ago names
            the block before the change.
    """
    answers, unheard = dict[WalletQuestion, bool](), dict[WalletQuestion, DomainError]()
    todo, deadline = [each for questions in records for each in questions], time.monotonic() + PATIENCE
    if not todo:
        return Heard(answers, unheard)
    try:
        chain = open_chain()
        head = chain.head()
        newest, named = ChainBlock(head.number, head.hash, head.time), _blocks(chain, todo)
        for questions in records:
            for question in questions:
                try:
                    admit(question, named[question.number], newest)
                    heights = {question.number, head.number} if still else {question.number}
                    answers[question] = all(_ask(chain, question, each, deadline) for each in heights)
                except (Refused, Unavailable) as error:
                    unheard[question] = error
                if not answers.get(question):
                    break
        after = _blocks(chain, answers)
        for question in [each for each in answers if after[each.number] != named[each.number]]:
            del answers[question]
            unheard[question] = unasked("its block was undone meanwhile")
    except DomainError as error:  # nobody is there, or another chain: what was heard is not believed
        return Heard({}, {question: unheard.get(question, error) for question in todo})
    return Heard(answers, unheard)


def check_wallets(registry: Registry, records: Sequence[Record], linked: Linked) -> list[DomainError | None]:
    """Check the proofs of records before they are kept, those of wallets held by code included.

    Only what would hold if its wallets said yes is asked; what is kept already, in these very bytes, is not.

    Args:
        registry: Who accepts.
        records: Any number.
        linked: As for ``check_records``.

    Returns:
        At each place the error, or None.
    """
    answers = dict(_heard_before(registry, records))
    unheard: dict[WalletQuestion, DomainError] = {}
    now = registry.clock.now()
    while True:
        errors = check_records(
            records, audience=registry.origin, domain=registry.domain, linked=linked, answers=answers
        )
        made: dict[WalletQuestion, datetime | None] = {}
        asked: list[list[WalletQuestion]] = []
        for place, (record, error) in enumerate(zip(records, errors, strict=True)):
            if error is None or error.code != "proof-unanswered":
                continue
            questions = questions_of(record, registry.domain)
            told = next((at for at, each in questions.items() if each in unheard), None)
            if told is not None:
                errors[place] = _at(told, unheard[questions[told]])
                continue
            asked.append([each for each in questions.values() if each not in answers])
            made |= dict.fromkeys(asked[-1], stated_at(record.predicate))
        if not asked:
            return errors
        heard = ask_wallets(lambda: registry.ledger, asked, _fresh(made, now), still=True)
        answers |= heard.answers
        unheard |= heard.unheard


def ask_again(
    open_chain: Callable[[], Chain], records: Iterable[Record], domain: Domain | None, limit: int = QUESTIONS
) -> Heard:
    """Ask what records put to wallets once more, after the blocks that they name, however old those are.

    Args:
        open_chain: The chain; opened only if there is a question.
        records: Whoever has them, accepted or not.
        domain: Of ``ConsentRegistry``; without one, nobody is asked.
        limit: About how many questions are asked; the others stay open.
    """
    asked, left = list[list[WalletQuestion]](), limit
    for record in records:
        if left > 0 and (questions := list(questions_of(record, domain).values())):
            asked.append(questions)
            left -= len(questions)
    return ask_wallets(open_chain, asked, _still_there)


def accepted_answers(records: Iterable[Record], domain: Domain | None) -> Answers:
    """The answers that accepted records stand for: each was heard when it was accepted."""
    return {each: True for record in records for each in questions_of(record, domain).values()}


def _fresh(made: Mapping[WalletQuestion, datetime | None], now: datetime) -> Admission:
    def admit(question: WalletQuestion, block: ChainBlock | None, newest: ChainBlock) -> None:
        check_block(question, block, newest, accepted_at=now, stated_at=made[question])

    return admit


def _heard_before(registry: Registry, records: Sequence[Record]) -> Answers:
    asking = [record for record in records if questions_of(record, registry.domain)]
    if not asking:
        return {}
    kept = registry.store.records.get([record.envelope_cid.digest for record in asking])
    return accepted_answers([each.record for each in kept.values()], registry.domain)


def _blocks(chain: Chain, questions: Iterable[WalletQuestion]) -> dict[int, ChainBlock | None]:
    """What is on the chain now at the heights that are named."""
    return {number: chain.block(number) for number in {each.number for each in questions}}


def _ask(chain: Chain, question: WalletQuestion, height: int, deadline: float) -> bool:
    if time.monotonic() > deadline:
        raise unasked("it takes too long over others")
    try:
        returned = chain.run(question_code(question), height)
    except (Refused, Unavailable) as error:
        raise unasked(error.message.removesuffix(".")) from error
    return question_answer(returned)


def _still_there(question: WalletQuestion, block: ChainBlock | None, _: ChainBlock) -> None:
    if block is None or block.hash != question.block_hash:
        raise Refused(
            f"Block {question.number}, at which the wallet was asked, is not on the chain any more.",
            code="block-unknown",
        )


def _at(place: int, reason: DomainError) -> DomainError:
    """The reason, with the pointer of the proof."""
    pointer = f"/proofs/{place}/block" if reason.code.startswith("block-") else f"/proofs/{place}"
    return type(reason)(reason.message, code=reason.code, hint=reason.hint, pointer=pointer)
