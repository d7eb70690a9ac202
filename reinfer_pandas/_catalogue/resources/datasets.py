"""Datasets, what they define and what is in them: rows of the catalogue.

Source: Re:infer API guide, datasets, query, labellings, export.
"""

from __future__ import annotations

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import datasets as columns
from reinfer_pandas._catalogue.resource import ATTRIBUTES, Resource, filters
from reinfer_pandas._catalogue.resources.listed import owned
from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.records import AnnotatedComment
from reinfer_pandas._columns.wrapped import (
    ExportedComment,
    all_asked,
    from_export,
)
from reinfer_pandas._wire import Envelope, Paging

_GUIDE = "Re:infer API guide, datasets"
_DATASET = "datasets/{project}/{dataset}"
_PUBLIC = "/api/v1/datasets/{project}/{dataset}"
_PRIVATE = "/api/_private/datasets/{project}/{dataset}"
_LABELS_AND_SOURCES = "View labels and View sources"
_OLDER = Paging("older_than_version")

DATASETS = (
    *owned(
        "datasets",
        "dataset",
        columns.DATASET,
        base="/api/v1",
        permission="View labels",
        source=_GUIDE,
    ),
    *(
        Resource(
            path=f"{_DATASET}/{tail}",
            meaning=meaning,
            route=_PUBLIC,
            schema=schema,
            envelope=Envelope("dataset", shape=shapes.each(*steps)),
            permission="View labels",
            source=_GUIDE,
        )
        for tail, meaning, schema, steps in (
            (
                "label-defs",
                "labels that a dataset defines",
                columns.LABEL_DEF,
                (shapes.label_defs, shapes.parts()),
            ),
            (
                "label-fields",
                "fields extracted for each label",
                columns.LABEL_FIELD,
                (shapes.label_defs, shapes.explode("moon_form", group="group", label="name")),
            ),
            (
                "entity-defs",
                "field types that a dataset defines",
                columns.ENTITY_DEF,
                (shapes.explode("entity_defs"),),
            ),
            (
                "general-fields",
                "general fields that a dataset defines",
                columns.GENERAL_FIELD,
                (shapes.explode("general_fields"),),
            ),
        )
    ),
    Resource(
        path=f"{_DATASET}/label-groups",
        meaning="label groups, with their labels",
        route=f"{_PRIVATE}/label-groups",
        schema=columns.LABEL_GROUP,
        envelope=Envelope("label_groups"),
        permission="View labels",
        source=_GUIDE,
    ),
    Resource(
        path=f"{_DATASET}/label-groups/{{group}}",
        meaning="one label group",
        route=f"{_PRIVATE}/label-groups/{{group}}",
        schema=columns.LABEL_GROUP,
        envelope=Envelope(shape=shapes.each(shapes.only(dict))),
        permission="View labels",
        source=_GUIDE,
    ),
    Resource(
        path=f"{_DATASET}/labels/{{group}}",
        meaning="one label of a group",
        route=f"{_PRIVATE}/labels/{{group}}",
        schema=columns.LABEL_DEF,
        envelope=Envelope(shape=shapes.each(shapes.only(dict), shapes.parts())),
        permission="View labels",
        source=_GUIDE,
        options={"label": "params.label_name"},
        required=("label",),
    ),
    *(
        Resource(
            path=f"{_DATASET}/labels/{{group}}/{{label}}{tail}/history",
            meaning=meaning,
            route=f"{_PRIVATE}/labels/{{group}}/{{label}}{tail}/history",
            schema=columns.HISTORY,
            envelope=Envelope(
                cursor="oldest_version",
                shape=shapes.each(shapes.only(list), shapes.as_sent("definition")),
            ),
            permission="View labels",
            source=_GUIDE,
            paging=_OLDER,
        )
        for tail, meaning in (
            ("", "past versions of a label, newest first"),
            ("/fields/{field}", "past versions of a label's field, newest first"),
        )
    ),
    Resource(
        path=f"{_DATASET}/labellers/status",
        meaning="how far training and prediction have got",
        route=f"{_PRIVATE}/labellers/status",
        schema=columns.TRAINING_STATUS,
        envelope=Envelope("dataset_status"),
        permission="View labels",
        source=_GUIDE,
    ),
    Resource(
        path=f"{_DATASET}/comments",
        meaning="comments with labels, entities and thread, newest first",
        method="POST",
        route=f"{_PRIVATE}/query",
        schema=s.ANNOTATED_COMMENT,
        envelope=Envelope("results", "continuation"),
        permission=_LABELS_AND_SOURCES,
        source="Re:infer API guide, query",
        paging=Paging(ends_when_empty=True),
        max_page_size=512,
        options={
            **filters("filter"),
            **ATTRIBUTES,
            "order": "json.order",
            "seed": "read",
            "text": "read",
            "model_version": "read",
            "threshold": "read",
            "idempotent": "read",
            "page_size": "json.limit",
        },
        body={"filter": {}, "order": {"kind": "recent"}},
        order=-1,
    ),
    Resource(
        path=f"{_DATASET}/export",
        meaning="comments with labels by the public export, in the order of time",
        method="POST",
        route=f"{_PUBLIC}/export",
        schema=s.ANNOTATED_COMMENT,
        envelope=Envelope("comments", "continuation", ExportedComment, shape=from_export),
        permission="Export datasets, View labels and View sources",
        source="Re:infer API guide, export",
        paging=Paging(),
        options={
            "start": "json.from",
            "end": "json.to",
            "sources": "json.source_ids",
            "uids": "json.comment_uids",
            "order_by": "json.order_by",
            "page_size": "json.limit",
        },
        body={},
    ),
    Resource(
        path=f"{_DATASET}/reviewed",
        meaning="comments that people have reviewed, source by source",
        route=f"{_PRIVATE}/labellings",
        schema=s.ANNOTATED_COMMENT,
        envelope=Envelope("results", "after"),
        permission=_LABELS_AND_SOURCES,
        source="Re:infer API guide, labellings",
        paging=Paging("after", ends_when_empty=True),
        options={
            "sources": "params.source_id",
            "predictions": "params.return_predictions",
            "page_size": "params.limit",
        },
        defaults={"predictions": "false"},
        batch=("sources", 1),
    ),
    Resource(
        path=f"{_DATASET}/labellings",
        meaning="comments with labels, by their uids",
        route=f"{_PRIVATE}/labellings",
        schema=s.ANNOTATED_COMMENT,
        envelope=Envelope("results", record=AnnotatedComment, shape=all_asked),
        permission=_LABELS_AND_SOURCES,
        source="Re:infer API guide, labellings",
        options={"uids": "params.id"},
        params=(("allow_missing", "true"),),
        required=("uids",),
        batch=("uids", 32),
    ),
)
