"""Where a range of times is cut, so that its parts have about as many rows each.

Nothing tells how rows are spread over time, but a count of any range can be asked for, and costs
little. So a range is halved, and each half again, as long as a bound is sought in it whose nearer
end is too far off in rows. Cuts lie between milliseconds: rows of one stay together, and where more
of them share one than a part should have, its part has more.

Counts steer the cuts and nothing else: a wrong one makes parts uneven, and loses no row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

Range = tuple[int, int]
"""From the first millisecond, included, to the last, excluded [ms since 1970]."""

Count = Callable[[Sequence[Range]], Sequence[int]]
"""Tells how many rows each of some ranges has; they may be asked for side by side."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of time, and how many rows it has."""

    lo: int
    hi: int
    rows: int

    @property
    def middle(self) -> int:
        return (self.lo + self.hi) // 2

    def halved(self, rows: int) -> tuple[_Piece, _Piece]:
        """Return its halves, of which the first has so many rows."""
        rows = min(max(rows, 0), self.rows)
        first = _Piece(self.lo, self.middle, rows)
        return first, _Piece(self.middle, self.hi, self.rows - rows)


def even_cuts(whole: Range, n_parts: int) -> list[int]:
    """Return the bounds of parts that are as long as each other.

    >>> even_cuts((0, 10), 4)
    [0, 2, 5, 7, 10]
    """
    lo, hi = whole
    return sorted({lo + (hi - lo) * number // n_parts for number in range(n_parts + 1)})


def row_cuts(
    whole: Range, count: Count, *, n_parts: int | None = None, rows: int | None = None
) -> list[int]:
    """Return the bounds of parts with about as many rows as each other.

    Parameters
    ----------
    whole : Range
        What is cut.
    count : Count
        Asked about three times for each part, all told; where many rows share a millisecond, as
        often as a range can be halved, about forty times.
    n_parts : int, optional
        How many parts; fewer where there are fewer rows, or where many share a millisecond.
    rows : int, optional
        In place of `n_parts`: rows that a part should have. It has from half to double that, but
        where all have fewer, or where more share a millisecond.

    Returns
    -------
    list of int
        From the first bound to the last, ascending [ms since 1970].
    """
    (total,) = count([whole])
    if total <= 0:
        return list(whole)
    n_parts = min(n_parts, total) if n_parts else max(1, round(total / (rows or total)))
    share = total / n_parts
    most_off = min(share - rows / 2, 2 * rows - share) if rows else share / 2
    targets = [share * number for number in range(1, n_parts)]
    pieces = _refined([_Piece(*whole, total)], count, targets, most_off / 2)
    return _nearest(pieces, targets)


def _refined(
    pieces: list[_Piece], count: Count, targets: Sequence[float], near: float
) -> list[_Piece]:
    """Halve pieces until each target is near an end of its piece, or can't be."""
    while True:
        ends = list(accumulate((piece.rows for piece in pieces), initial=0))
        coarse = [
            piece.hi - piece.lo > 1 and _is_far(targets, start, end, near)
            for piece, start, end in zip(pieces, ends, ends[1:], strict=False)
        ]
        halves = [
            (p.lo, p.middle) for p, is_coarse in zip(pieces, coarse, strict=True) if is_coarse
        ]
        if not halves:
            return pieces
        counts = iter(count(halves))
        pieces = [
            half
            for piece, is_coarse in zip(pieces, coarse, strict=True)
            for half in (piece.halved(next(counts)) if is_coarse else (piece,))
        ]


def _is_far(targets: Sequence[float], start: int, end: int, near: float) -> bool:
    """Tell whether any target lies between two ends and near neither."""
    first = bisect_right(targets, start + near)
    return first < len(targets) and targets[first] < end - near


def _nearest(pieces: Sequence[_Piece], targets: Sequence[float]) -> list[int]:
    """Return the bounds, each the end of a piece nearest to its target."""
    ends = list(accumulate(piece.rows for piece in pieces))[:-1]
    found = {pieces[0].lo, pieces[-1].hi}
    for target in targets:
        place = bisect_left(ends, target)
        near = [one for one in (place - 1, place) if 0 <= one < len(ends)]
        if near:
            found.add(pieces[min(near, key=lambda one: abs(ends[one] - target))].hi)
    return sorted(found)
