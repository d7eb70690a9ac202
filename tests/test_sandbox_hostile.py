"""The sandbox and requests that make no sense: always an answer in the envelope, never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_talk import CLAIMS, CLAIMS_V1, INBOX_ID, MAIL, RECENT, TEXT, Talk, talking_to

from reinfer_pandas.sandbox import Latency, Server
from reinfer_pandas.sandbox.routes import ROUTES

STRINGS = {"one_of": ["a"], "not_one_of": ["b"], "include_missing": True}
FILTER = {
    "timestamp": {"minimum": "2026-01-01T00:00:00Z", "maximum": "2026-02-01T00:00:00Z"},
    "reviewed": "only_reviewed",
    "sources": [INBOX_ID],
    "user_properties": {"string:Team": STRINGS, "number:Priority": {"minimum": 1, "maximum": 3}},
    "messages": {"from": {"domain_one_of": ["a"]}, "to": STRINGS},
    "thread_properties": {"id": STRINGS, "all_senders": STRINGS, "duration": {"maximum": 3}},
    "entities": {"presence": [{"id": "a", "rule": "present"}]},
    "trigger_exceptions": {"stream": STRINGS},
    "annotations": {"labels": STRINGS},
}
ATTRIBUTES = [
    {"attribute": "labels", "filter": {"kind": "string_any_of", "any_of": ["a"]}},
    {"attribute": "attachment_property_size", "filter": {"kind": "number_range", "minimum": 1}},
]
BODIES: list[tuple[str, Any]] = [
    (f"{CLAIMS}/query", {"order": RECENT, "filter": FILTER, "attribute_filters": ATTRIBUTES}),
    (f"{CLAIMS}/query", {"order": {"kind": "by_label", "label": "Claim"}, "limit": 1}),
    (f"{CLAIMS}/query", {"order": {"kind": "text_search", "query": "a"}, "collapse_mode": "none"}),
    (
        f"{CLAIMS}/statistics",
        {
            "by_labels": {"top": {"num_top_labels": 2, "exclude_labels": []}},
            "label_timeseries": True,
            "time_resolution": "week",
            "string_user_property_counts": [{"group_by": "Team", "limit": 1}],
        },
    ),
    (f"{CLAIMS}/summary", {"filter": FILTER, "attribute_filters": ATTRIBUTES}),
    (f"{CLAIMS}/labellers", {"older_than_version": 12, "limit": 1}),
    (f"{CLAIMS}/labellers/12/label-validation", {"label": "Claim"}),
    (
        f"{CLAIMS_V1}/export",
        {
            "comment_uids": ["a"],
            "source_ids": ["b"],
            "order_by": "timestamp",
            "from": "2026-01-01T00:00:00Z",
            "limit": 1,
        },
    ),
    (
        f"{CLAIMS_V1}/labellers/12/predict",
        {
            "documents": [TEXT],
            "threshold": 0.3,
            "labels": [{"name": ["Claim"], "threshold": 0.1}],
            "_include_comments": True,
        },
    ),
    (f"{CLAIMS_V1}/labellers/12/predict-raw-emails", {"documents": [MAIL]}),
    (f"{CLAIMS_V1}/streams/everything/fetch", {"size": 3, "max_filtered": 3}),
    (f"{CLAIMS_V1}/streams/everything/advance", {"sequence_id": "a"}),
    ("/api/v1/audit_events/query", {"filter": {"timestamp": {"minimum": "2026-01-01T00:00:00Z"}}}),
    ("/api/v1/sources/acme/inbox/statistics", {"comment_filter": {"reviewed": "only_reviewed"}}),
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(
        ["9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00", "Claim", "recent"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    with Server(comments=60, latency=Latency(0)) as server, talking_to(server) as line:
        yield line


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    """Yield the paths to everything in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        yield (*above, key)
        if isinstance(each, (dict, list)):
            yield from places(each, (*above, key))


def with_junk(body: Any, path: tuple, junk: Any) -> Any:
    changed = deepcopy(body)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return changed


@settings(max_examples=400, deadline=None)
@given(st.data(), JUNK)
def test_junk_anywhere_in_a_body_is_answered_in_the_envelope(
    talk: Talk, data: st.DataObject, junk: Any
) -> None:
    path, body = data.draw(st.sampled_from(BODIES))
    spoilt = with_junk(body, data.draw(st.sampled_from(list(places(body)))), junk)
    said = talk.ask("POST", path, spoilt)
    assert said.status in {200, 400, 404, 422}
    assert said.json["status"] == ("ok" if said.status == 200 else "error")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([path for path, _ in BODIES]), JUNK)
def test_junk_instead_of_a_body_is_answered_in_the_envelope(
    talk: Talk, path: str, junk: Any
) -> None:
    assert talk.ask("POST", path, junk).json["status"] in {"ok", "error"}


SEGMENTS = [
    "acme",
    "claims",
    "inbox",
    "id:1",
    "%2F",
    "%00",
    "%FF",
    "..",
    "%2e%2e",
    "12",
    "live",
    "%C3%A9",
    "-",
    "a%2Fb",
    "x" * 300,
]
PARAMS = st.sampled_from(
    [
        "limit",
        "after",
        "from_timestamp",
        "id",
        "ids",
        "source_id",
        "beta",
        "return_predictions",
        "label_name",
        "max_results",
        "direction",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.data(), PARAMS, st.text(max_size=9) | st.sampled_from(["0", "-1", "²", "9" * 30]))
def test_junk_in_a_path_is_answered(talk: Talk, data: st.DataObject, name: str, value: str) -> None:
    template = data.draw(st.sampled_from([route.template for route in ROUTES]))
    parts = [
        data.draw(st.sampled_from(SEGMENTS)) if part.startswith("{") else part.partition("{")[0]
        for part in template.split("/")
    ]
    said = talk.ask("GET", "/".join(parts), **{name: value.encode("utf-8", "replace")})
    assert said.status in {200, 400, 404, 405}
