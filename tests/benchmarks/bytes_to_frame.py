"""From bytes in memory to a frame: our time and memory against what users write today.

Times are of the processor, all threads together, since others load the machine; only those of
threads are by the clock on the wall.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
import pandas as pd
from peak import frame_bytes, peak_above
from results import Row, median_ratio, take_turns
from scale import Scale
from tape import KINDS, Kind, Tape, Tapes

from reinfer_pandas._columns.lenient_json import check_utf8
from reinfer_pandas._columns.parser import PageParser
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._reading.reading import Reading
from reinfer_pandas._sending.envelope import checked
from reinfer_pandas._wire import Attempt, Request, Response, Send
from reinfer_pandas.frames import assemble

OF_ORJSON = {"source": 1.6, "dataset": 0.75}
OF_PARSE, OF_NORMALIZED, OF_FRAME, OF_ONE_THREAD = 1.25, 1 / 6, 1.3, 0.65
PAGES_AT_ONCE = 8
THREADS = (1, 2, 4, 16)
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


def parser_of(kind: Kind) -> PageParser:
    """Return what a read parses pages with."""
    plan = plan_read(kind.resource, {})
    return PageParser(plan.request.envelope, plan.schema, plan.wants)


def columns(kind: Kind, bodies: Sequence[bytes], *, threads: int = 1) -> pd.DataFrame:
    """Parse and reshape groups of pages, each in one thread, and make the frame."""
    parser = parser_of(kind)
    groups = [bodies[n : n + PAGES_AT_ONCE] for n in range(0, len(bodies), PAGES_AT_ONCE)]

    def batch(group: Sequence[bytes]) -> object:
        return parser.reshape([parser.parse(body) for body in group])

    with ThreadPoolExecutor(threads) as pool:
        batches = list(pool.map(batch, groups)) if threads > 1 else [*map(batch, groups)]
    return assemble(batches, plan_read(kind.resource, {}).schema)


def parse_alone(kind: Kind, bodies: Sequence[bytes]) -> None:
    """Check that it is UTF-8, parse with Arrow by the same schema, and keep nothing."""
    fast = parser_of(kind)._fast
    fast.read(bodies[0])
    for body in bodies:
        check_utf8(body)
        fast._page(body, fast._names)


def orjson_alone(kind: Kind, bodies: Sequence[bytes]) -> None:
    """Parse, and keep nothing."""
    for body in bodies:
        orjson.loads(body)


def normalized(kind: Kind, bodies: Sequence[bytes]) -> pd.DataFrame:
    """Do what users write: json, json_normalize for each page, concat."""
    return pd.concat([pd.json_normalize(json.loads(body)[kind.key]) for body in bodies])


WAYS: Mapping[str, Callable[[Kind, Sequence[bytes]], object]] = {
    "ours": columns,
    "ours, by a read": ours,
    "Arrow's parse": parse_alone,
    "orjson.loads": orjson_alone,
    "json + json_normalize": normalized,
}


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure all kinds of pages: comments as short as the sandbox's, and as long as real ones."""
    for kind, long_bytes in LONG_BYTES.items():
        for mean_bytes in (0, long_bytes):
            path = tapes.path(kind, scale.decoded, mean_bytes=mean_bytes)
            for spaced in (False, True):
                yield from _compare(path, scale.rounds, spaced=spaced)
            yield from _threads(path, scale.rounds)
        peak_bytes, size_bytes = _peak(path)
        label = f"{kind}, {Tape(path).mean_bytes / 1000:.1f} kB a comment:"
        ratio = peak_bytes / size_bytes
        yield Row(f"{label} ours, peak above the bytes / frame", ratio, "x", most=OF_FRAME)


def _threads(path: Path, n_rounds: int) -> Iterator[Row]:
    """Measure time on the wall against threads."""
    tape = Tape(path)
    bodies = tape.bodies()
    ways = {str(n): partial(columns, tape.kind, bodies, threads=n) for n in THREADS}
    times = take_turns(ways, n_rounds, clock=time.perf_counter)
    for n in THREADS[1:]:
        label = f"{_label(tape)} {n} threads / one, wall"
        most = OF_ONE_THREAD if n == 2 else None
        yield Row(label, median_ratio(times, str(n), "1"), "x", most=most)


def _label(tape: Tape) -> str:
    kind = "source" if tape.kind is KINDS["source"] else "dataset"
    return f"{kind}, {tape.mean_bytes / 1000:.1f} kB a comment:"


def _compare(path: Path, n_rounds: int, *, spaced: bool) -> Iterator[Row]:
    """Measure one kind of page."""
    tape = Tape(path)
    bodies = tape.bodies(spaced=spaced)
    label = f"{_label(tape)}{' spaced,' if spaced else ''}"
    ways = {name: partial(way, tape.kind, bodies) for name, way in WAYS.items()}
    times = take_turns(ways, n_rounds, clock=time.process_time)
    for name, found in times.items():
        yield Row(f"{label} {name}, {len(tape):,} comments", statistics.median(found), "s")
    aims = {
        "Arrow's parse": OF_PARSE,
        "orjson.loads": OF_ORJSON[path.name.partition("-")[0]],
        "json + json_normalize": OF_NORMALIZED,
    }
    for name, most in aims.items():
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
