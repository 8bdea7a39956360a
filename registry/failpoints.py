"""Named points at which a test may kill the process, to prove that a crash loses and doubles nothing.

It decides nothing in normal life: unless ``RAKKAN_FAILPOINT`` names it, a point does nothing.
"""

from __future__ import annotations

import os
import signal
from typing import Final

FAILPOINTS: Final = (
    "accept.before",
    "accept.after",
    "pin.before",
    "pin.after",
    "compare.before",
    "compare.after",
    "log.before",
    "log.after",
    "anchor.planned",
    "transaction.signed",
    "transaction.sent",
    "transaction.mined",
    "transaction.final",
    "stamp.signed",
    "stamp.recorded",
    "stamp.renamed",
    "webhook.sending",
    "webhook.sent",
)
"""Every point there is; tests walk this list."""


def failpoint(name: str) -> None:
    """Die here without a word (SIGKILL), if the environment says so."""
    if os.environ.get("RAKKAN_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
