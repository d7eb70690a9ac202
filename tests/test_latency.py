"""Tests of the log of requests and of its quantiles, against numpy."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinfer_pandas._latency import dump_log, join_logs, latency, pool, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.exceptions import ConfigurationError

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DTYPES = {
    "request": "Int64",
    "attempt": "Int64",
    "started_at": "datetime64[us, UTC]",
    "method": "str",
    "path": "str",
    "resource": "str",
    "status": "Int64",
    "outcome": "str",
    "server_ms": "float64",
    "headers_ms": "float64",
    "body_ms": "float64",
    "elapsed_ms": "float64",
    "waited_ms": "float64",
    "body_bytes": "Int64",
    "rows": "Int64",
    "worker": "Int64",
    "after": "datetime64[us, UTC]",
    "due_at": "datetime64[us, UTC]",
    "retry_after_s": "float64",
}
OPTIONAL = ["worker", "after", "due_at", "retry_after_s"]
SERIES = ("server", "network", "total")


def attempt(**facts: Any) -> Attempt:
    return Attempt(**{"started_at": START, "method": "GET", "path": "/api/v1/datasets", **facts})


def log_of(*elapsed_ms: float, **facts: Any) -> str:
    return dump_log([[attempt(elapsed_ms=each, **facts)] for each in elapsed_ms])


def tagged(log: str, **facts: Any) -> pd.DataFrame:
    df = pd.DataFrame({"uid": ["a", "b"]})
    df.attrs = {"server_timing_ms": None, "reinfer": {"requests": log, **facts}}
    return df


RETRIED = [
    [attempt(resource="datasets", status=200, server_ms=30.0, elapsed_ms=40.0, rows=3)],
    [
        attempt(resource="sources", status=503, outcome="http 503", elapsed_ms=5.0),
        attempt(resource="sources", number=2, outcome="timeout", elapsed_ms=95.0, waited_ms=300.0),
        attempt(
            resource="sources",
            number=3,
            status=200,
            server_ms=70.0,
            elapsed_ms=100.0,
            waited_ms=500.0,
        ),
    ],
]


# The log


def test_log_is_one_json_list_of_flat_objects() -> None:
    found = json.loads(dump_log(RETRIED))
    assert [list(row) for row in found] == [[n for n in DTYPES if n not in OPTIONAL]] * 4
    assert [(row["request"], row["attempt"]) for row in found] == [(0, 1), (1, 1), (1, 2), (1, 3)]
    assert found[0]["started_at"] == "2026-11-23T09:30:00Z"


def test_log_misses_nothing_that_an_attempt_measures() -> None:
    names = {field.name for field in fields(Attempt)}
    assert names - {"number"} == set(DTYPES) - {"request", "attempt"}


def test_requests_frame_gives_back_what_was_measured() -> None:
    moment = START + timedelta(microseconds=123_457)
    sent = attempt(
        started_at=moment,
        method="POST",
        path="/api/v1/ü?",
        resource="r",
        number=2,
        status=503,
        outcome="http 503",
        server_ms=0.1,
        headers_ms=1 / 3,
        body_ms=2.5,
        elapsed_ms=1e-9,
        waited_ms=1e9,
        body_bytes=2**53 + 1,
        rows=0,
        worker=15,
        after=START,
        due_at=moment,
        retry_after_s=2.5,
    )
    row = requests_frame(dump_log([[sent]])).iloc[0]
    assert row["request"] == 0
    assert row["attempt"] == 2
    for field in fields(Attempt):
        if field.name != "number":
            assert row[field.name] == getattr(sent, field.name), field.name


@pytest.mark.parametrize(
    "log", ["[]", dump_log([[attempt()]]), dump_log([[attempt(status=200, rows=1, server_ms=1.0)]])]
)
def test_requests_frame_has_the_declared_dtypes_whatever_is_missing(log: str) -> None:
    assert requests_frame(log).dtypes.astype(str).to_dict() == DTYPES


def test_unknown_server_time_is_missing_and_not_zero() -> None:
    row = requests_frame(dump_log([[attempt()]])).iloc[0]
    assert np.isnan(row["server_ms"])
    assert row["status"] is pd.NA
    assert pd.isna(row["resource"])


@pytest.mark.parametrize("log", ["", "{}", "[1]", "[{}]", '[{"request": "x"}]', "[", "ü"])
def test_what_is_no_log_is_named(log: str) -> None:
    with pytest.raises(ConfigurationError, match="no request log of this package"):
        requests_frame(log)


def test_joined_logs_count_requests_through() -> None:
    joined = join_logs([dump_log(RETRIED), "[]", dump_log(RETRIED)])
    assert requests_frame(joined)["request"].tolist() == [0, 1, 1, 1, 2, 3, 3, 3]


# The summary


def test_counts_tell_errors_retries_and_the_share_of_waits() -> None:
    found = latency(requests_frame(dump_log(RETRIED)))
    assert found.index.tolist() == ["datasets", "sources"]
    assert found["n"].tolist() == [1, 3]
    assert found["errors"].tolist() == [0, 2]
    assert found["retries"].tolist() == [0, 2]
    assert found["n_server"].tolist() == [1, 1]
    assert found["waited_share"].tolist() == [0, 800 / (800 + 200)]


def test_summary_has_one_schema_with_and_without_attempts() -> None:
    some = latency(requests_frame(dump_log(RETRIED)))
    none = latency(requests_frame("[]"))
    assert none.shape == (0, 17)
    assert none.dtypes.equals(some.dtypes)
    assert some.columns.tolist() == [
        *("n", "errors", "retries", "waited_share", "n_server"),
        *(f"{name}_{p}_ms" for name in SERIES for p in ("p50", "p90", "p99", "max")),
    ]


times = st.floats(0, 1e6) | st.integers(0, 5).map(float)
samples = st.lists(st.tuples(st.sampled_from("abc"), times, st.none() | times), max_size=250)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_every_quantile_is_numpys_inverted_cdf(
    drawn: list[tuple[str, float, float | None]],
) -> None:
    log = dump_log([[attempt(resource=r, elapsed_ms=e, server_ms=s)] for r, e, s in drawn])
    attempts = requests_frame(log)
    attempts = attempts.assign(
        total_ms=attempts["elapsed_ms"], network_ms=attempts["elapsed_ms"] - attempts["server_ms"]
    )
    for resource, row in latency(attempts).iterrows():
        group = attempts[attempts["resource"] == resource]
        for name in SERIES:
            known = group[f"{name}_ms"].dropna().to_numpy()
            for p in (50, 90, 99):
                expected = (
                    np.quantile(known, p / 100, method="inverted_cdf")
                    if len(known) and p / 100 <= 1 - 1 / len(known)
                    else np.nan
                )
                np.testing.assert_equal(row[f"{name}_p{p}_ms"], expected)
            np.testing.assert_equal(row[f"{name}_max_ms"], max(known, default=np.nan))


@pytest.mark.parametrize(("p", "enough"), [(50, 2), (90, 10), (99, 100)])
def test_a_quantile_needs_enough_samples(p: int, enough: int) -> None:
    at = latency(requests_frame(log_of(*range(enough))), by=None).iloc[0]
    below = latency(requests_frame(log_of(*range(enough - 1))), by=None).iloc[0]
    assert at[f"total_p{p}_ms"] == enough - 2
    assert np.isnan(below[f"total_p{p}_ms"])


def test_what_server_quantiles_need_is_counted_in_known_server_times() -> None:
    reads = [[attempt(elapsed_ms=10.0, server_ms=None if i else 4.0)] for i in range(50)]
    found = latency(requests_frame(dump_log(reads)), by=None).iloc[0]
    assert found["total_p90_ms"] == 10
    assert np.isnan(found["server_p50_ms"])
    assert found["server_max_ms"] == 4


def test_negative_network_time_shows() -> None:
    found = latency(requests_frame(log_of(10.0, server_ms=12.5)), by=None).iloc[0]
    assert found["network_max_ms"] == -2.5


def test_by_takes_any_columns_a_users_own_included() -> None:
    attempts = requests_frame(dump_log(RETRIED)).assign(shift=["day", "day", "night", "night"])
    assert latency(attempts, by="shift")["n"].to_dict() == {"day": 2, "night": 2}
    found = latency(attempts, by=["resource", "outcome"])["n"]
    assert found[("sources", "http 503")] == 1
    assert found.sum() == 4


def test_by_none_gives_one_row_even_of_nothing() -> None:
    assert latency(requests_frame("[]"), by=None)["n"].tolist() == [0]
    assert latency([], by=None)["n"].tolist() == [0]
    assert latency(requests_frame(dump_log(RETRIED)), by=None)["n"].tolist() == [4]


def test_attempts_of_no_resource_are_not_dropped() -> None:
    reads = [[attempt(resource=None, elapsed_ms=9.0)], [attempt(resource="datasets")]]
    found = latency(requests_frame(dump_log(reads)))
    assert found["n"].tolist() == [1, 1]
    assert found.loc[found.index.isna(), "total_max_ms"].tolist() == [9]


@pytest.mark.parametrize("by", ["speed", ["resource", "speed"], []])
def test_a_wrong_group_names_the_right_ones(by: Any) -> None:
    with pytest.raises(ConfigurationError, match="outcome"):
        latency(requests_frame(dump_log(RETRIED)), by=by)


# What it takes


class Logged:
    """Something with a log, as a client."""

    def requests(self) -> pd.DataFrame:
        return requests_frame(dump_log(RETRIED))


def test_a_tagged_frame_its_requests_and_a_client_measure_the_same() -> None:
    expected = latency(requests_frame(dump_log(RETRIED)))
    pd.testing.assert_frame_equal(latency(tagged(dump_log(RETRIED))), expected)
    pd.testing.assert_frame_equal(latency(Logged()), expected)


def test_tag_is_found_after_slicing_and_a_parquet_round_trip(tmp_path: Any) -> None:
    tagged(log_of(1.0, 2.0)).to_parquet(tmp_path / "df.parquet")
    df = pd.read_parquet(tmp_path / "df.parquet")
    assert latency(df[df["uid"] == "a"], by=None)["n"].tolist() == [2]


def test_a_column_called_requests_is_no_client() -> None:
    df = tagged(log_of(1.0)).assign(requests=[1, 2])
    assert latency(df, by=None)["n"].tolist() == [1]


def test_several_are_pooled_by_sample_and_not_averaged() -> None:
    few, many = tagged(log_of(1000.0, 1000.0)), tagged(log_of(*range(100)))
    found = latency(iter([few, many]), by=None).iloc[0]
    everything = np.array([1000, 1000, *range(100)])
    assert found["n"] == 102
    assert found["total_p50_ms"] == np.quantile(everything, 0.5, method="inverted_cdf")
    assert found["total_p99_ms"] == 1000


def test_pieces_of_one_read_bring_its_requests_once() -> None:
    df = tagged(log_of(1.0, 2.0))
    assert latency([df.head(1), df.tail(1)], by=None)["n"].tolist() == [2]


def test_pooled_requests_are_counted_through() -> None:
    pooled = pool([tagged(dump_log(RETRIED)), tagged("[]"), Logged()])
    assert pooled["request"].tolist() == [0, 1, 1, 1, 2, 3, 3, 3]
    assert pooled.dtypes.astype(str).to_dict() == DTYPES


def test_measuring_leaves_the_frame_as_it_was() -> None:
    attempts = requests_frame(dump_log(RETRIED))
    attempts.attrs = {"mine": 1}
    before = attempts.copy()
    latency([tagged(log_of(1.0)), attempts])
    pd.testing.assert_frame_equal(attempts, before)
    assert attempts.attrs == {"mine": 1}


def test_a_replay_is_remembered_through_the_pool() -> None:
    live, replayed = tagged(log_of(1.0)), tagged(log_of(2.0), replayed=True)
    assert pool([live, replayed]).attrs == {"reinfer": {"replayed": True}}
    assert pool(pool(replayed)).attrs == {"reinfer": {"replayed": True}}
    assert pool(live).attrs == {"reinfer": {"replayed": False}}


@pytest.mark.parametrize("attrs", [{}, {"reinfer": {}}, {"reinfer": None}])
def test_a_frame_without_a_log_is_told_where_it_was_lost(attrs: dict[str, Any]) -> None:
    df = pd.DataFrame({"uid": ["a"]})
    df.attrs = attrs
    with pytest.raises(ConfigurationError, match=r"no request log.*merge.*reinfer_pandas\.concat"):
        latency(df)


@pytest.mark.parametrize("x", ["datasets", 3, None, [None], ["datasets"]])
def test_what_has_no_latency_is_refused(x: Any) -> None:
    with pytest.raises(ConfigurationError, match="measured on frames and clients"):
        latency(x)
