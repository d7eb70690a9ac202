"""Threads that read parts, with a model for a server: order, bounds, errors, ends, no deadlock."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pytest
from interrupts import CtrlC
from test_shards import ONCE, PAGING, YEAR, Model, Row, between, keys_of, lies_in, spread

from reinfer_pandas._reading.shard import Shard
from reinfer_pandas._reading.shards import Shards
from reinfer_pandas._reading.workers import MOST_AT_ONCE, Workers
from reinfer_pandas._wire import Page, Request, Response
from reinfer_pandas.exceptions import NetworkError, ResponseError

pytestmark = pytest.mark.timeout(30)  # a deadlock fails its test

PROMPT_S = 8
"""Far below the wait that would be sat through otherwise; how far, a busy machine decides [s]."""


@pytest.fixture(autouse=True)
def quick_switches() -> Iterator[None]:
    """Let threads take turns often, and leave none behind."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval_s)
    assert threads_left() == []


def threads_left() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("reinfer-")]


@dataclass
class Sending:
    """Sends to a model, and counts; what happens before each answer is given."""

    model: Model
    before: Callable[[int, Request, threading.Event], None] = lambda *_: None
    n_sent: int = 0
    n_too_late: int = 0
    under_way: int = 0
    most_under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, stop: threading.Event) -> Callable[[Request], Response]:
        def send(request: Request) -> Response:
            with self.lock:
                self.n_sent += 1
                self.n_too_late += stop.is_set()
                number = self.n_sent
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                self.before(number, request, stop)
                with self.lock:
                    return self.model(request)
            finally:
                with self.lock:
                    self.under_way -= 1

        return send


def convert(part: Shard, answers: Sequence[Response]) -> pa.RecordBatch:
    rows = [row for answer in answers for row in answer.records if lies_in(row, part)]
    keys, numbers = zip(*rows, strict=True) if rows else ((), ())
    return pa.record_batch({"key": pa.array(keys, pa.int64()), "n": pa.array(numbers, pa.int64())})


def workers_of(
    sending: Sending, count: int, *, convert=convert, ahead_pages: int = 64, **options
) -> Workers:
    shards = Shards(
        between(0, YEAR),
        paging=PAGING,
        between=between,
        lo=0,
        hi=YEAR,
        page_size=sending.model.page_size,
        workers=count,
    )
    return Workers(
        shards,
        sending,
        convert,
        keys=keys_of,
        count=count,
        ahead_pages=ahead_pages,
        **options,
    )


def rows_of(batch: pa.RecordBatch) -> list[Row]:
    return list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def read_into(rows: list[Row], workers: Workers) -> None:
    with closing(workers.batches()) as coming:  # Ctrl-C may come out here, too
        for batch in coming:
            rows += rows_of(batch)


def read(workers: Workers) -> list[Row]:
    rows: list[Row] = []
    read_into(rows, workers)
    return list(dict.fromkeys(rows))


def dawdle(seed: int) -> Callable[[int, Request, threading.Event], None]:
    """Let other threads go first, as often as is drawn."""
    dice = random.Random(seed)

    def before(_number: int, _request: Request, _stop: threading.Event) -> None:
        for _ in range(dice.randrange(5)):
            time.sleep(0)

    return before


KINDS = ("at random", "nine in ten in a second", "nine in ten at one time", "all at one time")


@pytest.mark.parametrize("seed", range(160))
def test_threads_give_the_rows_of_one_read(seed: int) -> None:
    dice = random.Random(seed)
    count = dice.choice((1, 2, 3, 5, 8, 16))
    model = Model(spread(dice.choice(KINDS), dice.randrange(400)), dice.randrange(1, 30))
    sending = Sending(model, dawdle(seed))
    workers = workers_of(
        sending, count, ahead_pages=dice.randrange(1, 40), pages_at_once=dice.randrange(1, 9)
    )
    assert read(workers) == model.rows
    assert sending.most_under_way <= count
    assert model.n_asked <= 2 * max(1, -(-len(model.rows) // model.page_size)) + count + 1


def test_all_workers_read_at_once_and_no_more() -> None:
    together = threading.Barrier(8, timeout=10)

    def meet(number: int, _request: Request, _stop: threading.Event) -> None:
        if 1 < number <= 9:
            together.wait()

    sending = Sending(Model(spread("evenly", 2000), 20), meet)
    assert read(workers_of(sending, 8)) == sending.model.rows
    assert sending.most_under_way == 8


def test_a_read_of_one_page_starts_no_thread() -> None:
    sending = Sending(Model(spread("evenly", 20), 20))
    batches = workers_of(sending, 8).batches()
    next(batches)
    assert threads_left() == []
    assert list(batches) == []


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("fails_at", [2, 9, 25])
def test_an_error_comes_once_after_all_rows_before_it_and_no_gap(seed: int, fails_at: int) -> None:
    wait = dawdle(seed)

    def fail(number: int, request: Request, stop: threading.Event) -> None:
        wait(number, request, stop)
        if number == fails_at:
            raise NetworkError("gone", reason="reset")

    sending = Sending(Model(spread("at random", 1200), 20), fail)
    rows: list[Row] = []
    with pytest.raises(NetworkError, match="gone"):
        read_into(rows, workers_of(sending, 6))
    unique = list(dict.fromkeys(rows))
    assert unique == sending.model.rows[: len(unique)]
    assert sending.n_too_late < 6


def test_a_part_that_fails_for_good_leaves_what_lies_before_it() -> None:
    def fail(_number: int, request: Request, _stop: threading.Event) -> None:
        if int(dict(request.params).get("hi", YEAR)) > YEAR // 2 and "lo" in dict(request.params):
            lo = int(dict(request.params)["lo"])
            if lo > YEAR // 3:
                raise NetworkError("gone", reason="reset")

    sending = Sending(Model(spread("evenly", 2000), 20), fail)
    rows: list[Row] = []
    with pytest.raises(NetworkError):
        read_into(rows, workers_of(sending, 4))
    assert list(dict.fromkeys(rows)) == sending.model.rows[: len(dict.fromkeys(rows))]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("n_bad", [0, 45, 130, 199])
def test_no_row_behind_a_page_that_cant_be_converted_is_handed_on(count: int, n_bad: int) -> None:
    def strict(part: Shard, answers: Sequence[Response]) -> pa.RecordBatch:
        if any(row[1] == n_bad for answer in answers for row in answer.records):
            raise ResponseError(f"row {n_bad}")
        return convert(part, answers)

    sending = Sending(Model(spread("evenly", 400), 10))
    rows: list[Row] = []
    with pytest.raises(ResponseError, match=f"row {n_bad}"):
        read_into(rows, workers_of(sending, count, convert=strict))
    found = list(dict.fromkeys(rows))
    assert found == sending.model.rows[: len(found)]
    assert len(found) <= n_bad
    if count == 1:
        assert len(found) == n_bad // 10 * 10


def test_pages_that_came_together_are_handed_on_up_to_the_one_that_cant_be_converted() -> None:
    """One thread reads many pages while the first is being converted."""
    came = threading.Event()
    n_bad = 47

    def count_pages(number: int, _request: Request, _stop: threading.Event) -> None:
        if number == 9:
            came.set()

    def strict(part: Shard, answers: Sequence[Response]) -> pa.RecordBatch:
        assert came.wait(10) or answers
        if any(row[1] == n_bad for answer in answers for row in answer.records):
            raise ResponseError("bad")
        return convert(part, answers)

    sending = Sending(Model([place * 1000 for place in range(400)], 10), count_pages)
    workers = workers_of(sending, 1, convert=strict)
    rows: list[Row] = []
    with pytest.raises(ResponseError):
        read_into(rows, workers)
    assert list(dict.fromkeys(rows)) == sending.model.rows[:40]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("seed", range(10))
def test_others_go_on_with_what_was_left_and_ask_again_for_what_was_no_page(count, seed) -> None:
    dice = random.Random(seed)
    bad = set(dice.sample(range(600), 5))

    def strict(part: Shard, answers: Sequence[Response]) -> pa.RecordBatch:
        found = bad.intersection(row[1] for answer in answers for row in answer.records)
        if found and len(answers) == 1:
            bad.difference_update(found)  # the next time it is well
        if found:
            raise ResponseError("bad")
        return convert(part, answers)

    sending = Sending(Model(spread("at random", 600), 7), dawdle(seed))
    workers, rows = workers_of(sending, count, convert=strict), list[Row]()
    for _ in range(6):
        try:
            read_into(rows, workers)
            break
        except ResponseError:
            shards = workers._shards
            shards.go_on(lambda _: False)
            workers = Workers(shards, sending, strict, keys=keys_of, count=count, ahead_pages=9)
    assert list(dict.fromkeys(rows)) == sending.model.rows


@pytest.mark.parametrize("seed", range(20))
def test_closing_ends_all_threads(seed: int) -> None:
    sending = Sending(Model(spread("at random", 1500), 10), dawdle(seed))
    batches = workers_of(sending, 8).batches()
    for _ in range(seed % 7 + 1):
        next(batches)
    batches.close()
    n_sent = sending.n_sent
    assert threads_left() == []
    assert sending.n_sent == n_sent


def test_a_thread_that_ignores_the_end_is_not_waited_for_long() -> None:
    goes_on, blocks = threading.Event(), threading.Event()

    def block(number: int, _request: Request, _stop: threading.Event) -> None:
        if number > 2:
            blocks.set()
            goes_on.wait(20)

    batches = workers_of(Sending(Model(spread("evenly", 900), 10), block), 4).batches()
    next(batches)
    assert blocks.wait(5)
    start_s = time.monotonic()
    batches.close()
    took_s = time.monotonic() - start_s
    goes_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("reinfer-"):
            thread.join(5)
    assert took_s < 1.5


@pytest.mark.parametrize("pages", [4, 16, 40])
def test_what_is_read_ahead_of_a_slow_reader_is_bounded(pages: int) -> None:
    count = 4
    sending = Sending(Model(spread("evenly", 4000), 10))
    batches = workers_of(sending, count, ahead_pages=pages).batches()
    n_handed_on = most = 0
    for number, batch in enumerate(batches):
        n_handed_on += batch.num_rows
        if number < 8:
            settle(sending)
            most = max(most, sending.n_sent * 10 - n_handed_on)
    assert n_handed_on >= 4000
    assert most / 10 <= pages + 2 * MOST_AT_ONCE + 3 * count


def settle(sending: Sending) -> None:
    """Wait until no more is sent."""
    before = -1
    while before != sending.n_sent or sending.under_way:
        before = sending.n_sent
        time.sleep(0.01)


def test_the_slow_head_holds_back_those_ahead() -> None:
    goes_on = threading.Event()

    def hold(number: int, request: Request, _stop: threading.Event) -> None:
        asked = {name: int(value) for name, value in request.params}
        if number > 1 and asked.get("lo", 0) < YEAR // 100:
            goes_on.wait(10)

    sending = Sending(Model(spread("evenly", 4000), 10), hold)
    found: list[Row] = []
    workers = workers_of(sending, 4, ahead_pages=8)
    thread = threading.Thread(target=lambda: found.extend(read(workers)))
    thread.start()
    while sending.n_sent < 8:
        time.sleep(0.01)
    time.sleep(0.2)
    n_sent = sending.n_sent
    goes_on.set()
    thread.join(10)
    assert n_sent <= 8 + 2 * 4
    assert found == sending.model.rows


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("wanted", [1, 95, 100, 400])
def test_no_more_is_read_once_the_wanted_rows_are_there(count: int, wanted: int) -> None:
    sending = Sending(Model(spread("evenly", 4000), 10))
    n_pages = -(-wanted // 10)
    workers = workers_of(sending, count, wanted_rows=wanted, ahead_pages=n_pages + 1)
    rows: list[Row] = []
    for batch in workers.batches():
        rows += rows_of(batch)
        if len(set(rows)) >= wanted:
            break
    assert list(dict.fromkeys(rows))[:wanted] == sending.model.rows[:wanted]
    assert sending.n_sent <= 2 * n_pages + count


@dataclass
class Doubling(Model):
    """A server each of whose pages holds rows of the page before."""

    def __call__(self, request: Request) -> Response:
        answer = super().__call__(request)
        rows = [*answer.records, *answer.records[-1:] * 7]
        return replace(answer, page=Page(len(rows), answer.cursor, records=rows), attempts=(ONCE,))


@pytest.mark.parametrize("count", [1, 4])
def test_a_read_goes_on_when_rows_that_came_twice_leave_too_few(count: int) -> None:
    sending = Sending(Doubling(spread("evenly", 600), 5))
    assert read(workers_of(sending, count, wanted_rows=40)) == sending.model.rows


def interrupted(action: Callable[[], object]) -> float:
    """Run what will be interrupted; return the time at which that came up [s]."""
    with pytest.raises(KeyboardInterrupt):
        action()
    return time.monotonic()


@pytest.mark.parametrize("count", [2, 8])
def test_ctrl_c_ends_the_read_at_once_and_leaves_no_thread(count: int) -> None:
    sent_at: list[float] = []

    def interrupt(number: int, _request: Request, stop: threading.Event) -> None:
        if number == min(count, 5):
            sent_at.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        if number >= 2:
            stop.wait(20)

    workers = workers_of(Sending(Model(spread("evenly", 900), 10), interrupt), count)
    ended_at = interrupted(lambda: read(workers))
    assert ended_at - sent_at[0] < PROMPT_S
    while threads_left():  # one that was being started then ends as it begins
        assert time.monotonic() - sent_at[0] < PROMPT_S


def hand_on(handed_on: list[pa.RecordBatch], workers: Workers) -> None:
    for batch in workers.batches():
        handed_on += [batch]


# Ctrl-C as a generator is thrown away is lost, and Python says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_at_any_instant_leaves_each_page_to_be_handed_on_once() -> None:
    def read_once(instant: int) -> int:
        sending = Sending(Model(spread("evenly", 60), 10))
        workers, handed_on = workers_of(sending, 1), list[pa.RecordBatch]()
        clock = CtrlC(instant)
        try:
            with clock:
                hand_on(handed_on, workers)
        except KeyboardInterrupt:
            workers.end()
            shards = workers._shards
            shards.go_on(lambda batch: bool(handed_on) and batch is handed_on[-1])
            hand_on(
                handed_on,
                Workers(shards, sending, convert, keys=keys_of, count=1, ahead_pages=9),
            )
        assert [row for batch in handed_on for row in rows_of(batch)] == sending.model.rows
        return clock.n_instants

    for instant in range(1, read_once(0), 3):
        read_once(instant)


def test_an_error_in_a_thread_that_isnt_ours_is_raised_too() -> None:
    def fail(number: int, _request: Request, _stop: threading.Event) -> None:
        if number == 4:
            raise MemoryError

    with pytest.raises(MemoryError):
        read(workers_of(Sending(Model(spread("evenly", 900), 10), fail), 4))


def test_a_lock_that_ctrl_c_left_held_holds_up_no_thread() -> None:
    workers = workers_of(Sending(Model(spread("evenly", 900), 10)), 4)
    coming = workers.batches()
    next(coming)
    workers._changed.acquire()  # as when Ctrl-C comes between this and the block that releases it
    coming.close()
    give_up_at = time.monotonic() + PROMPT_S
    while threads_left():
        assert time.monotonic() < give_up_at
