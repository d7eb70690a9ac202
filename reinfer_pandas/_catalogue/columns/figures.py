"""Columns of the figures of a dataset: statistics, summary, user properties.

Source: Re:infer API guide, statistics, summary.
"""

from __future__ import annotations

import pyarrow as pa

from reinfer_pandas._columns.schema import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Schema,
)

STATISTICS = Schema(
    "statistics of a dataset",
    (
        Column("num_comments", FLOAT, "comments that pass the filters", required=True),
        Column("min_timestamp", TIMESTAMP, "the earliest comment"),
        Column("max_timestamp", TIMESTAMP, "the latest comment"),
        Column("by_labels", STRINGS, "labels that are counted"),
        Column("by_label_properties", STRINGS, "scores that are counted"),
        Column("thread_mode", BOOLEAN, "whether threads are counted instead of comments"),
        Column("timezone", STRING, "time zone of the time series"),
        *(
            Column(name, STRING, f"{meaning}, as JSON", free_form=True)
            for name, meaning in (
                ("string_user_property_counts", "comments by value of a user property"),
                ("email_property_counts", "comments by sender or recipient"),
                ("source_counts", "comments by source"),
                ("thread_histogram_counts", "threads by length"),
                ("label_property_timeseries", "scores over time"),
            )
        ),
    ),
)
LABEL_COUNT = Schema(
    "label's count",
    (
        Column("name", STRING, "label, parts joined by ` > `", required=True),
        Column("parts", STRINGS, "the name's parts"),
        Column("positive", FLOAT, "comments expected to have it, in a positive sense"),
        Column("negative", FLOAT, "comments expected to have it, in a negative sense"),
    ),
)
TIMELINE = Schema(
    "label's count in a step of time",
    (
        Column("timestamp", TIMESTAMP, "begin of the step, in the statistics' zone", required=True),
        Column("label", STRING, "label, parts joined by ` > `; missing where none is counted"),
        Column("place", INTEGER, "place among the labels that are counted, from 0"),
        Column("count", FLOAT, "comments expected to have the label"),
        Column("count_any", FLOAT, "comments in the step, whatever their label"),
        Column("count_positive", FLOAT, "of all labels, in a positive sense"),
        Column("count_negative", FLOAT, "of all labels, in a negative sense"),
    ),
)
_SUMMARY_JSON = (
    ("label_properties", "scores that are switched on"),
    ("annotation_metadata", "how comments were annotated"),
    ("entity_defs", "field types, and how often people confirmed them"),
    ("attachments_common_types_extensions", "kinds of attachments"),
    ("attachments_file_extensions", "extensions of attachments"),
)
SUMMARY = Schema(
    "summary of a dataset",
    (
        Column("source_names", STRINGS, "its sources"),
        Column("source_kinds", STRINGS, "their kinds"),
        *(Column(name, STRING, f"{what}, as JSON", free_form=True) for name, what in _SUMMARY_JSON),
    ),
)
SUMMARY_LABEL = Schema(
    "label in a summary",
    (
        Column("name", STRING, "label, parts joined by ` > `", required=True),
        Column("parts", STRINGS, "the name's parts"),
        Column(
            "assigned_positive",
            INTEGER,
            "comments that people gave it, whatever the filter",
            key="unfiltered_assigned_positive",
        ),
        Column(
            "assigned_negative",
            INTEGER,
            "the same, in a negative sense",
            key="unfiltered_assigned_negative",
        ),
        Column("threshold", FLOAT, "probability from which it counts as predicted"),
    ),
)
_VALUE = pa.struct({"value": STRING, "count": INTEGER})
USER_PROPERTY = Schema(
    "user property",
    (
        Column("full_name", STRING, "name with its kind, as in the filters", required=True),
        Column("name", STRING, "name"),
        Column("kind", STRING, "string or number"),
        Column("count", INTEGER, "comments that have it"),
        Column("cardinality", INTEGER, "how many different values it has"),
        Column("too_many_values", BOOLEAN, "whether its values are too many to list"),
        Column("values", pa.list_(_VALUE), "values, and how many comments have each"),
    ),
)
