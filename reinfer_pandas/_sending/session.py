"""The HTTP library's side of the door: its session, bound and pinned, and what its errors mean.

No other module imports requests or urllib3. A library's exception never leaves this package: it
holds the request, whose headers hold the token, and its traceback holds them in local variables.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3 import exceptions as urllib3_errors
from urllib3.connection import HTTPConnection

from reinfer_pandas._sending.body import BOUNDS, BoundedResponse, Bounds, UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3._base_connection import BaseHTTPConnection, BaseHTTPSConnection

    from reinfer_pandas._signing_in.settings import Token

    Connection = TypeVar("Connection", BaseHTTPConnection, BaseHTTPSConnection)

Answer = requests.Response
"""An answer whose body is still to be read, raw; it must be closed."""

LIBRARY_ERRORS = (
    UnusableError,
    requests.RequestException,
    urllib3_errors.HTTPError,
    HTTPException,
    OSError,
    ValueError,
)
"""What sending and reading may raise for want of an answer."""

_OUTCOMES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (
        (
            urllib3_errors.ProxyError,
            urllib3_errors.LocationValueError,
            requests.exceptions.InvalidProxyURL,
            requests.exceptions.InvalidSchema,
        ),
        "proxy",
    ),
    (socket.gaierror, "dns"),
    (ConnectionRefusedError, "refused"),
    (urllib3_errors.NewConnectionError, "unreachable"),
    (urllib3_errors.ConnectTimeoutError, "connect timeout"),
    (TimeoutError, "timeout"),
    (IncompleteRead, "cut off"),
    (RemoteDisconnected, "closed"),
    ((ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError), "reset"),
    (ssl.SSLError, "tls"),
    ((HTTPException, ValueError), "not http"),
)
"""What an error stands for: the first row that anything in its chain belongs to."""


class Session(requests.Session):
    """A pooled session that sends what it is given, to the letter and once.

    It follows no redirect, keeps no cookie, retries nothing, and takes the token from nowhere but
    its argument, so that no ``.netrc`` replaces it.

    Parameters
    ----------
    token : Token
        Sent with every request.
    pool_size : int
        Connections kept open.
    trust_env : bool
        Whether proxies and certificates of the environment count.
    """

    def __init__(self, token: Token, *, pool_size: int, trust_env: bool) -> None:
        super().__init__()
        self.auth = _Bearer(token)
        self.trust_env = trust_env
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _Adapter(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: Answer) -> str | None:  # noqa: ARG002 - never
        """Return no target: where a token may follow is decided elsewhere."""
        return None

    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: tuple[float, float],
        bounds: Bounds,
    ) -> Answer:
        """Send a request and return when the headers of the answer are there."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = method, url  # prepare_url() would rewrite it
        prepared.prepare_headers(headers)
        prepared.prepare_body(body, None)
        prepared.prepare_auth(self.auth)
        options = self.merge_environment_settings(url, {}, True, None, None)
        bundle = options["verify"]
        if isinstance(bundle, str) and not Path(bundle).exists():
            raise ssl.SSLCertVerificationError(f"no certificates at REQUESTS_CA_BUNDLE: {bundle}")
        bound = BOUNDS.set(bounds)
        try:
            return self.send(prepared, timeout=timeout_s, allow_redirects=False, **options)
        finally:
            BOUNDS.reset(bound)


class _Bearer(AuthBase):
    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return r


def outcome_of(error: Exception) -> str:
    """Return what an error of sending or reading stands for, an outcome in `Transport`'s words."""
    if isinstance(error, UnusableError):
        return error.outcome
    causes = list(_chain(error))
    for kind, outcome in _OUTCOMES:
        if any(isinstance(cause, kind) for cause in causes):
            return outcome
    return "network"


def cause_of(error: Exception) -> OSError | None:
    """Return the root of an error, fit to be seen: no request, no frames, nothing received."""
    if isinstance(error, UnusableError):
        return None
    root: BaseException = error
    for root in _chain(error):
        if isinstance(root, OSError) and not isinstance(root, requests.RequestException):
            forget(root)
            return root
    return ConnectionError(f"{type(root).__module__}.{type(root).__name__}")


def forget(error: BaseException, *, context: BaseException | None = None) -> None:
    """Take from an error its frames and what led to it but for what the caller was handling."""
    error.__traceback__ = error.__cause__ = None
    error.__context__ = context
    error.__suppress_context__ = False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk an error and what it wraps; not its context, which may be the caller's own."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (*current.args, getattr(current, "reason", None), current.__cause__)
        waiting += [inner for inner in wrapped if isinstance(inner, BaseException)]


class _Adapter(HTTPAdapter):
    """requests' adapter, whose connections read within bounds, through a proxy too."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if isinstance(manager, ProxyManager):  # SOCKS has pools of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _Pool(HTTPConnectionPool):
    def _new_conn(self) -> BaseHTTPConnection:
        return _bounded(super()._new_conn())


class _SecurePool(HTTPSConnectionPool):
    def _new_conn(self) -> BaseHTTPSConnection:
        return _bounded(super()._new_conn())


_POOLS = {"http": _Pool, "https": _SecurePool}


def _bounded(connection: Connection) -> Connection:
    """Make a connection read within bounds, and print no headers for a debugging user."""
    if isinstance(connection, HTTPConnection):
        connection.response_class = BoundedResponse
        connection.set_debuglevel(0)
    return connection
