"""From a server over loopback to a frame: ours with more and more workers, and users' loops.

The server is a process of its own with pre-made pages, and takes 0, 20 or 100 ms for each.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from bytes_to_frame import LONG_BYTES
from figure import draw
from page_server import requests_served, serving
from results import Row, Times, median_ratio, take_turns
from scale import Scale
from tape import Tape, Tapes
from ways import LOOP, LOOPS, Way, ours

AIMS = {(0, 1): 3.0, (100, 16): 10.0}
"""How many times faster than the loop, by delay and workers."""


def run(scale: Scale, tapes: Tapes, *, figure: Path) -> Iterator[Row]:
    """Measure all ways at all delays, and draw them."""
    path = tapes.path("source", scale.served, mean_bytes=LONG_BYTES["source"])
    ways: dict[str, Way] = {
        **{_name(n): partial(ours, workers=n) for n in scale.workers},
        **LOOPS,
    }
    found: dict[int, Times] = {}
    for delay_ms in scale.delays_ms:
        with serving(path, scale.served, delay_ms=delay_ms) as endpoint:
            requests = {name: _count(way, endpoint, scale.served) for name, way in ways.items()}
            at_endpoint = {name: partial(way, endpoint) for name, way in ways.items()}
            found[delay_ms] = take_turns(at_endpoint, scale.rounds)
        yield from _rows(delay_ms, found[delay_ms], requests, scale)
    mean_bytes = Tape(path).mean_bytes
    draw(found, scale.workers, figure, what=f"{scale.served:,} comments of {mean_bytes:,.0f} bytes")


def _name(workers: int) -> str:
    return f"ours, {workers} worker{'s' if workers > 1 else ''}"


def _count(way: Way, endpoint: str, n_comments: int) -> int:
    """Read once, check that all came, and return how many requests that took."""
    before = requests_served(endpoint)
    n_rows = len(way(endpoint))
    if n_rows != n_comments:
        raise AssertionError(f"{n_rows} rows came, not {n_comments}")
    return requests_served(endpoint) - before


def _rows(delay_ms: int, times: Times, requests: Mapping[str, int], scale: Scale) -> Iterator[Row]:
    """Yield the medians and ratios at one delay."""
    label = f"{delay_ms} ms a page:"
    for name, took in times.items():
        yield Row(f"{label} {name}, {requests[name]} requests", statistics.median(took), "s")
    for n in scale.workers:
        faster = median_ratio(times, LOOP, _name(n))
        aim = AIMS.get((delay_ms, n))
        yield Row(f"{label} {LOOP} / {_name(n)}", faster, "x", least=aim)
