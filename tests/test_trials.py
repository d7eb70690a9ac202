"""Reads under random faults, broken off and gone on with: no row is lost, none comes twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = pytest.mark.timeout(600)

INBOX, CLAIMS = "sources/acme/inbox/comments", "datasets/acme/claims/comments"
N_TRIALS = int(os.environ.get("REINFER_PANDAS_TRIALS", "80"))
N_SOAKED = int(os.environ.get("REINFER_PANDAS_SOAK", "1500"))
KINDS = (
    "status",
    "html",
    "reset",
    "close",
    "reset in headers",
    "reset in body",
    "cut off",
    "cut off chunked",
    "bad gzip",
    "empty",
    "garbage",
    "truncated",
    "missing key",
    "error as ok",
    "duplicate rows",
    "no server timing",
)
FAULTS = st.builds(
    Fault,
    st.sampled_from(KINDS),
    path=st.just("(comments|query)$"),
    after=st.integers(0, 12),
    times=st.integers(1, 4),
    status=st.sampled_from([None, 500, 503]),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=120, latency=Latency(0)) as running:
        yield running


@pytest.fixture(scope="module")
def wholes(server: Server) -> dict[str, list[str]]:
    with rp.Client(server.endpoint, server.token) as client:
        return {name: client.read(name)["uid"].tolist() for name in (INBOX, CLAIMS)}


def tried(read: object, came: list[pd.DataFrame], whole: list[str]) -> rp.ReinferError | None:
    """Read, or go on; return what ended it, if anything, with a partial that has no gap."""
    try:
        found = read()
        came.extend([found] if isinstance(found, pd.DataFrame) else found)
    except rp.ReinferError as error:
        uids = [uid for df in [*came, error.partial] for uid in df["uid"]]
        assert uids == whole[: len(uids)]
        return error
    return None


@settings(max_examples=N_TRIALS, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.lists(FAULTS, max_size=6),
    resource=st.sampled_from([INBOX, CLAIMS]),
    page_size=st.integers(3, 40),
    workers=st.integers(1, 6),
    attempts=st.integers(1, 3),
    chunksize=st.none() | st.integers(1, 50),
    limit=st.none() | st.integers(1, 90),
)
def test_whatever_goes_wrong_the_rows_come_once_and_in_order(
    server, wholes, faults, resource, page_size, workers, attempts, chunksize, limit
) -> None:
    whole = wholes[resource][:limit]
    options = {"page_size": page_size, "chunksize": chunksize, "limit": limit}
    given_ = {name: value for name, value in options.items() if value is not None}
    policy = rp.RetryPolicy(attempts=attempts, base_s=0, cap_s=0)
    came: list[pd.DataFrame] = []
    server.inject(*faults)
    try:
        with rp.Client(server.endpoint, server.token, retry=policy, workers=workers) as client:
            error = tried(lambda: client.read(resource, **given_), came, whole)
            for _ in range(30):
                if error is None:
                    break
                error = tried(error.resume, came, whole)
    finally:
        server.clear_faults()
    assert error is None
    assert [uid for df in came for uid in df["uid"]] == whole


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files here")
def test_a_long_run_grows_in_nothing_but_its_log(server, wholes, capsys) -> None:
    policy = rp.RetryPolicy(attempts=8, base_s=0, cap_s=0)
    server.inject(
        Fault("status", rate=0.05), Fault("cut off", rate=0.02), Fault("reset", rate=0.02)
    )
    try:
        with rp.Client(server.endpoint, server.token, retry=policy, workers=4) as client:
            marks: list[tuple[int, int, int, int]] = []
            while (done := len(client._pipeline.log)) < N_SOAKED:
                assert client.read(INBOX, page_size=8)["uid"].tolist() == wholes[INBOX]
                if done >= N_SOAKED // 3 and (not marks or done >= N_SOAKED * 5 // 6):
                    marks.append((done, resident_kb(), open_files(), threading.active_count()))
    finally:
        server.clear_faults()
    (n_first, kb_first, files_first, threads_first), last = marks[0], marks[-1]
    with capsys.disabled():
        print(f"\nsoak: {marks[0]} -> {last} (requests, kB, open files, threads)")
    assert last[3] <= threads_first + 4  # the server's own, for connections
    assert last[2] <= files_first + 8
    # Both ends of the talk are in this process: the client's log and the server's, 2 kB a request.
    assert last[1] - kb_first < 20_000 + 4 * (last[0] - n_first)
