"""The promises of the ``ContentStore`` port, kept by block segments and by a real Kubo node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from rakkan.registry.content.blocks import MAX_BLOCK
from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.content.segments import SegmentStore
from rakkan.registry.ports import Block, ContentStore
from rakkan.schemas.errors import Integrity, Invalid, NotFound
from rakkan.schemas.values import DAG_JSON, RAW, Cid
from tests.ports.kubo import Kubo, kubo, kubo_program, own_kubo
from tests.ports.made import flipped, raw, record

__all__ = ["kubo", "kubo_program", "own_kubo"]


@dataclass
class Bench:
    """An adapter, and what the world can do to it.

    Attributes:
        store: The store under test.
        again: Opens the same store anew.
        spoil: Changes one byte of a stored block behind the store's back.
    """

    store: ContentStore
    again: Callable[[], ContentStore]
    spoil: Callable[[Block], None]


def spoil_segments(folder: Path, block: Block) -> None:
    for path in folder.glob("*.blocks"):
        content = path.read_bytes()
        if block.content in content:
            path.write_bytes(content.replace(block.content, flipped(block.content)))
            return
    raise AssertionError("not found on disk")


def spoil_node(node: Kubo, block: Block) -> None:
    path = node.block_file(block.cid)
    path.chmod(0o600)
    path.write_bytes(flipped(path.read_bytes()))


@pytest.fixture(params=["segments", pytest.param("kubo", marks=pytest.mark.kubo)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Each adapter in turn."""
    if request.param == "segments":
        folder = tmp_path / "blocks"
        yield Bench(
            SegmentStore(folder), lambda: SegmentStore(folder), lambda block: spoil_segments(folder, block)
        )
        return
    node: Kubo = request.getfixturevalue("kubo")
    store = KuboStore(node.address)
    yield Bench(store, lambda: KuboStore(node.url), lambda block: spoil_node(node, block))
    store.close()


def test_what_was_put_comes_back_under_the_same_cid(bench: Bench) -> None:
    blocks = [record(), raw(5000), record(text="落款 — é"), raw(1)]
    bench.store.put(blocks)
    for store in (bench.store, bench.again()):
        assert [store.get(block.cid) for block in blocks] == [block.content for block in blocks]
        assert store.missing([block.cid for block in blocks]) == []


def test_an_unknown_block_is_missing(bench: Bench) -> None:
    with pytest.raises(NotFound) as caught:
        bench.store.get(record().cid)
    assert caught.value.code == "content-missing"


def test_one_wrong_digest_refuses_the_batch(bench: Bench) -> None:
    good, other = record(), record()
    with pytest.raises(Integrity) as caught:
        bench.store.put([good, Block(other.cid, good.content)])
    assert caught.value.code == "block-digest"
    assert bench.store.missing([good.cid, other.cid]) == [good.cid, other.cid]


def test_one_block_too_large_refuses_the_batch(bench: Bench) -> None:
    good = record()
    with pytest.raises(Invalid) as caught:
        bench.store.put([good, raw(MAX_BLOCK + 1)])
    assert caught.value.code == "block-too-large"
    assert bench.store.missing([good.cid]) == [good.cid]


def test_the_largest_and_the_smallest_block_are_kept(bench: Bench) -> None:
    blocks = [raw(MAX_BLOCK), Block.of(b"", RAW), Block.of(b"null")]
    bench.store.put(blocks)
    assert [bench.again().get(block.cid) for block in blocks] == [block.content for block in blocks]


def test_storing_again_changes_nothing(bench: Bench) -> None:
    blocks = [record(), record()]
    bench.store.put([*blocks, blocks[0]])
    bench.store.put(blocks)
    bench.again().put([blocks[1], record()])
    assert [bench.store.get(block.cid) for block in blocks] == [block.content for block in blocks]
    assert bench.store.missing([block.cid for block in blocks]) == []


def test_nothing_is_a_batch_too(bench: Bench) -> None:
    bench.store.put([])
    assert bench.store.missing([]) == []


def test_a_thousand_blocks_in_one_batch(bench: Bench) -> None:
    blocks = [record(number=number) for number in range(1000)]
    bench.store.put(blocks)
    assert bench.store.missing([block.cid for block in blocks]) == []
    assert all(bench.store.get(block.cid) == block.content for block in blocks[::50])


def test_missing_keeps_the_order_asked(bench: Bench) -> None:
    here, absent = [record() for _ in range(130)], [record().cid for _ in range(130)]
    bench.store.put(here)
    mixed = [cid for pair in zip((block.cid for block in here), absent, strict=True) for cid in pair]
    assert bench.store.missing([*reversed(mixed), absent[0]]) == [*reversed(absent), absent[0]]


def test_the_same_bytes_under_two_codecs_are_two_blocks(bench: Bench) -> None:
    content = record().content
    bench.store.put([Block.of(content, RAW)])
    assert bench.store.missing([Cid.of(content, RAW), Cid.of(content, DAG_JSON)]) == [
        Cid.of(content, DAG_JSON)
    ]
    bench.store.put([Block.of(content, DAG_JSON)])
    assert bench.store.missing([Cid.of(content, RAW), Cid.of(content, DAG_JSON)]) == []


def test_a_record_is_kept_though_what_it_links_to_is_elsewhere(bench: Bench) -> None:
    child = record(parent=record().cid.link)
    bench.store.put([child])
    bench.store.put([child, record(child=child.cid.link)])
    assert bench.store.get(child.cid) == child.content
    assert bench.store.missing([child.cid]) == []


def test_a_changed_byte_is_never_given_out(bench: Bench) -> None:
    block = record()
    bench.store.put([block, record()])
    bench.spoil(block)
    for store in (bench.store, bench.again()):
        with pytest.raises(Integrity) as caught:
            store.get(block.cid)
        assert caught.value.code == "block-digest"


def test_what_is_removed_is_gone_and_the_rest_stays(bench: Bench) -> None:
    gone, kept, alone = [record(), raw(5000)], [record(), record()], raw(300)
    bench.store.put([kept[0], *gone, kept[1]])
    bench.store.put([alone])
    bench.store.remove([*(block.cid for block in gone), alone.cid, record().cid])
    for store in (bench.store, bench.again()):
        assert store.missing([block.cid for block in (*gone, *kept, alone)]) == [
            *(block.cid for block in gone),
            alone.cid,
        ]
        for block in (*gone, alone):
            with pytest.raises(NotFound) as caught:
                store.get(block.cid)
            assert caught.value.code == "content-missing"
        assert [store.get(block.cid) for block in kept] == [block.content for block in kept]
    bench.store.remove([gone[0].cid])
    bench.store.remove([])


def test_removed_elsewhere_is_noticed(bench: Bench) -> None:
    block, other = record(), record()
    bench.store.put([block, other])
    again = bench.again()
    assert again.get(block.cid) == block.content
    bench.store.remove([block.cid])
    with pytest.raises(NotFound):
        again.get(block.cid)
    again.put([record()])
    assert again.missing([block.cid, other.cid]) == [block.cid]


def test_what_was_removed_can_be_put_again(bench: Bench) -> None:
    block = record()
    bench.store.put([block])
    bench.store.remove([block.cid])
    bench.store.put([block])
    for store in (bench.store, bench.again()):
        assert store.get(block.cid) == block.content
        assert store.missing([block.cid]) == []


def test_many_threads_put_and_get(bench: Bench) -> None:
    batches = [[record(batch=number) for _ in range(20)] for number in range(16)]

    def work(batch: list[Block]) -> bool:
        bench.store.put(batch)
        return all(bench.store.get(block.cid) == block.content for block in batch)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, batches))
    assert bench.again().missing([block.cid for batch in batches for block in batch]) == []
