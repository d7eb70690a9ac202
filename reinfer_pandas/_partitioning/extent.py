"""Where a resource's comments lie in time, found by a few cheap requests.

An open end is sought by reads of one row: the next comment from some time on, the time being moved
on by a day, two, four, until none comes; what is left between is halved. So an end is found within
a few dozen requests, as a bound behind which there is nothing, and without counting anything.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from reinfer_pandas._columns.decode import decode_records
from reinfer_pandas._exporting.pieces import MILLISECOND, stamp
from reinfer_pandas._planning.options import count_request
from reinfer_pandas.exceptions import ConfigurationError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from reinfer_pandas._partitioning.cuts import Range
    from reinfer_pandas._planning.plan import Span
    from reinfer_pandas.client import Client

DAY = 86_400_000_000
FIRST_YEAR, LAST_YEAR = -62_135_596_800_000_000, 253_370_764_800_000_000
"""The beginnings of the years 1 and 9999: no time is sought beyond [us since 1970]."""

_FINE = 256
"""An open end is known to within such a part of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The comments of a resource, by their times.

    Attributes
    ----------
    client : Client
        The connection.
    resource : str
        Resource path.
    options : Mapping
        Of the read, its filters among them, without its times.
    span : Span
        The times asked for, which may be open.
    """

    client: Client
    resource: str
    options: Mapping[str, Any]
    span: Span

    def ends(self) -> tuple[int, int]:
        """Return the earliest and the latest time, both inclusive [microseconds since 1970].

        Raises
        ------
        ConfigurationError
            An end is open, and there is no comment.
        """
        near, far = self.span.bounds
        if near is None or far is None:
            first = self._first_from(near)
            if first is None:
                raise ConfigurationError(
                    f"{self.resource} has no comments here, and an open range of times",
                    hint="Give start= and end=: there is nothing else to divide the read by.",
                )
            near = first if near is None else near
            far = self._end_behind(first) if far is None else far
        return (near, far) if self.span.order > 0 else (-far, -near)

    def count(self, ranges: Sequence[Range]) -> list[int]:
        """Return how many comments the platform counts in each of some ranges [ms].

        Raises
        ------
        PermissionDeniedError
            Whoever asks may not see that.
        """
        with ThreadPoolExecutor(self.client._workers, "reinfer-count") as pool:
            return list(pool.map(self._count, ranges))

    def between(self, start: int | None, end: int | None) -> dict[str, str]:
        """Return the options for a range of times, both inclusive [microseconds since 1970]."""
        times = {"start": start, "end": end}
        return {name: str(stamp(time)) for name, time in times.items() if time is not None}

    def _count(self, wanted: Range) -> int:
        """Count one range."""
        start, end = wanted[0] * MILLISECOND, wanted[1] * MILLISECOND - 1
        request = count_request(self.resource, {**self.options, **self.between(start, end)})
        if request is None:
            raise TypeError(f"{self.resource} can't be counted")
        response = self.client._pipeline(threading.Event())(request)
        record = decode_records(response.records, dict[str, Any])[0]
        count = record.get("num_comments")
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise ResponseError(
                f"the statistics of {self.resource} have no num_comments", reason="missing key"
            )
        return int(count)

    def _first_from(self, key: int | None) -> int | None:
        """Return the key of the first comment from a key on; None where there is none."""
        lo, hi = key, self.span.bounds[1]
        times = self.between(lo, hi) if self.span.order > 0 else self.between(*_mirrored(lo, hi))
        options = {**self.options, **times, "limit": 1, "workers": 1, "columns": ["timestamp"]}
        df = cast("pd.DataFrame", self.client._read(self.resource, options))
        return None if df.empty else self.span.order * int(df["timestamp"].astype("int64").iloc[0])

    def _end_behind(self, first: int) -> int:
        """Return a key behind which there is no comment, sought in steps that double."""
        farthest = LAST_YEAR if self.span.order > 0 else -FIRST_YEAR
        known, step = first, DAY
        while known < farthest:
            free = min(_whole(known + step), farthest)
            found = self._first_from(free)
            if found is None:
                return self._narrowed(first, known, free)
            known, step = found, 2 * step
        return known

    def _narrowed(self, first: int, known: int, free: int) -> int:
        """Return a key behind which there is no comment, not far behind the last."""
        while free - known > max(MILLISECOND, (free - first) // _FINE):
            middle = _whole((known + free) // 2)
            found = self._first_from(middle)
            known, free = (known, middle) if found is None else (found, free)
        return free


def _whole(key: int) -> int:
    """Return a key at a whole millisecond, which every server keeps."""
    return key - key % MILLISECOND


def _mirrored(lo: int | None, hi: int | None) -> tuple[int | None, int | None]:
    return (None if hi is None else -hi), (None if lo is None else -lo)
