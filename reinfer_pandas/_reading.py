"""A read under way: its plan carried out, and what to tell of it at any moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._arrow import column, timestamps
from reinfer_pandas._decode import decode_records, record_batch, shape_records
from reinfer_pandas._envelope import about
from reinfer_pandas._pages import next_request
from reinfer_pandas._raw import infer_batch, inferred_schema, raw_records
from reinfer_pandas._records import Stamped
from reinfer_pandas._schema import STRING
from reinfer_pandas._shards import OUT_OF_ORDER, UNRELIABLE, Shard, Shards, unreliable
from reinfer_pandas._wire import Attempt, Request, Response, Send
from reinfer_pandas._workers import Workers
from reinfer_pandas.exceptions import ReinferError, ResponseError
from reinfer_pandas.frames import add_timing, assemble, tag

if TYPE_CHECKING:
    import pandas as pd

    from reinfer_pandas._plan import Plan
    from reinfer_pandas._progress import Progress
    from reinfer_pandas._schema import Schema

MANY_PAGES, FEW_PAGES = 64, 4
"""How many pages for each worker may be read ahead of the rows handed on."""

Pipeline = Callable[[threading.Event], Send]


class Reading:
    """One read.

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
        self._pipeline = _completing(pipeline, plan)
        self._host = host
        self._workers = workers
        self._progress = progress
        self._now = now
        envelope = plan.request.envelope
        self._record = envelope.record if envelope else dict
        self._requests: list[tuple[Attempt, ...]] = []
        self._facts: dict[str, Any] = {}
        self._n_untagged = 0

    def frame(self) -> pd.DataFrame:
        """Read to the end, and return the tagged frame.

        Where times don't hold by which the read was divided, it is read again in one piece.

        Raises
        ------
        ReinferError
            With what had arrived as `partial`.
        """
        batches: list[pa.RecordBatch] = []
        try:
            try:
                self._gather(batches)
            except ResponseError as error:
                if error.reason not in UNRELIABLE:
                    raise
                batches.clear()
                self._workers = 1
                self._gather(batches)
        except ReinferError as error:
            if error.log:
                self._requests.append(error.log)
            error.partial = self._tagged(batches)
            raise
        return self._tagged(batches)

    def _gather(self, batches: list[pa.RecordBatch]) -> None:
        """Add to the list what comes; what came stays there when the next fails."""
        with closing(self._batches()) as coming:
            for batch in first(coming, self._plan.limit):
                batches.append(batch)  # noqa: PERF402 - extend() promises no such thing

    def frames(self) -> Iterator[pd.DataFrame]:
        """Read in frames of so many rows, each tagged with the requests since the one before.

        Closing the iterator ends the read.

        Raises
        ------
        ReinferError
            With what had arrived since the last frame as `partial`.
        """
        size = self._plan.chunksize or sys.maxsize
        batches: list[pa.RecordBatch] = []
        n_rows = 0
        try:
            with closing(self._batches()) as coming:
                for batch in first(coming, self._plan.limit):
                    batches.append(batch)
                    n_rows += batch.num_rows
                    while n_rows >= size:
                        chunk, batches = split(batches, size)
                        n_rows -= size
                        yield self._tagged(chunk)
        except ReinferError as error:
            if error.log:
                self._requests.append(error.log)
            error.partial = self._tagged(batches)
            raise
        if batches and n_rows:
            yield self._tagged(batches)

    def _batches(self) -> Generator[pa.RecordBatch]:
        """Yield the rows, in order, without those that came before."""
        plan = self._plan
        if plan.schema is None:
            return self._inferred()
        shards = self._shards()
        workers = Workers(
            shards,
            self._pipeline,
            partial(self._batch, plan.schema),
            keys=self._keys,
            count=self._workers,
            ahead_pages=min(self._pages_ahead(), self._limit_pages()),
            wanted_rows=plan.limit,
        )
        batches = workers.batches()
        if plan.schema.unique:
            batches = unique(batches, plan.schema.unique)
        if plan.span:
            batches = self._in_order(batches, shards)
        return self._told(batches, self._progress) if self._progress else batches

    def _told(
        self, batches: Generator[pa.RecordBatch], progress: Progress
    ) -> Generator[pa.RecordBatch]:
        """Yield the batches, and tell of their rows."""
        try:
            for batch in batches:
                progress.advance(batch.num_rows)
                yield batch
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

    def _shards(self) -> Shards:
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
        if self._plan.span is None or not response.records:
            return ()
        try:
            ends = decode_records((response.records[0], response.records[-1]), Stamped)
            times = timestamps(column(ends, "time", STRING)).cast(pa.int64()).to_pylist()
        except (ResponseError, pa.ArrowInvalid):
            return ()  # `_batch` tells which row it is
        return () if None in times else [self._plan.span.order * time for time in times]

    def _batch(self, schema: Schema, part: Shard, responses: Sequence[Response]) -> pa.RecordBatch:
        """Return the rows of some pages as columns, those outside the part left out."""
        try:
            pages = [self._rows(response) for response in responses]
            rows = [row for page in pages for row in page]
            batch = record_batch(rows, schema, self._plan.wants)
        except ResponseError as error:
            raise about(error, self._plan.request, responses[0]) from None
        if self._plan.timing:
            counts = [len(page) for page in pages]
            batch = add_timing(batch, responses, len(self._requests), counts)
        requests = [tries for r in responses for tries in (r.attempts, *r.further)]
        self._requests += requests
        if self._progress:
            self._progress.answered(requests)
        self._n_untagged += batch.num_rows
        if self._plan.span is None:
            return batch
        inside = within(self._times(batch), part)
        return batch if pc.all(inside, min_count=0).as_py() else batch.filter(inside)

    def _times(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the keys of rows."""
        times = batch.column(self._plan.time_column).cast(pa.int64())
        return pc.multiply(times, self._plan.span.order if self._plan.span else 1)

    def _in_order(
        self, batches: Generator[pa.RecordBatch], shards: Shards
    ) -> Generator[pa.RecordBatch]:
        """Yield the batches; once the read was divided by time, only in its order."""
        last = pa.array([], pa.int64())
        for batch in batches:
            keys = pa.concat_arrays([last, self._times(batch)])
            if shards.is_cut and not ascends(keys):
                raise unreliable(self._plan.request, OUT_OF_ORDER)
            last = keys[-1:]
            yield batch

    def _rows(self, response: Response) -> Sequence[Any]:
        """Return the records of a page, as rows, and note what the tag is to tell of it."""
        beside = response.page.beside if response.page else {}
        for name, key in self._plan.facts.items():
            self._facts[name] = beside.get(key)
        records = decode_records(response.records, self._record)
        return shape_records(records, self._plan.request.envelope, beside)

    def _inferred(self) -> Generator[pa.RecordBatch]:
        """Yield all records of a raw route at once; their types show when all are there."""
        records: list[Any] = []
        send, seen = self._pipeline(threading.Event()), set[str]()
        request: Request | None = self._plan.request
        while request is not None and not self._has_enough(records):
            response = send(request)
            self._requests.append(response.attempts)
            records += raw_records(response, self._plan)
            request = next_request(request, response, self._plan.paging, seen)
        yield infer_batch(records)

    def _has_enough(self, records: Sequence[Any]) -> bool:
        return bool(records) and self._plan.limit is not None and len(records) >= self._plan.limit

    def _tagged(self, batches: list[pa.RecordBatch]) -> pd.DataFrame:
        plan = self._plan
        schema = plan.frame_schema or inferred_schema(batches)
        df = assemble(batches, schema, columns=plan.frame_columns, dtype_backend=plan.dtype_backend)
        resource = plan.request.resource or plan.request.path
        requests, self._requests = self._requests, []
        tag(df, requests, resource=resource, host=self._host, fetched_at=self._now())
        self._n_untagged -= len(df)
        if self._n_untagged == 0:  # a batch of which rows were left out isn't done with
            df.attrs["reinfer"].update(self._facts)
        return df


def _completing(pipeline: Pipeline, plan: Plan) -> Pipeline:
    """Return the pipeline with what the plan needs of it beside sending."""
    complete = plan.complete
    return pipeline if complete is None else lambda stop: complete(pipeline(stop))


def split(
    batches: Sequence[pa.RecordBatch], n_rows: int
) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch]]:
    """Return the first rows of some batches, and the rest."""
    table = list(batches)
    left = n_rows
    head: list[pa.RecordBatch] = []
    while left:
        batch = table.pop(0)
        head.append(batch.slice(0, left))
        if batch.num_rows > left:
            table.insert(0, batch.slice(left))
        left -= head[-1].num_rows
    return head, table


def ascends(keys: pa.Array) -> bool:
    """Tell whether no key is less than the one before it."""
    return bool(pc.all(pc.less_equal(keys[:-1], keys[1:]), min_count=0).as_py())


def within(keys: pa.Array, part: Shard) -> pa.Array:
    """Tell of each key whether it lies within a part's bounds, both inclusive."""
    lo, hi = (pa.scalar(bound, pa.int64()) for bound in (part.lo, part.hi))
    above = pc.fill_null(pc.greater_equal(keys, lo), True)
    return pc.and_(above, pc.fill_null(pc.less_equal(keys, hi), True))


def unique(batches: Iterable[pa.RecordBatch], key: str) -> Generator[pa.RecordBatch]:
    """Yield the batches without the rows whose key came before.

    Pages are no snapshot: what is written while they are read can move a row to the next page.
    """
    seen: set[str] = set()
    for batch in batches:
        fresh = []
        for value in batch.column(key).to_pylist():
            fresh.append(value not in seen)
            seen.add(value)
        yield batch if all(fresh) else batch.filter(pa.array(fresh))


def first(batches: Iterable[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    """Yield the first rows, and ask for no batch beyond them."""
    left = limit
    for batch in batches:
        yield batch if left is None else batch.slice(0, left)
        if left is not None:
            left -= batch.num_rows
            if left <= 0:
                return
