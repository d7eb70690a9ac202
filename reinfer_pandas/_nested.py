"""Arrow lists and structs as pandas columns that plain Parquet can carry.

pandas writes the name of each column's dtype into a Parquet file, and `pandas.read_parquet`
can't make sense of ``list<…>[pyarrow]``. These columns call themselves ``object``, which is what
they are read back as: arrays of dicts. In memory they stay Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa


class NestedDtype(pd.ArrowDtype):
    """The dtype of a column of lists or structs."""

    def __str__(self) -> str:
        return "object"

    @classmethod
    def construct_array_type(cls) -> type[NestedArray]:
        """Return the array that holds the column."""
        return NestedArray

    def __from_arrow__(self, array: pa.Array | pa.ChunkedArray) -> NestedArray:
        return NestedArray(array)


class NestedArray(pd.arrays.ArrowExtensionArray):
    """A column of lists or structs."""

    _pa_array: pa.ChunkedArray

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        super().__init__(values)
        self._dtype = NestedDtype(self._pa_array.type)

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        made = super()._from_sequence(scalars, dtype=dtype, copy=copy)  # type: ignore[misc] # not in the stubs
        return cls(made._pa_array)
