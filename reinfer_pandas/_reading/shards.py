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
from typing import TYPE_CHECKING, Any

from reinfer_pandas._reading.pages import next_request
from reinfer_pandas._reading.shard import Arrived, Shard, State
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reinfer_pandas._wire import Paging, Request, Response


GRAIN = 1000
"""Cuts lie at whole milliseconds, whole also for a server that keeps no microseconds."""

FARTHEST = 62_135_596_800_000_000
"""No cut is farther from 1970 than the year 1: what lies beyond may be no date."""


OUT_OF_ORDER, OUT_OF_RANGE = "out of order", "out of range"
UNRELIABLE = (OUT_OF_ORDER, OUT_OF_RANGE)
"""Why a read can't be divided by its times."""


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
        self._divide = between
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
    def is_begun(self) -> bool:
        """Whether a page has come."""
        return len(self.parts) > 1 or self.parts[0].at is not None or bool(self.parts[0].held)

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
        rows, at, density = response.n_rows, part.at, part.density
        if keys:
            self._check(part, first=keys[0], last=keys[-1])
            at, density = keys[-1], _page_density(part, rows, keys)
        following, cursor = next_request(part.request, response, self._paging, part.cursors)
        is_done = following is None or part.is_behind(at)
        page = Arrived(part.request, response, part.at)
        # From here on without a call: Ctrl-C finds all of it or nothing.
        part.held += [page]
        part.at, part.density, part.rows = at, density, part.rows + rows
        part.is_stale = False
        if is_done:
            part.state = State.DONE
        else:
            part.request = following or part.request
            self._spare_cuts += rows > 0
        if cursor is None:
            part.cursors = set()
        else:
            part.cursors.add(cursor)
        if is_done:
            part.density = part.mean_density

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

    def go_on(self, is_handed_on: Callable[[Any], bool]) -> None:
        """Make all parts ready to be read on, after the read was broken off: see `Shard.go_on`."""
        for part in self.parts:
            part.go_on(is_handed_on)

    def ask_by_time(self, part: Shard) -> bool:
        """Ask for what is left of a part by its time, if that can be done; tell whether it can.

        The rows of the last time come again.
        """
        if self._divide is None or part.at is None or not part.is_stale:
            return False
        part.request, part.is_stale, part.cursors = self._divide(part.at - 1, part.hi), False, set()
        part.at -= GRAIN
        return True

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


def _page_density(part: Shard, n_rows: int, keys: Sequence[int]) -> float | None:
    """Return how dense the rows of a page lie; as before where nothing tells."""
    since = part.at if part.at is not None else keys[0] if n_rows > 1 else part.lo
    return part.density if since is None else n_rows / max(1, keys[-1] - since)


def unreliable(request: Request, reason: str) -> ResponseError:
    """Return the error for times by which a read was divided, and which don't hold."""
    return ResponseError(
        f"the times of these rows are {reason}, and the read was divided by time",
        hint="Read it with workers=1.",
        method=request.method,
        path=request.path,
        reason=reason,
    )
