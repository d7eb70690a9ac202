"""Resource paths and options: what is asked for, and every mistake found before any request."""

from __future__ import annotations

import datetime as dt
import functools
import operator
import re
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas._catalogue.catalogue import RESOURCES, check_raw_path, find
from reinfer_pandas._planning.checks import COMMON, OPTIONS
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._planning.raw import raw_request
from reinfer_pandas.exceptions import ConfigurationError


def request_of(path: str, **options: object) -> object:
    return plan_read(path, options).request


def test_dataset_comments_are_the_query_route() -> None:
    request = request_of("datasets/acme/claims/comments", start="2026-01-01", end="2026-02-01")
    assert (request.method, request.path) == ("POST", "/api/_private/datasets/acme/claims/query")
    assert request.json == {
        "filter": {
            "timestamp": {"minimum": "2026-01-01T00:00:00Z", "maximum": "2026-02-01T00:00:00Z"}
        },
        "order": {"kind": "recent"},
        "limit": 512,
    }
    assert request.idempotent


def test_source_comments_take_their_times_as_parameters() -> None:
    request = request_of("sources/acme/inbox/comments", start="2026-01-01", page_size=10)
    assert (request.method, request.path) == ("GET", "/api/_private/sources/acme/inbox/comments")
    assert dict(request.params) == {"from_timestamp": "2026-01-01T00:00:00Z", "limit": "10"}
    assert request.json is None


def test_statistics_filter_under_their_own_key() -> None:
    request = request_of("sources/acme/inbox/statistics", end="2026-02-01")
    assert request.json == {"comment_filter": {"timestamp": {"maximum": "2026-02-01T00:00:00Z"}}}
    assert request_of("sources/acme/inbox/statistics").json == {"comment_filter": {}}


def test_ids_keep_their_colon() -> None:
    assert request_of("sources/id:18ba5ce699f8da1f").path == "/api/v1/sources/id:18ba5ce699f8da1f"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1))
def test_no_name_reaches_another_route(name: str) -> None:
    if name in (".", "..") or name.startswith("id:"):
        with pytest.raises(ConfigurationError):
            find(f"sources/{name}/inbox/comments")
        return
    path = request_of(f"sources/{name}/inbox/comments").path
    assert path.isascii()
    segments = path.split("/")
    assert len(segments) == 7
    assert unquote(segments[4]) == name
    assert not set(path) & set("?#\\ ")


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("dataset", "'datasets'"),
        ("source/acme/inbox/comments", "'sources/acme/inbox/comments'"),
        ("sources/acme/inbox/coments", "'sources/acme/inbox/comments'"),
        ("/datasets", "'datasets'"),
        ("datasets/", "'datasets'"),
        ("sources/id:18ba5ce699f8da1f/comments", "owner and name"),
        ("nothing like it", "datasets/{project}/{dataset}/comments"),
        ("", "auth/user"),
    ],
)
def test_a_wrong_path_names_the_nearest_right_ones(path: str, near: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find(path)
    assert near in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strat": 1}, "'start'"),
        ({"mailbox": "x"}, "page_size"),
        ({"limit": -1}, "0 or more"),
        ({"limit": 1.5}, "whole number"),
        ({"limit": True}, "whole number"),
        ({"page_size": 0}, "1 or more"),
        ({"page_size": 10_000}, "1 to 512"),
        ({"start": "soon"}, "pandas.Timestamp"),
        ({"start": 2026}, "pandas.Timestamp"),
        ({"start": pd.NaT}, "no time"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "after end"),
        ({"columns": "uid"}, "list"),
        ({"columns": []}, "one or more"),
        ({"columns": ["uid", "uid"]}, "once"),
        ({"columns": ["uuid"]}, "'uid'"),
        ({"dtype_backend": "polars"}, "pyarrow"),
        ({"timing": "page"}, "row"),
    ],
)
def test_a_wrong_option_says_what_is_accepted(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan_read("datasets/acme/claims/comments", options)
    assert words in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 09:30+01:00", "2026-01-31T08:30:00Z"),
        (dt.date(2026, 1, 31), "2026-01-31T00:00:00Z"),
        (dt.datetime(2026, 1, 31, 9, 30, 0, 5, tzinfo=dt.UTC), "2026-01-31T09:30:00.000005Z"),
        (np.datetime64("2026-01-31"), "2026-01-31T00:00:00Z"),
        (pd.Timestamp("2026-01-31", tz="Asia/Tokyo"), "2026-01-30T15:00:00Z"),
        (pd.Timestamp("0101-01-31"), "0101-01-31T00:00:00Z"),
    ],
)
def test_any_time_that_pandas_takes_is_sent_in_utc(value: object, wire: str) -> None:
    assert request_of("sources/a/b/statistics", start=value).json == {
        "comment_filter": {"timestamp": {"minimum": wire}}
    }


def test_a_time_between_two_microseconds_is_rounded_inwards() -> None:
    time = pd.Timestamp("2026-01-31T00:00:00.000001500")
    options = {"start": time, "end": time + pd.Timedelta("1s")}
    assert request_of("sources/a/b/statistics", **options).json["comment_filter"]["timestamp"] == {
        "minimum": "2026-01-31T00:00:00.000002Z",
        "maximum": "2026-01-31T00:00:01.000001Z",
    }


def test_a_page_is_no_larger_than_the_limit() -> None:
    assert request_of("datasets/a/b/comments", limit=3).json["limit"] == 3
    assert request_of("datasets/a/b/comments", limit=0).json["limit"] == 1
    assert request_of("datasets/a/b/comments", limit=9_999, page_size=7).json["limit"] == 7


def test_requests_never_share_the_catalogues_body() -> None:
    request_of("sources/a/b/statistics", start="2026-01-01")
    assert request_of("sources/a/b/statistics").json == {"comment_filter": {}}


def test_every_row_of_the_catalogue_is_found_by_its_own_path() -> None:
    for resource in RESOURCES:
        path = resource.path.replace("{", "").replace("}", "")
        found, _ = find(path)
        assert found is resource


def test_every_option_is_known_and_goes_somewhere() -> None:
    used = {name for resource in RESOURCES for name in resource.options}
    assert used | set(COMMON) == set(OPTIONS)
    for resource in RESOURCES:
        assert set(resource.required) | set(resource.defaults) <= set(resource.options)
        for option, place in resource.options.items():
            kind, _, rest = place.partition(".")
            assert kind in ("params", "json", "path", "read"), option
            assert (kind == "json") <= (resource.body is not None)
            assert (kind == "path") <= (f"{{{rest}}}" in resource.route)


def test_every_name_in_a_route_is_given_by_the_path_or_an_option() -> None:
    for resource in RESOURCES:
        given = set(re.findall(r"{(\w+)}", resource.path))
        given |= {p.partition(".")[2] for p in resource.options.values() if p.startswith("path.")}
        assert set(re.findall(r"{(\w+)}", resource.route)) <= given


def test_every_row_says_what_it_is() -> None:
    for resource in RESOURCES:
        assert resource.meaning, resource.path
        assert resource.permission or "projects" in resource.path
        assert resource.source, resource.path
        names = resource.schema.names
        assert len(set(names)) == len(names)
        assert all(column.meaning for column in resource.schema.columns)


def test_what_is_billed_is_not_sent_twice_unless_asked() -> None:
    path = "datasets/acme/claims/predict"
    assert not request_of(path, texts=["x"], model_version=3).idempotent
    assert request_of(path, texts=["x"], model_version=3, idempotent=True).idempotent
    assert not raw_request("/api/v1/datasets/a/b/labellers/3/predict", method="POST").idempotent


def test_many_texts_are_asked_for_in_parts() -> None:
    request = request_of("datasets/a/b/predict", texts=["x"] * 600, model_version="live")
    parts = []
    while request is not None:
        assert request.path == "/api/v1/datasets/a/b/labellers/live/predict"
        parts.append([place for place, _ in request.envelope.asked])
        assert len(request.json["documents"]) == len(parts[-1])
        request = request.then
    assert [len(part) for part in parts] == [256, 256, 88]
    assert functools.reduce(operator.iadd, parts, []) == list(range(600))


def test_a_required_option_that_is_missing_is_named() -> None:
    for path, name in (
        ("datasets/a/b/label-validation", "label"),
        ("datasets/a/b/predict-comments", "uids"),
        ("datasets/a/b/predict", "documents"),
        ("buckets/a/b/email", "id"),
        ("datasets/a/b/validation/scores", "model_version"),
    ):
        with pytest.raises(ConfigurationError, match=f"needs {name}="):
            request_of(path)


def test_options_of_other_resources_are_named_with_them() -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan_read("sources/a/b/comments", {"labels": ["x"]})
    assert "'labels' is an option of datasets/{project}/{dataset}/comments" in str(caught.value)


def test_a_model_is_asked_for_in_the_path() -> None:
    assert request_of("datasets/a/b/validation").path.endswith("/labellers/latest/validation")
    assert request_of("datasets/a/b/validation", model_version=7).path.endswith("/7/validation")
    for wrong in (0, -1, 1.5, True, "newest", ""):
        with pytest.raises(ConfigurationError):
            request_of("datasets/a/b/validation", model_version=wrong)


def test_the_path_of_keyed_sync_states_ends_in_a_slash() -> None:
    assert request_of("buckets/id:6d00/keyed-sync-states").path.endswith("/keyed-sync-states/")


def test_another_order_is_no_order_of_time() -> None:
    assert plan_read("datasets/a/b/comments", {}).span is not None
    assert plan_read("datasets/a/b/comments", {"order": "recent"}).span is not None
    assert plan_read("datasets/a/b/comments", {"order": "sample", "seed": 1}).span is None
    assert plan_read("datasets/a/b/comments", {"text": "refund"}).span is None


@pytest.mark.parametrize(
    "path",
    ["/api/../x", "/api/v1/%2e%2E/x", "/api/v1/a b", "/api/v1/é", "/api/v1?x=1", "/v1", "api/v1"],
)
def test_a_raw_path_that_could_reach_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError):
        check_raw_path(path)


def test_raw_parameters_repeat_and_spell_booleans_as_json() -> None:
    request = raw_request("/api/v1/x", params={"id": ["a", "b"], "flag": True, "n": 3})
    assert request.params == (("id", "a"), ("id", "b"), ("flag", "true"), ("n", "3"))


@pytest.mark.parametrize(
    ("method", "path", "idempotent"),
    [
        ("get", "/api/v1/sources", True),
        ("DELETE", "/api/v1/sources/id:0", True),
        ("POST", "/api/v1/sources/a/b/sync", False),
        ("POST", "/api/v1/sources/a/b/statistics", True),
    ],
)
def test_raw_posts_are_retried_only_where_they_are_known_reads(
    method: str, path: str, idempotent: bool
) -> None:
    assert raw_request(path, method=method).idempotent is idempotent
    assert raw_request(path, method=method, idempotent=not idempotent).idempotent is not idempotent
