"""Bundles that are asked for something else, or that leave something out: never more than is proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rakkan.registry.content.car import read_car, write_car
from rakkan.registry.flows.verify.anchoring import AnchorWord
from rakkan.registry.flows.verify.dossier import AnchorReceipt
from rakkan.registry.flows.verify.evidence import pack
from rakkan.registry.flows.verify.record_checks import Trust, anchor_check, log_check
from rakkan.registry.ports import Block
from rakkan.registry.rules.note import sign_head
from rakkan.schemas.canonical import canonical
from rakkan.schemas.errors import DomainError, Invalid
from rakkan.schemas.values import Cid
from rakkan.schemas.verdict import Outcome
from tests.flows.bundles import World, new_world, outcomes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("world")) as made:
        yield made


class TestAnotherQuestion:
    """A bundle answers for the picture, digest or record that was asked about, or not at all."""

    @pytest.mark.parametrize("kind", ["sha256", "c2paClaim", "c2paHardBinding"])
    def test_another_digest(self, world: World, kind: str) -> None:
        answer = world.ask(f"{kind}:{'00' * 32}")
        assert outcomes(answer)["record"] is Outcome.FAIL
        assert answer.state == "invalid"

    def test_another_record(self, world: World) -> None:
        with pytest.raises(Invalid) as caught:
            world.ask(str(Cid.of(b"{}")))
        assert caught.value.code == "bundle-other"

    def test_its_own_names(self, world: World) -> None:
        record = world.dossier.work.record
        names = [str(digest) for subject in record.parsed.subject for digest in subject.digests]
        for name in (*names, str(record.record_id), str(record.envelope_cid)):
            answer = world.ask(name)
            assert outcomes(answer)["record"] is Outcome.PASS, name
            assert answer.state == "recovered", name


class TestSaysNoMore:
    """Whatever is left out, doubled or put in another order: never more than the whole bundle says."""

    @pytest.mark.parametrize(
        "less",
        [
            {"note": b""},
            {"consents": (), "withdrawals": ()},
            {"anchor": None, "pending": False},
            {"size": 0, "root": b"", "note": b""},
        ],
    )
    def test_parts_left_out(self, world: World, less: dict[str, object]) -> None:
        whole = outcomes(world.check())
        answer = world.check(replace(world.dossier, **less))  # type: ignore[arg-type]  # fields by name
        for name, outcome in outcomes(answer).items():
            assert outcome is not Outcome.PASS or whole[name] is Outcome.PASS, name

    def test_a_work_that_was_never_logged(self, world: World) -> None:
        answer = world.check(replace(world.dossier, work=replace(world.dossier.work, index=None, proof=())))
        assert outcomes(answer)["log"] is Outcome.UNDETERMINED

    def test_an_old_head_of_the_same_log(self, world: World) -> None:
        """A head that is really signed, but of a tree in which the proof does not hold."""
        key = world.registry.home.keys.log
        old = sign_head(world.dossier.origin, world.dossier.size - 1, bytes(32), key)
        for forged in (
            replace(world.dossier, note=old.note),
            replace(world.dossier, note=old.note, size=old.size, root=old.root),
            replace(world.dossier, origin="rakkan/0000000000000000"),
        ):
            answer = world.check(forged)
            assert outcomes(answer)["log"] is not Outcome.PASS
            assert answer.state == "invalid"

    def test_blocks_in_another_order_doubled_or_besides(self, world: World) -> None:
        root, content = pack(world.dossier)
        blocks = [Block(cid, block) for cid, block in read_car(content).blocks.items()]
        whole = world.check()
        for mixed in (
            blocks[::-1],
            [*blocks, Block.of(canonical({"evidence": "another"}))],
            [*blocks[1:], blocks[0]],
        ):
            assert world.check(content=write_car(root, mixed)).checks == whole.checks

    def test_a_block_that_is_missing_or_under_another_name(self, world: World) -> None:
        root, content = pack(world.dossier)
        blocks = [Block(cid, block) for cid, block in read_car(content).blocks.items()]
        for place in range(1, len(blocks)):
            with pytest.raises(Invalid) as caught:
                world.check(content=write_car(root, blocks[:place] + blocks[place + 1 :]))
            assert caught.value.code == "bundle-form"
        swapped = content.replace(blocks[1].content, blocks[2].content[: len(blocks[1].content)], 1)
        with pytest.raises(DomainError):
            world.check(content=swapped)

    def test_another_block_as_the_root(self, world: World) -> None:
        _, content = pack(world.dossier)
        blocks = [Block(cid, block) for cid, block in read_car(content).blocks.items()]
        for block in blocks[1:]:
            with pytest.raises(DomainError):
                world.check(content=write_car(block.cid, blocks))
        with pytest.raises(Invalid):
            world.check(content=write_car([blocks[0].cid, blocks[1].cid], blocks))

    def test_what_may_have_been_withdrawn_is_not_allowed(self, world: World) -> None:
        """The grant is in the bundle; whether it still stands is not for the bundle to say."""
        answer = world.check()
        assert world.dossier.consents
        assert "allowed" not in answer.consent["scopes"].values()


class TestAnchors:
    """A receipt in a bundle is a claim; what the chain says of a root, it says of no record."""

    def receipt(self, world: World, **fields: object) -> AnchorReceipt:
        return AnchorReceipt.model_validate(
            {
                "state": "final",
                "chain_id": 31337,
                "contract": "0x" + "11" * 20,
                "transaction": "22" * 32,
                "block_number": 7,
                "block_hash": "33" * 32,
                "block_time": "2026-01-01T00:00:00Z",
                "size": world.dossier.size,
                "root": world.dossier.root.hex(),
            }
            | fields
        )

    def test_is_undetermined_while_no_chain_was_asked(self, world: World) -> None:
        answer = world.check(replace(world.dossier, anchor=self.receipt(world)))
        assert outcomes(answer)["anchor"] is Outcome.UNDETERMINED

    @pytest.mark.parametrize("fields", [{"size": 10_000}, {"root": "44" * 32}])
    def test_of_another_tree_is_wrong(self, world: World, fields: dict[str, object]) -> None:
        answer = world.check(replace(world.dossier, anchor=self.receipt(world, **fields)))
        assert outcomes(answer)["anchor"] is Outcome.FAIL

    @pytest.mark.parametrize("less", [{"note": b""}, {}])
    def test_says_nothing_of_a_record_that_is_not_under_it(
        self, world: World, less: dict[str, object]
    ) -> None:
        """The chain confirms the root; the record has no proof, or no signed head to be judged by."""
        dossier = replace(
            world.dossier,
            work=replace(world.dossier.work, index=None, proof=()),
            anchor=self.receipt(world),
            **less,  # type: ignore[arg-type]  # fields by name
        )
        log = log_check(dossier, Trust())
        assert log.outcome is Outcome.UNDETERMINED
        asked = Trust(chain=lambda _: AnchorWord("yes", "anchored", "The root is on the chain."))
        check, _ = anchor_check(dossier, asked, log)
        assert (check.outcome, check.code) == (Outcome.FAIL, "anchor-without-log")
        whole = replace(world.dossier, anchor=self.receipt(world), note=b"")
        check, _ = anchor_check(whole, asked, log_check(whole, Trust()))
        assert check.outcome is Outcome.PASS

    def test_a_state_of_its_own_making_is_refused(self, world: World) -> None:
        with pytest.raises(ValueError, match="state"):
            self.receipt(world, state="\x1b[32mfinal")
