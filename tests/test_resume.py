"""Reads that break off, at whatever instant, and go on: the frame of one that did not."""

from __future__ import annotations

import json
import pickle
import random
import threading
from collections.abc import Iterator

import pandas as pd
import pytest
from interrupts import CtrlC
from pandas.testing import assert_frame_equal

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server

pytestmark = pytest.mark.timeout(60)

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
RAW = "/api/_private/sources/acme/inbox/comments"
PAGES = "(comments|query)$"
ONCE = rp.RetryPolicy(attempts=1)


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


def n_requests(server: Server) -> int:
    return sum(seen.path.endswith(("/comments", "/query")) for seen in server.requests)


def fail_at(server: Server, *, after: int, times: int | None = 1, **options: object) -> None:
    options = {"status": 500, **options}
    server.inject(Fault("status", path=PAGES, times=times, after=after, **options))


def resumed(error: BaseException, *, most: int = 50) -> pd.DataFrame:
    """Go on as often as it takes."""
    for _ in range(most):
        try:
            return error.resume()
        except (rp.ReinferError, KeyboardInterrupt) as again:
            error = again
    raise AssertionError(f"it still fails after {most} times")


OPTIONS = [
    {},
    {"limit": 137},
    {"columns": ["body"]},
    {"timing": "row"},
    {"start": "2000-01-01", "end": "2100-01-01"},
    {"dtype_backend": "pyarrow"},
]


@pytest.mark.parametrize("resource", [INBOX, CLAIMS, RAW])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("after", [0, 1, 4, 7])
def test_a_read_that_failed_goes_on_and_asks_only_for_what_is_missing(
    server, client, resource, workers, after
) -> None:
    of_comments = {} if resource == RAW else {"page_size": 20, "workers": workers}
    raw = {"params": {"limit": 20}} if resource == RAW else {}
    whole = client.read(resource, **of_comments, **raw)
    before = n_requests(server)
    fail_at(server, after=after)
    with pytest.raises(rp.ServerError) as caught:
        client.read(resource, **of_comments, **raw)
    partial = caught.value.partial
    assert partial.get("uid", pd.Series()).tolist() == whole["uid"].head(len(partial)).tolist()
    df = caught.value.resume()
    assert_frame_equal(df, whole)
    assert n_requests(server) - before <= whole.attrs["reinfer"]["n_requests"] + 2 * workers + 1
    assert df.reinfer.requests()["outcome"].tolist().count("http 500") == 1


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_hold_in_what_goes_on(server, client, resource, options) -> None:
    whole = client.read(resource, page_size=10, **options)
    fail_at(server, after=5)
    with pytest.raises(rp.ServerError) as caught:
        client.read(resource, page_size=10, **options)
    df = caught.value.resume()
    told = ["request", "server_timing_ms"] if options.get("timing") else []
    assert_frame_equal(df.drop(columns=told), whole.drop(columns=told))
    if told:
        requests = df.reinfer.requests()
        assert set(df["request"]) <= set(requests.loc[requests["outcome"] == "ok", "request"])


@pytest.mark.parametrize("seed", range(25))
def test_whatever_fails_and_however_often_no_row_is_lost_or_doubled(server, seed) -> None:
    dice = random.Random(seed)
    resource, workers = dice.choice([INBOX, CLAIMS]), dice.choice([1, 2, 4, 8, 16])
    page_size = dice.randrange(5, 60)
    with rp.Client(server.endpoint, server.token, retry=ONCE, workers=workers) as client:
        whole = client.read(resource, page_size=page_size)
        kinds = ("reset", "cut off", "truncated", "html", "empty")
        for kind in dice.sample(kinds, 3):
            server.inject(Fault(kind, path=PAGES, times=4, rate=dice.choice([0.1, 0.3])))
        try:
            df = client.read(resource, page_size=page_size)
        except rp.ReinferError as error:
            df = resumed(error)
    assert_frame_equal(df, whole)


def test_chunks_go_on_with_those_not_handed_on(server, client) -> None:
    whole = client.read(CLAIMS, page_size=20)
    fail_at(server, after=6, times=2)
    chunks: list[pd.DataFrame] = []
    with pytest.raises(rp.ServerError) as caught:
        chunks.extend(client.read(CLAIMS, page_size=20, chunksize=35, workers=1))
    held = sum(map(len, chunks)) + len(caught.value.partial)
    assert 0 < held < len(whole)
    with pytest.raises(rp.ServerError) as again:
        chunks.extend(caught.value.resume())
    chunks.extend(again.value.resume())
    assert {len(chunk) for chunk in chunks[:-1]} == {35}
    assert_frame_equal(rp.concat(chunks, ignore_index=True), whole)


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_partial_tells_the_range_of_which_it_has_all(server, client, resource) -> None:
    whole = client.read(resource, page_size=10)
    fail_at(server, after=7)
    with pytest.raises(rp.ServerError) as caught:
        client.read(resource, page_size=10, start="2000-01-01", end="2100-01-01")
    partial = caught.value.partial
    ((start, end),) = json.loads(partial.attrs["reinfer"]["ranges"])
    covered = whole["timestamp"].between(pd.Timestamp(start), pd.Timestamp(end))
    assert 0 < covered.sum() < len(partial) + 1
    assert set(whole["uid"][covered]) <= set(partial["uid"])
    given = (start, "2000-01-01") if resource == INBOX else (end, "2100-01-01")
    assert pd.Timestamp(given[0]) == pd.Timestamp(given[1], tz="UTC")


def test_a_continuation_that_went_stale_is_replaced_by_a_time(server, client) -> None:
    whole = client.read(INBOX, page_size=20, workers=1)
    fail_at(server, after=4)
    with pytest.raises(rp.ServerError) as caught:
        client.read(INBOX, page_size=20, workers=1)
    before = n_requests(server)
    server.inject(Fault("status", path=PAGES, status=400, times=1))
    assert_frame_equal(caught.value.resume(), whole)
    assert n_requests(server) - before <= 2 + len(whole) // 20


def test_a_request_that_is_wrong_stays_wrong(server, client) -> None:
    fail_at(server, after=4)
    with pytest.raises(rp.ServerError) as caught:
        client.read(INBOX, page_size=20, workers=1)
    server.inject(Fault("status", path=PAGES, status=400, times=None))
    with pytest.raises(rp.InvalidRequestError) as again:
        caught.value.resume()
    assert len(again.value.partial) == 80


def test_a_page_that_is_no_page_is_asked_for_again(server, client) -> None:
    whole = client.read(INBOX, page_size=20)
    server.inject(Fault("missing key", path=PAGES, after=3, times=1))
    with pytest.raises(rp.ResponseError) as caught:
        client.read(INBOX, page_size=20, workers=1)
    assert len(caught.value.partial) == 60
    assert_frame_equal(caught.value.resume(), whole)


def test_an_error_that_ended_no_read_has_nothing_to_go_on_with(client) -> None:
    with pytest.raises(rp.ConfigurationError) as caught:
        client.read("no-such-resource")
    assert caught.value.partial is None
    with pytest.raises(rp.ConfigurationError, match="ended no read"):
        caught.value.resume()


def test_a_read_goes_on_to_its_end_once(server, client) -> None:
    fail_at(server, after=2)
    with pytest.raises(rp.ServerError) as caught:
        client.read(INBOX, page_size=50)
    caught.value.resume()
    with pytest.raises(rp.ConfigurationError, match="to its end"):
        caught.value.resume()


def test_a_pickled_error_keeps_what_had_arrived_and_leaves_the_read(server, client) -> None:
    fail_at(server, after=2)
    with pytest.raises(rp.ServerError) as caught:
        client.read(INBOX, page_size=50)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert_frame_equal(copy.partial, caught.value.partial)
    assert server.token.encode() not in pickle.dumps(caught.value)
    with pytest.raises(rp.ConfigurationError):
        copy.resume()


READS = {
    "one frame": lambda client: client.read(CLAIMS, page_size=60, workers=2),
    "one worker": lambda client: client.read(INBOX, page_size=60, workers=1, limit=200),
    "chunks": lambda client: client.read(CLAIMS, page_size=60, workers=2, chunksize=70),
}


def gathered(found: object, chunks: list[pd.DataFrame]) -> pd.DataFrame:
    if isinstance(found, pd.DataFrame):
        return found
    for chunk in found:
        chunks.append(chunk)  # noqa: PERF402 - what came stays when the next fails
    return rp.concat(chunks, ignore_index=True)


# Ctrl-C as a generator is thrown away is lost, and Python says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", READS)
@pytest.mark.parametrize("seed", range(25))
def test_ctrl_c_at_any_instant_loses_and_doubles_nothing(server, client, kind, seed) -> None:
    with CtrlC() as clock:
        whole = gathered(READS[kind](client), [])
    chunks: list[pd.DataFrame] = []
    try:
        with CtrlC(random.Random(seed).randrange(clock.n_instants // 6, clock.n_instants)):
            df = gathered(READS[kind](client), chunks)
    except rp.ReadInterrupted as error:
        df = gathered(error.resume(), chunks)
    except KeyboardInterrupt:
        return  # before the read had begun, or when it was over
    assert_frame_equal(df, whole)
    assert not [one for one in threading.enumerate() if one.name.startswith("reinfer-")]


def test_ctrl_c_says_what_had_arrived_and_how_to_go_on(server, client) -> None:
    words = r"rows had arrived.*resume\(\)"
    with pytest.raises(KeyboardInterrupt, match=words) as caught, CtrlC(2_000):
        client.read(CLAIMS, page_size=20, workers=1)
    assert caught.value.partial["uid"].is_unique
