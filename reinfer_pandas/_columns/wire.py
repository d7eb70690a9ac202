"""The shape of comments on the wire, as Arrow types: written once, for both parsers.

A field that is not nullable is required. Where a key's value comes in two forms, the second has a
field of its own, whose name begins with a blank, as no key of the wire does: see `FORMS`.

Source: Re:infer API guide, comments, labels, entities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from reinfer_pandas._columns import schema as s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

S, F, N, B = s.STRING, s.FLOAT, s.INTEGER, s.BOOLEAN
ANYTHING = pa.struct([])
"""An object of which only its presence matters."""

FORMS: Mapping[str, str] = {" parts": "name", " words": "sentiment", " number": "sentiment"}
"""Fields for the second form of a value, and the keys that hold it."""

LONE = frozenset({"labelling"})
"""Keys of lists in whose place the oldest records hold a single object."""


def _record(
    required: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]
) -> pa.StructType:
    needed = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    return pa.struct([*needed, *(pa.field(name, kind) for name, kind in optional.items())])


def _states(assigned: pa.DataType, predicted: pa.DataType) -> dict[str, pa.DataType]:
    kinds = {"assigned": assigned, "dismissed": assigned, "predicted": predicted}
    return {state: pa.list_(kind) for state, kind in kinds.items()}


TEXT = _record({"text": S}, {"translated_from": S})
MESSAGE = _record(
    {"body": TEXT},
    {"subject": TEXT, "signature": TEXT, "from": S, "to": s.STRINGS, "cc": s.STRINGS}
    | {"bcc": s.STRINGS, "sent_at": S, "language": S},
)
COMMENT = _record(
    {"uid": S, "id": S, "timestamp": S, "created_at": S, "messages": pa.list_(MESSAGE)},
    {"source_id": S, "thread_id": S, "last_modified": S, "user_properties": ANYTHING}
    | {"attachments": pa.list_(s.ATTACHMENT), "has_annotations": B},
)
NAME = {"name": S, " parts": s.STRINGS}
SAID_LABEL = pa.struct({**NAME, "probability": F, "sentiment": S, " number": F})
LABEL = pa.struct({**NAME, "probability": F, "sentiment": F, " words": S})
LABELLING = pa.struct({"group": S, **_states(SAID_LABEL, LABEL)})
_FOUND = {"formatted_value": S, "spans": pa.list_(s.SPAN), "span": s.SPAN, "probability": F}
ENTITY = _record({"name": S}, _FOUND)
ENTITIES = pa.struct(_states(ENTITY, ENTITY))
FIELD = _record({"name": S}, {**_FOUND, "kind": S, "field_id": S})
CAPTURE = pa.struct({"fields": pa.list_(FIELD), "probability": F})
LABEL_CAPTURES = _record({"label": pa.struct(NAME)}, {"captures": pa.list_(CAPTURE)})
MOON_FORMS = pa.struct({"group": S, **_states(LABEL_CAPTURES, LABEL_CAPTURES)})
THREAD_PROPERTIES = pa.struct(
    {"duration": F, "response_time": F, "num_messages": N, "thread_position": N, "first_sender": S}
)
ANNOTATED_COMMENT = _record(
    {"comment": COMMENT},
    {
        "labelling": pa.list_(LABELLING),
        "entities": ENTITIES,
        "thread_properties": THREAD_PROPERTIES,
        "label_properties": pa.list_(s.LABEL_PROPERTY),
        "moon_forms": pa.list_(MOON_FORMS),
        "model_version": N,
    },
)
PREDICTED_LABEL = pa.struct([*LABEL, pa.field("auto_thresholds", s.STRINGS)])
PREDICTION = pa.struct(
    {
        "document": N,
        "uid": S,
        "labels": pa.list_(PREDICTED_LABEL),
        "entities": pa.list_(ENTITY),
        "label_properties": pa.list_(s.LABEL_PROPERTY),
        "sentiment": F,
        "model_version": N,
        "model_time": S,
    }
)
RECORDS: Mapping[str, pa.StructType] = {
    "comment": COMMENT,
    "annotated": ANNOTATED_COMMENT,
    "prediction": PREDICTION,
}

OF_MESSAGE = ("subject", "body", "from", "to", "cc", "bcc", "sent_at", "language")
OF_THREAD: Mapping[str, str] = {
    "thread_duration_s": "duration",
    "thread_response_time_s": "response_time",
    "thread_n_messages": "num_messages",
    "thread_position": "thread_position",
    "thread_first_sender": "first_sender",
}
_RENAMED = {"labels": "labelling"}


def wanted_record(
    base: str, wants: Callable[[str], bool], *, has_properties: bool = True
) -> pa.StructType:
    """Return what the wanted columns need of a record, and of which comment it is."""
    if base != "annotated":
        return _wanted_comment(wants, has_properties) if base == "comment" else RECORDS[base]
    columns = ("labels", "entities", "label_properties", "moon_forms", "model_version")
    kept = {"comment", *(_RENAMED.get(name, name) for name in columns if wants(name))}
    thread = _only(THREAD_PROPERTIES, {key for name, key in OF_THREAD.items() if wants(name)})
    kinds = {"comment": _wanted_comment(wants, has_properties), "thread_properties": thread}
    kept |= {"thread_properties"} if len(thread) else set()
    return _only(ANNOTATED_COMMENT, kept, kinds)


def _wanted_comment(wants: Callable[[str], bool], has_properties: bool) -> pa.StructType:
    whole = wants("messages")
    kept = {f.name for f in COMMENT if wants(f.name)} | {"uid"}
    kept |= {"user_properties"} if has_properties else set()
    of_message = {name for name in OF_MESSAGE if wants(name)}
    if whole or of_message or wants("n_messages"):
        kept.add("messages")
    message = MESSAGE if whole else _only(MESSAGE, of_message or {"language"})
    return _only(COMMENT, kept, {"messages": pa.list_(message)})


def _only(
    record: pa.StructType, names: set[str], kinds: Mapping[str, pa.DataType] | None = None
) -> pa.StructType:
    """Return a record's fields of some names, some of them of other types."""
    found = (f.with_type((kinds or {}).get(f.name, f.type)) for f in record)
    return pa.struct([f for f in found if f.name in names])
