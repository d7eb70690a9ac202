"""What our stages add to one small request, over bare requests on a kept connection."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import requests
from page_server import TOKEN, serving
from results import Row, take_turns
from scale import Scale
from tape import Tapes
from ways import SOURCE

import reinfer_pandas as rp

MOST_MS = 2.0
N_ROWS = 10


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure the raw door and a read of a few rows, against a GET whose JSON is parsed."""
    with (
        serving(tapes.path("source", N_ROWS), N_ROWS) as endpoint,
        rp.Client(endpoint, TOKEN) as client,
        requests.Session() as session,
    ):
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        params = {"limit": 256}

        def bare() -> object:
            return session.get(endpoint + SOURCE.path, params=params, timeout=60).json()

        ways: dict[str, Callable[[], object]] = {
            "requests, and json": bare,
            "client.request, and json": lambda: client.request(
                "GET", SOURCE.path, params=params
            ).json(),
            f"client.read, a frame of {N_ROWS} rows": lambda: client.read(
                SOURCE.resource, progress=False
            ),
        }
        take_turns(ways, 3)  # all is imported, and connected
        times = take_turns(ways, scale.repeats)
    yield from _rows(times)


def _rows(times: dict[str, list[float]]) -> Iterator[Row]:
    first, *others = times
    for name, took in times.items():
        yield Row(name, statistics.median(took) * 1000, "ms")
    for name in others:
        more = [a - b for a, b in zip(times[name], times[first], strict=True)]
        yield Row(f"{name}: more", statistics.median(more) * 1000, "ms", most=MOST_MS)
