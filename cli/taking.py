"""What is to be taken back, as ``consent withdraw`` and ``consent slip`` are told it: consents, or works.

It decides how names are read. Which consents works stand for is decided in
``rakkan.registry.flows.withdraw.withdrawing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rakkan.schemas.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rakkan.registry.flows.withdraw.withdrawing import Wanted
    from rakkan.registry.service import Registry
    from rakkan.registry.signers.port import RecordSigner


def wanted_of(
    registry: Registry,
    names: Sequence[str],
    items: Sequence[str],
    by: RecordSigner | None,
    advance: Callable[[str], None],
) -> list[Wanted]:
    """The consents, and works out of them, that these names stand for.

    Args:
        registry: Where they are known.
        names: CIDs of consents; or works, for everything that the signer granted about them.
        items: Works out of the consents that are named.
        by: The signer; None is the home.
        advance: Told of each picture that was read.

    Raises:
        Invalid, NotFound, Refused: As ``rakkan.registry.flows.withdraw.withdrawing``.
    """
    from rakkan.registry.flows.naming import works_named
    from rakkan.registry.flows.withdraw.withdrawing import about_works, named

    if not all(names_consent(name) for name in names) and items:
        raise Invalid(
            "Works are taken out of a consent that is named.",
            code="usage",
            hint="Give its CID, then --item WORKS; or name the works alone.",
        )
    found: list[Wanted] = []
    works = []
    for name in names:
        if names_consent(name):
            found += named(registry, name, works_named(registry, items, advance) if items else [])
        else:
            works.append(name)
    return found + (about_works(registry, works_named(registry, works, advance), by) if works else [])


def names_consent(name: str) -> bool:
    """Whether a name is meant as a consent's CID."""
    from pathlib import Path

    from rakkan.registry.flows.lookup import is_cid

    if is_cid(name):
        return True
    # what is no file, no pattern and no digest was meant as a CID, and is told to be none
    from glob import has_magic

    return not (Path(name).exists() or has_magic(name) or ":" in name)
