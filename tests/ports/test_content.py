"""The promises of the ``ContentStore`` port, kept by block segments and by a real Kubo node."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rakkan.registry.content.blocks import MAX_BLOCK
from rakkan.registry.content.car import read_car, write_car
from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.content.segments import SegmentStore
from rakkan.registry.ports import Block, ContentStore
from rakkan.schemas.canonical import canonical
from rakkan.schemas.errors import Integrity, Invalid, NotFound, Unavailable
from rakkan.schemas.values import DAG_JSON, RAW, Cid
from tests.ports.kubo import Kubo, NodeError, kubo, kubo_program, own_kubo

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


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


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


def record(**more: object) -> Block:
    """A record that no other test has."""
    return Block.of(canonical({"nonce": secrets.token_hex(16), **more}))


def raw(size: int) -> Block:
    return Block.of(secrets.token_bytes(size), RAW)


def test_what_was_put_comes_back_under_the_same_cid(bench: Bench) -> None:
    blocks = [record(), raw(5000), record(text="落款 — é"), raw(1)]
    bench.store.put(blocks)
    for store in (bench.store, bench.again()):
        assert [store.get(block.cid) for block in blocks] == [block.content for block in blocks]
        assert store.missing([block.cid for block in blocks]) == []


def test_an_unknown_block_is_missing_and_is_not_searched_for(bench: Bench) -> None:
    began = time.monotonic()
    with pytest.raises(NotFound) as caught:
        bench.store.get(record().cid)
    assert caught.value.code == "content-missing"
    assert time.monotonic() - began < 5


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


# What only a real node can say.

needs_kubo = pytest.mark.kubo

# go-ipld-prime escapes these four otherwise than RFC 8785 and @ipld/dag-json do
DISPUTED = "\b\f\u2028\u2029"
text = st.text(st.characters(codec="utf-8", exclude_characters=DISPUTED))
keys = st.text(st.characters(max_codepoint=127, exclude_characters=DISPUTED)).filter(lambda key: key != "/")
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text
links = st.binary().map(lambda content: Cid.of(content, RAW).link)
values = st.recursive(
    scalars | links,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=30,
)


def dag_put(node: Kubo, content: bytes) -> str:
    """The CID under which Kubo stores a value that it reads as DAG-JSON and writes in its own canonical form."""
    options = {"input_codec": "dag-json", "store_codec": "dag-json", "hash": "sha2-256", "pin": "false"}
    answer = node.ask("dag/put", file=content, **options)
    return str(answer[0]["Cid"]["/"])


@needs_kubo
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_kubo_writes_the_same_dag_json(kubo: Kubo, value: object) -> None:
    ours = str(Cid.of(canonical(value)))
    assert dag_put(kubo, canonical(value)) == ours
    assert dag_put(kubo, json.dumps(value, indent=1).encode()) == ours


@needs_kubo
@pytest.mark.parametrize("character", DISPUTED)
def test_a_block_keeps_its_bytes_where_kubo_would_write_others(kubo: Kubo, character: str) -> None:
    value = {"nonce": secrets.token_hex(16), "text": character}
    block = Block.of(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    assert dag_put(kubo, block.content) != str(block.cid)
    KuboStore(kubo.address).put([block])
    assert kubo.fetch("block/get", block.cid, offline="true") == block.content


@needs_kubo
def test_kubo_knows_our_blocks_by_our_cids_and_pins_each(kubo: Kubo) -> None:
    parent = record()
    blocks = [raw(2000), parent, record(parent=parent.cid.link), record(elsewhere=record().cid.link)]
    KuboStore(kubo.address).put(blocks)
    pins = kubo.pins()
    for block in blocks:
        stat = kubo.ask("block/stat", block.cid, offline="true")[0]
        assert (stat["Key"], stat["Size"]) == (str(block.cid), len(block.content))
        assert kubo.fetch("block/get", block.cid, offline="true") == block.content
        assert pins[str(block.cid)] == "direct"
    kubo.ask("repo/gc")
    assert KuboStore(kubo.address).missing([block.cid for block in blocks]) == []


@needs_kubo
def test_kubo_reads_our_car_and_we_read_its(kubo: Kubo) -> None:
    leaf = record()
    roots = [record(leaf=leaf.cid.link), record(), *(record() for _ in range(300))]
    car = write_car([root.cid for root in roots], [leaf, *roots])
    answer = kubo.ask("dag/import", file=car, pin_roots="true", stats="true")
    assert {line["Root"]["Cid"]["/"]: line["Root"]["PinErrorMsg"] for line in answer[:-1]} == {
        str(root.cid): "" for root in roots
    }
    assert answer[-1]["Stats"]["BlockCount"] == len(roots) + 1
    exported = read_car(kubo.fetch("dag/export", roots[0].cid, progress="false"))
    assert exported.roots == (roots[0].cid,)
    assert dict(exported.blocks) == {roots[0].cid: roots[0].content, leaf.cid: leaf.content}


@needs_kubo
def test_kubo_refuses_what_our_reader_refuses(kubo: Kubo) -> None:
    block = record()
    car = write_car(block.cid, [block]).replace(block.content, flipped(block.content))
    with pytest.raises(NodeError, match="mismatch in content integrity"):
        kubo.ask("dag/import", file=car, pin_roots="false", stats="true")
    with pytest.raises(Integrity):
        read_car(car)


@needs_kubo
def test_a_pin_of_somebody_else_is_left_alone(kubo: Kubo) -> None:
    theirs, ours = record(), record()
    kubo.ask("dag/import", file=write_car(theirs.cid, [theirs]), pin_roots="true")
    store = KuboStore(kubo.address)
    assert store.missing([theirs.cid, ours.cid]) == [ours.cid]
    store.put([ours, theirs])
    assert [kubo.pins()[str(block.cid)] for block in (theirs, ours)] == ["recursive", "direct"]
    assert store.missing([theirs.cid, ours.cid]) == []


@needs_kubo
def test_a_block_under_somebody_elses_pin_is_left_to_them(kubo: Kubo) -> None:
    theirs = record()
    kubo.ask("dag/import", file=write_car(theirs.cid, [theirs]), pin_roots="true")
    KuboStore(kubo.address).remove([theirs.cid])
    assert kubo.pins()[str(theirs.cid)] == "recursive"


@needs_kubo
def test_kubo_no_longer_holds_what_was_removed(kubo: Kubo) -> None:
    block = record()
    store = KuboStore(kubo.address)
    store.put([block])
    store.remove([block.cid])
    assert str(block.cid) not in kubo.pins()
    assert not kubo.block_file(block.cid).exists()


@needs_kubo
def test_stored_without_a_pin_is_missing(kubo: Kubo) -> None:
    block, other = record(), record()
    kubo.ask("dag/import", file=write_car(block.cid, [block]), pin_roots="false")
    store = KuboStore(kubo.address)
    store.put([other])
    assert store.missing([other.cid, block.cid]) == [block.cid]
    assert store.get(block.cid) == block.content


@needs_kubo
def test_a_stopped_node_is_unavailable_and_a_lost_block_is_found_and_mended(own_kubo: Kubo) -> None:
    kept, lost = record(), record()
    address = own_kubo.address
    store = KuboStore(address)
    store.put([kept, lost])
    own_kubo.stop()
    for question in (
        lambda: store.put([record()]),
        lambda: store.get(kept.cid),
        lambda: store.missing([kept.cid]),
    ):
        with pytest.raises(Unavailable) as caught:
            question()
        assert caught.value.code == "content-unavailable"
        assert address in caught.value.message
        assert caught.value.hint

    own_kubo.block_file(lost.cid).unlink()
    own_kubo.start()
    store = KuboStore(own_kubo.address)
    assert store.get(kept.cid) == kept.content
    assert store.missing([kept.cid, lost.cid]) == [lost.cid]  # though its pin is still listed
    assert str(lost.cid) in own_kubo.pins()
    store.put([lost])
    assert store.missing([kept.cid, lost.cid]) == []
    assert store.get(lost.cid) == lost.content
