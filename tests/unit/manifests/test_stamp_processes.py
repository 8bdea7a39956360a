"""Signing in forked children, pools and threads: no context of one process is used in another."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from PIL import Image

from rakkan.manifests import _c2pa
from rakkan.manifests.read import read_manifest
from rakkan.manifests.stamp import StampedImage, stamp
from tests.unit.manifests.credentials import (
    checked,
    definition,
    issuers,
    picture,
    signer,
)

XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:dcterms="http://purl.org/dc/terms/" '
    b'xmpMM:InstanceID="xmp.iid:private-instance" dcterms:provenance="http://127.0.0.1:%d/private.c2pa"/>'
    b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def states(image: StampedImage) -> tuple[str, bool]:
    report = read_manifest(checked(image.content), issuers())
    return report.state, report.identity == image.identity


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as opened:
        return opened.convert("RGBA").tobytes()


class TestProcesses:
    def test_signing_goes_on_in_a_forked_child_and_in_the_parent(self) -> None:
        assert states(stamp(picture(), definition(), signer(), issuers=issuers()))[0] == "trusted"
        reader, writer = os.pipe()
        child = os.fork()
        if not child:  # pragma: no cover - the child's coverage is not seen
            signal.alarm(30)
            answer = b"failed"
            try:
                answer = states(stamp(picture("JPEG"), definition(), signer()))[0].encode()
                gc.collect()
            finally:
                os.write(writer, answer)
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert answer == b"trusted"
        assert states(stamp(picture(), definition(), signer()))[0] == "trusted"

    def test_a_pool_of_forked_workers_signs(self) -> None:
        stamp(picture(), definition(), signer())
        context = multiprocessing.get_context("fork")
        with context.Pool(2) as pool:
            assert pool.map(_state_of_one, ["PNG", "JPEG", "WEBP"] * 2) == ["trusted"] * 6

    def test_a_lock_held_while_forking_does_not_hold_the_child(self) -> None:
        with _c2pa._CONTEXTS._lock:
            context = multiprocessing.get_context("fork")
            process = context.Process(target=_state_of_one, args=("PNG",))
            process.start()
        process.join(30)
        assert process.exitcode == 0

    def test_contexts_are_kept_and_bounded(self) -> None:
        stamp(picture(), definition(), signer())
        kept = len(_c2pa._CONTEXTS._made)
        stamp(picture(), definition(), signer())
        assert len(_c2pa._CONTEXTS._made) == kept
        for number in range(20):
            stamp(picture(), definition(), signer(f"Artist {number}"))
        assert len(_c2pa._CONTEXTS._made) <= 16

    def test_threads_share_a_context(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(_state_of_one, ["PNG", "JPEG"] * 10)) == {"trusted"}


def _state_of_one(form: str) -> str:
    return states(stamp(picture(form), definition(), signer()))[0]
