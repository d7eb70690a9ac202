"""From the wire's arrays to the frame's columns, by Arrow's own kernels, for many pages at once.

Nothing is made that isn't wanted, and texts are shared between the columns of the first message
and the messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import firsts, offsets, struct, take, timestamps
from reinfer_pandas._columns.labels import (
    entity_column,
    label_column,
    lengths,
    moon_form_column,
    whole_lists,
)
from reinfer_pandas._columns.wire import OF_MESSAGE, OF_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Wants = Callable[[str], bool]

Arrays = dict[str, pa.Array]

_TEXTS = ("uid", "id", "thread_id")
_TIMES = ("timestamp", "created_at", "last_modified")
_OF_MESSAGES = (*OF_MESSAGE, "n_messages", "messages")
_TEXTS_OF_MESSAGE = ("body", "subject", "signature")


def _fields(found: pa.StructArray) -> Arrays:
    return dict(zip(found.type.names, found.flatten(), strict=True))


def comment_columns(comments: pa.StructArray, wants: Wants) -> Arrays:
    """Return the wanted columns of comments, the user properties aside."""
    found = _fields(comments)
    columns = {name: found[name] for name in _TEXTS if wants(name)}
    columns |= {name: timestamps(found[name]) for name in _TIMES if wants(name)}
    if wants("source_id"):
        columns["source_id"] = _source_ids(found["source_id"], found["uid"])
    if wants("has_annotations"):
        columns["has_annotations"] = pc.fill_null(found["has_annotations"], False)
    if any(map(wants, _OF_MESSAGES)):
        columns |= _message_columns(found["messages"], wants)
    if wants("attachments"):
        columns["attachments"] = whole_lists(found["attachments"])
    return columns


def _source_ids(given: pa.Array, uids: pa.Array) -> pa.Array:
    """Return the sources; where none or an empty one is given, what the uid begins with."""
    lacks = pc.fill_null(pc.equal(given, ""), True)
    if not pc.any(lacks, min_count=0).as_py():
        return given
    return pc.if_else(lacks, pc.replace_substring_regex(uids, r"(?s)\..*", ""), given)


def _message_columns(lists: pa.ListArray, wants: Wants) -> Arrays:
    """Return the messages, and the first message's fields as columns."""
    counts, messages = lengths(lists), lists.flatten()
    fields: Arrays = {}
    for name, array in _fields(messages).items():
        if name in _TEXTS_OF_MESSAGE:
            text = _fields(array)
            fields |= {name: text["text"], f"{name}_translated_from": text["translated_from"]}
        else:
            fields[name] = timestamps(array) if name == "sent_at" else array
    bounds = offsets(counts)
    columns = {name: fields[name] for name in OF_MESSAGE if wants(name)}
    if len(messages) != len(lists) or not counts.all():  # else nothing need be copied
        at = firsts(bounds)
        columns = {name: take(array, at) for name, array in columns.items()}
    if wants("n_messages"):
        columns["n_messages"] = pa.array(counts)
    if wants("messages"):
        columns["messages"] = pa.ListArray.from_arrays(bounds, struct(fields, s.MESSAGE))
    return columns


def annotated_columns(records: pa.StructArray, wants: Wants) -> Arrays:
    """Return the wanted columns of comments with what is said of them."""
    found = _fields(records)
    columns = comment_columns(found["comment"], wants)
    thread = found.get("thread_properties")
    for name, key in OF_THREAD.items():
        if thread is not None and wants(name):
            columns[name] = pc.struct_field(thread, key)
    if wants("model_version"):
        columns["model_version"] = found["model_version"]
    if wants("labels"):
        columns["labels"] = label_column(found["labelling"])
    if wants("entities"):
        columns["entities"] = entity_column(found["entities"])
    if wants("moon_forms"):
        columns["moon_forms"] = moon_form_column(found["moon_forms"])
    if wants("label_properties"):
        columns["label_properties"] = whole_lists(found["label_properties"])
    return columns


def prediction_columns(records: pa.StructArray, wants: Wants) -> Arrays:
    """Return the columns of predictions; what no answer tells is null, which isn't nothing."""
    found = _fields(records)
    labels, entities = found["labels"], found["entities"]
    scores = found["label_properties"]
    predicted = _as_predicted(labels)
    thresholds = labels.flatten().field("auto_thresholds")
    columns = {
        "labels": _masked(label_column(predicted), labels),
        "auto_thresholds": _masked(
            pa.ListArray.from_arrays(offsets(lengths(labels)), thresholds), labels
        ),
        "entities": _masked(entity_column(_as_predicted(entities).flatten()), entities),
        "label_properties": _masked(whole_lists(scores), scores),
        "model_time": timestamps(found["model_time"]),
    }
    plain = ("document", "uid", "sentiment", "model_version")
    columns |= {name: found[name] for name in plain}
    return {name: array for name, array in columns.items() if wants(name)}


def _as_predicted(lists: pa.ListArray) -> pa.ListArray:
    """Return lists as the predicted ones of one group for each row."""
    none = pa.nulls(len(lists), lists.type)
    arrays = {"group": pa.nulls(len(lists), s.STRING), "predicted": lists}
    arrays |= {"assigned": none, "dismissed": none}
    groups = pa.StructArray.from_arrays(list(arrays.values()), names=list(arrays))
    return pa.ListArray.from_arrays(pa.array(range(len(lists) + 1), pa.int32()), groups)


def _masked(lists: pa.ListArray, given: pa.ListArray) -> pa.ListArray:
    """Return lists of which those are null that weren't given."""
    return pa.ListArray.from_arrays(lists.offsets, lists.values, mask=given.is_null())


MAKERS = {
    "comment": comment_columns,
    "annotated": annotated_columns,
    "prediction": prediction_columns,
}


def property_columns(pages: Sequence[pa.Array], wants: Wants) -> Arrays:
    """Return the user properties of some pages, each a struct of those that it knows of."""
    types: dict[str, pa.DataType] = {}
    for page in pages:
        types |= {field.name: field.type for field in page.type}
    names = [name for name in types if wants(name)]
    columns = {}
    for name in names:
        parts = [
            pc.struct_field(page, [page.type.get_field_index(name)])
            if page.type.get_field_index(name) >= 0
            else pa.nulls(len(page), types[name])
            for page in pages
        ]
        columns[name] = parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
    return columns
