"""Python lists to Arrow arrays: the few shapes that the wire has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns.schema import FLOAT, INTEGER, STRING, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

POOL = pa.system_memory_pool()
"""Where columns are made: Arrow's own allocator keeps far more of what it is given back."""


def array(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Return Python values as an array."""
    return pa.array(values, arrow_type, memory_pool=POOL)


def take(values: pa.Array, indices: pa.Array) -> pa.Array:
    """Return the values at some places; null where a place is null."""
    return pc.take(values, indices, memory_pool=POOL)


def scalars(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Return plain values as an array, and refuse what Arrow would bend to fit.

    ``5.0`` is an integer, ``5.5`` isn't; ``5`` is a float, ``true`` isn't.

    Raises
    ------
    pyarrow.ArrowInvalid, pyarrow.ArrowTypeError
        A value isn't of the type.
    """
    if arrow_type == INTEGER and float in map(type, values):
        values = [_whole(value) if isinstance(value, float) else value for value in values]
    elif arrow_type == FLOAT and not {int, bool}.isdisjoint(map(type, values)):
        values = [_real(value) if isinstance(value, int) else value for value in values]
    return array(values, arrow_type)


def _whole(value: float) -> int:
    if not value.is_integer():
        raise pa.ArrowInvalid(f"{value} isn't an integer")
    return int(value)


def _real(value: int) -> float:
    if isinstance(value, bool):
        raise pa.ArrowTypeError(f"{value} isn't a number")
    return float(value)


def flatten(lists: Sequence[Sequence[T] | None]) -> tuple[list[T], pa.Array]:
    """Chain lists, and return the items with the offsets that part them again.

    >>> flatten([("a", "b"), None, ("c",)])[0]
    ['a', 'b', 'c']
    """
    items = list(chain.from_iterable(filter(None, lists)))
    return items, offsets([len(one) if one else 0 for one in lists])


def offsets(lengths: npt.ArrayLike) -> pa.Array:
    """Return where each of some lists begins in the chain of their items, and where the last ends.

    >>> offsets([2, 0, 1]).to_pylist()
    [0, 2, 2, 3]
    """
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def struct(columns: Mapping[str, pa.Array], kind: pa.StructType) -> pa.StructArray:
    """Return structs of those columns that a type names."""
    return pa.StructArray.from_arrays([columns[f.name] for f in kind], fields=list(kind))


def list_array(
    lists: Sequence[Sequence[Any] | None], values: Callable[[list[Any]], pa.Array]
) -> pa.Array:
    """Return lists; `values` makes an array of the chained items. A list that is None is null."""
    items, bounds = flatten(lists)
    missing = [one is None for one in lists]
    mask = pa.array(missing, pa.bool_()) if any(missing) else None
    return pa.ListArray.from_arrays(bounds, values(items), mask=mask)


def build(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    """Return JSON values as an array of any type, times and nested ones included.

    Keys that the type doesn't name are left out; absent keys are null.

    Raises
    ------
    pyarrow.ArrowInvalid, pyarrow.ArrowTypeError
        A value isn't of the type.

    Examples
    --------
    >>> build([{"a": 1, "b": 2}, {}], pa.struct({"a": pa.int64()})).to_pylist()
    [{'a': 1}, {'a': None}]
    """
    if pa.types.is_struct(arrow_type):
        rows = [{} if value is None else value for value in values]
        children = [build([row.get(f.name) for row in rows], f.type) for f in arrow_type]
        missing = pa.array([value is None for value in values], pa.bool_())
        return pa.StructArray.from_arrays(children, fields=list(arrow_type), mask=missing)
    if pa.types.is_list(arrow_type):
        if not all(value is None or isinstance(value, list | tuple) for value in values):
            raise pa.ArrowTypeError("not a list")
        return list_array(values, lambda items: build(items, arrow_type.value_type))
    if arrow_type == TIMESTAMP:
        return timestamps(array(values, STRING))
    return scalars(values, arrow_type)


def firsts(bounds: pa.Array) -> pa.Array:
    """Return the index of each list's first item, null for an empty list."""
    starts, ends = bounds[:-1], bounds[1:]
    return pc.if_else(pc.less(starts, ends), starts, None)


def json_texts(values: Iterable[Any]) -> pa.Array:
    """Return each value as JSON text, null for None."""
    return array(
        [None if value is None else msgspec.json.encode(value).decode() for value in values], STRING
    )


def timestamps(texts: pa.Array) -> pa.Array:
    """Return ISO 8601 times as microseconds in UTC; without a zone they are UTC already.

    The forms with a zone and up to six digits, all that the platform has been seen to send in
    answers, are cast at once; a page that holds any other is normalised first. Digits beyond
    the sixth are cut.

    Raises
    ------
    pyarrow.ArrowInvalid
        A text isn't a time.

    Examples
    --------
    >>> texts = pa.array(["2020-01-09T16:34:45Z", "2020-06-03T16:05:00"], STRING)
    >>> timestamps(texts)[1].as_py().isoformat()
    '2020-06-03T16:05:00+00:00'
    """
    try:
        return texts.cast(TIMESTAMP, memory_pool=POOL)
    except pa.ArrowInvalid:
        return _normalised(texts).cast(TIMESTAMP, memory_pool=POOL)


def microseconds(text: str) -> int:
    """Return a time in microseconds since 1970, as `timestamps` does, but quicker for a single one.

    Raises
    ------
    pyarrow.ArrowInvalid
        The text isn't a time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return int(timestamps(array([text], STRING)).cast(pa.int64())[0].as_py())
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


def _normalised(texts: pa.Array) -> pa.Array:
    """Return the times in the form ``2020-01-09T16:34:45.123456+00:00`` or with ``Z``."""
    texts = pc.utf8_upper(pc.utf8_trim_whitespace(texts))
    texts = pc.replace_substring_regex(texts, r"^(\d{4}-\d\d-\d\d)$", r"\1T00:00:00")
    texts = pc.replace_substring_regex(texts, r"([.,]\d{6})\d+", r"\1")
    texts = pc.replace_substring(texts, ",", ".")
    return pc.replace_substring_regex(texts, r"^(\d{4}-\d\d-\d\d[T ][\d:.]+)$", r"\1Z")
