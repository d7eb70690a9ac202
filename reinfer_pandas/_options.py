"""Options of a read: checked, and turned into what the wire takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas import _catalogue
from reinfer_pandas._schema import Schema, is_property
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import TIMING

if TYPE_CHECKING:
    from reinfer_pandas._catalogue import Resource
    from reinfer_pandas._wire import Paging, Request

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

    def request(self, lo: int | None, hi: int | None) -> Request:
        """Return the request for the part between two keys, both inclusive."""
        bounds = dict(zip(("start", "end"), self._directed(lo, hi), strict=True))
        times = {name: _wire_time(key) for name, key in bounds.items() if key is not None}
        values = {k: v for k, v in self.values.items() if k not in bounds}
        return _catalogue.request_for(self.resource, self.names, values | times, path=self.path)

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
    """

    request: Request
    paging: Paging | None
    schema: Schema | None
    page_size: int = 0
    span: Span | None = None
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
    def time_column(self) -> str:
        """The column by which the rows are ordered; empty where none is."""
        return "timestamp" if self.span else ""


def plan_read(path: str, options: Mapping[str, Any]) -> Plan:
    """Return the plan for reading a resource.

    Parameters
    ----------
    path : str
        Resource path.
    options : Mapping of str to object
        As `read_reinfer` takes them.

    Raises
    ------
    ConfigurationError
        No such resource, no such option, or a value that it doesn't take.
    """
    resource, names = _catalogue.find(path)
    values = check_options(path, options, (*resource.options, *COMMON))
    _check_order(values)
    limit = values.pop("limit", None)
    if resource.max_page_size:
        values["page_size"] = _page_size(values.get("page_size"), resource.max_page_size, limit)
    own = {name: values[name] for name in resource.options if name in values}
    span = Span(resource=resource, names=names, values=own, path=path) if resource.order else None
    return Plan(
        request=_catalogue.request_for(resource, names, own, path=path),
        page_size=values.get("page_size", 0),
        span=span,
        paging=resource.paging,
        schema=resource.schema,
        columns=_columns(values.get("columns"), resource.schema),
        limit=limit,
        dtype_backend=values.get("dtype_backend"),
        timing="timing" in values,
    )


def check_options(
    path: str, options: Mapping[str, Any], known: Sequence[str], *, also: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the options that were given, as the wire and the stages take them.

    Parameters
    ----------
    path : str
        What is read, for the error.
    options : Mapping of str to object
        As the user gave them; None is as good as not given.
    known : sequence of str
        Those that are taken.
    also : sequence of str
        Further ones, checked elsewhere, for the error.

    Raises
    ------
    ConfigurationError
        An option isn't known, or its value isn't one.
    """
    for name in options:
        if name not in known:
            raise ConfigurationError(
                f"{path!r} has no option {name!r}", hint=_which(name, (*also, *known))
            )
    given = {name: value for name, value in options.items() if value is not None}
    return {name: _CHECKS[name](name, value) for name, value in given.items()}


def _which(name: str, known: Sequence[str]) -> str:
    """Return the nearest right names, and all of them."""
    near = get_close_matches(name, known, n=3)
    guess = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"{guess}It takes: {', '.join(known)}."


def _integer(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise ConfigurationError(f"{name}={value!r}: give a whole number, {least} or more")
    found: int = value.__index__()
    return found


def _limit(name: str, value: Any) -> int:
    return _integer(name, value, 0)


def _positive(name: str, value: Any) -> int:
    return _integer(name, value, 1)


def _page_size(asked: int | None, largest: int, limit: int | None) -> int:
    """Return the page size to ask for: no larger than the rows wanted."""
    if asked is not None and asked > largest:
        raise ConfigurationError(f"page_size={asked}: this route takes 1 to {largest}")
    return max(1, min(asked or largest, largest if limit is None else limit))


def _timestamp(name: str, value: Any) -> str:
    """Return a time as the wire writes it, in UTC; a time without a zone is UTC.

    The wire counts microseconds: a start between two is moved up and an end down, so that no row
    outside is read.
    """
    time = _parse_time(name, value)
    time = time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")
    time = time.ceil("us") if name == "start" else time.floor("us")
    return time.tz_localize(None).isoformat() + "Z"


def _parse_time(name: str, value: Any) -> pd.Timestamp:
    hint = (
        "Give anything that pandas.Timestamp takes, such as '2026-01-31', "
        "'2026-01-31 09:30+01:00' or a datetime."
    )
    if isinstance(value, int | float):
        raise ConfigurationError(f"{name}={value!r} is a number, not a time", hint=hint)
    try:
        time = pd.Timestamp(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(f"{name}={value!r} isn't a time: {error}", hint=hint) from None
    if pd.isna(time):
        raise ConfigurationError(f"{name}={value!r} is no time; leave {name} out for an open end")
    return time


def _check_order(values: Mapping[str, Any]) -> None:
    start, end = values.get("start"), values.get("end")
    if start and end and pd.Timestamp(start) > pd.Timestamp(end):
        raise ConfigurationError(f"start {start} is after end {end}; both are inclusive")


def _names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence | pd.Index):
        raise ConfigurationError(f"{name}={value!r}: give a list of column names")
    names = tuple(value)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise ConfigurationError(f"{name}={value!r}: give one or more column names, each once")
    return names


def _columns(asked: tuple[str, ...] | None, schema: Schema) -> tuple[str, ...] | None:
    for name in asked or ():
        if name not in schema.names and not (schema.properties_after and is_property(name)):
            raise ConfigurationError(
                f"a {schema.name} has no column {name!r}", hint=_which(name, schema.names)
            )
    return asked


def _one_of(*accepted: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in accepted:
            raise ConfigurationError(
                f"{name}={value!r}: give {' or '.join(map(repr, accepted))}, or leave it out"
            )
        return str(value)

    return check


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "start": _timestamp,
    "end": _timestamp,
    "limit": _limit,
    "page_size": _positive,
    "columns": _names,
    "dtype_backend": _one_of("numpy_nullable", "pyarrow"),
    "timing": _one_of("row"),
}
COMMON = ("limit", "columns", "dtype_backend", "timing")
"""Options that every resource has."""
