"""Pages of comments as a server would send them: the sandbox's, over and over under new ids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import orjson

from reinfer_pandas.client import Client
from reinfer_pandas.sandbox import Latency, Server

PAGE_SIZE = 256
DISTINCT = 4_000
_ROUTES = {
    "source": ("GET", "/api/_private/sources/acme/inbox/comments", "comments"),
    "dataset": ("POST", "/api/_private/datasets/acme/claims/query", "results"),
}


def pages(kind: str, n_comments: int) -> Iterator[bytes]:
    """Yield the bodies that hold so many comments, of a source or a dataset."""
    records = _renamed(kind, _distinct(kind))
    key = _ROUTES[kind][2]
    for first in range(0, n_comments, PAGE_SIZE):
        page: dict[str, object] = {"status": "ok", "entity_defs": []} if kind == "dataset" else {}
        page["status"] = "ok"
        page[key] = list(islice(records, min(PAGE_SIZE, n_comments - first)))
        if first + PAGE_SIZE < n_comments:
            page["continuation"] = f"{first + PAGE_SIZE:032x}"
        yield orjson.dumps(page)


def _distinct(kind: str) -> list[dict]:
    """Return a few thousand different records."""
    method, path, key = _ROUTES[kind]
    records: list[dict] = []
    cursor: str | None = None
    with (
        Server(comments=2 * DISTINCT, latency=Latency(0)) as server,
        Client(server.endpoint, server.token) as client,
    ):
        while len(records) < DISTINCT and (cursor or not records):
            if method == "GET":
                asked = {"params": {"limit": PAGE_SIZE, **({"after": cursor} if cursor else {})}}
            else:
                body = {"order": {"kind": "recent"}, "filter": {}, "limit": PAGE_SIZE}
                asked = {"json": {**body, **({"continuation": cursor} if cursor else {})}}
            answer = client.request(method, path, **asked).json()
            records += answer[key]
            cursor = answer.get("continuation")
    return records


def _renamed(kind: str, records: list[dict]) -> Iterator[dict]:
    """Yield the records for ever, each time under a new id."""
    number = 0
    while True:
        for record in records:
            comment = record["comment"] if kind == "dataset" else record
            fresh = {**comment, "id": f"{number:016x}", "uid": f"18ba5ce699f8da1f.{number:016x}"}
            yield {**record, "comment": fresh} if kind == "dataset" else fresh
            number += 1
