"""The figures of the data, tested by the numbers they draw."""

from __future__ import annotations

import io
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import num2date

import reinfer_pandas as rp
from reinfer_pandas import charts
from reinfer_pandas._columns.schema import LABEL
from reinfer_pandas._counts import labels_of
from reinfer_pandas._nested import NestedDtype


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def label(name: str, state: str = "assigned", probability: float | None = None) -> dict:
    return {"name": name, "state": state, "probability": probability}


def comments(*rows: tuple[str | None, list[dict] | None], team: list | None = None) -> pd.DataFrame:
    labels = pa.array([labels for _, labels in rows], pa.list_(LABEL))
    return pd.DataFrame(
        {
            "timestamp": pd.to_datetime([at for at, _ in rows], utc=True),
            "labels": pd.Series(labels, dtype=NestedDtype(labels.type)),
            "string:Team": pd.Series(team or [None] * len(rows), dtype="str"),
        }
    )


FOUR = comments(
    ("2026-01-01 10:00", [label("A"), label("A", "predicted", 0.9), label("B", "predicted", 0.4)]),
    ("2026-01-01 23:59", [label("A", "dismissed"), label("A", "predicted", 0.99)]),
    ("2026-01-04 00:00", [label("B", "predicted", 0.5), label("A", "predicted", 0.7)]),
    (None, None),
    team=["x", "x", "y", None],
)


def bars(ax: Axes) -> dict[str, float]:
    names = [text.get_text() for text in ax.get_yticklabels()]
    return dict(zip(names, (bar.get_width() for bar in ax.patches), strict=True))


def lines(ax: Axes) -> dict[str, list[float]]:
    return {str(line.get_label()): list(line.get_ydata()) for line in ax.lines}


def test_a_label_counts_once_a_comment_and_people_are_right() -> None:
    assert bars(charts.plot_labels(FOUR, share=False)) == {"A": 2, "B": 1}
    assert bars(charts.plot_labels(FOUR, share=False, threshold=0.6)) == {"A": 2}
    assert bars(charts.plot_labels(FOUR, share=False, threshold=0.3)) == {"A": 2, "B": 2}
    assert bars(charts.plot_labels(FOUR, share=False, threshold=1.1)) == {"A": 1}


def test_shares_are_of_all_comments() -> None:
    assert bars(charts.plot_labels(FOUR)) == {"A": 50, "B": 25}
    assert charts.plot_labels(FOUR).get_xlabel() == "Share of comments [%]"


def test_the_top_labels_are_the_most_frequent_first_and_the_rest_is_told() -> None:
    ax = charts.plot_labels(FOUR, top=1)
    assert list(bars(ax)) == ["A"]
    assert "1 of 2 labels" in ax.texts[0].get_text()
    assert "0.5" in ax.texts[0].get_text()


def test_volumes_count_empty_periods_as_none() -> None:
    ax = charts.plot_volume(FOUR)
    (line,) = ax.lines
    assert list(line.get_ydata()) == [2, 0, 0, 1]
    assert [num2date(x).day for x in mpl.dates.date2num(line.get_xdata())] == [1, 2, 3, 4]
    assert ax.get_ylabel() == "Comments per day"


def test_a_month_stands_where_it_begins() -> None:
    (line,) = charts.plot_volume(FOUR, freq="ME").lines
    assert list(line.get_ydata()) == [3]
    assert pd.Timestamp(line.get_xdata()[0]) == pd.Timestamp("2026-01-01")
    (line,) = charts.plot_volume(FOUR, freq="W").lines
    assert pd.Timestamp(line.get_xdata()[0]) == pd.Timestamp("2025-12-29")


def test_volumes_by_property_have_a_line_for_the_rest() -> None:
    assert lines(charts.plot_volume(FOUR, freq="ME", by="string:Team")) == {
        "x": [2],
        "none": [0],
        "y": [1],
    }
    assert lines(charts.plot_volume(FOUR, freq="ME", by="string:Team", top=1)) == {
        "x": [2],
        "other (2)": [1],
    }


def test_volumes_by_label_count_as_the_labels_do() -> None:
    drawn = lines(charts.plot_volume(FOUR, freq="3D", by="label"))
    assert drawn == {"A": [1, 1], "B": [0, 1]}


@pytest.mark.parametrize("freq", ["h", "D", "W", "ME", "5D", "QE"])
def test_volumes_are_pandas_own(freq: str) -> None:
    draw = np.random.default_rng(1)
    at = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        draw.integers(0, 9e6, 500), unit="s"
    )
    df = pd.DataFrame({"timestamp": at, "p": draw.choice(list("abc"), 500)})
    drawn = lines(charts.plot_volume(df, freq=freq, by="p"))
    expected = df.set_index("timestamp").resample(freq)["p"].value_counts()
    assert {name: sum(ys) for name, ys in drawn.items()} == expected.groupby("p").sum().to_dict()
    whole = df.set_index("timestamp").resample(freq).size()
    assert np.sum(list(drawn.values()), axis=0).tolist() == whole.tolist()


def test_a_frame_without_rows_says_so() -> None:
    none = FOUR.iloc[:0]
    for ax in (charts.plot_labels(none), charts.plot_volume(none, by="label")):
        assert "no comments" in [text.get_text() for text in ax.texts]


def test_labels_of_a_parquet_file_and_of_a_slice_are_the_same() -> None:
    with rp.sandbox(comments=300) as client:
        df = client.read("datasets/acme/claims/comments")
    file = io.BytesIO()
    df.to_parquet(file)
    again = pd.read_parquet(file)
    pd.testing.assert_frame_equal(labels_of(df, threshold=0.5), labels_of(again, threshold=0.5))
    part = labels_of(df.iloc[100:], threshold=0.5)
    whole = labels_of(df, threshold=0.5).query("row >= 100")
    assert part["group"].tolist() == whole["group"].tolist()
    assert (part["row"] + 100).tolist() == whole["row"].tolist()


def test_names_are_drawn_as_they_are() -> None:
    df = comments(("2026-01-01", [label("$x$ and $y$"), label("_hidden")]))
    ax = charts.plot_volume(df, by="label")
    assert len(ax.get_legend().get_texts()) == 2
    ax.figure.canvas.draw()
    assert r"\$x\$" in ax.get_legend().get_texts()[0].get_text()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda df: charts.plot_volume(df, freq="fortnight"), "no length of time"),
        (lambda df: charts.plot_volume(df, freq="us"), "more than"),
        (lambda df: charts.plot_volume(df, by="string:Nothing"), "no column"),
        (lambda df: charts.plot_labels(df.drop(columns="labels")), "no column 'labels'"),
        (lambda df: charts.plot_labels(df, top=0), "1 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, words: str) -> None:
    with pytest.raises(rp.ConfigurationError, match=words):
        call(FOUR)


def test_axes_given_are_axes_drawn_on() -> None:
    _, axes = plt.subplots(1, 2)
    assert charts.plot_labels(FOUR, ax=axes[0]) is axes[0]
    assert charts.plot_volume(FOUR, ax=axes[1]) is axes[1]


def test_the_accessor_draws_and_shows_itself() -> None:
    with rp.sandbox(comments=100) as client:
        df = client.read("datasets/acme/claims/comments")
        shown = [repr(df.reinfer), df.reinfer._repr_html_(), client._repr_html_()]
    assert df.reinfer.plot_labels(top=3).get_title() == "Comments per label"
    assert df.reinfer.plot_volume(by="string:Team").get_title().endswith("string:Team")
    assert df.reinfer.plot_latency(kind="ecdf").get_title() == "How long attempts took"
    for fact in ("resource", "rows", "requests", "retries", "server time", "share", "fetched at"):
        assert fact in shown[0]
        assert fact in shown[1]
    assert client.settings.token.reveal() not in "".join(shown)


def test_what_is_shown_is_escaped() -> None:
    df = pd.DataFrame({"a": [1]})
    facts = dict.fromkeys(("n_requests", "n_retries", "elapsed_ms", "waited_ms"), 1)
    texts = {"resource": "<script>", "host": "&", "fetched_at": "'\"<"}
    df.attrs["reinfer"] = {**facts, **texts, "server_ms": None}
    assert "<script>" not in df.reinfer._repr_html_()
    assert "&lt;script&gt; at &amp;" in df.reinfer._repr_html_()
    assert "unknown" in repr(df.reinfer)
