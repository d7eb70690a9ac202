"""What has come of a read and waits to become a frame: in order, each row once, none too many."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas._wire import Attempt

Requests = tuple[tuple["Attempt", ...], ...]
NO_FACTS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows made of some pages, and what is to be told of them.

    Attributes
    ----------
    batch : pyarrow.RecordBatch
        The rows.
    requests : tuple of tuples of Attempt
        The attempts at the pages' requests.
    facts : Mapping of str to object
        What the last page says beside its rows; none where rows behind these were left out.
    keys : pyarrow.Array, optional
        Of each row, what the order goes by.
    """

    batch: pa.RecordBatch
    requests: Requests = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: NO_FACTS)
    keys: pa.Array | None = None

    def where(self, mask: pa.Array) -> Rows:
        """Return the rows of which a mask is true."""
        if pc.all(mask, min_count=0).as_py():
            return self
        keys = None if self.keys is None else self.keys.filter(mask)
        return replace(self, batch=self.batch.filter(mask), keys=keys)

    def head(self, n_rows: int) -> Rows:
        """Return the first rows; the requests count with them."""
        if n_rows >= self.batch.num_rows:
            return self
        return Rows(self.batch.slice(0, n_rows), self.requests)

    def tail(self, n_rows: int) -> Rows:
        """Return the rows behind the first ones, whose requests count with those."""
        return Rows(self.batch.slice(n_rows), (), self.facts)


class OutOfOrderError(Exception):
    """Rows don't come in the order of their keys."""


class Received:
    """Rows that came, in order.

    Parameters
    ----------
    unique : str
        The column that tells one row from another; empty where rows may repeat.
    limit : int, optional
        Rows wanted.
    is_numbered : bool
        Whether the rows tell in their column ``request`` by which of the pages' requests they came.

    Attributes
    ----------
    rows : list of Rows
        Those of which no frame has been made yet.
    n_rows : int
        How many came, those included of which frames have been made.
    n_requests : int
        How many requests they came by.
    """

    def __init__(
        self, *, unique: str = "", limit: int | None = None, is_numbered: bool = False
    ) -> None:
        self._unique = unique
        self._is_numbered = is_numbered
        self._limit = sys.maxsize if limit is None else limit
        self._seen: set[str] = set()
        self._latest: Requests | None = None
        self._latest_values: list[str] = []
        self._last_key = pa.array([], pa.int64())
        self.rows: list[Rows] = []
        self.n_rows = 0
        self.n_requests = 0

    @property
    def n_wanted(self) -> int | None:
        """How many more rows are wanted; None for all."""
        return None if self._limit == sys.maxsize else self._limit - self.n_rows

    @property
    def is_enough(self) -> bool:
        """Whether all rows wanted are there."""
        return self.n_rows >= self._limit

    def add(self, rows: Rows, *, must_ascend: bool = False) -> int:
        """Take in rows, without those that came before; return how many are new.

        Pages are no snapshot: what is written while they are read can move a row to the next page.

        Raises
        ------
        OutOfOrderError
            Their keys have to ascend, and don't.
        """
        latest, values = rows.requests, self._values(rows)
        if values:
            rows = rows.where(pa.array(self._fresh(values)))
        keys = (
            pa.concat_arrays([self._last_key, rows.keys])
            if rows.keys is not None
            else self._last_key
        )
        if must_ascend and not ascends(keys):
            raise OutOfOrderError
        rows = self._numbered(rows.head(self._limit - self.n_rows))
        n_rows: int = rows.batch.num_rows
        n_requests, last_key = len(latest), keys[-1:]
        # From here on without a call: Ctrl-C finds all of it or nothing.
        self.rows += [rows]
        self.n_rows += n_rows
        self.n_requests += n_requests
        self._latest, self._latest_values, self._last_key = latest, values, last_key
        self._seen.update(values)
        return n_rows

    def has(self, rows: Rows) -> bool:
        """Tell whether these rows were the last that were taken in."""
        return rows.requests is self._latest

    def go_on(self) -> None:
        """Make ready for more, after the read was broken off."""
        self._seen.update(self._latest_values)

    def _numbered(self, rows: Rows) -> Rows:
        """Return the rows with their requests counted through the whole read."""
        if not self._is_numbered or not self.n_requests:
            return rows
        place = rows.batch.schema.get_field_index("request")
        numbers = pc.add(rows.batch.column(place), self.n_requests)
        return replace(rows, batch=rows.batch.set_column(place, "request", numbers))

    def _values(self, rows: Rows) -> list[str]:
        return rows.batch.column(self._unique).to_pylist() if self._unique else []

    def _fresh(self, values: list[str]) -> list[bool]:
        """Tell of each value whether it is met for the first time."""
        if self._seen.isdisjoint(values) and len(set(values)) == len(values):
            return [True] * len(values)
        places = {value: place for place, value in reversed(list(enumerate(values)))}
        return [
            value not in self._seen and places[value] == place for place, value in enumerate(values)
        ]


def split(rows: list[Rows], n_rows: int) -> tuple[list[Rows], list[Rows]]:
    """Return the first rows, and the rest."""
    head, left = list[Rows](), n_rows
    for place, one in enumerate(rows):
        if left <= 0:
            return head, rows[place:]
        head.append(one.head(left))
        if one.batch.num_rows > left:
            return head, [one.tail(left), *rows[place + 1 :]]
        left -= one.batch.num_rows
    return head, []


def ascends(keys: pa.Array) -> bool:
    """Tell whether no key is less than the one before it."""
    return bool(pc.all(pc.less_equal(keys[:-1], keys[1:]), min_count=0).as_py())
