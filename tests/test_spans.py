"""Tests of how long reads took, and of the log as the tag has it."""

from __future__ import annotations

import copy
import json
import pickle
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from reinfer_pandas._log import dump_log, join_logs
from reinfer_pandas._wire import Attempt
from reinfer_pandas.frames import concat, tag

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def at(ms: float) -> datetime:
    return START + timedelta(milliseconds=ms)


def attempt(start_ms: float, elapsed_ms: float, waited_ms: float = 0.0) -> Attempt:
    return Attempt(
        started_at=at(start_ms),
        method="GET",
        path="/x",
        elapsed_ms=elapsed_ms,
        waited_ms=waited_ms,
    )


def read(made_ms: float, *attempts: Attempt) -> pd.DataFrame:
    tries = [(one,) for one in attempts]
    return tag(pd.DataFrame(), tries, resource="r", host="h", fetched_at=at(made_ms))


def wall_ms(df: pd.DataFrame) -> float:
    return df.attrs["reinfer"]["wall_ms"]


def test_wall_time_goes_from_the_first_wait_to_the_frame() -> None:
    df = read(450, attempt(100, 200, waited_ms=60), attempt(150, 250))
    assert wall_ms(df) == 410
    assert df.attrs["reinfer"]["elapsed_ms"] == 450
    assert df.attrs["reinfer"]["began_at"] == at(40).isoformat()


def test_a_clock_set_back_does_not_shorten_a_read() -> None:
    assert wall_ms(read(-5000, attempt(0, 300))) == 300


def test_a_read_without_requests_took_no_time() -> None:
    assert wall_ms(read(0)) == 0


@pytest.mark.parametrize(
    ("second_ms", "expected_ms"),
    [(5000, 200), (100, 200), (50, 150), (20, 120)],
    ids=["apart", "one after the other", "half at once", "within"],
)
def test_joined_reads_count_once_what_went_on_at_once(second_ms: float, expected_ms: float) -> None:
    one, two = read(100, attempt(0, 90)), read(second_ms + 100, attempt(second_ms, 90))
    for order in ([one, two], [two, one]):
        assert wall_ms(concat(order)) == pytest.approx(expected_ms, abs=0.01)
    again = concat([concat([one, two]), read(9100, attempt(9000, 90))])
    assert wall_ms(again) == pytest.approx(expected_ms + 100, abs=0.01)
    assert len(json.loads(again.attrs["reinfer"]["reads"])) == 3


def test_partitions_on_other_machines_are_added() -> None:
    frames = [read(100, attempt(n, 90)) for n in (0, 1)]
    for place, df in enumerate(frames):
        df.attrs["reinfer"]["partition"] = place
    assert wall_ms(concat(frames)) == pytest.approx(199, abs=0.01)


def test_frames_of_older_versions_are_joined_without_a_wall_time() -> None:
    old, new = read(100, attempt(0, 90)), read(300, attempt(200, 90))
    for key in ("wall_ms", "began_at"):
        del old.attrs["reinfer"][key]
    assert "wall_ms" not in concat([old, new]).attrs["reinfer"]
    assert concat([old, new]).attrs["reinfer"]["n_attempts"] == 2


def test_printing_a_tag_prints_no_log() -> None:
    df = read(100, *[attempt(n, 1) for n in range(1000)])
    assert len(repr(df.attrs)) < 500
    assert "<log of 1,000 attempts>" in repr(df.attrs)
    assert "<log of 1 attempt>" in repr(read(1, attempt(0, 1)).attrs)
    assert "attempts>" in repr(concat([df, read(1, attempt(5, 1))]).attrs)


def test_a_log_is_text_wherever_it_goes() -> None:
    log = dump_log([[attempt(0, 1.0)]])
    assert json.loads(json.dumps({"log": log}))["log"] == log
    assert type(pickle.loads(pickle.dumps(log))) is str
    assert pickle.loads(pickle.dumps(log)) == log
    assert join_logs([str(log), log]).startswith(log[:-1])


def test_copies_of_a_log_are_the_log_and_cost_nothing() -> None:
    log = dump_log([[attempt(n, 1)] for n in range(20_000)])
    assert copy.deepcopy({"log": log})["log"] is log
    start_s = time.perf_counter()
    for _ in range(100):
        copy.deepcopy(log)
    assert time.perf_counter() - start_s < 0.1
