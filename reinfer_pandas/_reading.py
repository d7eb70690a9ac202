"""A read under way: its plan carried out, and what to tell of it at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._arrow import column, timestamps
from reinfer_pandas._decode import decode_records, record_batch
from reinfer_pandas._envelope import about
from reinfer_pandas._pages import next_request
from reinfer_pandas._records import Stamped
from reinfer_pandas._raw import infer_batch, inferred_schema, raw_records
from reinfer_pandas._schema import STRING
from reinfer_pandas._shards import Shard, Shards
from reinfer_pandas._wire import Attempt, Request, Response, Send
from reinfer_pandas._workers import Workers
from reinfer_pandas.exceptions import ReinferError, ResponseError
from reinfer_pandas.frames import add_timing, assemble, tag

if TYPE_CHECKING:
    import pandas as pd

    from reinfer_pandas._options import Plan
    from reinfer_pandas._schema import Schema

PAGES_AHEAD = 16
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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan = plan
        self._pipeline = pipeline
        self._host = host
        self._workers = workers
        self._now = now
        envelope = plan.request.envelope
        self._record = envelope.record if envelope else dict
        self._requests: list[tuple[Attempt, ...]] = []

    def frame(self) -> pd.DataFrame:
        """Read to the end, and return the tagged frame.

        Raises
        ------
        ReinferError
            With what had arrived as `partial`.
        """
        batches: list[pa.RecordBatch] = []
        try:
            for batch in first(self._batches(), self._plan.limit):
                batches.append(batch)  # noqa: PERF402 - what came stays when the next one fails
        except ReinferError as error:
            if error.log:
                self._requests.append(error.log)
            error.partial = self._tagged(batches)
            raise
        return self._tagged(batches)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows, in order, without those that came before."""
        plan = self._plan
        if plan.schema is None:
            return iter([self._inferred()])
        limit_pages = None if plan.limit is None else plan.limit // max(1, plan.page_size) + 1
        workers = Workers(
            self._shards(),
            self._pipeline,
            partial(self._batch, plan.schema),
            keys=self._keys,
            count=self._workers,
            ahead_pages=min(PAGES_AHEAD * self._workers, limit_pages or PAGES_AHEAD * 16),
            wanted_rows=plan.limit,
        )
        batches = workers.batches()
        return unique(batches, plan.schema.unique) if plan.schema.unique else batches

    def _shards(self) -> Shards:
        plan, span = self._plan, self._plan.span
        if span is None:
            return Shards(plan.request, paging=plan.paging)
        lo, hi = span.bounds
        return Shards(
            plan.request,
            paging=plan.paging,
            between=span.request,
            lo=lo,
            hi=hi,
            page_size=plan.page_size,
            workers=self._workers,
        )

    def _keys(self, response: Response) -> Sequence[int]:
        """Return the keys of a page's first and last row; none where a time can't be read."""
        if self._plan.span is None or not response.records:
            return ()
        try:
            ends = decode_records((response.records[0], response.records[-1]), Stamped)
            times = timestamps(column(ends, "time", STRING)).cast(pa.int64())
        except (ResponseError, pa.ArrowInvalid):
            return ()  # `_batch` tells which row it is
        return [self._plan.span.order * time for time in times.to_pylist()]

    def _batch(self, schema: Schema, part: Shard, response: Response) -> pa.RecordBatch:
        """Return a page's rows as columns, those outside the part left out."""
        self._requests.append(response.attempts)
        try:
            records = decode_records(response.records, self._record)
            batch = record_batch(records, schema, self._plan.wants)
        except ResponseError as error:
            self._requests.pop()
            raise about(error, self._plan.request, response) from None
        if self._plan.timing:
            batch = add_timing(batch, response.server_timing_ms, len(self._requests) - 1)
        return within(batch, part, self._plan)

    def _inferred(self) -> pa.RecordBatch:
        """Return all records of a raw route; their types show when all are there."""
        records: list[Any] = []
        send, seen = self._pipeline(threading.Event()), set[str]()
        request: Request | None = self._plan.request
        while request is not None and not self._has_enough(records):
            response = send(request)
            self._requests.append(response.attempts)
            records += raw_records(response, self._plan)
            request = next_request(request, response, self._plan.paging, seen)
        return infer_batch(records)

    def _has_enough(self, records: Sequence[Any]) -> bool:
        return bool(records) and self._plan.limit is not None and len(records) >= self._plan.limit

    def _tagged(self, batches: list[pa.RecordBatch]) -> pd.DataFrame:
        plan = self._plan
        schema = plan.frame_schema or inferred_schema(batches)
        df = assemble(batches, schema, columns=plan.frame_columns, dtype_backend=plan.dtype_backend)
        resource = plan.request.resource or plan.request.path
        return tag(df, self._requests, resource=resource, host=self._host, fetched_at=self._now())


def within(batch: pa.RecordBatch, part: Shard, plan: Plan) -> pa.RecordBatch:
    """Return the rows of a batch that lie within a part's bounds, both inclusive."""
    if plan.span is None or (part.lo is None and part.hi is None):
        return batch
    keys = pc.multiply(batch.column(plan.time_column).cast(pa.int64()), plan.span.order)
    inside = pa.scalar(True)
    if part.lo is not None:
        inside = pc.and_(inside, pc.greater_equal(keys, part.lo))
    if part.hi is not None:
        inside = pc.and_(inside, pc.less_equal(keys, part.hi))
    return batch.filter(inside)


def unique(batches: Iterable[pa.RecordBatch], key: str) -> Iterator[pa.RecordBatch]:
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
