"""One million comments with five labels each: how long `df.reinfer.labels()` takes, and its peak.

``python tests/benchmarks/labels_view.py [comments]``. The labels come in chunks of a page each, as
reading leaves them; names and probabilities are drawn with a fixed seed.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa

from reinfer_pandas._columns.schema import ANNOTATED_COMMENT, LABEL, STRING
from reinfer_pandas.accessor import ReinferAccessor
from reinfer_pandas.frames import assemble

PAGE_SIZE = 512
LABELS_EACH = 5
NAMES = [f"Topic {n // 10} > Request {n % 10}" for n in range(100)]


def labelled(n_comments: int) -> pd.DataFrame:
    """Return a frame of comments with their uids and labels alone."""
    rng = np.random.default_rng(12)
    pages = [
        page(first, min(PAGE_SIZE, n_comments - first), rng)
        for first in range(0, n_comments, PAGE_SIZE)
    ]
    return assemble(pages, ANNOTATED_COMMENT, columns=["uid", "labels"])


def page(first: int, n_comments: int, rng: np.random.Generator) -> pa.RecordBatch:
    """Return one page's comments."""
    n_labels = n_comments * LABELS_EACH
    drawn = pa.array(rng.integers(len(NAMES), size=n_labels))
    state = pa.array(["assigned", "predicted"], STRING).take(
        pa.array(rng.integers(2, size=n_labels))
    )
    fields = {
        "name": pa.array(NAMES, STRING).take(drawn),
        "parts": pa.array([name.split(" > ") for name in NAMES], pa.list_(STRING)).take(drawn),
        "group": pa.array(["default"], STRING).take(pa.array(np.zeros(n_labels, np.int64))),
        "state": state,
        "probability": pa.array(rng.random(n_labels)),
        "sentiment": pa.array(rng.uniform(-1, 1, n_labels)),
        "sentiment_label": pa.nulls(n_labels, STRING),
    }
    structs = pa.StructArray.from_arrays(list(fields.values()), fields=list(LABEL))
    offsets = pa.array(np.arange(n_comments + 1) * LABELS_EACH, pa.int32())
    uids = [f"18ba5ce699f8da1f.{number:016x}" for number in range(first, first + n_comments)]
    lists = pa.ListArray.from_arrays(offsets, structs)
    return pa.RecordBatch.from_pydict({"uid": pa.array(uids, STRING), "labels": lists})


def peak_mb() -> float:
    """Return this process's peak so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size_mb(df: pd.DataFrame) -> float:
    """Return how large a frame is [MB]."""
    return df.memory_usage(deep=True).sum() / 1e6


if __name__ == "__main__":
    ReinferAccessor(labelled(10)).labels()
    comments = labelled(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    before_mb, started_s = peak_mb(), time.perf_counter()
    labels = ReinferAccessor(comments).labels()
    took_s = time.perf_counter() - started_s
    print(f"{len(comments):,} comments, {len(labels):,} labels: {took_s:.2f} s")
    print(f"frame {size_mb(comments):,.0f} MB, labels {size_mb(labels):,.0f} MB")
    print(f"peak {peak_mb() - before_mb:,.0f} MB above the frame's own, {peak_mb():,.0f} MB in all")
