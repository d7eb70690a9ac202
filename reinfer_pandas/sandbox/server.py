"""The server: a tenant on loopback, over real HTTP."""

from __future__ import annotations

import secrets
from threading import Thread
from typing import TYPE_CHECKING, Self

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox.data import Tenant
from reinfer_pandas.sandbox.faults import Fault, FaultBook
from reinfer_pandas.sandbox.latency import Latency
from reinfer_pandas.sandbox.listener import HOST, JOIN_S, Listener
from reinfer_pandas.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from reinfer_pandas.sandbox.handler import Seen

BASE_PATH = "/acme/production/reinfer_"
_POLL_S = 0.02  # how soon the listening thread notices that it is to end


class Server:
    """An embedded Re:infer server with a generated tenant.

    It listens on loopback only, speaks real HTTP/1.1, checks the token, sleeps the latency that it
    reports, and fails on demand. The same seed gives the same data and, request by request, the
    same latency and faults.

    Parameters
    ----------
    comments : int
        How many, over all sources: three fifths are ``acme/inbox``.
    seed : int
        What the data, the jitter and the drawn faults depend on.
    token : str, optional
        What clients must send; made up where there is none.
    latency : Latency, optional
        How long a request takes: about 3 ms and 10 us per record where there is none. What
        ``Server-Timing`` says is the model's time, or the work's where that took longer.
    faults : iterable of Fault
        What goes wrong from the start.
    port : int
        0 for any that is free.
    base_path : str
        What stands before ``/api`` and ``/auth``.
    label_timeseries : str
        ``objects`` or ``lists``: the shapes in which platforms give label time series.

    Examples
    --------
    >>> from reinfer_pandas.sandbox import Fault, Server
    >>> with Server(comments=50) as server:
    ...     server.inject(Fault("status", status=503, times=2))
    ...     server.endpoint.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *,
        comments: int = 5_000,
        seed: int = 0,
        token: str | None = None,
        latency: Latency | None = None,
        faults: Iterable[Fault] = (),
        port: int = 0,
        base_path: str = BASE_PATH,
        label_timeseries: str = "objects",
    ) -> None:
        if label_timeseries not in {"objects", "lists"}:
            raise ConfigurationError(
                f"label_timeseries must be objects or lists, not {label_timeseries!r}"
            )
        self.tenant = Tenant(comments=comments, seed=seed)
        self._token = secrets.token_urlsafe(24) if token is None else token
        self._latency = Latency(3.0, per_row_ms=0.01, seed=seed) if latency is None else latency
        self._book = FaultBook(faults, seed=seed)
        self._port = port
        self._base_path = f"/{base_path.strip('/')}" if base_path.strip("/") else ""
        self._world = World(self.tenant, label_timeseries)
        self._listener: Listener | None = None
        self._thread: Thread | None = None
        self._past: list[Seen] = []

    def start(self) -> Self:
        """Listen; return the server itself.

        Raises
        ------
        RuntimeError
            It is running already.
        OSError
            The port is taken.
        """
        if self._listener:
            raise RuntimeError("the sandbox is running already")
        self._listener = Listener(
            self._port,
            base_path=self._base_path,
            token=self._token,
            world=self._world,
            latency=self._latency,
            faults=self._book,
        )
        self._thread = Thread(
            target=self._listener.serve_forever, args=(_POLL_S,), name="sandbox", daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """End: no socket and no thread stays. Closing twice does nothing."""
        listener, thread = self._listener, self._thread
        if not listener or not thread:
            return
        self._listener = self._thread = None
        listener.shutdown()
        thread.join(JOIN_S)
        listener.close()
        self._past += listener.all_seen()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """The tenant's base URL."""
        if not self._listener:
            raise RuntimeError("the sandbox is not running")
        return f"http://{HOST}:{self._listener.server_port}{self._base_path}"

    @property
    def token(self) -> str:
        """What clients must send as ``Authorization: Bearer``."""
        return self._token

    @property
    def requests(self) -> list[Seen]:
        """What the server saw, in the order of arrival."""
        return self._past + (self._listener.all_seen() if self._listener else [])

    def prepare(self) -> Self:
        """Write every comment now, so that no request waits for one; return the server itself.

        A comment is otherwise written when it is first asked for, which takes about 0.3 ms.
        """
        for source in self.tenant.sources.values():
            for rank in range(len(source)):
                source.encode(rank)
        for dataset in self.tenant.datasets.values():
            for annotator, rank in dataset:
                annotator.encode(rank)
        return self

    def inject(self, *faults: Fault) -> None:
        """Have these faults from now on, after those there are."""
        for fault in faults:
            self._book.add(fault)

    def clear_faults(self) -> None:
        """Have no more faults."""
        self._book.clear()

    def __repr__(self) -> str:
        where = self.endpoint if self._listener else "not running"
        return f"<Server {where}>"
