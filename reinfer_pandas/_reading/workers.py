"""Threads that read the parts of a range, and hand on their rows in the order of one read.

Threads fetch and parse; the thread that iterates makes the columns, while they wait for the next
pages. What has been read ahead of the row handed on last is bounded, so memory is too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from reinfer_pandas._reading.shard import Made, Shard, State
from reinfer_pandas._sending.pipeline import StoppedError
from reinfer_pandas._wire import Response, Send
from reinfer_pandas.exceptions import InvalidRequestError, NotFoundError, ReinferError

if TYPE_CHECKING:
    from reinfer_pandas._reading.shards import Shards

T = TypeVar("T")
Convert = Callable[[Shard, Sequence[Response]], T]
Keys = Callable[[Response], Sequence[int]]


MOST_AT_ONCE = 8
"""How many pages become columns together: each call of Arrow costs more than its few rows, and
what doesn't fit the processor's cache costs more again."""


LISTEN_S = 0.2
"""How often a wait looks up: on some systems Ctrl-C is heard only between two waits [s]."""

END_S = 1.0
"""How long to wait for threads to end; one that is still connecting ends by itself [s]."""


class Workers(Generic[T]):
    """Threads at work on the parts of one read.

    What isn't handed on stays with the parts: when the threads have ended, however that came
    about, others can go on.

    Parameters
    ----------
    shards : Shards
        The parts.
    send : callable
        Given what tells that the read is over, returns the `Send` to read with.
    convert : callable
        Makes columns of some pages; called by the iterating thread alone.
    keys : callable
        Returns the keys of a page's rows.
    count : int
        How many threads.
    ahead_pages : int
        How many pages may be read ahead of the rows handed on.
    wanted_rows : int, optional
        When so many have come, no more are asked for, unless rows come short in the end.
    """

    def __init__(
        self,
        shards: Shards,
        send: Callable[[threading.Event], Send],
        convert: Convert[T],
        *,
        keys: Keys,
        count: int,
        ahead_pages: int,
        pages_at_once: int = 8,
        wanted_rows: int | None = None,
    ) -> None:
        self._shards = shards
        self._stop = threading.Event()
        self._send = send(self._stop)
        self._convert = convert
        self._keys = keys
        self._count = count
        self._ahead_pages = ahead_pages
        self._pages_at_once = pages_at_once
        self._wanted_rows = wanted_rows
        self._changed = threading.Condition()
        self._n_arrived = sum(len(part.held) - part.n_made for part in shards.parts)
        self._n_ahead = sum(part.n_pages_held for part in shards.parts)
        self._n_rows = 0
        self._is_hungry = False
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def batches(self) -> Generator[T]:
        """Yield the rows, in order; closing this ends the threads.

        Raises
        ------
        ReinferError
            What ended the read, when all rows before it have been handed on.
        """
        with self._at_work():
            if not self._shards.is_begun:
                self._read_first()
            yield from self._in_order()
            while (part := self._next_arrived()) is not None:
                self._make_columns(part, MOST_AT_ONCE)
                yield from self._in_order()
            if self._error:
                raise self._error

    def end(self) -> None:
        """End the threads, and wait for them a little."""
        self._stop.set()
        self._let_go()
        with self._changing():
            pass
        for thread in self._threads:
            with suppress(RuntimeError):  # Ctrl-C came before it was started
                thread.join(END_S / len(self._threads))

    def _let_go(self) -> None:
        """Release the lock if Ctrl-C came between taking it and the block that releases it."""
        with suppress(RuntimeError):  # says that it isn't held
            while True:
                self._changed.release()

    def _make_columns(self, part: Shard, most: int) -> None:
        """Convert pages of a part together; where one can't be, those before it still are.

        What comes behind it is never handed on: it stays with its part.
        """
        pages = part.arrived(most)
        try:
            made = self._convert(part, [page.response for page in pages])
        except ReinferError as error:
            if len(pages) > 1:
                for _ in pages:
                    if not part.is_broken:
                        self._make_columns(part, 1)
                return
            part.is_broken = True
            self._fail(error)
        else:
            with self._changing():
                part.put(pages, made)
                self._n_arrived -= len(pages)

    def _in_order(self) -> Iterator[T]:
        """Yield what is ready at the head of the parts, and drop the parts that are spent."""
        parts = self._shards.parts
        while parts:
            while parts[0].n_made:
                head = parts[0].held[0]
                if isinstance(head, Made):
                    yield head.value
                    with self._changing():
                        del parts[0].held[0]
                        self._n_ahead -= head.n_pages
            if not parts[0].is_spent or len(parts) == 1:
                return
            with self._changing():
                self._shards.drop_first()

    def _next_arrived(self) -> Shard | None:
        """Wait for pages, and return the part that has some; None when there will be no more."""
        with self._changed:
            while (part := self._first_arrived()) is None:
                is_idle = not any(part.state is State.READING for part in self._shards.parts)
                if self._error or (is_idle and self._shards.is_done):
                    return None
                self._start()
                self._is_hungry = is_idle
                self._changed.notify_all()
                self._changed.wait(LISTEN_S)
            self._is_hungry = False
            if not self._has_enough():
                self._start()
            return part

    def _first_arrived(self) -> Shard | None:
        """Return the first part of which pages arrived that can be made columns."""
        if not self._n_arrived:
            return None
        parts = self._shards.parts
        return next((part for part in parts if not part.is_broken and part.arrived(1)), None)

    def _read_first(self) -> None:
        """Read the first page in this thread: most reads have but one, and start no other."""
        part = self._shards.claim()
        if part is not None:
            self._arrive(part, self._send(part.request))
            self._shards.release(part)

    def _start(self) -> None:
        """Start the threads, if there is anything to read and they aren't at work yet."""
        if self._threads or self._shards.is_done or self._error:
            return
        for number in range(self._count if self._shards.is_cuttable else 1):
            thread = threading.Thread(target=self._work, name=f"reinfer-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        """Read part after part."""
        try:
            while (part := self._next_part()) is not None:
                self._read(part)
        except StoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End the read with an error, the first one that there is."""
        with self._changing():
            self._error = self._error or error
            self._stop.set()

    def _next_part(self) -> Shard | None:
        """Wait for something to read; None when there is nothing more."""
        with self._changed:
            while not self._stop.is_set() and not self._shards.is_done:
                if part := self._claim():
                    return part
                self._changed.wait()
            self._changed.notify_all()
        return None

    def _claim(self) -> Shard | None:
        """Return a part to read: any while there is room ahead, else the one that all wait for."""
        head = self._shards.parts[0]
        if self._is_hungry:
            self._is_hungry = False
            return self._shards.claim(only=head)
        if self._has_enough():
            return None
        under_way = sum(part.state is State.READING for part in self._shards.parts)
        has_room = self._n_ahead + under_way < self._ahead_pages
        return self._shards.claim(only=None if has_room else head)

    def _read(self, part: Shard) -> None:
        """Read some pages of a part, then let others go on with it."""
        for _ in range(self._pages_at_once):
            self._arrive(part, self._answer(part))
            if part.state is State.DONE or self._has_enough() or self._is_too_far(part):
                break
        with self._changing():
            self._shards.release(part)

    def _answer(self, part: Shard) -> Response:
        """Return the answer to a part's next request; ask by time where a continuation is stale."""
        try:
            return self._send(part.request)
        except (InvalidRequestError, NotFoundError):
            with self._changing():
                can_be_asked = self._shards.ask_by_time(part)
            if not can_be_asked:
                raise
            return self._send(part.request)

    def _has_enough(self) -> bool:
        """Tell whether to stop asking: for good, or until some pages have been made columns."""
        is_full = self._wanted_rows is not None and self._n_rows >= self._wanted_rows
        return is_full or self._n_arrived >= max(2 * MOST_AT_ONCE, 2 * self._count)

    def _is_too_far(self, part: Shard) -> bool:
        """Tell whether a part lies behind so much that it has to wait."""
        return self._n_ahead >= self._ahead_pages and part is not self._shards.parts[0]

    def _arrive(self, part: Shard, response: Response) -> None:
        """Note a page, and hand it to the thread that iterates."""
        keys = self._keys(response)
        with self._changing():
            if self._stop.is_set():
                raise StoppedError
            self._shards.note(part, response, keys)
            self._n_arrived += 1
            self._n_ahead += 1
            self._n_rows += response.n_rows

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change what the threads share, and wake them."""
        with self._changed:
            yield
            self._changed.notify_all()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """End the threads, however the read ends."""
        try:
            yield
        finally:
            self.end()
