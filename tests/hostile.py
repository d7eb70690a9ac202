"""A server over raw sockets that plays what it is told to, and remembers what it was sent.

Each connection plays one script, in their order: bytes are sent, `HEAR` waits for a whole request,
`pause` waits, `RESET` breaks the connection, and the end of a script closes it. A script that
doesn't begin with `HEAR` gets one, so ``[answer()]`` is a whole conversation.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HEAR = object()
SILENT = object()
"""First of a script: don't wait for a request."""
RESET = object()


@dataclass(frozen=True)
class pause:  # noqa: N801 - reads as a verb
    """Wait [s]."""

    seconds: float


def drip(data: bytes, *, every_s: float) -> list:
    """Return the steps that send a byte at a time."""
    return [step for value in data for step in (bytes([value]), pause(every_s))]


def answer(
    body: bytes | dict = b'{"status":"ok"}',
    *headers: str,
    status: str = "200 OK",
    zipped: bool = False,
) -> bytes:
    """Return a whole answer."""
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    if zipped:
        body, headers = gzip.compress(body), ("Content-Encoding: gzip", *headers)
    return head(f"Content-Length: {len(body)}", *headers, status=status) + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Return a status line and headers."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class HostileServer:
    """Plays one script per connection; the last one again for every further connection.

    Attributes
    ----------
    heard : list of bytes
        Each whole request, in the order in which they came.
    connections : int
        How many there were.
    """

    def __init__(self, *scripts: list, tls: bool = False) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self._scripts = scripts
        self._tls = _tls_context() if tls else None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):  # not every system shuts down what only listens
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._start(self._play, connection, script)

    def _play(self, connection: socket.socket, script: list) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_sockets:
            open_sockets.enter_context(connection)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                open_sockets.enter_context(connection)
            steps = script[1:] if script[:1] == [SILENT] else [HEAR, *script]
            for step in steps[1:] if script[:1] == [HEAR] else steps:
                if self._over.is_set() or not self._do(connection, step):
                    return

    def _do(self, connection: socket.socket, step: object) -> bool:
        """Do one step; tell whether to go on."""
        if step is RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if step is HEAR:
            return self._hear(connection)
        if isinstance(step, pause):
            self._over.wait(step.seconds)
        else:
            connection.sendall(step)
        return True

    def _hear(self, connection: socket.socket) -> bool:
        """Wait for one whole request; tell whether there was one."""
        data = b""
        while b"\r\n\r\n" not in data or len(data) < _length(data):
            connection.settimeout(0.05)
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                if self._over.is_set():
                    return False
                continue
            if not piece:
                return False
            data += piece
        connection.settimeout(5)
        with self._lock:
            self.heard.append(data)
        return True


def _length(data: bytes) -> int:
    """Return how long a request is whose headers are there."""
    headers, _, _ = data.partition(b"\r\n\r\n")
    for line in headers.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(headers) + 4 + int(line.partition(b":")[2])
    return len(headers) + 4


def free_port() -> int:
    """Return a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBZDCCAQmgAwIBAgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdob3N0aWxl
MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdo
b3N0aWxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEboTmkea3qJ2BLU+GPv9Q
NOMaXjuS3AMN1DdQLWGOhE26cw9c+OD2icIz2OqTg5/3sMDN20AKH7fzQJMYdO7w
lqNOMEwwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhv
c3QwHQYDVR0OBBYEFKs+Rr35JEP430uuDhoHsA8akaejMAoGCCqGSM49BAMCA0kA
MEYCIQCX1GWOwCK7B9+5gw9xJW5yL6huiAPW5uwDmbC3ujKRpAIhAKWgrqgpZr5Q
XWZQUAjef1eaeHFjPm3Vrc47eGLHa2AE
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmd4y1js2dZtMXvvx
s262WOuxm8ZspSluX3/x1PSQ8o+hRANCAARuhOaR5reonYEtT4Y+/1A04xpeO5Lc
Aw3UN1AtYY6ETbpzD1z44PaJwjPY6pODn/ewwM3bQAoft/NAkxh07vCW
-----END PRIVATE KEY-----
"""
"""Of 127.0.0.1 and localhost, signed by itself; its key is public, so it is good for nothing."""


def certificate(directory: Path) -> Path:
    """Write the certificate of `HostileServer(tls=True)` where it can be trusted from."""
    path = directory / "hostile.pem"
    path.write_text(_CERTIFICATE)
    return path


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        context.load_cert_chain(certificate(Path(directory)))
    return context
