"""What people and models say of comments, from the wire's arrays to the frame's columns.

Every function takes and returns an array with a value for each comment.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import offsets, struct, take

Integers = npt.NDArray[np.int64]
STATES = ("assigned", "dismissed", "predicted")
_STATES = pa.array(STATES, s.STRING)


def lengths(lists: pa.ListArray) -> Integers:
    """Return how long each list is; one that is null has no items."""
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)


class Stated(NamedTuple):
    """The items of all states, those of a row together, in the order of the states.

    Attributes
    ----------
    fields : dict of str to pyarrow.Array
        Of all items.
    rows, states : array of int
        Of each item, its row and the place of its state.
    counts : array of int
        How many items each row has.
    """

    fields: dict[str, pa.Array]
    rows: Integers
    states: Integers
    counts: Integers

    def state(self) -> pa.Array:
        """Return the name of each item's state."""
        return take(_STATES, pa.array(self.states))


def by_state(found: pa.StructArray, names: tuple[str, ...]) -> Stated:
    """Return some fields of the items in the lists of all states."""
    lists = dict(zip(found.type.names, found.flatten(), strict=True))
    counts = np.stack([lengths(lists[state]) for state in STATES], axis=1)
    runs = counts.ravel()
    rows, states = np.divmod(np.repeat(np.arange(runs.size), runs), len(STATES))
    before = np.cumsum(counts, axis=0) - counts
    before += np.cumsum([0, *counts.sum(axis=0)[:-1]])
    order = np.arange(runs.sum()) + np.repeat(before.ravel() - (np.cumsum(runs) - runs), runs)
    order_array = None if (np.diff(order, prepend=-1) == 1).all() else pa.array(order)
    parts = [lists[state].flatten() for state in STATES]
    fields = {name: _chained([_field(p, name) for p in parts], order_array) for name in names}
    return Stated(fields, rows, states, counts.sum(axis=1))


def _field(items: pa.StructArray, name: str) -> pa.Array:
    """Return one field of all items; the two forms of a value, each by its type, if it has some."""
    if name == "sentiment":
        return items.field(" number" if " number" in items.type.names else "sentiment")
    if name == "sentiment_label":
        return items.field(" words" if " words" in items.type.names else "sentiment")
    return items.field(name)


def _chained(parts: list[pa.Array], order: pa.Array | None) -> pa.Array:
    whole = [part for part in parts if len(part)] or parts[:1]
    found = whole[0] if len(whole) == 1 else pa.concat_arrays(whole)
    return found if order is None else take(found, order)


def _names(name: pa.Array, parts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return joined names and lists of parts from either form; each distinct name parted once."""
    if parts.null_count < len(parts):
        name = pc.coalesce(name, pc.binary_join(parts, pa.scalar(" > ", s.STRING)))
    encoded = name.dictionary_encode()
    split = pc.split_pattern(encoded.dictionary, " > ").cast(s.STRINGS)
    taken = take(split, encoded.indices)
    if parts.null_count < len(parts):
        return name, pc.if_else(parts.is_valid(), parts, taken)
    return name, taken


def _groups(groups: pa.Array) -> pa.Array:
    return pc.fill_null(groups, "default")


def _lists(rows_of_groups: Integers, counts: Integers, items: pa.StructArray) -> pa.ListArray:
    """Return the items in lists for each row, which has some groups of so many items."""
    ends = np.concatenate([[0], np.cumsum(counts)])
    bounds = ends[np.concatenate([[0], np.cumsum(rows_of_groups)])]
    return pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), items)


def label_column(labelling: pa.ListArray) -> pa.ListArray:
    """Return the labels of all groups and states."""
    groups = labelling.flatten()
    names = ("name", " parts", "probability", "sentiment", "sentiment_label")
    found = by_state(groups, names)
    columns = found.fields
    columns["name"], columns["parts"] = _names(columns["name"], columns[" parts"])
    columns["group"] = take(_groups(groups.field("group")), pa.array(found.rows))
    columns["state"] = found.state()
    return _lists(lengths(labelling), found.counts, struct(columns, s.LABEL))


def entity_column(entities: pa.StructArray) -> pa.ListArray:
    """Return the entities of all states."""
    found = by_state(entities, ("name", "formatted_value", "probability", "spans", "span"))
    columns = found.fields | {"state": found.state(), "value": found.fields["formatted_value"]}
    columns["spans"] = _spans(columns["spans"], columns["span"])
    bounds = offsets(found.counts)
    return pa.ListArray.from_arrays(bounds, struct(columns, s.ENTITY))


def _spans(lists: pa.ListArray, lone: pa.StructArray) -> pa.ListArray:
    """Return the spans; a lone old one stands for a list."""
    counts, items = lengths(lists), lists.flatten()
    is_lone = np.asarray(lone.is_valid()) & (counts == 0)
    if not is_lone.any():
        return pa.ListArray.from_arrays(offsets(counts), items)
    starts = np.where(is_lone, len(items) + np.arange(len(lone)), np.cumsum(counts) - counts)
    counts = np.where(is_lone, 1, counts)
    places = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    both = take(pa.concat_arrays([items, lone]), pa.array(places))
    return pa.ListArray.from_arrays(offsets(counts), both)


def moon_form_column(forms: pa.ListArray) -> pa.ListArray:
    """Return the captures of all labels and states."""
    groups = forms.flatten()
    found = by_state(groups, ("label", "captures"))
    labels, lists = found.fields["label"], found.fields["captures"]
    n_captures, captures = lengths(lists), lists.flatten()
    owners = np.repeat(np.arange(len(n_captures)), n_captures)
    at = pa.array(owners)
    name, parts = _names(labels.field("name"), labels.field(" parts"))
    firsts = np.cumsum(n_captures) - n_captures
    columns = {
        "label": take(name, at),
        "parts": take(parts, at),
        "group": take(_groups(groups.field("group")), pa.array(found.rows[owners])),
        "state": take(found.state(), at),
        "capture": pa.array(np.arange(len(owners)) - firsts[owners]),
        "probability": captures.field("probability"),
        "fields": _fields(captures.field("fields")),
    }
    counts = np.bincount(found.rows[owners], minlength=len(groups))
    return _lists(lengths(forms), counts, struct(columns, s.MOON_FORM))


def _fields(lists: pa.ListArray) -> pa.ListArray:
    """Return the extracted fields of each capture."""
    fields = lists.flatten()
    columns = {name: fields.field(name) for name in ("name", "kind", "field_id", "probability")}
    columns["value"] = fields.field("formatted_value")
    columns["spans"] = _spans(fields.field("spans"), fields.field("span"))
    return pa.ListArray.from_arrays(offsets(lengths(lists)), struct(columns, s.FIELD))


def whole_lists(lists: pa.ListArray) -> pa.ListArray:
    """Return lists whose items are as the frame has them; none is null."""
    return pa.ListArray.from_arrays(offsets(lengths(lists)), lists.flatten())
