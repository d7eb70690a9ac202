"""Time and memory for each row, from few rows to many: flat, or something grows too fast."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bytes_to_frame import LONG_BYTES
from one_read import OneRead, read_once
from results import Row
from scale import Scale
from tape import Tapes

FLAT = 1.5
"""How much more a row may take among the most rows than among a tenth of them."""


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure reads over loopback with four workers, each in a process of its own."""
    path = tapes.path("source", max(scale.growth), mean_bytes=LONG_BYTES["source"])
    found: dict[int, OneRead] = {}
    for n in scale.growth:
        n_rounds = scale.rounds if n <= scale.served else 1
        reads = [read_once("ours", path, n) for _ in range(n_rounds)]
        found[n] = sorted(reads, key=lambda one: one.took_s)[len(reads) // 2]
        peak_bytes = statistics.median(one.peak_bytes for one in reads)
        yield Row(f"{n:,} rows: time for each", found[n].took_s / n * 1e6, "us")
        yield Row(f"{n:,} rows: peak above baseline for each", peak_bytes / n / 1000, "kB")
        yield Row(f"{n:,} rows: frame for each", found[n].frame_bytes / n / 1000, "kB")
    yield from _slopes(found)


def _slopes(found: dict[int, OneRead]) -> Iterator[Row]:
    """Yield how much more each row takes among the most rows than among about a tenth of them."""
    most = max(found)
    few = max((n for n in found if n <= most / 3), default=min(found))
    few = max((n for n in found if n <= most / 10), default=few)
    a, b = found[most], found[few]
    label = f"{most:,} rows over {few:,} rows:"
    yield Row(f"{label} time for each", a.took_s / most / (b.took_s / few), "x", most=FLAT)
    yield Row(f"{label} peak for each", a.peak_bytes / most / (b.peak_bytes / few), "x", most=FLAT)
