"""What a column is, and the columns of comments; the other resources have theirs in the catalogue.

Types here are Arrow's, since that is what is built; `dtype` tells the pandas dtype of each.
Strings are ``large_string`` throughout: a frame of two million e-mails passes the 2 GiB that
32-bit offsets can address.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

STRING = pa.large_string()
TIMESTAMP = pa.timestamp("us", tz="UTC")
INTEGER = pa.int64()
FLOAT = pa.float64()
BOOLEAN = pa.bool_()
STRINGS = pa.list_(STRING)

_DTYPES = {
    STRING: "str",
    TIMESTAMP: "datetime64[us, UTC]",
    INTEGER: "Int64",
    FLOAT: "float64",
    BOOLEAN: "boolean",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame.

    Attributes
    ----------
    name : str
        Name in the frame.
    type : pyarrow.DataType
        Arrow type.
    meaning : str
        What it holds, with its source where it isn't the field of that name.
    unit : str
        Unit of its numbers; empty where there is none.
    required : bool
        Whether a record without it (or with null) breaks the contract.
    key : str
        Key in the record, where it isn't `name`.
    free_form : bool
        Whether the value is JSON of no fixed shape, kept as JSON text.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    required: bool = False
    key: str = ""
    free_form: bool = False

    @property
    def dtype(self) -> str:
        """The pandas dtype, or Arrow's own name for a nested type."""
        return _DTYPES.get(self.type) or str(self.type).replace("large_string", "string")


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a resource's frames.

    Attributes
    ----------
    name : str
        What one row is.
    columns : tuple of Column
        In order.
    properties_after : str
        The column behind which the user properties stand, by name; empty where there are none.
    unique : str
        The column that tells one row from another; empty where rows may repeat.
    base : str
        What makes the first columns, where they are those of comments or predictions; the others
        are read from the records by their names.
    """

    name: str
    columns: tuple[Column, ...]
    properties_after: str = ""
    unique: str = ""
    base: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the declared columns, in order."""
        return tuple(column.name for column in self.columns)


def property_type(name: str) -> pa.DataType:
    """Return the Arrow type of a user property's column, told by its prefix.

    >>> property_type("number:Priority"), property_type("string:Team")
    (DataType(double), DataType(large_string))
    """
    return FLOAT if name.startswith("number:") else STRING


def is_property(name: str) -> bool:
    """Tell whether a column's name is that of a user property, ``string:Team`` or the like."""
    return ":" in name


SPAN = pa.struct(
    {
        "content_part": STRING,
        "message_index": INTEGER,
        "char_start": INTEGER,
        "char_end": INTEGER,
        "utf16_byte_start": INTEGER,
        "utf16_byte_end": INTEGER,
    }
)
MESSAGE = pa.struct(
    {
        "body": STRING,
        "body_translated_from": STRING,
        "subject": STRING,
        "subject_translated_from": STRING,
        "signature": STRING,
        "signature_translated_from": STRING,
        "from": STRING,
        "to": STRINGS,
        "cc": STRINGS,
        "bcc": STRINGS,
        "sent_at": TIMESTAMP,
        "language": STRING,
    }
)
ATTACHMENT = pa.struct(
    {
        "name": STRING,
        "size": INTEGER,
        "content_type": STRING,
        "attachment_reference": STRING,
        "content_hash": STRING,
        "inline": BOOLEAN,
    }
)
LABEL = pa.struct(
    {
        "name": STRING,
        "parts": STRINGS,
        "group": STRING,
        "state": STRING,
        "probability": FLOAT,
        "sentiment": FLOAT,
        "sentiment_label": STRING,
    }
)
ENTITY = pa.struct(
    {
        "name": STRING,
        "value": STRING,
        "state": STRING,
        "probability": FLOAT,
        "spans": pa.list_(SPAN),
    }
)
FIELD = pa.struct(
    {
        "name": STRING,
        "value": STRING,
        "kind": STRING,
        "field_id": STRING,
        "probability": FLOAT,
        "spans": pa.list_(SPAN),
    }
)
MOON_FORM = pa.struct(
    {
        "label": STRING,
        "parts": STRINGS,
        "group": STRING,
        "state": STRING,
        "capture": INTEGER,
        "probability": FLOAT,
        "fields": pa.list_(FIELD),
    }
)
LABEL_PROPERTY = pa.struct({"id": STRING, "name": STRING, "value": FLOAT})

_COMMENT_COLUMNS = (
    Column(
        "uid", STRING, "`<source_id>.<id>`, unique in the tenant: the key for joins", required=True
    ),
    Column("id", STRING, "unique in its source", required=True),
    Column("source_id", STRING, "source; from `uid` where the field is absent"),
    Column("thread_id", STRING, "conversation it belongs to"),
    Column(
        "timestamp", TIMESTAMP, "when it was written; filters and order go by it", required=True
    ),
    Column("created_at", TIMESTAMP, "when the platform took it in", required=True),
    Column("last_modified", TIMESTAMP, "last change"),
    Column("subject", STRING, "first message's subject"),
    Column("body", STRING, "first message's text, translated where the source translates"),
    Column("from", STRING, "first message's sender"),
    Column("to", STRINGS, "first message's recipients"),
    Column("cc", STRINGS, "first message's copied recipients"),
    Column("bcc", STRINGS, "first message's blind-copied recipients"),
    Column("sent_at", TIMESTAMP, "when the first message was sent"),
    Column("language", STRING, "first message's original language"),
    Column("n_messages", INTEGER, "messages in the comment"),
    Column("has_annotations", BOOLEAN, "annotated in some dataset; absent is False"),
)
_THREAD_COLUMNS = (
    Column("model_version", INTEGER, "model that made the predictions"),
    Column("thread_duration_s", FLOAT, "first to last message of the thread", "s"),
    Column("thread_response_time_s", FLOAT, "time to the thread's next answer", "s"),
    Column("thread_n_messages", INTEGER, "messages in the thread"),
    Column("thread_position", INTEGER, "position in the thread, from 0"),
    Column("thread_first_sender", STRING, "who began the thread"),
)
_CONTENT_COLUMNS = (
    Column("messages", pa.list_(MESSAGE), "all messages, whole"),
    Column("attachments", pa.list_(ATTACHMENT), "files that came along"),
)
_LABEL_COLUMNS = (
    Column("labels", pa.list_(LABEL), "assigned, dismissed and predicted labels"),
    Column("entities", pa.list_(ENTITY), "assigned, dismissed and predicted entities"),
    Column("moon_forms", pa.list_(MOON_FORM), "fields extracted for a label, by capture"),
    Column("label_properties", pa.list_(LABEL_PROPERTY), "scores such as tone"),
)

COMMENT = Schema(
    "comment",
    _COMMENT_COLUMNS + _CONTENT_COLUMNS,
    properties_after="has_annotations",
    unique="uid",
    base="comment",
)
ANNOTATED_COMMENT = Schema(
    "comment with its labels",
    _COMMENT_COLUMNS + _THREAD_COLUMNS + _CONTENT_COLUMNS + _LABEL_COLUMNS,
    properties_after="thread_first_sender",
    unique="uid",
    base="annotated",
)
