"""From bytes in memory to a frame: our time and memory against what users write today."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
import pandas as pd
from peak import frame_bytes, peak_above
from results import Row, median_ratio, take_turns
from scale import Scale
from tape import Kind, Tape, Tapes

from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._reading.reading import Reading
from reinfer_pandas._sending.envelope import checked
from reinfer_pandas._wire import Attempt, Request, Response, Send

OF_ORJSON, OF_NORMALIZED, OF_FRAME = 1.2, 1 / 6, 1.6
LONG_BYTES = {"source": 3_000, "dataset": 4_300}
"""How long comments are in practice; the sandbox's letters are short."""


def ours(kind: Kind, bodies: Sequence[bytes]) -> pd.DataFrame:
    """Read as `read_reinfer` does, the network aside."""
    plan = plan_read(kind.resource, {})
    return Reading(plan, lambda _: checked(replaying(bodies)), host="memory").frame()


def replaying(bodies: Sequence[bytes]) -> Send:
    """Return what answers each request with the next body."""
    left: Iterator[bytes] = iter(bodies)
    lock = threading.Lock()

    def send(request: Request) -> Response:
        attempt = Attempt(started_at=datetime.now(UTC), method=request.method, path=request.path)
        with lock:
            return Response(status=200, headers={}, body=next(left), attempts=(attempt,))

    return send


def orjson_alone(kind: Kind, bodies: Sequence[bytes]) -> None:
    """Parse, and keep nothing."""
    for body in bodies:
        orjson.loads(body)


def normalized(kind: Kind, bodies: Sequence[bytes]) -> pd.DataFrame:
    """Do what users write: json, json_normalize for each page, concat."""
    return pd.concat([pd.json_normalize(json.loads(body)[kind.key]) for body in bodies])


WAYS: Mapping[str, Callable[[Kind, Sequence[bytes]], object]] = {
    "ours": ours,
    "orjson.loads": orjson_alone,
    "json + json_normalize": normalized,
}


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure all kinds of pages: comments as short as the sandbox's, and as long as real ones."""
    for kind, long_bytes in LONG_BYTES.items():
        for mean_bytes in (0, long_bytes):
            path = tapes.path(kind, scale.decoded, mean_bytes=mean_bytes)
            yield from _compare(path, scale.rounds)
        peak_bytes, size_bytes = _peak(path)
        label = f"{kind}, {Tape(path).mean_bytes / 1000:.1f} kB a comment:"
        ratio = peak_bytes / size_bytes
        yield Row(f"{label} ours, peak above the bytes / frame", ratio, "x", most=OF_FRAME)


def _compare(path: Path, n_rounds: int) -> Iterator[Row]:
    """Measure one kind of page."""
    tape = Tape(path)
    bodies = tape.bodies()
    label = f"{path.name.partition('-')[0]}, {tape.mean_bytes / 1000:.1f} kB a comment:"
    ways = {name: partial(way, tape.kind, bodies) for name, way in WAYS.items()}
    times = take_turns(ways, n_rounds)
    for name, found in times.items():
        yield Row(f"{label} {name}, {len(tape):,} comments", statistics.median(found), "s")
    for name, most in (("orjson.loads", OF_ORJSON), ("json + json_normalize", OF_NORMALIZED)):
        yield Row(f"{label} ours / {name}", median_ratio(times, "ours", name), "x", most=most)


def _peak(path: Path) -> tuple[int, int]:
    """Return the peak of a process that reads once, and the size of its frame [bytes]."""
    command = [sys.executable, __file__, str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak_bytes, size_bytes = map(int, said.split())
    return peak_bytes, size_bytes


def _measure(tape: Tape) -> None:
    """Read the last page, so that everything is imported; then all, and say the peak."""
    bodies = tape.bodies()
    ours(tape.kind, bodies[-1:])
    df, peak_bytes = peak_above(lambda: ours(tape.kind, bodies))
    print(peak_bytes, frame_bytes(df))


if __name__ == "__main__":
    _measure(Tape(Path(sys.argv[1])))
