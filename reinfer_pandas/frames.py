"""Arrow to pandas, and the tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import POOL
from reinfer_pandas._columns.schema import Column, Schema, property_type
from reinfer_pandas._log import dump_log, join_logs
from reinfer_pandas._nested import NestedDtype
from reinfer_pandas._spans import joined_spans, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from reinfer_pandas._wire import Attempt, Response

DTYPES: dict[pa.DataType, Any] = {
    s.STRING: pd.StringDtype(na_value=float("nan")),
    s.INTEGER: pd.Int64Dtype(),
    s.BOOLEAN: pd.BooleanDtype(),
    s.TIMESTAMP: pd.DatetimeTZDtype("us", "UTC"),
}
NULLABLE_DTYPES: dict[pa.DataType, Any] = {
    **DTYPES,
    s.STRING: pd.StringDtype(),
    s.FLOAT: pd.Float64Dtype(),
}
TIMING = (
    Column("server_timing_ms", s.FLOAT, "the platform's own time for the row's page", "ms"),
    Column("request", s.INTEGER, "the row's request, as in the requests frame"),
)


def assemble(
    batches: list[pa.RecordBatch],
    schema: Schema,
    *,
    columns: Sequence[str] | None = None,
    dtype_backend: str | None = None,
) -> pd.DataFrame:
    """Return the rows of all batches as one frame.

    Parameters
    ----------
    batches : list of pyarrow.RecordBatch
        In the order of the rows. Their columns may differ in user properties. The list is emptied,
        so that no batch outlives its columns.
    schema : Schema
        The declared columns, which are there even when there is no row.
    columns : sequence of str, optional
        The columns wanted, in this order; all by default.
    dtype_backend : {None, "numpy_nullable", "pyarrow"}
        As in `pandas.read_parquet`.

    Returns
    -------
    DataFrame, shape (rows, columns)
    """
    chunks: dict[str, list[pa.Array]] = {}
    lengths = [batch.num_rows for batch in batches]
    names = columns if columns is not None else _all_names(batches, schema)
    types = {column.name: column.type for column in schema.columns}
    for name in names:
        found = types.get(name) or property_type(name)
        chunks[name] = [_chunk(batch, name, found) for batch in batches] or [pa.array([], found)]
    batches.clear()
    arrays = {name: _array(chunks.pop(name), dtype_backend) for name in names}
    return pd.DataFrame(arrays, index=pd.RangeIndex(sum(lengths)), copy=False)


def _all_names(batches: Sequence[pa.RecordBatch], schema: Schema) -> list[str]:
    """Return the declared names, the user properties in their place among them, sorted."""
    names = list(schema.names)
    if schema.properties_after:
        found = {name for batch in batches for name in batch.schema.names} - set(names)
        place = names.index(schema.properties_after) + 1
        names[place:place] = sorted(found)
    return names


def _chunk(batch: pa.RecordBatch, name: str, arrow_type: pa.DataType) -> pa.Array:
    place = batch.schema.get_field_index(name)
    return batch.column(place) if place >= 0 else pa.nulls(batch.num_rows, arrow_type)


def _array(chunks: list[pa.Array], dtype_backend: str | None) -> Any:
    """Return the chunks as one column's array; they are let go of before it is made."""
    kind = chunks[0].type
    # Texts aren't copied. combine_chunks() takes no heed of its memory_pool.
    if not pa.types.is_nested(kind) and kind != s.STRING:
        chunks[:] = [pa.concat_arrays(chunks, memory_pool=POOL)]
    array = pa.chunked_array(chunks)
    chunks.clear()
    dtype = _dtype(array.type, dtype_backend)
    if dtype is not None:
        return dtype.__from_arrow__(array)
    return array.to_numpy() if array.type == s.FLOAT else array.to_pandas()


def _dtype(found: pa.DataType, dtype_backend: str | None) -> Any:
    """Return what pandas dtype an Arrow type becomes; None for those of numpy."""
    if pa.types.is_nested(found):
        return NestedDtype(found)
    if dtype_backend == "pyarrow":
        return pd.ArrowDtype(found)
    return (NULLABLE_DTYPES if dtype_backend else DTYPES).get(found)


def add_timing(
    batch: pa.RecordBatch,
    responses: Sequence[Response],
    first_request: int,
    counts: Sequence[int],
) -> pa.RecordBatch:
    """Return the rows of some pages with the columns that ``timing="row"`` asks for.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        All rows of the pages.
    responses : sequence of Response
        The pages.
    first_request : int
        Place of the first one's request in the log.
    counts : sequence of int
        How many rows each page has.
    """
    times = pa.array([response.server_timing_ms for response in responses], s.FLOAT)
    pages = pa.array(np.repeat(np.arange(len(responses)), counts))
    batch = batch.append_column("server_timing_ms", times.take(pages))
    before = [1 + len(response.further) for response in responses[:-1]]
    requests = pa.array(np.cumsum([first_request, *before]))
    return batch.append_column("request", requests.take(pages))


def tag(
    df: pd.DataFrame,
    requests: Sequence[Sequence[Attempt]],
    *,
    resource: str,
    host: str,
    fetched_at: datetime,
) -> pd.DataFrame:
    """Write on a frame where it came from and how long that took, and return it.

    Parameters
    ----------
    df : DataFrame
        The frame, changed in place.
    requests : sequence of sequences of Attempt
        The tries at each request behind the frame, failed ones included. The tag's
        ``elapsed_ms`` and ``waited_ms`` are their sums, over workers that went side by side;
        ``wall_ms`` is how long the read took.
    resource, host : str
        What was read, from which tenant.
    fetched_at : datetime
        When the last row arrived, UTC.
    """
    attempts = [attempt for tries in requests for attempt in tries]
    answers = [tries[-1].server_ms for tries in requests if tries[-1].outcome == "ok"]
    server_ms = _total(answers)
    df.attrs["server_timing_ms"] = server_ms
    df.attrs["reinfer"] = {
        "resource": resource,
        "host": host,
        "fetched_at": fetched_at.isoformat(timespec="milliseconds"),
        "n_requests": len(requests),
        "n_attempts": len(attempts),
        "n_retries": len(attempts) - len(requests),
        "server_ms": server_ms,
        "elapsed_ms": sum(attempt.elapsed_ms for attempt in attempts),
        "waited_ms": sum(attempt.waited_ms for attempt in attempts),
        **span_of(attempts, fetched_at),
        "requests": dump_log(requests),
    }
    return df


def _total(parts: Iterable[float | None]) -> float | None:
    """Return the sum of the known parts; None, never 0, where none is known."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def concat(frames: Iterable[pd.DataFrame], **options: Any) -> pd.DataFrame:
    """Concatenate frames like `pandas.concat`, and merge their tags, which pandas would drop.

    Parameters
    ----------
    frames : iterable of DataFrame
        Frames of `read_reinfer`; untagged ones may be among them.
    **options
        Passed on to `pandas.concat`.

    Returns
    -------
    DataFrame
        Its tag holds every request of the parts, and their sums.

    Examples
    --------
    >>> import pandas as pd
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     parts = [client.read("datasets"), client.read("datasets")]
    >>> rp.concat(parts).attrs["reinfer"]["n_requests"]
    2
    """
    frames = list(frames)
    joined: pd.DataFrame = pd.concat(frames, **options)
    # Parts of one read have one log, which counts once.
    tags = {tag["requests"]: tag for tag in (f.attrs.get("reinfer") for f in frames) if tag}
    if tags:
        merged = _merge(list(tags.values()))
        joined.attrs = {"server_timing_ms": merged["server_ms"], "reinfer": merged}
    return joined


def _merge(tags: Sequence[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {
        key: ", ".join(dict.fromkeys(tag[key] for tag in tags)) for key in ("resource", "host")
    }
    merged["fetched_at"] = max(tag["fetched_at"] for tag in tags)
    for key in ("n_requests", "n_attempts", "n_retries", "elapsed_ms", "waited_ms"):
        merged[key] = sum(tag[key] for tag in tags)
    merged["server_ms"] = _total(tag["server_ms"] for tag in tags)
    merged["requests"] = join_logs(tag["requests"] for tag in tags)
    merged.update(joined_spans(tags))
    return merged
