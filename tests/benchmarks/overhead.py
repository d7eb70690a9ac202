"""What our stages add to one small request, over bare requests on a kept connection.

The raw door is held against a GET whose JSON is parsed; a read, which makes a frame, against the
same with `json_normalize`, for making a frame takes pandas longer than all else.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import requests
from page_server import TOKEN, serving
from results import Row, take_turns
from scale import Scale
from tape import Tapes
from ways import SOURCE

import reinfer_pandas as rp

MOST_MS = 2.0
N_ROWS = 10
JSON, NORMALIZED = "requests, and json", "requests, json and json_normalize"
DOOR, READ = "client.request, and json", f"client.read, a frame of {N_ROWS} rows"


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure the raw door and a read of a few rows, each against its like."""
    with (
        serving(tapes.path("source", N_ROWS), N_ROWS) as endpoint,
        rp.Client(endpoint, TOKEN) as client,
        requests.Session() as session,
    ):
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        params = {"limit": 256}

        def bare() -> Any:
            return session.get(endpoint + SOURCE.path, params=params, timeout=60).json()

        ways: dict[str, Callable[[], object]] = {
            JSON: bare,
            DOOR: lambda: client.request("GET", SOURCE.path, params=params).json(),
            NORMALIZED: lambda: pd.json_normalize(bare()["comments"]),
            READ: lambda: client.read(SOURCE.resource, progress=False),
        }
        take_turns(ways, 3)  # all is imported, and connected
        times = take_turns(ways, scale.repeats)
    yield from _rows(times)


def _rows(times: dict[str, list[float]]) -> Iterator[Row]:
    for name, took in times.items():
        yield Row(name, statistics.median(took) * 1000, "ms")
    for name, other in ((DOOR, JSON), (READ, NORMALIZED)):
        more = [a - b for a, b in zip(times[name], times[other], strict=True)]
        yield Row(f"{name}: more", statistics.median(more) * 1000, "ms", most=MOST_MS)
