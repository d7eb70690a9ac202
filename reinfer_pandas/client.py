"""The connection to a tenant."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self, overload

from reinfer_pandas._columns.decode import decode_records
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._planning.checks import MAX_WORKERS
from reinfer_pandas._planning.lookups import looked_up
from reinfer_pandas._planning.options import count_request, plan_read
from reinfer_pandas._planning.raw import plan_raw, raw_request
from reinfer_pandas._reading.progress import DELAY_S, Progress, is_watched
from reinfer_pandas._reading.reading import Reading
from reinfer_pandas._sending.pace import Gate
from reinfer_pandas._sending.pipeline import Pipeline
from reinfer_pandas._sending.retry import RetryPolicy
from reinfer_pandas._sending.transport import Transport
from reinfer_pandas._signing_in.settings import Settings, mask, resolve_settings
from reinfer_pandas._streams import advance_request
from reinfer_pandas.exceptions import ConfigurationError, ReinferError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike

    import pandas as pd

    from reinfer_pandas._planning.plan import Plan
    from reinfer_pandas._sending.pace import Pace
    from reinfer_pandas._signing_in.settings import Token
    from reinfer_pandas._wire import Response


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
    max_body_bytes : int
        Bound on one answer's body, as sent and decompressed; a larger one is refused while it
        comes in [bytes].

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
        token: str | Token | None = None,
        *,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
        timeout: tuple[float, float] = (10.0, 60.0),
        workers: int = 4,
        max_body_bytes: int = 256 * 2**20,
    ) -> None:
        masked, token = mask(token), None  # some tracebacks show arguments
        if isinstance(workers, bool) or workers not in range(1, MAX_WORKERS + 1):
            raise ConfigurationError(f"workers={workers!r}: give 1 to {MAX_WORKERS}")
        if (
            isinstance(max_body_bytes, bool)
            or not isinstance(max_body_bytes, int)
            or max_body_bytes < 1
        ):
            raise ConfigurationError(f"max_body_bytes={max_body_bytes!r}: give 1 or more, in bytes")
        self._settings = resolve_settings(endpoint, masked)
        self._retry = retry
        self._timeout = timeout
        self._workers = workers
        self._max_body_bytes = max_body_bytes
        self._transport = Transport(
            self._settings,
            timeout_s=timeout,
            pool_size=MAX_WORKERS,
            max_body_bytes=max_body_bytes,
        )
        gate = Gate(default_s=retry.base_s, most_s=retry.retry_after_cap_s)
        self._pipeline = Pipeline(self._transport, self._settings.token, retry, gate)

    @classmethod
    def _of(cls, settings: Settings) -> Self:
        """Return a client of settings that were found elsewhere, which it keeps as they are."""
        client = cls(settings.endpoint, settings.token)
        client._settings = settings
        return client

    def _at_pace(self, gate: Gate, pace: Pace | None) -> Self:
        """Have these hold the requests back from now on; return the client itself."""
        self._pipeline = replace(self._pipeline, gate=gate, pace=pace)
        return self

    @property
    def settings(self) -> Settings:
        """Endpoint and masked token, and where each came from."""
        return self._settings

    @overload
    def read(self, resource: str, *, chunksize: int, **options: Any) -> Iterator[pd.DataFrame]: ...

    @overload
    def read(self, resource: str, *, chunksize: None = None, **options: Any) -> pd.DataFrame: ...

    def read(self, resource: str, **options: Any) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Read a resource into a frame, or into several: see `read_reinfer`."""
        return self._read(resource, self._looked_up(resource, options))

    def _read(
        self, resource: str, options: Mapping[str, Any]
    ) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Read with options in which names are looked up already."""
        plan = _planned(resource, options)
        progress = self._progress(resource, plan, options)
        pipeline = partial(self._pipeline, progress=progress)
        workers = plan.workers or self._workers
        host = self._settings.host
        reading = Reading(plan, pipeline, host=host, workers=workers, progress=progress)
        return reading.frames() if plan.chunksize else reading.frame()

    def _plan(self, resource: str, options: Mapping[str, Any]) -> Plan:
        """Return how a resource is read; what `read` does first."""
        return _planned(resource, self._looked_up(resource, options))

    def _rows(self, resource: str, **options: Any) -> int | None:
        """Return how many rows a read would give; None where the platform doesn't say."""
        options = self._looked_up(resource, options)
        return self._count(resource, _planned(resource, options), options)

    def _looked_up(self, resource: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options with the names in filters turned into what the API asks for."""
        is_raw = resource.startswith("/")
        return dict(options if is_raw else looked_up(resource, options, self.read))

    def _progress(self, resource: str, plan: Plan, options: Mapping[str, Any]) -> Progress | None:
        """Return what tells of a long read: asked for, or for whoever is watching."""
        wanted = is_watched() if plan.progress is None else plan.progress
        if not wanted or plan.paging is None:
            return None
        delay_s = 0.0 if plan.progress else DELAY_S
        return Progress(resource, self._count(resource, plan, options), delay_s=delay_s)

    def _count(self, resource: str, plan: Plan, options: Mapping[str, Any]) -> int | None:
        """Return how many rows there will be; None where that can't be known."""
        request = count_request(resource, options)
        if request is None:
            return plan.limit
        try:
            once = self._pipeline(threading.Event(), retry=RetryPolicy(attempts=1))
            response = once(request)
            count = int(decode_records(response.records, dict)[0]["num_comments"])
        except (ReinferError, KeyError, TypeError, ValueError):
            return plan.limit
        return count if plan.limit is None else min(count, plan.limit)

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

    def advance(self, resource: str, sequence_id: str) -> None:
        """Move a stream's cursor behind what has been dealt with: the only call that writes.

        Reading a stream's ``fetch`` or ``results`` leaves its cursor where it is: read again, it
        gives the same. So deal with a batch first (store it, say), then move on. If that fails in
        between, the batch comes again: at least once, never not at all; tell doubles by ``uid``.
        The cursor is the stream's, and whoever else reads it shares it.

        Parameters
        ----------
        resource : str
            The stream, such as ``datasets/acme/claims/streams/late-payouts``; or its ``/fetch``
            or ``/results``.
        sequence_id : str
            Of a whole batch, ``df.attrs["reinfer"]["sequence_id"]``, which counts what the
            stream's filter left out as dealt with; or of one row, its ``sequence_id``, which
            counts the rows up to it.

        Raises
        ------
        ConfigurationError
            That isn't a stream, or no sequence id.
        APIError
            The platform answered with an error.

        Examples
        --------
        A batch may be empty because the stream's filter left out all of it. That isn't the end,
        and needs an `advance` too; the end is where nothing was left out either.

        >>> import reinfer_pandas as rp
        >>> stream = "datasets/acme/claims/streams/late-payouts"
        >>> uids = set()
        >>> with rp.sandbox(comments=200) as client:
        ...     while True:
        ...         df = client.read(f"{stream}/fetch", page_size=16)
        ...         uids |= set(df["uid"])  # deal with the rows here
        ...         facts = df.attrs["reinfer"]
        ...         if df.empty and not facts["filtered"]:
        ...             break
        ...         client.advance(stream, facts["sequence_id"])
        >>> len(uids) > 0
        True
        """
        self._pipeline(threading.Event())(advance_request(resource, sequence_id))

    def download_attachments(
        self, attachments: pd.DataFrame | str | Sequence[str], folder: str | PathLike[str]
    ) -> pd.DataFrame:
        """Save attachments in a folder, each whole or not at all.

        Parameters
        ----------
        attachments : DataFrame, str or list of str
            A frame of comments; one of ``df.reinfer.attachments()``; or references.
        folder : path
            Made if it isn't there. A file lies in a folder named after its comment's uid, and
            begins with its place in the comment, since names repeat. What a file system may
            refuse in a name is replaced.

        Returns
        -------
        DataFrame, shape (attachments, 8)
            One row for each, with the path and size of its file; missing where the platform has
            no content of it.

        Raises
        ------
        ReinferError
            With the frame of what had been saved as `partial`.

        Examples
        --------
        >>> import tempfile
        >>> import reinfer_pandas as rp
        >>> with rp.sandbox(comments=50) as client, tempfile.TemporaryDirectory() as folder:
        ...     df = client.read("sources/acme/inbox/comments")
        ...     saved = client.download_attachments(df, folder)
        >>> bool((saved["saved_bytes"].dropna() > 0).all())
        True
        """
        from reinfer_pandas._attachments import download

        host = self._settings.host
        return download(
            attachments, folder, pipeline=self._pipeline, host=host, workers=self._workers
        )

    def requests(self) -> pd.DataFrame:
        """Return the log of this client's HTTP attempts, failed ones included.

        Returns
        -------
        DataFrame, shape (attempts, 19)
            One row for each attempt of the last 100,000 requests; times in UTC, durations in ms.
        """
        return requests_frame(dump_log(list(self._pipeline.log)))

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
            f"{len(self._pipeline.log):,} requests>"
        )

    def _repr_html_(self) -> str:
        from reinfer_pandas._display import show_client

        return show_client(self)

    def __reduce__(self) -> tuple[Any, ...]:
        options = {
            "retry": self._retry,
            "timeout": self._timeout,
            "workers": self._workers,
            "max_body_bytes": self._max_body_bytes,
        }
        return _restored, (self._settings.endpoint, options)


def _restored(endpoint: str, options: Mapping[str, Any]) -> Client:
    """Return an unpickled client, with the token of this process's environment."""
    return Client(endpoint, **options)


def _planned(resource: str, options: Mapping[str, Any]) -> Plan:
    return (plan_raw if resource.startswith("/") else plan_read)(resource, options)
