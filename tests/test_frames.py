"""Frames and their tag: dtypes whatever the rows, and a tag that travels."""

from __future__ import annotations

import datetime as dt
import io
import pickle

import pages
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas._catalogue.catalogue import find
from reinfer_pandas._columns import schema as s
from reinfer_pandas._wire import Attempt, Page, Response
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import add_timing, assemble, concat, tag

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
DTYPES = {
    "uid": "str",
    "timestamp": "datetime64[us, UTC]",
    "sent_at": "datetime64[us, UTC]",
    "to": "object",
    "n_messages": "Int64",
    "has_annotations": "boolean",
    "model_version": "Int64",
    "thread_duration_s": "float64",
    "thread_position": "Int64",
    "messages": "object",
    "labels": "object",
}


def batch_of(*comments: dict[str, object]) -> pa.RecordBatch:
    results = [{"comment": comment} for comment in comments]
    return pages.batch_of("annotated", results)


def comment(number: int = 0, **fields: object) -> dict[str, object]:
    return {
        "id": str(number),
        "uid": f"s.{number}",
        "timestamp": "2024-03-01T10:00:00Z",
        "created_at": "2024-03-01T10:00:05.5Z",
        "messages": [{"body": {"text": f"text {number}"}, "to": ["a", "b"]}],
        **fields,
    }


def attempt(server_ms: float | None = 37.7, **fields: object) -> Attempt:
    facts = {"started_at": NOW, "method": "GET", "path": "/api/v1/datasets", "status": 200}
    return Attempt(**{**facts, "server_ms": server_ms, "elapsed_ms": 50.0, **fields})


def tagged(df: pd.DataFrame, *requests: tuple[Attempt, ...]) -> pd.DataFrame:
    return tag(df, requests, resource="datasets", host="acme.reinfer.io", fetched_at=NOW)


@pytest.mark.parametrize("pages", [[], [[]], [[comment()]], [[comment(1)], [], [comment(2)]]])
def test_dtypes_and_columns_are_the_same_whatever_the_rows(pages: list[list[dict]]) -> None:
    df = assemble([batch_of(*page) for page in pages], s.ANNOTATED_COMMENT)
    assert tuple(df.columns) == s.ANNOTATED_COMMENT.names
    assert {name: str(df[name].dtype) for name in DTYPES} == DTYPES
    assert len(df) == sum(map(len, pages))


def test_columns_stand_in_the_documented_order_with_properties_in_place() -> None:
    first = comment(1, user_properties={"string:Team": "Motor"})
    second = comment(2, user_properties={"number:Priority": 2, "string:Area": "A"})
    df = assemble([batch_of(first), batch_of(second)], s.ANNOTATED_COMMENT)
    place = df.columns.get_loc("thread_first_sender") + 1
    found = ["number:Priority", "string:Area", "string:Team"]
    assert list(df.columns[place : place + 4]) == [*found, "messages"]
    assert [str(df[name].dtype) for name in found] == ["float64", "str", "str"]
    assert df["string:Team"].isna().tolist() == [False, True]


def test_wanted_columns_come_in_their_order_even_when_no_row_has_them() -> None:
    columns = ["body", "string:Team", "number:N", "uid"]
    df = assemble([batch_of(comment())], s.ANNOTATED_COMMENT, columns=columns)
    assert list(df.columns) == columns
    assert [str(dtype) for dtype in df.dtypes] == ["str", "str", "float64", "str"]
    assert df.iloc[0].isna().tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("backend", "dtypes"),
    [
        (None, ["str", "datetime64[us, UTC]", "Int64", "float64"]),
        ("numpy_nullable", ["string", "datetime64[us, UTC]", "Int64", "Float64"]),
        (
            "pyarrow",
            [
                "large_string[pyarrow]",
                "timestamp[us, tz=UTC][pyarrow]",
                "int64[pyarrow]",
                "double[pyarrow]",
            ],
        ),
    ],
)
def test_the_backend_chooses_the_dtypes(backend: str | None, dtypes: list[str]) -> None:
    columns = ["uid", "timestamp", "n_messages", "thread_duration_s"]
    df = assemble(
        [batch_of(comment())], s.ANNOTATED_COMMENT, columns=columns, dtype_backend=backend
    )
    assert [str(dtype) for dtype in df.dtypes] == dtypes


def test_nested_columns_stay_arrow_and_come_apart_fast() -> None:
    df = assemble([batch_of(comment(1)), batch_of(comment(2))], s.ANNOTATED_COMMENT)
    assert isinstance(df["messages"].dtype, pd.ArrowDtype)
    assert df["to"].explode().tolist() == ["a", "b", "a", "b"]
    assert df["messages"].list.len().tolist() == [1, 1]
    assert df["messages"][1][0]["body"] == "text 2"


@pytest.mark.parametrize("backend", [None, "pyarrow", "numpy_nullable"])
def test_parquet_and_pickle_bring_back_rows_and_tag(backend: str | None) -> None:
    batch = batch_of(comment(1, user_properties={"string:Team": "é"}), comment(2))
    df = assemble([batch], s.ANNOTATED_COMMENT, dtype_backend=backend)
    tagged(df, (attempt(),))
    file = io.BytesIO()
    df.to_parquet(file)
    read = pd.read_parquet(io.BytesIO(file.getvalue()))
    assert read.attrs == df.attrs
    assert read["uid"].tolist() == df["uid"].tolist()
    assert read["messages"][0][0]["body"] == "text 1"
    assert read.reinfer.requests().equals(df.reinfer.requests())
    again = pickle.loads(pickle.dumps(df))
    pd.testing.assert_frame_equal(again, df)
    assert again.attrs == df.attrs


def test_the_tag_sums_the_answers_and_counts_the_attempts() -> None:
    failed = attempt(None, status=503, outcome="http 503")
    df = tagged(
        assemble([], find("sources")[0].schema),
        (failed, attempt(10.5, number=2, waited_ms=100.0)),
        (attempt(2.25),),
    )
    assert df.attrs["server_timing_ms"] == 12.75
    facts = df.attrs["reinfer"]
    assert (facts["n_requests"], facts["n_attempts"], facts["n_retries"]) == (2, 3, 1)
    assert (facts["elapsed_ms"], facts["waited_ms"], facts["server_ms"]) == (150.0, 100.0, 12.75)
    assert all(isinstance(v, str | int | float | None) for v in facts.values())
    requests = df.reinfer.requests()
    assert requests["request"].tolist() == [0, 0, 1]
    assert requests["outcome"].tolist() == ["http 503", "ok", "ok"]


def test_server_time_that_nobody_gave_is_missing_and_never_zero() -> None:
    df = tagged(assemble([], find("sources")[0].schema), (attempt(None),), (attempt(None),))
    assert df.attrs["server_timing_ms"] is None
    assert df.reinfer.server_timing_ms is None
    assert df.reinfer.requests()["server_ms"].isna().all()


def test_the_tag_survives_what_pandas_keeps() -> None:
    df = tagged(assemble([batch_of(comment())], s.ANNOTATED_COMMENT), (attempt(),))
    for changed in (df.copy(), df[["uid"]], df[df["n_messages"] > 0], df.assign(x=1), df.head()):
        assert changed.reinfer.server_timing_ms == 37.7


def test_concat_merges_tags() -> None:
    one = tagged(assemble([batch_of(comment(1))], s.ANNOTATED_COMMENT), (attempt(1.5),))
    two = tagged(assemble([batch_of(comment(2))], s.ANNOTATED_COMMENT), (attempt(None),))
    both = concat(iter([one, two, pd.DataFrame({"uid": ["x"]})]), ignore_index=True)
    assert both["uid"].tolist() == ["s.1", "s.2", "x"]
    assert both.attrs["server_timing_ms"] == 1.5
    assert both.attrs["reinfer"]["n_requests"] == 2
    assert both.attrs["reinfer"]["resource"] == "datasets"
    assert both.reinfer.requests()["request"].tolist() == [0, 1]
    assert concat([pd.DataFrame({"a": [1]})]).attrs == {}


def test_an_untagged_frame_says_what_dropped_its_tag() -> None:
    with pytest.raises(ConfigurationError, match=r"rp\.concat"):
        pd.DataFrame({"a": [1]}).reinfer.requests()


def test_row_timing_stands_in_every_row() -> None:
    pages = [
        Response(status=200, headers={}, body=b"", attempts=(attempt(ms),), page=Page(n))
        for ms, n in ((None, 1), (2.5, 0), (4.0, 2))
    ]
    batch = add_timing(batch_of(comment(1), comment(2), comment(3)), pages, 3, [1, 0, 2])
    assert batch.column("request").to_pylist() == [3, 5, 5]
    assert batch.column("server_timing_ms").to_pylist() == [None, 4.0, 4.0]


def test_copying_a_tag_copies_no_log() -> None:
    df = tagged(pd.DataFrame({"a": [1]}), *[(attempt(),)] * 10_000)
    kept = df.copy().attrs["reinfer"]
    assert kept["requests"] is df.attrs["reinfer"]["requests"]
    assert len(kept) < 20


@given(st.lists(st.integers(0, 5), max_size=6))
def test_any_page_sizes_make_the_same_frame(cuts: list[int]) -> None:
    comments = [
        comment(n, user_properties={"number:n": n} if n % 2 else {"string:s": str(n)})
        for n in range(12)
    ]
    whole = assemble([batch_of(*comments)], s.ANNOTATED_COMMENT)
    pages, rest = [], comments
    for cut in cuts:
        pages, rest = [*pages, rest[:cut]], rest[cut:]
    parts = assemble([batch_of(*page) for page in [*pages, rest]], s.ANNOTATED_COMMENT)
    pd.testing.assert_frame_equal(parts, whole)


def test_source_comments_have_no_label_columns() -> None:
    df = assemble([pages.batch_of("comment", [comment(1)])], s.COMMENT)
    assert list(df.columns) == list(s.COMMENT.names)
    assert "labels" not in df
