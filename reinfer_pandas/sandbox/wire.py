"""Sending a reply: whole, or as its delivery says."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.replies import reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reinfer_pandas.sandbox.replies import Reply

_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends a reset, RFC 9293, 3.10.4
_SMALL_BYTES = 400  # bodies below this aren't worth compressing
_PIECES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One connection, as deliveries see it.

    Attributes
    ----------
    socket : socket.socket
        The connection.
    wait : callable
        Waits so many seconds, and tells whether the server closed meanwhile.
    seconds : float
        How long a slow delivery takes [s].
    """

    socket: socket.socket
    wait: Callable[[float], bool]
    seconds: float = 0.0

    def pause(self, seconds: float) -> None:
        """Wait; raise where the server closes meanwhile: nothing more is to be sent."""
        if self.wait(seconds):
            raise ConnectionAbortedError("the sandbox is closing")

    def reset(self) -> None:
        """End the connection by a reset, at once: no polite end comes before it."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        os.close(self.socket.detach())


def pack(reply: Reply, *, is_gzip_welcome: bool) -> Reply:
    """Return the reply with its body compressed, where that is welcome and worth it."""
    if reply.delivery == "bad gzip":
        return _broken(_compressed(reply))
    is_worth_it = reply.delivery == "whole" and len(reply.body) >= _SMALL_BYTES
    return _compressed(reply) if is_gzip_welcome and is_worth_it else reply


def _compressed(reply: Reply) -> Reply:
    headers = {**reply.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    body = gzip.compress(reply.body, compresslevel=1, mtime=0)
    return replace(reply, body=body, headers=headers)


def _broken(reply: Reply) -> Reply:
    """Return the reply with the middle of its body overwritten."""
    third = len(reply.body) // 3
    return replace(reply, body=reply.body[:third] + b"\xff" * third + reply.body[2 * third :])


def deliver(line: Line, reply: Reply, *, has_body: bool = True) -> bool:
    """Send a reply; return whether the connection can be used again."""
    head = _head(reply)
    if not has_body:
        line.socket.sendall(head)
        return True
    return _DELIVERIES[reply.delivery](line, head, reply.body)


def _head(reply: Reply) -> bytes:
    """Return the status line and the headers."""
    headers: dict[str, str] = {"Server": "reinfer-sandbox", "Content-Type": reply.content_type}
    headers |= reply.headers
    if reply.timing is not None:
        headers["Server-Timing"] = reply.timing
    headers |= _FRAMING.get(reply.delivery, {"Content-Length": str(len(reply.body))})
    lines = [f"HTTP/1.1 {reply.status} {reason(reply.status)}", *_fields(headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _fields(headers: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Write the headers out; a value of several lines is sent as several fields."""
    for name, value in headers:
        for each in value.split("\n"):
            yield f"{name}: {each}"


_FRAMING: Mapping[str, Mapping[str, str]] = {
    "cut off chunked": {"Transfer-Encoding": "chunked"},
    "cut off silently": {"Connection": "close"},
}


def _whole(line: Line, head: bytes, body: bytes) -> bool:
    line.socket.sendall(head + body)
    return True


def _reset(line: Line, _head: bytes, _body: bytes) -> bool:
    line.reset()
    return False


def _close(_line: Line, _head: bytes, _body: bytes) -> bool:
    return False


def _reset_in_headers(line: Line, head: bytes, _body: bytes) -> bool:
    line.socket.sendall(head[: len(head) // 2])
    line.pause(0.02)  # a reset drops what the other side has not read yet
    line.reset()
    return False


def _reset_in_body(line: Line, head: bytes, body: bytes) -> bool:
    line.socket.sendall(head + body[: len(body) // 2])
    line.pause(0.02)
    line.reset()
    return False


def _cut_off(line: Line, head: bytes, body: bytes) -> bool:
    line.socket.sendall(head + body[: len(body) // 2])
    return False


def _cut_off_chunked(line: Line, head: bytes, body: bytes) -> bool:
    half = body[: len(body) // 2]
    line.socket.sendall(head + f"{len(half):x}\r\n".encode() + half + b"\r\n")
    return False


def _stall(line: Line, head: bytes, body: bytes) -> bool:
    line.pause(line.seconds)
    return _whole(line, head, body)


def _stall_in_body(line: Line, head: bytes, body: bytes) -> bool:
    half = len(body) // 2
    line.socket.sendall(head + body[:half])
    line.pause(line.seconds)
    line.socket.sendall(body[half:])
    return True


def _drip(line: Line, head: bytes, body: bytes) -> bool:
    line.socket.sendall(head)
    size = max(1, -(-len(body) // _PIECES))
    for start in range(0, len(body), size):
        line.pause(line.seconds / _PIECES)
        line.socket.sendall(body[start : start + size])
    return True


_DELIVERIES: Mapping[str, Callable[[Line, bytes, bytes], bool]] = {
    "whole": _whole,
    "reset": _reset,
    "close": _close,
    "reset in headers": _reset_in_headers,
    "reset in body": _reset_in_body,
    "stall": _stall,
    "stall in body": _stall_in_body,
    "drip": _drip,
    "cut off": _cut_off,
    "cut off chunked": _cut_off_chunked,
    "cut off silently": _cut_off,
    "bad gzip": _whole,
}
