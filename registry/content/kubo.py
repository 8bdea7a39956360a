"""A Kubo node as a content store, over its RPC API (``/api/v0``), with ``ipfshttpclient`` 0.8.0a2.

It decides that no setting of the node can change a CID or weaken a pin: blocks go in as one CAR, every
option is spelled out, the node never searches the network for us, and nothing it says is believed
without hashing. It leaves out which node is asked (``settings``) and announcing to the DHT (the node's).

Every block is pinned by itself (``direct``), not through ``dag/import``'s recursive ``pin-roots``: a
record may link to records that this node does not hold, a recursive pin walks all ancestors each
time (quadratic in a lineage), and Kubo drops an existing pin before a new walk that may fail.

A node whose datastore says ``"sync": false`` (Kubo's default) does not wait for its disk: set it to
true where a power cut must lose nothing.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from rakkan.registry.content.address import bad_address, parse_address
from rakkan.registry.content.blocks import MAX_BLOCK, admit, check_digest
from rakkan.registry.content.car import write_car
from rakkan.registry.content.taming import tame
from rakkan.registry.ports import Block
from rakkan.schemas.errors import Integrity, Invalid, NotFound, Unavailable
from rakkan.schemas.values import Cid

_CHUNK: Final = 100  # CIDs in one request; 7 kB of query, below every proxy's limit
_LINES: Final = 10_000  # JSON values read from one answer
_ABSENT: Final = re.compile(r"could not find|not found", re.IGNORECASE)
_IMPORT: Final = {
    "pin-roots": "false",
    "silent": "false",
    "stats": "true",
    "allow-big-block": "false",
    "fast-provide-root": "false",
    "fast-provide-dag": "false",
    "fast-provide-wait": "false",
}
_PIN: Final = {
    "name": "rakkan",
    "progress": "false",
    "fast-provide-root": "false",
    "fast-provide-dag": "false",
    "fast-provide-wait": "false",
}
_LIST: Final = {"quiet": "false", "stream": "false", "names": "false"}


class _NodeRefused(Unavailable):
    """The node answered with an error of its own; ``message`` quotes it."""


class KuboStore:
    """A ``ContentStore`` on a Kubo node; safe to use from several threads.

    Args:
        address: Multiaddr (``/ip4/127.0.0.1/tcp/5001``) or URL (``http://user:password@host:5001``)
            of the RPC API.
        timeout: Seconds to wait for the next bytes of an answer.
        deadline: Seconds that a request and all of its answer may take.

    Raises:
        Invalid: ``ipfs-address``.
        Unavailable: ``extra-missing``, without the extra ``rakkan[ipfs]``.
    """

    def __init__(self, address: str, *, timeout: float = 60.0, deadline: float = 300.0) -> None:
        try:
            import ipfshttpclient  # heavy, and an extra
        except ImportError as error:
            raise Unavailable(
                "The IPFS client is not installed.", code="extra-missing", hint="Install rakkan[ipfs]."
            ) from error
        multiaddr, credentials = parse_address(address)
        self._address = multiaddr
        self._failures: tuple[type[Exception], ...] = (
            ipfshttpclient.exceptions.Error,
            OSError,  # what requests raises while a body is read
            ValueError,
            LookupError,
            RecursionError,
        )
        self._refusal: type[Exception] = ipfshttpclient.exceptions.ErrorResponse
        try:
            # not connect(): it asks for the version, and knows none after 0.8
            self._client: Any = ipfshttpclient.Client(
                multiaddr,
                session=True,
                auth=credentials,
                timeout=(min(timeout, 5.0), timeout),
                chunk_size=1 << 20,
            )
        except self._failures as error:
            raise bad_address(address) from error
        tame(self._client, deadline)

    def put(self, blocks: Sequence[Block]) -> None:
        """Import all blocks as one CAR and pin each; see ``ContentStore.put``."""
        admitted = admit(blocks)
        if not admitted:
            return
        car = write_car(admitted[0].cid, admitted)
        try:
            self._store(car, admitted)
        except _NodeRefused:  # such as a garbage collection in between: all steps can be repeated
            self._store(car, admitted)

    def get(self, cid: Cid) -> bytes:
        """The block's bytes, from this node alone; see ``ContentStore.get``."""
        content = bytearray()
        try:
            with self._translated(), self._client.block.get(str(cid), offline=True, stream=True) as parts:
                for part in parts:
                    content += part
                    if len(content) > MAX_BLOCK:
                        break
        except _NodeRefused as refusal:
            if not _ABSENT.search(refusal.message):
                raise
            raise NotFound(
                f"Block {cid} is not on the IPFS node.", code="content-missing", cid=str(cid)
            ) from refusal
        if len(content) > MAX_BLOCK:
            raise Integrity(
                f"The IPFS node sends more than {MAX_BLOCK} bytes for block {cid}.",
                code="block-digest",
                cid=str(cid),
            )
        check_digest(cid, bytes(content), "the IPFS node")
        return bytes(content)

    def missing(self, cids: Sequence[Cid]) -> list[Cid]:
        """Which blocks this node does not hold, or holds without a pin of their own.

        One request per block (Kubo has none for many), one or two per hundred pins.
        """
        there = [cid for cid in dict.fromkeys(cids) if self._is_here(cid)]
        kept: set[Cid] = set()
        for chunk in _chunks(there):
            kept |= self._pinned(chunk)
        return [cid for cid in cids if cid not in kept]

    def remove(self, cids: Sequence[Cid]) -> None:
        """Unpin and delete blocks on this node; see ``ContentStore.remove``.

        A block that stays under somebody else's recursive pin is left to them.
        """
        for cid in dict.fromkeys(cids):
            try:
                self._ask(self._client.pin.rm, str(cid), recursive=False)
            except _NodeRefused as refusal:
                if "pinned" not in refusal.message:  # "not pinned", or "is pinned recursively"
                    raise
            for line in self._remove_block(cid):
                error = line.get("Error", "")
                if error and not str(error).startswith("pinned"):
                    raise self._unavailable(f"it says: {str(error)[:300]}.", _NodeRefused)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _store(self, car: bytes, blocks: Sequence[Block]) -> None:
        self._import(car, len(blocks))
        for chunk in _chunks([block.cid for block in blocks]):
            for cid in set(chunk) - self._pin(chunk):
                self._pin_alone(cid)
        # a garbage collection under way before the pins may have taken blocks; from here on it cannot
        self._import(car, len(blocks))

    def _import(self, car: bytes, count: int) -> None:
        lines = self._ask(self._client.dag.imprt, io.BytesIO(car), opts=dict(_IMPORT))
        taken = [line["Stats"].get("BlockCount") for line in lines if isinstance(line.get("Stats"), dict)]
        if taken != [count]:  # an error after the first byte of an answer shows only here
            raise self._unavailable(f"it took {taken} of {count} blocks.", _NodeRefused)

    def _pin(self, cids: Sequence[Cid]) -> set[Cid]:
        """Pin many; what is not in the answer may still be unpinned (a cluster's proxy takes one at a time)."""
        try:
            lines = self._ask(
                self._client.pin.add, *map(str, cids), recursive=False, offline=True, opts=dict(_PIN)
            )
        except _NodeRefused:
            return set()
        return _cids(pin for line in lines for pin in _items(line.get("Pins")))

    def _pin_alone(self, cid: Cid) -> None:
        try:
            lines = self._ask(self._client.pin.add, str(cid), recursive=False, offline=True, opts=dict(_PIN))
            if cid in _cids(pin for line in lines for pin in _items(line.get("Pins"))):
                return
        except _NodeRefused:
            if cid in self._listed([cid], "recursive"):  # somebody's stronger pin stands in the way
                return
            raise
        raise self._unavailable(f"it does not say that it pinned {cid}.", _NodeRefused)

    def _pinned(self, cids: Sequence[Cid]) -> set[Cid]:
        kinds = ("direct", "recursive")
        found: set[Cid] = set()
        for kind in kinds:
            found |= self._listed(cids, kind)
        # one unpinned CID makes Kubo refuse the whole list
        for cid, kind in itertools.product(set(cids) - found if len(cids) > 1 else (), kinds):
            found |= self._listed([cid], kind)
        return found

    def _listed(self, cids: Sequence[Cid], kind: str) -> set[Cid]:
        try:
            lines = self._ask(self._client.pin.ls, *map(str, cids), type=kind, offline=True, opts=dict(_LIST))
        except _NodeRefused as refusal:
            if "not pinned" in refusal.message:
                return set()
            raise
        return _cids(key for line in lines for key in _items(line.get("Keys"))) & set(cids)

    def _is_here(self, cid: Cid) -> bool:
        try:
            lines = self._ask(self._client.block.stat, str(cid), offline=True)
        except _NodeRefused as refusal:
            if _ABSENT.search(refusal.message):
                return False
            raise
        return cid in _cids(line.get("Key") for line in lines)

    def _ask(self, call: Callable[..., Any], *arguments: object, **options: object) -> list[dict[str, Any]]:
        """The JSON objects of an answer."""
        with self._translated(), call(*arguments, stream=True, **options) as answer:
            lines = [line.as_json() for line in itertools.islice(answer, _LINES)]
        if not all(isinstance(line, dict) for line in lines):
            raise self._unavailable("its answer is not one of Kubo's.")
        return lines

    def _remove_block(self, cid: Cid) -> list[dict[str, Any]]:
        # the pinned release has no method for it; force: a block that is not there is no error
        request = self._client._client.request  # noqa: SLF001
        options = {"force": "true", "quiet": "false"}
        with (
            self._translated(),
            request("/block/rm", (str(cid),), opts=options, decoder="json", stream=True) as answer,
        ):
            return [line for line in itertools.islice(answer, _LINES) if isinstance(line, dict)]

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._refusal as error:
            raise self._unavailable(f"it says: {str(error)[:300]}.", _NodeRefused) from error
        except self._failures as error:
            raise self._unavailable(f"{type(error).__name__}.") from error

    def _unavailable(self, why: str, kind: type[Unavailable] = Unavailable) -> Unavailable:
        return kind(
            f"The IPFS node at {self._address} does not do its part: {why}",
            code="content-unavailable",
            hint="Is it running, and is this its RPC address? Nothing is lost; it is tried again.",
        )


def _chunks(cids: Sequence[Cid]) -> Iterator[Sequence[Cid]]:
    for start in range(0, len(cids), _CHUNK):
        yield cids[start : start + _CHUNK]


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | dict) else ()


def _cids(texts: Iterable[object]) -> set[Cid]:
    """The CIDs among what a node says; what is none of ours names none of our blocks."""
    found = set()
    for text in texts:
        with contextlib.suppress(Invalid):
            found.add(Cid.parse(str(text)))
    return found
