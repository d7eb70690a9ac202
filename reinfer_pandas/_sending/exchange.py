"""One request under way: sent, led by redirects, answered and measured.

Source: RFC 9110, 15.4 (redirects).
"""

from __future__ import annotations

import re
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from reinfer_pandas._sending.body import Bounds, UnusableError, decoded
from reinfer_pandas._sending.retry_after import parse_retry_after
from reinfer_pandas._sending.session import LIBRARY_ERRORS, Answer, Session
from reinfer_pandas._version import __version__
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.server_timing import total_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_MOST_REDIRECTS = 5
_PIECE_BYTES = 4 * 2**20
_IN_URL = "%/:=&?~#+!$,;'@()*[]"
"""What a redirect's target may hold beside letters and digits."""


@dataclass(slots=True, kw_only=True, repr=False)
class Exchange:
    """One request under way: what it may cost, and what has been measured of it so far."""

    request: Request
    session: Session
    timeout_s: tuple[float, float]
    bounds: Bounds
    max_body_bytes: int
    clock: Callable[[], float]
    started_at: datetime
    start_s: float
    headers_s: float | None = None
    body_s: float | None = None
    status: int | None = None
    server_ms: float | None = None
    body_bytes: int | None = None
    retry_after_s: float | None = None

    def run(self, url: str, body: bytes | None) -> Response:
        """Send the request, after redirects too, and read the answer."""
        for _ in range(1 + _MOST_REDIRECTS):
            with closing(self._open(url, body)) as answer:
                self.headers_s = self.clock()
                self.status = answer.status_code
                self.server_ms = total_ms(answer.headers.get("server-timing"))
                self.retry_after_s = self._retry_after_s(answer)
                target = _redirected(answer, self.request.method, url)
                if target is None:
                    return self._read(answer)
                url = target
        raise UnusableError("redirect", f"more than {_MOST_REDIRECTS} times")

    def attempt(self, outcome: str) -> Attempt:
        """Return what has been measured, with what became of it."""
        end_s = self.clock() if self.body_s is None else self.body_s
        return Attempt(
            started_at=self.started_at,
            method=self.request.method,
            path=self.request.path,
            resource=self.request.resource,
            status=self.status,
            outcome=outcome,
            server_ms=self.server_ms,
            headers_ms=_ms(self.start_s, self.headers_s),
            body_ms=_ms(self.headers_s, self.body_s),
            elapsed_ms=(end_s - self.start_s) * 1000,
            body_bytes=self.body_bytes,
            worker=_worker(),
            after=self.request.after,
            retry_after_s=self.retry_after_s,
        )

    def _retry_after_s(self, answer: Answer) -> float | None:
        """Return how long an error asks to wait, from when its headers came [s]."""
        if answer.status_code < 400:
            return None
        now = self.started_at + timedelta(seconds=(self.headers_s or 0.0) - self.start_s)
        return parse_retry_after(answer.headers.get("retry-after"), now=now)

    def _open(self, url: str, body: bytes | None) -> Answer:
        headers = {
            "User-Agent": f"reinfer-pandas/{__version__}",
            "Accept": self.request.accept,
            "Accept-Encoding": "gzip",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        connect_s, read_s = map(self.bounds.allowed_s, self.timeout_s)
        return self.session.open(
            self.request.method,
            url,
            headers=headers,
            body=body,
            timeout_s=(connect_s, read_s),
            bounds=self.bounds,
        )

    def _read(self, answer: Answer) -> Response:
        """Read the body; an error's may be lost, for its status says enough."""
        headers = dict(answer.headers.lower_items())
        try:
            sent = self._body(answer)
            self.body_s, self.body_bytes = self.clock(), len(sent)
            encodings = headers.get("content-encoding", "")
            body = decoded(sent, encodings, most_bytes=self.max_body_bytes)
        except LIBRARY_ERRORS:
            if answer.status_code < 400:
                raise
            body = b""
        status = answer.status_code
        outcome = "ok" if 200 <= status < 300 else f"http {status}"
        return Response(
            status=status,
            headers=headers,
            body=body,
            attempts=(self.attempt(outcome),),
        )

    def _body(self, answer: Answer) -> bytes:
        """Read the body as it was sent, in pieces so large that most bodies are one."""
        raw, pieces, left_bytes = answer.raw, list[bytes](), self.max_body_bytes
        while True:
            if (raw.length_remaining or 0) > left_bytes:
                raise UnusableError("too large")
            wanted_bytes = min(raw.length_remaining or _PIECE_BYTES, _PIECE_BYTES)
            piece = raw.read(wanted_bytes, decode_content=False)
            pieces.append(piece)
            left_bytes -= len(piece)
            if left_bytes < 0:
                raise UnusableError("too large")
            if not piece or raw.length_remaining == 0:
                return b"".join(pieces)


def _worker() -> int | None:
    """Return the number at the end of this thread's name, as of ``reinfer-3``."""
    number = re.search(r"[0-9]{1,9}$", threading.current_thread().name)
    return int(number[0]) if number else None


def _ms(start_s: float | None, end_s: float | None) -> float | None:
    return None if start_s is None or end_s is None else (end_s - start_s) * 1000


def _redirected(answer: Answer, method: str, url: str) -> str | None:
    """Return where an answer leads, if anywhere; refuse to carry the token to another place."""
    location = answer.headers.get("location")
    if answer.status_code not in (301, 302, 303, 307, 308) or not location:
        return None
    if method not in ("GET", "HEAD") and answer.status_code not in (307, 308):
        raise UnusableError("redirect", f"a {method}, which that would turn into another request")
    location = quote(location, safe=_IN_URL, encoding="latin-1", errors="replace")
    try:
        target = urldefrag(urljoin(url, location)).url
        here, there = _origin(url), _origin(target)
    except ValueError as error:
        raise _elsewhere("an address that can't be") from error
    if there != here:
        parts = urlsplit(target)
        raise _elsewhere(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:200])
    return target


def _elsewhere(target: str) -> UnusableError:
    return UnusableError("redirect", f"to {target}, and the token wasn't sent there")


def _origin(url: str) -> tuple[str, str, int | None, str | None]:
    """Return what must stay the same: scheme, host, port, and that there is no user name."""
    parts = urlsplit(url)
    own = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or own, parts.username
