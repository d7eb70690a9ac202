"""One read in a process of its own: how long it took, and how much memory it did.

``python tests/benchmarks/one_read.py WAY ENDPOINT``; it prints a line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from page_server import serving
from peak import frame_bytes, peak_above
from tape import PAGE_SIZE
from ways import CHUNKS, LOOPS, Way, ours, ours_in_chunks

WAYS: Mapping[str, Way] = {"ours": ours, CHUNKS: ours_in_chunks, **LOOPS}


@dataclass(frozen=True, slots=True)
class OneRead:
    """What one read came to."""

    took_s: float
    peak_bytes: int
    frame_bytes: int


def read_once(way: str, tape: Path, n_comments: int) -> OneRead:
    """Read the first comments of a tape, from a server of its own, in a process of its own."""
    with serving(tape, n_comments) as endpoint:
        command = [sys.executable, __file__, way, endpoint]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return OneRead(**json.loads(said))


def measure(way: Way, endpoint: str) -> OneRead:
    """Read one page, so that everything is imported; then all."""
    way(endpoint, limit=PAGE_SIZE)
    start_s = time.perf_counter()
    df, peak_bytes = peak_above(lambda: way(endpoint))
    return OneRead(time.perf_counter() - start_s, peak_bytes, frame_bytes(df))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(WAYS[sys.argv[1]], sys.argv[2]))))
