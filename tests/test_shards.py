"""Parts of a range, against a model of a server, in any order in which answers can come."""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinfer_pandas._reading.shard import Shard, State
from reinfer_pandas._reading.shards import GRAIN, Shards
from reinfer_pandas._wire import Attempt, Page, Paging, Request, Response
from reinfer_pandas.exceptions import ResponseError

PAGING = Paging("after")
ONCE = Attempt(started_at=datetime(2026, 1, 1, tzinfo=UTC), method="GET", path="/comments")
SECOND = 1_000_000
DAY = 86_400 * SECOND
YEAR = 365 * DAY

Row = tuple[int, int]
"""A key, and what tells one row from another."""


def between(lo: int | None, hi: int | None) -> Request:
    bounds = (("lo", lo), ("hi", hi))
    params = tuple((name, str(key)) for name, key in bounds if key is not None)
    return Request(method="GET", path="/comments", params=params)


@dataclass
class Model:
    """A server: rows in the order of their keys, pages, bounds that are inclusive."""

    keys: Sequence[int]
    page_size: int
    n_asked: int = 0
    heeds: tuple[str, ...] = ("lo", "hi")
    rows: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = sorted(self.keys)
        self.rows = list(zip(self.keys, range(len(self.keys)), strict=True))

    def __call__(self, request: Request) -> Response:
        self.n_asked += 1
        asked = {name: int(value) for name, value in request.params}
        bounds = {name: asked.get(name) if name in self.heeds else None for name in ("lo", "hi")}
        start, end = self._places(bounds["lo"], bounds["hi"])
        start = asked.get("after", start)
        rows = self.rows[start : min(end, start + self.page_size)]
        after = start + len(rows)
        return response(rows, str(after) if after < end else None)

    def _places(self, lo: int | None, hi: int | None) -> tuple[int, int]:
        start = 0 if lo is None else bisect_left(self.keys, lo)
        return start, len(self.keys) if hi is None else bisect_right(self.keys, hi)

    def serially(self, lo: int | None, hi: int | None) -> list[Row]:
        start, end = self._places(lo, hi)
        return self.rows[start:end]


def response(rows: Sequence[Row], cursor: str | None) -> Response:
    return Response(
        status=200,
        headers={},
        body=b"",
        attempts=(ONCE,),
        page=Page(len(rows), cursor, records=rows),
    )


def keys_of(answer: Response) -> list[int]:
    return [answer.records[0][0], answer.records[-1][0]] if answer.records else []


@dataclass
class Read:
    """A read by so many workers, whose answers come in an order that is drawn."""

    model: Model
    workers: int
    draw: random.Random
    lo: int | None = None
    hi: int | None = None
    at_once: int = 8
    ready: dict[Shard, list[Row]] = field(default_factory=dict)
    handed_on: list[Row] = field(default_factory=list)
    most_under_way: int = 0

    def run(self) -> list[Row]:
        """Read to the end; return the rows, each once."""
        shards = Shards(
            between(self.lo, self.hi),
            paging=PAGING,
            between=between,
            lo=self.lo,
            hi=self.hi,
            page_size=self.model.page_size,
            workers=self.workers,
        )
        self._note(shards, shards.claim(), 0)
        count = self.workers if shards.is_cuttable else 1
        under_way: list[tuple[Shard, int]] = []
        while not shards.is_done or under_way:
            claimed = shards.claim() if len(under_way) < count else None
            if claimed:
                under_way.append((claimed, 0))
                self.most_under_way = max(self.most_under_way, len(under_way))
            if claimed and self.draw.random() < 0.7:
                continue
            part, n_pages = under_way.pop(self.draw.randrange(len(under_way)))
            if self._note(shards, part, n_pages + 1):
                under_way.append((part, n_pages + 1))
        self._hand_on(shards)
        return list(dict.fromkeys(self.handed_on))

    def _note(self, shards: Shards, part: Shard, n_pages: int) -> bool:
        """Read one page of a part; tell whether to go on with it."""
        answer = self.model(part.request)
        shards.note(part, answer, keys_of(answer))
        self.ready.setdefault(part, []).extend(answer.records)
        if self.draw.random() < 0.5:
            self._hand_on(shards)
        goes_on = part.state is State.READING and 0 < n_pages < self.at_once
        if not goes_on:
            shards.release(part)
        return goes_on

    def _hand_on(self, shards: Shards) -> None:
        """Hand on what is ready at the head, without the rows outside its part."""
        while True:
            head = shards.parts[0]
            self.handed_on += [row for row in self.ready.pop(head, []) if lies_in(row, head)]
            if head.state is not State.DONE or len(shards.parts) == 1:
                return
            shards.drop_first()


def outcome(read: Read) -> list[Row] | ResponseError:
    try:
        return read.run()
    except ResponseError as error:
        return error


def lies_in(row: Row, part: Shard) -> bool:
    return (part.lo is None or row[0] >= part.lo) and (part.hi is None or row[0] <= part.hi)


def most_requests(n_rows: int, page_size: int, workers: int) -> int:
    """Return the bound that the module's docstring gives."""
    return 2 * max(1, math.ceil(n_rows / page_size)) + workers + 1


@st.composite
def times(draw: st.DrawFn) -> list[int]:
    """Keys as uneven as they come: moments with many rows, seconds, days, years, far away."""
    scales = st.sampled_from([0, 1, 100, GRAIN, 50 * GRAIN, SECOND, DAY, YEAR])
    clumps = draw(
        st.lists(st.tuples(st.integers(-YEAR, YEAR), scales, st.integers(1, 120)), max_size=6)
    )
    dice = random.Random(draw(st.integers(0, 2**32)))
    return [at + dice.randint(0, scale) for at, scale, count in clumps for _ in range(count)]


bounds = st.none() | st.integers(-2 * YEAR, 2 * YEAR)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    keys=times(),
    ends=st.tuples(bounds, bounds),
    page_size=st.integers(1, 40),
    workers=st.integers(2, 16),
    at_once=st.integers(1, 8),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_parts_give_the_rows_of_one_read_whatever_the_schedule(
    keys, ends, page_size, workers, at_once, seed, data
) -> None:
    lo, hi = ends
    if keys and data.draw(st.booleans(), "ends lie on rows"):
        lo, hi = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(keys))
    if lo is not None and hi is not None and lo > hi:
        lo, hi = hi, lo
    model = Model(keys, page_size)
    read = Read(model, workers, random.Random(seed), lo, hi, at_once)
    expected = model.serially(lo, hi)
    assert read.run() == expected
    assert read.most_under_way <= workers
    assert model.n_asked <= most_requests(len(expected), page_size, workers)


def spread(kind: str, n_rows: int) -> list[int]:
    dice = random.Random(7)
    moment = YEAR // 2
    return {
        "evenly": [place * YEAR // n_rows for place in range(n_rows)],
        "at random": [dice.randrange(YEAR) for _ in range(n_rows)],
        "nine in ten in a second": [
            dice.randrange(YEAR) if place % 10 == 0 else moment + dice.randrange(SECOND)
            for place in range(n_rows)
        ],
        "nine in ten at one time": [
            dice.randrange(YEAR) if place % 10 == 0 else moment for place in range(n_rows)
        ],
        "all at one time": [moment] * n_rows,
        "in pairs": [place // 2 * YEAR // n_rows + place % 2 for place in range(n_rows)],
        "in bursts": [
            place // 50 * YEAR // n_rows * 50 + dice.randrange(1000) for place in range(n_rows)
        ],
        "ever more of them": [int(YEAR * math.sqrt(dice.random())) for _ in range(n_rows)],
        "in a fractal": [
            int(YEAR * math.prod(dice.random() for _ in range(8))) for _ in range(n_rows)
        ],
    }[kind]


KINDS = (
    "evenly",
    "at random",
    "nine in ten in a second",
    "nine in ten at one time",
    "all at one time",
    "in pairs",
    "in bursts",
    "ever more of them",
    "in a fractal",
)


@pytest.mark.parametrize("ends", [(0, YEAR), (None, None), (None, YEAR), (-50 * YEAR, None)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [2, 4, 16])
def test_any_spread_is_read_whole_with_few_requests(kind, ends, workers) -> None:
    model = Model(spread(kind, 1500), 20)
    expected = model.serially(*ends)
    assert Read(model, workers, random.Random(1), *ends).run() == expected
    assert model.n_asked <= most_requests(len(expected), 20, workers)


@pytest.mark.parametrize("lo", [YEAR // 2, None])
@pytest.mark.parametrize("hi", [YEAR // 2, None])
def test_a_moment_that_ends_the_range_is_no_division_by_zero(lo, hi) -> None:
    model = Model([YEAR // 2] * 500, 10)
    assert Read(model, 8, random.Random(2), lo, hi).run() == model.rows


@pytest.mark.parametrize("kind", ["at random", "nine in ten in a second"])
def test_what_is_dense_is_divided_too(kind) -> None:
    """Count rounds in which all workers get one answer each."""
    model = Model(spread(kind, 20_000), 100)
    shards = Shards(
        between(0, YEAR),
        paging=PAGING,
        between=between,
        lo=0,
        hi=YEAR,
        page_size=100,
        workers=8,
    )
    n_rounds, reading = 0, [shards.claim()]
    while reading:
        n_rounds += 1
        for part in reading:
            answer = model(part.request)
            shards.note(part, answer, keys_of(answer))
            shards.release(part)
        reading = [part for part in (shards.claim() for _ in range(8)) if part]
    assert n_rounds <= 200 / 5


def test_no_rows_take_one_request() -> None:
    for ends in ((0, YEAR), (None, None), (-YEAR, None)):
        model = Model([], 10)
        assert Read(model, 16, random.Random(3), *ends).run() == []
        assert model.n_asked == 1


def test_a_far_start_before_the_first_row_costs_no_scan() -> None:
    model = Model([50 * YEAR + place * SECOND for place in range(2000)], 20)
    ends = (0, 60 * YEAR)
    assert Read(model, 8, random.Random(4), *ends).run() == model.rows
    assert model.n_asked <= 130


@pytest.mark.parametrize("heeds", [("lo",), (), ("hi",)])
@pytest.mark.parametrize("ends", [(10 * DAY, 20 * DAY), (0, YEAR), (None, None)])
def test_a_server_that_ignores_the_range_gives_the_right_rows_or_an_error(heeds, ends) -> None:
    model = Model(spread("evenly", 3000), 20, heeds=heeds)
    expected = model.serially(*ends)
    read = Read(model, 8, random.Random(5), *ends)
    found = outcome(read)
    if isinstance(found, ResponseError):
        assert found.reason == "out of range"
        assert "workers=1" in str(found)
        assert "lo" not in heeds
    else:
        assert found == expected
    assert model.n_asked <= 2 * 150 + 9


@dataclass
class Shuffled(Model):
    """A server whose rows come in no order after so many."""

    ordered: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        tail = self.rows[self.ordered :]
        random.Random(6).shuffle(tail)
        self.shuffled = self.rows[: self.ordered] + tail

    def __call__(self, request: Request) -> Response:
        self.n_asked += 1
        asked = {name: int(value) for name, value in request.params}
        lo, hi = asked.get("lo", -YEAR), asked.get("hi", 2 * YEAR)
        rows = [row for row in self.shuffled if lo <= row[0] <= hi]
        start = asked.get("after", 0)
        end = start + self.page_size
        return response(rows[start:end], str(end) if end < len(rows) else None)


@pytest.mark.parametrize("ordered", [0, 20, 500])
def test_rows_out_of_order_are_read_serially_or_end_in_an_error(ordered) -> None:
    hits = 0
    for seed in range(20):
        model = Shuffled(spread("at random", 600), 2 if ordered == 0 else 20, ordered=ordered)
        found = outcome(Read(model, 4, random.Random(seed), 0, YEAR))
        if isinstance(found, ResponseError):
            assert found.reason == "out of order"
            hits += 1
        else:
            assert sorted(found) == model.rows
    assert hits or ordered == 0


@dataclass
class Fractions(Model):
    """A server that knows fractions of a microsecond, newest first; its answers' keys don't."""

    def __call__(self, request: Request) -> Response:
        self.n_asked += 1
        asked = {name: int(value) for name, value in request.params}
        lo, hi = asked.get("lo", -math.inf), asked.get("hi", math.inf)
        rows = [row for row in self.rows if lo <= row[0] - row[1] % 10 / 10 <= hi]
        start = asked.get("after", 0)
        end = start + self.page_size
        return response(rows[start:end], str(end) if end < len(rows) else None)


def test_fractions_of_a_microsecond_at_a_cut_lose_nothing() -> None:
    """A row 0.4 us newer than the cut is before what ends at the cut, yet has its key."""
    for seed in range(20):
        keys = [place // 30 * GRAIN for place in range(900)]
        model = Fractions(keys, 7)
        model.rows = [(key, 9 - place % 30 // 3 + place * 10) for key, place in model.rows]
        found = Read(model, 4, random.Random(seed)).run()
        assert sorted(found) == sorted(model.rows)


@dataclass
class Milliseconds(Model):
    """A server that cuts the bounds it is given to milliseconds."""

    def __call__(self, request: Request) -> Response:
        cut = tuple(
            (name, value if name == "after" else str(int(value) // 1000 * 1000))
            for name, value in request.params
        )
        return super().__call__(replace(request, params=cut))


def test_a_server_that_keeps_milliseconds_loses_no_row_at_a_cut() -> None:
    for seed in range(20):
        model = Milliseconds(spread("nine in ten in a second", 2000), 10)
        assert Read(model, 8, random.Random(seed)).run() == model.rows


def test_a_cut_is_never_beyond_the_dates_there_are() -> None:
    far = 30_000 * YEAR // 16
    asked: list[int] = []

    def noted(lo: int | None, hi: int | None) -> Request:
        asked.extend(key for key in (lo, hi) if key is not None)
        return between(lo, hi)

    shards = Shards(between(None, None), paging=PAGING, between=noted, page_size=2, workers=4)
    part = shards.claim()
    shards.note(part, response([(-far, 0), (far, 1)], "2"), [-far, far])
    shards.release(part)
    assert shards.claim() is part
    assert asked == []


def test_empty_pages_with_a_continuation_go_on() -> None:
    shards = Shards(between(0, 9), paging=PAGING, between=between, lo=0, hi=9, workers=4)
    part = shards.claim()
    for cursor in ("a", "b", None):
        assert part.state is State.READING
        shards.note(part, response([], cursor), [])
    assert shards.is_done


def test_a_part_that_began_with_an_empty_page_goes_on_from_there() -> None:
    """Cut again, it isn't read again from its start, whose continuation came before."""
    shards = Shards(
        between(0, YEAR), paging=PAGING, between=between, lo=0, hi=YEAR, page_size=10, workers=4
    )
    part = shards.claim()
    shards.note(part, response([(0, 0), (DAY, 1)], "1"), [0, DAY])
    behind = shards.claim()
    assert behind is not None
    shards.note(behind, response([], "2"), [])
    shards.release(behind)
    assert shards.claim() is behind
    assert ("after", "2") in behind.request.params


def test_a_continuation_that_comes_again_is_an_error() -> None:
    shards = Shards(between(0, 9), paging=PAGING, between=between, lo=0, hi=9, workers=4)
    part = shards.claim()
    shards.note(part, response([], "a"), [])
    with pytest.raises(ResponseError, match="never end"):
        shards.note(part, response([], "a"), [])


def test_one_worker_cuts_nothing() -> None:
    model = Model(spread("at random", 500), 10)
    read = Read(model, 1, random.Random(8), 0, YEAR)
    assert read.run() == model.rows
    assert model.n_asked == 50
    assert read.most_under_way == 1
