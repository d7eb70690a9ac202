"""Models, their validation and predictions: rows of the catalogue.

Source: Re:infer API guide, models, validation, predictions.
"""

from __future__ import annotations

from typing import Any

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import models as columns
from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._columns.predictions import (
    CommentPrediction,
    from_comments,
    from_documents,
)
from reinfer_pandas._columns.records import PredictedLabel
from reinfer_pandas._wire import Envelope, Paging

_DATASET = "datasets/{project}/{dataset}"
_PUBLIC = "/api/v1/datasets/{project}/{dataset}"
_PRIVATE = "/api/_private/datasets/{project}/{dataset}"
_NEED = "View labels and View sources"
_VERSION = {"model_version": "path.model_version"}
_PREDICTED = {
    **_VERSION,
    "threshold": "json.threshold",
    "only_labels": "json.labels",
    "idempotent": "read",
}
_BESIDE = ("entities", "label_properties", "sentiment", "model")


def _predicting(name: str, meaning: str, route: str, options: dict[str, str]) -> Resource:
    """Return the row of a route that predicts for texts."""
    is_of_version = "{model_version}" in route
    own = {k: v for k, v in _PREDICTED.items() if is_of_version or k != "model_version"}
    return Resource(
        path=f"{_DATASET}/{name}",
        meaning=meaning,
        method="POST",
        route=route,
        schema=columns.PREDICTION,
        envelope=Envelope(
            "predictions",
            record=tuple[PredictedLabel, ...],
            beside=_BESIDE,
            shape=from_documents,
        ),
        permission=_NEED,
        source="Re:infer API guide, predictions",
        options={**options, **own},
        required=("documents", "model_version") if is_of_version else ("documents",),
        body={},
        batch=("documents", 256),
        billed=True,
    )


def _validation(tail: str, meaning: str, schema: Any, *steps: shapes.Step) -> Resource:
    """Return the row of a part of a model's validation."""
    return Resource(
        path=f"{_DATASET}/validation{tail}",
        meaning=meaning,
        route=f"{_PRIVATE}/labellers/{{model_version}}/validation",
        schema=schema,
        envelope=Envelope("validation", shape=shapes.each(*steps)),
        permission="View labels",
        source="Re:infer API guide, validation",
        options=_VERSION,
        defaults={"model_version": "latest"},
    )


def _label_validation(tail: str, meaning: str, schema: Any, step: shapes.Step) -> Resource:
    """Return the row of a part of a label's validation."""
    return Resource(
        path=f"{_DATASET}/label-validation{tail}",
        meaning=meaning,
        method="POST",
        route=f"{_PRIVATE}/labellers/{{model_version}}/label-validation",
        schema=schema,
        envelope=Envelope("label_validation", shape=shapes.each(step)),
        permission="View labels",
        source="Re:infer API guide, validation",
        options={"label": "json.label", **_VERSION},
        required=("label",),
        defaults={"model_version": "latest"},
        body={},
    )


MODELS = (
    Resource(
        path=f"{_DATASET}/labellers",
        meaning="models, newest first",
        method="POST",
        route=f"{_PRIVATE}/labellers",
        schema=columns.MODEL,
        envelope=Envelope("labellers", shape=shapes.each(shapes.lift("settings"))),
        permission="View labels",
        source="Re:infer API guide, models",
        paging=Paging(older_than="older_than_version", ends_when_empty=True),
        max_page_size=100,
        options={"page_size": "json.limit"},
        body={},
    ),
    Resource(
        path=f"{_DATASET}/model-tags",
        meaning="which model is live, and which staging",
        route=f"{_PUBLIC}/model-tags",
        schema=columns.MODEL_TAG,
        envelope=Envelope("model_tags"),
        permission="View labels",
        source="Re:infer API guide, models",
    ),
    _validation("", "how well a model does", columns.VALIDATION, shapes.lift("model_rating")),
    _validation(
        "/labels",
        "how well a model does on each label",
        columns.LABEL_SCORES,
        shapes.items("labels"),
        shapes.lift("optimal_thresholds"),
        shapes.parts(),
    ),
    _validation(
        "/curve",
        "a model's mean precision at each recall",
        columns.PRECISION_CURVE,
        shapes.zipped(recall="recalls", precision="mean_precision_curve_safe"),
    ),
    Resource(
        path=f"{_DATASET}/validation/scores",
        meaning="a model's scores by the public route",
        route=f"{_PUBLIC}/labellers/{{model_version}}/validation",
        schema=columns.SCORES,
        envelope=Envelope("validation"),
        permission="View labels",
        source="Re:infer API guide, validation",
        options=_VERSION,
        required=("model_version",),
    ),
    _label_validation(
        "",
        "how well a model does on one label",
        columns.LABEL_VALIDATION,
        shapes.lift("optimal_thresholds"),
    ),
    _label_validation(
        "/curve",
        "a label's precision and recall at each threshold",
        columns.LABEL_CURVE,
        shapes.zipped(threshold="thresholds", precision="precisions", recall="recalls"),
    ),
    _predicting(
        "predict",
        "predictions for texts, by any pinned model; billed for each text",
        f"{_PUBLIC}/labellers/{{model_version}}/predict",
        {"documents": "json.documents", "texts": "read"},
    ),
    _predicting(
        "predict-latest",
        "predictions for texts, by the latest model; billed for each text",
        f"{_PRIVATE}/labellers/predict",
        {"documents": "json.documents", "texts": "read"},
    ),
    _predicting(
        "predict-raw-emails",
        "predictions for raw e-mails, by any pinned model; billed for each",
        f"{_PUBLIC}/labellers/{{model_version}}/predict-raw-emails",
        {"documents": "json.documents", "transform_tag": "json.transform_tag"},
    ),
    Resource(
        path=f"{_DATASET}/predict-comments",
        meaning="predictions for stored comments, by any pinned model; may be billed",
        method="POST",
        route=f"{_PUBLIC}/labellers/{{model_version}}/predict-comments",
        schema=columns.COMMENT_PREDICTION,
        envelope=Envelope(
            "predictions", record=CommentPrediction, beside=("model",), shape=from_comments
        ),
        permission=_NEED,
        source="Re:infer API guide, predictions",
        options={"uids": "json.uids", **_PREDICTED},
        required=("uids", "model_version"),
        body={},
        batch=("uids", 512),
        billed=True,
    ),
)
