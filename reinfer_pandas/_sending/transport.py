"""The door to the network: one pooled session that sends a request once and measures it.

What can become of a request, in the words of an attempt's `outcome` and an error's `reason`:

===================  ==============================================================================
``ok``               an answer, 2xx
``http 503``, …      an answer with any other status; its body may be lost, its status counts
``dns``              the host's name isn't known
``refused``          nothing listens at the host's port
``unreachable``      no route to the host
``connect timeout``  no connection in time
``proxy``            the proxy made no connection to the host
``certificate``      the host's certificate isn't trusted
``tls``              the encrypted connection failed otherwise
``timeout``          headers or body not complete in time
``closed``           the connection was closed before any answer
``reset``            the connection was broken, before or in the answer
``cut off``          headers or body shorter than they must be
``bad gzip``         the body can't be decompressed
``not http``         an answer that isn't HTTP
``network``          any other failure of the connection
``too large``        a body beyond the bound, compressed or not (`ResponseError`, as the next two)
``encoding``         a content encoding that wasn't asked for
``redirect``         a redirect elsewhere, or without end
``stopped``          the read it was for ended before the answer came (`NetworkError`)
===================  ==============================================================================

A body without ``Content-Length`` that ends with the connection is whole, as far as HTTP can tell.

The time of a request is bounded in all, by its `timeout_s`. What isn't: the lookup of the host's
name, and the steps of connecting (each address of the name, the encryption, sending), of which each
gets what was left, at most the time to connect, when they began. Through a SOCKS proxy, reading is
bounded from one piece to the next only.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from reinfer_pandas._sending.body import Bounds, UnusableError
from reinfer_pandas._sending.exchange import Exchange
from reinfer_pandas._sending.failures import failure
from reinfer_pandas._sending.session import LIBRARY_ERRORS, Session, cause_of, forget, outcome_of
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas._sending.silence import Silence
    from reinfer_pandas._signing_in.settings import Settings
    from reinfer_pandas._wire import Request, Response

_SLACK_BYTES = 2**20
"""What headers, and the framing of chunks, may add to a body [bytes]."""

_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")


class Transport:
    """Sends a request once, and returns any answer, whatever its status.

    It may be used from many threads. A forked process gets connections of its own.

    Parameters
    ----------
    settings : Settings
        Endpoint and token.
    timeout_s : (float, float)
        For the connection, and for each wait for bytes [s].
    pool_size : int
        Connections kept open: as many as there are threads.
    max_body_bytes : int
        Bound on a body, as sent and decompressed [bytes].
    clock : callable
        Measures durations [s].
    now : callable
        The time, UTC.

    Raises
    ------
    ConfigurationError
        A token that no header can hold, or a timeout that isn't above 0.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        timeout_s: tuple[float, float] = (10.0, 60.0),
        pool_size: int = 16,
        max_body_bytes: int = 256 * 2**20,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        settings.token.check()
        if not all(0 < seconds < threading.TIMEOUT_MAX for seconds in timeout_s):
            raise ConfigurationError(
                f"timeout={timeout_s!r}: give the seconds to connect and to wait for bytes, "
                "both above 0, such as (10, 60)."
            )
        self._settings = settings
        self._timeout_s = timeout_s
        self._pool_size = pool_size
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._now = now
        self._sessions: dict[int, Session] = {}

    def __repr__(self) -> str:
        return f"Transport({self._settings.endpoint!r})"

    def send(
        self,
        request: Request,
        *,
        is_over: Callable[[], bool] | None = None,
        silence: Silence | None = None,
    ) -> Response:
        """Send a request once and read the answer to its end.

        Redirects are followed within the same scheme, host and port, as part of the one attempt.

        Parameters
        ----------
        request : Request
            Its `timeout_s` bounds the time in all.
        is_over : callable, optional
            Tells that the answer isn't wanted any more; asked while waiting for it.
        silence : Silence, optional
            Bounds how long nothing comes, and is told when something does.

        Returns
        -------
        Response
            Of any status, with its one attempt.

        Raises
        ------
        ConfigurationError
            A path, a query or a body that can't be sent.
        NetworkError
            No usable answer.
        ResponseError
            An answer that is too large, or that leads elsewhere.
        """
        url, body = _url(self._settings.endpoint, request), _json(request.json)
        exchange = self._exchange(request, is_over, silence)
        handled = sys.exception()
        try:
            return exchange.run(url, body)
        except LIBRARY_ERRORS as error:
            outcome, cause = outcome_of(error), cause_of(error)
            detail = error.detail if isinstance(error, UnusableError) else ""
        except BaseException as error:  # Ctrl-C, mostly: the frames below hold the token
            forget(error, context=handled)
            raise error
        host = urlsplit(self._settings.endpoint).netloc
        raise failure(exchange.attempt(outcome), host=host, detail=detail) from cause

    def close(self) -> None:
        """Close the connections; a later `send` opens new ones."""
        for session in list(self._sessions.values()):
            session.close()

    def _exchange(
        self, request: Request, is_over: Callable[[], bool] | None, silence: Silence | None
    ) -> Exchange:
        """Start the clock of a request."""
        start_s = self._clock()
        ends_at_s = None if request.timeout_s is None else start_s + request.timeout_s
        most_bytes = 2 * self._max_body_bytes + _SLACK_BYTES
        return Exchange(
            request=request,
            session=self._session(),
            timeout_s=self._timeout_s,
            bounds=Bounds(
                ends_at_s=ends_at_s,
                most_bytes=most_bytes,
                clock=self._clock,
                is_over=is_over,
                silence=silence,
            ),
            max_body_bytes=self._max_body_bytes,
            clock=self._clock,
            started_at=self._now(),
            start_s=start_s,
        )

    def _session(self) -> Session:
        """Return this process's session: a parent's sockets can't be shared with its children."""
        process = os.getpid()
        session = self._sessions.get(process)
        if session is None:
            # The environment's proxies are for the world outside: loopback needs none, and the
            # token would pass through them in clear.
            trusting = self._settings.endpoint.startswith("https:")
            fresh = Session(self._settings.token, pool_size=self._pool_size, trust_env=trusting)
            session = self._sessions.setdefault(process, fresh)
        return session


def _url(endpoint: str, request: Request) -> str:
    """Append path and query to the base; joining, as RFC 3986 has it, would drop the base's path.

    A path without its slash would move the host: ``https://mydomain.reinfer.io@elsewhere``.
    """
    if not _PATH.fullmatch(request.path):
        raise ConfigurationError(
            f"{request.path!r}: a path begins with / and is percent-encoded, and a query is given "
            "as params."
        )
    try:
        query = urlencode(request.params, quote_via=quote, safe="")
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"a query parameter holds half a character: {error}") from error
    return f"{endpoint}{request.path}{query and '?'}{query}"


def _json(value: Any) -> bytes | None:
    """Write a body; None is none."""
    if value is None:
        return None
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"the body can't be written as JSON: {error}") from error
