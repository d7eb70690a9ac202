"""What is tried again, after which waits, and what is told of it."""

from __future__ import annotations

import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas._sending.retry import RetryPolicy, is_retried, parse_retry_after, retrying
from reinfer_pandas._sending.silence import Silence
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.exceptions import (
    APIError,
    ConfigurationError,
    NetworkError,
    ReinferError,
    ResponseError,
    ServerError,
    error_class,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
READ = Request(method="GET", path="/api/v1/datasets")
WRITE = replace(READ, method="POST", idempotent=False)
BUSY = 503
POLICY = RetryPolicy(attempts=4, base_s=1.0, cap_s=3.0, deadline_s=60.0, retry_after_cap_s=20.0)


class Time:
    """A clock that only sleeping and sending move."""

    def __init__(self, oversleeps_s: float = 0.0) -> None:
        self.now_s = 1_000.0
        self.slept: list[float] = []
        self._oversleeps_s = oversleeps_s

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds + self._oversleeps_s


class Server:
    """Answers in turn: an error, a status, or the class of an error to raise; takes its time."""

    def __init__(self, *answers: object, time: Time, takes_s: float = 0.5) -> None:
        self.asked: list[Request] = []
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self._time = time
        self._takes_s = takes_s

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        self._time.now_s += self._takes_s
        answer = next(self._answers)
        if answer == 200:
            return Response(status=200, headers={}, body=b"{}", attempts=(attempt("ok"),))
        raise failed(answer) if isinstance(answer, int) else answer


def attempt(outcome: str) -> Attempt:
    return Attempt(started_at=NOW, method="GET", path=READ.path, outcome=outcome)


def failed(status: int, *, retry_after_s: float | None = None) -> APIError:
    reason = f"http {status}"
    return error_class(status)(
        "no", status_code=status, reason=reason, log=(attempt(reason),), retry_after_s=retry_after_s
    )


def lost(reason: str, kind: type[ReinferError] = NetworkError) -> ReinferError:
    return kind("no", reason=reason, log=(attempt(reason),))


def send_through(
    policy: RetryPolicy,
    *answers: object,
    request: Request = READ,
    time: Time | None = None,
    takes_s: float = 0.5,
    draw: Callable[[float, float], float] = max,
) -> tuple[Response | ReinferError, Server, Time]:
    """Send a request; return what came of it, the server, and the time that it took."""
    time = time or Time()
    server = Server(*answers, time=time, takes_s=takes_s)
    send = retrying(server.send, policy, clock=time.clock, sleep=time.sleep, draw=draw)
    try:
        return send(request), server, time
    except ReinferError as error:
        return error, server, time


def test_retry_goes_on_until_an_answer_comes() -> None:
    response, server, time = send_through(POLICY, BUSY, lost("reset"), 200)
    assert isinstance(response, Response)
    assert response.status == 200
    assert len(server.asked) == 3
    assert time.slept == [1.0, 2.0]


def test_retry_keeps_the_log_of_all_attempts() -> None:
    response, _, _ = send_through(POLICY, BUSY, lost("reset"), 200)
    assert isinstance(response, Response)
    log = [(one.number, one.outcome, one.waited_ms) for one in response.attempts]
    assert log == [(1, "http 503", 0.0), (2, "reset", 1000.0), (3, "ok", 2000.0)]


def test_retry_raises_the_last_real_error_with_the_log_when_the_attempts_are_spent() -> None:
    last = lost("timeout")
    error, server, _ = send_through(POLICY, BUSY, BUSY, BUSY, last)
    assert error is last
    assert error.attempts == len(server.asked) == 4
    assert [one.number for one in error.log] == [1, 2, 3, 4]
    assert error.elapsed_s == 4 * 0.5 + 1 + 2 + 3
    assert error.__cause__ is error.__context__ is None


def test_one_attempt_is_no_retry() -> None:
    error, server, time = send_through(RetryPolicy(attempts=1), BUSY)
    assert isinstance(error, ServerError)
    assert len(server.asked) == 1
    assert time.slept == []


def test_jitter_is_full_and_its_window_doubles_up_to_the_cap() -> None:
    windows: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        windows.append((low, high))
        return high / 4

    _, _, time = send_through(replace(POLICY, attempts=6), BUSY, draw=draw)
    assert windows[:5] == [(0, 1), (0, 2), (0, 3), (0, 3), (0, 3)]
    assert time.slept == [0.25, 0.5, 0.75, 0.75, 0.75]


def test_many_retries_do_not_overflow_the_window() -> None:
    policy = RetryPolicy(attempts=2_000, base_s=1.0, cap_s=1.0, deadline_s=1e9)
    _, _, time = send_through(policy, BUSY)
    assert len(time.slept) == 1_999
    assert time.slept[-1] == 1.0


RETRIED = {
    *(f"http {status}" for status in (408, 429, 500, 502, 503, 504, 507, 520, 599)),
    *("dns", "refused", "unreachable", "connect timeout", "proxy", "tls", "network"),
    *("timeout", "closed", "reset", "cut off", "bad gzip", "not http"),
    *("empty body", "not utf-8", "not json", "wrong envelope"),
}
NEVER = {
    *(f"http {status}" for status in (103, 304, 400, 401, 403, 404, 405, 409, 413, 422, 423)),
    *("http 425", "http 501", "http 505", "http 600"),
    *("certificate", "redirect", "too large", "encoding"),
    *("missing key", "wrong type", "repeated continuation"),
}
RETRIED_ALWAYS = {"http 429", "dns", "refused", "unreachable", "connect timeout", "proxy"}


def error_of(reason: str) -> ReinferError:
    if reason.startswith("http "):
        return failed(int(reason[5:]))
    return lost(reason, ResponseError if reason in {"not json", "redirect"} else NetworkError)


@pytest.mark.parametrize("reason", sorted(RETRIED | NEVER))
def test_what_is_retried_and_what_never_is(reason: str) -> None:
    _, server, _ = send_through(POLICY, error_of(reason), 200)
    assert len(server.asked) == (2 if reason in RETRIED else 1)


@pytest.mark.parametrize("reason", sorted(RETRIED | NEVER))
def test_what_may_not_be_sent_twice_is_retried_only_where_it_did_not_arrive(reason: str) -> None:
    _, server, _ = send_through(POLICY, error_of(reason), 200, request=WRITE)
    assert len(server.asked) == (2 if reason in RETRIED_ALWAYS else 1)


def test_an_error_of_another_kind_is_not_retried() -> None:
    assert not is_retried(ConfigurationError("no"))
    assert not is_retried(ValueError("no"))
    assert not is_retried(None)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interruption_ends_the_retry_at_once(interruption: type[BaseException]) -> None:
    time = Time()
    server = Server(BUSY, interruption(), time=time)
    send = retrying(server.send, POLICY, clock=time.clock, sleep=time.sleep, draw=max)
    with pytest.raises(interruption):
        send(READ)
    assert len(server.asked) == 2
    assert time.slept == [1.0]


def test_an_interruption_ends_a_wait_at_once() -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    time = Time()
    server = Server(BUSY, time=time)
    with pytest.raises(KeyboardInterrupt):
        retrying(server.send, POLICY, clock=time.clock, sleep=interrupted)(READ)
    assert len(server.asked) == 1


def test_retry_stops_before_the_deadline() -> None:
    policy = replace(POLICY, attempts=100, deadline_s=7.0)
    error, server, time = send_through(policy, BUSY)
    assert isinstance(error, ServerError)
    assert time.slept == [1.0, 2.0]  # 3 more would end at 7.5
    assert len(server.asked) == 3
    assert error.elapsed_s == 4.5


def test_each_attempt_gets_the_time_that_is_left() -> None:
    _, server, _ = send_through(replace(POLICY, deadline_s=10.0), BUSY, takes_s=1.0)
    assert [request.timeout_s for request in server.asked] == [10.0, 8.0, 5.0, 1.0]


def test_a_request_with_less_time_than_the_policy_keeps_its_own() -> None:
    request = replace(READ, timeout_s=4.0)
    _, server, time = send_through(POLICY, BUSY, request=request, takes_s=1.0)
    assert [request.timeout_s for request in server.asked] == [4.0, 2.0]
    assert time.slept == [1.0]


def test_a_sleep_that_lasts_too_long_brings_up_the_real_error_and_no_attempt() -> None:
    policy = replace(POLICY, deadline_s=3.0)
    error, server, time = send_through(policy, BUSY, 200, time=Time(oversleeps_s=5.0))
    assert isinstance(error, ServerError)
    assert error.attempts == len(server.asked) == 1
    assert error.elapsed_s == 6.5
    assert time.slept == [1.0]


def test_retry_after_is_the_least_wait_and_jitter_spreads_what_comes_after_it() -> None:
    _, _, time = send_through(POLICY, failed(429, retry_after_s=9.0), BUSY, 200)
    assert time.slept == [9.0 + 1.0, 2.0]
    _, _, time = send_through(POLICY, failed(503, retry_after_s=9.0), 200, draw=min)
    assert time.slept == [9.0]
    _, _, time = send_through(POLICY, failed(503, retry_after_s=0.0), 200, draw=min)
    assert time.slept == [0.0]


def test_a_retry_after_beyond_the_cap_is_an_error_at_once() -> None:
    error, server, time = send_through(POLICY, failed(429, retry_after_s=3600.0), 200)
    assert isinstance(error, APIError)
    assert error.retry_after_s == 3600.0
    assert "asks to wait 3600 s; RetryPolicy has retry_after_cap_s=20." in str(error)
    assert (len(server.asked), time.slept) == (1, [])
    _, server, _ = send_through(POLICY, failed(429, retry_after_s=20.0), 200)
    assert len(server.asked) == 2


def test_a_retry_after_beyond_the_deadline_is_an_error_at_once() -> None:
    busy = failed(429, retry_after_s=15.0)
    busy.hint = "Slow down."
    error, _, time = send_through(replace(POLICY, deadline_s=12.0), busy, 200)
    assert isinstance(error, APIError)
    assert error.hint == "Slow down. The server asks to wait 15 s; RetryPolicy has deadline_s=12."
    assert time.slept == []


def test_a_retry_after_with_an_error_that_is_not_retried_changes_nothing() -> None:
    error, server, _ = send_through(POLICY, failed(403, retry_after_s=1.0), 200)
    assert isinstance(error, APIError)
    assert error.hint is None
    assert len(server.asked) == 1


def test_a_read_of_which_nothing_has_come_for_too_long_ends() -> None:
    policy = replace(POLICY, attempts=50, deadline_s=1e6, stall_s=60.0)
    error, server, time = send_through(policy, lost("timeout"), takes_s=20.0)
    assert isinstance(error, NetworkError)
    assert "No byte has come for 60 s (RetryPolicy has stall_s)" in str(error)
    assert len(server.asked) == 3
    assert time.now_s - 1_000.0 <= 66.0


def test_an_answer_ends_the_silence_even_if_it_is_an_error() -> None:
    """A 503 came: the platform is there."""
    policy = replace(POLICY, attempts=9, deadline_s=1e6, stall_s=30.0)
    error, server, _ = send_through(policy, BUSY, takes_s=20.0)
    assert isinstance(error, ServerError)
    assert len(server.asked) == 9


def test_a_wait_that_the_server_asked_for_is_no_silence() -> None:
    policy = replace(POLICY, attempts=9, deadline_s=1e6, stall_s=30.0)
    time = Time()
    silence = Silence(policy.stall_s, clock=time.clock)
    answers = (lost("timeout"), failed(429, retry_after_s=19.0), lost("timeout"), 200)
    server = Server(*answers, time=time, takes_s=8.0)
    send = retrying(
        server.send, policy, clock=time.clock, sleep=time.sleep, draw=min, silence=silence
    )
    assert send(READ).status == 200
    assert len(server.asked) == 4
    assert silence.left_s <= 6.0  # 8 s for each of the three, 19 s of asked-for wait left out


def test_one_retrying_serves_many_threads() -> None:
    tries: dict[str, int] = {}
    lock = threading.Lock()

    def send(request: Request) -> Response:
        with lock:
            tries[request.path] = tries.get(request.path, 0) + 1
        time.sleep(0.0005)
        if tries[request.path] < 3:
            raise failed(BUSY)
        return Response(status=200, headers={}, body=b"", attempts=(attempt(request.path),))

    policy = RetryPolicy(attempts=3, base_s=0.002)
    requests = [replace(READ, path=f"/{number}") for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(retrying(send, policy), requests))
    assert {tuple(one.number for one in response.attempts) for response in responses} == {(1, 2, 3)}
    assert [response.attempts[-1].outcome for response in responses] == [r.path for r in requests]


def test_a_policy_is_a_value() -> None:
    assert RetryPolicy() == RetryPolicy()
    assert hash(RetryPolicy(attempts=3)) == hash(RetryPolicy(attempts=3))
    with pytest.raises(FrozenInstanceError):
        RetryPolicy().attempts = 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"attempts": 2.5},
        {"attempts": True},
        {"attempts": "3"},
        {"base_s": -1},
        {"base_s": math.nan},
        {"base_s": "1"},
        {"cap_s": math.inf},
        {"cap_s": True},
        {"deadline_s": 0},
        {"deadline_s": math.inf},
        {"retry_after_cap_s": None},
    ],
)
def test_a_policy_refuses_what_cannot_be(wrong: dict) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


def test_the_table_of_the_policy_names_every_status_and_kind() -> None:
    table = " ".join((RetryPolicy.__doc__ or "").split())
    for words in ("429", "408, and 5xx but 501 and 505", "any other 4xx", "redirect", "Ctrl-C"):
        assert words in table


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("-5", None),
        ("+5", None),
        ("nan", None),
        ("inf", None),
        ("9" * 400, None),
        ("1e3", None),
        ("1_0", None),
        ("\u0665", None),
        ("soon", None),
        ("5, 30", 30.0),
        ("5,5", 5.0),
        ("soon, 5", 5.0),
        ("Mon, 23 Nov 2026 12:00:37 GMT", 37.0),
        ("Monday, 23-Nov-26 12:00:37 GMT", 37.0),
        ("Mon Nov 23 12:00:37 2026", 37.0),
        ("mon, 23 nov 2026 12:00:37 gmt", 37.0),
        ("Tue, 1 Dec 2026 12:00:00 GMT", 8 * 86_400.0),
        ("Tue Dec  1 12:00:00 2026", 8 * 86_400.0),
        ("Mon, 23 Nov 2026 12:01:60 GMT", 119.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None),
        ("Thursday, 23-Nov-76 12:00:00 GMT", 18_263 * 86_400.0),
        ("Wednesday, 23-Nov-77 12:00:00 GMT", None),
        ("Mon, 23 Nov 2026 11:59:59 GMT", None),
        ("Mon, 23 Nov 2026 12:00:00 GMT", None),
        ("Mon, 23 Nov 2026 12:00:37 GMT, 60", 60.0),
        ("Mon, 23 Nov 2026 12:00:37 GMT, Mon, 23 Nov 2026 12:00:40 GMT", 40.0),
        ("Mon, 31 Feb 2027 12:00:00 GMT", None),
        ("Mon, 23 Nov 2026 25:00:00 GMT", None),
        ("Mon, 23 Nov 0000 12:00:00 GMT", None),
        ("Mon, 23 Nov 2026 12:00:37 CET", None),
        ("2026-11-23T12:00:37Z", None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, wait_s: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == wait_s


@given(st.text() | st.text("0123456789 ,:-.aegmnorstuvGMTSunNov"))
def test_no_retry_after_raises(value: str) -> None:
    wait_s = parse_retry_after(value, now=NOW)
    assert wait_s is None or 0 <= wait_s < math.inf


@given(st.datetimes(datetime(1990, 1, 1), datetime(2500, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_every_date_to_come_is_a_wait_until_then(naive: datetime) -> None:
    date = naive.replace(microsecond=0, tzinfo=UTC)
    wait_s = parse_retry_after(format_datetime(date, usegmt=True), now=NOW)
    assert wait_s == (date - NOW).total_seconds() if date > NOW else wait_s is None
    assert parse_retry_after(f"{date:%a %b %e %H:%M:%S %Y}", now=NOW) == wait_s


def test_a_wait_until_a_date_is_told_to_the_fraction() -> None:
    now = NOW + timedelta(milliseconds=250)
    assert parse_retry_after("Mon, 23 Nov 2026 12:00:01 GMT", now=now) == 0.75
