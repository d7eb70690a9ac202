"""A Dask read in one process: the pandas frame, its columns, its requests, its refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

import dask
import pandas as pd
import pytest
from dask.dataframe.dask_expr.io import FromMapProjectable
from pandas.testing import assert_frame_equal
from tied_server import RESOURCE as TIED
from tied_server import tied_server

import reinfer_pandas as rp
from reinfer_pandas import dask as rpd
from reinfer_pandas._partitioning.worker_token import Connection
from reinfer_pandas._sending.retry import RetryPolicy
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = pytest.mark.timeout(60)

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
ONCE = RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Server]:
    with Server(comments=300, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def server(tenant: Server) -> Iterator[Server]:
    yield tenant
    tenant.clear_faults()


@pytest.fixture
def client(server: Server) -> Iterator[rp.Client]:
    with rp.Client(server.endpoint, server.token, retry=ONCE) as connected:
        yield connected


@pytest.fixture(autouse=True)
def _in_this_process() -> Iterator[None]:
    with dask.config.set(scheduler="threads"):
        yield


def by_time(client: rp.Client, resource: str, **options: object) -> pd.DataFrame:
    """Return the frame that a Dask read promises."""
    df = client.read(resource, **options)
    return (df[::-1] if resource.startswith("datasets") else df).set_index("timestamp")


def assert_same(computed: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Compare what both have; what the Dask frame has beside is null."""
    assert_frame_equal(computed[wanted.columns], wanted)
    beside = computed.drop(columns=wanted.columns)
    assert beside.isna().all(axis=None)
    assert "other_properties" in beside


def pages(server: Server) -> int:
    return sum(seen.path.endswith(("/comments", "/query")) for seen in server.requests)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("size", [{"npartitions": 1}, {"npartitions": 7}, {"partition_rows": 20}])
def test_the_dask_frame_is_the_pandas_frame_by_time(client, resource, size) -> None:
    ddf = rpd.read_reinfer(resource, client=client, **size)
    df = ddf.compute()
    assert_same(df, by_time(client, resource))
    assert_frame_equal(df.iloc[:0], ddf._meta)
    sizes = ddf.map_partitions(len).compute()
    if "partition_rows" in size:
        assert sizes.max() <= 40
        assert sizes.min() >= 10
    else:
        assert ddf.npartitions == size["npartitions"]


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize(
    "times",
    [
        {"start": "2026-01-10"},
        {"end": "2026-01-10 08:00"},
        {"start": "2026-01-10", "end": "2026-02-10 03:04:05.678901"},
        {"start": "1999-01-01", "end": "2031-01-01"},
    ],
)
def test_a_range_is_that_of_the_pandas_frame(client, resource, times) -> None:
    ddf = rpd.read_reinfer(resource, client=client, npartitions=5, **times)
    assert_same(ddf.compute(), by_time(client, resource, **times))
    assert ddf.npartitions == 5


def test_rows_of_one_time_stay_together_and_in_order_at_a_server_of_milliseconds() -> None:
    second = 1_767_225_600_000_000
    times = [second + 1_000 * step + micro for step in range(40) for micro in (0, 0, 1, 500, 999)]
    times += [second + 60_000_000 + micro for micro in [7] * 90 + [8] * 90]
    with tied_server(times) as server, rp.Client(server.endpoint, "token") as client:
        ddf = rpd.read_reinfer(TIED, client=client, partition_rows=20)
        df = ddf.compute()
        assert_same(df, by_time(client, TIED))
    assert df["id"].tolist() == [f"{number:04x}" for number in range(len(times))]
    sizes = df.groupby(pd.cut(df.index, ddf.divisions, right=False), observed=True).size()
    assert len(sizes) > 8
    assert sum(sizes > 40) == 1


def test_nine_in_ten_in_one_week_are_even_partitions_for_few_requests() -> None:
    day = 86_400_000_000
    times = [1_700_000_000_000_000 + number * 10 * day for number in range(100)]
    times += [1_750_000_000_000_000 + number * 7 * day // 900 for number in range(900)]
    with tied_server(times) as server, rp.Client(server.endpoint, "token") as client:
        ddf = rpd.read_reinfer(TIED, client=client, partition_rows=50)
        n_planned = len(client.requests())
        sizes = ddf.map_partitions(len).compute()
        assert_same(ddf.compute(), by_time(client, TIED))
    assert sizes.between(25, 100).all()
    assert n_planned <= 5 * len(sizes)


def test_a_month_reads_its_own_partitions(server, client) -> None:
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=12)
    before = pages(server)
    march = ddf.loc["2026-03"].compute()
    asked = pages(server) - before
    assert_same(march, by_time(client, CLAIMS).loc["2026-03"])
    first, end = pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-04-01", tz="UTC")
    wanted = [lo < end and hi > first for lo, hi in pairwise(ddf.divisions)]
    assert asked == sum(wanted) < 7


def test_picked_columns_alone_are_made(client) -> None:
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=3)[["body", "uid"]]
    (read,) = ddf.optimize(fuse=False).expr.find_operations(FromMapProjectable)
    assert sorted(read.columns) == ["body", "uid"]
    wanted = by_time(client, CLAIMS, columns=["body", "uid", "timestamp"])
    assert_frame_equal(ddf.compute(), wanted)
    assert_frame_equal(ddf["uid"].compute().to_frame(), wanted[["uid"]])
    assert len(ddf) == len(wanted)


def test_the_readers_options_mean_the_same(client) -> None:
    options = {
        "columns": ["uid", "labels", "string:Team"],
        "dtype_backend": "pyarrow",
        "timing": "row",
        "labels": ["Claim"],
        "sources": ["inbox"],
        "reviewed": True,
        "page_size": 9,
        "workers": 2,
    }
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=2, **options)
    df = ddf.compute()
    wanted = by_time(client, CLAIMS, **{**options, "columns": [*options["columns"], "timestamp"]})
    wanted.index = wanted.index.astype("datetime64[us, UTC]")  # whatever the columns' dtypes
    measured = ["server_timing_ms", "request"]
    assert df.columns.tolist() == wanted.columns.tolist()
    assert_frame_equal(df.drop(columns=measured), wanted.drop(columns=measured))
    assert df["server_timing_ms"].notna().all()
    assert len(ddf.loc["2026-02"].compute()) == len(wanted.loc["2026-02"]) > 0


def test_nested_columns_go_through_dask(client) -> None:
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=4)
    many = ddf[ddf["n_messages"] > 1].assign(twice=lambda df: df["n_messages"] * 2)
    wanted = by_time(client, CLAIMS)
    wanted = wanted[wanted["n_messages"] > 1]
    df = many[["twice", "labels"]].compute()
    assert df["labels"].list.len().tolist() == wanted["labels"].list.len().tolist()
    assert df["twice"].tolist() == (wanted["n_messages"] * 2).tolist()
    weekly = ddf["uid"].resample("W").count().compute()
    assert weekly.sum() == len(by_time(client, CLAIMS))
    labels = ddf.map_partitions(lambda df: df.reset_index().reinfer.labels()).compute()
    assert len(labels) == len(client.read(CLAIMS).reinfer.labels())


@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")  # Dask's own
def test_partitions_go_to_parquet_and_back(client, tmp_path) -> None:
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=3)
    ddf.to_parquet(tmp_path / "claims")
    df = pd.read_parquet(tmp_path / "claims")
    wanted = by_time(client, CLAIMS)
    plain = [name for name in wanted if str(wanted[name].dtype) != "object"]
    assert_frame_equal(df[plain], wanted[plain])
    labels = df.reset_index().reinfer.labels()
    assert len(labels) == len(client.read(CLAIMS).reinfer.labels())


def test_requests_come_from_the_same_tasks(server, client) -> None:
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=4)
    for one in (ddf, ddf[["uid", "body"]], ddf["uid"], ddf[ddf["n_messages"] > 1], ddf.loc["2026"]):
        before = pages(server)
        _, log = dask.compute(one, rpd.requests(one))
        assert pages(server) - before == len(log) <= 4
    assert log["partition"].is_monotonic_increasing
    assert log["request"].is_unique
    assert rp.latency(log, by="partition")["n"].tolist() == [1] * len(log)
    assert rp.plot_latency(log) is not None


def test_requests_of_persisted_partitions_read_nothing(server, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=3).persist()
    before = pages(server)
    assert len(rpd.requests(ddf).compute()) == 3
    assert pages(server) == before
    lost = ddf.map_partitions(lambda df: pd.DataFrame(df.to_dict("list"))).persist()
    with pytest.raises(rp.ConfigurationError, match="carries no request log"):
        rpd.requests(lost).compute()


def test_failed_attempts_are_in_the_log(server, client) -> None:
    patient = rp.RetryPolicy(base_s=0.001)
    with rp.Client(server.endpoint, server.token, retry=patient) as stubborn:
        ddf = rpd.read_reinfer(INBOX, client=stubborn, npartitions=3)
        server.inject(Fault("status", status=503, path="comments$", times=2))
        df, log = dask.compute(ddf, rpd.requests(ddf))
    assert len(df) == 180
    assert sorted(log["outcome"]) == ["http 503"] * 2 + ["ok"] * 3


def test_a_property_that_comes_later_is_kept_with_a_warning() -> None:
    times = [1_767_225_600_000_000 + step * 1_000_000 for step in range(50)]
    with tied_server(times) as server, rp.Client(server.endpoint, "token") as client:
        ddf = rpd.read_reinfer(TIED, client=client, npartitions=2)
        assert not [name for name in ddf.columns if ":" in name]
        server.late = "number:Weight"
        with pytest.warns(UserWarning, match="'other_properties', as JSON") as warned:
            df = ddf.compute()
        assert df["uid"].tolist() == by_time(client, TIED)["uid"].tolist()
    assert "number:Weight" in str(warned[0].message)
    assert [json.loads(text) for text in df["other_properties"]] == [
        {"number:Weight": number / 2} for number in range(50)
    ]


def test_a_property_of_a_plan_may_be_missing_from_its_partitions(client) -> None:
    whole = rpd.read_reinfer(CLAIMS, client=client, npartitions=2)
    known = [name for name in whole.columns if ":" in name]
    assert "number:Claim Value" in known
    few = rpd.read_reinfer(CLAIMS, client=client, npartitions=2, sources=["calls"])
    assert [name for name in few.columns if ":" in name] == known
    assert_same(few.compute(), by_time(client, CLAIMS, sources=["calls"]))


def test_who_may_not_count_gets_even_times_and_a_warning(server, client) -> None:
    server.inject(Fault("status", status=403, path="statistics$", times=None))
    with pytest.warns(UserWarning, match="as long in time as each other"):
        ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=6)
    lengths = pd.Series(ddf.divisions).diff().dropna()
    assert lengths.max() - lengths.min() < pd.Timedelta(seconds=1)
    assert_same(ddf.compute(), by_time(client, CLAIMS))


def test_who_may_not_see_the_summary_gets_the_properties_of_some_rows(server, client) -> None:
    server.inject(Fault("status", status=403, path="summary$", times=None))
    ddf = rpd.read_reinfer(CLAIMS, client=client, npartitions=6)
    assert_same(ddf.compute(), by_time(client, CLAIMS))


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_a_plan_asks_a_few_dozen_times(server, client, resource) -> None:
    before = len(server.requests)
    rpd.read_reinfer(resource, client=client, npartitions=8)
    assert len(server.requests) - before <= 60
    assert max(seen.rows for seen in server.requests[before:]) <= 64


def test_no_comments_and_an_open_range_are_refused(client) -> None:
    with pytest.raises(rp.ConfigurationError, match="has no comments here, and an open range"):
        rpd.read_reinfer(CLAIMS, client=client, npartitions=2, senders=["nobody@nowhere.example"])


def test_no_comments_in_a_range_are_one_empty_partition(client) -> None:
    ddf = rpd.read_reinfer(
        CLAIMS, client=client, npartitions=4, start="1990-01-01", end="1990-02-01"
    )
    assert ddf.npartitions == 1
    assert_frame_equal(ddf.compute(), ddf._meta)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "npartitions= or partition_rows="),
        ({"npartitions": 2, "partition_rows": 10}, "npartitions= or partition_rows="),
        ({"npartitions": 0}, "npartitions=0: give a whole number, 1 or more"),
        ({"npartitions": True}, "npartitions=True: give a whole number, 1 or more"),
        ({"partition_rows": -1}, "partition_rows=-1: give a whole number, 1 or more"),
        ({"partition_rows": 1.5}, "partition_rows=1.5: give a whole number, 1 or more"),
        ({"npartitions": 2, "requests_per_second": 0}, "requests_per_second=0"),
        ({"npartitions": 2, "requests_per_second": "5"}, "requests_per_second='5'"),
        ({"npartitions": 2, "requests_per_second": float("nan")}, "requests_per_second=nan"),
        ({"npartitions": 2, "limit": 5}, "takes no limit=.*ddf.head"),
        ({"npartitions": 2, "chunksize": 5}, "takes no chunksize=.*partition_rows"),
        ({"npartitions": 2, "order": "sample"}, "takes no order=.*stretches of time"),
        ({"npartitions": 2, "text": "car"}, "takes no text=.*stretches of time"),
        ({"npartitions": 2, "filter": {"timestamp": {"minimum": "2026"}}}, "start= and end="),
        ({"npartitions": 2, "columns": ["boddy"]}, "has no column 'boddy'"),
        ({"npartitions": 2, "start": "2026-02", "end": "2026-01"}, "is after end"),
        ({"npartitions": 2, "colour": "red"}, "has no option 'colour'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(server, client, options, said) -> None:
    before = len(server.requests)
    with pytest.raises(rp.ConfigurationError, match=said):
        rpd.read_reinfer(CLAIMS, client=client, **options)
    assert len(server.requests) == before


@pytest.mark.parametrize(
    "resource", ["datasets", "datasets/acme/claims/export", "/api/v1/datasets", "auth/user"]
)
def test_what_has_no_times_to_divide_by_is_refused(server, client, resource) -> None:
    before = len(server.requests)
    with pytest.raises(rp.ConfigurationError, match="can't be divided by time"):
        rpd.read_reinfer(resource, client=client, npartitions=2)
    assert len(server.requests) == before


def test_the_catch_all_keeps_no_property_of_the_plan(client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=2)
    assert ddf[["uid", "other_properties"]].compute()["other_properties"].isna().all()


def test_the_catch_all_can_be_asked_for_by_name(client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=2, columns=["uid", "other_properties"])
    df = ddf.compute()
    assert df.columns.tolist() == ["uid", "other_properties"]
    found = [json.loads(text) for text in df["other_properties"].dropna()]
    assert {name for row in found for name in row} >= {"string:Team", "number:Priority"}


def test_a_process_takes_the_token_of_its_environment(server, client, monkeypatch) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=2, columns=["uid"])
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    df = ddf.compute(scheduler="processes", num_workers=1)
    assert_frame_equal(df, by_time(client, INBOX, columns=["uid", "timestamp"]))


def connection(endpoint: str) -> Connection:
    return Connection(plan="", endpoint=endpoint, retry=ONCE, timeout=(1.0, 1.0), workers=1)


def test_a_process_without_a_token_is_named() -> None:
    with pytest.raises(rp.ConfigurationError, match=rf"process {os.getpid()} on .* has no API"):
        connection("https://one.reinfer.io").client()


def test_the_token_of_another_tenant_is_not_sent(monkeypatch) -> None:
    monkeypatch.setenv("REINFER_TOKEN", "a-token")
    monkeypatch.setenv("REINFER_ENDPOINT", "https://other.reinfer.io")
    with pytest.raises(rp.ConfigurationError, match="of another tenant"):
        connection("https://one.reinfer.io").client()
    monkeypatch.setenv("REINFER_ENDPOINT", "https://one.reinfer.io/api/v1")
    with connection("https://one.reinfer.io").client() as found:
        assert found.settings.token.reveal() == "a-token"


def test_a_token_that_changed_is_taken_anew(monkeypatch) -> None:
    found = []
    for token in ("first", "first", "second"):
        monkeypatch.setenv("REINFER_TOKEN", token)
        found.append(connection("https://changing.reinfer.io").client())
    assert found[0] is found[1]
    assert found[2].settings.token.reveal() == "second"


def test_a_read_in_one_process_keeps_its_pace(server, client) -> None:
    ddf = rpd.read_reinfer(INBOX, client=client, npartitions=5, requests_per_second=10, workers=1)
    log = rpd.requests(ddf).compute()
    gaps = log["started_at"].sort_values().diff().dropna()
    assert len(gaps) == 4
    # A tenth of a second, less what a busy machine may put between a turn and its request.
    assert (gaps > pd.Timedelta(milliseconds=30)).all()


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_package_itself_imports_no_dask() -> None:
    done = run(
        "import sys, reinfer_pandas as rp; rp.read_reinfer, rp.Client, rp.export_reinfer, dir(rp);"
        "assert not {'dask', 'distributed'} & set(sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_without_all_of_dask_the_command_that_installs_it_is_told() -> None:
    done = run("import sys; sys.modules['distributed'] = None; import reinfer_pandas.dask")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: reinfer_pandas.dask needs Dask")
    assert 'pip install "dask[dataframe,distributed]"' in done.stderr
