"""What lies nested in comments, a row for each: labels, entities, messages and so on.

Computed on the Arrow columns, a batch of comments at a time, without a loop over rows. What plain
pandas read back from Parquet, arrays of dicts, is turned to Arrow first.

Source: Re:infer API guide, comments, labels, entities.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from reinfer_pandas._columns import items
from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.schema import FLOAT, INTEGER, STRING, STRINGS, Column, Schema
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reinfer_pandas._columns.items import Arrays

BATCH_ROWS = 65_536
BATCH_BYTES = 8 * 2**20  # entities' texts take ten times that, for as long as a batch takes

_TYPES = {column.name: column.type for column in s.ANNOTATED_COMMENT.columns}
_OF_DATASETS = "read_reinfer('datasets/{project}/{dataset}/comments')"
_OF_SOURCES = "read_reinfer('sources/{project}/{source}/comments')"

_UID = Column("uid", STRING, "the comment: the key for joins")
_LABEL = (
    Column("label", STRING, "name, parts joined by ` > `"),
    Column("parts", STRINGS, "the name's parts"),
    Column("group", STRING, "label group"),
    Column("state", STRING, "assigned, dismissed or predicted"),
)
LABELS = Schema(
    "label of a comment",
    (
        _UID,
        *_LABEL,
        Column("probability", FLOAT, "of a prediction"),
        Column("sentiment", FLOAT, "-1 to 1, where a number was given"),
        Column("sentiment_label", STRING, "positive or negative, where a word was given"),
    ),
)
ENTITIES = Schema(
    "span of an entity of a comment",
    (
        _UID,
        Column("entity_index", INTEGER, "place among the comment's entities, from 0"),
        Column("name", STRING, "kind of entity"),
        Column("value", STRING, "the value, brought to its normal form"),
        Column("state", STRING, "assigned, dismissed or predicted"),
        Column("probability", FLOAT, "of a prediction"),
        Column("span_index", INTEGER, "place among the entity's spans, from 0"),
        Column("message_index", INTEGER, "message that the span is in, from 0"),
        Column("content_part", STRING, "body, subject or signature"),
        Column("char_start", INTEGER, "begin of the span", "characters"),
        Column("char_end", INTEGER, "its end, exclusive", "characters"),
        Column("utf16_byte_start", INTEGER, "begin of the span", "bytes of UTF-16"),
        Column("utf16_byte_end", INTEGER, "its end, exclusive", "bytes of UTF-16"),
        Column("text", STRING, "the text that the span covers"),
    ),
)
EXTRACTIONS = Schema(
    "field extracted for a label of a comment",
    (
        _UID,
        *_LABEL,
        Column("capture", INTEGER, "place among the label's occurrences, from 0"),
        Column("probability", FLOAT, "of a predicted occurrence"),
        Column("field", STRING, "name of the field"),
        Column("value", STRING, "the value, brought to its normal form"),
        Column("kind", STRING, "kind of the field"),
        Column("field_id", STRING, "hexadecimal id of the field"),
        Column("field_probability", FLOAT, "of a predicted field"),
        Column("spans", pa.list_(s.SPAN), "where it stands"),
    ),
)


def _flat(name: str, struct: pa.StructType, *index: Column) -> Schema:
    """Return the schema of a view that has a column for each field."""
    fields = (Column(field.name, field.type, "as in the comment's column") for field in struct)
    return Schema(name, (_UID, *index, *fields))


MESSAGES = _flat(
    "message of a comment",
    s.MESSAGE,
    Column("message_index", INTEGER, "place among the comment's messages, from 0"),
)
ATTACHMENTS = _flat(
    "attachment of a comment",
    s.ATTACHMENT,
    Column("attachment_index", INTEGER, "place among the comment's attachments, from 0"),
)
LABEL_PROPERTIES = _flat("score of a comment", s.LABEL_PROPERTY)


def labels(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each comment and label: see `ReinferAccessor.labels`."""
    return _view(df, "labels", LABELS, items.labels_of)


def entities(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each span of an entity: see `ReinferAccessor.entities`."""
    return _view(df, "entities", ENTITIES, items.entities_of, beside=("messages",))


def messages(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each message: see `ReinferAccessor.messages`."""
    return _view(df, "messages", MESSAGES, items.messages_of)


def attachments(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each attachment: see `ReinferAccessor.attachments`."""
    return _view(df, "attachments", ATTACHMENTS, items.attachments_of)


def extractions(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each extracted field: see `ReinferAccessor.extractions`."""
    return _view(df, "moon_forms", EXTRACTIONS, items.extractions_of)


def label_properties(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each score: see `ReinferAccessor.label_properties`."""
    return _view(df, "label_properties", LABEL_PROPERTIES, items.label_properties_of)


def _view(
    df: pd.DataFrame,
    source: str,
    schema: Schema,
    arrays: Callable[[pa.RecordBatch], Arrays],
    *,
    beside: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Return what `arrays` makes of a column, and of those beside it that the frame has."""
    columns = {source: _nested(df, source), "uid": _uid(df)}
    columns |= {name: _nested(df, name) for name in beside if name in df.columns}
    table = _as_arrow(columns)
    rows = min(BATCH_ROWS, max(1, BATCH_BYTES * table.num_rows // max(table.nbytes, 1)))
    batches = [
        pa.RecordBatch.from_pydict(arrays(batch)) for batch in table.to_batches(max_chunksize=rows)
    ]
    view = assemble(batches, schema, dtype_backend=_backend(columns["uid"].dtype))
    view.attrs = deepcopy(df.attrs)
    return view


def _uid(df: pd.DataFrame) -> pd.Series[Any]:
    """Return the comments' uids, from the column or the index."""
    if "uid" not in df.columns and "uid" in df.index.names:
        return pd.Series(df.index.get_level_values("uid"))
    return _column(df, "uid", hint="It tells the comments apart: keep it when picking columns.")


def _nested(df: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a nested column, or say where it comes from."""
    places = [_OF_DATASETS, _OF_SOURCES] if name in s.COMMENT.names else [_OF_DATASETS]
    hint = f"It comes with {' and '.join(places)}: if you give columns=, include it there."
    return _column(df, name, hint=hint)


def _column(df: pd.DataFrame, name: str, *, hint: str) -> pd.Series[Any]:
    found = df.get(name)
    if found is None:
        raise ConfigurationError(f"this frame has no column {name!r}", hint=hint)
    if isinstance(found, pd.DataFrame):
        raise ConfigurationError(
            f"this frame has {found.shape[1]} columns {name!r}",
            hint="Frames are joined with merge(on='uid'), not put side by side.",
        )
    return found


def _as_arrow(columns: Mapping[str, pd.Series[Any]]) -> pa.Table:
    """Return columns in their declared types, which they have unless they were read back."""
    arrays = {}
    for name, column in columns.items():
        try:
            arrays[name] = _converted(column, _TYPES[name])
        except (pa.ArrowException, TypeError) as error:
            raise ConfigurationError(
                f"column {name!r} doesn't hold what read_reinfer puts there",
                hint="CSV and JSON don't keep nested columns: Parquet, feather and pickle do.",
            ) from error
    return pa.table(arrays)


def _converted(column: pd.Series[Any], declared: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if pa.types.is_nested(declared) and not isinstance(column.dtype, pd.ArrowDtype):
        return pa.array(column.to_numpy(dtype=object), declared, from_pandas=True)
    found = pa.array(column, from_pandas=True)
    return found if found.type == declared else found.cast(declared)


def _backend(dtype: Any) -> str | None:
    """Return the backend that a frame was read with, told by the dtype of its uids."""
    if isinstance(dtype, pd.ArrowDtype):
        return "pyarrow"
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return "numpy_nullable"
    return None
