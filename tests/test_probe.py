"""Tests of the open-loop probe: due times, delays that count, the cap, the command."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import reinfer_pandas as rp
from reinfer_pandas.__main__ import main
from reinfer_pandas._probe import parse_rate, send_when_due
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.exceptions import APIError, ConfigurationError
from reinfer_pandas.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

READ = Request(method="GET", path="/x")


def attempt(started_at: datetime, **facts: Any) -> Attempt:
    return Attempt(**{"started_at": started_at, "method": "GET", "path": "/x", **facts})


def answer(stall_s: float = 0.0) -> Response:
    started_at = datetime.now(UTC)
    time.sleep(stall_s)
    measured = attempt(started_at, elapsed_ms=stall_s * 1000)
    return Response(status=200, headers={}, body=b"", attempts=(measured,))


def sent(send: Any, n: int, distance_s: float) -> list[Attempt]:
    found = send_when_due(READ, send, n=n, distance_s=distance_s, stop=threading.Event())
    return [one for attempts in found for one in attempts]


def test_due_times_are_even_whatever_the_answers_take() -> None:
    found = sent(lambda _: answer(0.05), 20, 0.01)
    due = pd.Series([one.due_at for one in found])
    assert due.diff().dropna().eq(pd.Timedelta(milliseconds=10)).all()
    assert all(one.started_at >= one.due_at for one in found)


def test_a_stall_delays_what_is_due_and_the_delay_counts() -> None:
    count = iter(range(100))
    found = sent(lambda _: answer(0.4 if next(count) < 16 else 0.0), 32, 0.001)
    late_ms = [(one.started_at - one.due_at).total_seconds() * 1000 for one in found]
    assert min(late_ms[16:]) > 350  # all 16 threads were waiting
    assert len(found) == 32


def test_failures_are_noted_and_never_tried_again() -> None:
    def send(_: Request) -> Response:
        log = (attempt(datetime.now(UTC), status=503, outcome="http 503"),)
        raise APIError("no", status_code=503, log=log)

    found = sent(send, 5, 0.001)
    assert [one.outcome for one in found] == ["http 503"] * 5
    assert all(one.due_at for one in found)


def test_ctrl_c_ends_it_with_what_was_measured() -> None:
    stop, count = threading.Event(), iter(range(100))

    def clock() -> float:
        if next(count) == 20:
            raise KeyboardInterrupt
        return time.perf_counter()

    found = send_when_due(READ, lambda _: answer(), n=90, distance_s=0.001, stop=stop, clock=clock)
    assert 0 < len(found) < 90
    assert stop.is_set()


@pytest.mark.parametrize("error", [ConfigurationError("no such path"), ZeroDivisionError("bug")])
def test_what_cannot_be_sent_is_raised(error: Exception) -> None:
    def send(_: Request) -> Response:
        raise error

    with pytest.raises(type(error), match=str(error)):
        sent(send, 5, 0.001)


@pytest.mark.parametrize(
    ("rate", "per_second"), [("2/s", 2), ("30/min", 0.5), (" 0.5 / s ", 0.5), ("7200/h", 2)]
)
def test_rates_are_per_second_minute_or_hour(rate: str, per_second: float) -> None:
    assert parse_rate(rate) == per_second


@pytest.mark.parametrize("rate", ["2", "0/s", "-1/s", "2/day", "", 2, "1e3/s", "nan/s"])
def test_a_wrong_rate_is_named(rate: Any) -> None:
    with pytest.raises(ConfigurationError, match="rate="):
        parse_rate(rate)


def test_a_probe_of_a_sandbox_is_a_frame_like_any_other(tmp_path: Path) -> None:
    claims = "datasets/acme/claims/comments"
    with rp.sandbox(comments=100) as client:
        df = rp.probe(claims, rate="40/s", duration="0.5s", client=client)
    assert len(df) == 20
    assert df["due_at"].is_monotonic_increasing
    assert (df["total_ms"] >= df["elapsed_ms"]).all()
    log = df.reinfer.requests()
    assert log["rows"].tolist() == [1] * 20
    assert rp.latency(df, by=None)["total_max_ms"].item() == pytest.approx(df["total_ms"].max())
    assert "idle until the next was due" in str(rp.verdict(df))
    assert df.attrs["verdict"].startswith("20 requests at 40/s: p50 ")
    df.to_parquet(tmp_path / "df.parquet")
    assert pd.read_parquet(tmp_path / "df.parquet").attrs["verdict"] == df.attrs["verdict"]


def test_faults_are_rows_and_not_retries() -> None:
    faults = [Fault("status", status=503, times=None)]
    with rp.sandbox(comments=50, faults=faults) as client:
        df = rp.probe("datasets", rate="50/s", duration="200ms", client=client)
    assert df["outcome"].eq("http 503").all()
    assert df.attrs["reinfer"]["n_retries"] == 0
    assert "10 failed" in df.attrs["verdict"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rate": "100/s", "duration": "11s"}, "1,100 requests"),
        ({"most_requests": 5}, "120 requests, and most_requests=5"),
        ({"duration": "never"}, "duration="),
        ({"rate": "fast"}, "rate="),
    ],
)
def test_what_goes_beyond_the_cap_sends_nothing(given: dict[str, Any], words: str) -> None:
    with rp.sandbox(comments=50) as client:
        with pytest.raises(ConfigurationError, match=words):
            rp.probe("datasets", client=client, **given)
        assert client.requests().empty


def test_the_command_prints_the_verdict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with rp.sandbox.Server(comments=50) as server:
        monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
        monkeypatch.setenv("REINFER_TOKEN", server.token)
        har = tmp_path / "probe.har"
        args = ["probe", "datasets", "--rate", "50/s", "--duration", "0.2s", "--har", str(har)]
        assert main(args) == 0
    said = capsys.readouterr().out
    assert said.startswith("10 requests at 50/s: p50 ")
    assert "failed" in said
    assert har.is_file()
