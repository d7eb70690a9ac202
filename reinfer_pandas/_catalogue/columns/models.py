"""Columns of models, their validation and predictions, and of streams.

Source: Re:infer API guide, models, validation, predictions, streams.
"""

from __future__ import annotations

import pyarrow as pa

from reinfer_pandas._columns.schema import (
    ANNOTATED_COMMENT,
    BOOLEAN,
    ENTITY,
    FLOAT,
    INTEGER,
    LABEL,
    LABEL_PROPERTY,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Schema,
)

MODEL = Schema(
    "model",
    (
        Column("version", INTEGER, "number of the model", required=True),
        Column("model_id", STRING, "kind of model"),
        Column("model_name", STRING, "cm, gpt_ixp, …"),
        Column("fingerprint", STRING, "what it was trained on"),
        Column("trained_time", TIMESTAMP, "when its training ended"),
        Column("training_duration", FLOAT, "how long that took", "s"),
        Column("input_updated_at", TIMESTAMP, "latest annotation that it has seen"),
        Column("validated", BOOLEAN, "whether it has been validated"),
        Column("pinned", BOOLEAN, "whether it is kept, and can be asked for predictions"),
        Column("used_by_triggers", BOOLEAN, "whether a stream uses it"),
        Column("starred", BOOLEAN, "whether somebody starred it", key="settings_starred"),
        Column("description", STRING, "what somebody noted of it", key="settings_description"),
        Column("freshness", STRING, "fresh, deprecated, unsupported"),
        Column("flags", STRINGS, "features that it uses"),
        Column("reviewed_counts", STRING, "reviewed comments by label, as JSON", free_form=True),
    ),
    unique="version",
)
MODEL_TAG = Schema(
    "model tag",
    (
        Column("name", STRING, "live or staging", required=True),
        Column("version", INTEGER, "the model that it names", required=True),
        Column("updated_at", TIMESTAMP, "since when"),
    ),
)

_NAME_AND_PARTS = pa.struct({"name": STRING, "parts": STRINGS})
_NAME_AND_TITLE = pa.struct({"name": STRING, "title": STRING})
SCORES = Schema(
    "scores of a model",
    (
        Column("version", INTEGER, "model", required=True),
        Column("num_reviewed_comments", INTEGER, "comments that people have reviewed"),
        Column("num_labels", INTEGER, "labels"),
        Column("num_amber_labels", INTEGER, "labels that do so so"),
        Column("num_red_labels", INTEGER, "labels that do badly"),
        Column("mean_average_precision_safe", FLOAT, "mean of the labels' average precision"),
        Column("dataset_quality", STRING, "none, poor, average, good, excellent"),
        Column("dataset_score", FLOAT, "overall score, 0 to 100"),
        Column("balance", FLOAT, "how evenly the reviewed comments are drawn"),
        Column("balance_quality", STRING, "verdict on that"),
        Column("coverage", FLOAT, "share of the comments that labels cover"),
        Column("coverage_quality", STRING, "verdict on that"),
        Column("underperforming_labels_quality", STRING, "verdict on the weakest labels"),
        Column("all_labels_quality", STRING, "verdict on all labels"),
        Column("labels", pa.list_(_NAME_AND_PARTS), "labels, joined and by parts"),
        Column("entities", pa.list_(_NAME_AND_TITLE), "field types"),
    ),
)
_SIZES = (
    Column("train_size", INTEGER, "comments to learn from"),
    Column("test_size", INTEGER, "comments to be tested on"),
    Column("reviewed_size", INTEGER, "comments that people have reviewed"),
)
VALIDATION = Schema(
    "validation of a model",
    (
        Column("version", INTEGER, "model", required=True),
        Column("model_kind", STRING, "kind of model"),
        Column("fingerprint", STRING, "what it was trained on"),
        Column("trained_time", TIMESTAMP, "when its training ended"),
        Column("training_time", FLOAT, "how long that took", "s"),
        Column("input_updated_at", TIMESTAMP, "latest annotation that it has seen"),
        Column("rating_score", FLOAT, "overall score, 0 to 100", key="model_rating_score"),
        Column("rating_quality", STRING, "verdict on that", key="model_rating_quality"),
        Column(
            "needs_refinement",
            BOOLEAN,
            "whether annotating more is advised",
            key="model_rating_needs_refinement",
        ),
        *_SIZES,
        Column("min_comments_threshold", INTEGER, "reviewed comments that a label needs"),
        Column("mean_average_precision_safe", FLOAT, "mean of the labels' average precision"),
        Column("has_uninformative", BOOLEAN, "whether some comments were marked as without label"),
        Column("entities", STRING, "figures of the field types, as JSON", free_form=True),
        Column(
            "rating_factors",
            STRING,
            "what the score is made of, as JSON",
            key="model_rating_factors",
            free_form=True,
        ),
    ),
)
PRECISION_CURVE = Schema(
    "point of a model's mean precision curve",
    (
        Column("recall", FLOAT, "share of the right comments that are found"),
        Column("precision", FLOAT, "share of the found comments that are right"),
    ),
)
_VERDICT = (
    Column("average_precision", FLOAT, "precision averaged over the recalls"),
    *_SIZES,
    *(
        Column(
            f"threshold_{name}",
            FLOAT,
            f"probability that is best for {name.replace('_', ' ')}",
            key=f"optimal_thresholds_{name}",
        )
        for name in ("high_precision", "balanced", "high_recall")
    ),
    Column("health", STRING, "what is wrong with it, as JSON", free_form=True),
)
LABEL_SCORES = Schema(
    "label's validation",
    (
        Column("name", STRING, "label, parts joined by ` > `", required=True),
        Column("parts", STRINGS, "the name's parts"),
        *_VERDICT,
    ),
)
LABEL_VALIDATION = Schema(
    "label's validation",
    (
        *_VERDICT,
        Column("test_error_count", FLOAT, "test comments that it got wrong"),
        Column("test_expected_count", FLOAT, "test comments that have the label"),
    ),
)
LABEL_CURVE = Schema(
    "point of a label's precision and recall curve",
    (
        Column("threshold", FLOAT, "probability from which the label counts"),
        Column("precision", FLOAT, "share of the found comments that are right"),
        Column("recall", FLOAT, "share of the right comments that are found"),
    ),
)

PREDICTION = Schema(
    "prediction for a text",
    (
        Column("document", INTEGER, "place among the texts that were given, from 0"),
        Column("labels", pa.list_(LABEL), "predicted labels"),
        Column("auto_thresholds", pa.list_(STRINGS), "thresholds that each label passes"),
        Column("entities", pa.list_(ENTITY), "predicted entities"),
        Column("label_properties", pa.list_(LABEL_PROPERTY), "scores such as tone"),
        Column("sentiment", FLOAT, "overall sentiment"),
        Column("model_version", INTEGER, "model that made them; missing where no answer came"),
        Column("model_time", TIMESTAMP, "when that model was trained"),
    ),
    base="prediction",
)
COMMENT_PREDICTION = Schema(
    "prediction for a comment",
    (Column("uid", STRING, "the comment: the key for joins"), *PREDICTION.columns[1:]),
    unique="uid",
    base="prediction",
)

_THRESHOLD = pa.struct({"name": STRINGS, "threshold": FLOAT})
STREAM = Schema(
    "stream",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("dataset_id", STRING, "dataset that it draws on", required=True),
        Column("name", STRING, "name in its dataset", required=True),
        Column("title", STRING, "name for people"),
        Column("description", STRING, "what it is"),
        Column("created_at", TIMESTAMP, "creation", required=True),
        Column("updated_at", TIMESTAMP, "last change"),
        Column("model_version", INTEGER, "model that predicts for it"),
        Column(
            "label_thresholds",
            pa.list_(_THRESHOLD),
            "probability from which each label counts",
            key="model_label_thresholds",
        ),
        Column("comment_filter", STRING, "which comments pass, as JSON", free_form=True),
    ),
    unique="id",
)
FETCHED_COMMENT = Schema(
    "comment of a stream",
    (
        *ANNOTATED_COMMENT.columns,
        Column("sequence_id", STRING, "place in the stream: what to advance to when it is done"),
    ),
    properties_after=ANNOTATED_COMMENT.properties_after,
    base="annotated",
)
RESULT = Schema(
    "result of a stream",
    (
        *FETCHED_COMMENT.columns,
        Column("prediction", STRING, "the prediction as sent, as JSON", free_form=True),
    ),
    properties_after=ANNOTATED_COMMENT.properties_after,
    base="annotated",
)
