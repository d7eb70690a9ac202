"""Buckets of e-mails, their sync states, and integrations: rows of the catalogue.

Source: Re:infer API guide, buckets, integrations.
"""

from __future__ import annotations

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import buckets as columns
from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._catalogue.resources.listed import owned
from reinfer_pandas._wire import Envelope, Paging

_BUCKET = "buckets/{project}/{bucket}"
_KEYED = "buckets/id:{id}"
_READ_BUCKETS = "buckets-read"

BUCKETS = (
    *owned(
        "buckets",
        "bucket",
        columns.BUCKET,
        base="/api/_private",
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
    ),
    Resource(
        path=f"{_BUCKET}/statistics",
        meaning="how many e-mails a bucket holds",
        route=f"/api/_private/{_BUCKET}/statistics",
        schema=columns.BUCKET_STATISTICS,
        envelope=Envelope("statistics", shape=shapes.each(shapes.lift("count"))),
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
    ),
    Resource(
        path=f"{_BUCKET}/emails",
        meaning="a bucket's e-mails, whole",
        method="POST",
        route=f"/api/_private/{_BUCKET}/emails",
        schema=columns.EMAIL,
        envelope=Envelope("emails", "continuation", shape=shapes.each(shapes.lift("metadata"))),
        permission="buckets-items-read",
        source="Re:infer API guide, buckets",
        paging=Paging(),
        max_page_size=256,
        options={"page_size": "json.limit"},
        body={},
    ),
    Resource(
        path=f"{_BUCKET}/email",
        meaning="one e-mail of a bucket, by its message id",
        route=f"/api/_private/{_BUCKET}/emails",
        schema=columns.EMAIL,
        envelope=Envelope("emails", shape=shapes.each(shapes.lift("metadata"))),
        permission="buckets-items-read",
        source="Re:infer API guide, buckets",
        options={"id": "params.id"},
        required=("id",),
    ),
    Resource(
        path=f"{_KEYED}/keyed-sync-states",
        meaning="how far each mailbox and folder has been synced",
        route=f"/api/_private/{_KEYED}/keyed-sync-states/",
        schema=columns.KEYED_SYNC_STATE,
        envelope=Envelope("keyed_sync_states"),
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
    ),
    Resource(
        path=f"{_KEYED}/keyed-sync-state-ids",
        meaning="keys of a mailbox's sync states",
        method="POST",
        route=f"/api/_private/{_KEYED}/keyed-sync-state-ids",
        schema=columns.SYNC_STATE_ID,
        envelope=Envelope("keyed_sync_state_ids", record=str, shape=shapes.named("id")),
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
        options={"mailbox": "json.mailbox_name"},
        required=("mailbox",),
        body={},
    ),
    Resource(
        path=f"{_KEYED}/keyed-sync-state/{{key}}",
        meaning="one sync state, by its key",
        route=f"/api/_private/{_KEYED}/keyed-sync-state/{{key}}",
        schema=columns.KEYED_SYNC_STATE,
        envelope=Envelope(shape=shapes.each(shapes.only(dict))),
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
    ),
    Resource(
        path="bucket-sync-state/{project}/{bucket}",
        meaning="how far a bucket has been synced",
        route="/api/_private/bucket-sync-state/{project}/{bucket}",
        schema=columns.SYNC_STATE,
        envelope=Envelope(),
        permission=_READ_BUCKETS,
        source="Re:infer API guide, buckets",
    ),
    *owned(
        "integrations",
        "integration",
        columns.INTEGRATION,
        base="/api/_private",
        permission="integrations-read",
        source="Re:infer API guide, integrations",
    ),
    Resource(
        path="integrations/{project}/{integration}/errors",
        meaning="what went wrong in an integration",
        route="/api/_private/integrations/{project}/{integration}/errors",
        schema=columns.INTEGRATION_ERROR,
        envelope=Envelope(shape=shapes.each(shapes.only(list), shapes.as_sent("error"))),
        permission="integrations-read",
        source="Re:infer API guide, integrations",
    ),
)
