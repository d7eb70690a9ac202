"""From bytes in memory to a frame: our time and memory against what users write today.

``python tests/benchmarks/bytes_to_frame.py [comments]``. All ways take turns in one process, so
that their ratios hold on a machine that others use too; memory is that of a process of its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import orjson
import pandas as pd
from pages import pages

from reinfer_pandas._envelope import checked
from reinfer_pandas._options import plan_read
from reinfer_pandas._reading import Reading
from reinfer_pandas._wire import Attempt, Request, Response, Send

RESOURCES = {
    "source": "sources/acme/inbox/comments",
    "dataset": "datasets/acme/claims/comments",
}
KEYS = {"source": "comments", "dataset": "results"}
ROUNDS = 5


def ours(kind: str, bodies: Sequence[bytes]) -> pd.DataFrame:
    """Read as `read_reinfer` does, the network aside."""
    plan = plan_read(RESOURCES[kind], {})
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


def orjson_alone(kind: str, bodies: Sequence[bytes]) -> None:
    """Parse, and keep nothing."""
    for body in bodies:
        orjson.loads(body)


def normalized(kind: str, bodies: Sequence[bytes]) -> pd.DataFrame:
    """Do what users write: json, json_normalize for each page, concat."""
    return pd.concat([pd.json_normalize(json.loads(body)[KEYS[kind]]) for body in bodies])


WAYS: dict[str, Callable[[str, Sequence[bytes]], object]] = {
    "ours": ours,
    "orjson.loads": orjson_alone,
    "json + json_normalize": normalized,
}


def seconds(way: Callable[[str, Sequence[bytes]], object], kind: str, bodies: list[bytes]) -> float:
    """Return how long one run takes [s]."""
    start = time.perf_counter()
    way(kind, bodies)
    return time.perf_counter() - start


def compare(kind: str, n_comments: int) -> None:
    """Print medians and ratios for one kind of page."""
    bodies = list(pages(kind, n_comments))
    megabytes = sum(map(len, bodies)) / 1e6
    print(f"\n{kind} pages: {n_comments:,} comments, {megabytes:,.0f} MB of JSON")
    rounds = [{name: seconds(way, kind, bodies) for name, way in WAYS.items()} for _ in range(ROUNDS)]
    for name in WAYS:
        print(f"  {name:24}{statistics.median(r[name] for r in rounds):8.2f} s")
    for name in ("orjson.loads", "json + json_normalize"):
        ratio = statistics.median(r["ours"] / r[name] for r in rounds)
        print(f"  ours over {name:24}{ratio:6.2f}")
    for name in ("ours", "json + json_normalize"):
        print(f"  {name:24}{memory(kind, n_comments, name)}")


def memory(kind: str, n_comments: int, way: str) -> str:
    """Return the peak of a process that does it once."""
    command = [sys.executable, __file__, "--memory", kind, str(n_comments), way]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def measure_memory(kind: str, n_comments: int, way: str) -> None:
    """Print the peak above the bytes, and the frame's size."""
    bodies = list(pages(kind, n_comments))
    WAYS[way](kind, bodies[-1:])
    before = peak_mb()
    df = WAYS[way](kind, bodies)
    above = peak_mb() - before
    size = df.memory_usage(deep=True).sum() / 1e6
    print(f"peak {above:,.0f} MB above the bytes, frame {size:,.0f} MB, ratio {above / size:.2f}")


def peak_mb() -> float:
    """Return this process's peak so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        measure_memory(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        for kind in RESOURCES:
            compare(kind, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
