"""A read under way: its plan carried out, and what to tell of it at any moment."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns.parser import PageParser
from reinfer_pandas._planning.raw import inferred_schema
from reinfer_pandas._reading.raw_pages import RawPages
from reinfer_pandas._reading.received import OutOfOrderError, Received, Rows, split
from reinfer_pandas._reading.shards import OUT_OF_ORDER, UNRELIABLE, Shards, unreliable
from reinfer_pandas._reading.workers import Workers
from reinfer_pandas._sending.envelope import about
from reinfer_pandas._wire import Attempt, Response, Send
from reinfer_pandas.exceptions import (
    ConfigurationError,
    ReadInterrupted,
    ReinferError,
    ResponseError,
)
from reinfer_pandas.frames import add_timing, assemble, tag

if TYPE_CHECKING:
    import pandas as pd

    from reinfer_pandas._planning.plan import Plan
    from reinfer_pandas._reading.progress import Progress
    from reinfer_pandas._reading.shard import Shard

MANY_PAGES, FEW_PAGES = 64, 4
"""How many pages for each worker may be read ahead of the rows handed on."""

_INTERRUPTED = (
    "{:,} rows had arrived. They are in the error's `partial`, and its `resume()` goes on: catch "
    "it with `except KeyboardInterrupt as error`, or take it from `sys.last_value`"
)
Pipeline = Callable[[threading.Event], Send]


class Reading:
    """One read, which can be broken off and gone on with.

    Parameters
    ----------
    plan : Plan
        What to read.
    pipeline : callable
        Given what tells that the read is over, returns what sends, retries and checks.
    host : str
        The tenant, for the tag.
    workers : int
        Requests under way at once.
    progress : Progress, optional
        Told of what comes.
    now : callable
        The time, UTC.
    """

    def __init__(
        self,
        plan: Plan,
        pipeline: Pipeline,
        *,
        host: str,
        workers: int = 1,
        progress: Progress | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan = plan
        self._parser = _parser(plan)
        self._pipeline = _completing(pipeline, plan, self._parser)
        self._host = host
        self._workers = workers
        self._progress = progress
        self._now = now
        self._failed: list[tuple[Attempt, ...]] = []
        self._under_way: Workers[Rows] | None = None
        self._is_finished = False
        self._raw_pages = RawPages(plan)
        self._shards, self._received = self._begun()

    def frame(self) -> pd.DataFrame:
        """Read to the end, and return the tagged frame; called again after an error, go on.

        Where times don't hold by which the read was divided, it is read again in one piece.

        Raises
        ------
        ReinferError, ReadInterrupted
            With what had arrived as `partial`, and what goes on as `resume`.
        """
        try:
            try:
                self._gather()
            except ResponseError as error:
                if error.reason not in UNRELIABLE:
                    raise
                self._workers = 1
                self._failed += [tries for rows in self._received.rows for tries in rows.requests]
                self._shards, self._received = self._begun()
                self._gather()
            df = self._assembled()
        except ReinferError as error:
            self._note_end(error, self.frame)
            raise
        except KeyboardInterrupt:
            raise self._interrupted(self.frame) from None
        self._is_finished = True
        return df

    def _assembled(self) -> pd.DataFrame:
        """Return all rows as the frame, which take their memory; so if that fails, all is lost."""
        rows, self._received.rows = self._received.rows, []
        try:
            return self._tagged(rows)
        except BaseException:
            self._shards, self._received = self._begun()
            raise

    def _gather(self) -> None:
        """Take in what comes; what came stays when the next fails."""
        with closing(self._coming()) as coming:
            for _ in coming:
                pass

    def frames(self) -> Iterator[pd.DataFrame]:
        """Read in frames of so many rows, each tagged with the requests since the one before.

        Closing the iterator ends the read; called again after an error, this goes on.

        Raises
        ------
        ReinferError, ReadInterrupted
            With what had arrived since the last frame as `partial`, and what goes on as `resume`.
        """
        size = self._plan.chunksize or sys.maxsize
        waiting = sum(rows.batch.num_rows for rows in self._received.rows)
        try:
            with closing(self._coming()) as coming:
                for n_rows in coming:
                    waiting += n_rows
                    while waiting >= size:
                        taken, rest = split(self._received.rows, size)
                        df = self._tagged(taken)
                        # Without a call between: a frame is handed on once, whenever Ctrl-C comes.
                        self._received.rows, waiting = rest, waiting - size
                        yield df
            if waiting:
                df, rest = self._tagged(list(self._received.rows)), []
                self._received.rows, waiting = rest, 0
                yield df
        except ReinferError as error:
            self._note_end(error, self.frames)
            raise
        except KeyboardInterrupt:
            raise self._interrupted(self.frames) from None
        self._is_finished = True

    def _note_end(self, error: ReinferError, go_on: Callable[[], Any]) -> None:
        """Note on an error what had arrived, and what goes on."""
        if error.log:
            self._failed.append(error.log)
        error.broke_off(self._partial, partial(self._resumed, go_on))

    def _interrupted(self, go_on: Callable[[], Any]) -> ReadInterrupted:
        """Return what Ctrl-C becomes: it tells what had arrived, and what goes on."""
        interrupt = ReadInterrupted(_INTERRUPTED.format(self._received.n_rows))
        interrupt.broke_off(self._partial, partial(self._resumed, go_on))
        return interrupt

    def _partial(self) -> pd.DataFrame:
        """Return what came and wasn't handed on, tagged, and the range that it covers."""
        is_raw = self._plan.schema is None and not self._received.rows
        df = self._tagged([self._raw_pages.rows()] if is_raw else list(self._received.rows))
        df.attrs["reinfer"]["ranges"] = json.dumps(self._ranges())
        return df

    def _ranges(self) -> list[list[str | None]]:
        """Return the time ranges of which all rows are there, both ends inclusive."""
        keys = [one.keys for one in self._received.rows if one.keys is not None and len(one.keys)]
        if self._plan.span is None or not keys:
            return []
        first, last = keys[0][0].as_py(), keys[-1][-1].as_py()
        lo = first + 1 if self._plan.chunksize else self._plan.span.bounds[0]
        hi = last - 1  # there may be more rows of the last time
        return [self._plan.span.times(lo, hi)] if lo is None or lo <= hi else []

    def _resumed(self, go_on: Callable[[], Any]) -> Any:
        """Go on where the read broke off."""
        if self._is_finished:
            raise ConfigurationError(
                "this read has been resumed, and went on to its end", hint="Read it anew."
            )
        return go_on()

    def _coming(self) -> Generator[int]:
        """Take in the rows, in order, and yield how many came each time."""
        if self._plan.schema is None:
            return self._inferred()
        return self._told(self._progress) if self._progress else self._added()

    def _added(self) -> Generator[int]:
        """Read what is still to be read, and take it in."""
        if self._under_way is not None:
            self._under_way.end()
        received, shards = self._received, self._shards
        received.go_on()
        shards.go_on(received.has)
        if received.is_enough:
            return
        self._under_way = Workers(
            shards,
            self._pipeline,
            self._rows,
            keys=self._keys,
            count=self._workers,
            ahead_pages=min(self._pages_ahead(), self._limit_pages()),
            wanted_rows=received.n_wanted,
        )
        with closing(self._under_way.batches()) as coming:
            for rows in coming:
                try:
                    yield received.add(rows, must_ascend=shards.is_cut)
                except OutOfOrderError:
                    raise unreliable(self._plan.request, OUT_OF_ORDER) from None
                if received.is_enough:
                    return

    def _told(self, progress: Progress) -> Generator[int]:
        """Take in rows, and tell of them."""
        try:
            for n_rows in self._added():
                progress.advance(n_rows)
                yield n_rows
        finally:
            progress.close()

    def _limit_pages(self) -> int:
        """Return how many pages hold the rows wanted."""
        if self._plan.limit is None:
            return sys.maxsize
        return self._plan.limit // max(1, self._plan.page_size) + 1

    def _pages_ahead(self) -> int:
        """Return how far to read ahead: a frame keeps all rows anyway, its parts do not."""
        return (FEW_PAGES if self._plan.chunksize else MANY_PAGES) * self._workers

    def _begun(self) -> tuple[Shards, Received]:
        """Return what to read, and what has come of it: nothing."""
        plan = self._plan
        unique = plan.schema.unique if plan.schema else ""
        return self._parts(), Received(unique=unique, limit=plan.limit, is_numbered=plan.timing)

    def _parts(self) -> Shards:
        """Return the range as one part, which can be divided where it is one of time."""
        plan, span = self._plan, self._plan.span
        if span is None:
            return Shards(plan.request, paging=plan.paging)
        lo, hi = span.bounds
        most_pages = FEW_PAGES if plan.chunksize else 2 * FEW_PAGES
        return Shards(
            plan.request,
            paging=plan.paging,
            between=span.request,
            lo=lo,
            hi=hi,
            page_size=plan.page_size,
            workers=self._workers,
            most_pages=max(1, min(most_pages, self._limit_pages() // self._workers)),
        )

    def _keys(self, response: Response) -> Sequence[int]:
        """Return the keys of a page's first and last row; none where a time can't be read."""
        span = self._plan.span
        times = response.page.times if response.page else ()
        return () if span is None else [span.order * time for time in times]

    def _rows(self, part: Shard, responses: Sequence[Response]) -> Rows:
        """Return the rows of some pages as columns, those outside the part left out."""
        parser = self._parser
        if parser is None:
            raise TypeError("what has no schema has no columns yet")
        pages = [response.page for response in responses if response.page]
        try:
            batch, counts = parser.reshape(pages), parser.counts(pages)
        except ResponseError as error:
            raise about(error, self._plan.request, responses[0]) from None
        if self._plan.timing:
            batch = add_timing(batch, responses, 0, counts)
        requests = tuple(tries for r in responses for tries in (r.attempts, *r.further))
        if self._progress:
            self._progress.answered(requests)
        beside = responses[-1].page.beside if responses[-1].page else {}
        facts = {name: beside.get(key) for name, key in self._plan.facts.items()}
        if self._plan.span is None:
            return Rows(batch, requests, facts)
        keys = pc.multiply(
            batch.column(self._plan.time_column).cast(pa.int64()), self._plan.span.order
        )
        return Rows(batch, requests, facts, keys).where(within(keys, part))

    def _inferred(self) -> Generator[int]:
        """Read all records of a raw route; their types show when all are there."""
        self._raw_pages.read(self._pipeline(threading.Event()))
        yield self._received.add(self._raw_pages.rows())

    def _tagged(self, rows: list[Rows]) -> pd.DataFrame:
        """Return rows as a tagged frame; the list is emptied."""
        plan = self._plan
        requests = [tries for one in rows for tries in one.requests]
        facts = rows[-1].facts if rows else {}
        batches = [one.batch for one in rows]
        rows.clear()
        schema = plan.frame_schema or inferred_schema(batches)
        df = assemble(batches, schema, columns=plan.frame_columns, dtype_backend=plan.dtype_backend)
        resource = plan.request.resource or plan.request.path
        requests += self._failed
        tag(df, requests, resource=resource, host=self._host, fetched_at=self._now())
        df.attrs["reinfer"].update(facts)
        return df


def _parser(plan: Plan) -> PageParser | None:
    """Return what makes columns of this read; None where they are inferred."""
    envelope, schema = plan.request.envelope, plan.schema
    if envelope is None or schema is None:
        return None
    return PageParser(envelope, schema, plan.wants, plan.properties)


def _completing(pipeline: Pipeline, plan: Plan, parser: PageParser | None) -> Pipeline:
    """Return the pipeline with what the plan needs of it beside sending."""
    complete = plan.complete or (lambda send: send)
    if parser is None:
        return lambda stop: complete(pipeline(stop))

    def completing(stop: threading.Event) -> Send:
        send = complete(pipeline(stop))
        return lambda request: send(replace(request, parse=parser.parse))

    return completing


def within(keys: pa.Array, part: Shard) -> pa.Array:
    """Tell of each key whether it lies within a part's bounds, both inclusive."""
    lo, hi = (pa.scalar(bound, pa.int64()) for bound in (part.lo, part.hi))
    above = pc.fill_null(pc.greater_equal(keys, lo), True)
    return pc.and_(above, pc.fill_null(pc.less_equal(keys, hi), True))
