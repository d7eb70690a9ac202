"""Tests of latency by what, and of what a row costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scripted import Script, at

import reinfer_pandas as rp
from reinfer_pandas._analysing.fit import fit_latency, fit_line, student_quantile
from reinfer_pandas._analysing.groups import latency
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.exceptions import ConfigurationError

ROUTE = "GET /api/_private/sources/{project}/{source}/comments"


def attempt(**facts: Any) -> Attempt:
    given = {"started_at": at(0), "method": "GET", "path": "/x", "elapsed_ms": 10.0}
    return Attempt(**{**given, **facts})


def frame(*attempts: Attempt) -> pd.DataFrame:
    return requests_frame(dump_log([[one] for one in attempts]))


def counts(by: str, *attempts: Attempt) -> dict[Any, int]:
    return latency(frame(*attempts), by=by)["n"].to_dict()


def test_a_route_has_its_names_in_braces() -> None:
    paths = [f"/api/_private/sources/acme/{name}/comments" for name in ("inbox", "chat")]
    found = counts("route", *[attempt(path=path) for path in paths], attempt(path="/auth/else"))
    assert found == {ROUTE: 2, "GET /auth/else": 1}


def test_times_are_those_of_the_begin_in_utc() -> None:
    hour_ms = 3_600_000
    sent = [attempt(started_at=at(ms)) for ms in (0, 60_000, hour_ms, 24 * hour_ms)]
    assert counts("hour", *sent) == {9: 3, 10: 1}
    assert counts("weekday", *sent) == {"Monday": 3, "Tuesday": 1}
    minutes = counts("minute", *sent)
    assert list(minutes.values()) == [1, 1, 1, 1]
    assert pd.Timestamp("2026-11-23 09:31", tz="UTC") in minutes


def test_pages_are_grouped_by_the_next_power_of_two() -> None:
    sent = [attempt(rows=rows) for rows in (0, 1, 2, 3, 200, 256, 257, None)]
    found = counts("page_size", *sent)
    known = {key: n for key, n in found.items() if not pd.isna(key)}
    assert known == {0: 1, 1: 1, 2: 1, 4: 1, 256: 2, 512: 1}
    assert sum(found.values()) == 8


@pytest.mark.parametrize("by", ["attempt", "worker", "status", "outcome", "method"])
def test_columns_of_the_log_group_too(by: str) -> None:
    sent = [attempt(number=n, worker=n, status=200 + n, outcome=f"{n}") for n in (1, 1, 2)]
    assert sum(counts(by, *sent).values()) == 3


def test_several_groups_at_once() -> None:
    found = latency(frame(attempt(worker=1), attempt(worker=2)), by=["weekday", "worker"])
    assert found.loc[("Monday", 2), "n"] == 1


def test_a_column_of_the_users_own_wins() -> None:
    log = frame(attempt(), attempt()).assign(hour=["day", "night"])
    assert latency(log, by="hour")["n"].to_dict() == {"day": 1, "night": 1}


def test_a_wrong_group_names_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match=r"speed.*route.*weekday.*outcome"):
        latency(frame(attempt()), by="speed")


def test_the_summary_carries_the_verdict() -> None:
    script = Script()
    script.send(script.send(server=90, network=10), server=90, network=10)
    assert latency(script.frame()).attrs["verdict"] == "200 ms: 90 % server, 10 % network"
    assert latency(iter([script.frame()])).attrs["verdict"] == str(rp.verdict(script.frame()))


def test_a_late_request_counts_from_when_it_was_due() -> None:
    late = attempt(started_at=at(500), due_at=at(100), server_ms=4.0)
    found = latency(frame(late), by=None).iloc[0]
    assert (found["total_max_ms"], found["network_max_ms"]) == (410, 6)


# What a row costs


def answers(rows: np.ndarray, server_ms: np.ndarray, **facts: Any) -> pd.DataFrame:
    path = "/api/_private/sources/acme/inbox/comments"
    return frame(
        *[
            attempt(path=path, rows=int(n), server_ms=float(ms), elapsed_ms=float(ms) + 5, **facts)
            for n, ms in zip(rows, server_ms, strict=True)
        ]
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_numpys(seed: int) -> None:
    draw = np.random.default_rng(seed)
    x = draw.integers(1, 300, 50).astype(float)
    y = 30 + 0.4 * x + draw.normal(0, 5, 50)
    line, error = fit_line(x, y)
    slope, intercept = np.polyfit(x, y, 1)
    np.testing.assert_allclose(line, [intercept, slope], rtol=1e-9)
    design = np.vander(x, 2, increasing=True)
    pinv = np.linalg.pinv(design)
    hat = np.diag(design @ pinv)
    meat = np.diag(((y - design @ line) / (1 - hat)) ** 2)
    np.testing.assert_allclose(error, np.sqrt(np.diag(pinv @ meat @ pinv.T)), rtol=1e-6)


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(7), 0
    for _ in range(400):
        rows = draw.integers(1, 256, 40)
        server = (20 + 0.5 * rows) * np.exp(draw.normal(0, 0.1, 40)) / np.exp(0.1**2 / 2)
        line, error = fit_line(rows.astype(float), server)
        held += abs(line[1] - 0.5) <= student_quantile(38) * error[1]
    assert 0.91 <= held / 400 <= 0.985


@pytest.mark.parametrize(
    ("degrees", "known"), [(4, 2.7764), (6, 2.4469), (10, 2.2281), (30, 2.0423), (1000, 1.9623)]
)
def test_students_quantile_is_that_of_the_tables(degrees: int, known: float) -> None:
    assert student_quantile(degrees) == pytest.approx(known, rel=0.005)


def test_an_exact_line_is_found_and_advises_a_page_size() -> None:
    rows = np.tile([8, 16, 64, 128], 3)
    found = fit_latency(answers(rows, 5 + 0.5 * rows)).loc[ROUTE]
    assert found["request_ms"] == pytest.approx(5)
    assert found["row_ms"] == pytest.approx(0.5)
    assert found["page_size"] in (100, 101)  # 5 / (0.1 · 0.5)
    assert found["largest"] == 128


def test_the_advice_stays_within_what_the_route_gives() -> None:
    rows = np.tile([8, 16, 64, 128], 3)
    found = fit_latency(answers(rows, 500 + 0.5 * rows))
    assert found.loc[ROUTE, "page_size"] == 256
    assert "256 rows (larger than any seen)" in found.attrs["verdict"]


def test_rows_that_cost_nothing_advise_no_page_size() -> None:
    draw = np.random.default_rng(1)
    found = fit_latency(answers(np.tile([8, 16, 64], 20), 50 + draw.normal(0, 5, 60)))
    assert pd.isna(found.loc[ROUTE, "page_size"])
    assert "nothing measurable" in found.attrs["verdict"]


@pytest.mark.parametrize("rows", [[10] * 20, [1, 2, 3]], ids=["one size", "too few"])
def test_what_supports_no_line_is_said(rows: list[int]) -> None:
    found = fit_latency(answers(np.array(rows), np.arange(len(rows)) + 1.0))
    assert found.loc[ROUTE].isna()["row_ms"]
    assert found.loc[ROUTE, "n"] == len(rows)
    assert "tell no cost per row" in found.attrs["verdict"]


def test_failed_attempts_and_unknown_times_are_left_out() -> None:
    rows = np.tile([8, 16, 64, 128], 3)
    good = answers(rows, 5 + 0.5 * rows)
    bad = answers(rows, 900 + rows, outcome="http 503")
    found = fit_latency([good, bad, frame(attempt(rows=3), attempt(server_ms=3.0))])
    assert found.loc[ROUTE, "n"] == 12
    assert len(found) == 1


def test_nothing_fits_nothing() -> None:
    assert fit_latency(requests_frame("[]")).shape == (0, 9)
