"""Cuts by counts alone: even in rows however they lie, few questions, nothing left out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas._partitioning.cuts import Range, even_cuts, row_cuts

YEARS = (0, 10 * 365 * 24 * 3600 * 1000)


class Rows:
    """Rows at some milliseconds, which can be counted."""

    def __init__(self, times: Sequence[int]) -> None:
        self.times = sorted(times)
        self.asked: list[Range] = []

    def count(self, ranges: Sequence[Range]) -> list[int]:
        self.asked += ranges
        return [self.between(*one) for one in ranges]

    def between(self, lo: int, hi: int) -> int:
        return bisect_left(self.times, hi) - bisect_left(self.times, lo)

    def sizes(self, cuts: Sequence[int]) -> list[int]:
        return [self.between(*one) for one in pairwise(cuts)]


def evenly(n_rows: int, lo: int, hi: int) -> list[int]:
    return [lo + (hi - lo) * number // n_rows for number in range(n_rows)]


def skewed(n_rows: int) -> list[int]:
    """Nine in ten in one week of ten years."""
    week = 7 * 24 * 3600 * 1000
    return evenly(n_rows // 10, *YEARS) + evenly(n_rows * 9 // 10, 400 * week, 401 * week)


@pytest.mark.parametrize("times", [evenly(100_000, *YEARS), skewed(100_000)])
@pytest.mark.parametrize("rows", [1_000, 7_777, 60_000, 70_000, 1_000_000])
def test_parts_have_half_to_double_the_rows_wanted(times, rows) -> None:
    found = Rows(times)
    sizes = found.sizes(row_cuts(YEARS, found.count, rows=rows))
    assert sum(sizes) == len(times)
    assert max(sizes) <= 2 * rows
    assert min(sizes) >= min(rows / 2, len(times))


@pytest.mark.parametrize("n_rows", [10_000, 1_000_000])
@pytest.mark.parametrize("make", [skewed, lambda n_rows: evenly(n_rows, *YEARS)])
def test_a_few_dozen_counts_do_however_many_rows_there_are(n_rows, make) -> None:
    found = Rows(make(n_rows))
    cuts = row_cuts(YEARS, found.count, n_parts=12)
    assert len(cuts) == 13
    assert len(found.asked) <= 48
    share = n_rows / 12
    assert all(share / 2 <= size <= 1.5 * share for size in found.sizes(cuts))


def test_rows_of_one_millisecond_stay_together() -> None:
    found = Rows([*evenly(1_000, *YEARS), *[YEARS[1] // 3] * 5_000])
    cuts = row_cuts(YEARS, found.count, rows=500)
    sizes = found.sizes(cuts)
    assert sum(sizes) == 6_000
    assert sum(size > 1_000 for size in sizes) == 1
    assert len(found.asked) < 200


def test_no_rows_are_one_part() -> None:
    found = Rows([])
    assert row_cuts(YEARS, found.count, n_parts=8) == list(YEARS)
    assert found.asked == [YEARS]


def test_there_are_no_more_parts_than_rows() -> None:
    assert len(row_cuts(YEARS, Rows(evenly(3, *YEARS)).count, n_parts=100)) <= 4


def test_counts_that_contradict_each_other_still_give_ascending_bounds() -> None:
    answers = iter([100, 250, *[-3, 500, 0] * 500])
    cuts = row_cuts((0, 1_000), lambda ranges: [next(answers) for _ in ranges], n_parts=10)
    assert cuts == sorted(set(cuts))
    assert (cuts[0], cuts[-1]) == (0, 1_000)


clusters = st.lists(st.tuples(st.integers(0, 999), st.integers(1, 60)), max_size=30)


@given(clusters, st.integers(1, 200))
def test_any_rows_are_parted_whole_and_as_evenly_as_their_ties_allow(found, wanted) -> None:
    rows = Rows([time for time, n_rows in found for _ in range(n_rows)])
    cuts = row_cuts((0, 1_000), rows.count, rows=wanted)
    sizes = rows.sizes(cuts)
    assert (cuts[0], cuts[-1]) == (0, 1_000)
    assert cuts == sorted(set(cuts))
    assert sum(sizes) == len(rows.times)
    tied = max((rows.times.count(time) for time in set(rows.times)), default=0)
    assert max(sizes) <= 2 * wanted + tied
    if tied <= 1:
        assert max(sizes) <= 2 * wanted + 1


@given(clusters, st.integers(1, 40))
def test_any_number_of_parts_is_kept_or_fallen_short_of(found, n_parts) -> None:
    rows = Rows([time for time, n_rows in found for _ in range(n_rows)])
    cuts = row_cuts((0, 1_000), rows.count, n_parts=n_parts)
    assert 2 <= len(cuts) <= n_parts + 1
    assert sum(rows.sizes(cuts)) == len(rows.times)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**12), st.integers(1, 500))
def test_even_cuts_tile_the_whole(lo, length, n_parts) -> None:
    cuts = even_cuts((lo, lo + length), n_parts)
    assert (cuts[0], cuts[-1]) == (lo, lo + length)
    assert cuts == sorted(set(cuts))
    steps = [b - a for a, b in pairwise(cuts)]
    assert max(steps) - min(steps) <= 1
