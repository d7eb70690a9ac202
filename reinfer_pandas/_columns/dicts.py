"""Records that are objects of no type of their own, as columns read by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reinfer_pandas._columns.arrays import build, json_texts
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reinfer_pandas._columns.schema import Column, Schema


def record_batch(records: Sequence[dict[str, Any]], schema: Schema) -> pa.RecordBatch:
    """Return all columns of some records."""
    columns = {column.name: column_of([records], column) for column in schema.columns}
    return pa.RecordBatch.from_pydict(columns)


def column_of(pages: Sequence[Sequence[dict[str, Any]]], column: Column) -> pa.Array:
    """Return a column of the records of some pages.

    Raises
    ------
    ResponseError
        A record lacks a key that the API requires; it is named by its place on its page.
    """
    key = column.key or column.name
    found = [[record.get(key) for record in records] for records in pages]
    for values in found if column.required else ():
        if None in values:
            message = f"record {values.index(None)} lacks the key {key!r}, which the API requires"
            raise ResponseError(message, reason="missing key")
    return values_of([value for values in found for value in values], column)


def values_of(values: Sequence[Any], column: Column) -> pa.Array:
    """Return JSON values as a column."""
    return json_texts(values) if column.free_form else build(values, column.type)
