"""A Dask read on worker processes: faults, a killed worker, one pace for all, and no token in it.

The cluster speaks TLS and its workers have no token of their own.
"""

from __future__ import annotations

import gc
import io
import os
import pickle
import signal
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import replace

import cloudpickle
import dask
import pandas as pd
import pytest
from dask.dataframe.dask_expr import new_collection
from dask.dataframe.dask_expr.io import FromMapProjectable
from distributed import Client, LocalCluster, wait
from pandas.testing import assert_frame_equal

import reinfer_pandas as rp
from reinfer_pandas import dask as rpd
from reinfer_pandas._partitioning.worker_token import TokenPlugin
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = [
    pytest.mark.timeout(120),
    # Dask's own threads and sockets end when they are collected, not when they are closed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CLAIMS = "datasets/acme/claims/comments"
INBOX = "sources/acme/inbox/comments"
CANARY = "canary-0123456789-canary"
PATIENT = rp.RetryPolicy(base_s=0.01, cap_s=0.05, attempts=10)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Server]:
    with Server(comments=300, latency=Latency(0), token=CANARY) as running:
        yield running


@pytest.fixture
def server(tenant: Server) -> Iterator[Server]:
    yield tenant
    tenant.clear_faults()


@pytest.fixture(scope="module")
def client(tenant: Server) -> Iterator[rp.Client]:
    with rp.Client(tenant.endpoint, tenant.token, retry=PATIENT) as connected:
        yield connected


@pytest.fixture(scope="module")
def cluster(client: rp.Client) -> Iterator[Client]:
    """Run two worker processes of two threads each, and hand them the token."""
    options = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": ":0"}
    with (
        LocalCluster(security=True, protocol="tls://", **options) as running,
        Client(running) as connected,
    ):
        rpd.register(connected, client=client)
        yield connected
    gc.collect()  # here, where their warnings are let pass


def by_time(client: rp.Client, resource: str = CLAIMS) -> pd.DataFrame:
    df = client.read(resource)
    return (df[::-1] if resource == CLAIMS else df).set_index("timestamp")


def assert_same(computed: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert_frame_equal(computed[wanted.columns], wanted)


def pages(server: Server) -> int:
    return sum(seen.path.endswith(("/comments", "/query")) for seen in server.requests)


@pytest.mark.parametrize("resource", [CLAIMS, INBOX])
def test_workers_that_meet_faults_make_the_pandas_frame(cluster, server, client, resource) -> None:
    wanted = by_time(client, resource)
    ddf = rpd.read_reinfer(resource, client=client, npartitions=9)
    server.inject(Fault("status", status=503, path="(comments|query)$", times=4))
    server.inject(Fault("cut off", path="(comments|query)$", times=3))
    df, log = dask.compute(ddf, rpd.requests(ddf))
    assert_same(df, wanted)
    assert {"http 503", "cut off"} <= set(log["outcome"])
    assert len(log[log["outcome"] == "ok"]) == 9
    assert log["partition"].nunique() == 9


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, server, client) -> None:
    wanted = by_time(client)
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=12, page_size=5, workers=1)
    before = pages(server)
    computed = cluster.compute(ddf)
    victim, *_ = cluster.run(os.getpid).values()
    while pages(server) < before + 10:
        time.sleep(0.005)
    os.kill(victim, signal.SIGKILL)
    assert_same(computed.result(), wanted)
    cluster.wait_for_workers(2)
    assert victim not in cluster.run(os.getpid).values()


def test_a_worker_that_came_later_has_the_token_too(cluster, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=4, columns=["uid"])
    assert len(ddf.compute()) == 180
    plugins = cluster.run(lambda dask_worker: [repr(one) for one in dask_worker.plugins.values()])
    assert all("TokenPlugin(***)" in found for found in plugins.values())


def test_persisted_partitions_keep_their_log_on_their_workers(cluster, server, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=4).persist()
    wait(ddf)
    before = pages(server)
    log = rpd.requests(ddf).compute()
    assert pages(server) == before
    assert log["partition"].tolist() == [0, 1, 2, 3]


def test_the_token_is_in_nothing_that_can_be_seen(cluster, server, client, tmp_path) -> None:
    said = io.StringIO()
    with redirect_stderr(said):
        ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=3)
        future = cluster.compute(ddf)
        future.result()
        cluster.dump_cluster_state(str(tmp_path / "state"), format="yaml")
    dump = next(tmp_path.iterdir()).read_bytes()
    assert b"read-reinfer" in dump
    graph = ddf.optimize().__dask_graph__()
    seen = [
        dump,
        cloudpickle.dumps(ddf),
        cloudpickle.dumps(graph),
        repr(graph).encode(),
        repr(cluster.get_worker_logs()).encode(),
        repr(cluster.get_scheduler_logs()).encode(),
        repr(cluster.scheduler_info()).encode(),
        said.getvalue().encode(),
    ]
    assert [CANARY.encode() in one for one in seen] == [False] * len(seen)


def test_a_worker_gives_the_token_to_no_pickle() -> None:
    plugin = TokenPlugin(CANARY)
    assert CANARY not in repr(vars(plugin))
    with pytest.raises(TypeError, match="isn't pickled"):
        pickle.dumps(plugin)


def test_a_worker_without_a_token_is_named(cluster, client) -> None:
    with (
        Server(comments=50, latency=Latency(0)) as other,
        rp.Client(other.endpoint, other.token) as stranger,
    ):
        ddf = rpd.read_reinfer(INBOX, client=stranger, npartitions=2)
        with pytest.raises(rp.ConfigurationError, match=r"The worker tls://.* has no API token"):
            ddf.compute()


def test_workers_of_another_version_are_refused(cluster, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=2)
    (read,) = ddf.expr.find_operations(FromMapProjectable)
    older = replace(read.func, version="0.0.1")
    with pytest.raises(rp.ConfigurationError, match=r"worker tls://.* planned by 0\.0\.1"):
        new_collection(read.substitute_parameters({"func": older})).compute()


def test_all_workers_keep_one_pace(cluster, client) -> None:
    ddf = rpd.read_reinfer(
        CLAIMS, client=client, npartitions=7, requests_per_second=4, columns=["uid"]
    )
    df, log = dask.compute(ddf, rpd.requests(ddf))
    assert len(df) == len(by_time(client))
    begun = log["started_at"].sort_values(ignore_index=True)
    assert len(begun) == 7
    # A second, less what a busy machine may put between a turn and its request.
    assert (begun.diff(4).dropna() >= pd.Timedelta(seconds=0.8)).all()
    assert log["waited_ms"].max() > 900


def test_one_worker_told_to_wait_holds_the_others_back(cluster, server, client) -> None:
    ddf = rpd.read_reinfer(
        CLAIMS, client=client, npartitions=12, page_size=3, workers=1, columns=["uid"]
    )
    server.inject(
        Fault("status", status=429, retry_after=2, path="query$", after=20),
        Fault("stall", seconds=0.06, path="query$", times=None),
    )
    log = rpd.requests(ddf).compute()
    (refused,) = log.loc[log["outcome"] == "http 429", "started_at"]
    since_s = (log["started_at"] - refused).dt.total_seconds()
    assert not ((since_s > 1) & (since_s < 2)).any()
    assert (since_s >= 2).sum() > 4


def test_late_properties_are_told_of_where_the_read_was_planned(cluster, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=2)
    (read,) = ddf.expr.find_operations(FromMapProjectable)
    fewer = replace(read.func, empty=read.func.empty.drop(columns="string:Team"))
    unaware = new_collection(read.substitute_parameters({"func": fewer, "user_meta": fewer.empty}))
    with pytest.warns(UserWarning, match="string:Team; they are in 'other_properties'"):
        told = [unaware["other_properties"].compute(), cluster.run(os.getpid)]
    assert told[0].notna().any()


def test_a_token_goes_over_tls_or_nowhere(client) -> None:
    options = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
    with (
        LocalCluster(protocol="tcp://", **options) as plain,
        Client(plain) as connected,
        pytest.raises(rp.ConfigurationError, match=r"the cluster is at tcp://.*TLS only"),
    ):
        rpd.register(connected, client=client)
    with pytest.raises(rp.ConfigurationError, match=r"is no distributed\.Client"):
        rpd.register(client)


def test_workers_of_this_process_have_its_clients_token(client) -> None:
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False}
    with LocalCluster(dashboard_address=":0", **options) as within, Client(within) as connected:
        rpd.register(connected, client=client)
        assert_same(
            rpd.read_reinfer(CLAIMS, client=client, npartitions=3).compute(), by_time(client)
        )
