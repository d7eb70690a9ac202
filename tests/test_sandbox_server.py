"""The sandbox over HTTP: addresses, token, pages, timing; and that nothing is left over."""

from __future__ import annotations

import ast
import gc
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_talk import Talk, talking_to

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server, routes, sandbox, serve

INBOX = "/api/_private/sources/acme/inbox/comments"
QUERY = "/api/_private/datasets/acme/claims/query"
RECENT = {"kind": "recent"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=600, latency=Latency(0)) as running:
        yield running


# life


def test_the_default_tenant_starts_without_writing_a_comment() -> None:
    with Server() as server:
        sources = server.tenant.sources.values()
        assert sum(source.encode.cache_info().currsize for source in sources) == 0


def count_open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files here")
def test_closing_leaves_no_thread_and_no_socket() -> None:
    before = set(threading.enumerate())
    files = count_open_files()
    with Server(comments=10) as server, talking_to(server) as talk:
        talk.get("/auth/user")
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
    gc.collect()  # a leaked socket would warn here, and warnings are errors
    assert count_open_files() == files


def test_closing_ends_a_stall_at_once() -> None:
    fault = Fault("stall", seconds=600)
    with Server(comments=10, faults=[fault]) as server, talking_to(server) as talk:
        stalled = threading.Thread(target=ask_in_vain, args=(talk,))
        stalled.start()
        while not server.requests:
            time.sleep(0.001)
        started = time.perf_counter()
        server.close()
        stalled.join(5)
        assert time.perf_counter() - started < 8


def ask_in_vain(talk: Talk) -> None:
    with pytest.raises(OSError, match="closed"):
        talk.ask("GET", "/auth/user")


def test_a_prepared_server_has_written_every_comment() -> None:
    server = Server(comments=50).prepare()
    for source in server.tenant.sources.values():
        assert source.encode.cache_info().currsize == len(source)
    for dataset in server.tenant.datasets.values():
        written = sum(each.encode.cache_info().currsize for each in dataset.annotators)
        assert written == len(dataset)


def test_a_closed_server_starts_again_and_remembers_its_requests() -> None:
    server = Server(comments=10)
    for round_ in (1, 2):
        with server, talking_to(server) as talk:
            talk.get("/auth/user")
            assert len(server.requests) == round_
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.endpoint


def test_starting_twice_is_refused() -> None:
    with Server(comments=0) as server, pytest.raises(RuntimeError, match="already"):
        server.start()


def test_a_taken_port_is_an_error() -> None:
    with Server(comments=0) as server, pytest.raises(OSError, match="in use"):
        Server(comments=0, port=int(server.endpoint.split(":")[2].split("/")[0])).start()


def test_the_sandbox_needs_the_standard_library_alone() -> None:
    folder = Path(routes.__file__).parent
    needed = set()
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                needed |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                needed.add(node.module)
    ours = {name for name in needed if name.startswith("reinfer_pandas.")}
    assert {name for name in ours if not name.startswith("reinfer_pandas.sandbox")} == {
        "reinfer_pandas.exceptions"
    }
    assert {name.partition(".")[0] for name in needed - ours} <= sys.stdlib_module_names


def test_the_package_is_the_function_of_its_name() -> None:
    assert rp.sandbox(comments=0).server.tenant.seed == 0


def test_a_sandbox_gives_a_client_that_reads_it() -> None:
    box = sandbox(comments=50, latency=Latency(0))
    with box as client:
        box.server.inject(Fault("status", status=401))
        with pytest.raises(rp.AuthenticationError):
            client.read("datasets")
        assert len(client.read("sources/acme/inbox/comments")) == 30
    assert [seen.status for seen in box.server.requests][:2] == [401, 200]


def test_serving_says_what_to_export_and_ends_with_ctrl_c() -> None:
    lines: list[str] = []

    def press_ctrl_c() -> None:
        raise KeyboardInterrupt

    serve(comments=10, token="opensesame", say=lines.append, wait=press_ctrl_c)
    assert lines[1].startswith("export REINFER_ENDPOINT=http://127.0.0.1:")
    assert lines[2] == "export REINFER_TOKEN=opensesame"


def test_a_port_that_cannot_be_had_is_said_in_one_line() -> None:
    with Server(comments=0) as server:
        taken = int(server.endpoint.split(":")[2].split("/")[0])
        for port in (taken, 70_000):
            with pytest.raises(rp.ConfigurationError, match=f"port {port} can't be had"):
                serve(comments=0, port=port)


# the token


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer wrong", "bearer {}", "Bearer {} "])
def test_only_the_right_token_opens(server: Server, talk: Talk, sent: str | None) -> None:
    header = {} if sent is None else {"Authorization": sent.format(server.token[::-1])}
    said = Talk(server)
    said._auth = header
    answer = said.ask("GET", "/api/v1/datasets")
    said.line.close()
    assert answer.status == 401
    assert answer.json == {"status": "error", "message": "401 Unauthorized"}


def test_the_token_is_in_no_repr_and_no_log(server: Server, talk: Talk) -> None:
    talk.get("/auth/user")
    box = sandbox(comments=0)
    shown = (server, box, server.requests, server.tenant, box.server)
    assert not any(found.token in repr(shown) for found in (server, box.server))


def test_a_token_can_be_chosen_and_is_else_made_up_each_time() -> None:
    assert Server(comments=0, token="mine").token == "mine"
    assert Server(comments=0).token != Server(comments=0).token


# addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/api/v1/datasets/acme/claims", "/api/v1/datasets/acme%2Fclaims"),
        ("/api/v1/sources/acme/inbox", "/api/v1/sources/acme%2finbox"),
        (f"{INBOX}?limit=2", "/api/_private/sources/acme%2Finbox/comments?limit=2"),
    ],
)
def test_a_full_name_is_two_segments_or_one(talk: Talk, one: str, other: str) -> None:
    assert talk.get(one) == talk.get(other)


@pytest.mark.parametrize("kind", ["dataset", "source"])
def test_things_are_found_by_name_and_by_id(talk: Talk, kind: str) -> None:
    for found in talk.get(f"/api/v1/{kind}s")[f"{kind}s"]:
        by_name = talk.get(f"/api/v1/{kind}s/{found['owner']}/{found['name']}")
        by_id = talk.get(f"/api/v1/{kind}s/id:{found['id']}")
        assert by_name[kind] == by_id[kind] == found


@pytest.mark.parametrize("kind", ["dataset", "source"])
def test_a_projects_things_are_those_of_all_that_it_owns(talk: Talk, kind: str) -> None:
    for owner in ("acme", "globex"):
        some = talk.get(f"/api/v1/{kind}s/{owner}")[f"{kind}s"]
        every = talk.get(f"/api/v1/{kind}s")[f"{kind}s"]
        assert some == [found for found in every if found["owner"] == owner] != []


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/datasets/nobody",
        "/api/v1/datasets/acme/nothing",
        "/api/v1/datasets/id:0000000000000000",
        "/api/v1/sources/acme/inbox/comments/nothing",
        "/api/v1/nothing",
        "/api/v1/datasets/acme/claims/nothing/at/all",
        "/api/v1/datasets/a%20b",
        "/nothing",
    ],
)
def test_what_is_not_there_is_a_404_in_the_envelope(talk: Talk, path: str) -> None:
    said = talk.ask("GET", path)
    assert (said.status, said.json["message"]) == (404, "404 Not Found")


def test_a_path_outside_the_base_is_a_404(server: Server, talk: Talk) -> None:
    talk.line.request(
        "GET", "/api/v1/datasets", headers={"Authorization": f"Bearer {server.token}"}
    )
    answer = talk.line.getresponse()
    answer.read()
    assert answer.status == 404


@pytest.mark.parametrize("path", ["/api/v1/datasets/acme/", "/api/v1/datasets//claims"])
def test_an_empty_segment_is_a_405(talk: Talk, path: str) -> None:
    assert talk.ask("GET", path).json["message"] == "405 Method Not Allowed"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/datasets"), ("GET", QUERY), ("DELETE", "/api/v1/sources/acme/inbox")],
)
def test_a_wrong_method_is_a_405(talk: Talk, method: str, path: str) -> None:
    assert talk.ask(method, path).status == 405


def test_a_comment_id_may_hold_any_printable_character(server: Server, talk: Talk) -> None:
    for name, source in server.tenant.sources.items():
        for rank in range(min(3, len(source))):
            said = talk.get(f"/api/v1/sources/{name}/comments/{quote(source.id_of(rank), safe='')}")
            assert said["comment"] == source.write(rank).comment


def test_no_two_routes_have_the_same_method_and_template() -> None:
    assert len({(route.method, route.template) for route in routes.ROUTES}) == len(routes.ROUTES)


def test_another_base_path_can_be_served() -> None:
    with Server(comments=0, base_path="") as server, talking_to(server) as talk:
        assert server.endpoint.count("/") == 2
        talk.get("/auth/user")


# pages


def read_all(talk: Talk, path: str, **params: object) -> list[dict]:
    found = talk.get(path, **params)
    rows = found["comments"]
    while "continuation" in found:
        found = talk.get(path, **{**params, "after": found["continuation"]})
        rows += found["comments"]
    return rows


@pytest.mark.parametrize("limit", [1, 7, 64, 180, 256])
def test_pages_of_any_size_give_every_comment_once_in_order(talk: Talk, limit: int) -> None:
    rows = read_all(talk, "/api/_private/sources/globex/support/comments", limit=limit)
    assert len(rows) == 120 == len({row["uid"] for row in rows})
    assert rows == read_all(talk, "/api/_private/sources/globex/support/comments")


def test_an_empty_source_is_one_page_without_continuation(talk: Talk) -> None:
    found = talk.get("/api/_private/sources/acme/archive/comments")
    assert found == {"status": "ok", "comments": []}


@pytest.mark.parametrize("limit", ["0", "-1", "257", "x", "1.5", "", "\uff11"])
def test_a_wrong_limit_is_a_400_that_says_so(talk: Talk, limit: str) -> None:
    said = talk.ask("GET", INBOX, limit=limit)
    assert said.status == 400
    assert said.json["message"].startswith((limit or "''", "'"))


def test_descending_pages_are_the_ascending_ones_backwards(talk: Talk) -> None:
    backwards = read_all(talk, INBOX, direction="descending", limit=100)
    assert backwards == read_all(talk, INBOX)[::-1]


def test_a_continuation_is_of_one_source_only(talk: Talk) -> None:
    after = talk.get(INBOX, limit=1)["continuation"]
    other = "/api/_private/sources/globex/support/comments"
    for path, token in ((other, after), (INBOX, after[:-1]), (INBOX, "x"), (INBOX, "-")):
        assert talk.ask("GET", path, after=token).status == 400


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_both_ends_of_a_time_range_are_inclusive(server: Server, data: st.DataObject) -> None:
    source = server.tenant.sources["acme/inbox"]
    low, high = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(source) - 1)])))
    ends = [source.write(rank).comment["timestamp"] for rank in (low, high)]
    with talking_to(server) as talk:
        rows = read_all(talk, INBOX, from_timestamp=ends[0], to_timestamp=ends[1], limit=256)
    first, last = source.at_us(low), source.at_us(high)
    expected = [r for r in range(len(source)) if first <= source.at_us(r) <= last]
    assert [row["uid"] for row in rows] == [source.uid_of(rank) for rank in expected]


def test_later_pages_need_not_repeat_where_the_range_begins(talk: Talk) -> None:
    ends = {"from_timestamp": "2026-01-01T00:00:00Z", "to_timestamp": "2026-02-01T00:00:00Z"}
    first = talk.get(INBOX, limit=10, **ends)
    after, to = first["continuation"], ends["to_timestamp"]
    later = read_all(talk, INBOX, limit=10, after=after, to_timestamp=to)
    assert first["comments"] + later == read_all(talk, INBOX, **ends)


@pytest.mark.parametrize("value", ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z"])
def test_a_wrong_time_is_a_400(talk: Talk, value: str) -> None:
    assert talk.ask("GET", INBOX, from_timestamp=value).status == 400


def test_markup_and_thread_properties_come_where_asked_for(talk: Talk) -> None:
    plain, rich = (
        talk.get(INBOX),
        talk.get(INBOX, include_markup="true", include_thread_properties="true"),
    )
    assert "thread_properties" not in plain
    assert len(rich["thread_properties"]) == len(rich["comments"])
    assert all("text_markup" in row["messages"][0]["body"] for row in rich["comments"])
    assert not any("text_markup" in row["messages"][0]["body"] for row in plain["comments"])


def query_all(talk: Talk, body: dict) -> list[dict]:
    found = talk.post(QUERY, body)
    rows = found["results"]
    while "continuation" in found:
        found = talk.post(QUERY, {**body, "continuation": found["continuation"]})
        rows += found["results"]
    assert found["num_results"] == {"filtered": len(rows), "expected": len(rows)}
    return rows


@pytest.mark.parametrize("limit", [13, 210, 512])
def test_a_query_gives_every_comment_once_the_newest_first(talk: Talk, limit: int) -> None:
    rows = query_all(talk, {"order": RECENT, "limit": limit})
    times = [row["comment"]["timestamp"].replace("+00:00", "Z")[:19] for row in rows]
    assert len(rows) == 420 == len({row["comment"]["uid"] for row in rows})
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order": "recent"},
        {"order": {"kind": "newest"}},
        {"order": {"kind": "sample"}},
        {"order": {"kind": "by_label", "label": "No such label"}},
        {"order": RECENT, "limit": 513},
        {"order": RECENT, "limit": 0},
        {"order": RECENT, "limit": True},
        {"order": RECENT, "limits": 10},
        {"order": RECENT, "continuation": "x"},
        {"order": RECENT, "filter": []},
        {"order": RECENT, "filter": {"reviewed": True}},
        {"order": RECENT, "filter": {"sources": []}},
        {"order": RECENT, "filter": {"timestamp": {"from": "2026-01-01T00:00:00Z"}}},
        {"order": RECENT, "filter": {"user_properties": {"Team": {"one_of": ["Motor"]}}}},
        {"order": RECENT, "filter": {"user_properties": {"number:Priority": {"minimum": "1"}}}},
        {"order": RECENT, "attribute_filters": [{"attribute": "labels"}]},
        {"order": RECENT, "attribute_filters": [{"attribute": "x", "filter": {}}]},
    ],
)
def test_a_wrong_query_is_a_400_in_the_envelope(talk: Talk, body: dict) -> None:
    said = talk.ask("POST", QUERY, body)
    assert (said.status, said.json["status"]) == (400, "error")


def send_raw(server: Server, talk: Talk, body: bytes | Iterator[bytes], **headers: object) -> int:
    path = urlsplit(server.endpoint).path + QUERY
    sent = {"Authorization": f"Bearer {server.token}", **headers}
    talk.line.request("POST", path, body, sent)
    answer = talk.line.getresponse()
    answer.read()
    return answer.status


def test_a_body_that_is_not_json_is_a_400(server: Server, talk: Talk) -> None:
    assert send_raw(server, talk, b"{") == 400
    assert send_raw(server, talk, b"\xff") == 400


def test_a_body_in_chunks_is_read(server: Server) -> None:
    with talking_to(server) as talk:
        chunks = iter([b'{"order":', b' {"kind": "recent"}}'])
        assert send_raw(server, talk, chunks) == 200
        talk.get("/auth/user")


def test_a_body_of_unknown_length_is_a_400_and_ends_the_connection(server: Server) -> None:
    with talking_to(server) as talk:
        for length in ("many", "-1", "1_0", "²"):
            sent = {"Content-Length": length.encode()}
            assert send_raw(server, talk, b"", **sent) == 400
            talk.get("/auth/user")  # over a new connection


def test_a_continuation_belongs_to_its_query(talk: Talk) -> None:
    cursor = talk.post(QUERY, {"order": RECENT, "limit": 1})["continuation"]
    other = {"order": RECENT, "continuation": cursor, "filter": {"reviewed": "only_reviewed"}}
    assert talk.ask("POST", QUERY, other).status == 400


def test_limit_and_continuation_may_be_in_the_query_string(talk: Talk) -> None:
    first = talk.post(QUERY, {"order": RECENT}, limit=3)
    second = talk.post(QUERY, {"order": RECENT}, limit=3, continuation=first["continuation"])
    both = talk.post(QUERY, {"order": RECENT, "limit": 6})
    assert first["results"] + second["results"] == both["results"]


def test_a_sample_is_the_same_for_a_seed(talk: Talk) -> None:
    samples = [
        [
            row["comment"]["uid"]
            for row in talk.post(QUERY, {"order": {"kind": "sample", "seed": seed}})["results"]
        ]
        for seed in (1, 1, 2)
    ]
    assert samples[0] == samples[1] != samples[2]


def test_by_label_gives_the_surest_first(talk: Talk) -> None:
    order = {"kind": "by_label", "label": "Claim"}
    rows = talk.post(QUERY, {"order": order, "limit": 20})["results"]
    found = [
        label["probability"]
        for row in rows
        for label in row["labelling"][0].get("predicted", [])
        if label["name"] in ("Claim", ["Claim"])
    ]
    assert found == sorted(found, reverse=True)


def test_collapsing_keeps_one_comment_of_each_thread(talk: Talk) -> None:
    rows = query_all(talk, {"order": RECENT, "collapse_mode": "thread_id", "limit": 512})
    threads = [row["comment"]["thread_id"] for row in rows if "thread_id" in row["comment"]]
    assert len(threads) == len(set(threads))


def test_csv_comes_without_an_envelope(talk: Talk) -> None:
    said = talk.ask("POST", QUERY, {"order": RECENT, "limit": 5}, {"Accept": "text/csv"})
    assert said.headers["content-type"] == "text/csv"
    assert said.body.startswith(b"uid,timestamp")


# HTTP


def test_gzip_is_sent_where_it_is_welcome_and_holds_the_same(talk: Talk) -> None:
    plain = talk.ask("GET", INBOX)
    packed = talk.ask("GET", INBOX, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.body) / 3
    assert packed.body == plain.body


def test_an_answer_says_when_it_was_sent(talk: Talk) -> None:
    sent = parsedate_to_datetime(talk.ask("GET", "/auth/user").headers["date"])
    assert abs(sent.timestamp() - time.time()) < 5


def test_a_connection_serves_many_requests(talk: Talk) -> None:
    talk.get("/auth/user")
    line = talk.line.sock
    for _ in range(5):
        talk.get("/auth/user")
    assert talk.line.sock is line is not None


def test_many_connections_are_served_at_once(server: Server) -> None:
    found: list[int] = []

    def read() -> None:
        with talking_to(server) as talk:
            found.append(len(read_all(talk, INBOX, limit=50)))

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert found == [360] * 8


def test_the_server_keeps_what_it_saw(server: Server, talk: Talk) -> None:
    body = {"order": RECENT, "limit": 3}
    talk.post(QUERY, body)
    seen = server.requests[-1]
    assert (seen.method, seen.path, seen.body, seen.status) == ("POST", QUERY, body, 200)
    assert seen.rows == 3
    said = talk.ask("GET", INBOX, limit=2)
    assert server.requests[-1].query == "limit=2"
    assert server.requests[-1].server_ms == said.server_ms


# timing


def test_the_server_sleeps_what_its_timing_says() -> None:
    latency = Latency(30, per_row_ms=1, jitter=0)
    with Server(comments=100, latency=latency) as server, talking_to(server) as talk:
        talk.get("/auth/user")
        started = time.perf_counter()
        said = talk.ask("GET", INBOX, limit=10)
        elapsed_ms = (time.perf_counter() - started) * 1e3
        assert 40 <= said.server_ms <= elapsed_ms


def test_without_latency_the_timing_is_that_of_the_work(talk: Talk) -> None:
    assert 0 < talk.ask("GET", "/auth/user").server_ms < 1_000


def test_latency_is_the_same_for_a_seed_and_request() -> None:
    draws = [
        [Latency(5, seed=seed).draw_ms(rows=1, number=n) for n in range(50)] for seed in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]
    assert 4 < sorted(draws[0])[25] < 6.5


@pytest.mark.parametrize(
    "options", [{"base_ms": -1}, {"jitter": float("nan")}, {"per_row_ms": float("inf")}]
)
def test_a_latency_that_no_clock_has_is_refused(options: dict) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Latency(**options)
