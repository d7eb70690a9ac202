"""Columns of sources, their statistics and threads.

Source: Re:infer API guide, sources.
"""

from __future__ import annotations

from reinfer_pandas._columns.schema import (
    BOOLEAN,
    INTEGER,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Schema,
)

SOURCE = Schema(
    "source",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("_kind", STRING, "call, chat, unknown, …"),
        Column("owner", STRING, "project", required=True),
        Column("name", STRING, "name in its project", required=True),
        Column("language", STRING, "language of its comments"),
        Column("title", STRING, "name for people"),
        Column("description", STRING, "what it is"),
        Column("should_translate", BOOLEAN, "whether its comments are translated"),
        Column(
            "sensitive_properties", STRINGS, "user properties that need a permission of their own"
        ),
        Column("created_at", TIMESTAMP, "creation", required=True),
        Column("updated_at", TIMESTAMP, "last change of its settings", required=True),
        Column("last_modified", TIMESTAMP, "last change"),
        Column("bucket_id", STRING, "bucket that feeds it"),
        Column("email_transform_tag", STRING, "how e-mails become comments"),
        Column("email_transform_version", INTEGER, "version of that"),
    ),
    unique="id",
)
SOURCE_STATISTICS = Schema(
    "statistics of a source",
    (Column("num_comments", INTEGER, "comments that pass the filter", required=True),),
)
THREAD = Schema(
    "thread of a source",
    (
        Column("thread_id", STRING, "conversation", required=True),
        Column("comments", STRINGS, "ids of its comments in the source", required=True),
    ),
)
