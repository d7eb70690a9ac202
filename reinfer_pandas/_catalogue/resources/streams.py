"""Streams: rows of the catalogue.

Source: Re:infer API guide, streams.
"""

from __future__ import annotations

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import models as columns
from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._columns.streamed import (
    FetchedComment,
    ResultComment,
    from_fetch,
    from_results,
)
from reinfer_pandas._wire import Envelope

_DATASET = "datasets/{project}/{dataset}"
_PUBLIC = "/api/v1/datasets/{project}/{dataset}"
_STREAMS = "View labels and View streams"
_CONSUME = "Consume streams, View labels and View sources"

STREAMS = (
    *(
        Resource(
            path=f"{_DATASET}/streams{tail}",
            meaning=meaning,
            route=f"{_PUBLIC}/streams{tail}",
            schema=columns.STREAM,
            envelope=Envelope(key, shape=shapes.each(shapes.lift("model"))),
            permission=_STREAMS,
            source="Re:infer API guide, streams",
        )
        for tail, key, meaning in (
            ("", "streams", "streams of a dataset"),
            ("/{stream}", "stream", "one stream"),
        )
    ),
    Resource(
        path=f"{_DATASET}/streams/{{stream}}/fetch",
        meaning="a stream's next comments; its cursor stays until `Client.advance`",
        method="POST",
        route=f"{_PUBLIC}/streams/{{stream}}/fetch",
        schema=columns.FETCHED_COMMENT,
        envelope=Envelope(
            "results",
            record=FetchedComment,
            beside=("sequence_id", "filtered", "is_end_sequence"),
            shape=from_fetch,
        ),
        permission=_CONSUME,
        source="Re:infer API guide, streams",
        max_page_size=1024,
        facts={name: name for name in ("sequence_id", "filtered", "is_end_sequence")},
        options={"page_size": "json.size", "max_filtered": "json.max_filtered"},
        body={},
    ),
    Resource(
        path=f"{_DATASET}/streams/{{stream}}/results",
        meaning="the same in the newer form, with extractions",
        route=f"{_PUBLIC}/streams/{{stream}}/results",
        schema=columns.RESULT,
        envelope=Envelope(
            "results",
            record=ResultComment,
            beside=("continuation", "num_filtered", "more_results"),
            shape=from_results,
        ),
        permission=_CONSUME,
        source="Re:infer API guide, streams",
        facts={
            "sequence_id": "continuation",
            "filtered": "num_filtered",
            "more_results": "more_results",
        },
        options={"page_size": "params.max_results", "max_filtered": "params.max_filtered"},
    ),
)
