"""Reads by many workers against the sandbox and a hostile server: the frame of one by one."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pandas as pd
import pytest
from hostile import HEAR, HostileServer, answer, pause
from pandas.testing import assert_frame_equal

import reinfer_pandas as rp
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._reading.reading import Reading
from reinfer_pandas._sending.envelope import checked
from reinfer_pandas._wire import Attempt, Request, Response
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = pytest.mark.timeout(60)

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
QUICK = rp.RetryPolicy(base_s=0.001, cap_s=0.01, attempts=8)
ONCE = rp.RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Server]:
    with Server(comments=300, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def server(tenant: Server) -> Iterator[Server]:
    yield tenant
    tenant.clear_faults()
    assert threads_left() == []


def threads_left() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("reinfer-")]


def read(server: Server, resource: str, *, workers: int, retry=QUICK, **options) -> pd.DataFrame:
    with rp.Client(server.endpoint, server.token, retry=retry, workers=workers) as client:
        return client.read(resource, **options)


def n_requests(server: Server) -> int:
    return sum(seen.path.endswith(("/comments", "/query")) for seen in server.requests)


def both(server: Server, resource: str, workers: int, **options) -> None:
    """Read serially and in parallel, and compare."""
    before = n_requests(server)
    one = read(server, resource, workers=1, **options)
    serial, before = n_requests(server) - before, n_requests(server)
    many = read(server, resource, workers=workers, **options)
    assert_frame_equal(many, one)
    assert n_requests(server) - before <= 2 * serial + workers + 1


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize(("workers", "page_size"), [(2, 5), (4, 20), (16, 7), (16, 50)])
def test_many_workers_make_the_frame_of_one(server, resource, workers, page_size) -> None:
    both(server, resource, workers, page_size=page_size)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize(
    "options",
    [
        {"columns": ["body", "number:Priority"]},
        {"dtype_backend": "pyarrow"},
        {"start": "2000-01-01", "end": "2100-01-01"},
        {"start": "1970-01-01", "end": "1980-01-01"},
        {"start": "2100-01-01"},
        {"end": "2000-01-01"},
        {"limit": 0},
        {"limit": 1},
        {"limit": 99, "columns": ["uid"]},
        {"limit": 100_000},
    ],
    ids=str,
)
def test_options_give_what_they_give_serially(server, resource, options) -> None:
    both(server, resource, 8, page_size=10, **options)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_ends_on_rows_are_inclusive(server, resource) -> None:
    times = read(server, resource, workers=1, columns=["timestamp"])["timestamp"].sort_values()
    for first, last in ((40, 140), (50, 50)):
        start, end = times.iloc[first], times.iloc[last]
        both(server, resource, 8, page_size=6, start=start, end=end)
        both(server, resource, 3, page_size=6, start=start, limit=50)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("workers", [2, 16])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=503, rate=0.1),
        Fault("status", status=429, retry_after=0.02, rate=0.05),
        Fault("reset", rate=0.05),
        Fault("cut off", rate=0.05),
        Fault("truncated", rate=0.05),
        Fault("duplicate rows", rate=0.2, times=8),
    ],
    ids=lambda fault: fault.kind + str(fault.status or ""),
)
def test_faults_change_no_row(server, resource, workers, fault) -> None:
    one = read(server, resource, workers=1, page_size=20)
    server.inject(fault)
    assert_frame_equal(read(server, resource, workers=workers, page_size=20), one)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("after", [0, 1, 6, 13])
def test_a_failure_for_good_is_one_error_with_the_first_rows(server, resource, after) -> None:
    one = read(server, resource, workers=1, page_size=10)
    server.inject(Fault("status", status=403, path="(comments|query)$", times=None, after=after))
    before = n_requests(server)
    with pytest.raises(rp.exceptions.PermissionDeniedError) as caught:
        read(server, resource, workers=4, page_size=10)
    partial = caught.value.partial
    assert partial["uid"].tolist() == one["uid"].head(len(partial)).tolist()
    assert (len(partial) > 0) == (after > 0)
    assert n_requests(server) - before <= after + 8


@pytest.mark.parametrize("workers", [4, 16])
@pytest.mark.parametrize("limit", [20, 100])
def test_a_limit_is_not_read_far_past(server, workers, limit) -> None:
    before = n_requests(server)
    assert len(read(server, INBOX, workers=workers, page_size=10, limit=limit)) == limit
    assert n_requests(server) - before <= 2 * limit // 10 + workers


def test_one_retry_after_holds_back_all_workers(server) -> None:
    fault = Fault("status", status=429, retry_after=1, path="comments$", after=8)
    server.inject(fault)
    with rp.Client(server.endpoint, server.token, retry=QUICK, workers=4) as client:
        client.read(INBOX, page_size=5)
        log = client.requests()
    refused = log[log["status"] == 429].iloc[0]
    # Others may send while the refusal is under way, and an instant until it is read.
    told = refused["started_at"] + pd.Timedelta(milliseconds=refused["elapsed_ms"])
    held = log["started_at"].between(told + pd.Timedelta("0.2s"), told + pd.Timedelta("0.95s"))
    assert not held.any()
    assert (log["waited_ms"] > 500).sum() >= 2


def page(first: int, cursor: str | None) -> bytes:
    comments = [
        {
            "id": f"{number:016x}",
            "uid": f"18ba5ce699f8da1f.{number:016x}",
            "source_id": "18ba5ce699f8da1f",
            "timestamp": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
            "created_at": "2026-01-01T00:00:00Z",
            "last_modified": "2026-01-01T00:00:00Z",
            "messages": [{"body": {"text": "Thanks!"}}],
            "user_properties": {},
            "attachments": [],
        }
        for number in range(first, first + 2)
    ]
    body = {"status": "ok", "comments": comments} | ({"continuation": cursor} if cursor else {})
    return answer(json.dumps(body).encode())


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(
    ("then", "retry"),
    [
        ([HEAR, pause(30)], ONCE),
        ([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", pause(30)], ONCE),
        ([HEAR, answer(status="503 Oh", body=b"")], rp.RetryPolicy(base_s=100, cap_s=100)),
        (
            [HEAR, answer(b"", "Retry-After: 60", status="429 Slow")],
            rp.RetryPolicy(base_s=1),
        ),
    ],
    ids=["stalled", "stalled in the body", "before a retry", "at the gate"],
)
def test_ctrl_c_ends_a_read_within_a_second(workers, then, retry) -> None:
    with HostileServer([page(0, "next"), *then], then[1:]) as server:
        sent_at: list[float] = []

        def interrupt() -> None:
            while len(server.heard) < 2:
                time.sleep(0.01)
            time.sleep(0.1)
            sent_at.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        client = rp.Client(server.url, "canary-0123456789", retry=retry, workers=workers)
        with pytest.raises(KeyboardInterrupt):
            client.read(INBOX, page_size=2)
        took_s = time.monotonic() - sent_at[0]
        thread.join()
        client.close()
        assert took_s < 1
        assert threads_left() == []


def deaf_to_times(n_pages: int, n_rows: int) -> Callable[[Request], Response]:
    """Return what follows continuations, but gives the first page whatever times are asked for."""

    def send(request: Request) -> Response:
        number = int(dict(request.params).get("after", 0))
        rows = [
            {
                "id": str(n),
                "uid": f"s.{n}",
                "timestamp": f"2026-01-{1 + n // 24:02d}T{n % 24:02d}:00:00Z",
                "created_at": "2026-02-01T00:00:00Z",
                "messages": [],
            }
            for n in range(number * n_rows, (number + 1) * n_rows)
        ]
        body: dict[str, object] = {"status": "ok", "comments": rows}
        if number + 1 < n_pages:
            body["continuation"] = str(number + 1)
        attempt = Attempt(started_at=datetime.now(UTC), method="GET", path=request.path)
        raw = json.dumps(body).encode()
        return Response(status=200, headers={}, body=raw, attempts=(attempt,))

    return send


@pytest.mark.parametrize("workers", [2, 4, 16])
def test_a_server_that_is_deaf_to_times_is_read_in_one_piece(workers: int) -> None:
    plan = plan_read(INBOX, {"page_size": 10})
    stages = checked(deaf_to_times(n_pages=30, n_rows=10))
    df = Reading(plan, lambda _: stages, host="deaf", workers=workers).frame()
    assert df["uid"].tolist() == [f"s.{n}" for n in range(300)]
    assert threads_left() == []


@pytest.mark.parametrize("page_size", [20, 40, 60])
def test_a_few_pages_cost_a_few_requests(server: Server, page_size: int) -> None:
    before = n_requests(server)
    df = read(server, INBOX, workers=16, page_size=page_size)
    assert n_requests(server) - before <= 2 * -(-len(df) // page_size)
