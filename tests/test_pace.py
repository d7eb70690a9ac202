"""The gate that all requests of a client go through, on a clock of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from reinfer_pandas._sending.pace import EvenPace, Gate, gated, paced
from reinfer_pandas._sending.retry import RetryPolicy, retrying
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.exceptions import RateLimitError, ReinferError, ServerError

READ = Request(method="GET", path="/api/v1/datasets")


@dataclass
class Clock:
    """Time that passes in sleeps alone."""

    now_s: float = 1000.0
    slept_s: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


def attempt(outcome: str = "ok") -> Attempt:
    return Attempt(
        started_at=datetime(2026, 1, 1, tzinfo=UTC), method="GET", path="/", outcome=outcome
    )


def ok(_request: Request) -> Response:
    return Response(status=200, headers={}, body=b"{}", attempts=(attempt(),))


def limited(retry_after_s: float | None = None, status: int = 429) -> ReinferError:
    kind = RateLimitError if status == 429 else ServerError
    return kind(
        "slow down",
        status_code=status,
        reason=f"http {status}",
        retry_after_s=retry_after_s,
        log=(attempt(f"http {status}"),),
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(default_s=2.0, most_s=120.0, clock=clock)


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (limited(7.0), 7.0),
        (limited(), 2.0),
        (limited(9.0, status=503), 9.0),
        (limited(status=503), 0.0),
        (limited(120.0), 120.0),
        (limited(120.5), 0.0),
        (limited(0.0), 0.0),
    ],
)
def test_a_wait_that_one_is_asked_for_holds_back_the_others(
    clock: Clock, gate: Gate, error: ReinferError, wait_s: float
) -> None:
    def refuse(_request: Request) -> Response:
        raise error

    with pytest.raises(type(error)):
        gated(refuse, gate, sleep=clock.sleep)(READ)
    response = gated(ok, gate, sleep=clock.sleep)(READ)
    assert sum(clock.slept_s) == wait_s
    assert response.attempts[0].waited_ms == wait_s * 1000


def test_an_open_gate_lets_pass_at_once(clock: Clock, gate: Gate) -> None:
    assert gated(ok, gate, sleep=clock.sleep)(READ).attempts[0].waited_ms == 0
    assert clock.slept_s == []


def test_the_longest_wait_counts(clock: Clock, gate: Gate) -> None:
    gate.heed(limited(60.0))
    gate.heed(limited(5.0))
    assert gate.pass_through(clock.sleep) == 60.0


def test_a_gate_that_is_closed_again_meanwhile_is_waited_for_again(
    clock: Clock, gate: Gate
) -> None:
    gate.heed(limited(5.0))

    def sleep(seconds: float) -> None:
        if not clock.slept_s:
            clock.now_s += 1
            gate.heed(limited(10.0))
            clock.now_s -= 1
        clock.sleep(seconds)

    assert gate.pass_through(sleep) == 11.0


def test_a_wait_at_the_gate_is_in_the_log_of_a_request_that_fails(clock: Clock, gate: Gate) -> None:
    def refuse(_request: Request) -> Response:
        raise limited(status=503)

    gate.heed(limited(3.0))
    with pytest.raises(ServerError) as caught:
        gated(refuse, gate, sleep=clock.sleep)(READ)
    assert caught.value.log[0].waited_ms == 3000


def test_a_wait_at_the_gate_takes_from_the_time_for_the_request(clock: Clock, gate: Gate) -> None:
    given_s: list[float | None] = []

    def note(request: Request) -> Response:
        given_s.append(request.timeout_s)
        return ok(request)

    for timeout_s in (None, 10.0, 2.0):
        gate.heed(limited(3.0))
        request = Request(method="GET", path="/", timeout_s=timeout_s)
        gated(note, gate, sleep=clock.sleep)(request)
    assert given_s == [None, 7.0, 0.0]


def test_one_that_waited_itself_waits_no_second_time(clock: Clock, gate: Gate) -> None:
    answers = iter([limited(4.0), ok(READ)])

    def send(_request: Request) -> Response:
        answer = next(answers)
        if isinstance(answer, ReinferError):
            raise answer
        return answer

    through = gated(send, gate, sleep=clock.sleep)
    retried = retrying(
        through, RetryPolicy(), clock=clock, sleep=clock.sleep, draw=lambda low, _high: low
    )
    response = retried(READ)
    assert clock.slept_s == [4.0]
    assert [one.waited_ms for one in response.attempts] == [0, 4000]


def test_a_sleep_that_ends_with_the_read_sends_nothing(clock: Clock, gate: Gate) -> None:
    class OverError(Exception):
        pass

    def sleep(_seconds: float) -> None:
        raise OverError

    def never(_request: Request) -> Response:
        raise AssertionError

    gate.heed(limited(3.0))
    with pytest.raises(OverError):
        gated(never, gate, sleep=sleep)(READ)


def test_many_threads_wait_at_one_gate(clock: Clock, gate: Gate) -> None:
    gate.heed(limited(3.0))
    opens = threading.Event()
    waiting = threading.Barrier(9, timeout=10)
    answered: list[float] = []

    def sleep(_seconds: float) -> None:
        waiting.wait()
        opens.wait(10)

    def read() -> None:
        answered.append(gated(ok, gate, sleep=sleep)(READ).attempts[0].waited_ms)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    waiting.wait()
    assert answered == []
    clock.now_s += 3
    opens.set()
    for thread in threads:
        thread.join(10)
    assert answered == [3000] * 8


@pytest.fixture
def pace(clock: Clock) -> EvenPace:
    return EvenPace(4, clock=clock)


def test_requests_begin_at_even_distances(clock: Clock, gate: Gate, pace: EvenPace) -> None:
    begun: list[float] = []

    def note(request: Request) -> Response:
        begun.append(clock.now_s)
        clock.now_s += 0.1
        return ok(request)

    send = paced(note, pace, gate, sleep=clock.sleep)
    responses = [send(READ) for _ in range(4)]
    assert begun == [1000.0, 1000.25, 1000.5, 1000.75]
    waits = [response.attempts[0].waited_ms for response in responses]
    assert waits == pytest.approx([0, 150, 150, 150])


def test_a_turn_that_was_not_used_is_not_made_up_for(clock: Clock, pace: EvenPace) -> None:
    pace.wait_turn(clock.sleep)
    clock.now_s += 60
    waits = [pace.wait_turn(clock.sleep) for _ in range(3)]
    assert waits == [0.0, 0.25, 0.25]


def test_waiting_for_a_turn_counts_for_no_deadline(clock: Clock, gate: Gate) -> None:
    given: list[float | None] = []

    def note(request: Request) -> Response:
        given.append(request.timeout_s)
        return ok(request)

    pace = EvenPace(0.001, clock=clock)
    pace.wait_turn(clock.sleep)
    send = paced(note, pace, gate, sleep=clock.sleep)
    policy = RetryPolicy(deadline_s=30)
    retrying(send, policy, clock=pace.clock, sleep=clock.sleep)(READ)
    assert given == [30.0]
    assert clock.slept_s == [1_000.0]


def test_a_turn_that_comes_while_the_gate_is_closed_is_let_go_by(
    clock: Clock, gate: Gate, pace: EvenPace
) -> None:
    pace.wait_turn(clock.sleep)
    gate.heed(limited(10.0))
    send = paced(ok, pace, gate, sleep=clock.sleep)
    response = send(READ)
    assert clock.now_s >= 1010.0
    assert response.attempts[0].waited_ms == pytest.approx((clock.now_s - 1000.0) * 1000)
