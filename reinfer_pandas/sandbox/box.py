"""A sandbox with a client in it, and one to serve at the shell."""

from __future__ import annotations

from contextlib import closing
from threading import Event
from typing import TYPE_CHECKING, TypedDict, Unpack

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from reinfer_pandas._sending.retry import RetryPolicy
    from reinfer_pandas.client import Client
    from reinfer_pandas.sandbox.faults import Fault
    from reinfer_pandas.sandbox.latency import Latency


class ClientOptions(TypedDict, total=False):
    """What else `Client` takes."""

    timeout: tuple[float, float]
    workers: int


class _AllOptions(ClientOptions, total=False):
    retry: RetryPolicy


class Sandbox:
    """A server and a client for it, both running within a ``with``.

    Attributes
    ----------
    server : Server
        For its faults, and for what it saw.
    """

    def __init__(self, server: Server, **client_options: Unpack[_AllOptions]) -> None:
        self.server = server
        self._client_options = client_options
        self._client: Client | None = None

    def __enter__(self) -> Client:
        from reinfer_pandas.client import Client

        self.server.start()
        try:
            self._client = Client(self.server.endpoint, self.server.token, **self._client_options)
        except BaseException:
            self.server.close()
            raise
        return self._client

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._client:
            self._client.close()
        self.server.close()

    def __repr__(self) -> str:
        return f"<Sandbox {self.server!r}>"


def sandbox(
    *,
    comments: int = 5_000,
    seed: int = 0,
    faults: Iterable[Fault] = (),
    latency: Latency | None = None,
    retry: RetryPolicy | None = None,
    **client_options: Unpack[ClientOptions],
) -> Sandbox:
    """Return an embedded Re:infer server with a generated tenant, and a client for it.

    The tenant is half a year of mail, calls and chats of an insurer (project ``acme``) and of a
    shop (``globex``), to the end of March 2026: threads, several languages, labels, entities. It is
    the same on every run for a seed. The server listens on loopback alone.

    Parameters
    ----------
    comments : int
        How many, over all sources: three fifths are ``acme/inbox``.
    seed : int
        What the data depends on.
    faults : iterable of Fault
        What goes wrong from the start; ``sandbox.server.inject`` adds more.
    latency : Latency, optional
        How long a request takes; a few milliseconds where there is none.
    retry : RetryPolicy, optional
        The client's, where its default won't do.
    **client_options
        Passed on to `Client`.

    Returns
    -------
    Sandbox
        A context manager that gives the client; its attribute ``server`` is the server.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     frame = client.read("sources/acme/inbox/comments")
    >>> len(frame)
    30
    """
    server = Server(comments=comments, seed=seed, faults=faults, latency=latency)
    if retry is None:
        return Sandbox(server, **client_options)
    return Sandbox(server, retry=retry, **client_options)


def _print_now(line: str) -> None:
    """Print a line at once, so that whoever reads a pipe gets it."""
    print(line, flush=True)


def serve(
    *,
    comments: int = 5_000,
    seed: int = 0,
    port: int = 0,
    token: str | None = None,
    latency: Latency | None = None,
    say: Callable[[str], object] = _print_now,
    wait: Callable[[], object] | None = None,
) -> None:
    """Serve a sandbox until Ctrl-C.

    Its token is printed, since whoever started it needs it; it opens this sandbox and nothing else.

    Parameters
    ----------
    comments, seed, latency
        As for `sandbox`.
    port : int
        0 for any that is free.
    token : str, optional
        What clients must send; made up where there is none.
    say : callable
        Gets each line.
    wait : callable, optional
        Returns, or raises KeyboardInterrupt, when it is time to end; by default Ctrl-C does.

    Raises
    ------
    ConfigurationError
        The port can't be had, or the number of comments is negative.
    """
    server = Server(comments=comments, seed=seed, port=port, token=token, latency=latency)
    try:
        server.start()
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"port {port} can't be had: {error}; give another, or 0"
        ) from error
    with closing(server):
        say(f"# a Re:infer sandbox with {comments:,} made-up comments; the token opens it alone")
        say(f"export REINFER_ENDPOINT={server.endpoint}")
        say(f"export REINFER_TOKEN={server.token}")
        say("# Ctrl-C ends it")
        try:
            (wait or Event().wait)()
        except KeyboardInterrupt:
            say("# ended")
