"""What an export reads: a range of times in pieces, each of them complete.

A piece is complete when a later one has come, for then no more rows of its times will. So ranges
are cut between milliseconds, and a range is asked for up to the cut behind it: a server that keeps
whole milliseconds would leave out the last ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas._exporting.dataset import TimeRange
from reinfer_pandas.exceptions import ConfigurationError, ResponseError
from reinfer_pandas.frames import concat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pandas._libs.tslibs.nattype import NaTType

    from reinfer_pandas.client import Client

EPOCH = pd.Timestamp(0, unit="us", tz="UTC")
MILLISECOND = 1_000
"""Ranges are cut at whole milliseconds [microseconds]."""

_NOT_PART = ("progress", "workers", "page_size")
_REFUSED = {
    "limit": "Give start= and end=, or read_reinfer the limit.",
    "chunksize": "See rows_per_file=.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is exported, and how it is read.

    Attributes
    ----------
    client : Client
        The connection.
    resource : str
        Resource path.
    options : Mapping
        Of the read, but for its times.
    whole : TimeRange
        The times.
    order : int
        1 where the oldest come first, -1 where the newest do, 0 where times don't matter.
    rows_per_file : int
        Rows read at once.
    """

    client: Client
    resource: str
    options: Mapping[str, Any]
    whole: TimeRange
    order: int
    rows_per_file: int

    @property
    def what(self) -> dict[str, Any]:
        """What makes this export another than others, as JSON has it."""
        chosen = {k: v for k, v in self.options.items() if k not in _NOT_PART}
        told = {
            "resource": self.resource,
            "host": self.client.settings.host,
            "start": _time(self.whole.start),
            "end": _time(self.whole.end),
            "options": chosen,
        }
        plain: dict[str, Any] = json.loads(json.dumps(told, default=str, sort_keys=True))
        return plain

    def chunks(self, times: TimeRange) -> Iterator[pd.DataFrame]:
        """Read a range, in frames."""
        return self.client.read(self.resource, chunksize=self.rows_per_file, **self._asked(times))

    def nothing(self) -> pd.DataFrame:
        """Return a frame without rows."""
        options = {**self.options, "limit": 0, "progress": False}
        df: pd.DataFrame = self.client.read(self.resource, **options)
        return df

    def count(self, times: TimeRange) -> int | None:
        """Return how many rows the platform counts in a range; None where it doesn't say."""
        given = {"start": _time(times.start), "end": _time(times.end)}
        times_given = {name: value for name, value in given.items() if value is not None}
        return self.client._rows(self.resource, **{**self.options, **times_given})

    def _asked(self, times: TimeRange) -> dict[str, Any]:
        """Return the options for a range; one that ends at a cut is asked for up to the cut.

        A server that keeps whole milliseconds would leave out the last ones.
        """
        end = times.end if times.end in (None, self.whole.end) else times.end + 1
        given = {"start": _time(times.start), "end": _time(end)}
        return {**self.options, **{k: v for k, v in given.items() if v is not None}}


def source_of(
    client: Client, resource: str, options: Mapping[str, Any], rows_per_file: int
) -> Source:
    """Return what is to be exported; options that can't be fail here, before any request."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in _REFUSED.keys() & given.keys():
        raise ConfigurationError(f"an export takes no {name}=", hint=_REFUSED[name])
    if "timestamp" in given.get("filter", {}):
        raise ConfigurationError("an export's times are start= and end=, not a raw filter's")
    span = client._plan(resource, given).span
    if span and "columns" in given:
        given["columns"] = list(dict.fromkeys(["uid", "timestamp", *given["columns"]]))
    return Source(
        client=client,
        resource=resource,
        options={k: v for k, v in given.items() if not span or k not in ("start", "end")},
        whole=TimeRange(*span.range) if span else TimeRange(),
        order=span.order if span else 0,
        rows_per_file=rows_per_file,
    )


def pieces(
    source: Source, todo: TimeRange
) -> Iterator[tuple[pd.DataFrame | None, TimeRange, TimeRange | None]]:
    """Read a range in pieces: each one's rows, its range, and what is still to be read behind it.

    Where many rows have one time, what is still to be read stays the same until all have come. The
    last piece may have no rows.
    """
    kept: pd.DataFrame | None = None
    for chunk in source.chunks(todo):
        if kept is not None:
            is_done, done, rest = _parted(kept, source, todo)
            if rest is todo:
                yield kept, todo, todo
                kept = None
            else:
                yield kept[is_done], done, rest
                kept, todo = kept[~is_done], rest
                kept.attrs = {}  # its requests are told of once
        fresh = _inside(chunk, todo) if source.order else chunk
        kept = fresh if kept is None else concat([kept, fresh], ignore_index=True)
    yield kept, todo, None


def _parted(
    df: pd.DataFrame, source: Source, todo: TimeRange
) -> tuple[pd.Series[bool], TimeRange, TimeRange]:
    """Return which rows are of times that are complete, their range, and what is left of it.

    Nothing is complete where times don't matter, or all rows are of one time.

    Raises
    ------
    ResponseError
        The rows aren't in the order of their times, so none can be said to be complete.
    """
    none = pd.Series(False, index=df.index)
    if not source.order:
        return none, todo, todo
    cut = _cut(df, source)
    is_done = _micros(df) < cut if source.order > 0 else _micros(df) >= cut
    if not is_done.any():
        return none, todo, todo
    lower, upper = TimeRange(todo.start, cut - 1), TimeRange(cut, todo.end)
    done, rest = (lower, upper) if source.order > 0 else (upper, lower)
    return is_done, done, rest


def _inside(df: pd.DataFrame, times: TimeRange) -> pd.DataFrame:
    """Return the rows of a range."""
    if times.end is None:
        return df
    return df[_micros(df) <= times.end]


def _cut(df: pd.DataFrame, source: Source) -> int:
    """Return the time between the rows that are complete and those of the last millisecond."""
    times = _micros(df) * source.order
    if not times.is_monotonic_increasing:
        raise ResponseError(
            f"the comments of {source.resource} don't come in the order of their times",
            hint="Read them with read_reinfer, which needs no order.",
            reason="out of order",
        )
    last = int(times.iloc[-1]) * source.order
    return last - last % MILLISECOND + (0 if source.order > 0 else MILLISECOND)


def _micros(df: pd.DataFrame) -> pd.Series[int]:
    return df["timestamp"].astype("int64")


def _time(microseconds: int | None) -> str | None:
    """Return a time as the reader takes it."""
    return None if microseconds is None else str(stamp(microseconds))


def stamp(microseconds: int | None) -> pd.Timestamp | NaTType:
    """Return a time; missing for None."""
    return EPOCH + pd.Timedelta(microseconds=microseconds) if microseconds is not None else pd.NaT
