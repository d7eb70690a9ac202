"""Figures of a dataset: rows of the catalogue.

Source: Re:infer API guide, statistics, summary.
"""

from __future__ import annotations

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import figures as columns
from reinfer_pandas._catalogue.resource import ATTRIBUTES, Resource, filters
from reinfer_pandas._wire import Envelope

_DATASET = "datasets/{project}/{dataset}"
_PRIVATE = "/api/_private/datasets/{project}/{dataset}"
_NEED = "View labels and View sources"
_COUNTED = {"comment_filter": {}, "label_property_timeseries": False}

FIGURES = (
    *(
        Resource(
            path=f"{_DATASET}/statistics{tail}",
            meaning=meaning,
            method="POST",
            route=f"{_PRIVATE}/statistics",
            schema=schema,
            envelope=Envelope("statistics", shape=shape),
            permission=_NEED,
            source="Re:infer API guide, statistics",
            options={**filters("comment_filter"), **ATTRIBUTES, **options},
            body={**_COUNTED, "label_timeseries": bool(options)},
        )
        for tail, meaning, schema, shape, options in (
            ("", "how many comments there are, and since when", columns.STATISTICS, None, {}),
            (
                "/labels",
                "how many comments each label is expected to have",
                columns.LABEL_COUNT,
                shapes.each(shapes.items("label_counts"), shapes.parts()),
                {},
            ),
            (
                "/timeline",
                "the same by day, week, month or year",
                columns.TIMELINE,
                shapes.each(shapes.timeline),
                {
                    "resolution": "json.time_resolution",
                    "timezone": "json.timezone",
                    "by_labels": "json.by_labels.include.include_labels",
                },
            ),
        )
    ),
    *(
        Resource(
            path=f"{_DATASET}/summary{tail}",
            meaning=meaning,
            method="POST",
            route=f"{_PRIVATE}/summary",
            schema=schema,
            envelope=Envelope("summary", shape=shape),
            permission=_NEED,
            source="Re:infer API guide, summary",
            options={**filters("filter"), **ATTRIBUTES},
            body={"filter": {}},
        )
        for tail, meaning, schema, shape in (
            ("", "what there is to filter a dataset by", columns.SUMMARY, None),
            (
                "/labels",
                "how many comments people gave each label",
                columns.SUMMARY_LABEL,
                shapes.each(
                    shapes.explode("labels"), shapes.lift("unfiltered_assigned"), shapes.parts()
                ),
            ),
            (
                "/user-properties",
                "user properties and their values",
                columns.USER_PROPERTY,
                shapes.each(shapes.user_properties),
            ),
        )
    ),
    Resource(
        path=f"{_DATASET}/user-properties",
        meaning="user properties, how often they occur and with which values",
        route=f"{_PRIVATE}/user-properties",
        schema=columns.USER_PROPERTY,
        envelope=Envelope("", shape=shapes.each(shapes.user_properties)),
        permission=_NEED,
        source="Re:infer API guide, summary",
    ),
)
