"""The connection, and the one reader."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from reinfer_pandas._envelope import checked
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._options import plan_read
from reinfer_pandas._raw import plan_raw, raw_request
from reinfer_pandas._reading import Reading
from reinfer_pandas._retry import RetryPolicy, retrying
from reinfer_pandas._settings import Settings, resolve_settings
from reinfer_pandas._transport import Transport
from reinfer_pandas._workers import StoppedError
from reinfer_pandas.exceptions import ConfigurationError, ReinferError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from reinfer_pandas._wire import Attempt, Request, Response, Send

LOG_LENGTH = 100_000
"""How many requests a client remembers; older ones are forgotten first."""

MAX_WORKERS = 16


class Client:
    """A connection to one tenant.

    It may be used from many threads. Pickled, it leaves its token behind, and takes the one of
    its new process's environment.

    Parameters
    ----------
    endpoint : str, optional
        The tenant, in any form in which users have it: ``https://cloud.uipath.com/org/tenant/reinfer_``,
        ``https://mydomain.reinfer.io``, a page's address in the browser, the API's address. By
        default ``REINFER_ENDPOINT``.
    token : str, optional
        API token. By default ``REINFER_TOKEN``. It is shown nowhere.
    retry : RetryPolicy
        What is tried again, how often and after how long.
    timeout : (float, float)
        For the connection, and for each wait for bytes [s].
    workers : int
        Requests under way at once, 1 to 16.

    Raises
    ------
    ConfigurationError
        No token, no endpoint, or one that can't be.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> df[["owner", "name"]].head(1)
      owner    name
    0  acme  claims
    """

    def __init__(
        self,
        endpoint: str | None = None,
        token: str | None = None,
        *,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
        timeout: tuple[float, float] = (10.0, 60.0),
        workers: int = 4,
    ) -> None:
        if isinstance(workers, bool) or workers not in range(1, MAX_WORKERS + 1):
            raise ConfigurationError(f"workers={workers!r}: give 1 to {MAX_WORKERS}")
        self._settings = resolve_settings(endpoint, token)
        self._retry = retry
        self._timeout = timeout
        self._workers = workers
        self._log: deque[tuple[Attempt, ...]] = deque(maxlen=LOG_LENGTH)
        self._transport = Transport(self._settings, timeout_s=timeout, pool_size=MAX_WORKERS)

    @property
    def settings(self) -> Settings:
        """Endpoint and masked token, and where each came from."""
        return self._settings

    def read(self, resource: str, **options: Any) -> pd.DataFrame:
        """Read a resource into a frame: see `read_reinfer`."""
        plan = (plan_raw if resource.startswith("/") else plan_read)(resource, options)
        return Reading(
            plan, self._pipeline, host=self._settings.host, workers=self._workers
        ).frame()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        accept: str = "application/json",
        idempotent: bool | None = None,
    ) -> Response:
        """Send one request, with retries, and return the answer as it came: the raw door.

        Parameters
        ----------
        method, path : str
            For example ``GET`` and ``/api/v1/datasets``; the path is percent-encoded.
        params : Mapping, optional
            Query; a list gives a key several times.
        json : object, optional
            Body.
        accept : str
            Media type asked for; ``text/csv`` where the route has it.
        idempotent : bool, optional
            Whether it may be sent again after it may have arrived; by default for every method
            but POST and PATCH, and for a POST that is a known read.

        Returns
        -------
        Response
            With ``status``, ``headers``, ``body``, ``json()``, ``server_timing_ms``, ``attempts``.

        Raises
        ------
        APIError, NetworkError, ResponseError
            There was no answer, or an error.

        Examples
        --------
        >>> import reinfer_pandas as rp
        >>> with rp.sandbox(comments=50) as client:
        ...     client.request("GET", "/auth/user").json()["status"]
        'ok'
        """
        request = raw_request(
            path, method=method, params=params, json=json, accept=accept, idempotent=idempotent
        )
        return self._pipeline(threading.Event())(request)

    def _pipeline(self, stop: threading.Event) -> Send:
        """Return what sends for one read: once, checked, again if need be, and noted."""

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                raise StoppedError

        send_once = checked(self._transport.send, redact=self._settings.token.redact)
        return recorded(retrying(send_once, self._retry, sleep=sleep), self._log)

    def requests(self) -> pd.DataFrame:
        """Return the log of this client's HTTP attempts, failed ones included.

        Returns
        -------
        DataFrame, shape (attempts, 15)
            One row for each attempt of the last 100,000 requests; times in UTC, durations in ms.
        """
        return requests_frame(dump_log(list(self._log)))

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        settings = self._settings
        return (
            f"<reinfer_pandas.Client of {settings.endpoint} (token from {settings.token_from}), "
            f"{len(self._log):,} requests>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._settings.endpoint, self._retry, self._timeout, self._workers)


def _restored(
    endpoint: str, retry: RetryPolicy, timeout: tuple[float, float], workers: int
) -> Client:
    """Return an unpickled client, with the token of this process's environment."""
    return Client(endpoint, retry=retry, timeout=timeout, workers=workers)


def recorded(send: Send, log: deque[tuple[Attempt, ...]]) -> Send:
    """Return a `Send` that notes the attempts of each request, failed ones included."""

    def recorded_send(request: Request) -> Response:
        try:
            response = send(request)
        except ReinferError as error:
            log.append(error.log)
            raise
        log.append(response.attempts)
        return response

    return recorded_send


_signed_in: dict[str, Client] = {}
"""The client that `login` set: the one global state of this package."""


def default_client() -> Client:
    """Return the client that `login` set, or one of the environment's settings.

    Raises
    ------
    ConfigurationError
        Neither is there.
    """
    return _signed_in.get("default") or Client()


def set_default_client(client: Client | None) -> None:
    """Make a client the one that `read_reinfer` uses when it is given none."""
    _signed_in.clear()
    if client is not None:
        _signed_in["default"] = client


def read_reinfer(resource: str, *, client: Client | None = None, **options: Any) -> pd.DataFrame:
    """Read a Re:infer resource into a DataFrame.

    Parameters
    ----------
    resource : str
        A resource path, such as ``datasets``, ``sources/acme/inbox/comments`` or
        ``datasets/acme/claims/comments``; or a raw API path that begins with ``/api/`` or
        ``/auth/``.
    client : Client, optional
        The connection; by default the one of `login`, else of ``REINFER_ENDPOINT`` and
        ``REINFER_TOKEN``.
    start, end : timestamp, optional
        The earliest and the latest `timestamp` of a comment, both inclusive; anything that
        `pandas.Timestamp` takes, UTC where no zone is given.
    limit : int, optional
        Rows wanted.
    page_size : int, optional
        Rows asked for at once; by default as many as the platform gives.
    columns : list of str, optional
        The columns wanted, in this order.
    dtype_backend : {"numpy_nullable", "pyarrow"}, optional
        Kind of dtypes, as in `pandas.read_parquet`.
    timing : {"row"}, optional
        Adds the columns ``server_timing_ms`` and ``request`` to each row.
    method, params, json, records, idempotent
        Of a raw path: HTTP method, query, body, the key that holds the records, whether it may be
        sent twice.

    Returns
    -------
    DataFrame, shape (rows, columns)
        ``df.attrs["server_timing_ms"]`` is the platform's own time for it [ms], and
        ``df.reinfer.requests()`` the log of the requests behind it.

    Raises
    ------
    ConfigurationError
        Before any request: no token, no such resource or option, a value it doesn't take.
    APIError
        The platform answered with an error.
    NetworkError
        It gave no usable answer.
    ResponseError
        Its answer isn't what the API's guide says.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=500) as client:
    ...     df = rp.read_reinfer("datasets/acme/claims/comments", client=client, limit=100)
    >>> df.shape[0], df["timestamp"].dtype
    (100, datetime64[us, UTC])
    """
    return (client or default_client()).read(resource, **options)
