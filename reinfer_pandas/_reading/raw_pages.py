"""The pages of a raw route, kept as they came: their records' types show when all are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reinfer_pandas._planning.raw import infer_batch, raw_records
from reinfer_pandas._reading.pages import next_request
from reinfer_pandas._reading.received import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reinfer_pandas._planning.plan import Plan
    from reinfer_pandas._wire import Attempt, Request, Send


@dataclass(frozen=True, slots=True)
class _Page:
    records: Sequence[Any]
    attempts: tuple[Attempt, ...]
    then: Request | None


class RawPages:
    """The pages that came of a raw route.

    Parameters
    ----------
    plan : Plan
        What to read.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pages: list[_Page] = []
        self._cursors: set[str] = set()

    def read(self, send: Send) -> None:
        """Read on until all is there that is wanted."""
        while (request := self._next()) is not None:
            response = send(request)
            records = raw_records(response, self._plan)
            then, cursor = next_request(request, response, self._plan.paging, self._cursors)
            self._pages.append(_Page(records, response.attempts, then))
            if cursor is not None:
                self._cursors.add(cursor)

    def rows(self) -> Rows:
        """Return all records as rows."""
        records = [record for page in self._pages for record in page.records]
        return Rows(infer_batch(records), tuple(page.attempts for page in self._pages))

    def _next(self) -> Request | None:
        """Return what to ask for next; None where all is there."""
        if not self._pages:
            return self._plan.request
        n_records = sum(len(page.records) for page in self._pages)
        limit = self._plan.limit
        if limit is not None and n_records >= max(1, limit):
            return None
        return self._pages[-1].then
