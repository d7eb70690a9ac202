"""Columns of datasets, and of the labels and fields that they define.

Source: Re:infer API guide, datasets, label groups.
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

ENTITY_DEF_TYPE = pa.struct(
    {
        "id": STRING,
        "name": STRING,
        "title": STRING,
        "color": INTEGER,
        "inherits_from": STRINGS,
        "trainable": BOOLEAN,
        "_entity_def_flags": STRINGS,
        "instructions": STRING,
    }
)
GENERAL_FIELD_TYPE = pa.struct(
    {
        "field_id": STRING,
        "field_type_id": STRING,
        "field_type_name": STRING,
        "api_name": STRING,
        "title": STRING,
    }
)
FORM_FIELD_TYPE = pa.struct(
    {
        "field_id": STRING,
        "id": STRING,
        "field_type_id": STRING,
        "kind": STRING,
        "name": STRING,
        "instructions": STRING,
    }
)
NAMED_VALUE_TYPE = pa.struct({"name": STRING, "value": FLOAT})
PRETRAINED_TYPE = pa.struct({"id": STRING, "name": STRING, "description": STRING})
LABEL_DEF_TYPE = pa.struct(
    {
        "name": STRING,
        "title": STRING,
        "instructions": STRING,
        "external_id": STRING,
        "properties": pa.list_(NAMED_VALUE_TYPE),
        "pretrained": PRETRAINED_TYPE,
        "trainable": BOOLEAN,
        "moon_form": pa.list_(FORM_FIELD_TYPE),
        "_flags": STRINGS,
    }
)
LABEL_GROUP_TYPE = pa.struct(
    {
        "name": STRING,
        "label_defs": pa.list_(LABEL_DEF_TYPE),
        "label_collection_name": STRING,
        "trainable": BOOLEAN,
        "hidden": BOOLEAN,
        "instructions": STRING,
    }
)

DATASET = Schema(
    "dataset",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("owner", STRING, "project", required=True),
        Column("name", STRING, "name in its project", required=True),
        Column("title", STRING, "name for people"),
        Column("description", STRING, "what it is"),
        Column("created", TIMESTAMP, "creation", required=True),
        Column("last_modified", TIMESTAMP, "last change", required=True),
        Column("model_family", STRING, "english, german, transformer-xlm, …"),
        Column("source_ids", STRINGS, "sources it draws on"),
        Column("has_sentiment", BOOLEAN, "whether labels carry a sentiment"),
        Column("limited_access", BOOLEAN, "whether access is limited"),
        Column("entity_defs", pa.list_(ENTITY_DEF_TYPE), "field types"),
        Column("general_fields", pa.list_(GENERAL_FIELD_TYPE), "general fields"),
        Column("label_groups", pa.list_(LABEL_GROUP_TYPE), "labels by group"),
        Column("label_defs", pa.list_(LABEL_DEF_TYPE), "labels of the default group"),
        Column("_label_properties", STRINGS, "ids of the scores that are switched on"),
        Column("_timezone", STRING, "time zone of its charts"),
        Column("_preferred_locales", STRING, "locales, as JSON", free_form=True),
        Column("_dataset_flags", STRINGS, "features that are switched on"),
        Column("_model_config", STRING, "model settings, as JSON", free_form=True),
        Column("readonly", BOOLEAN, "whether it can't be changed"),
    ),
    unique="id",
)
LABEL_GROUP = Schema(
    "label group",
    (
        Column("name", STRING, "name; `default` is the one that every dataset has", required=True),
        Column("label_defs", pa.list_(LABEL_DEF_TYPE), "its labels", required=True),
        Column("label_collection_name", STRING, "collection of ready-made labels it came from"),
        Column("trainable", BOOLEAN, "whether models learn it"),
        Column("hidden", BOOLEAN, "whether it isn't shown"),
        Column("instructions", STRING, "what it is for"),
    ),
)
LABEL_DEF = Schema(
    "label definition",
    (
        Column("group", STRING, "label group"),
        Column("name", STRING, "full name, parts joined by ` > `", required=True),
        Column("parts", STRINGS, "the name's parts"),
        Column("title", STRING, "name for people"),
        Column("instructions", STRING, "when it applies"),
        Column("external_id", STRING, "id in another system"),
        Column("properties", pa.list_(NAMED_VALUE_TYPE), "scores of the label, such as tone"),
        Column("pretrained", PRETRAINED_TYPE, "the ready-made label that it is"),
        Column("trainable", BOOLEAN, "whether models learn it"),
        Column("moon_form", pa.list_(FORM_FIELD_TYPE), "fields extracted for it"),
        Column("_flags", STRINGS, "llm_generated, …"),
    ),
)
LABEL_FIELD = Schema(
    "field extracted for a label",
    (
        Column("group", STRING, "label group"),
        Column("label", STRING, "label, parts joined by ` > `", required=True),
        Column("name", STRING, "name for people", required=True),
        Column("field_id", STRING, "id of the field"),
        Column("field_type_id", STRING, "field type, as in entity-defs"),
        Column("kind", STRING, "name of the field type"),
        Column("instructions", STRING, "what to extract"),
        Column("rule_set", STRING, "rules on its value, as JSON", free_form=True),
    ),
)
ENTITY_DEF = Schema(
    "field type",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("name", STRING, "name in the API", required=True),
        Column("title", STRING, "name for people"),
        Column("color", INTEGER, "number of its colour"),
        Column("inherits_from", STRINGS, "field types that it builds on"),
        Column("trainable", BOOLEAN, "whether models learn it"),
        Column("_entity_def_flags", STRINGS, "appears_verbatim, allow_out_of_domain"),
        Column("rules", STRING, "suppressors, choices and patterns, as JSON", free_form=True),
        Column("instructions", STRING, "what to extract"),
    ),
    unique="id",
)
GENERAL_FIELD = Schema(
    "general field",
    (
        Column("api_name", STRING, "name in the API", required=True),
        Column("title", STRING, "name for people"),
        Column("field_id", STRING, "id of the field"),
        Column("field_type_id", STRING, "field type, as in entity-defs"),
        Column("field_type_name", STRING, "name of the field type"),
    ),
)
TRAINING_STATUS = Schema(
    "training status of a dataset",
    (
        Column("training_complete", FLOAT, "share of the training done"),
        Column("validation_complete", FLOAT, "share of the validation done"),
        Column("training_completion_time", TIMESTAMP, "when the latest training ended"),
        Column("inference_complete", FLOAT, "share of the comments that have predictions"),
        Column("total_comments_with_text", INTEGER, "comments with text"),
        Column(
            "inference_stats_by_version",
            STRING,
            "comments with predictions by model version, as JSON",
            free_form=True,
        ),
        Column("inference_stuck", BOOLEAN, "whether predictions have stopped coming"),
        Column("operation", STRING, "what is under way, as JSON", free_form=True),
    ),
)
HISTORY = Schema(
    "past version of a label or field",
    (
        Column("version", INTEGER, "version number"),
        Column("definition", STRING, "the version as sent, as JSON", free_form=True),
    ),
)
