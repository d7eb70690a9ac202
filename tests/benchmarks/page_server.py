"""A server of pre-made pages, in a process of its own: it must cost next to nothing.

``python tests/benchmarks/page_server.py TAPE COMMENTS DELAY_MS`` serves the first comments of a
tape by the routes of a source's comments and a dataset's query, with time ranges, limits and
continuations, and says its port. Each page takes at least the delay, and says so in Server-Timing.
The statistics routes count the comments of a range.
``GET /requests`` says how many pages it has served.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from tape import PAGE_SIZE, Tape

TOKEN = "benchmark"


@contextmanager
def serving(tape: Path, n_comments: int, *, delay_ms: int = 0) -> Iterator[str]:
    """Serve in another process; gives the endpoint."""
    command = [sys.executable, __file__, str(tape), str(n_comments), str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def requests_served(endpoint: str) -> int:
    """Return how many pages a server has served."""
    with urlopen(f"{endpoint}/requests") as answer:
        return int(answer.read())


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request for a page asks for."""

    start: datetime | None = None
    end: datetime | None = None
    after: str | None = None
    limit: int = 64


class Pages(ThreadingTCPServer):
    """The listening socket, and the tape."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tape: Tape, delay_s: float) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.tape, self.delay_s = tape, delay_s
        self.n_served = 0
        self._numbers = count(1)

    def answer(self, asked: Asked) -> tuple[bytes, memoryview, bytes]:
        """Return the parts of a page."""
        first, end = self.tape.between(asked.start, asked.end)
        first = int(asked.after, 16) if asked.after else first
        last = min(first + min(asked.limit, PAGE_SIZE), end)
        self.n_served = next(self._numbers)
        return self.tape.page(first, last, more=last < end)

    def count(self, asked: Asked) -> bytes:
        """Return how many comments a range has."""
        first, end = self.tape.between(asked.start, asked.end)
        answer = {"status": "ok", "statistics": {"num_comments": end - first}}
        return json.dumps(answer).encode()


class Line(StreamRequestHandler):
    """One connection, kept for many requests."""

    server: Pages
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer one request after the other."""
        while line := self.rfile.readline():
            start_s = time.perf_counter()
            method, target, _ = line.decode().split()
            body = self._read_body()
            if target == "/requests":
                self._send([str(self.server.n_served).encode()], 0.0)
                continue
            asked = asked_by_query(target) if method == "GET" else asked_by_body(body)
            if target.endswith("/statistics"):
                self._send([self.server.count(asked)], 0.0)
                continue
            parts = self.server.answer(asked)
            time.sleep(max(0.0, start_s + self.server.delay_s - time.perf_counter()))
            self._send(parts, (time.perf_counter() - start_s) * 1000)

    def _read_body(self) -> bytes:
        """Skip the headers but the length, and read so much."""
        n_bytes = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                n_bytes = int(value)
        return self.rfile.read(n_bytes)

    def _send(self, parts: list[bytes] | tuple[bytes, memoryview, bytes], took_ms: float) -> None:
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Server-Timing: total;dur={took_ms:.2f}\r\n"
            f"Content-Length: {sum(map(len, parts))}\r\n\r\n"
        )
        self.wfile.write(head.encode() + parts[0])
        for part in parts[1:]:
            self.wfile.write(part)


def asked_by_query(target: str) -> Asked:
    """Return what the query of a source's comments asks for."""
    query = dict(parse_qsl(urlsplit(target).query))
    return _asked(query.get("from_timestamp"), query.get("to_timestamp"), query, "after")


def asked_by_body(body: bytes) -> Asked:
    """Return what the body of a dataset's query, or of a count, asks for."""
    asked = json.loads(body)
    filters = asked.get("filter") or asked.get("comment_filter") or {}
    times = filters.get("timestamp", {})
    return _asked(times.get("minimum"), times.get("maximum"), asked, "continuation")


def _asked(start: str | None, end: str | None, found: dict, after: str) -> Asked:
    return Asked(
        start=datetime.fromisoformat(start) if start else None,
        end=datetime.fromisoformat(end) if end else None,
        after=found.get(after),
        limit=int(found.get("limit", 64)),
    )


if __name__ == "__main__":
    with Pages(Tape(Path(sys.argv[1]), int(sys.argv[2])), int(sys.argv[3]) / 1000) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
