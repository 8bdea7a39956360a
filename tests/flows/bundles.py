"""One published picture, its bundle, and a stranger who checks it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rakkan.manifests.samples import PARENT, render_samples
from rakkan.registry.flows.publish import publish
from rakkan.registry.flows.stamp.stamping import StampOptions, stamp_files
from rakkan.registry.flows.verify.dossier import Dossier, gather
from rakkan.registry.flows.verify.evidence import pack
from rakkan.registry.flows.verify.opening import VerifyOptions, verify_name
from rakkan.registry.flows.verify.verify import Verification
from rakkan.registry.service import Registry
from rakkan.registry.settings import load_settings
from rakkan.schemas.values import Digest
from rakkan.schemas.verdict import Outcome
from tests.homes import new_registry, own_terms


@dataclass
class World:
    """One published picture, its bundle, and what a stranger is given to trust."""

    registry: Registry
    picture: Path
    other: Path
    dossier: Dossier
    folder: Path

    def check(
        self,
        dossier: Dossier | None = None,
        content: bytes | None = None,
        picture: Path | None = None,
        **more: object,
    ) -> Verification:
        bundle = self.folder / "bundle.car"
        bundle.write_bytes(pack(dossier or self.dossier)[1] if content is None else content)
        options = VerifyOptions(
            offline=True,
            bundle=bundle,
            trust=self.registry.home.issuers,
            log_keys=tuple(self.registry.config.log_keys),
        )
        stranger = load_settings(home=self.folder / "nobody")
        return verify_name(stranger, str(picture or self.picture), replace(options, **more))  # type: ignore[arg-type]

    def ask(self, name: str) -> Verification:
        """What the whole bundle says of a digest or a record, to somebody without the picture."""
        bundle = self.folder / "bundle.car"
        bundle.write_bytes(pack(self.dossier)[1])
        options = VerifyOptions(offline=True, bundle=bundle, log_keys=tuple(self.registry.config.log_keys))
        return verify_name(load_settings(home=self.folder / "nobody"), name, options)


@contextlib.contextmanager
def new_world(folder: Path) -> Iterator[World]:
    """A registry with one picture published, and its bundle."""
    pictures = render_samples(folder / "pictures")
    with new_registry(folder / "home") as registry:
        options = StampOptions(out=folder / "stamped", terms=own_terms("open-training"))
        items = stamp_files(registry, pictures, options)
        publish(registry)
        chosen = next(item for item in items if item.input.name == PARENT)
        other = next(item for item in items if item.input.name != PARENT and item.input.suffix == ".png")
        assert chosen.output is not None
        assert other.output is not None
        dossier = gather(registry, [Digest.from_hex("c2paClaim", chosen.digest["c2paClaim"])])
        assert dossier is not None
        yield World(registry, chosen.output, other.output, dossier, folder)


def outcomes(answer: Verification) -> dict[str, Outcome]:
    """The outcome of each check by its name."""
    return {check.name: check.outcome for check in answer.checks}
