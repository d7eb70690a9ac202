"""Tests of two reads compared, against numpy and by coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scripted import at

import reinfer_pandas as rp
from reinfer_pandas._analysing.compare import (
    compare_latency,
    quantile,
    quantile_interval,
    shift_curve,
    shifts,
)
from reinfer_pandas._figures.compare import plot_comparison
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import tag

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def log(server_ms: np.ndarray, network_ms: np.ndarray) -> list[tuple[Attempt, ...]]:
    return [
        (
            Attempt(
                started_at=at(i),
                method="GET",
                path="/x",
                server_ms=None if np.isnan(server) else float(server),
                elapsed_ms=float(np.nan_to_num(server) + network),
            ),
        )
        for i, (server, network) in enumerate(zip(server_ms, network_ms, strict=True))
    ]


def drawn(n: int, seed: int, server: float = 0, network: float = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    one, two = draw.lognormal(5, 0.3, n) + server, draw.lognormal(3, 0.3, n) + network
    return requests_frame(dump_log(log(one, two)))


@pytest.mark.parametrize("n", [1, 2, 9, 10, 57, 100, 1000])
@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_quantiles_are_numpys_within_what_they_support(n: int, q: float) -> None:
    values = np.sort(np.random.default_rng(n).normal(size=n))
    expected = np.quantile(values, q, method="inverted_cdf") if q <= 1 - 1 / n else np.nan
    np.testing.assert_equal(quantile(values, q), expected)


@pytest.mark.parametrize(
    ("n", "q", "low", "high"),
    [(20, 0.5, 6, 15), (100, 0.5, 40, 61), (100, 0.9, 84, 96), (10, 0.5, 2, 9)],
)
def test_intervals_have_the_ranks_of_the_tables(n: int, q: float, low: int, high: int) -> None:
    assert quantile_interval(np.arange(1.0, n + 1), q) == (low, high)


def test_a_bound_that_no_sample_supports_is_missing() -> None:
    low, high = quantile_interval(np.arange(1.0, 51), 0.99)
    assert low > 40
    assert np.isnan(high)
    assert all(np.isnan(quantile_interval(np.array([]), 0.5)))


@pytest.mark.parametrize(("n", "q"), [(40, 0.5), (200, 0.9), (1000, 0.99)])
def test_intervals_hold_the_quantile_as_often_as_they_say(n: int, q: float) -> None:
    draw, held = np.random.default_rng(3), 0
    for _ in range(500):
        low, high = quantile_interval(np.sort(draw.random(n)), q)
        held += low <= q <= high
    assert held / 500 >= 0.93


def test_shifts_are_those_of_resamples() -> None:
    draw = np.random.default_rng(5)
    before, after = np.sort(draw.lognormal(4, 0.5, 80)), np.sort(draw.lognormal(4.4, 0.5, 120))
    whole = [
        np.quantile(draw.choice(after, 120), 0.9, method="inverted_cdf")
        - np.quantile(draw.choice(before, 80), 0.9, method="inverted_cdf")
        for _ in range(4000)
    ]
    found = shifts(before, after, 0.9)
    assert found.mean() == pytest.approx(np.mean(whole), abs=0.05 * np.std(whole) + 0.5)
    assert found.std() == pytest.approx(np.std(whole), rel=0.06)


def test_the_shift_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(11), 0
    for _ in range(300):
        before, after = (np.sort(draw.normal(mean, 20, 150)) for mean in (100, 130))
        low, high = np.quantile(shifts(before, after, 0.9), [0.025, 0.975])
        held += low <= 30 <= high
    assert 0.9 <= held / 300 <= 0.995


def test_a_slower_server_is_named() -> None:
    found = compare_latency({"before": drawn(400, 1), "after": drawn(400, 2, server=210)})
    row = found.loc[("total", "p90")]
    assert row["shift_low_ms"] < 210 < row["shift_high_ms"]
    assert row["server_share"] == pytest.approx(1, abs=0.1)
    assert found.attrs["verdict"].startswith("p90 rose by ")
    assert "all of it server" in found.attrs["verdict"].split(";")[0]


def test_a_slower_network_is_not_the_servers() -> None:
    found = compare_latency({"before": drawn(400, 1), "after": drawn(400, 2, network=150)})
    assert "none of it server" in found.attrs["verdict"].split(";")[0]
    assert abs(found.loc[("network", "p50"), "shift_ms"] - 150) < 5


def test_what_falls_is_said_with_its_bounds_in_order() -> None:
    found = compare_latency({"slow": drawn(400, 1, server=200), "fast": drawn(400, 2)})
    assert found.loc[("total", "p50"), "shift_high_ms"] < 0
    low, high = found.attrs["verdict"].split("(95 %: ")[1].split(")")[0].split(" to ")
    assert "fell by" in found.attrs["verdict"]
    assert 0 < float(low) < float(high)


def test_two_alike_move_by_nothing_clear() -> None:
    found = compare_latency({"a": drawn(300, 1), "b": drawn(300, 2)})
    assert found.attrs["verdict"].count("nothing clear") >= 2
    assert found["server_share"].isna().sum() >= 8


def test_too_few_say_so_and_claim_no_quantile() -> None:
    found = compare_latency({"a": drawn(1, 1), "b": drawn(1, 2)})
    assert found.filter(like="shift").isna().all(axis=None)
    assert "too few" in found.attrs["verdict"]
    some = compare_latency({"a": drawn(20, 1), "b": drawn(20, 2)})
    assert some.loc[("total", "p90")].notna()["shift_ms"]
    assert some.loc[("total", "p99")].isna()["shift_ms"]


def test_unknown_server_times_leave_the_total() -> None:
    unknown = requests_frame(dump_log(log(np.full(50, np.nan), np.linspace(10, 60, 50))))
    found = compare_latency({"a": unknown, "b": drawn(50, 2)})
    assert found.loc[("total", "p50")].notna()["shift_ms"]
    assert found.loc["server"]["a_ms"].isna().all()
    assert "server" not in found.attrs["verdict"]


def test_frames_clients_and_parquet_compare_alike(tmp_path: Any) -> None:
    with rp.sandbox(comments=300) as client:
        df = client.read("sources/acme/inbox/comments", page_size=16)
        a, b = client.requests(), client
        df.to_parquet(tmp_path / "df.parquet")
        again = pd.read_parquet(tmp_path / "df.parquet")
        found = compare_latency({"a": [df], "b": again})
        assert compare_latency({"a": a, "b": b}).shape == (9, 10)
    assert (found["shift_ms"].dropna() == 0).all()


def test_the_same_reads_give_the_same_numbers() -> None:
    reads = {"a": drawn(100, 1), "b": drawn(100, 2, server=40)}
    pd.testing.assert_frame_equal(compare_latency(reads), compare_latency(reads))


@pytest.mark.parametrize("reads", [{}, {"a": None}, [1, 2], None, {"a": 1, "b": 2, "c": 3}])
def test_only_two_are_compared(reads: Any) -> None:
    with pytest.raises(ConfigurationError, match="Two reads are compared"):
        compare_latency(reads)


def test_the_figure_draws_both_and_the_shift() -> None:
    reads = {"before": drawn(300, 1), "after": drawn(300, 2, server=100)}
    left, right = plot_comparison(reads)
    for line, read in zip(left.lines, reads.values(), strict=True):
        np.testing.assert_allclose(line.get_xdata()[1:], np.sort(read["elapsed_ms"]))
    times = [each["elapsed_ms"].to_numpy() for each in reads.values()]
    curve = shift_curve(*times)
    np.testing.assert_array_equal(right.lines[1].get_ydata(), curve["shift_ms"])
    assert "rose by" in left.figure.get_suptitle()


def test_a_users_own_figure_keeps_its_title() -> None:
    figure, axes = plt.subplots(2, 1)
    figure.suptitle("mine")
    left, _ = plot_comparison({"a": drawn(300, 1), "b": drawn(300, 2, server=99)}, ax=axes)
    assert figure.get_suptitle() == "mine"
    assert left.get_title(loc="left").startswith("p90 rose by")


def test_the_figure_needs_two_axes_and_says_when_there_is_too_little() -> None:
    one = tag(pd.DataFrame(), log(np.array([5.0]), np.array([1.0])), **_facts())
    _, right = plot_comparison({"a": one, "b": one})
    assert right.texts[0].get_text() == "too few attempts to compare"
    with pytest.raises(ConfigurationError, match="2 axes, not on 1"):
        plot_comparison({"a": one, "b": one}, ax=plt.subplots()[1])


def _facts() -> dict[str, Any]:
    return {"resource": "r", "host": "h", "fetched_at": at(9)}
