"""Records as the wire may have them: any of the schema's, in any order of keys, odd ones too."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(max_size=6) | st.sampled_from(
    [
        r"\"name\":[",
        '"name": [',
        '"user_properties":{',
        "a } b",
        "\\",
        "NaN,",
        "Inf]",
        "é\U0001f600",
    ]
)
NUMBERS = st.floats(-1, 1) | st.integers(-5, 5)
TIMES = st.sampled_from(
    [
        "2024-03-01T10:00:00Z",
        "2024-03-01T10:00:05.5Z",
        "2018-10-25T02:00:00.123456789+02:00",
        "2020-06-03T16:05:00",
        "2018-10-25",
    ]
)
UNKNOWN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def record(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return objects with some optional keys, null or not, and perhaps an unknown one."""
    optional = {key: st.none() | kind for key, kind in optional.items()}
    return st.fixed_dictionaries(required, optional={**optional, "unknown": UNKNOWN})


def lists(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(kind, max_size=2)


MESSAGE_TEXT = record({"text": TEXTS}, {"translated_from": TEXTS})
MESSAGES = record(
    {"body": MESSAGE_TEXT},
    {"subject": MESSAGE_TEXT, "from": TEXTS, "to": lists(TEXTS), "sent_at": TIMES},
)
PROPERTIES = st.dictionaries(
    st.sampled_from(["string:a", "string:b } c", 'string:"d', "uuid:e", "f"]),
    st.none() | TEXTS | st.integers() | UNKNOWN,
    max_size=3,
) | st.dictionaries(
    st.sampled_from(["string:a", "number:n", "number:m"]), st.none() | NUMBERS, max_size=2
)
PLAIN_PROPERTIES = st.fixed_dictionaries({}, optional={"string:a": TEXTS, "number:n": NUMBERS})
COMMENTS = record(
    {
        "uid": TEXTS,
        "id": TEXTS,
        "timestamp": TIMES,
        "created_at": TIMES,
        "messages": lists(MESSAGES),
    },
    {
        "source_id": TEXTS,
        "thread_id": TEXTS,
        "last_modified": TIMES,
        "user_properties": PLAIN_PROPERTIES | PROPERTIES,
        "attachments": lists(record({}, {"name": TEXTS, "size": st.integers(0, 2**60)})),
        "has_annotations": st.booleans(),
    },
)
NAMES = TEXTS | lists(TEXTS) | st.sampled_from(["A > B", "A"])
LABELS = record(
    {"name": NAMES}, {"probability": NUMBERS, "sentiment": NUMBERS | st.sampled_from(["positive"])}
)
SPANS = record({}, {"content_part": TEXTS, "char_start": st.integers(0, 9)})
FOUND = {"formatted_value": TEXTS, "spans": lists(SPANS), "span": SPANS, "probability": NUMBERS}
CAPTURES = record({}, {"fields": lists(record({"name": TEXTS}, FOUND)), "probability": NUMBERS})
EXTRACTIONS = record({"label": record({"name": NAMES}, {})}, {"captures": lists(CAPTURES)})


def states(kind: st.SearchStrategy[Any]) -> dict[str, Any]:
    return {state: lists(kind) for state in ("assigned", "dismissed", "predicted")}


GROUP = {"group": st.sampled_from(["default", "other"])}
LABELLING = st.fixed_dictionaries({}, optional={**GROUP, **states(LABELS)})
MOON_FORMS = st.fixed_dictionaries({}, optional={**GROUP, **states(EXTRACTIONS)})
ANNOTATED = record(
    {"comment": COMMENTS},
    {
        "labelling": lists(LABELLING) | LABELLING,
        "entities": record({}, states(record({"name": TEXTS}, FOUND))),
        "thread_properties": record({}, {"duration": NUMBERS, "num_messages": st.integers(0, 9)}),
        "label_properties": lists(record({}, {"name": TEXTS, "value": NUMBERS})),
        "moon_forms": lists(MOON_FORMS),
        "model_version": st.integers(0, 9),
    },
)
RECORDS = {"comment": COMMENTS, "annotated": ANNOTATED}


def shuffled(value: Any, dice: random.Random) -> Any:
    """Return JSON with the keys of all objects in another order."""
    if isinstance(value, list):
        return [shuffled(one, dice) for one in value]
    if not isinstance(value, dict):
        return value
    keys = dice.sample(list(value), len(value))
    return {key: shuffled(value[key], dice) for key in keys}


def written(value: Any, *, spacing: int, escaped: bool) -> bytes:
    """Return JSON as bytes: compact, spaced, with blanks before colons, or over lines."""
    separators = ((",", ":"), (", ", ": "), (" ,\n", " :\t"), (",", ": "))[spacing]
    indent = 1 if spacing == 3 else None
    text = json.dumps(value, ensure_ascii=escaped, separators=separators, indent=indent)
    return text.encode("utf-8", "replace")
