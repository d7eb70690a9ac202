"""One time range as many: which part a free worker reads next, and where a part ends.

Nothing tells in advance how comments are spread over time, and they never are evenly. So nothing
is cut before the first page, and each cut goes by how dense the pages before it were: a part is as
long as a few pages seem to be. A worker without a part takes over half of the largest one that
is still being read. A wrong guess costs a request, never a row.

Bounds are inclusive on the wire, so the rows at a cut come twice, and are told apart by `uid`: a
part ends where a row lies at or behind its end, and of many rows with the time of the cut, the part
that begins there has all. The parts, one behind the other, are the rows in the order of one read.

Keys are times in microseconds, negated where the newest come first, so they always ascend.

However the rows lie, n pages read one by one take at most 2 n + workers + 1 requests in parts: each
part ends with one page that isn't full, or is read twice, and parts are only cut off while they
are fewer than full pages and workers together.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from reinfer_pandas._pages import next_request
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from reinfer_pandas._wire import Paging, Request, Response


GRAIN = 1000
"""Cuts lie at whole milliseconds, whole also for a server that keeps no microseconds."""

FARTHEST = 62_135_596_800_000_000
"""No cut is farther from 1970 than the year 1: what lies beyond may be no date."""


OUT_OF_ORDER, OUT_OF_RANGE = "out of order", "out of range"
UNRELIABLE = (OUT_OF_ORDER, OUT_OF_RANGE)
"""Why a read can't be divided by its times."""


class State(Enum):
    """What is done with a shard."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"


@dataclass(slots=True, eq=False)
class Shard:
    """A part of the range, read page by page.

    Attributes
    ----------
    request : Request
        The next page's.
    lo, hi : int or None
        Keys of its first and last possible row; None where it is open.
    is_last : bool
        Whether `hi` is the end of the read; otherwise another shard begins there.
    state : State
        What is done with it.
    at : int or None
        Key of the row read last.
    rows : int
        How many have been read.
    density : float or None
        Rows for each unit of the key: on the last page, or on all of it when it is done.
    ready : deque of (int, pyarrow.RecordBatch)
        What has been read of it and not yet handed on, each with how many pages it was.
    unconverted : int
        Pages that aren't columns yet.
    """

    request: Request
    lo: int | None = None
    hi: int | None = None
    is_last: bool = True
    state: State = State.WAITING
    at: int | None = None
    rows: int = 0
    density: float | None = None
    cursors: set[str] = field(default_factory=set)
    ready: deque[tuple[int, pa.RecordBatch]] = field(default_factory=deque)
    unconverted: int = 0

    @property
    def start(self) -> int | None:
        """Where the part of it begins that is still to be read."""
        return self.lo if self.at is None else self.at

    @property
    def is_behind(self) -> bool:
        """Whether it has been read to where another shard begins."""
        if self.is_last or self.at is None or self.hi is None:
            return False
        return self.at >= self.hi

    @property
    def mean_density(self) -> float | None:
        """Rows for each unit of the key, over all of it."""
        end = self.at if self.hi is None else self.hi
        if self.lo is None or end is None:
            return self.density
        return self.rows / max(1, end - self.lo)

    @property
    def is_spent(self) -> bool:
        """Whether all of it has been handed on."""
        return self.state is State.DONE and not self.ready and not self.unconverted


class Shards:
    """All parts of a range, in order.

    Parameters
    ----------
    request : Request
        The whole range's.
    lo, hi : int or None
        Its bounds as keys; None where it is open.
    paging : Paging or None
        How its pages go on.
    between : callable or None
        Returns the request for a part, given its bounds as keys; None where it can't be cut.
    page_size : int
        Rows on a page.
    workers : int
        How many read at once.
    most_pages : int
        Length of a part when it is cut off, as far as that can be told [pages].

    Attributes
    ----------
    parts : list of Shard
        In order; those handed on are gone.
    is_cut : bool
        Whether there has been more than one.
    """

    def __init__(
        self,
        request: Request,
        *,
        paging: Paging | None,
        between: Callable[[int | None, int | None], Request] | None = None,
        lo: int | None = None,
        hi: int | None = None,
        page_size: int = 256,
        workers: int = 1,
        most_pages: int = 8,
    ) -> None:
        self._paging = paging
        self._between = between if workers > 1 else None
        self._page_size = page_size
        self._workers = workers
        self._most_pages = most_pages
        # Behind an open end there may be nothing, so each cut there is earned by a page.
        self._spare_cuts = 0 if hi is None else workers
        self.is_cut = False
        self.parts = [Shard(request, lo, hi)]

    @property
    def is_done(self) -> bool:
        """Whether there is nothing more to ask for."""
        return all(part.state is State.DONE for part in self.parts)

    @property
    def is_cuttable(self) -> bool:
        """Whether more than one worker can be of use."""
        return self._between is not None

    def claim(self, *, only: Shard | None = None) -> Shard | None:
        """Return what a free worker is to read, now being read; None where there is nothing.

        Parameters
        ----------
        only : Shard, optional
            Nothing but this one will do.
        """
        for place, part in enumerate(self.parts):
            if part.state is State.WAITING and only in (None, part):
                self._fit(place)
                part.state = State.READING
                return part
        if only is not None:
            return None
        stolen = self._steal()
        if stolen:
            self._fit(self.parts.index(stolen))
            stolen.state = State.READING
        return stolen

    def note(self, part: Shard, response: Response, keys: Sequence[int]) -> None:
        """Note the page that came for a part, and what to ask for next.

        Parameters
        ----------
        part : Shard
            Whose page it is.
        response : Response
            The page.
        keys : sequence of int
            Keys of its first and last row; empty where they don't matter.

        Raises
        ------
        ResponseError
            The pages would never end, or their times don't hold, although parts depend on them.
        """
        if keys:
            self._note_keys(part, response, keys)
        following = next_request(part.request, response, self._paging, part.cursors)
        if following is None or part.is_behind:
            part.state = State.DONE
            part.density = part.mean_density
        else:
            part.request = following
            self._spare_cuts += bool(response.records)

    def _note_keys(self, part: Shard, response: Response, keys: Sequence[int]) -> None:
        first, last = keys[0], keys[-1]
        self._check(part, first=first, last=last)
        n_rows = len(response.records)
        since = part.at if part.at is not None else first if n_rows > 1 else part.lo
        if since is not None:
            part.density = n_rows / max(1, last - since)
        part.at = last
        part.rows += n_rows

    def _check(self, part: Shard, *, first: int, last: int) -> None:
        """Give up cutting where times can't be relied on; raise where that is too late."""
        if last < first or (part.at is not None and first < part.at):
            reason = OUT_OF_ORDER
        elif part.lo is not None and last < part.lo - GRAIN:
            reason = OUT_OF_RANGE
        else:
            return
        if self.is_cut:
            raise unreliable(part.request, reason)
        self._between = None

    def drop_first(self) -> None:
        """Forget the first part, but how dense its rows were."""
        spent = self.parts.pop(0)
        if self.parts[0].density is None:
            self.parts[0].density = spent.density

    def release(self, part: Shard) -> None:
        """Let another worker go on with a part, if there is more of it."""
        if part.state is State.READING:
            part.state = State.WAITING

    def _density(self, place: int) -> float | None:
        """Return how dense the rows of a part seem to be: as its own, or as those before it."""
        known = (part.density for part in reversed(self.parts[: place + 1]))
        return next((density for density in known if density is not None), None)

    def _pages_left(self, place: int) -> float:
        """Return how many pages a part still seems to have; 0 where nothing is known."""
        part, density = self.parts[place], self._density(place)
        if not density or part.start is None:
            return 0
        return math.inf if part.hi is None else density * (part.hi - part.start) / self._page_size

    def _fit(self, place: int) -> None:
        """Cut a part that seems to be long, so that others can read what is behind."""
        pages = self._pages_left(place)
        wanted = self._most_pages
        if pages < math.inf:
            wanted = min(wanted, math.ceil(pages / self._workers))
        if pages > wanted + 1:
            self._cut_after(place, wanted)

    def _steal(self) -> Shard | None:
        """Cut off the half of the largest part being read, and return it."""
        reading = [
            place
            for place, part in enumerate(self.parts)
            if part.state is State.READING and part.at is not None
        ]
        place = max(reading, key=self._pages_left, default=None)
        if place is None or self._pages_left(place) < 3:
            return None
        under_way = 1
        half = (self._pages_left(place) - under_way) / 2
        return self._cut_after(place, under_way + min(half, self._most_pages))

    def _cut_after(self, place: int, pages: float) -> Shard | None:
        """Cut a part as many pages ahead as they seem to be; return what is behind, if any."""
        part, density = self.parts[place], self._density(place)
        if self._between is None or not density or part.start is None:
            return None
        if self._spare_cuts <= 0:
            return None
        key = part.start + math.ceil(pages * self._page_size / density)
        key += -key % GRAIN
        if (part.hi is not None and key >= part.hi) or abs(key) >= FARTHEST:
            return None
        self._spare_cuts -= 1
        self.is_cut = True
        # What ends at a time may leave out its fractions of a microsecond, so it ends 1 us later.
        behind = Shard(self._between(key - 1, part.hi), key, part.hi, part.is_last)
        part.hi, part.is_last = key, False
        if part.at is None and not part.cursors:  # only what was cut off is cut before it is read
            part.request = self._between(part.start - 1, key)
        self.parts.insert(place + 1, behind)
        return behind


def unreliable(request: Request, reason: str) -> ResponseError:
    """Return the error for times by which a read was divided, and which don't hold."""
    return ResponseError(
        f"the times of these rows are {reason}, and the read was divided by time",
        hint="Read it with workers=1.",
        method=request.method,
        path=request.path,
        reason=reason,
    )
