"""Filters: what users write, what the wire takes, and every mistake found before any request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._planning.property_filters import user_properties
from reinfer_pandas.exceptions import ConfigurationError

COMMENTS = "datasets/acme/claims/comments"


def body_of(path: str = COMMENTS, **options: object) -> Any:
    return plan_read(path, options).request.json


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"reviewed": True}, {"reviewed": "only_reviewed"}),
        ({"reviewed": False}, {"reviewed": "only_unreviewed"}),
        ({"reviewed": "only_reviewed"}, {"reviewed": "only_reviewed"}),
        ({"senders": "a@b.c"}, {"messages": {"from": {"one_of": ["a@b.c"]}}}),
        (
            {"senders": ["a@b.c"], "recipients": ["d@e.f", "d@e.f"]},
            {"messages": {"from": {"one_of": ["a@b.c"]}, "recipient": {"one_of": ["d@e.f"]}}},
        ),
        ({"sources": ["18ba5ce699f8da1f"]}, {"sources": ["18ba5ce699f8da1f"]}),
        (
            {"user_properties": {"Team": "Motor"}},
            {"user_properties": {"string:Team": {"one_of": ["Motor"]}}},
        ),
        (
            {"user_properties": {"Team": ["Motor", "Home"], "Priority": (1, 3)}},
            {
                "user_properties": {
                    "string:Team": {"one_of": ["Motor", "Home"]},
                    "number:Priority": {"minimum": 1, "maximum": 3},
                }
            },
        ),
        (
            {"filter": {"thread_properties": {"num_messages": {"minimum": 2}}}, "reviewed": True},
            {"thread_properties": {"num_messages": {"minimum": 2}}, "reviewed": "only_reviewed"},
        ),
        (
            {
                "filter": {"user_properties": {"string:A": {"one_of": ["x"]}}},
                "user_properties": {"B": 1},
            },
            {
                "user_properties": {
                    "string:A": {"one_of": ["x"]},
                    "number:B": {"one_of": [1]},
                }
            },
        ),
        (
            {"filter": {"timestamp": {"minimum": "2026-01-01"}}, "end": "2026-02-01"},
            {"timestamp": {"minimum": "2026-01-01T00:00:00Z", "maximum": "2026-02-01T00:00:00Z"}},
        ),
    ],
)
def test_options_become_the_comment_filter(options: dict[str, Any], found: dict[str, Any]) -> None:
    assert body_of(**options)["filter"] == found
    statistics = body_of("datasets/acme/claims/statistics", **options)
    assert statistics["comment_filter"] == found
    assert body_of("datasets/acme/claims/summary", **options)["filter"] == found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"labels": "A > B"}, [("labels", {"kind": "string_any_of", "any_of": ["A > B"]})]),
        (
            {"exclude_labels": ["A", "B"]},
            [("labels", {"kind": "string_none_of", "none_of": ["A", "B"]})],
        ),
        (
            {"attachments": True},
            [
                (
                    "attachment_property_num_attachments",
                    {"kind": "number_range", "minimum": 1, "maximum": None},
                )
            ],
        ),
        (
            {"attachments": False},
            [
                (
                    "attachment_property_num_attachments",
                    {"kind": "number_range", "minimum": None, "maximum": 0},
                )
            ],
        ),
        (
            {"attachments": [".pdf", "docx"]},
            [
                (
                    "attachment_property_extensions",
                    {"kind": "string_any_of", "any_of": ["pdf", "docx"]},
                )
            ],
        ),
        (
            {"attachments": "image/png"},
            [("attachment_property_types", {"kind": "string_any_of", "any_of": ["image/png"]})],
        ),
    ],
)
def test_options_become_attribute_filters(options: dict[str, Any], found: list[Any]) -> None:
    wire = [{"attribute": attribute, "filter": condition} for attribute, condition in found]
    for path in ("comments", "statistics", "statistics/labels", "summary"):
        assert body_of(f"datasets/acme/claims/{path}", **options)["attribute_filters"] == wire


def test_raw_attribute_filters_stand_beside_the_others() -> None:
    raw = {"attribute": "entities", "filter": {"kind": "string_any_of", "any_of": ["x"]}}
    found = body_of(attribute_filters=[raw], labels=["A"])["attribute_filters"]
    assert {one["attribute"] for one in found} == {"entities", "labels"}
    assert raw in found


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({}, {"kind": "recent"}),
        ({"order": "recent"}, {"kind": "recent"}),
        ({"order": "sample", "seed": 7}, {"kind": "sample", "seed": 7}),
        ({"seed": 7}, {"kind": "sample", "seed": 7}),
        ({"order": "by_label"}, {"kind": "by_label"}),
        ({"order": {"kind": "by_label", "label": "A"}}, {"kind": "by_label", "label": "A"}),
        ({"text": "late"}, {"kind": "text_search", "query": "late"}),
        (
            {"text": "late", "order": "attachment_text_search"},
            {"kind": "attachment_text_search", "query": "late"},
        ),
    ],
)
def test_options_become_the_order(options: dict[str, Any], order: dict[str, Any]) -> None:
    assert body_of(**options)["order"] == order


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reviewed": "yes"}, "True or False"),
        ({"reviewed": 1.5}, "True or False"),
        ({"labels": []}, "one or more"),
        ({"labels": 7}, "text or a list"),
        ({"labels": ["A", ""]}, "none of them empty"),
        ({"labels": ["A", 7]}, "texts"),
        ({"labels": [["A"]]}, "texts"),
        ({"labels": {"A": 1}}, "text or a list"),
        ({"labels": [str(n) for n in range(129)]}, "128"),
        ({"senders": b"a@b.c"}, "text or a list"),
        ({"attachments": ["pdf", "image/png"]}, "not both"),
        ({"user_properties": "Team"}, "dict"),
        ({"user_properties": {}}, "dict"),
        ({"user_properties": {"string:Team": 5}}, "is text, not 5"),
        ({"user_properties": {"number:Spend": "x"}}, "is a number, not 'x'"),
        ({"user_properties": {"string:Team": (1, 2)}}, "is text"),
        ({"user_properties": {"Team": True}}, "text or a number"),
        ({"user_properties": {"Team": ["x", 5]}}, "text or a number"),
        ({"user_properties": {"Team": []}}, "1 to 128"),
        ({"user_properties": {"Team": None}}, "text or a number"),
        ({"user_properties": {"Spend": (3, 1)}}, "more than"),
        ({"user_properties": {"Spend": (None, None)}}, "a range is of numbers"),
        ({"user_properties": {"Spend": ("a", "b")}}, "a range is of numbers"),
        ({"user_properties": {"Spend": (1, 2, 3)}}, "two numbers"),
        ({"user_properties": {"Spend": slice(1, 5, 2)}}, "no step"),
        ({"user_properties": {"Spend": float("nan")}}, "text or a number"),
        ({"user_properties": {"Team": {"like": "x"}}}, "one_of"),
        ({"user_properties": {"Team": {"include_missing": True}}}, "string:Team"),
        ({"user_properties": {"Team": "x", "string:Team": "y"}}, "twice"),
        ({"user_properties": {7: "x"}}, "name"),
        ({"filter": "reviewed"}, "dict"),
        ({"filter": {"timestamp": {"from": "2026"}}}, "minimum and maximum"),
        ({"filter": {"timestamp": {"minimum": "2026-01-01"}}, "start": "2026-01-01"}, "both say"),
        ({"filter": {"reviewed": "only_reviewed"}, "reviewed": True}, "both say what 'reviewed'"),
        ({"filter": {"messages": 3}, "senders": "a"}, "both say what 'messages'"),
        (
            {
                "filter": {"user_properties": {"string:A": {"one_of": ["x"]}}},
                "user_properties": {"A": "y"},
            },
            "both say",
        ),
        ({"attribute_filters": "labels"}, "as the API has them"),
        ({"attribute_filters": [{"attribute": "labels"}]}, "as the API has them"),
        ({"order": "newest"}, "recent"),
        ({"order": "smaple", "seed": 1}, "Did you mean 'sample'"),
        ({"order": "sample"}, "needs a seed"),
        ({"order": "text_search"}, "needs a query"),
        ({"order": "recent", "seed": 3}, "not of 'recent'"),
        ({"order": "recent", "text": "x"}, "match"),
        ({"seed": -1}, "0 or more"),
        ({"seed": 2**31}, "0 to"),
        ({"threshold": 0.5}, "model_version"),
        ({"threshold": 2, "model_version": 1}, "0 to 1"),
        ({"model_version": 0}, "1 or more"),
        ({"model_version": "newest"}, "'live' or 'staging'"),
        ({"model_version": "latest"}, "'live' or 'staging'"),
    ],
)
def test_a_wrong_filter_is_found_before_the_request(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        body_of(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize("option", ["labels", "exclude_labels", "attachments", "attribute_filters"])
def test_source_statistics_take_no_attribute_filters(option: str) -> None:
    with pytest.raises(ConfigurationError, match="has no option"):
        body_of("sources/acme/inbox/statistics", **{option: "x"})


@pytest.mark.parametrize("option", ["reviewed", "labels", "user_properties", "senders", "text"])
def test_source_comments_take_times_alone(option: str) -> None:
    with pytest.raises(ConfigurationError, match="is an option of"):
        body_of("sources/acme/inbox/comments", **{option: "x"})


_NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
_NAMES = st.text(min_size=1).filter(lambda name: ":" not in name)


@given(_NAMES, st.lists(st.text(min_size=1), min_size=1, max_size=9))
def test_any_texts_are_a_choice(name: str, values: list[str]) -> None:
    (found,) = user_properties("user_properties", {name: values}).items()
    assert found == (f"string:{name}", {"one_of": list(dict.fromkeys(values))})


@given(_NAMES, _NUMBERS | st.none(), _NUMBERS | st.none())
def test_any_range_is_its_ends(name: str, least: float | None, most: float | None) -> None:
    if least is None and most is None:
        return
    if least is not None and most is not None and least > most:
        least, most = most, least
    expected = {k: v for k, v in (("minimum", least), ("maximum", most)) if v is not None}
    for wanted in ((least, most), slice(least, most)):
        found = user_properties("user_properties", {name: wanted})
        assert found == {f"number:{name}": expected}


def test_numbers_of_numpy_are_plain_numbers() -> None:
    found = user_properties("user_properties", {"a": np.int64(3), "b": (np.float32(0.5), None)})
    assert found == {"number:a": {"one_of": [3]}, "number:b": {"minimum": 0.5}}
    assert type(found["number:a"]["one_of"][0]) is int
    assert type(found["number:b"]["minimum"]) is float


def test_conditions_as_the_api_has_them_keep_their_form() -> None:
    condition = {"not_one_of": ["x"], "include_missing": True}
    assert user_properties("p", {"Team": condition}) == {"string:Team": condition}
    assert user_properties("p", {"number:n": {"include_missing": True}}) == {
        "number:n": {"include_missing": True}
    }
