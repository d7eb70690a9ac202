"""What people and models say of comments, to Arrow: labels, entities, extractions, scores.

Every function returns an array with a list for each comment. Label names recur, so each distinct
one is split and converted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import (
    array,
    column,
    nested,
    offsets,
    repeated,
    scalars,
    struct_fields,
    structs,
    take,
)
from reinfer_pandas._columns.records import (
    Capture,
    Entities,
    Entity,
    Field,
    Label,
    Labelling,
    LabelProperty,
    MoonForms,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def label_groups(labelling: Sequence[Labelling] | Labelling | None) -> Sequence[Labelling]:
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
    return nested(lists, s.SPAN, lambda spans: struct_fields(spans, s.SPAN))


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
    return nested(lists, s.LABEL_PROPERTY, lambda found: struct_fields(found, s.LABEL_PROPERTY))
