"""A part of a time range: what is still to be read of it, and what has come and waits its turn.

Ctrl-C may come wherever Python looks for it: at calls and in loops. So what changes together is
assigned together, without either in between, and a read that was interrupted can go on from what
is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas._wire import Request, Response


class State(Enum):
    """What is done with a shard."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A page that came, of which no columns have been made yet.

    Attributes
    ----------
    request, response : Request, Response
        What was asked and what came.
    after : int or None
        Key of the last row before it; None where there is none.
    """

    request: Request
    response: Response
    after: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made of some pages, to be handed on.

    Attributes
    ----------
    value : object
        Their rows.
    n_pages : int
        How many pages.
    """

    value: Any
    n_pages: int


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
    cursors : set of str
        The continuations that came.
    held : list of Made and Arrived
        What has been read of it and not yet handed on, in order; what isn't made into columns
        stands behind what is.
    is_broken : bool
        Whether a page of it came that can't be made into columns.
    is_stale : bool
        Whether its continuation is of a read that was broken off, and may not be taken any more.
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
    held: list[Made | Arrived] = field(default_factory=list)
    is_broken: bool = False
    is_stale: bool = False

    @property
    def start(self) -> int | None:
        """Where the part of it begins that is still to be read."""
        return self.lo if self.at is None else self.at

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
        return self.state is State.DONE and not self.held

    @property
    def n_made(self) -> int:
        """How many of what is held stand ready to be handed on."""
        return sum(isinstance(one, Made) for one in self.held)

    @property
    def n_pages_held(self) -> int:
        """How many pages are held, made into columns or not."""
        return sum(one.n_pages if isinstance(one, Made) else 1 for one in self.held)

    def is_behind(self, at: int | None) -> bool:
        """Tell whether a key lies where another shard begins."""
        return not self.is_last and at is not None and self.hi is not None and at >= self.hi

    def arrived(self, most: int) -> list[Arrived]:
        """Return the first pages of which no columns have been made, up to so many."""
        first = self.n_made
        return [one for one in self.held[first : first + most] if isinstance(one, Arrived)]

    def put(self, pages: list[Arrived], value: Any) -> None:
        """Put in the place of the first pages that arrived what was made of them."""
        made, first = Made(value, len(pages)), self.n_made
        self.held[first : first + len(pages)] = [made]

    def go_on(self, is_handed_on: Callable[[Any], bool]) -> None:
        """Make it ready to be read on, after the read was broken off.

        Parameters
        ----------
        is_handed_on : callable
            Tells of what was made whether it had been handed on when the read broke off.
        """
        head = self.held[0] if self.held else None
        if isinstance(head, Made) and is_handed_on(head.value):
            del self.held[0]
        if self.is_broken:
            self._ask_again()
        if self.state is State.READING:
            self.state = State.WAITING
        self.is_stale = bool(self.cursors)

    def _ask_again(self) -> None:
        """Go back to before the first page of which no columns have been made."""
        first, cursors = self.n_made, set[str]()
        page = self.held[first]
        if isinstance(page, Arrived):
            del self.held[first:]
            self.request, self.at, self.cursors = page.request, page.after, cursors
            self.state, self.is_broken = State.WAITING, False
