"""Sources: rows of the catalogue.

Source: Re:infer API guide, sources, comments.
"""

from __future__ import annotations

from reinfer_pandas._catalogue.columns import sources as columns
from reinfer_pandas._catalogue.resource import Resource, filters
from reinfer_pandas._catalogue.resources.listed import owned
from reinfer_pandas._columns import schema as s
from reinfer_pandas._wire import Envelope, Paging

_GUIDE = "Re:infer API guide, sources"
_NEED = "View sources"

SOURCES = (
    *owned("sources", "source", columns.SOURCE, base="/api/v1", permission=_NEED, source=_GUIDE),
    Resource(
        path="sources/{project}/{source}/comments",
        meaning="comments as they came in, oldest first",
        route="/api/_private/sources/{project}/{source}/comments",
        schema=s.COMMENT,
        envelope=Envelope("comments", "continuation"),
        permission=_NEED,
        source="Re:infer API guide, comments",
        paging=Paging("after", drops=("from_timestamp",)),
        max_page_size=256,
        options={
            "start": "params.from_timestamp",
            "end": "params.to_timestamp",
            "page_size": "params.limit",
        },
        order=1,
    ),
    Resource(
        path="sources/{project}/{source}/comments/{comment}",
        meaning="one comment, by its id in the source",
        route="/api/v1/sources/{project}/{source}/comments/{comment}",
        schema=s.COMMENT,
        envelope=Envelope("comment"),
        permission=_NEED,
        source="Re:infer API guide, comments",
    ),
    Resource(
        path="sources/{project}/{source}/statistics",
        meaning="how many comments there are",
        method="POST",
        route="/api/v1/sources/{project}/{source}/statistics",
        schema=columns.SOURCE_STATISTICS,
        envelope=Envelope("statistics"),
        permission=_NEED,
        source="Re:infer API guide, statistics",
        options={k: v for k, v in filters("comment_filter").items() if k != "sources"},
        body={"comment_filter": {}},
    ),
    Resource(
        path="sources/{project}/{source}/threads",
        meaning="threads, with the ids of their comments",
        route="/api/v1/sources/{project}/{source}/threads",
        schema=columns.THREAD,
        envelope=Envelope("threads"),
        permission=_NEED,
        source=_GUIDE,
    ),
)
