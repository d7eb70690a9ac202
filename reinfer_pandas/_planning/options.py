"""Options of a read: checked, and turned into what the wire takes."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas._catalogue import catalogue
from reinfer_pandas._columns.records import AnnotatedComment
from reinfer_pandas._columns.schema import Schema, is_property
from reinfer_pandas._planning.checks import COMMON, OPTIONS
from reinfer_pandas._planning.model_version import predicted, predicting
from reinfer_pandas._planning.orders import ordered
from reinfer_pandas._planning.plan import Plan, Span
from reinfer_pandas._planning.requests import request_for
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reinfer_pandas._catalogue.resource import Resource
    from reinfer_pandas._wire import Request, Send


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
    resource, names, values = checked_options(path, options)
    limit = values.pop("limit", None)
    if resource.max_page_size:
        values["page_size"] = _page_size(values.get("page_size"), resource.max_page_size, limit)
    own = {name: values[name] for name in resource.options if name in values}
    resource, complete = _completed(resource, own, path)
    is_by_time = resource.order and own.get("order", _BY_TIME) == _BY_TIME
    span = Span(resource=resource, names=names, values=own, path=path) if is_by_time else None
    return Plan(
        request=request_for(resource, names, own, path=path),
        page_size=values.get("page_size", 0),
        span=span,
        paging=resource.paging,
        schema=resource.schema,
        columns=_columns(values.get("columns"), resource.schema),
        limit=limit,
        dtype_backend=values.get("dtype_backend"),
        timing="timing" in values,
        chunksize=values.get("chunksize"),
        workers=values.get("workers"),
        progress=values.get("progress"),
        complete=complete,
        facts=resource.facts,
    )


_BY_TIME = {"kind": "recent"}


def checked_options(
    path: str, options: Mapping[str, Any]
) -> tuple[Resource, dict[str, str], dict[str, Any]]:
    """Return the resource that a path names, the names in it, and its options, checked.

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
    resource, names = catalogue.find(path)
    values = combined(check_options(path, options, (*resource.options, *COMMON)))
    _check_order(values)
    _check_required(resource, values, path)
    _columns(values.get("columns"), resource.schema)
    return resource, names, values


def combined(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked options with those in one that are one on the wire.

    Raises
    ------
    ConfigurationError
        They don't go together.
    """
    found = ordered(dict(values))
    if "texts" in found:
        if "documents" in found:
            raise ConfigurationError("texts= and documents= both say what to predict for")
        found["documents"] = found.pop("texts")
    times = found.get("filter", {}).get("timestamp")
    return found if times is None else _with_times(found, times)


def _with_times(values: dict[str, Any], times: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the times that a raw filter holds as start and end."""
    rest = {key: value for key, value in values["filter"].items() if key != "timestamp"}
    found = {**values, "filter": rest}
    for name, end in (("start", "minimum"), ("end", "maximum")):
        if times.get(end) is not None:
            if name in values:
                raise ConfigurationError(f"{name}= and filter= both say what {end!r} is")
            found[name] = OPTIONS[name].check(name, times[end])
    return found


def _check_required(resource: Resource, values: Mapping[str, Any], path: str) -> None:
    for name in resource.required:
        if name not in values:
            raise ConfigurationError(f"{path!r} needs {name}=: {OPTIONS[name].meaning}")
    version = values.get("model_version")
    if version == "latest" and version not in resource.defaults.values():
        raise ConfigurationError(
            f"{path!r} takes a model's number, 'live' or 'staging'",
            hint="Comments come with the latest model's predictions; predict-latest is for texts.",
        )
    if "threshold" in values and "model_version" in resource.options and version is None:
        raise ConfigurationError("threshold= is of the predictions that model_version= asks for")


def _completed(
    resource: Resource, values: Mapping[str, Any], path: str
) -> tuple[Resource, Callable[[Send], Send] | None]:
    """Return how to read comments with the predictions of another model than the latest."""
    if resource.options.get("model_version") != "read" or "model_version" not in values:
        return resource, None
    envelope = replace(resource.envelope, record=AnnotatedComment, shape=predicted)
    return replace(resource, envelope=envelope), predicting(path, values)


def count_request(path: str, options: Mapping[str, Any]) -> Request | None:
    """Return the request that counts a resource's rows under the same filters, if there is one.

    Parameters
    ----------
    path : str
        Resource path.
    options : Mapping of str to object
        As `read_reinfer` takes them.
    """
    counted, _, last = path.rpartition("/")
    if last != "comments" or path.startswith("/"):
        return None
    resource, names = catalogue.find(path)
    try:
        statistics, _ = catalogue.find(f"{counted}/statistics")
    except ConfigurationError:
        return None
    whole = [name for name, place in resource.options.items() if place == "read"]
    filters = set(resource.options) & set(options) - {"page_size", "order", *whole}
    if not filters <= set(statistics.options):
        return None
    chosen = {name: options[name] for name in filters if options[name] is not None}
    values = combined(check_options(path, chosen, tuple(statistics.options)))
    return request_for(statistics, names, values, path=path)


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
                f"{path!r} has no option {name!r}", hint=_who(name) + _which(name, (*also, *known))
            )
    given = {name: value for name, value in options.items() if value is not None}
    return {name: OPTIONS[name].check(name, value) for name, value in given.items()}


def _who(name: str) -> str:
    """Return which resources have an option, as a sentence."""
    having = [resource.path for resource in catalogue.RESOURCES if name in resource.options]
    return f"{name!r} is an option of {', '.join(having[:4])}. " if having else ""


def _which(name: str, known: Sequence[str]) -> str:
    """Return the nearest right names, and all of them."""
    near = get_close_matches(name, known, n=3)
    guess = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"{guess}It takes: {', '.join(known)}."


def _check_order(values: Mapping[str, Any]) -> None:
    start, end = values.get("start"), values.get("end")
    if start and end and pd.Timestamp(start) > pd.Timestamp(end):
        raise ConfigurationError(f"start {start} is after end {end}; both are inclusive")


def _page_size(asked: int | None, largest: int, limit: int | None) -> int:
    """Return the page size to ask for: no larger than the rows wanted."""
    if asked is not None and asked > largest:
        raise ConfigurationError(f"page_size={asked}: this route takes 1 to {largest}")
    return max(1, min(asked or largest, largest if limit is None else limit))


def _columns(asked: tuple[str, ...] | None, schema: Schema) -> tuple[str, ...] | None:
    for name in asked or ():
        if name not in schema.names and not (schema.properties_after and is_property(name)):
            raise ConfigurationError(
                f"a {schema.name} has no column {name!r}", hint=_which(name, schema.names)
            )
    return asked
