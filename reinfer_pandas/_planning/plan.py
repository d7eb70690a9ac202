"""A read, ready to be carried out, and the parts that its time range can be read in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas._columns.schema import is_property
from reinfer_pandas._planning.requests import request_for
from reinfer_pandas.frames import TIMING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reinfer_pandas._catalogue.resource import Resource
    from reinfer_pandas._columns.schema import Schema
    from reinfer_pandas._wire import Paging, Request, Send

NO_FACTS: Mapping[str, str] = {}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time range that can be read in parts, and how to ask for one.

    Its bounds and parts are given by keys: microseconds since 1970, negated where the newest rows
    come first, so that keys ascend in the order of the rows.

    Attributes
    ----------
    resource : Resource
        What is read.
    names : Mapping of str to str
        Names in its path.
    values : Mapping of str to object
        Its options, as the wire takes them.
    path : str
        The resource path.
    """

    resource: Resource
    names: Mapping[str, str]
    values: Mapping[str, Any]
    path: str

    @property
    def order(self) -> int:
        """1 where keys are times, -1 where they are negated."""
        return self.resource.order

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """First and last possible key; None where the range is open."""
        return self._directed(
            *(
                (pd.Timestamp(self.values[name]) - EPOCH) // pd.Timedelta(microseconds=1)
                if name in self.values
                else None
                for name in ("start", "end")
            )
        )

    @property
    def range(self) -> tuple[int | None, int | None]:
        """Earliest and latest time [microseconds since 1970]; None where it is open."""
        return self._directed(*self.bounds)

    def request(self, lo: int | None, hi: int | None) -> Request:
        """Return the request for the part between two keys, both inclusive."""
        bounds = dict(zip(("start", "end"), self._directed(lo, hi), strict=True))
        times = {name: _wire_time(key) for name, key in bounds.items() if key is not None}
        values = {k: v for k, v in self.values.items() if k not in bounds}
        return request_for(self.resource, self.names, values | times, path=self.path)

    def times(self, lo: int | None, hi: int | None) -> list[str | None]:
        """Return the earliest and the latest time between two keys, as the wire has them."""
        return [None if key is None else _wire_time(key) for key in self._directed(lo, hi)]

    def _directed(self, lo: int | None, hi: int | None) -> tuple[int | None, int | None]:
        """Turn keys into times in order, or back."""
        if self.order == 1:
            return lo, hi
        return (None if hi is None else -hi), (None if lo is None else -lo)


def _wire_time(microseconds: int) -> str:
    return (EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A read, ready to be carried out.

    Attributes
    ----------
    request : Request
        The first page's.
    paging : Paging or None
        How it goes on.
    schema : Schema or None
        Columns made of the records; None where they are inferred.
    columns : tuple of str or None
        The columns wanted, in order; None for all.
    limit : int or None
        Rows wanted.
    dtype_backend : str or None
        Kind of the frame's dtypes.
    timing : bool
        Whether each row carries its request's server time.
    page_size : int
        Rows on a page.
    span : Span, optional
        The time range, where the read can be divided by it.
    chunksize : int or None
        Rows of each frame, where the read gives several.
    workers : int or None
        Requests under way at once; None as the client has it.
    progress : bool or None
        Whether to show progress; None where somebody is watching.
    complete : callable, optional
        Makes of what sends one that also asks for what the records lack.
    facts : Mapping of str to str
        What the tag tells of the last page: name, and key in the answer.
    """

    request: Request
    paging: Paging | None
    schema: Schema | None
    page_size: int = 0
    span: Span | None = None
    chunksize: int | None = None
    workers: int | None = None
    progress: bool | None = None
    complete: Callable[[Send], Send] | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: NO_FACTS)
    columns: tuple[str, ...] | None = None
    limit: int | None = None
    dtype_backend: str | None = None
    timing: bool = False

    @property
    def frame_schema(self) -> Schema | None:
        """Columns of the frame: the records', and what ``timing="row"`` adds."""
        if self.schema and self.timing:
            return replace(self.schema, columns=self.schema.columns + TIMING)
        return self.schema

    @property
    def frame_columns(self) -> tuple[str, ...] | None:
        """The columns wanted, and what ``timing="row"`` adds; None for all."""
        if self.columns and self.timing:
            return (*self.columns, *(column.name for column in TIMING))
        return self.columns

    def wants(self, name: str) -> bool:
        """Tell whether a column is needed: asked for, or for telling rows apart and in order."""
        if self.columns is None or name in self.columns:
            return True
        return self.schema is not None and name in (self.schema.unique, self.time_column)

    @property
    def properties(self) -> tuple[str, ...] | None:
        """The user properties wanted; None for all."""
        return None if self.columns is None else tuple(filter(is_property, self.columns))

    @property
    def time_column(self) -> str:
        """The column by which the rows are ordered; empty where none is."""
        return "timestamp" if self.span else ""
