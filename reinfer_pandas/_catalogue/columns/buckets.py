"""Columns of buckets, their e-mails and sync states, and of integrations.

Source: Re:infer API guide, buckets, integrations.
"""

from __future__ import annotations

import pyarrow as pa

from reinfer_pandas._columns.schema import (
    ATTACHMENT,
    BOOLEAN,
    INTEGER,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Schema,
)

BUCKET = Schema(
    "bucket",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("owner", STRING, "project", required=True),
        Column("name", STRING, "name in its project", required=True),
        Column("title", STRING, "name for people"),
        Column("created_at", TIMESTAMP, "creation", required=True),
        Column("updated_at", TIMESTAMP, "last change"),
        Column("last_updated_by", STRING, "who changed it last"),
    ),
    unique="id",
)
BUCKET_STATISTICS = Schema(
    "statistics of a bucket",
    (
        Column("count", INTEGER, "e-mails in it", required=True, key="count_value"),
        Column(
            "kind",
            STRING,
            "`exact`, or `lower_bound` where the server stopped counting",
            required=True,
            key="count_kind",
        ),
    ),
)
EMAIL = Schema(
    "e-mail",
    (
        Column("id", STRING, "message id, angle brackets included", required=True),
        Column("mailbox", STRING, "mailbox that it lay in", required=True),
        Column("timestamp", TIMESTAMP, "when it was sent", required=True),
        Column("mime_content", STRING, "the whole message, as MIME text", required=True),
        Column("folder", STRINGS, "folder it lay in, by parts", key="metadata_folder"),
        Column("size", INTEGER, "size", "bytes", key="metadata_size"),
        Column("sensitivity", STRING, "sensitivity", key="metadata_sensitivity"),
        Column("importance", STRING, "importance", key="metadata_importance"),
        Column("categories", STRINGS, "categories", key="metadata_categories"),
        Column("has_attachments", BOOLEAN, "whether it has any", key="metadata_has_attachments"),
        Column("is_read", BOOLEAN, "whether it was read", key="metadata_is_read"),
        Column("conversation_id", STRING, "conversation", key="metadata_conversation_id"),
        Column("conversation_topic", STRING, "its topic", key="metadata_conversation_topic"),
        Column("received_at", TIMESTAMP, "when it arrived", key="metadata_received_at"),
        Column("attachments", pa.list_(ATTACHMENT), "files that came along"),
        Column("created_at", TIMESTAMP, "when the platform took it in"),
        Column("updated_at", TIMESTAMP, "last change"),
    ),
    unique="id",
)
KEYED_SYNC_STATE = Schema(
    "sync state of a mailbox or folder",
    (
        Column("mailbox_name", STRING, "mailbox", required=True),
        Column("folder_id", STRING, "folder; missing where it is of the whole mailbox"),
        Column("folder_path", STRINGS, "the folder's path, by parts"),
        Column("status", STRING, "IN_PROGRESS or UP_TO_DATE", required=True),
        Column("synced_until", TIMESTAMP, "how far it has got"),
        Column("last_synced_at", TIMESTAMP, "when it was last at work", required=True),
        Column("fingerprint", STRING, "settings it was made with"),
    ),
)
SYNC_STATE_ID = Schema(
    "id of a sync state", (Column("id", STRING, "key of the sync state", required=True),)
)
SYNC_STATE = Schema(
    "sync state of a bucket",
    (
        Column("sync_state", STRING, "state, as JSON", required=True, free_form=True),
        Column("progress_timestamp", TIMESTAMP, "how far it has got"),
        Column("last_synced_at", TIMESTAMP, "when it was last at work"),
    ),
)
INTEGRATION = Schema(
    "integration",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("owner", STRING, "project", required=True),
        Column("name", STRING, "name in its project", required=True),
        Column("title", STRING, "name for people"),
        Column("type", STRING, "exchange_online, salesforce"),
        Column("enabled", BOOLEAN, "whether it runs"),
        Column("disabled_reason", STRING, "user, quota or sync_error"),
        Column("created_at", TIMESTAMP, "creation", required=True),
        Column("updated_at", TIMESTAMP, "last change"),
        Column("configuration", STRING, "mailboxes and connection, as JSON", free_form=True),
    ),
    unique="id",
)
INTEGRATION_ERROR = Schema(
    "error of an integration",
    (Column("error", STRING, "the error as sent, as JSON", free_form=True),),
)
