"""Comments as a stream gives them, turned into the query route's records.

Source: Re:infer API guide, streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from reinfer_pandas._columns.records import (
    AnnotatedComment,
    Capture,
    Comment,
    Entities,
    Entity,
    Field,
    Label,
    LabelCaptures,
    Labelling,
    LabelProperty,
    MoonForms,
    Span,
)
from reinfer_pandas._columns.wrapped import PredictedProperty, as_label_properties
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class StreamedComment(AnnotatedComment, gc=False):
    """A comment of a stream, and where in the stream it is."""

    sequence_id: str | None = None
    prediction: dict[str, Any] | None = None


class FetchedComment(Struct, gc=False):
    """A comment as a stream's fetch wraps it."""

    comment: Comment
    sequence_id: str
    labels: tuple[Label, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    label_properties: tuple[PredictedProperty, ...] | None = None


def from_fetch(records: Sequence[FetchedComment], beside: Mapping[str, Any]) -> Sequence[Any]:
    """Return fetched comments as the query route would give them, each with its place."""
    _check_place(beside.get("sequence_id"))
    return [
        StreamedComment(
            comment=one.comment,
            labelling=(Labelling(predicted=one.labels),),
            entities=Entities(predicted=one.entities),
            label_properties=as_label_properties(one.label_properties),
            sequence_id=one.sequence_id,
        )
        for one in records
    ]


def _check_place(found: object) -> None:
    if not isinstance(found, str) or not found:
        raise ResponseError("the batch doesn't say where it ends", reason="missing key")


class Confidence(Struct, gc=False):
    """How sure a model is, and which thresholds that passes."""

    value: float | None = None


class FormattedValue(Struct, gc=False):
    """A field's value."""

    formatted: str | None = None


class ResultField(Struct, gc=False):
    """A field that a stream's model extracted; its value is null where it found none."""

    name: str
    value: FormattedValue | None = None
    confidence: float | Confidence | None = None
    text_spans: tuple[Span, ...] | None = None


class ResultLabel(Struct, gc=False):
    """A label that a stream's model predicted, with its fields."""

    name: str | tuple[str, ...]
    occurrence_confidence: Confidence | None = None
    extraction_confidence: Confidence | None = None
    fields: tuple[ResultField, ...] | None = None


class Taxonomy(Struct, gc=False):
    """The labels and fields of one label group."""

    name: str = "default"
    labels: tuple[ResultLabel, ...] | None = None
    general_fields: tuple[ResultField, ...] | None = None


class ResultPrediction(Struct, gc=False):
    """What a stream's model made of a comment."""

    taxonomies: tuple[Taxonomy, ...] | None = None
    scores: tuple[LabelProperty, ...] | None = None


class ResultComment(Struct, gc=False):
    """A comment as a stream's results wrap it."""

    comment: Comment
    continuation: str
    prediction: dict[str, Any] | None = None


def from_results(records: Sequence[ResultComment], beside: Mapping[str, Any]) -> Sequence[Any]:
    """Return a stream's results as the query route would give them, each with its place."""
    _check_place(beside.get("continuation"))
    return [_from_result(one) for one in records]


def _from_result(one: ResultComment) -> StreamedComment:
    found = msgspec.convert(one.prediction or {}, ResultPrediction)
    taxonomies = found.taxonomies or ()
    return StreamedComment(
        comment=one.comment,
        labelling=tuple(_labelling(taxonomy) for taxonomy in taxonomies),
        entities=Entities(
            predicted=tuple(
                _entity(field) for taxonomy in taxonomies for field in taxonomy.general_fields or ()
            )
        ),
        moon_forms=tuple(
            MoonForms(group=taxonomy.name, predicted=tuple(_captures(taxonomy)))
            for taxonomy in taxonomies
        ),
        label_properties=found.scores,
        sequence_id=one.continuation,
        prediction=one.prediction,
    )


def _sure(confidence: float | Confidence | None) -> float | None:
    return confidence.value if isinstance(confidence, Confidence) else confidence


def _labelling(taxonomy: Taxonomy) -> Labelling:
    labels = (Label(one.name, _sure(one.occurrence_confidence)) for one in taxonomy.labels or ())
    return Labelling(group=taxonomy.name, predicted=tuple(labels))


def _formatted(field: ResultField) -> str | None:
    return field.value.formatted if field.value else None


def _entity(field: ResultField) -> Entity:
    return Entity(
        name=field.name,
        formatted_value=_formatted(field),
        spans=field.text_spans,
        probability=_sure(field.confidence),
    )


def _captures(taxonomy: Taxonomy) -> Iterator[LabelCaptures]:
    for one in taxonomy.labels or ():
        fields = tuple(
            Field(
                name=field.name,
                formatted_value=_formatted(field),
                probability=_sure(field.confidence),
                spans=field.text_spans,
            )
            for field in one.fields or ()
        )
        label = Label(one.name, _sure(one.occurrence_confidence))
        yield LabelCaptures(label, (Capture(fields, _sure(one.extraction_confidence)),))
