"""What cannot be read as HTTP is answered as every other error is.

It decides the one answer that the server below the application gives by itself: to bytes that are no
request. All other answers are the application's (``rakkan.api.problems``).
"""

from __future__ import annotations

from typing import Any, Final

from starlette.exceptions import HTTPException
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from rakkan.api.problems import problem_of_http

_Protocol: Any = AutoHTTPProtocol
_CLOSED: Final = {"Connection": "close", "X-Content-Type-Options": "nosniff"}


class ProblemProtocol(_Protocol):  # type: ignore[misc]  # whichever of its two that uvicorn chose
    """uvicorn's own protocol, but for how it refuses what is no request (RFC 9112, section 2.2; RFC 9457)."""

    def send_400_response(self, msg: str) -> None:
        """Refuse, and close: nothing that follows on this connection can be trusted to begin where it seems to."""
        answer = problem_of_http(HTTPException(400, msg, _CLOSED)).response()
        lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in answer.raw_headers)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()
