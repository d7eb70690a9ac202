"""A source whose comments share times, at a server that keeps whole milliseconds of a range."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESOURCE = "sources/acme/tied/comments"


class TiedServer(ThreadingHTTPServer):
    """Serves comments at some times [microseconds since 1970], oldest first.

    Attributes
    ----------
    late : str
        A user property that all comments have; none where it is empty.
    """

    daemon_threads = True

    def __init__(self, times: Sequence[int]) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.times = sorted(times)
        self.late = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def numbers(self, start: str | None, end: str | None) -> list[int]:
        lo, hi = _micros(start), _micros(end)
        return [
            number
            for number, time in enumerate(self.times)
            if (lo is None or time >= lo) and (hi is None or time <= hi)
        ]

    def comment(self, number: int) -> dict[str, Any]:
        written = (EPOCH + timedelta(microseconds=self.times[number])).isoformat()
        return {
            "id": f"{number:04x}",
            "uid": f"18ba5ce699f8da1f.{number:04x}",
            "timestamp": written,
            "created_at": written,
            "messages": [{"body": {"text": f"comment {number}"}}],
            "user_properties": {self.late: number / 2} if self.late else {},
        }


class Line(BaseHTTPRequestHandler):
    """Answers the two routes that a read needs."""

    server: TiedServer

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        numbers = self.server.numbers(asked.get("from_timestamp"), asked.get("to_timestamp"))
        after, limit = int(asked.get("after", -1)), int(asked.get("limit", 64))
        left = [number for number in numbers if number > after]
        page: dict[str, Any] = {"comments": [self.server.comment(n) for n in left[:limit]]}
        if len(left) > limit:
            page["continuation"] = str(left[limit - 1])
        self._send(page)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        times = asked["comment_filter"].get("timestamp", {})
        found = self.server.numbers(times.get("minimum"), times.get("maximum"))
        self._send({"statistics": {"num_comments": len(found)}})

    def _send(self, answer: dict[str, Any]) -> None:
        body = json.dumps({"status": "ok", **answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _micros(text: str | None) -> int | None:
    """Return a time of a range as this server keeps it: whole milliseconds."""
    if text is None:
        return None
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1) * 1_000


@contextmanager
def tied_server(times: Sequence[int]) -> Iterator[TiedServer]:
    """Serve on loopback."""
    with TiedServer(times) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
