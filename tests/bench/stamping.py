"""Stamping against the SDK's own calls, with one process and two, and its memory over a long run."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import c2pa

from rakkan.manifests.claim import claim_definition
from rakkan.manifests.fingerprint import fingerprints
from rakkan.manifests.image import check_image
from rakkan.manifests.signer import Signer
from rakkan.manifests.stamp import stamp
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.keys import CREDENTIAL_CHAIN, CREDENTIAL_KEY
from rakkan.registry.service import Registry
from rakkan.schemas.consent import CAWG_SCOPES, Use
from tests.bench.measure import Row, medians, once
from tests.bench.pictures import draw
from tests.homes import new_registry

_BATCH = 8
SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "verify_after_sign": True},
    "core": {"allowed_network_hosts": []},
}


def rows(folder: Path) -> Iterator[Row]:
    """All rows about stamping."""
    with new_registry(folder / "home") as registry:
        for form in ("PNG", "JPEG"):
            yield from _against_the_sdk(registry, folder, form)
        yield from _processes(folder)
    yield from _memory(folder)


def _against_the_sdk(registry: Registry, folder: Path, form: str) -> Iterator[Row]:
    keys = registry.home.keys
    paths = draw(folder / form, _BATCH, form)
    path = paths[0]
    content, chain, key = path.read_bytes(), keys.read(CREDENTIAL_CHAIN), keys.read(CREDENTIAL_KEY)
    image = check_image(content, path.name)
    uses: dict[str, Use] = dict.fromkeys(CAWG_SCOPES, Use.NOT_ALLOWED)
    claim = claim_definition(origin=registry.origin, making="generated", uses=uses, software_version="0")
    document = json.dumps(claim.definition)
    context = c2pa.Context.from_dict(SETTINGS)
    sdk_signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
    signed: list[bytes] = []

    def sdk_sign() -> None:
        target = io.BytesIO()
        c2pa.Builder(document, context).sign(sdk_signer, image.media_type, io.BytesIO(content), target)
        signed[:] = [target.getvalue()]

    def sdk_read() -> None:
        c2pa.Reader(image.media_type, io.BytesIO(signed[0]), context=context).json()

    signer = Signer.load(chain, key)
    times = medians({"ours": lambda: stamp(image, claim, signer), "sdk": sdk_sign}, 15)
    ratio = times["ours"] / times["sdk"]
    yield Row(
        f"signing path, {form}",
        f"{ratio:.2f}×",
        f"SDK sign {times['sdk'] * 1e3:.2f} ms",
        "≤ 1.3×",
        ratio <= 1.3,
    )

    counter = iter(range(10**6))

    def whole(chosen: list[Path]) -> None:
        options = StampOptions(out=folder / "out" / str(next(counter)))
        for item in stamp_files(registry, chosen, options):
            assert item.output is not None
            item.output.unlink()  # so that the next round stamps again

    def parts() -> None:
        sdk_sign()
        fingerprints(image)
        sdk_read()

    times = medians({"one": lambda: whole(paths[:1]), "batch": lambda: whole(paths), "parts": parts}, 15)
    against = f"SDK sign + one decode + fingerprints + SDK read {times['parts'] * 1e3:.2f} ms"
    for name, seconds in (
        (f"a whole stamp, {form}, in a batch of {_BATCH}", times["batch"] / _BATCH),
        (f"a whole stamp, {form}, alone", times["one"]),
    ):
        ratio = seconds / times["parts"]
        yield Row(name, f"{ratio:.2f}×", against, "≤ 1.3×", ratio <= 1.3)


def _processes(folder: Path) -> Iterator[Row]:
    paths = draw(folder / "many", 120)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(3):
        for jobs in (1, 2):
            with new_registry(folder / f"home{turn}{jobs}") as registry:
                options = StampOptions(out=folder / f"out{turn}{jobs}", jobs=jobs)
                seconds[jobs].append(once(partial(stamp_files, registry, paths, options)))
    one, two = sorted(seconds[1])[1], sorted(seconds[2])[1]
    yield Row(
        "--jobs 2",
        f"{one / two:.2f}×",
        f"--jobs 1, {len(paths) / one:.1f} pictures/s",
        "≥ 1.5×",
        one / two >= 1.5,
    )


def _memory(folder: Path) -> Iterator[Row]:
    paths = draw(folder / "small", 1000, "JPEG", 256)
    with new_registry(folder / "home-memory") as registry:
        options = StampOptions(out=folder / "out-memory")
        stamp_files(registry, paths[:200], options)
        early = _resident()
        stamp_files(registry, paths[200:], options)
        late = _resident()
    growth = (late - early) / early
    against = f"resident {early >> 20} MiB after 200"
    yield Row("memory over 1,000 stamps", f"{growth:+.1%}", against, "flat (≤ +10 %)", growth <= 0.10)


def _resident() -> int:
    pages: Any = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
