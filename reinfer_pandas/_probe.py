"""An open-loop probe: a cheap read at a fixed rate, whatever the answers take.

Source: Tene, How NOT to Measure Latency (coordinated omission); wrk2.
"""

from __future__ import annotations

import math
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas._analysing.slo import positive
from reinfer_pandas._latency import latency
from reinfer_pandas._planning.checks import MAX_WORKERS
from reinfer_pandas._reading.progress import DELAY_S, Progress, is_watched
from reinfer_pandas._sending.pipeline import StoppedError
from reinfer_pandas._sending.retry import RetryPolicy
from reinfer_pandas.exceptions import ConfigurationError, ReinferError
from reinfer_pandas.frames import tag
from reinfer_pandas.reader import default_client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reinfer_pandas._wire import Attempt, Request, Send
    from reinfer_pandas.client import Client

MOST_REQUESTS = 1_000
"""No probe sends more, unless it is told to; and none at all if it would have to."""
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_COLUMNS = ["due_at", "started_at", "late_ms", "elapsed_ms", "total_ms", "server_ms"]


def probe(
    resource: str,
    *,
    rate: str = "2/s",
    duration: str | timedelta = "60s",
    client: Client | None = None,
    most_requests: int = MOST_REQUESTS,
    **options: Any,
) -> pd.DataFrame:
    """Send a cheap read at a fixed rate, whatever the answers take, and measure.

    A read sends its next request after the last answer, so that a stall of the server is one slow
    sample. Here each request has a time when it is due. One that is sent late, because all before
    it wait for answers, counts from when it was due: its delay is part of its ``total``, in
    `latency`, `compare_latency` and `latency_slo` too. Nothing is tried again. At most 16
    requests are under way at once; while the server asks to wait (``Retry-After``), what is due
    waits, and counts.

    Ctrl-C ends it early; what was measured until then is returned.

    Parameters
    ----------
    resource : str
        What to read, such as ``datasets``; of a paged one, the first page, by default one row.
    rate : str
        How often: ``"2/s"``, ``"30/min"``, ``"100/h"``.
    duration : str or timedelta
        How long requests are due: ``"60s"``, ``"10min"``.
    client : Client, optional
        As for `read_reinfer`.
    most_requests : int
        Where rate and duration come to more, nothing is sent.
    **options
        As for `read_reinfer`.

    Returns
    -------
    DataFrame, shape (requests, 8)
        In the order in which they were due: ``due_at``, ``started_at``, ``late_ms``,
        ``elapsed_ms``, ``total_ms`` (both together), ``server_ms``, ``status``, ``outcome``. It
        carries a request log as any frame of `read_reinfer`; ``attrs["verdict"]`` sums it up.

    Raises
    ------
    ConfigurationError
        Before any request: for a rate or duration that can't be, more requests than allowed, or a
        read that may be charged for.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = rp.probe("datasets", rate="20/s", duration="250ms", client=client)
    >>> df["outcome"].tolist()
    ['ok', 'ok', 'ok', 'ok', 'ok']
    """
    distance_s = 1 / parse_rate(rate)
    n = max(1, math.floor(positive(duration, "duration").total_seconds() / distance_s + 1e-9))
    if n > most_requests:
        raise ConfigurationError(
            f"rate={rate!r} for {duration} is {n:,} requests, and most_requests={most_requests:,}.",
            hint="Probe more slowly or for less long, or allow more: each is a real request.",
        )
    client = client or default_client()
    request = client._plan(resource, {"limit": 1, **options}).request
    if not request.idempotent:
        raise ConfigurationError(f"{resource!r} may be charged for each time, so it isn't probed.")
    stop = threading.Event()
    send = client._pipeline(stop, retry=RetryPolicy(attempts=1))
    progress = Progress(f"probe {resource}", n, delay_s=DELAY_S) if is_watched() else None
    log = send_when_due(request, send, n=n, distance_s=distance_s, stop=stop, progress=progress)
    return _frame(log, resource, client.settings.host, rate)


def parse_rate(rate: str) -> float:
    """Return a rate per second.

    Raises
    ------
    ConfigurationError
        It is none, or not above 0.
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*/\s*(s|min|h)\s*", str(rate))
    per_second = float(found[1]) / _SECONDS[found[2]] if found else 0.0
    if not per_second:
        raise ConfigurationError(f"rate={rate!r}: give a number per s, min or h, such as '2/s'.")
    return per_second


def send_when_due(
    request: Request,
    send: Send,
    *,
    n: int,
    distance_s: float,
    stop: threading.Event,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[tuple[Attempt, ...]]:
    """Send a request n times, each when it is due, and return the attempts in that order.

    Parameters
    ----------
    request, send : Request, Send
        What is sent, and what sends it once.
    n : int
        How often.
    distance_s : float
        From one due time to the next [s].
    stop : threading.Event
        Ends the waits when set, as Ctrl-C sets it.
    progress : Progress, optional
        Told of each answer.
    clock, now : callable
        Measure durations [s], and tell the time, UTC.

    Raises
    ------
    ReinferError
        The request can't be sent at all.
    """
    pool = ThreadPoolExecutor(min(n, MAX_WORKERS), thread_name_prefix="probe")
    start_s, start = clock(), now()
    answers = []
    try:
        for place in range(n):
            due_s = place * distance_s
            while (left_s := start_s + due_s - clock()) > 0 and not stop.is_set():
                stop.wait(left_s)
            if stop.is_set():
                break
            due_at = start + timedelta(seconds=due_s)
            answers.append(pool.submit(_sent, request, send, due_at, stop, progress))
        pool.shutdown()
    except KeyboardInterrupt:
        stop.set()
    finally:
        pool.shutdown(cancel_futures=True)
        if progress:
            progress.close()
    log = [answer.result() for answer in answers if not answer.cancelled()]
    return [attempts for attempts in log if attempts]


def _sent(
    request: Request,
    send: Send,
    due_at: datetime,
    stop: threading.Event,
    progress: Progress | None,
) -> tuple[Attempt, ...]:
    """Send once, and return the attempt; what can't be sent at all ends the probe."""
    try:
        attempts = send(request).attempts
    except StoppedError:
        return ()
    except ReinferError as error:
        attempts = error.log
        if not attempts:
            stop.set()
            raise
    if progress:
        progress.answered([attempts])
        progress.advance(1)
    return tuple(replace(one, due_at=due_at) for one in attempts)


def _frame(log: Sequence[tuple[Attempt, ...]], resource: str, host: str, rate: str) -> pd.DataFrame:
    """Return a row for each request, tagged as the frame of a read."""
    tagged = tag(pd.DataFrame(), log, resource=resource, host=host, fetched_at=datetime.now(UTC))
    attempts = tagged.reinfer.requests()
    late_ms = (attempts["started_at"] - attempts["due_at"]).dt.total_seconds() * 1000
    df: pd.DataFrame = attempts.assign(late_ms=late_ms, total_ms=late_ms + attempts["elapsed_ms"])
    df = df.filter([*_COLUMNS, "status", "outcome"])
    df.attrs = {**tagged.attrs, "verdict": _verdict(df, attempts, rate)}
    return df


def _verdict(df: pd.DataFrame, attempts: pd.DataFrame, rate: str) -> str:
    """Sum a probe up: quantiles from when requests were due, failures, lateness."""
    if df.empty:
        return "no requests"
    summary = latency(attempts, by=None).iloc[0]
    known = {
        name: summary[f"total_{name}_ms"]
        for name in ("p50", "p90", "p99", "max")
        if not pd.isna(summary[f"total_{name}_ms"])
    }
    told = [f"{name} {ms:,.0f} ms" for name, ms in known.items()]
    server = summary["server_p50_ms"]
    if not pd.isna(server):
        told.append(f"the server's own p50 {server:,.0f} ms")
    told.append(f"{summary['errors']:,.0f} failed")
    told.append(f"sent at most {df['late_ms'].max():,.0f} ms late")
    return f"{len(df):,} request{'s' * (len(df) != 1)} at {rate}: {', '.join(told)}"
