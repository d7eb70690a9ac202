"""Raw routes: any path of the API as a frame, its columns inferred from what comes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reinfer_pandas._catalogue import catalogue
from reinfer_pandas._columns.arrays import json_texts
from reinfer_pandas._columns.decode import decode_records
from reinfer_pandas._columns.schema import STRING, Column, Schema
from reinfer_pandas._planning.options import check_options
from reinfer_pandas._planning.plan import Plan
from reinfer_pandas._wire import Envelope, Request, Response
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REQUEST_OPTIONS = ("method", "params", "json", "idempotent")
_RAW_OPTIONS = (*_REQUEST_OPTIONS, "records")
_NOT_RECORDS = ("status", "message", "continuation")


def raw_request(
    path: str,
    *,
    method: str = "GET",
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    accept: str = "application/json",
    idempotent: bool | None = None,
) -> Request:
    """Return the request for a raw route.

    Parameters
    ----------
    path : str
        Begins with ``/api/`` or ``/auth/``; percent-encoded.
    method : str
        HTTP method.
    params : Mapping, optional
        Query; a list gives a key several times, and true and false are spelled as in JSON.
    json : object, optional
        Body.
    accept : str
        Media type asked for.
    idempotent : bool, optional
        Whether it may be sent again after it may have arrived. By default GET, HEAD, PUT and
        DELETE may, and POST where the route is a known read.

    Raises
    ------
    ConfigurationError
        The path or the method isn't one of the API's.
    """
    catalogue.check_raw_path(path)
    method = method.upper()
    if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        raise ConfigurationError(f"method={method!r} isn't one of HTTP's")
    known = catalogue.by_route(method, path)
    is_read = known is not None and not known.billed
    safe = is_read or method in ("GET", "HEAD", "PUT", "DELETE")
    return Request(
        method=method,
        path=path,
        params=tuple(_query(params or {})),
        json=json,
        accept=accept,
        idempotent=safe if idempotent is None else idempotent,
        resource=path,
        permission=known.permission if known else None,
    )


def _query(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (key, str(one).lower() if isinstance(one, bool) else str(one))
        for key, value in params.items()
        for one in (value if isinstance(value, list | tuple) else (value,))
    ]


def plan_raw(path: str, options: Mapping[str, Any]) -> Plan:
    """Return the plan for reading a raw route.

    Parameters
    ----------
    path : str
        Begins with ``/api/`` or ``/auth/``.
    options : Mapping of str to object
        Those of `raw_request`, ``records`` (the key that holds them), and of the common ones
        ``limit``, ``columns`` and ``dtype_backend``.
    """
    options = {name: value for name, value in options.items() if value is not None}
    of_request = {name: options.pop(name) for name in _REQUEST_OPTIONS if name in options}
    records = options.pop("records", None)
    common = check_options(path, options, ("limit", "columns", "dtype_backend"), also=_RAW_OPTIONS)
    request = raw_request(path, **of_request)
    known = catalogue.by_route(request.method, path)
    envelope = Envelope(records or "", "continuation")
    if known and records in (None, known.envelope.records):
        envelope = replace(known.envelope, record=dict[str, Any], beside=(), shape=None)
    paging = known.paging if known else None
    return Plan(request=replace(request, envelope=envelope), paging=paging, schema=None, **common)


def raw_records(response: Response, plan: Plan) -> Sequence[Any]:
    """Return the records of a raw route's answer."""
    if response.cursor and plan.paging is None:
        _warn_of_more(plan.request.path)
    records = decode_records(response.records, Any)
    if plan.request.envelope and plan.request.envelope.records:
        return records
    return find_records(records[0])


def find_records(answer: Mapping[str, Any]) -> Sequence[Any]:
    """Return the records of an answer of which no key was named: its only list or object.

    Raises
    ------
    ConfigurationError
        Several keys could hold them.
    """
    payload = {key: value for key, value in answer.items() if key not in _NOT_RECORDS}
    for kind in (list, dict):
        found = [key for key, value in payload.items() if isinstance(value, kind)]
        if len(found) > 1:
            raise ConfigurationError(
                f"the answer holds {' and '.join(map(repr, found))}", hint="Say which: records=…"
            )
        if found:
            value = payload[found[0]]
            return value if kind is list else (value,)
    return (payload,)


def _warn_of_more(path: str) -> None:
    """Warn that an answer isn't the last page, and that nothing says how to ask for the next."""
    warnings.warn(
        f"{path} has more pages than the one read: its answer holds a continuation, and this route "
        "isn't one of resources(). Ask for the next page with params= or json=.",
        UserWarning,
        stacklevel=4,
    )


def infer_batch(records: Sequence[Any]) -> pa.RecordBatch:
    """Return records of no known schema as columns: a column for each key, in order of appearance.

    A column of values that have no type in common holds JSON text.
    """
    rows = [record if isinstance(record, dict) else {"value": record} for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = {name: _infer([row.get(name) for row in rows]) for name in names}
    return pa.RecordBatch.from_pydict(arrays)


def inferred_schema(batches: Sequence[pa.RecordBatch]) -> Schema:
    """Return the schema that the records turned out to have."""
    found = {field.name: field.type for batch in batches for field in batch.schema}
    return Schema("record", tuple(Column(name, kind, "as sent") for name, kind in found.items()))


def _infer(values: list[Any]) -> pa.Array:
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return json_texts(values)
    return array.cast(STRING) if array.type in (pa.string(), pa.null()) else array
