"""Items of nested columns, one after the other, with what belongs to the rows that they are in.

Source: Re:infer API guide, comments, labels, entities.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns.spans import covered_texts

Arrays = dict[str, pa.Array]


class Items(NamedTuple):
    """The items of lists, one after the other."""

    values: pa.Array
    rows: npt.NDArray[np.int64]
    """Place of the list that each is in."""
    places: pa.Array
    """Place of each in its list."""

    def field(self, name: str) -> pa.Array:
        """Return one field of all items."""
        return pc.struct_field(self.values, name)

    def fields(self) -> Arrays:
        """Return all fields of all items."""
        return {field.name: self.field(field.name) for field in self.values.type}


def _items(lists: pa.ListArray, *, keep_empty: bool = False) -> Items:
    """Return the items of lists; with `keep_empty`, a list without any counts as one null."""
    # Not list_parent_indices: it counts what lies hidden under a null list.
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    values = pc.list_flatten(lists)
    counts = np.maximum(lengths, 1) if keep_empty else lengths
    rows = np.repeat(np.arange(len(lists)), counts)
    places = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    if not keep_empty or lengths.all():
        return Items(values, rows, pa.array(places))
    is_empty = lengths[rows] == 0
    kept = pa.array((np.cumsum(lengths) - lengths)[rows] + places, mask=is_empty)
    return Items(values.take(kept), rows, pa.array(places, mask=is_empty))


def _repeat(arrays: Arrays, rows: npt.NDArray[np.int64]) -> Arrays:
    """Return for each item what belongs to its row."""
    indices = pa.array(rows)
    return {name: array.take(indices) for name, array in arrays.items()}


def _uids(batch: pa.RecordBatch, found: Items) -> Arrays:
    return _repeat({"uid": batch["uid"]}, found.rows)


def labels_of(batch: pa.RecordBatch) -> Arrays:
    """Return the labels' fields, and whose they are."""
    found = _items(batch["labels"])
    return found.fields() | _uids(batch, found) | {"label": found.field("name")}


def messages_of(batch: pa.RecordBatch) -> Arrays:
    """Return the messages' fields, and whose they are."""
    found = _items(batch["messages"])
    return found.fields() | _uids(batch, found) | {"message_index": found.places}


def attachments_of(batch: pa.RecordBatch) -> Arrays:
    """Return the attachments' fields, and whose they are."""
    found = _items(batch["attachments"])
    return found.fields() | _uids(batch, found) | {"attachment_index": found.places}


def label_properties_of(batch: pa.RecordBatch) -> Arrays:
    """Return the scores' fields, and whose they are."""
    found = _items(batch["label_properties"])
    return found.fields() | _uids(batch, found)


def entities_of(batch: pa.RecordBatch) -> Arrays:
    """Return the spans' fields, what they cover, and the entities whose they are."""
    found = _items(batch["entities"])
    spans = _items(found.field("spans"), keep_empty=True)
    entity = {name: found.field(name) for name in ("name", "value", "state", "probability")}
    entity |= _uids(batch, found) | {"entity_index": found.places}
    arrays = _repeat(entity, spans.rows) | spans.fields() | {"span_index": spans.places}
    if "messages" in batch.schema.names:
        rows = found.rows[spans.rows]
        arrays["text"] = covered_texts(spans.values, rows, batch["messages"])
    return arrays


def extractions_of(batch: pa.RecordBatch) -> Arrays:
    """Return the extracted fields, and the labels and captures whose they are."""
    found = _items(batch["moon_forms"])
    fields = _items(found.field("fields"), keep_empty=True)
    shared = ("parts", "group", "state", "capture", "probability")
    capture = {name: found.field(name) for name in shared}
    capture |= _uids(batch, found) | {"label": found.field("label")}
    return _repeat(capture, fields.rows) | {
        "field": fields.field("name"),
        "field_probability": fields.field("probability"),
        **{name: fields.field(name) for name in ("value", "kind", "field_id", "spans")},
    }
