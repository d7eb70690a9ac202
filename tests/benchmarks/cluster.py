"""The same read by the pandas reader and on Dask's worker processes: time, and memory for each.

Every process reads by four requests at a time. The rows are counted where they are, and stay there.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from importlib import import_module

import dask.dataframe as dd
from bytes_to_frame import LONG_BYTES
from dask.distributed import Client, LocalCluster
from page_server import TOKEN, serving
from peak import peak_bytes
from results import Row, median_ratio, take_turns
from scale import Scale
from tape import Tapes
from ways import SOURCE, ours

import reinfer_pandas as rp
from reinfer_pandas import dask as rpd

MB = 1e6
PARTITIONS = 8


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure at the longest delay."""
    delay_ms = max(scale.delays_ms)
    os.environ["REINFER_TOKEN"] = TOKEN  # which the workers are born with
    path = tapes.path("source", scale.served, mean_bytes=LONG_BYTES["source"])
    with serving(path, scale.served, delay_ms=delay_ms) as endpoint:
        for n_processes in scale.clusters:
            yield from _rows(f"{delay_ms} ms a page:", endpoint, n_processes, scale)


def _rows(label: str, endpoint: str, n_processes: int, scale: Scale) -> Iterator[Row]:
    """Yield what so many processes took, against the pandas reader in the same rounds."""
    name = f"Dask, {n_processes} process{'es' if n_processes > 1 else ''}"
    options = {"n_workers": n_processes, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as running, Client(running) as connected:
        before = connected.run(peak_of_imports)
        with rp.Client(endpoint, TOKEN) as client:
            start_s = time.perf_counter()
            ddf = rpd.read_reinfer(SOURCE.resource, client=client, npartitions=PARTITIONS)
            planned_s = time.perf_counter() - start_s
        n_rows = rows_of(ddf)  # once beforehand, as the pandas reader has long been warm
        ways = {"pandas": lambda: len(ours(endpoint)), name: lambda: rows_of(ddf)}
        times = take_turns(ways, scale.rounds)
        risen = [peak - before[one] for one, peak in connected.run(peak_bytes).items()]
    if n_rows != scale.served:
        raise AssertionError(f"{n_rows} rows came, not {scale.served}")
    yield Row(f"{label} {name}, plan of {ddf.npartitions} partitions", planned_s, "s")
    for way, took in times.items():
        yield Row(f"{label} {way}", statistics.median(took), "s")
    yield Row(f"{label} pandas / {name}", median_ratio(times, "pandas", name), "x")
    yield Row(f"{label} {name}, peak above baseline of a worker", max(risen) / MB, "MB")


def peak_of_imports() -> int:
    """Import what a worker needs, and return the most memory that took [bytes]."""
    import_module("reinfer_pandas._partitioning.reader")
    return peak_bytes()


def rows_of(ddf: dd.DataFrame) -> int:
    """Read all, and return how many rows there are."""
    return int(ddf.map_partitions(len).sum().compute())
