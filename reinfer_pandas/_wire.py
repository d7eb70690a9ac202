"""The values that travel between the stages: a request, an attempt at it, its response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from datetime import datetime


Shape = Callable[[Sequence[Any], Mapping[str, Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a route wraps its records.

    Attributes
    ----------
    records : str
        Key that holds the records, a list or one object; empty where the whole answer is one.
    cursor : str
        Key that holds the continuation; empty where there is one page only.
    record : type
        What a record is decoded to, where it isn't told by the columns that are made of it.
    beside : tuple of str
        Further keys of the answer that its records need: what ids stand for, the model used.
    shape : callable, optional
        Makes rows of a page's records and of what stands beside them; None where a record is a row.
    asked : tuple
        What the request asked for, one by one, where its answer is held against that.
    """

    records: str = ""
    cursor: str = ""
    record: Any = dict[str, Any]
    beside: tuple[str, ...] = ()
    shape: Shape | None = None
    asked: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Paging:
    """How a route's next page is asked for.

    Attributes
    ----------
    param : str
        Query parameter that takes the continuation; empty where the body takes it, under the key
        ``continuation``.
    drops : tuple of str
        Query parameters for the first page only.
    ends_when_empty : bool
        Whether a page without records is the last one, whatever its continuation.
    older_than : str
        Key of the body that takes the smallest version seen, where that is the continuation.
    """

    param: str = ""
    drops: tuple[str, ...] = ()
    ends_when_empty: bool = False
    older_than: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer, as its parser keeps them.

    Attributes
    ----------
    n_rows : int
        How many.
    cursor : str or None
        The continuation; None on the last page.
    beside : Mapping of str to object
        The further keys that the envelope names, and what the request asked for, as ``asked``.
    records : sequence
        The rows: an Arrow array, or JSON records not decoded yet.
    times : tuple of int
        When the first and the last row were written [microseconds since 1970]; empty where that
        isn't known.
    """

    n_rows: int
    cursor: str | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    records: Sequence[Any] = ()
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, complete but for the host and the token.

    Attributes
    ----------
    method : str
        HTTP method, upper case.
    path : str
        Path below the tenant's base URL, percent-encoded, with a leading ``/``.
    params : tuple of (str, str)
        Query parameters, in order; a key may repeat.
    json : object, optional
        Body, sent as JSON.
    accept : str
        Media type asked for.
    idempotent : bool
        Whether sending it twice has the effect of sending it once (RFC 9110, 9.2.2).
        Only such a request is retried after it may have reached the platform.
    resource : str, optional
        The resource path that the user asked for.
    permission : str, optional
        The permissions that the route needs, as the platform's guide names them.
    envelope : Envelope, optional
        How to read the answer; None where the body is wanted as it is.
    timeout_s : float, optional
        What is left of the time for this request [s]; None for no bound.
    options : str
        The options that were given for it, as the user writes them, for errors.
    then : Request, optional
        The request to go on with when this one has no further page.
    parse : callable, optional
        Makes a page of the answer's body; None for records not decoded yet.
    after : datetime, optional
        Start of the attempt whose answer let this request begin: the page before, or the one at
        which its part was cut off.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    accept: str = "application/json"
    idempotent: bool = True
    resource: str | None = None
    permission: str | None = None
    envelope: Envelope | None = None
    timeout_s: float | None = None
    options: str = ""
    then: Request | None = None
    parse: Callable[[bytes], Page] | None = field(default=None, repr=False, compare=False)
    after: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was measured of one try at a request, failed or not.

    Attributes
    ----------
    started_at : datetime
        Start, UTC.
    method, path : str
        Of the request; the path without its query.
    resource : str or None
        The resource path that the user asked for.
    number : int
        1 for the first try at the request, 2 for its first retry, …
    status : int or None
        HTTP status; None where no status line arrived.
    outcome : str
        ``ok``, ``http 503``, ``timeout``, ``reset``, ``cut off``, ``not json``, …
    server_ms : float or None
        The platform's own time, the ``total`` metric of ``Server-Timing`` [ms].
    headers_ms : float or None
        From the start to the end of the headers [ms].
    body_ms : float or None
        From the end of the headers to the end of the body [ms].
    elapsed_ms : float
        From the start to the end or the failure [ms].
    waited_ms : float
        Slept before this try [ms].
    body_bytes : int or None
        Length of the body as sent, before decompression [bytes].
    rows : int or None
        Records in the body.
    worker : int or None
        Number at the end of the name of the thread that sent it; None where that has none.
    after : datetime or None
        Start of the attempt whose answer let this request begin; None where that isn't known.
    due_at : datetime or None
        When it should have started, where requests were sent at a fixed rate.
    retry_after_s : float or None
        How long the server asked to wait before the next try [s].
    """

    started_at: datetime
    method: str
    path: str
    resource: str | None = None
    number: int = 1
    status: int | None = None
    outcome: str = "ok"
    server_ms: float | None = None
    headers_ms: float | None = None
    body_ms: float | None = None
    elapsed_ms: float = 0.0
    waited_ms: float = 0.0
    body_bytes: int | None = None
    rows: int | None = None
    worker: int | None = None
    after: datetime | None = None
    due_at: datetime | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back, whatever its status.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : Mapping of str to str
        Header fields, names in lower case; repeated fields joined by ``, ``.
    body : bytes
        The body, decompressed.
    attempts : tuple of Attempt
        Every try behind this response, the last one its own.
    page : Page, optional
        The body's records, where the request named its envelope.
    further : tuple of tuples of Attempt
        Every try at the further requests that the records needed, one tuple for each.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    attempts: tuple[Attempt, ...]
    page: Page | None = field(default=None, repr=False)
    further: tuple[tuple[Attempt, ...], ...] = ()

    @property
    def server_timing_ms(self) -> float | None:
        """The platform's own time for this answer [ms]."""
        return self.attempts[-1].server_ms

    @property
    def records(self) -> Sequence[Any]:
        """The body's records; none where the request named no envelope."""
        return self.page.records if self.page else ()

    @property
    def n_rows(self) -> int:
        """How many records the body has."""
        return self.page.n_rows if self.page else 0

    @property
    def cursor(self) -> str | None:
        """The continuation; None where there is none."""
        return self.page.cursor if self.page else None

    def json(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        msgspec.DecodeError
            The body isn't JSON.
        """
        return msgspec.json.decode(self.body)


Send = Callable[[Request], Response]
