"""What bounded a read at each instant: its critical path over the workers.

The path is walked back from the attempt that ended last: what let it begin, what let that begin, …
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

Array: TypeAlias = npt.NDArray[Any]

PHASES = ("waiting", "server", "network", "unknown", "client")
"""Waits before tries; the server's own time; the rest of an attempt; attempts whose server time is
unknown, whole; and what no attempt bounded, which is ours."""

CLOCK_MS = 0.5
"""How far two readings of our clocks may differ that stand for one moment [ms]."""
OWN_MS = 20.0
"""A worker's pause after its own last answer that needs no other reason [ms]."""


def critical_path(attempts: pd.DataFrame) -> pd.DataFrame:
    """Return the attempts that bounded a read, one after the other, and where the time went.

    An attempt begins with the wait before it. What let it begin is the try before it at the same
    request; else the attempt that its ``after`` names; else, where none is noted, the worker's own
    last attempt if that ended just before, or the last one of all that had ended.

    Parameters
    ----------
    attempts : DataFrame
        A requests frame, of one read or of several that went by one clock.

    Returns
    -------
    DataFrame, shape (steps, 9)
        In the order of time: ``place`` of the attempt in the requests frame, ``cause``, the place
        of the attempt that made it wait (-1 for none), ``begin_ms`` and ``end_ms`` since 1970, and
        the time of each phase [ms]; ``client`` is the gap before the attempt. The phases add up to
        the time from the begin of the first attempt of all to the end of the last.
    """
    times = _Times(attempts)
    rows = [times.step(*found) for found in _walk(times)][::-1]
    columns = ["place", "cause", "begin_ms", "end_ms", *PHASES]
    path = pd.DataFrame(rows, columns=columns, dtype="float64")
    return path.astype({"place": "int64", "cause": "int64"})


def _walk(times: _Times) -> list[tuple[int, float, float, float]]:
    """Return place, begin, end and the gap before it of each step, the last one first."""
    found: list[tuple[int, float, float, float]] = []
    at = int(np.argmax(times.end)) if len(times.end) else None
    until = times.end[at] if at is not None else 0.0
    seen = set[int]()
    while at is not None:
        seen.add(at)
        begin = min(times.begin[at], until)
        before = times.before(at, seen)
        since = times.begin.min() if before is None else times.end[before]
        since = min(since, begin)
        found.append((at, begin, until, begin - since))
        at, until = before, since
    return found


class _Times:
    """When attempts began and ended, and which one let another begin [ms since 1970]."""

    def __init__(self, attempts: pd.DataFrame) -> None:
        def numbers(name: str) -> Array:
            found: Array = attempts[name].to_numpy("float64", na_value=np.nan)
            return found

        self.start = since_1970_ms(attempts["started_at"])
        self.elapsed, self.server = numbers("elapsed_ms"), numbers("server_ms")
        self.waited = np.nan_to_num(numbers("waited_ms"))
        self.begin, self.end = self.start - self.waited, self.start + self.elapsed
        self._request, self._try = numbers("request"), numbers("attempt")
        self._worker = _column(attempts, "worker", len(self.end))
        self._after = _after(attempts)
        tells = attempts["status"].eq(429).fillna(False).to_numpy(dtype=bool)
        asked = _column(attempts, "retry_after_s", len(self.end))
        self._by_end = _Ended(self.end, np.arange(len(self.end)))
        self._pauses = _Ended(self.end, np.flatnonzero(tells | ~np.isnan(asked)))
        self._of_worker = {
            worker: _Ended(self.end, np.flatnonzero(self._worker == worker))
            for worker in np.unique(self._worker[~np.isnan(self._worker)])
        }
        tries = zip(self._request, self._try, strict=True)
        self._place = {key: place for place, key in enumerate(tries)}
        self._started: dict[float, list[int]] = {}
        if not np.isnan(self._after).all():
            for place, start in enumerate(self.start):
                self._started.setdefault(start, []).append(place)

    def before(self, at: int, seen: set[int]) -> int | None:
        """Return the attempt that let another begin; None where none had ended."""
        found = self._try_before(at)
        if found is None:
            found = self._noted(at)
        if found is not None and found not in seen:
            return found
        by_ms = self.begin[at] + CLOCK_MS
        own = self._of_worker.get(self._worker[at])
        last = own.last(by_ms, seen) if own else None
        if last is not None and self.begin[at] - self.end[last] <= OWN_MS:
            return last
        return self._by_end.last(by_ms, seen)

    def cause(self, at: int) -> int | None:
        """Return the attempt that made another wait: its last try, or who was told to pause."""
        if self.waited[at] < CLOCK_MS:
            return None
        found = self._try_before(at)
        return self._pauses.last(self.start[at], {at}) if found is None else found

    def step(self, at: int, begin: float, until: float, gap: float) -> tuple[float, ...]:
        """Return a step as a row of the path."""
        waiting = min(self.waited[at], until - begin)
        rest, server, network, unknown = until - begin - waiting, 0.0, 0.0, 0.0
        if np.isnan(self.server[at]):
            unknown = rest
        else:
            server = self.server[at] * (rest / self.elapsed[at] if self.elapsed[at] else 1.0)
            network = rest - server
        cause = self.cause(at)
        place = -1 if cause is None else cause
        return at, place, begin, until, waiting, server, network, unknown, gap

    def _try_before(self, at: int) -> int | None:
        return self._place.get((self._request[at], self._try[at] - 1))

    def _noted(self, at: int) -> int | None:
        """Return the attempt that ``after`` names; of several, as if it weren't noted."""
        named = self._started.get(self._after[at], ())
        ended = [one for one in named if one != at and self.end[one] <= self.begin[at] + CLOCK_MS]
        own = [one for one in ended if self._worker[one] == self._worker[at]]
        last = max(own, key=self.end.__getitem__, default=None)
        if last is not None and self.begin[at] - self.end[last] <= OWN_MS:
            return last
        return max(ended, key=self.end.__getitem__, default=None)


class _Ended:
    """Some attempts in the order of their ends."""

    def __init__(self, end: Array, places: Array) -> None:
        self._places: Sequence[int] = places[np.argsort(end[places], kind="stable")].tolist()
        self._ends: Sequence[float] = np.sort(end[places]).tolist()

    def last(self, by_ms: float, seen: set[int]) -> int | None:
        """Return the last one that had ended by a moment and isn't among those seen."""
        for rank in range(bisect_right(self._ends, by_ms) - 1, -1, -1):
            if self._places[rank] not in seen:
                return self._places[rank]
        return None


def since_1970_ms(moments: pd.Series[Any]) -> Array:
    """Return times as milliseconds since 1970, NaN for missing ones."""
    us = moments.dt.as_unit("us").astype("int64").to_numpy() / 1000
    return np.where(moments.isna(), np.nan, us)


def _column(attempts: pd.DataFrame, name: str, length: int) -> Array:
    """Return a column's numbers; NaN where the log was written without it."""
    if name not in attempts:
        return np.full(length, np.nan)
    found: Array = attempts[name].to_numpy("float64", na_value=np.nan)
    return found


def _after(attempts: pd.DataFrame) -> Array:
    missing = np.full(len(attempts), np.nan)
    return since_1970_ms(attempts["after"]) if "after" in attempts else missing
