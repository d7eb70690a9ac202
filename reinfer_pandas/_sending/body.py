"""The body of a response: read within bounds, and its content encoding undone.

A server may send a byte a minute for ever, or more than the memory holds. A socket's timeout, which
starts again at each byte, stops neither; so every read from the socket asks `Bounds` first.

Source: RFC 9110, 8.4 (content encodings) and 15.2 (interim responses); RFC 1952, 2.2 (members).
"""

from __future__ import annotations

import contextlib
import io
import math
import selectors
import socket
import ssl
import sys
import time
import zlib
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    from reinfer_pandas._sending.silence import Silence

_BUFFER_BYTES = 2**16
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_BARE_DEFLATE = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 1_000
"""How many gzip members one body may have; each costs a copy of what follows it."""


class UnusableError(Exception):
    """A response that came, but can't be used; `outcome` tells why in a word or two."""

    def __init__(self, outcome: str, detail: str = "") -> None:
        super().__init__(outcome, detail)
        self.outcome = outcome
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long one request may take in all, and how much may come.

    Attributes
    ----------
    ends_at_s : float or None
        When the time is over, by `clock` [s]; None for no bound.
    most_bytes : int
        Of everything that comes, headers and framing included [bytes].
    clock : callable
        The clock [s].
    is_over : callable, optional
        Tells that the answer isn't wanted any more.
    silence : Silence, optional
        How long nothing may come, over this request and others.
    """

    ends_at_s: float | None = None
    most_bytes: int = sys.maxsize
    clock: Callable[[], float] = time.perf_counter
    is_over: Callable[[], bool] | None = None
    silence: Silence | None = None

    def allowed_s(self, wanted_s: float) -> float:
        """Return how long one step may take that would like to take so long [s].

        Raises
        ------
        TimeoutError
            The time is over.
        """
        left_s = math.inf if self.ends_at_s is None else self.ends_at_s - self.clock()
        if self.silence is not None:
            left_s = min(left_s, self.silence.left_s)
        if left_s <= 0:
            raise TimeoutError("the time for the request is over")
        return min(wanted_s, left_s)


_SLICE_S = 0.1
"""How soon a read that waits notices that it isn't wanted any more [s]."""

BOUNDS: ContextVar[Bounds] = ContextVar("reinfer_pandas_bounds")
"""The bounds of the request being sent: http.client has no way to hand them down."""

_UNBOUNDED = Bounds()


class BoundedResponse(HTTPResponse):
    """http.client's response, read within `BOUNDS`, headers included.

    Unlike its parent, it tells headers that break off from headers that end, and it skips every
    interim response, where the parent takes all but 100 for the answer.
    """

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._reader = _BoundedReader(self.fp.detach(), sock, BOUNDS.get(_UNBOUNDED))
        self.fp = _Stream(self._reader, _BUFFER_BYTES)

    def begin(self) -> None:
        """Read the status line and the headers of the answer."""
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment] # how the parent says "not begun"
            super().begin()
        if self._reader.has_ended:
            raise IncompleteRead(b"")


class _Stream(io.BufferedReader):
    """What is read of a connection for one answer."""

    raw: _BoundedReader

    def close(self) -> None:
        """End the connection too if more came than the answer: the next would begin with it."""
        if not self.closed:
            self.raw.is_over = True
            if self.peek(1):
                self.raw.shut_down()
        super().close()


class _BoundedReader(io.RawIOBase):
    """A socket's stream that asks its bounds before each read."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, bounds: Bounds) -> None:
        super().__init__()
        self.has_ended = False
        self.is_over = False
        self._stream = stream
        self._sock = sock
        self._bounds = bounds
        self._came_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read what there is, and wait for it no longer than there is time."""
        if self.is_over:
            return 0
        wait_s = self._sock.gettimeout()
        if wait_s is not None:
            wait_s = self._bounds.allowed_s(wait_s)
            self._sock.settimeout(wait_s)
        if self._bounds.is_over:
            self._wait(wait_s or 0.0, self._bounds.is_over)
        count = self._stream.readinto(buffer)
        self.has_ended = count == 0
        self._came_bytes += count or 0
        if count and self._bounds.silence is not None:
            self._bounds.silence.end()
        if self._came_bytes > self._bounds.most_bytes:
            raise UnusableError("too large")
        return count

    def _wait(self, wait_s: float, is_over: Callable[[], bool]) -> None:
        """Wait for bytes, and ask now and then whether they are still wanted."""
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            while wait_s > 0 and not selector.select(min(wait_s, _SLICE_S)):
                if is_over():
                    raise UnusableError("stopped")
                wait_s -= _SLICE_S

    def shut_down(self) -> None:
        """Make the connection one that isn't used again."""
        with contextlib.suppress(OSError):  # it may be broken already
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stream.close()
        super().close()


def decoded(body: bytes, encodings: str, *, most_bytes: int) -> bytes:
    """Undo a body's content encodings, in memory and in one piece.

    A body said to be gzip that doesn't begin as gzip does is taken as it is: some proxies, and
    recorders of tests, decompress it and leave the header.

    Parameters
    ----------
    body : bytes
        As it was sent.
    encodings : str
        The header ``Content-Encoding``: none, or several in the order in which they were applied.
    most_bytes : int
        Bound on the result [bytes]: a megabyte of gzip can hold a gigabyte.

    Raises
    ------
    UnusableError
        ``bad gzip``, ``too large``, or ``encoding`` for one that nobody asked for.
    """
    for encoding in reversed(encodings.lower().split(",")):
        match encoding.strip():
            case "gzip" | "x-gzip" if body.startswith(_GZIP_MAGIC):
                body = _gunzipped(body, most_bytes)
            case "deflate" if body:
                body = _inflated(body, most_bytes)
            case "" | "identity" | "gzip" | "x-gzip" | "deflate":
                pass
            case other:
                raise UnusableError("encoding", other[:40])
    return body


def _gunzipped(body: bytes, most_bytes: int) -> bytes:
    """Decompress gzip of one or more members; what follows that is no member is padding."""
    members: list[bytes] = []
    left_bytes = most_bytes
    while body.startswith(_GZIP_MAGIC):
        if len(members) == _MOST_MEMBERS:
            raise UnusableError("bad gzip")
        member, body = _decompressed(body, _GZIP, left_bytes)
        left_bytes -= len(member)
        members.append(member)
    return members[0] if len(members) == 1 else b"".join(members)


def _inflated(body: bytes, most_bytes: int) -> bytes:
    """Decompress deflate, which many send without the zlib header that it should have."""
    is_zlib = body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _decompressed(body, _ZLIB if is_zlib else _BARE_DEFLATE, most_bytes)[0]


def _decompressed(body: bytes, form: int, most_bytes: int) -> tuple[bytes, bytes]:
    """Decompress one whole stream; return it, and what follows it."""
    stream = zlib.decompressobj(form)
    try:
        result = stream.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise UnusableError("bad gzip") from error
    if len(result) > most_bytes:
        raise UnusableError("too large")
    if not stream.eof:
        raise UnusableError("bad gzip")
    return result, stream.unused_data
