"""The real ``rakkan`` command, as a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RAKKAN: Final = str(Path(sys.executable).with_name("rakkan"))
_OURS: Final = ("RAKKAN_HOME", "RAKKAN_CLOCK", "RAKKAN_RPC_URL", "RAKKAN_KUBO", "RAKKAN_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Done:
    """What one process left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout, which has a ``schema``."""
        document = json.loads(self.out)
        assert isinstance(document["schema"], str)
        return document

    @property
    def error(self) -> tuple[int, str]:
        """Exit code and code of the error document."""
        assert self.document["schema"] == "rakkan.error/1"
        return self.code, self.document["error"]["code"]


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, **({"RAKKAN_HOME": str(home)} if home else {}), **more}


def rakkan(
    *words: object,
    home: Path | None = None,
    env: Mapping[str, str] | None = None,
    file_bytes: int | None = None,
) -> Done:
    """Run the command to its end.

    Args:
        words: After ``rakkan``.
        home: Its RAKKAN_HOME.
        env: Further variables.
        file_bytes: How large a file may grow: a disk that is full from there on.
    """
    done = subprocess.run(
        [RAKKAN, *(str(word) for word in words)],
        env=environment(home, **(env or {})),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=_limit(file_bytes) if file_bytes is not None else None,
    )
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def begin(*words: object, home: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the command and go on; in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [RAKKAN, *(str(word) for word in words)],
        env=environment(home, **(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def end(process: subprocess.Popen[str]) -> Done:
    """Wait for a command that was begun."""
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return Done(process.returncode, out, err)


def _limit(file_bytes: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones included."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
