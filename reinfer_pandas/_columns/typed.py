"""The exact way from JSON to the wire's arrays: through typed Python objects.

The types of the objects are derived from the wire's Arrow types, so what is written once there
holds here too. msgspec passes over what no field needs, and says which value is wrong.
"""

from __future__ import annotations

import threading
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Union

import msgspec
import numpy as np
import pyarrow as pa

from reinfer_pandas._columns.arrays import list_array, scalars
from reinfer_pandas._columns.schema import FLOAT, property_type
from reinfer_pandas._columns.wire import ANYTHING, FORMS, LONE

if TYPE_CHECKING:
    from collections.abc import Sequence

_learning = threading.RLock()


def learn(*kinds: Any) -> None:
    """Learn some types, and all within them, before threads need them.

    msgspec learns a struct's fields when it first makes a decoder of it. Two threads that do so
    at the same time crash the interpreter (seen with msgspec 0.22).
    """
    with _learning:
        for kind in kinds:
            msgspec.json.Decoder(kind)


def typed(kind: pa.DataType) -> Any:
    """Return the Python type of what is of an Arrow type on the wire."""
    with _learning:
        return _typed(kind)


@cache
def _typed(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return tuple[_typed(kind.value_type), ...]  # type: ignore[misc]
    if not pa.types.is_struct(kind):
        return _PLAIN[kind]
    if kind == ANYTHING:
        return dict[str, Any]
    forms = {FORMS[f.name]: f.type for f in kind if f.name in FORMS}
    fields = [_field(f, forms.get(f.name)) for f in kind if f.name not in FORMS]
    fields.sort(key=len)  # those without a default come first
    return msgspec.defstruct("Record", fields, rename={"sender": "from"}, gc=False)


_PLAIN: dict[pa.DataType, Any] = {
    pa.large_string(): str,
    pa.int64(): int | float,
    pa.float64(): float,
    pa.bool_(): bool,
}


def _field(field: pa.Field, form: pa.DataType | None) -> Any:
    """Return the field of a struct; where the value has two forms, the type of either."""
    found = _typed(field.type)
    name = _attribute(field.name)
    if field.name in LONE:
        found = Union[found, _typed(field.type.value_type)]  # noqa: UP007 - made at run time
    if form is not None:
        found = Union[found, _typed(form)]  # noqa: UP007
    if not field.nullable or (form is not None and field.name == "name"):
        return (name, found)
    return (name, found | None, None)


def _attribute(key: str) -> str:
    return "sender" if key == "from" else key


def wire_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return typed objects as an array of a wire type.

    Raises
    ------
    pyarrow.ArrowInvalid, OverflowError
        A number isn't whole, or is too large.
    """
    if pa.types.is_list(kind):
        lists = [
            value if value is None or isinstance(value, tuple) else (value,) for value in values
        ]
        made = list_array(lists, lambda items: wire_array(items, kind.value_type))
        return _without_null_items(made) if pa.types.is_struct(kind.value_type) else made
    if not pa.types.is_struct(kind):
        return scalars(values, kind)
    if kind == ANYTHING:
        return _property_array(values)
    found = [value for value in values if value is not None]
    children = [_child(found, f, kind) for f in kind]
    made = pa.StructArray.from_arrays(children, names=kind.names)
    return made if len(found) == len(values) else _spread(made, values)


def _without_null_items(lists: pa.ListArray) -> pa.ListArray:
    """Return lists whose type tells that no item is null, as Arrow's reader makes them."""
    kind = pa.list_(lists.type.value_field.with_nullable(False))
    mask = lists.is_null() if lists.null_count else None
    return pa.ListArray.from_arrays(lists.offsets, lists.values, type=kind, mask=mask)


def _child(rows: list[Any], field: pa.Field, kind: pa.StructType) -> pa.Array:
    """Return one field of all rows; of a value in two forms, those of the field's own form."""
    values = list(map(attrgetter(_attribute(FORMS.get(field.name, field.name))), rows))
    if any(FORMS.get(other.name, other.name) == field.name for other in kind if other != field) or (
        field.name in FORMS
    ):
        values = [value if _is_of(value, field.type) else None for value in values]
    return wire_array(values, field.type)


def _is_of(value: Any, kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return isinstance(value, tuple)
    return isinstance(value, str if kind == pa.large_string() else float)


def _spread(found: pa.Array, values: Sequence[Any]) -> pa.Array:
    """Return an array with nulls put in where a value is missing."""
    is_given = np.array([value is not None for value in values])
    return found.take(pa.array(np.cumsum(is_given) - 1, mask=~is_given))


def _property_array(objects: Sequence[dict[str, Any] | None]) -> pa.StructArray:
    """Return user properties as structs of all that are met.

    ``number:`` properties are floats; all others are text, as JSON where they aren't text on the
    wire.
    """
    names = dict.fromkeys(name for found in objects if found for name in found)
    values = {name: [found.get(name) if found else None for found in objects] for name in names}
    fields = [pa.field(name, property_type(name)) for name in names]
    arrays = [_property(values[field.name], field.type) for field in fields]
    missing = pa.array([found is None for found in objects], pa.bool_())
    if not fields:
        return pa.array([None if found is None else {} for found in objects], ANYTHING)
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=missing)


def _property(values: list[Any], kind: pa.DataType) -> pa.Array:
    if kind == FLOAT:
        return scalars(values, FLOAT)
    return scalars(
        [one if one is None or isinstance(one, str) else _json(one) for one in values], kind
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
