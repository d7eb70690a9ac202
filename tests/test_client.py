"""The main job against the sandbox: pages, limits, retries, errors, the tag, no token in sight."""

from __future__ import annotations

import json
import pickle
import re
import threading
import traceback
from collections.abc import Iterator

import pandas as pd
import pytest

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
QUICK = rp.RetryPolicy(base_s=0.001, cap_s=0.01)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(comments=400, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[rp.Client]:
    with rp.Client(server.endpoint, server.token, retry=QUICK, workers=1) as connected:
        yield connected


def count(server: Server, path: str) -> int:
    return sum(path in seen.path for seen in server.requests)


@pytest.mark.parametrize(
    ("resource", "one_row"),
    [
        ("datasets", False),
        ("datasets/acme", False),
        ("datasets/acme/claims", True),
        ("sources", False),
        ("sources/acme", False),
        ("sources/acme/inbox", True),
        ("sources/acme/inbox/statistics", True),
        ("auth/user", True),
    ],
)
def test_each_listed_resource_is_a_tagged_frame(
    client: rp.Client, resource: str, one_row: bool
) -> None:
    df = client.read(resource)
    assert (len(df) == 1) if one_row else (len(df) > 1)
    assert df.attrs["server_timing_ms"] >= 0
    assert df.attrs["reinfer"]["resource"] == resource
    assert df.attrs["reinfer"]["n_requests"] == 1


@pytest.mark.parametrize("kind", ["datasets", "sources"])
def test_ids_read_what_names_read(client: rp.Client, kind: str) -> None:
    listed = client.read(kind)
    by_id = client.read(f"{kind}/id:{listed['id'].iloc[0]}")
    assert by_id["name"].tolist() == listed["name"].head(1).tolist()


@pytest.mark.parametrize("page_size", [1, 7, 256])
def test_source_comments_come_whole_and_oldest_first(
    client: rp.Client, server: Server, page_size: int
) -> None:
    df = client.read(INBOX, page_size=page_size)
    total = client.read("sources/acme/inbox/statistics")["num_comments"].iloc[0]
    assert len(df) == total == 240
    assert df["uid"].is_unique
    assert df["timestamp"].is_monotonic_increasing
    assert count(server, "inbox/comments") == -(-240 // page_size)


def test_dataset_comments_come_newest_first_with_labels(client: rp.Client) -> None:
    df = client.read(CLAIMS)
    assert df["timestamp"].is_monotonic_decreasing
    labels = df.explode("labels")["labels"].dropna()
    assert set(labels.struct.field("state")) == {"assigned", "dismissed", "predicted"}


@pytest.mark.parametrize("limit", [0, 1, 99, 100, 101, 10_000])
def test_a_limit_is_exact_and_asks_for_no_page_beyond(
    client: rp.Client, server: Server, limit: int
) -> None:
    df = client.read(INBOX, limit=limit, page_size=50)
    assert len(df) == min(limit, 240)
    assert df["uid"].tolist() == client.read(INBOX)["uid"].head(limit).tolist()
    assert count(server, "inbox/comments") - 1 <= max(1, min(-(-limit // 50), 5))


def test_times_are_inclusive_at_both_ends(client: rp.Client) -> None:
    times = client.read(INBOX)["timestamp"]
    for resource in (INBOX, CLAIMS):
        whole = client.read(resource, columns=["timestamp"])["timestamp"]
        part = client.read(resource, start=times[50], end=times[99])["timestamp"]
        assert len(part) == whole.between(times[50], times[99]).sum()


def test_both_routes_agree_on_the_comments_they_share(client: rp.Client) -> None:
    source = client.read(INBOX).set_index("uid")
    dataset = client.read(CLAIMS).set_index("uid")
    shared = source.index.intersection(dataset.index)
    columns = ["body", "subject", "timestamp", "string:Team", "number:Priority"]
    assert len(shared) > 100
    left, right = source.loc[shared, columns], dataset.loc[shared, columns]
    pd.testing.assert_frame_equal(left, right, check_dtype=True)


def test_no_rows_have_the_columns_of_many(client: rp.Client) -> None:
    none = client.read(CLAIMS, start="1999-01-01", end="1999-01-02")
    some = client.read(CLAIMS, limit=5)
    kept = [name for name in some.columns if ":" not in name]
    assert list(none.columns) == kept
    assert none.dtypes.equals(some[kept].dtypes)


def test_wanted_columns_need_no_others(client: rp.Client) -> None:
    df = client.read(CLAIMS, columns=["labels", "number:Priority", "body"], limit=3)
    assert list(df.columns) == ["labels", "number:Priority", "body"]
    assert len(df) == 3


def test_row_timing_names_each_rows_request(client: rp.Client) -> None:
    df = client.read(INBOX, page_size=100, timing="row")
    requests = df.reinfer.requests()
    assert df.groupby("request").size().tolist() == requests["rows"].tolist() == [100, 100, 40]
    assert df.groupby("request")["server_timing_ms"].first().tolist() == list(requests["server_ms"])
    assert df.attrs["server_timing_ms"] == pytest.approx(requests["server_ms"].sum())


def test_rows_that_come_twice_are_kept_once(server: Server, client: rp.Client) -> None:
    server.inject(Fault("duplicate rows", path="inbox/comments", times=2))
    df = client.read(INBOX, page_size=100)
    assert df["uid"].is_unique
    assert len(df) == 240


def test_a_repeated_continuation_is_an_error_and_no_endless_loop(
    server: Server, client: rp.Client
) -> None:
    server.inject(Fault("repeat continuation", path="inbox/comments", times=None))
    with pytest.raises(rp.ResponseError, match="never end") as caught:
        client.read(INBOX, page_size=50)
    assert caught.value.reason == "repeated continuation"
    assert len(caught.value.partial) >= 50


def test_a_failing_platform_is_tried_again_and_each_try_is_in_the_log(
    server: Server, client: rp.Client
) -> None:
    server.inject(Fault("status", status=503, times=2, path="inbox/comments"))
    df = client.read(INBOX)
    requests = df.reinfer.requests()
    assert requests["outcome"].tolist() == ["http 503", "http 503", "ok"]
    assert requests["attempt"].tolist() == [1, 2, 3]
    assert df.attrs["reinfer"]["n_retries"] == 2
    assert client.requests()["outcome"].tolist() == requests["outcome"].tolist()


def test_what_had_arrived_comes_with_the_error(server: Server, client: rp.Client) -> None:
    server.inject(Fault("status", status=500, times=None, after=2, path="inbox/comments"))
    with pytest.raises(rp.ServerError) as caught:
        client.read(INBOX, page_size=50)
    error = caught.value
    assert len(error.partial) == 100
    assert error.partial.reinfer.requests()["outcome"].tolist() == ["ok"] * 2 + ["http 500"] * 5
    assert (error.attempts, error.status_code) == (5, 500)
    assert error.elapsed_s >= 0


def test_a_server_that_goes_away_leaves_what_had_arrived(server: Server, client: rp.Client) -> None:
    server.inject(Fault("reset", times=None, after=1, path="inbox/comments"))
    with pytest.raises(rp.NetworkError) as caught:
        client.read(INBOX, page_size=50)
    assert len(caught.value.partial) == 50
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, rp.InvalidRequestError, "resources"),
        (401, rp.AuthenticationError, "One API token is active per user"),
        (403, rp.PermissionDeniedError, "View labels and View sources"),
        (404, rp.NotFoundError, "read_reinfer('datasets')"),
        (409, rp.ConflictError, "conflict"),
        (413, rp.InvalidRequestError, "page_size"),
        (418, rp.APIError, "418"),
        (422, rp.InvalidRequestError, "value"),
        (501, rp.ServerError, "won't help"),
    ],
)
def test_an_error_status_is_its_own_error_and_is_not_tried_again(
    server: Server, client: rp.Client, status: int, kind: type[rp.APIError], words: str
) -> None:
    server.inject(Fault("status", status=status, message="the platform's words", times=None))
    with pytest.raises(kind) as caught:
        client.read(CLAIMS)
    error = caught.value
    assert type(error) is kind
    assert words in str(error)
    assert "the platform's words" in str(error)
    assert (error.attempts, error.status_code, error.method) == (1, status, "POST")
    assert len(server.requests) == 1


def test_a_wrong_token_is_refused_by_name(server: Server) -> None:
    with (
        rp.Client(server.endpoint, "not-the-right-token") as client,
        pytest.raises(rp.AuthenticationError, match="Manage Account"),
    ):
        client.read("datasets")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("html", "not json"), ("garbage", "not utf-8"), ("cut off", "cut off"), ("reset", "reset")],
)
def test_a_spoilt_answer_is_tried_again(
    server: Server, client: rp.Client, kind: str, reason: str
) -> None:
    status = {"status": 200} if kind == "html" else {}
    server.inject(Fault(kind, path="inbox/comments", **status))
    df = client.read(INBOX)
    assert len(df) == 240
    assert df.reinfer.requests()["outcome"].tolist() == [reason, "ok"]


def test_a_gateways_page_is_told_from_the_platforms_words(
    server: Server, client: rp.Client
) -> None:
    server.inject(Fault("html", status=502, times=None))
    with pytest.raises(rp.ServerError) as caught:
        client.read("datasets")
    assert "502 Bad Gateway" in str(caught.value)
    assert "not the platform's own answer" in str(caught.value)
    assert "<" not in str(caught.value)


def test_unknown_server_time_is_none(server: Server, client: rp.Client) -> None:
    server.inject(Fault("no server timing", times=None))
    df = client.read("datasets")
    assert df.attrs["server_timing_ms"] is None
    assert df.reinfer.requests()["elapsed_ms"].gt(0).all()


def test_raw_routes_are_frames_with_inferred_columns(client: rp.Client) -> None:
    df = client.read("/api/v1/datasets")
    assert {"id", "name", "source_ids", "_model_config"} <= set(df.columns)
    one = client.read("/auth/user", records="user", columns=["email"])
    assert one.shape == (1, 1)
    counted = client.read(
        "/api/v1/sources/acme/inbox/statistics", method="POST", json={"comment_filter": {}}
    )
    assert counted["num_comments"].tolist() == [240]


def test_raw_pages_of_a_catalogued_route_are_followed(client: rp.Client) -> None:
    path = "/api/_private/sources/acme/inbox/comments"
    assert len(client.read(path, params={"limit": 100})) == 240
    assert len(client.read(path, params={"limit": 100}, limit=150)) == 150
    query = "/api/_private/datasets/acme/claims/query"
    body = {"order": {"kind": "recent"}, "limit": 50}
    assert len(client.read(query, method="POST", json=body)) == len(client.read(CLAIMS))


def test_the_raw_door_gives_the_answer_as_it_came(client: rp.Client) -> None:
    response = client.request("GET", "/api/v1/sources/acme/inbox")
    assert response.status == 200
    assert response.json()["source"]["name"] == "inbox"
    assert response.server_timing_ms >= 0
    with pytest.raises(rp.NotFoundError):
        client.request("GET", "/api/v1/nothing")


def test_one_client_serves_many_threads(server: Server) -> None:
    with rp.Client(server.endpoint, server.token, workers=2) as client:
        frames: dict[int, pd.DataFrame] = {}

        def read(number: int) -> None:
            frames[number] = client.read(INBOX, limit=number + 1, page_size=5)

        threads = [threading.Thread(target=read, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    whole = frames[15]["uid"].tolist()
    for number, df in frames.items():
        assert df["uid"].tolist() == whole[: number + 1]
        assert df.reinfer.requests()["path"].nunique() == 1


@pytest.mark.parametrize("chunksize", [1, 60, 100, 1000])
def test_chunks_are_the_frame_in_pieces(client: rp.Client, chunksize: int) -> None:
    whole = client.read(INBOX, page_size=50)
    chunks = list(client.read(INBOX, page_size=50, chunksize=chunksize))
    assert [len(chunk) for chunk in chunks[:-1]] == [chunksize] * (len(chunks) - 1)
    together = rp.concat(chunks, ignore_index=True)
    assert together["uid"].tolist() == whole["uid"].tolist()
    assert together.attrs["reinfer"]["n_requests"] == whole.attrs["reinfer"]["n_requests"]


def test_closing_the_chunks_ends_the_read(server: Server) -> None:
    before = set(threading.enumerate())
    with rp.Client(server.endpoint, server.token, workers=4) as client:
        chunks = client.read(INBOX, page_size=5, chunksize=5)
        next(chunks)
        chunks.close()
    assert {thread for thread in threading.enumerate() if "reinfer-" in thread.name} <= before
    assert count(server, "inbox/comments") < 40


def test_an_error_in_chunks_comes_after_the_rows_before_it(
    server: Server, client: rp.Client
) -> None:
    server.inject(Fault("status", status=400, times=None, after=3, path="inbox/comments"))
    chunks = client.read(INBOX, page_size=50, chunksize=40)
    assert [len(next(chunks)) for _ in range(3)] == [40, 40, 40]
    with pytest.raises(rp.InvalidRequestError) as caught:
        next(chunks)
    assert len(caught.value.partial) == 30


def test_the_number_of_workers_may_be_given_for_one_read(server: Server, client: rp.Client) -> None:
    serial = client.read(CLAIMS, page_size=10)
    parallel = client.read(CLAIMS, page_size=10, workers=8)
    pd.testing.assert_frame_equal(parallel, serial)


def test_no_settings_are_an_error_that_names_all_ways_in() -> None:
    with pytest.raises(rp.ConfigurationError) as caught:
        rp.read_reinfer("datasets")
    for words in ("REINFER_TOKEN", "login()", "token="):
        assert words in str(caught.value)


def test_the_environment_signs_in(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    monkeypatch.setenv("REINFER_ENDPOINT", f"{server.endpoint}/api/v1/")
    assert len(rp.read_reinfer("datasets")) > 1
    assert rp.login() is None
    said = capsys.readouterr().out
    assert "Signed in" in said
    assert server.token not in said
    config = rp.show_config()
    assert "REINFER_TOKEN" in config.to_string()
    assert server.token not in config.to_string()


@pytest.mark.parametrize("workers", [0, 17, True, 2.5, "4"])
def test_workers_out_of_bounds_are_refused(workers: object) -> None:
    with pytest.raises(rp.ConfigurationError, match="1 to 16"):
        rp.Client("https://acme.reinfer.io", "token", workers=workers)


def test_the_token_is_nowhere(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    canary = server.token
    client = rp.Client(server.endpoint, canary, retry=QUICK)
    server.inject(Fault("status", status=418, message=f"you sent {canary}", path="echo"))
    df = client.read("datasets")
    with pytest.raises(rp.APIError) as caught:
        client.request("GET", "/api/v1/echo")
    error = caught.value
    shown = [
        repr(client),
        f"{client}",
        repr(vars(client)),
        repr(client.settings),
        json.dumps(df.attrs),
        client.requests().to_string(),
        repr(error),
        str(error),
        error.message,
        repr(vars(error)),
        "".join(traceback.format_exception(error)),
        pickle.dumps(error).decode("latin-1"),
        caplog.text,
    ]
    assert not [text for text in shown if canary in text]
    assert "***" in str(error)


def test_a_pickled_client_leaves_its_token_behind(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pickled = pickle.dumps(rp.Client(server.endpoint, server.token, workers=2))
    assert server.token.encode() not in pickled
    with pytest.raises(rp.ConfigurationError, match="REINFER_TOKEN"):
        pickle.loads(pickled)
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    assert len(pickle.loads(pickled).read("datasets")) > 1


def test_a_bound_on_bodies_is_the_clients_and_outlives_pickling(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    client = rp.Client(server.endpoint, max_body_bytes=100)
    for bounded in (client, pickle.loads(pickle.dumps(client))):
        with bounded, pytest.raises(rp.ResponseError, match="larger than any page"):
            bounded.read("datasets")


@pytest.mark.parametrize("bound", [0, -1, True, 1.5, "1", None])
def test_a_bound_on_bodies_that_cannot_be_is_refused(server: Server, bound: object) -> None:
    with pytest.raises(rp.ConfigurationError, match="max_body_bytes"):
        rp.Client(server.endpoint, server.token, max_body_bytes=bound)


def test_errors_read_as_sentences(client: rp.Client) -> None:
    with pytest.raises(rp.NotFoundError) as caught:
        client.read("datasets/acme/nothing")
    text = str(caught.value)
    assert re.search(r"GET /api/v1/datasets/acme/nothing was answered 404: .*\. Check", text)
    assert "(1 attempt, " in text
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == text
