"""What only a real Kubo node can say about our blocks, CIDs and CARs."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rakkan.registry.content.car import read_car, write_car
from rakkan.registry.content.kubo import KuboStore
from rakkan.registry.ports import Block
from rakkan.schemas.canonical import canonical
from rakkan.schemas.errors import Integrity, Unavailable
from rakkan.schemas.values import RAW, Cid
from tests.ports.kubo import Kubo, NodeError, kubo, kubo_program, own_kubo
from tests.ports.made import flipped, raw, record

__all__ = ["kubo", "kubo_program", "own_kubo"]

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
