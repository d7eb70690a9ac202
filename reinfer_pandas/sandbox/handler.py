"""One request: read it, find its route, spoil the answer where a fault says so, send it."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, error
from reinfer_pandas.sandbox.kinds import UNHEARD, spoil
from reinfer_pandas.sandbox.replies import Reply
from reinfer_pandas.sandbox.routes import ROUTER
from reinfer_pandas.sandbox.wire import Line, deliver, pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

    from reinfer_pandas.sandbox.listener import Listener

_CURSORS = ("after", "continuation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as the server saw it, and how it was answered.

    Attributes
    ----------
    number : int
        Counted from the server's start, from 1.
    method, path, query : str
        As sent; the path below the server's base.
    body : object
        The parsed JSON; None where there was none.
    status : int
        HTTP status of the answer that was made.
    rows : int
        Records in that answer.
    fault : str or None
        The kind of the fault that hit it.
    server_ms : float
        What ``Server-Timing`` said, or would have said [ms].
    """

    number: int
    method: str
    path: str
    query: str
    body: object
    status: int
    rows: int
    fault: str | None
    server_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, read."""

    path: str
    query: str
    body: object
    is_ours: bool

    def cursor(self) -> str | None:
        """Return the continuation that it holds."""
        params = parse_qs(self.query)
        found = [params[name][-1] for name in _CURSORS if name in params]
        if isinstance(self.body, dict):
            found += [self.body[name] for name in _CURSORS if isinstance(self.body.get(name), str)]
        return found[0] if found else None


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def _serve(self) -> None:
        """Answer one request."""
        started, number = time.perf_counter(), self.server.count()
        asked = self._read()
        cursor = asked.cursor()
        fault = self.server.faults.draw(self.command, asked.path, has_cursor=cursor is not None)
        is_heard = fault is None or fault.kind not in UNHEARD
        answer = self._answer(asked) if is_heard else Answer(b"{}")
        reply = Reply(answer.status, answer.body, answer.content_type, sent_cursor=cursor)
        reply = pack(
            spoil(reply, fault) if fault else reply,
            is_gzip_welcome="gzip" in self.headers.get("Accept-Encoding", ""),
        )
        server_ms = self._spend(started, rows=answer.rows, number=number)
        if reply.timing == "":
            reply = replace(reply, timing=f"total;dur={server_ms}")
        self.server.saw(
            Seen(
                number=number,
                method=self.command,
                path=asked.path,
                query=asked.query,
                body=asked.body,
                status=reply.status,
                rows=answer.rows,
                fault=fault.kind if fault else None,
                server_ms=server_ms,
            )
        )
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815 - http.server's

    def _read(self) -> Asked:
        """Read the rest of a request."""
        whole_path, _, query = self.path.partition("?")
        base = self.server.base_path
        return Asked(
            path=whole_path.removeprefix(base),
            query=query,
            body=self._read_body(),
            is_ours=whole_path.startswith(f"{base}/"),
        )

    def _read_body(self) -> object:
        """Return the parsed body; None where there is none."""
        length = self.headers.get("Content-Length", "0")
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                return _parsed(b"".join(_chunks(self.rfile)))
            return _parsed(self.rfile.read(_size(length)))
        except ValueError:
            self.close_connection = True  # where the next request would start is unknown
            return _NO_LENGTH

    def _answer(self, asked: Asked) -> Answer:
        """Return the right answer, were there no faults."""
        try:
            if not asked.is_ours:
                raise RefusedError(404)
            self._check_token()
            method = "GET" if self.command == "HEAD" else self.command
            handle, names = ROUTER.find(method, asked.path)
            if isinstance(asked.body, _Unread):
                raise RefusedError(asked.body.status, asked.body.why)
            call = Call(
                names=names,
                params=parse_qs(asked.query, keep_blank_values=True),
                body={} if asked.body is None else asked.body,
                accept=self.headers.get("Accept", ""),
            )
            return handle(self.server.world, call)
        except RefusedError as refusal:
            return error(refusal.status, refusal.message)

    def _check_token(self) -> None:
        sent = self.headers.get("Authorization", "")
        right = f"Bearer {self.server.token}"
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), right.encode()):
            raise RefusedError(401)

    def _spend(self, started: float, *, rows: int, number: int) -> float:
        """Wait until the model's time for this request is over; return what it took [ms]."""
        wanted_ms = self.server.latency.draw_ms(rows=rows, number=number)
        worked_ms = (time.perf_counter() - started) * 1e3
        if worked_ms < wanted_ms:
            self.server.wait((wanted_ms - worked_ms) / 1e3)
        return round(max(wanted_ms, worked_ms), 4)

    def _send(self, reply: Reply) -> None:
        headers = {"Date": self.date_time_string(), **reply.headers}
        if self.close_connection:
            headers["Connection"] = "close"
        reply = replace(reply, headers=headers)
        line = Line(self.connection, self.server.wait, reply.seconds)
        try:
            is_usable = deliver(line, reply, has_body=self.command != "HEAD")
        except OSError:  # the other side has gone
            is_usable = False
        self.close_connection = self.close_connection or not is_usable

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Stay silent: the server's list of requests is its log."""


@dataclass(frozen=True, slots=True)
class _Unread:
    """Stands for a body that could not be read, and how that is answered."""

    status: int
    why: str = ""


_NOT_JSON = _Unread(400, "Failed to decode JSON object")
_NO_LENGTH = _Unread(400, "400 Bad Request")


def _size(digits: str, *, base: int = 10) -> int:
    """Return a number of bytes; raise ValueError for anything but digits."""
    if not digits.isascii() or not digits.isalnum():
        raise ValueError(digits)
    return int(digits, base)


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """Yield the chunks of a body (RFC 9112, 7.1); raise ValueError where they make no sense."""
    while size := _size(stream.readline().partition(b";")[0].strip().decode("latin-1"), base=16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():  # trailers
        pass


def _parsed(raw: bytes) -> object:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return _NOT_JSON
