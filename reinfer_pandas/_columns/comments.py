"""Comments to Arrow: one pass for each field over some pages' structs.

Every function returns arrays as long as it was given comments, and makes no column that isn't
wanted. Message texts are converted once; the columns of the first message are taken from them in
Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.annotations import (
    entity_array,
    label_array,
    label_groups,
    label_property_array,
    moon_form_array,
)
from reinfer_pandas._columns.arrays import (
    array,
    column,
    firsts,
    flatten,
    json_texts,
    list_array,
    nested,
    scalars,
    struct_fields,
    take,
    timestamps,
)
from reinfer_pandas._columns.records import (
    AnnotatedComment,
    Attachment,
    Comment,
    Message,
    Text,
    ThreadProperties,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Arrays = dict[str, pa.Array]

_TEXTS = ("uid", "id", "thread_id")
_TIMES = ("timestamp", "created_at", "last_modified")
_OF_FIRST_MESSAGE = ("subject", "body", "from", "to", "cc", "bcc", "sent_at", "language")
_OF_MESSAGES = (*_OF_FIRST_MESSAGE, "n_messages", "messages")
_OF_THREAD: Mapping[str, tuple[str, pa.DataType]] = {
    "thread_duration_s": ("duration", s.FLOAT),
    "thread_response_time_s": ("response_time", s.FLOAT),
    "thread_n_messages": ("num_messages", s.INTEGER),
    "thread_position": ("thread_position", s.INTEGER),
    "thread_first_sender": ("first_sender", s.STRING),
}
_UNKNOWN_THREAD = ThreadProperties()


def comment_arrays(comments: Sequence[Comment], wanted: Callable[[str], bool]) -> Arrays:
    """Return the columns of comments without labels.

    Parameters
    ----------
    comments : sequence of Comment
        Some pages.
    wanted : callable
        Tells of a column's name whether it is asked for.
    """
    arrays = {name: column(comments, name, s.STRING) for name in filter(wanted, _TEXTS)}
    for name in filter(wanted, _TIMES):
        arrays[name] = timestamps(column(comments, name, s.STRING))
    if wanted("source_id"):
        source_ids = [c.source_id or c.uid.partition(".")[0] for c in comments]
        arrays["source_id"] = array(source_ids, s.STRING)
    if wanted("has_annotations"):
        annotated = [bool(c.has_annotations) for c in comments]
        arrays["has_annotations"] = array(annotated, s.BOOLEAN)
    if any(map(wanted, _OF_MESSAGES)):
        arrays |= message_arrays([c.messages for c in comments])
    if wanted("attachments"):
        arrays["attachments"] = attachment_array([c.attachments for c in comments])
    return arrays | property_arrays([c.user_properties for c in comments], wanted)


def annotated_arrays(results: Sequence[AnnotatedComment], wanted: Callable[[str], bool]) -> Arrays:
    """Return the columns of comments with their labels."""
    arrays = comment_arrays([r.comment for r in results], wanted)
    threads = [r.thread_properties or _UNKNOWN_THREAD for r in results]
    for name in filter(wanted, _OF_THREAD):
        arrays[name] = column(threads, *_OF_THREAD[name])
    if wanted("model_version"):
        arrays["model_version"] = column(results, "model_version", s.INTEGER)
    if wanted("labels"):
        arrays["labels"] = label_array([label_groups(r.labelling) for r in results])
    if wanted("entities"):
        arrays["entities"] = entity_array([r.entities for r in results])
    if wanted("moon_forms"):
        arrays["moon_forms"] = moon_form_array([r.moon_forms for r in results])
    if wanted("label_properties"):
        arrays["label_properties"] = label_property_array([r.label_properties for r in results])
    return arrays


def message_arrays(lists: Sequence[Sequence[Message]]) -> Arrays:
    """Return the messages, and the first message's fields as columns."""
    messages, bounds = flatten(lists)
    fields = {
        **_text_arrays("body", [m.body for m in messages]),
        **_text_arrays("subject", [m.subject for m in messages]),
        **_text_arrays("signature", [m.signature for m in messages]),
        "from": column(messages, "sender", s.STRING),
        "to": string_lists([m.to for m in messages]),
        "cc": string_lists([m.cc for m in messages]),
        "bcc": string_lists([m.bcc for m in messages]),
        "sent_at": timestamps(column(messages, "sent_at", s.STRING)),
        "language": column(messages, "language", s.STRING),
    }
    first = firsts(bounds)
    if len(messages) == len(lists) and not first.null_count:  # one each: nothing need be copied
        arrays = {name: fields[name] for name in _OF_FIRST_MESSAGE}
    else:
        arrays = {name: take(fields[name], first) for name in _OF_FIRST_MESSAGE}
    arrays["n_messages"] = array([len(one) for one in lists], s.INTEGER)
    whole = [fields[field.name] for field in s.MESSAGE]
    rows = pa.StructArray.from_arrays(whole, fields=list(s.MESSAGE))
    arrays["messages"] = pa.ListArray.from_arrays(bounds, rows)
    return arrays


def _text_arrays(name: str, texts: Sequence[Text | None]) -> Arrays:
    """Return the texts, and the languages from which they were translated."""
    languages = [text and text.translated_from for text in texts]
    return {
        name: array([text and text.text for text in texts], s.STRING),
        f"{name}_translated_from": array(languages, s.STRING),
    }


def string_lists(lists: Sequence[Sequence[str] | None]) -> pa.Array:
    """Return lists of strings; a list that isn't given is null."""
    return list_array(lists, lambda items: array(items, s.STRING))


def property_arrays(
    properties: Sequence[dict[str, Any] | None], wanted: Callable[[str], bool]
) -> Arrays:
    """Return the user properties, a column for each name on the wire.

    ``number:`` properties are floats; all others are text, as JSON where they aren't text on the
    wire.
    """
    columns: dict[str, list[Any]] = {}
    for row, found in enumerate(properties):
        for name, value in found.items() if found else ():
            values = columns.get(name)
            if values is None:
                values = columns[name] = [None] * len(properties)
            values[row] = value
    return {name: _property(name, values) for name, values in columns.items() if wanted(name)}


def _property(name: str, values: list[Any]) -> pa.Array:
    if s.property_type(name) == s.FLOAT:
        return scalars(values, s.FLOAT)
    try:
        return array(values, s.STRING)
    except pa.ArrowTypeError:
        return json_texts(values)


def attachment_array(lists: Sequence[Sequence[Attachment] | None]) -> pa.Array:
    """Return the attachments, a list for each comment."""
    return nested(lists, s.ATTACHMENT, lambda found: struct_fields(found, s.ATTACHMENT))
