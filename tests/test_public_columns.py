"""The columns of comments and predictions that users write against: names, order, dtypes."""

from __future__ import annotations

import pytest

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Server

_SPAN = (
    "list<item: struct<content_part: string, message_index: int64, char_start: int64, "
    "char_end: int64, utf16_byte_start: int64, utf16_byte_end: int64>>"
)
_MESSAGES = (
    "list<item: struct<body: string, body_translated_from: string, subject: string, "
    "subject_translated_from: string, signature: string, signature_translated_from: string, "
    "from: string, to: list<item: string>, cc: list<item: string>, bcc: list<item: string>, "
    "sent_at: timestamp[us, tz=UTC], language: string>>"
)
_ATTACHMENTS = (
    "list<item: struct<name: string, size: int64, content_type: string, "
    "attachment_reference: string, content_hash: string, inline: bool>>"
)
_LABELS = (
    "list<item: struct<name: string, parts: list<item: string>, group: string, state: string, "
    "probability: double, sentiment: double, sentiment_label: string>>"
)
_ENTITIES = (
    "list<item: struct<name: string, value: string, state: string, probability: double, "
    f"spans: {_SPAN}>>"
)
_MOON_FORMS = (
    "list<item: struct<label: string, parts: list<item: string>, group: string, state: string, "
    "capture: int64, probability: double, fields: list<item: struct<name: string, value: string, "
    f"kind: string, field_id: string, probability: double, spans: {_SPAN}>>>>"
)
_SCORES = "list<item: struct<id: string, name: string, value: double>>"
_TEXT, _TIME, _TEXTS = "str", "datetime64[us, UTC]", "list<item: string>"

COMMENT = {
    "uid": _TEXT,
    "id": _TEXT,
    "source_id": _TEXT,
    "thread_id": _TEXT,
    "timestamp": _TIME,
    "created_at": _TIME,
    "last_modified": _TIME,
    "subject": _TEXT,
    "body": _TEXT,
    "from": _TEXT,
    "to": _TEXTS,
    "cc": _TEXTS,
    "bcc": _TEXTS,
    "sent_at": _TIME,
    "language": _TEXT,
    "n_messages": "Int64",
    "has_annotations": "boolean",
}
THREAD = {
    "model_version": "Int64",
    "thread_duration_s": "float64",
    "thread_response_time_s": "float64",
    "thread_n_messages": "Int64",
    "thread_position": "Int64",
    "thread_first_sender": _TEXT,
}
CONTENT = {"messages": _MESSAGES, "attachments": _ATTACHMENTS}
LABELS = {
    "labels": _LABELS,
    "entities": _ENTITIES,
    "moon_forms": _MOON_FORMS,
    "label_properties": _SCORES,
}
PREDICTION = {
    "labels": _LABELS,
    "auto_thresholds": "list<item: list<item: string>>",
    "entities": _ENTITIES,
    "label_properties": _SCORES,
    "sentiment": "float64",
    "model_version": "Int64",
    "model_time": _TIME,
}
ANNOTATED = {**COMMENT, **THREAD, **CONTENT, **LABELS}
CLAIMS = "datasets/acme/claims"
READS = {
    "source": ("sources/acme/inbox/comments", {}, {**COMMENT, **CONTENT}),
    "dataset": (f"{CLAIMS}/comments", {}, ANNOTATED),
    "export": (f"{CLAIMS}/export", {}, ANNOTATED),
    "fetch": (f"{CLAIMS}/streams/late-payouts/fetch", {}, {**ANNOTATED, "sequence_id": _TEXT}),
    "results": (
        f"{CLAIMS}/streams/late-payouts/results",
        {},
        {**ANNOTATED, "sequence_id": _TEXT, "prediction": _TEXT},
    ),
    "predict": (
        f"{CLAIMS}/predict-latest",
        {"texts": ["Where is my order?"]},
        {"document": "Int64", **PREDICTION},
    ),
}


def _shown(dtype: object) -> str:
    arrow = getattr(dtype, "pyarrow_dtype", None)
    return str(arrow).replace("large_string", "string") if arrow else str(dtype)


def found_in(df: object) -> dict[str, str]:
    return {name: _shown(dtype) for name, dtype in df.dtypes.items()}


@pytest.mark.parametrize("kind", READS)
def test_the_columns_of_a_read_keep_their_names_order_and_dtypes(server: Server, kind: str) -> None:
    path, options, pinned = READS[kind]
    with rp.Client(server.endpoint, server.token, workers=1) as client:
        found = found_in(client.read(path, **options))
    assert [(k, v) for k, v in found.items() if ":" not in k] == list(pinned.items())
    properties = [name for name in found if ":" in name]
    assert properties == sorted(properties)
    for name in properties:
        assert found[name] == ("float64" if name.startswith("number:") else _TEXT)
    assert bool(properties) == (kind != "predict")
    if properties:
        before = "has_annotations" if kind == "source" else "thread_first_sender"
        names = list(found)
        first = names.index(before) + 1
        assert names[first : first + len(properties)] == properties
