"""Predictions as the wire has them, turned into one record for each text or comment.

What was asked for and what was answered are held against each other: texts by their place, which
must therefore be as many; comments by `uid`, so that one without an answer is missing.

Source: Re:infer API guide, predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from reinfer_pandas._columns.records import Entity, PredictedLabel, Prediction
from reinfer_pandas._columns.wrapped import PredictedProperty, as_label_properties
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Sentiment(Struct, gc=False):
    """The overall sentiment of a text."""

    total: float | None = None


class Model(Struct, gc=False):
    """The model that made the predictions."""

    version: int | float | None = None
    time: str | None = None


class CommentPrediction(Struct, gc=False):
    """What a model says of a stored comment."""

    uid: str
    labels: tuple[PredictedLabel, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    label_properties: tuple[PredictedProperty, ...] | None = None
    sentiment: Sentiment | None = None


def from_documents(records: Sequence[Any], beside: Mapping[str, Any]) -> list[Prediction]:
    """Return the predictions for texts, from the answer's parallel lists."""
    model = msgspec.convert(beside.get("model"), Model | None) or Model()
    n = _check_count("predictions", records, len(beside["asked"]))
    entities = _parallel(beside, "entities", tuple[Entity, ...] | None, n)
    scores = _parallel(beside, "label_properties", tuple[PredictedProperty, ...] | None, n)
    sentiments = _parallel(beside, "sentiment", Sentiment | None, n)
    return [
        Prediction(
            document=document,
            labels=labels,
            entities=entities[place],
            label_properties=as_label_properties(scores[place]),
            sentiment=_total(sentiments[place]),
            model_version=model.version,
            model_time=model.time,
        )
        for place, ((document, _), labels) in enumerate(zip(beside["asked"], records, strict=True))
    ]


def _parallel(beside: Mapping[str, Any], key: str, kind: Any, n: int) -> Sequence[Any]:
    """Return a list with something for each document; of nothing where it isn't there."""
    found = beside.get(key)
    if found is None:
        return [None] * n
    typed: Sequence[Any] = msgspec.convert(found, tuple[kind, ...])
    _check_count(key, typed, n)
    return typed


def _check_count(key: str, found: Sequence[Any], n: int) -> int:
    if len(found) != n:
        raise ResponseError(f"{key!r} holds {len(found)} for {n} texts", reason="wrong type")
    return n


def _total(sentiment: Sentiment | None) -> float | None:
    return sentiment.total if sentiment else None


def by_uid(
    records: Sequence[CommentPrediction], beside: Mapping[str, Any]
) -> dict[str, Prediction]:
    """Return the predictions for comments, by uid.

    Raises
    ------
    ResponseError
        One is for a comment that wasn't asked for.
    """
    model = msgspec.convert(beside.get("model"), Model | None) or Model()
    asked = {uid for _, uid in beside["asked"]}
    if strangers := [one.uid for one in records if one.uid not in asked]:
        raise ResponseError(
            f"predictions for comments that weren't asked for: {', '.join(strangers[:5])}",
            reason="wrong type",
        )
    return {
        one.uid: Prediction(
            uid=one.uid,
            labels=one.labels,
            entities=one.entities,
            label_properties=as_label_properties(one.label_properties),
            sentiment=_total(one.sentiment),
            model_version=model.version,
            model_time=model.time,
        )
        for one in records
    }


def from_comments(
    records: Sequence[CommentPrediction], beside: Mapping[str, Any]
) -> list[Prediction]:
    """Return a row for each comment that was asked for, in that order."""
    found = by_uid(records, beside)
    return [found.get(uid) or Prediction(uid=uid) for _, uid in beside["asked"]]
