"""The columns of every partition, known before anything is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from reinfer_pandas._columns.schema import STRING, Column, is_property
from reinfer_pandas.exceptions import NotFoundError, PermissionDeniedError
from reinfer_pandas.frames import TIMING, assemble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reinfer_pandas._partitioning.extent import Extent
    from reinfer_pandas._planning.plan import Plan

INDEX = "timestamp"
OTHER = Column(
    "other_properties", STRING, "user properties that the plan didn't know of, as JSON text"
)
_SAMPLES, _SAMPLE_ROWS = 8, 64


def empty_partition(
    plan: Plan, properties: Iterable[str], chosen: Iterable[str] | None = None
) -> pd.DataFrame:
    """Return a partition without rows.

    Parameters
    ----------
    plan : Plan
        Of the read.
    properties : iterable of str
        The user properties that have a column of their own.
    chosen : iterable of str, optional
        The columns wanted, `OTHER` perhaps among them.

    Returns
    -------
    DataFrame, shape (0, columns)
        Indexed by `timestamp`. User properties stand where they do in the frames of the reader,
        `OTHER` behind them; where the columns were chosen, it has those.
    """
    schema = plan.frame_schema
    if schema is None:
        raise TypeError("a raw route has no columns that are known before it is read")
    names = list(schema.names)
    place = names.index(schema.properties_after) + 1
    names[place:place] = [*sorted(properties), OTHER.name]
    if chosen is not None:
        names = [*chosen, *(column.name for column in TIMING if plan.timing)]
    columns = list(dict.fromkeys([*names, INDEX]))
    return by_time(assemble([], schema, columns=columns, dtype_backend=plan.dtype_backend))


def by_time(df: pd.DataFrame) -> pd.DataFrame:
    """Return a frame indexed by its times, of one dtype whatever the others: Dask cuts by them."""
    return df.drop(columns=INDEX).set_index(df[INDEX].astype("datetime64[us, UTC]"))


def property_names(extent: Extent, cuts: Sequence[int]) -> set[str]:
    """Return the user properties to have columns: a dataset's, or those of some rows.

    Parameters
    ----------
    extent : Extent
        What is read.
    cuts : sequence of int
        Bounds of its partitions [microseconds since 1970].
    """
    if extent.resource.startswith("datasets/"):
        dataset = extent.resource.rpartition("/")[0]
        try:
            found = extent.client.read(f"{dataset}/summary/user-properties", columns=["full_name"])
            return set(found["full_name"])
        except (NotFoundError, PermissionDeniedError):
            pass
    return _sampled(extent, cuts)


def _sampled(extent: Extent, cuts: Sequence[int]) -> set[str]:
    """Return the user properties of some rows at the beginning of some partitions."""
    starts = cuts[:-1][:: max(1, len(cuts) // _SAMPLES)]
    found: set[str] = set()
    for start in starts:
        times = extent.between(start, cuts[-1])
        options = {**extent.options, **times, "limit": _SAMPLE_ROWS, "workers": 1}
        df = cast("pd.DataFrame", extent.client._read(extent.resource, options))
        found |= set(filter(is_property, df.columns))
    return found


def fitted(df: pd.DataFrame, empty: pd.DataFrame, strange: list[str]) -> pd.DataFrame:
    """Return a frame with the columns of another; those that it lacks are null.

    Parameters
    ----------
    df, empty : DataFrame
        The rows, and the columns wanted.
    strange : list of str
        Columns that are kept in `OTHER`, where that is wanted.
    """
    columns: dict[str, Any] = {}
    for name, nothing in empty.items():
        if name in df.columns:
            columns[str(name)] = df[name]
        elif name == OTHER.name and strange:
            columns[str(name)] = _as_json(df[strange], nothing)
        else:
            columns[str(name)] = nothing.reindex(df.index)
    made = pd.DataFrame(columns, index=df.index, columns=empty.columns, copy=False)
    made.attrs = df.attrs
    return made


def _as_json(found: pd.DataFrame, nothing: pd.Series[Any]) -> pd.Series[Any]:
    """Return each row's values as JSON text; null for a row without any."""
    rows = (
        {name: value for name, value in zip(found.columns, row, strict=True) if not pd.isna(value)}
        for row in found.itertuples(index=False, name=None)
    )
    texts = [json.dumps(row, ensure_ascii=False, sort_keys=True) if row else None for row in rows]
    return pd.Series(texts, index=found.index, dtype=nothing.dtype)
