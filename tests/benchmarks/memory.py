"""Peak memory of whole reads over loopback, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

from bytes_to_frame import LONG_BYTES, OF_FRAME
from one_read import WAYS, OneRead, read_once
from results import Row
from scale import Scale
from tape import Tapes

MB = 1e6


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure all ways with few and with many comments."""
    path = tapes.path("source", max(scale.peaks), mean_bytes=LONG_BYTES["source"])
    for n in scale.peaks:
        found = {way: read_once(way, path, n) for way in WAYS}
        yield from _rows(f"{n:,} comments:", found)


def _rows(label: str, found: dict[str, OneRead]) -> Iterator[Row]:
    ours = found["ours"]
    yield Row(f"{label} ours, the frame itself", ours.frame_bytes / MB, "MB")
    for way, one in found.items():
        yield Row(f"{label} {way}, peak above baseline", one.peak_bytes / MB, "MB")
    of_frame = ours.peak_bytes / ours.frame_bytes
    yield Row(f"{label} ours, peak above baseline / frame", of_frame, "x", most=OF_FRAME)
