"""Predictions to Arrow: the columns of `PREDICTION`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.annotations import entity_array, label_array, label_property_array
from reinfer_pandas._columns.arrays import build, column, timestamps
from reinfer_pandas._columns.records import Entities, Labelling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reinfer_pandas._columns.predictions import Prediction

_THRESHOLDS = pa.list_(s.STRINGS)


def prediction_arrays(
    found: Sequence[Prediction], _wanted: Callable[[str], bool]
) -> dict[str, pa.Array]:
    """Return the columns of predictions; what no answer tells is null, which isn't nothing."""
    labels = label_array([(Labelling(predicted=one.labels),) for one in found])
    entities = entity_array([Entities(predicted=one.entities) for one in found])
    scores = label_property_array([one.label_properties for one in found])
    return {
        "document": column(found, "document", s.INTEGER),
        "uid": column(found, "uid", s.STRING),
        "labels": _masked(labels, [one.labels for one in found]),
        "auto_thresholds": build(
            [
                None if one.labels is None else [label.auto_thresholds for label in one.labels]
                for one in found
            ],
            _THRESHOLDS,
        ),
        "entities": _masked(entities, [one.entities for one in found]),
        "label_properties": _masked(scores, [one.label_properties for one in found]),
        "sentiment": column(found, "sentiment", s.FLOAT),
        "model_version": column(found, "model_version", s.INTEGER),
        "model_time": timestamps(column(found, "model_time", s.STRING)),
    }


def _masked(lists: pa.ListArray, given: Sequence[object]) -> pa.ListArray:
    """Return lists of which those are null that weren't given."""
    missing = pa.array([one is None for one in given], s.BOOLEAN)
    return pa.ListArray.from_arrays(lists.offsets, lists.values, type=lists.type, mask=missing)
