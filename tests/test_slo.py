"""Tests of how much was answered within a limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scripted import at

from reinfer_pandas._analysing.slo import latency_slo
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.exceptions import ConfigurationError

MINUTE_MS = 60_000


def frame(*sent: tuple[float, float, dict[str, Any]]) -> pd.DataFrame:
    attempts = [
        Attempt(started_at=at(ms), method="GET", path="/x", elapsed_ms=took, **facts)
        for ms, took, facts in sent
    ]
    return requests_frame(dump_log([[one] for one in attempts]))


def test_each_interval_has_its_share() -> None:
    sent = [(n * MINUTE_MS / 10, 100.0 if n % 10 or n < 20 else 3000.0, {}) for n in range(40)]
    found = latency_slo(frame(*sent), within="2s")
    assert found["n"].tolist() == [10] * 4
    assert found["share"].tolist() == [1, 1, 0.9, 0.9]
    assert found["is_broken"].tolist() == [False, False, True, True]
    assert found["slowest_ms"].tolist() == [100, 100, 3000, 3000]
    assert found.attrs["verdict"] == (
        "95.0 % of 40 attempts within 2 s; 2 of 4 intervals of 1 min broke 99 %: "
        "09:32:00 (90 %), 09:33:00 (90 %)"
    )


@pytest.mark.parametrize("every", ["10s", "1min", timedelta(minutes=7), "1h"])
def test_shares_are_numpys_whatever_the_interval(every: Any) -> None:
    draw = np.random.default_rng(2)
    starts, took = draw.uniform(0, 3 * 3_600_000, 500), draw.exponential(500, 500)
    log = frame(*[(ms, t, {}) for ms, t in zip(starts.tolist(), took.tolist(), strict=True)])
    found = latency_slo(log, within="800ms", every=every)
    assert found["n"].sum() == 500
    assert found["n_within"].sum() == np.sum(log["elapsed_ms"] <= 800)
    first = log["started_at"] < found.index[0] + pd.Timedelta(every)
    assert found["share"].iloc[0] == np.mean(log.loc[first, "elapsed_ms"] <= 800)


def test_what_failed_fast_is_not_within_the_limit() -> None:
    found = latency_slo(frame((0, 1.0, {"outcome": "http 503"}), (1, 1.0, {})))
    assert found["share"].tolist() == [0.5]


def test_the_limit_itself_is_within_and_lateness_counts() -> None:
    log = frame((0, 2000.0, {}), (500, 1600.0, {"due_at": at(0)}))
    assert latency_slo(log)["n_within"].tolist() == [1]


def test_the_worst_are_listed_first_and_with_days_where_there_are_several() -> None:
    sent = [
        (minute * 300 * MINUTE_MS, 3000.0 if bad else 1.0, {})
        for minute in range(8)
        for bad in [True] * (minute + 1) + [False] * (8 - minute)
    ]
    told = latency_slo(frame(*sent)).attrs["verdict"]
    worst = told.split(": ", 1)[1]
    assert worst.startswith("2026-11-24 20:30:00 (89 %)") is False
    assert worst.startswith("2026-11-24 20:30:00 (11 %)")
    assert worst.endswith("and 3 more")


def test_rounding_hides_no_failure() -> None:
    sent = [(n, 3000.0 if n == 0 else 1.0, {}) for n in range(3000)]
    assert latency_slo(frame(*sent)).attrs["verdict"].startswith("99.9 %")


def test_nothing_sent_broke_nothing() -> None:
    found = latency_slo(requests_frame("[]"))
    assert len(found) == 0
    assert found.attrs["verdict"] == "no requests"


@pytest.mark.parametrize("given", [{"within": 2}, {"within": "soon"}, {"every": "-1s"}])
def test_a_wrong_duration_is_named(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=rf"{next(iter(given))}=.*with its unit"):
        latency_slo(frame((0, 1.0, {})), **given)


@pytest.mark.parametrize("target", [0, 1.1, True, "99 %", float("nan")])
def test_a_wrong_target_is_named(target: Any) -> None:
    with pytest.raises(ConfigurationError, match="target="):
        latency_slo(frame((0, 1.0, {})), target=target)
