"""Tests of what bounded a read, against reads whose phases are scripted."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scripted import PHASES, START, Script, Sent, at

import reinfer_pandas as rp
from reinfer_pandas._analysing.verdict import duration, verdict
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._sending.pace import Gate, gated
from reinfer_pandas._sending.retry import RetryPolicy, retrying
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.exceptions import APIError, ConfigurationError
from reinfer_pandas.frames import concat, tag

REFUSED: dict[str, Any] = {"status": 429, "outcome": "http 429"}


def check(found: Any, expected: dict[str, float]) -> None:
    """Compare phases: each within 5 ms or 5 %, and all adding up to the wall time."""
    for name in PHASES:
        margin = max(5.0, 0.05 * abs(expected[name]))
        assert abs(found.phases_ms[name] - expected[name]) <= margin, (name, found.phases_ms)
    assert sum(found.phases_ms.values()) == pytest.approx(found.wall_ms, abs=0.01)
    assert sum(found.shares.values()) == pytest.approx(1)
    percents = [int(each) for each in re.findall(r"(-?\d+) % ", str(found))]
    assert sum(percents) == 100, str(found)


def in_a_row(script: Script, pages: int = 10, after: Sent | None = None, **phases: Any) -> Sent:
    for _ in range(pages):
        after = script.send(after, **phases)
    assert after is not None
    return after


def test_pages_in_a_row_are_bounded_by_each_of_their_phases() -> None:
    script = Script()
    last = in_a_row(script, server=70, network=20, pause=10)
    found = verdict(script.frame(last.end_ms + 500))
    check(found, {**last.bounded, "client": 590})
    assert found.wall_ms == pytest.approx(1490, abs=0.01)
    assert str(found) == "1.5 s: 47 % server, 40 % client, 13 % network"


@pytest.mark.parametrize("notes_after", [True, False], ids=["after", "inferred"])
def test_of_16_workers_the_slowest_bounds_the_read(notes_after: bool) -> None:
    script = Script(notes_after=notes_after)
    first = script.send(server=100, network=30)
    for worker in range(16):
        in_a_row(script, 5, first, worker=worker, pause=3, server=200 + 5 * worker, network=20)
    found = verdict(script.frame())
    check(found, script.last().bounded)
    assert found.phases_ms["server"] == pytest.approx(100 + 5 * 275)
    assert script.frame().attrs["reinfer"]["elapsed_ms"] > 10 * found.wall_ms


@pytest.mark.parametrize("notes_after", [True, False], ids=["after", "inferred"])
def test_a_429_for_all_bounds_the_read_once(notes_after: bool) -> None:
    script = Script(notes_after=notes_after)
    first = script.send(server=100, network=20)
    for worker in range(16):
        page = script.send(first, worker=worker, pause=2, server=300 + worker, network=20)
        refused = script.send(page, worker=worker, server=5, retry_after_s=9.0, **REFUSED)
        page = script.send(refused, worker=worker, wait=9000 + worker, server=300, again=True)
        in_a_row(script, 8, page, worker=worker, server=600, network=50)
    found = verdict(script.frame())
    check(found, script.last().bounded)
    assert str(found) == (
        "15.0 s: 60 % waiting (one 429 with Retry-After 9 s), 37 % server, 3 % network and client"
    )


def test_a_gate_closed_by_another_worker_names_who_was_told_to_wait() -> None:
    script = Script()
    first = script.send(server=10, network=10)
    script.send(first, worker=0, server=5, retry_after_s=2.0, **REFUSED)
    script.send(first, worker=1, pause=10, wait=2000, server=100, network=10)
    assert "one 429 with Retry-After 2 s" in str(verdict(script.frame()))


def test_retries_are_told_by_what_they_came_of() -> None:
    script = Script()
    sent = script.send(network=50, server=None, status=503, outcome="http 503")
    sent = script.send(sent, wait=300, network=50, server=None, outcome="http 503", again=True)
    sent = script.send(sent, wait=900, network=40, server=None, outcome="timeout", again=True)
    sent = script.send(sent, wait=100, server=60, network=40, again=True)
    found = verdict(script.frame())
    check(found, sent.bounded)
    assert "(2 times 503 and one timeout)" in str(found)
    assert "requests without server time" in str(found)


def test_a_wait_for_a_part_that_another_cut_off_is_that_ones_time() -> None:
    for notes_after in (True, False):
        script = Script(notes_after=notes_after)
        first = script.send(server=50, network=10)
        script.send(first, worker=1, server=40, network=10)
        slow = script.send(first, worker=0, server=900, network=100)
        last = script.send(slow, worker=1, pause=2, server=300, network=20)
        check(verdict(script.frame()), last.bounded)


def test_a_resume_is_a_pause_of_the_client() -> None:
    script = Script()
    sent = script.send(server=400, network=100, outcome="reset", status=None)
    sent = in_a_row(script, 5, script.send(sent, pause=60_000), server=400, network=100)
    found = verdict(script.frame())
    check(found, sent.bounded)
    assert str(found).startswith("63.0 s: 95 % client (one pause of 60.0 s)")


def test_chunks_of_one_read_are_one_read() -> None:
    script = Script()
    last = in_a_row(script, 40, worker=0, server=80, network=20, pause=1)
    chunks = []
    for n in range(0, 40, 10):
        log, made_ms = script.log()[n : n + 10], script.requests[min(39, n + 12)][0].end_ms
        chunks.append(tag(pd.DataFrame(), log, resource="r", host="h", fetched_at=at(made_ms)))
    for found in (verdict(chunks), verdict(concat(chunks)), verdict(concat(chunks[::-1]))):
        check(found, last.bounded)
        assert found.wall_ms == pytest.approx(last.end_ms - 1, abs=1.5)


def test_reads_apart_are_added_without_the_time_between() -> None:
    one, two = Script(), Script()
    in_a_row(one, server=90, network=10)
    in_a_row(two, 10, two.send(pause=3_600_000), server=90, network=10)
    found = verdict([one.frame(), two.frame()])
    assert found.wall_ms == pytest.approx(2000, abs=1)
    assert verdict(concat([one.frame(), two.frame()])).wall_ms == pytest.approx(2000, abs=1)
    assert str(found) == "2.0 s: 90 % server, 10 % network"


def test_partitions_go_by_their_own_clocks_and_are_added() -> None:
    script = Script()
    in_a_row(script, server=90, network=10)
    log = requests_frame(dump_log(script.log()))
    both = pd.concat([log.assign(partition=0), log.assign(partition=1, request=log["request"] + 9)])
    assert verdict(both).wall_ms == pytest.approx(2000, abs=0.1)


def test_a_log_without_its_frame_has_idle_time_and_not_client_time() -> None:
    script = Script()
    in_a_row(script, 10, script.send(server=100), pause=500, server=50)
    found = verdict(requests_frame(dump_log(script.log())))
    check(found, script.last().bounded)
    assert "89 % idle time" in str(found)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("workers", [1, 4, 16])
def test_any_read_is_bounded_by_what_its_script_says(seed: int, workers: int) -> None:
    draw = np.random.default_rng(seed)
    script = Script()
    first = script.send(server=draw.uniform(1, 300), network=draw.uniform(1, 50))
    ready = [first] * workers
    for _ in range(60):
        worker = int(draw.integers(workers))
        after = ready[int(draw.integers(workers))] if draw.random() < 0.2 else ready[worker]
        after = max(after, ready[worker], key=lambda sent: sent.end_ms)
        phases = {"worker": worker, "network": draw.uniform(0, 60)}
        sent = script.send(after, pause=draw.uniform(0, 30), server=draw.uniform(1, 400), **phases)
        while draw.random() < 0.2:
            server = None if draw.random() < 0.5 else draw.uniform(0, 20)
            wait = draw.uniform(0, 3000)
            sent = script.send(sent, again=True, wait=wait, server=server, **phases)
        ready[worker] = sent
    check(verdict(script.frame()), script.last().bounded)


@pytest.mark.parametrize("seed", range(10))
def test_clocks_that_jump_break_no_sum(seed: int) -> None:
    draw = np.random.default_rng(seed)
    log = [
        [
            Attempt(
                started_at=at(draw.uniform(0, 1000)),
                method="GET",
                path="/x",
                number=number,
                elapsed_ms=draw.uniform(0, 500),
                waited_ms=draw.uniform(0, 500),
                server_ms=draw.uniform(0, 900),
                worker=int(draw.integers(3)),
            )
            for number in range(1, 1 + int(draw.integers(1, 4)))
        ]
        for _ in range(40)
    ]
    found = verdict(requests_frame(dump_log(log)))
    assert sum(found.phases_ms.values()) == pytest.approx(found.wall_ms, abs=0.01)
    assert sum(int(each) for each in re.findall(r"(-?\d+) % ", str(found))) == 100


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_what_the_sending_stages_note_adds_up() -> None:
    clock, answers = Clock(), iter([(429, 2.0), (503, None), (200, None), (200, None)])
    phases = dict.fromkeys(PHASES, 0.0)

    def send(request: Request) -> Response:
        status, asked_s = next(answers)
        started_at = at(1000 * clock.now_s)
        clock.sleep(0.25)
        outcome = "ok" if status == 200 else f"http {status}"
        measured = Attempt(
            started_at=started_at,
            method="GET",
            path="/x",
            status=status,
            outcome=outcome,
            server_ms=200.0,
            elapsed_ms=250.0,
            retry_after_s=asked_s,
        )
        if status != 200:
            raise APIError("no", status_code=status, retry_after_s=asked_s, log=(measured,))
        return Response(status=200, headers={}, body=b"", attempts=(measured,))

    policy = RetryPolicy()
    gate = Gate(default_s=2, most_s=60, clock=clock)
    inner = gated(send, gate, sleep=clock.sleep)
    sent = retrying(inner, policy, clock=clock, sleep=clock.sleep, draw=lambda low, high: high / 2)
    log = []
    for _ in range(2):
        log.append(sent(Request(method="GET", path="/x")).attempts)
        clock.sleep(0.1)
    phases.update(server=800, network=200, client=200, waiting=1000 * clock.now_s - 1200)
    df = tag(pd.DataFrame(), log, resource="r", host="h", fetched_at=at(1000 * clock.now_s))
    check(verdict(df), phases)
    assert "one 429 with Retry-After 2 s and one 503" in str(verdict(df))


def test_a_read_of_a_sandbox_is_told_with_its_workers() -> None:
    with rp.sandbox(comments=600, workers=4) as client:
        df = client.read("datasets/acme/claims/comments", page_size=32)
        log = client.requests()
    found = rp.verdict(df)
    assert found.wall_ms == pytest.approx(df.attrs["reinfer"]["wall_ms"], abs=0.01)
    assert sum(found.phases_ms.values()) == pytest.approx(found.wall_ms, abs=0.01)
    assert found.phases_ms["server"] > 0
    assert set(log["worker"].dropna()) <= {0, 1, 2, 3}
    assert log["worker"].nunique() > 1
    assert log["after"].notna().sum() > 5
    assert set(log["after"].dropna()) <= set(log["started_at"])
    assert "idle time" not in str(found)


def test_the_tag_survives_parquet_for_the_verdict(tmp_path: Any) -> None:
    script = Script()
    in_a_row(script, server=90, network=10)
    df = concat([script.frame(), script.frame(5000)])
    df["uid"] = pd.Series(dtype="str")
    df.to_parquet(tmp_path / "df.parquet")
    assert str(verdict(pd.read_parquet(tmp_path / "df.parquet"))) == str(verdict(df))


def test_logs_of_older_versions_are_told_too() -> None:
    script = Script(notes_after=False)
    in_a_row(script, server=90, network=10)
    log = requests_frame(dump_log(script.log()))
    old = log.drop(columns=["worker", "after", "due_at", "retry_after_s"])
    assert verdict(old).wall_ms == pytest.approx(1000, abs=0.1)


def test_nothing_sent_is_said() -> None:
    assert str(verdict(requests_frame("[]"))) == "no requests"
    assert str(verdict([])) == "no requests"
    assert verdict([]).wall_ms == 0
    assert str(verdict(tag(pd.DataFrame(), [], resource="r", host="h", fetched_at=START)))


def test_a_replay_says_that_its_times_mean_nothing() -> None:
    script = Script()
    in_a_row(script, server=90, network=10)
    df = script.frame()
    df.attrs["reinfer"]["replayed"] = True
    assert str(verdict(df)).endswith("(replayed: client times mean nothing)")


def test_a_frame_without_a_log_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no request log"):
        verdict(pd.DataFrame())


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0 ms"), (840, "840 ms"), (15_840, "15.8 s"), (720_000, "12 min"), (12e6, "3 h 20 min")],
)
def test_durations_are_written_as_people_say_them(ms: float, words: str) -> None:
    assert duration(ms) == words


def test_what_a_frames_accessor_shows_begins_with_the_verdict() -> None:
    script = Script()
    in_a_row(script, server=90, network=10)
    df = script.frame()
    assert repr(df.reinfer).startswith("<reinfer: 1.0 s: 90 % server, 10 % network; resource r")
    assert "<caption>df.reinfer: 1.0 s: 90 % server" in df.reinfer._repr_html_()


def test_logs_saved_as_parquet_and_mixed_with_older_ones_are_told(tmp_path: Any) -> None:
    script = Script()
    in_a_row(script, server=90, network=10, worker=1)
    log = requests_frame(dump_log(script.log()))
    log.to_parquet(tmp_path / "log.parquet")
    again = pd.read_parquet(tmp_path / "log.parquet")
    assert str(verdict(again)) == str(verdict(log))
    old = log.drop(columns=["worker", "after", "due_at", "retry_after_s"])
    old["started_at"] += pd.Timedelta(hours=1)
    for mixed in ([again, old], [old, again], [old, old.iloc[:3]]):
        found = verdict(mixed)
        assert sum(found.phases_ms.values()) == pytest.approx(found.wall_ms, abs=0.01)
        assert rp.latency(mixed, by=["route", "hour"])["n"].sum() > 9
    assert rp.compare_latency({"a": again, "b": old}).loc[("total", "p50"), "shift_ms"] == 0
    assert len(rp.to_har([again, old])["log"]["entries"]) == 20
    assert rp.latency_slo([again, old], within="50ms")["share"].tolist() == [0, 0]


def test_a_server_that_asks_to_wait_is_named_with_how_long() -> None:
    faults = [rp.sandbox.Fault("status", status=429, retry_after="0.3")]
    with rp.sandbox(comments=50, faults=faults, retry=RetryPolicy(base_s=0.01)) as client:
        df = client.read("datasets")
    log = df.reinfer.requests()
    assert log["retry_after_s"].tolist()[0] == 0.3
    assert np.isnan(log["retry_after_s"].tolist()[1])
    assert "waiting (one 429 with Retry-After 0.3 s)" in str(verdict(df))
