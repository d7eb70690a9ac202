"""The log of requests: written as one JSON string, read as a frame."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, get_args

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reinfer_pandas._wire import Attempt


class LogText(str):
    """A log as text, which prints short, and is never copied."""

    __slots__ = ()

    def __repr__(self) -> str:
        n = self.count('"attempt":')
        return f"<log of {n:,} attempt{'s' * (n != 1)}>"

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)  # who unpickles a frame may lack this package


class _Row(msgspec.Struct, gc=False, omit_defaults=True):
    """A row of the log: an attempt, and which request it was for."""

    request: int
    attempt: int
    started_at: datetime
    method: str
    path: str
    resource: str | None
    status: int | None
    outcome: str
    server_ms: float | None
    headers_ms: float | None
    body_ms: float | None
    elapsed_ms: float
    waited_ms: float
    body_bytes: int | None
    rows: int | None
    worker: int | None = None
    after: datetime | None = None
    due_at: datetime | None = None
    retry_after_s: float | None = None


_ARROW = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    datetime: pa.timestamp("us", tz="UTC"),
}
_DTYPES = {pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype(na_value=np.nan)}
# The first of `int | None` is int.
_SCHEMA = pa.schema(
    {
        field.name: _ARROW[(get_args(field.type) or [field.type])[0]]
        for field in msgspec.structs.fields(_Row)
    }
)
_DECODER = msgspec.json.Decoder(list[_Row])
_facts = attrgetter("number", *_Row.__struct_fields__[2:])


def dump_log(reads: Iterable[Sequence[Attempt]]) -> str:
    """Write the attempts at successive requests as one JSON string.

    Parameters
    ----------
    reads : iterable of sequences of Attempt
        For each request, its attempts.

    Returns
    -------
    str
        A JSON list of flat objects, one for each attempt, which `requests_frame` reads. Their
        ``request`` counts the requests from 0. It prints short.
    """
    return _dump([_Row(i, *_facts(one)) for i, attempts in enumerate(reads) for one in attempts])


def join_logs(logs: Iterable[str]) -> str:
    """Join logs into one, which counts the requests through.

    Parameters
    ----------
    logs : iterable of str
        As `dump_log` writes them.

    Returns
    -------
    str
        One log.

    Raises
    ------
    ConfigurationError
        Where one of them is no such log.
    """
    joined: list[_Row] = []
    for log in logs:
        first = joined[-1].request + 1 if joined else 0
        for row in _load(log):
            row.request += first
            joined.append(row)
    return _dump(joined)


def requests_frame(log: str) -> pd.DataFrame:
    """Return a log as a frame with one row for each HTTP attempt.

    Parameters
    ----------
    log : str
        As `dump_log` writes it; it may be empty: ``[]``.

    Returns
    -------
    DataFrame, shape (attempts, 19)
        ``request`` (from 0), ``attempt`` (from 1), ``status``, ``body_bytes``, ``rows``,
        ``worker`` are Int64; ``started_at``, ``after`` (start of the attempt that let this one
        begin), ``due_at`` (of a probe) are datetime64[us, UTC]; ``method``, ``path``,
        ``resource``, ``outcome`` are str; ``server_ms``, ``headers_ms``, ``body_ms``,
        ``elapsed_ms``, ``waited_ms`` [ms] and ``retry_after_s`` [s] are float64, NaN where not
        known. What network and overhead took is ``elapsed_ms - server_ms``.

    Raises
    ------
    ConfigurationError
        Where it is no such log.

    Examples
    --------
    >>> requests_frame("[]").shape
    (0, 19)
    """
    rows = _load(log)
    columns = [
        pa.array([getattr(row, field.name) for row in rows], field.type) for field in _SCHEMA
    ]
    table = pa.Table.from_arrays(columns, schema=_SCHEMA)
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    return frame


def _dump(rows: list[_Row]) -> str:
    return LogText(msgspec.json.encode(rows).decode())


def _load(log: str) -> list[_Row]:
    try:
        return _DECODER.decode(str(log))  # it takes no subclass
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"This is no request log of this package: {error}.") from error
