"""One client in many threads, and in processes that were forked or that unpickled it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Latency, Server

pytestmark = pytest.mark.timeout(60)

INBOX, CLAIMS = "sources/acme/inbox/comments", "datasets/acme/claims/comments"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=200, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[rp.Client]:
    with rp.Client(server.endpoint, server.token, workers=2) as connected:
        yield connected


def test_sixteen_threads_get_their_own_frames_and_their_own_logs(client) -> None:
    wholes = {name: client.read(name)["uid"].tolist() for name in (INBOX, CLAIMS)}
    before = len(client.requests())
    asked = [(name, 10 + n) for n in range(16) for name in (INBOX, CLAIMS)]
    with ThreadPoolExecutor(16) as pool:
        frames = list(pool.map(lambda one: client.read(one[0], page_size=one[1]), asked))
    logs = [df.reinfer.requests() for df in frames]
    for (name, page_size), df, log in zip(asked, frames, logs, strict=True):
        assert df["uid"].tolist() == wholes[name]
        assert set(log["resource"]) == {name}
        assert log["rows"].sum() >= len(df)
        assert log["rows"].max() <= page_size
    assert sum(map(len, logs)) <= len(client.requests()) - before
    starts = [start for log in logs for start in log["started_at"].astype(str)]
    assert len(set(starts)) > 0.9 * len(starts)  # no request is in two logs, but by a tie of clocks


def child_reads(client: rp.Client) -> bool:
    """Fork, read in the child, and tell whether it got all rows; it never goes on from here."""
    n_rows = len(client.read(INBOX))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, str(len(client.read(INBOX))).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as found:
        said = found.read()
    os.waitpid(pid, 0)
    return said == str(n_rows).encode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_client_reads_on_connections_of_its_own(client) -> None:
    assert child_reads(client)
    assert len(client.read(INBOX)) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_client_forked_while_others_read_does_not_hang(client) -> None:
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            client.read(CLAIMS, page_size=8)

    others = [threading.Thread(target=go_on) for _ in range(3)]
    for thread in others:
        thread.start()
    try:
        assert all(child_reads(client) for _ in range(10))
    finally:
        over.set()
        for thread in others:
            thread.join()


def count(client: rp.Client) -> int:
    """Read in another process."""
    return len(client.read(INBOX))


def test_a_pickled_client_takes_the_token_of_its_new_process(client, server, monkeypatch) -> None:
    pickled = pickle.dumps(client)
    assert server.token.encode() not in pickled
    with pytest.raises(rp.ConfigurationError, match="REINFER_TOKEN"):
        pickle.loads(pickled)
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    with pickle.loads(pickled) as restored:
        assert len(restored.read(INBOX)) == len(client.read(INBOX))


def test_spawned_processes_read_with_the_token_of_their_environment(
    client, server, monkeypatch
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(count, [client]) == [len(client.read(INBOX))]
