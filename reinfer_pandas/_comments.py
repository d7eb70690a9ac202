"""Comments to Arrow: one pass for each field over a page's structs.

Every function takes the structs of one page and returns arrays as long as the page. Message
texts are converted once; the columns of the first message are taken from them in Arrow. Label
names recur, so each distinct one is split and converted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reinfer_pandas import _schema as s
from reinfer_pandas._arrow import (
    array,
    column,
    firsts,
    flatten,
    json_texts,
    list_array,
    nested,
    offsets,
    repeated,
    scalars,
    structs,
    take,
    timestamps,
)
from reinfer_pandas._records import (
    AnnotatedComment,
    Attachment,
    Capture,
    Comment,
    Entities,
    Entity,
    Field,
    Label,
    Labelling,
    LabelProperty,
    Message,
    MoonForms,
    Text,
    ThreadProperties,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Arrays = dict[str, pa.Array]

_UNKNOWN_THREAD = ThreadProperties()


def comment_arrays(comments: Sequence[Comment], wanted: Callable[[str], bool]) -> Arrays:
    """Return the columns of comments without labels.

    Parameters
    ----------
    comments : sequence of Comment
        One page.
    wanted : callable
        Tells of a column's name whether it is asked for.
    """
    arrays = {name: column(comments, name, s.STRING) for name in ("uid", "id", "thread_id")}
    source_ids = [c.source_id or c.uid.partition(".")[0] for c in comments]
    arrays["source_id"] = array(source_ids, s.STRING)
    for name in ("timestamp", "created_at", "last_modified"):
        arrays[name] = timestamps(column(comments, name, s.STRING))
    arrays["has_annotations"] = array([bool(c.has_annotations) for c in comments], s.BOOLEAN)
    arrays |= message_arrays([c.messages for c in comments])
    arrays |= property_arrays([c.user_properties for c in comments], wanted)
    if wanted("attachments"):
        arrays["attachments"] = attachment_array([c.attachments for c in comments])
    return arrays


def annotated_arrays(results: Sequence[AnnotatedComment], wanted: Callable[[str], bool]) -> Arrays:
    """Return the columns of comments with their labels."""
    arrays = comment_arrays([r.comment for r in results], wanted)
    arrays |= thread_arrays([r.thread_properties or _UNKNOWN_THREAD for r in results])
    arrays["model_version"] = column(results, "model_version", s.INTEGER)
    if wanted("labels"):
        arrays["labels"] = label_array([_groups(r.labelling) for r in results])
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
    leading = ("subject", "body", "from", "to", "cc", "bcc", "sent_at", "language")
    if len(messages) == len(lists) and not first.null_count:  # one each: nothing need be copied
        arrays = {name: fields[name] for name in leading}
    else:
        arrays = {name: take(fields[name], first) for name in leading}
    arrays["n_messages"] = array([len(one) for one in lists], s.INTEGER)
    whole = [fields[field.name] for field in s.MESSAGE]
    rows = pa.StructArray.from_arrays(whole, fields=list(s.MESSAGE))
    arrays["messages"] = pa.ListArray.from_arrays(bounds, rows)
    return arrays


def _text_arrays(name: str, texts: Sequence[Text | None]) -> Arrays:
    """Return the texts, and the languages from which they were translated."""
    return {
        name: array([text and text.text for text in texts], s.STRING),
        f"{name}_translated_from": array(
            [text and text.translated_from for text in texts], s.STRING
        ),
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
    return nested(lists, s.ATTACHMENT, lambda found: _fields(found, s.ATTACHMENT))


def _fields(items: Sequence[Any], struct: pa.StructType) -> list[pa.Array]:
    """Return the fields that are named alike in the wire's struct and in Arrow's."""
    return [column(items, field.name, field.type) for field in struct]


def thread_arrays(threads: Sequence[ThreadProperties]) -> Arrays:
    """Return what is known of each comment's thread, as columns."""
    return {
        "thread_duration_s": column(threads, "duration", s.FLOAT),
        "thread_response_time_s": column(threads, "response_time", s.FLOAT),
        "thread_n_messages": column(threads, "num_messages", s.INTEGER),
        "thread_position": column(threads, "thread_position", s.INTEGER),
        "thread_first_sender": column(threads, "first_sender", s.STRING),
    }


def _groups(labelling: Sequence[Labelling] | Labelling | None) -> Sequence[Labelling]:
    """Return the label groups; the oldest records held a single one, bare."""
    if isinstance(labelling, Labelling):
        return (labelling,)
    return labelling or ()


def label_parts(name: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return a label's parts, from either form of its name."""
    return tuple(name.split(" > ")) if isinstance(name, str) else name


def label_name(name: str | tuple[str, ...]) -> str:
    """Return a label's joined name, from either form of it."""
    return name if isinstance(name, str) else " > ".join(name)


def _name_arrays(labels: Sequence[Label]) -> tuple[pa.Array, pa.Array]:
    """Return the joined names and the lists of parts, each distinct name parted once."""
    names = [label.name for label in labels]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    indices = array(list(map(places.__getitem__, names)), pa.int32())
    joined = array(list(map(label_name, places)), s.STRING)
    parts = array(list(map(label_parts, places)), s.STRINGS)
    return take(joined, indices), take(parts, indices)


def _sentiment_arrays(labels: Sequence[Label]) -> tuple[pa.Array, pa.Array]:
    """Return the sentiments given as numbers and those given as words."""
    given = [label.sentiment for label in labels]
    if str not in set(map(type, given)):
        return scalars(given, s.FLOAT), pa.nulls(len(given), s.STRING)
    words = [one if isinstance(one, str) else None for one in given]
    numbers = [None if isinstance(one, str) else one for one in given]
    return scalars(numbers, s.FLOAT), array(words, s.STRING)


def label_array(groups_of_rows: Sequence[Sequence[Labelling]]) -> pa.Array:
    """Return the labels of all groups and states, a list for each comment."""
    labels: list[Label] = []
    lengths: list[int] = []
    runs: list[tuple[str, str, int]] = []
    for groups_of_row in groups_of_rows:
        before = len(labels)
        for labelling in groups_of_row:
            for state, found in _by_state(labelling):
                labels += found
                runs.append((labelling.group, state, len(found)))
        lengths.append(len(labels) - before)

    def fields(labels: list[Label]) -> list[pa.Array]:
        groups, states, counts = zip(*runs, strict=True)
        return [
            *_name_arrays(labels),
            repeated(groups, counts),
            repeated(states, counts),
            column(labels, "probability", s.FLOAT),
            *_sentiment_arrays(labels),
        ]

    return pa.ListArray.from_arrays(offsets(lengths), structs(labels, s.LABEL, fields))


def _by_state(found: Labelling | Entities | MoonForms) -> list[tuple[str, Sequence[Any]]]:
    """Return each state of which there is something, and what."""
    states: list[tuple[str, Sequence[Any]]] = []
    if found.assigned:
        states.append(("assigned", found.assigned))
    if found.dismissed:
        states.append(("dismissed", found.dismissed))
    if found.predicted:
        states.append(("predicted", found.predicted))
    return states


def span_array(found: Sequence[Entity | Field]) -> pa.Array:
    """Return the spans of entities or fields, a list for each; a lone old ``span`` is one."""
    lists = [one.spans or ((one.span,) if one.span else None) for one in found]
    return nested(lists, s.SPAN, lambda spans: _fields(spans, s.SPAN))


def entity_array(entities_of_rows: Sequence[Entities | None]) -> pa.Array:
    """Return the entities of all states, a list for each comment."""
    entities: list[Entity] = []
    lengths: list[int] = []
    runs: list[tuple[str, int]] = []
    for entities_of_row in entities_of_rows:
        before = len(entities)
        for state, found in _by_state(entities_of_row) if entities_of_row else ():
            entities += found
            runs.append((state, len(found)))
        lengths.append(len(entities) - before)

    def fields(entities: list[Entity]) -> list[pa.Array]:
        return [
            column(entities, "name", s.STRING),
            column(entities, "formatted_value", s.STRING),
            repeated(*zip(*runs, strict=True)),
            column(entities, "probability", s.FLOAT),
            span_array(entities),
        ]

    return pa.ListArray.from_arrays(offsets(lengths), structs(entities, s.ENTITY, fields))


Extraction = tuple[str, str, Label, int, Capture]


def _extractions(groups: Sequence[MoonForms] | None) -> Iterator[Extraction]:
    """Yield group, state, label, index and capture, one by one."""
    for forms in groups or ():
        for state, found in _by_state(forms):
            for one in found:
                for index, capture in enumerate(one.captures or ()):
                    yield forms.group, state, one.label, index, capture


def moon_form_array(forms_of_rows: Sequence[Sequence[MoonForms] | None]) -> pa.Array:
    """Return the captures of all labels and states, a list for each comment."""

    def fields(found: list[Extraction]) -> list[pa.Array]:
        groups, states, labels, indices, captures = zip(*found, strict=True)
        return [
            *_name_arrays(labels),
            array(groups, s.STRING),
            array(states, s.STRING),
            array(indices, s.INTEGER),
            column(captures, "probability", s.FLOAT),
            field_array([capture.fields for capture in captures]),
        ]

    return nested([tuple(_extractions(groups)) for groups in forms_of_rows], s.MOON_FORM, fields)


def field_array(lists: Sequence[Sequence[Field] | None]) -> pa.Array:
    """Return the extracted fields, a list for each capture."""

    def fields(found: list[Field]) -> list[pa.Array]:
        return [
            column(found, "name", s.STRING),
            column(found, "formatted_value", s.STRING),
            column(found, "kind", s.STRING),
            column(found, "field_id", s.STRING),
            column(found, "probability", s.FLOAT),
            span_array(found),
        ]

    return nested(lists, s.FIELD, fields)


def label_property_array(lists: Sequence[Sequence[LabelProperty] | None]) -> pa.Array:
    """Return the scores such as tone, a list for each comment."""
    return nested(lists, s.LABEL_PROPERTY, lambda found: _fields(found, s.LABEL_PROPERTY))
