"""The listening socket, and the connections that it has open."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from http.server import ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.handler import Handler, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas.sandbox.faults import FaultBook
    from reinfer_pandas.sandbox.latency import Latency
    from reinfer_pandas.sandbox.world import World

HOST = "127.0.0.1"
JOIN_S = 5.0
_Request = socket.socket | tuple[bytes, socket.socket]


class Listener(ThreadingHTTPServer):
    """The listening socket, and what its connections share."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        *,
        base_path: str,
        token: str,
        world: World,
        latency: Latency,
        faults: FaultBook,
    ) -> None:
        self.base_path = base_path
        self.token = token
        self.world = world
        self.latency = latency
        self.faults = faults
        self.closing = Event()
        self.wait: Callable[[float], bool] = self.closing.wait
        self._seen: list[Seen] = []
        self._count = 0
        self._lock = Lock()
        self._lines: dict[_Request, Thread] = {}
        super().__init__((HOST, port), Handler)

    def count(self) -> int:
        """Return the number of one more request."""
        with self._lock:
            self._count += 1
            return self._count

    def saw(self, seen: Seen) -> None:
        """Keep a request."""
        with self._lock:
            self._seen.append(seen)

    def all_seen(self) -> list[Seen]:
        """Return the requests so far, in the order of their numbers."""
        with self._lock:
            return sorted(self._seen, key=lambda seen: seen.number)

    def process_request(self, request: _Request, client_address: object) -> None:
        """Serve a connection in a thread of its own."""
        thread = Thread(
            target=self._serve_line,
            args=(request, client_address),
            name=f"sandbox {client_address}",
            daemon=True,
        )
        with self._lock:
            self._lines[request] = thread
        thread.start()

    def _serve_line(self, request: _Request, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._lines.pop(request, None)

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Let go of a connection that the other side broke; report anything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """End every connection, and wait for its thread."""
        self.closing.set()
        self.server_close()
        with self._lock:
            lines = list(self._lines.items())
        for line, thread in lines:
            with suppress(OSError):  # it may have ended meanwhile
                if isinstance(line, socket.socket):
                    line.shutdown(socket.SHUT_RDWR)
            thread.join(JOIN_S)
