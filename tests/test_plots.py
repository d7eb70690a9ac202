"""Tests of the figures by the numbers they draw."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.dates import date2num

from reinfer_pandas._latency import dump_log, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.plots import plot_latency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

KINDS = ["ecdf", "timeline", "breakdown", "percentiles", "scatter"]
START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def attempt(**facts: Any) -> Attempt:
    return Attempt(**{"started_at": START, "method": "GET", "path": "/x", "status": 200, **facts})


def frame(*reads: list[Attempt]) -> pd.DataFrame:
    return requests_frame(dump_log(reads))


def many(n: int, *, seed: int = 0, unknown: float = 0.0, faults: float = 0.0) -> pd.DataFrame:
    """Draw a log of n requests, some tried twice, some without server time."""
    draw = np.random.default_rng(seed)
    server, network = draw.lognormal(4, 0.4, n), draw.lognormal(3, 0.4, n)
    facts = {
        "request": np.arange(n),
        "attempt": np.where(draw.random(n) < faults, 2, 1),
        "started_at": pd.to_datetime(START) + pd.to_timedelta(40 * np.arange(n), unit="ms"),
        "outcome": np.where(draw.random(n) < faults, "http 503", "ok"),
        "server_ms": np.where(draw.random(n) < unknown, np.nan, server),
        "elapsed_ms": server + network,
        "waited_ms": np.where(draw.random(n) < faults, 500.0, 0.0),
    }
    return requests_frame("[]").assign(**{k: pd.Series(v) for k, v in facts.items()})


def line(ax: Axes, name: str) -> Line2D:
    return next(each for each in ax.lines if str(each.get_label()).startswith(name))


def words(ax: Axes) -> str:
    legend = ax.get_legend()
    texts = [*ax.texts, ax.title, *(legend.get_texts() if legend else ())]
    return " | ".join(text.get_text() for text in texts)


def bars(ax: Axes) -> dict[str, dict[float, float]]:
    """Return the height of each bar by its part's name and its request."""
    return {
        container.get_label(): {
            bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in container
        }
        for container in ax.containers
    }


RETRIED = frame(
    [attempt(server_ms=30.0, elapsed_ms=40.0)],
    [
        attempt(status=503, outcome="http 503", elapsed_ms=5.0),
        attempt(number=2, server_ms=70.0, elapsed_ms=100.0, waited_ms=300.0),
    ],
    [attempt(elapsed_ms=60.0)],
)


# Each kind draws the frame's numbers


def test_ecdf_steps_are_numpys() -> None:
    attempts = many(97, unknown=0.3)
    ax = plot_latency(attempts, kind="ecdf")
    network = attempts["elapsed_ms"] - attempts["server_ms"]
    for name, each in (
        ("server", attempts["server_ms"]),
        ("network", network),
        ("total", attempts["elapsed_ms"]),
    ):
        known = np.sort(each.dropna().to_numpy())
        drawn = line(ax, name)
        np.testing.assert_array_equal(drawn.get_xdata()[1:], known)
        np.testing.assert_allclose(drawn.get_ydata(), np.arange(len(known) + 1) / len(known))


def test_percentiles_are_numpys_and_end_before_the_maximum() -> None:
    attempts = many(250, unknown=0.2)
    ax = plot_latency(attempts, kind="percentiles")
    for name, column in (("server", "server_ms"), ("total", "elapsed_ms")):
        known = attempts[column].dropna().to_numpy()
        n = len(known)
        drawn = line(ax, name)
        assert drawn.get_drawstyle() == "steps-pre"
        np.testing.assert_allclose(drawn.get_xdata(), np.arange(n) / n)
        middle = (np.arange(n - 1) + 0.5) / n  # between the steps, where rounding can't reach
        expected = np.quantile(known, middle, method="inverted_cdf")
        np.testing.assert_array_equal(drawn.get_ydata()[1:], expected)
        assert max(drawn.get_ydata()) < max(known)
    assert ax.get_xlim()[1] == 1 - 1 / 250
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "50", "75", "90", "95", "99"]


def test_percentiles_stand_on_an_axis_of_nines() -> None:
    ax = plot_latency(many(2_000), kind="percentiles")
    at = [ax.transData.transform((q, 1))[0] for q in (0.9, 0.99, 0.999)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1])


def test_bars_are_the_parts_of_each_request() -> None:
    ax = plot_latency(RETRIED, kind="breakdown")
    assert bars(ax) == {
        "server": {0: 30, 1: 70},
        "network and overhead": {0: 10, 1: 30},
        "unknown": {1: 5, 2: 60},
        "waited": {1: 300},
    }
    tops = {}
    for container in ax.containers:
        for bar in container:
            assert bar.get_y() == tops.get(bar.get_x(), 0)
            tops[bar.get_x()] = bar.get_y() + bar.get_height()
    assert list(tops.values()) == [40, 405, 60]


def test_negative_network_time_hangs_below_zero() -> None:
    ax = plot_latency(frame([attempt(server_ms=12.5, elapsed_ms=10.0)]), kind="breakdown")
    assert bars(ax) == {"server": {0: 12.5}, "network and overhead": {0: -2.5}}
    assert ax.get_ylim()[0] < -2.5


@pytest.mark.parametrize("n", [121, 1_000, 4_321])
def test_many_requests_are_averaged_by_bar_and_said_to_be(n: int) -> None:
    attempts = many(n, unknown=0.1, faults=0.1)
    ax = plot_latency(attempts, kind="breakdown")
    each = -(-n // 120)
    assert f"mean of {each}" in ax.get_xlabel()
    assert ax.get_ylabel() == "Mean time per request [ms]"
    stacked = {patch.get_label(): patch.get_data() for patch in ax.patches}
    groups = attempts.assign(bar=attempts["request"] // each).fillna({"server_ms": 0})
    expected = groups.groupby("bar")["server_ms"].mean()
    np.testing.assert_allclose(stacked["server"].values, expected)
    np.testing.assert_array_equal(stacked["server"].edges[:-1], expected.index * each)
    whole = attempts.assign(all_ms=attempts["elapsed_ms"] + attempts["waited_ms"])
    top = whole.assign(bar=whole["request"] // each).groupby("bar")["all_ms"].mean()
    np.testing.assert_allclose(stacked["waited"].values, top)


def test_timeline_marks_errors_and_retries_when_they_began() -> None:
    attempts = RETRIED.assign(
        started_at=[START + timedelta(milliseconds=ms) for ms in (0, 40, 345, 450)]
    )
    ax = plot_latency(attempts, kind="timeline")
    assert line(ax, "ok (3)").get_ydata().tolist() == [40, 100, 60]
    assert line(ax, "error (1)").get_ydata().tolist() == [5]
    assert line(ax, "retry (1)").get_ydata().tolist() == [100]
    moment = date2num(datetime(2026, 11, 23, 9, 30, 0, 345_000, UTC))
    assert date2num(line(ax, "retry").get_xdata())[0] == pytest.approx(moment, abs=1e-9)
    assert ax.get_xlabel() == "Began at [UTC], from 2026-11-23 09:30"


def test_scatter_sets_server_against_total_and_unknown_at_the_foot() -> None:
    ax = plot_latency(RETRIED, kind="scatter")
    assert line(ax, "attempt (2)").get_xydata().tolist() == [[40, 30], [100, 70]]
    assert line(ax, "server time unknown (2)").get_xdata().tolist() == [5, 60]
    ends = line(ax, "server = total")
    assert list(ends.get_xdata()) == list(ends.get_ydata()) == [30, 100]
    assert min(ax.get_ylim()) > 5


# What every figure tells


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_tells_n_units_and_the_closed_loop(kind: str) -> None:
    ax = plot_latency(RETRIED, kind=kind)
    assert "n = 4 attempts, 2 without server time" in words(ax)
    assert "closed loop, no load test" in words(ax)
    assert "[ms]" in ax.get_xlabel() + ax.get_ylabel()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert "replayed" not in words(ax)


@pytest.mark.parametrize("kind", KINDS)
def test_replayed_data_is_called_replayed(kind: str) -> None:
    df = pd.DataFrame({"uid": ["a"]})
    df.attrs["reinfer"] = {"requests": dump_log([[attempt()]]), "replayed": True}
    ax = plot_latency(df, kind=kind)
    assert ax.get_title().endswith("(replayed)")
    assert "replayed: client times mean nothing" in words(ax)


@pytest.mark.parametrize("kind", ["ecdf", "percentiles"])
def test_a_curve_of_nothing_known_is_called_unknown(kind: str) -> None:
    ax = plot_latency(RETRIED.assign(server_ms=np.nan), kind=kind)
    assert len(line(ax, "server (unknown)").get_xdata()) == 0
    assert len(line(ax, "network and overhead (unknown)").get_xdata()) == 0
    assert len(line(ax, "total").get_xdata()) > 0


def test_no_server_time_at_all_is_said_not_drawn() -> None:
    attempts = RETRIED.assign(server_ms=np.nan)
    assert "no server time is known" in words(plot_latency(attempts, kind="scatter"))
    assert "server" not in bars(plot_latency(attempts, kind="breakdown"))


def test_one_attempt_supports_no_percentile() -> None:
    ax = plot_latency(frame([attempt(server_ms=1.0, elapsed_ms=2.0)]), kind="percentiles")
    assert "one attempt supports no percentile" in words(ax)
    assert not ax.lines


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_is_said(kind: str) -> None:
    assert "no requests" in words(plot_latency(requests_frame("[]"), kind=kind))


# Scales


@pytest.mark.parametrize(
    ("kind", "scales"),
    [
        ("ecdf", ("log", "linear")),
        ("timeline", ("linear", "log")),
        ("percentiles", ("function", "log")),
        ("scatter", ("log", "log")),
        ("breakdown", ("linear", "linear")),
    ],
)
def test_times_turn_logarithmic_when_skewed(kind: str, scales: tuple[str, str]) -> None:
    reads = [[attempt(server_ms=8.0, elapsed_ms=10.0)]] * 97
    ax = plot_latency(frame(*reads, *[[attempt(elapsed_ms=50.0)]] * 3), kind=kind)
    assert "log" not in (ax.get_xscale(), ax.get_yscale())
    ax = plot_latency(frame(*reads, *[[attempt(elapsed_ms=51.0)]] * 3), kind=kind)
    assert (ax.get_xscale(), ax.get_yscale()) == scales


@pytest.mark.parametrize("kind", ["ecdf", "percentiles"])
def test_negative_times_show_on_a_skewed_axis(kind: str) -> None:
    reads = [[attempt(server_ms=e * 1.2, elapsed_ms=e)] for e in np.geomspace(1, 1e4).tolist()]
    ax = plot_latency(frame(*reads), kind=kind)
    scale, low = (
        (ax.get_xscale(), ax.get_xlim()[0])
        if kind == "ecdf"
        else (ax.get_yscale(), ax.get_ylim()[0])
    )
    assert scale == "symlog"
    assert low <= -2000


# Axes in, axes out


def test_summary_is_four_kinds_two_by_two() -> None:
    axes = plot_latency(RETRIED)
    assert axes.shape == (2, 2)
    alone = [plot_latency(RETRIED, kind=kind).get_title() for kind in KINDS[:4]]
    assert [ax.get_title() for ax in axes.flat] == alone


def test_given_axes_are_drawn_on_and_no_figure_is_opened() -> None:
    figure = mpl.figure.Figure()
    ax = figure.add_subplot()
    four = figure.subplots(1, 4)
    assert plot_latency(RETRIED, kind="ecdf", ax=ax) is ax
    assert plot_latency(RETRIED, ax=list(four)).tolist() == four.tolist()
    assert all(each.lines or each.patches for each in four)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("kind", "n"), [("ecdf", 2), ("summary", 1), ("summary", 3)])
def test_axes_that_do_not_fit_are_refused(kind: str, n: int) -> None:
    axes = mpl.figure.Figure().subplots(1, n)
    with pytest.raises(ConfigurationError, match=f"not on {n}"):
        plot_latency(RETRIED, kind=kind, ax=axes)


def test_a_wrong_kind_names_the_right_ones() -> None:
    with pytest.raises(ConfigurationError, match="summary, ecdf, timeline, breakdown"):
        plot_latency(RETRIED, kind="histogram")


def test_settings_are_left_as_they_were() -> None:
    before = dict(mpl.rcParams)
    plot_latency(RETRIED)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("theme", ["default", "dark_background"])
@pytest.mark.parametrize("n", [1, 2, 3, 40, 100_000])
def test_it_renders_without_a_warning(n: int, theme: str) -> None:
    with warnings.catch_warnings(), plt.style.context(theme):
        warnings.simplefilter("error")
        axes = plot_latency(many(n, unknown=0.1 * (n > 3), faults=0.1 * (n > 3)))
        axes[0, 0].figure.canvas.draw()


def test_text_and_total_take_the_themes_colour() -> None:
    for theme, color in (("default", "black"), ("dark_background", "white")):
        with plt.style.context(theme):
            ax = plot_latency(RETRIED, kind="ecdf")
        assert line(ax, "total").get_color() == color


def test_curves_and_parts_differ_in_more_than_colour() -> None:
    curves = plot_latency(RETRIED, kind="ecdf").lines
    assert len({curve.get_linestyle() for curve in curves}) == 3
    parts = plot_latency(RETRIED, kind="breakdown").containers
    assert len({part.patches[0].get_hatch() for part in parts}) == 4


def test_matplotlib_is_imported_when_something_is_drawn() -> None:
    code = "import sys, reinfer_pandas.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
