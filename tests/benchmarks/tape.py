"""Comments as a server would send them, one behind the other in a file: the tape.

The comments are the sandbox's, over and over under new ids and on later days, so that they are as
uneven in time as the sandbox makes them. ``python tests/benchmarks/tape.py KIND COMMENTS BYTES
DISTINCT PATH`` makes one in a process of its own, for making takes more memory than reading.
Reading needs the standard library only.
"""

from __future__ import annotations

import mmap
import subprocess
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

PAGE_SIZE = 256
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: how it is asked for, what holds its records, which way they are ordered."""

    resource: str
    method: str
    path: str
    key: str
    order: int


KINDS = {
    "source": Kind(
        resource="sources/acme/inbox/comments",
        method="GET",
        path="/api/_private/sources/acme/inbox/comments",
        key="comments",
        order=1,
    ),
    "dataset": Kind(
        resource="datasets/acme/claims/comments",
        method="POST",
        path="/api/_private/datasets/acme/claims/query",
        key="results",
        order=-1,
    ),
}


class Tape:
    """The first comments of a tape.

    Parameters
    ----------
    path : Path
        Where `make` put it.
    n_comments : int, optional
        How many of them; all by default.
    """

    def __init__(self, path: Path, n_comments: int | None = None) -> None:
        self.kind = KINDS[path.name.partition("-")[0]]
        self._bounds, self._keys = array("q"), array("q")
        index = path.with_suffix(".index").read_bytes()
        self._keys.frombytes(index[: len(index) // 2])
        self._bounds.frombytes(index[len(index) // 2 :])
        self._keys = self._keys[:n_comments]
        with path.open("rb") as file:
            self._records = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def mean_bytes(self) -> float:
        """Return the mean length of a comment [bytes]."""
        return self._bounds[len(self) - 1] / len(self)

    def between(self, start: datetime | None, end: datetime | None) -> tuple[int, int]:
        """Return the places of the first comment in a time range, both bounds inclusive, and
        of the first one behind it.
        """
        lo, hi = (start, end) if self.kind.order > 0 else (end, start)
        first = 0 if lo is None else bisect_left(self._keys, self._key(lo))
        last = len(self) if hi is None else bisect_right(self._keys, self._key(hi))
        return first, max(first, last)

    def _key(self, time: datetime) -> int:
        return self.kind.order * ((time - EPOCH) // timedelta(microseconds=1))

    def page(self, first: int, last: int, *, more: bool) -> tuple[bytes, memoryview, bytes]:
        """Return the parts of the body that holds some comments: no byte of them is copied."""
        start = self._bounds[first - 1] if first else 0
        end = self._bounds[last - 1] - 1 if last > first else start
        head = b'{"status":"ok","entity_defs":[],"%s":[' % self.kind.key.encode()
        tail = b'],"continuation":"%032x"}' % last if more else b"]}"
        return head, self._records[start:end], tail

    def bodies(self, *, spaced: bool = False) -> list[bytes]:
        """Return all pages; spaced, as Python's own `json.dumps` writes them."""
        if spaced:
            import json

            return [json.dumps(json.loads(body)).encode() for body in self.bodies()]
        firsts = range(0, len(self), PAGE_SIZE)
        ends = [min(first + PAGE_SIZE, len(self)) for first in firsts]
        return [
            b"".join(self.page(first, end, more=end < len(self)))
            for first, end in zip(firsts, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Tapes:
    """Tapes in a folder, made when first asked for, of so many different comments."""

    folder: Path
    n_distinct: int

    def path(self, kind: str, n_comments: int, *, mean_bytes: int = 0) -> Path:
        """Return a tape's path; its comments are `mean_bytes` long, or as the sandbox's are."""
        path = self.folder / f"{kind}-{mean_bytes}-{n_comments}.json"
        if not path.exists():
            made = (kind, str(n_comments), str(mean_bytes), str(self.n_distinct), str(path))
            subprocess.run([sys.executable, __file__, *made], check=True)
        return path


def make(kind: str, n_comments: int, mean_bytes: int, n_distinct: int, path: Path) -> None:
    """Write so many comments, and beside them where each ends and when it is from."""
    import orjson

    keys, bounds = array("q"), array("q")
    order, end = KINDS[kind].order, 0
    with path.open("wb") as file:
        for record in islice(_renewed(kind, n_distinct, mean_bytes), n_comments):
            time = datetime.fromisoformat(_comment(record)["timestamp"])
            keys.append(order * ((time - EPOCH) // timedelta(microseconds=1)))
            end += file.write(orjson.dumps(record) + b",")
            bounds.append(end)
    path.with_suffix(".index").write_bytes(keys.tobytes() + bounds.tobytes())


def _comment(record: dict[str, Any]) -> dict[str, Any]:
    return record.get("comment", record)


def _day(record: dict[str, Any]) -> date:
    return date.fromisoformat(_comment(record)["timestamp"][:10])


def _renewed(kind: str, n_distinct: int, mean_bytes: int) -> Iterator[dict[str, Any]]:
    """Yield the sandbox's comments for ever, each under a new id, each lap on later days.

    Dates are moved by whole days, so that each time keeps its form on the wire.
    """
    records = _distinct(kind, n_distinct)
    _lengthen(records, mean_bytes)
    first, last = (_day(record) for record in (records[0], records[-1]))
    lap = timedelta(days=1) + abs(last - first)
    numbers = count()
    for moved in (KINDS[kind].order * n * lap for n in count()):
        for record, number in zip(records, numbers, strict=False):
            comment = _comment(record)
            time = comment["timestamp"]
            day = (_day(record) + moved).isoformat()
            fresh = {
                **comment,
                "id": f"{number:016x}",
                "uid": f"18ba5ce699f8da1f.{number:016x}",
                "timestamp": day + time[10:],
            }
            yield {**record, "comment": fresh} if record is not comment else fresh


def _distinct(kind: str, n_distinct: int) -> list[dict[str, Any]]:
    """Return so many different comments, as the sandbox sends them."""
    from reinfer_pandas.client import Client
    from reinfer_pandas.sandbox import Latency, Server

    pages = KINDS[kind]
    records: list[dict[str, Any]] = []
    cursor: str | None = None
    with (
        Server(comments=3 * n_distinct, latency=Latency(0)) as server,
        Client(server.endpoint, server.token) as client,
    ):
        while len(records) < n_distinct and (cursor or not records):
            answer = client.request(pages.method, pages.path, **_asked(pages, cursor)).json()
            records += answer[pages.key]
            cursor = answer.get("continuation")
    return records[:n_distinct]


def _asked(pages: Kind, cursor: str | None) -> dict[str, Any]:
    if pages.method == "GET":
        return {"params": {"limit": PAGE_SIZE, **({"after": cursor} if cursor else {})}}
    body = {"order": {"kind": "recent"}, "filter": {}, "limit": PAGE_SIZE}
    return {"json": {**body, **({"continuation": cursor} if cursor else {})}}


def _lengthen(records: list[dict[str, Any]], mean_bytes: int) -> None:
    """Let each body go on with others of its language, until records are so long on average."""
    import orjson

    messages = [_comment(record)["messages"][0] for record in records]
    others = defaultdict(list)
    for message in messages:
        others[message.get("language")].append(message["body"]["text"])
    texts = {language: cycle(found) for language, found in others.items()}
    missing = mean_bytes * len(records) - sum(len(orjson.dumps(record)) for record in records)
    for done, message in enumerate(messages):
        share, parts = missing / (len(messages) - done), [message["body"]["text"]]
        while share > 0:
            parts.append(next(texts[message.get("language")]))
            added = len(orjson.dumps("\n\n" + parts[-1])) - 2
            share, missing = share - added, missing - added
        message["body"]["text"] = "\n\n".join(parts)


if __name__ == "__main__":
    make(sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5]))
