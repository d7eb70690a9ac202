"""Comments in other wrappers than the query route's, turned into its records.

So a frame has the same columns, whichever route its comments came from.

Source: Re:infer API guide, export, streams, predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reinfer_pandas._columns.records import (
    AnnotatedComment,
    Comment,
    Label,
    Labelling,
    LabelProperty,
    ThreadProperties,
)
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ExportedLabels(Struct, gc=False):
    """What people said of an exported comment."""

    assigned: tuple[Label, ...] | None = None
    dismissed: tuple[Label, ...] | None = None


class ExportedAnnotations(Struct, gc=False):
    """The labels of an exported comment."""

    labels: ExportedLabels | None = None


class ExportedPredictions(Struct, gc=False):
    """What a model said of an exported comment."""

    labels: tuple[Label, ...] | None = None


class ExportedComment(Struct, gc=False):
    """A comment as the public export wraps it."""

    comment: Comment
    annotations: ExportedAnnotations | None = None
    predictions: ExportedPredictions | None = None
    thread_properties: ThreadProperties | None = None


def from_export(records: Sequence[ExportedComment], _: Mapping[str, Any]) -> list[AnnotatedComment]:
    """Return exported comments as the query route would give them."""
    return [
        AnnotatedComment(
            comment=one.comment,
            labelling=(_exported_labels(one),),
            thread_properties=one.thread_properties,
        )
        for one in records
    ]


def _exported_labels(one: ExportedComment) -> Labelling:
    said = (one.annotations.labels if one.annotations else None) or ExportedLabels()
    predicted = one.predictions.labels if one.predictions else None
    return Labelling(assigned=said.assigned, dismissed=said.dismissed, predicted=predicted)


class PredictedProperty(Struct, gc=False):
    """A score as the public routes name it."""

    property_id: str | None = None
    property_name: str | None = None
    value: float | None = None


def as_label_properties(
    found: Sequence[PredictedProperty] | None,
) -> tuple[LabelProperty, ...] | None:
    """Return scores under the keys that the query route gives them."""
    if found is None:
        return None
    return tuple(LabelProperty(one.property_id, one.property_name, one.value) for one in found)


def all_asked(records: Sequence[AnnotatedComment], beside: Mapping[str, Any]) -> Sequence[Any]:
    """Return comments that were asked for by uid, in that order.

    Raises
    ------
    ResponseError
        There is no comment of some uid.
    """
    found = {one.comment.uid: one for one in records}
    asked = [uid for _, uid in beside["asked"]]
    if missing := [uid for uid in asked if uid not in found]:
        raise ResponseError(
            f"the dataset has no comment with the uid {', '.join(map(repr, missing[:10]))}",
            hint="Read the dataset's comments: their uid column has those that there are.",
            reason="missing row",
        )
    return [found[uid] for uid in asked]
