"""Threads that read the parts of a range, and hand on their rows in the order of one read.

Threads fetch and parse; the thread that iterates makes the columns, while they wait for the next
pages. What has been read ahead of the row handed on last is bounded, so memory is too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

import pyarrow as pa

from reinfer_pandas._shards import Shard, Shards, State
from reinfer_pandas._wire import Response, Send
from reinfer_pandas.exceptions import ReinferError

Convert = Callable[[Shard, Sequence[Response]], pa.RecordBatch]
Keys = Callable[[Response], Sequence[int]]


MOST_AT_ONCE = 8
"""How many pages become columns together: each call of Arrow costs more than its few rows."""


LISTEN_S = 0.2
"""How often a wait looks up: on some systems Ctrl-C is heard only between two waits [s]."""

END_S = 1.0
"""How long to wait for threads to end; one that is still connecting ends by itself [s]."""


class StoppedError(Exception):
    """Raised in a thread whose read is over."""


class Workers:
    """Threads at work on the parts of one read.

    Parameters
    ----------
    shards : Shards
        The parts.
    send : callable
        Given what tells that the read is over, returns the `Send` to read with.
    convert : callable
        Makes columns of a page; called by the iterating thread alone.
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
        convert: Convert,
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
        self._arrived: deque[tuple[Shard, Response]] = deque()
        self._n_ahead = 0
        self._n_rows = 0
        self._is_hungry = False
        self._error: BaseException | None = None
        self._broken: list[Shard] = []
        self._threads: list[threading.Thread] = []

    def batches(self) -> Generator[pa.RecordBatch]:
        """Yield the rows, in order; closing this ends the threads.

        Raises
        ------
        ReinferError
            What ended the read, when all rows before it have been handed on.
        """
        with self._at_work():
            while (arrival := self._next_arrival()) is not None:
                self._make_columns(*arrival)
                yield from self._in_order()
            if self._error:
                raise self._error

    def _make_columns(self, part: Shard, responses: Sequence[Response]) -> None:
        """Convert pages of a part together; where one can't be, those before it still are.

        What comes behind it is never handed on: its part stays one that isn't all converted.
        """
        if part in self._broken:
            return
        try:
            part.ready.append((len(responses), self._convert(part, responses)))
        except ReinferError as error:
            if len(responses) > 1:
                for response in responses:
                    self._make_columns(part, (response,))
                return
            self._broken.append(part)
            self._fail(error)
        else:
            part.unconverted -= len(responses)

    def _in_order(self) -> Iterator[pa.RecordBatch]:
        """Yield what is ready at the head of the parts, and drop the parts that are spent."""
        parts = self._shards.parts
        while parts:
            while parts[0].ready:
                n_pages, batch = parts[0].ready.popleft()
                yield batch
                with self._changing():
                    self._n_ahead -= n_pages
            if not parts[0].is_spent or len(parts) == 1:
                return
            with self._changing():
                self._shards.drop_first()

    def _next_arrival(self) -> tuple[Shard, Sequence[Response]] | None:
        """Wait for pages of one part; None when there will be no more."""
        if not self._threads:
            self._read_first()
        with self._changed:
            while not self._arrived:
                is_idle = not any(part.state is State.READING for part in self._shards.parts)
                if self._error or (is_idle and self._shards.is_done):
                    return None
                self._is_hungry = is_idle
                self._changed.notify_all()
                self._changed.wait(LISTEN_S)
            self._is_hungry = False
            return self._pop_arrived()

    def _pop_arrived(self) -> tuple[Shard, Sequence[Response]]:
        """Return all that has come of the part that came first, up to some pages."""
        part, _ = self._arrived[0]
        taken = [one for one in self._arrived if one[0] is part][:MOST_AT_ONCE]
        for one in taken:
            self._arrived.remove(one)
        self._changed.notify_all()
        return part, [response for _, response in taken]

    def _read_first(self) -> None:
        """Read the first page in this thread: most reads have but one, and start no other."""
        part = self._shards.claim()
        if part is None:
            return
        self._arrive(part, self._send(part.request))
        self._shards.release(part)
        if not self._shards.is_done:
            count = self._count if self._shards.is_cuttable else 1
            for number in range(count):
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
            self._arrive(part, self._send(part.request))
            if part.state is State.DONE or self._has_enough() or self._is_too_far(part):
                break
        with self._changing():
            self._shards.release(part)

    def _has_enough(self) -> bool:
        """Tell whether to stop asking: for good, or until some pages have been made columns."""
        is_full = self._wanted_rows is not None and self._n_rows >= self._wanted_rows
        return is_full or len(self._arrived) >= max(MOST_AT_ONCE, 2 * self._count)

    def _is_too_far(self, part: Shard) -> bool:
        """Tell whether a part lies behind so much that it has to wait."""
        return self._n_ahead >= self._ahead_pages and part is not self._shards.parts[0]

    def _arrive(self, part: Shard, response: Response) -> None:
        """Note a page, and hand it to the thread that iterates."""
        keys = self._keys(response)
        with self._changing():
            if self._stop.is_set():
                raise StoppedError
            self._arrived.append((part, response))
            part.unconverted += 1
            self._n_ahead += 1
            self._n_rows += len(response.records)
            self._shards.note(part, response, keys)

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
            self._stop.set()
            with self._changing():
                pass
            for thread in self._threads:
                with suppress(RuntimeError):  # Ctrl-C came before it was started
                    thread.join(END_S / len(self._threads))
