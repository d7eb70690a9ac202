"""The sandbox's faults: which requests they hit, and what each does on the wire."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_talk import Said, Talk, talking_to

from reinfer_pandas.sandbox import Fault, Latency, Server
from reinfer_pandas.sandbox.faults import FaultBook
from reinfer_pandas.sandbox.kinds import DELIVERIES, KINDS

INBOX = "/api/_private/sources/acme/inbox/comments"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with Server(comments=100, latency=Latency(0)) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    running.clear_faults()


@pytest.fixture
def talk(server: Server) -> Iterator[Talk]:
    with talking_to(server) as line:
        yield line


def statuses(talk: Talk, count: int, path: str = "/auth/user") -> list[int]:
    return [talk.ask("GET", path).status for _ in range(count)]


def spoilt(server: Server, talk: Talk, kind: str, **options: object) -> Said:
    """Ask for a page that a fault hits."""
    server.inject(Fault(kind, **options))
    return talk.ask("GET", INBOX, limit=5)


# which requests


def test_a_fault_hits_once_unless_told_otherwise(server: Server, talk: Talk) -> None:
    server.inject(Fault("status"))
    assert statuses(talk, 3) == [503, 200, 200]


def test_a_fault_hits_as_often_as_told(server: Server, talk: Talk) -> None:
    server.inject(Fault("status", status=429, times=2))
    assert statuses(talk, 3) == [429, 429, 200]


def test_a_fault_without_a_number_of_times_never_ends(server: Server, talk: Talk) -> None:
    server.inject(Fault("status", status=500, times=None))
    assert statuses(talk, 5) == [500] * 5
    server.clear_faults()
    assert statuses(talk, 1) == [200]


def test_a_fault_waits_for_its_turn(server: Server, talk: Talk) -> None:
    server.inject(Fault("status", after=2))
    assert statuses(talk, 4) == [200, 200, 503, 200]


def test_a_fault_hits_its_path_and_method_only(server: Server, talk: Talk) -> None:
    server.inject(Fault("status", path="/datasets$", times=None))
    server.inject(Fault("status", status=500, method="POST", times=None))
    assert statuses(talk, 1) + statuses(talk, 1, "/api/v1/datasets") == [200, 503]
    assert talk.ask("POST", "/auth/refresh-user-permissions", {}).status == 500


def test_the_first_of_several_faults_wins(server: Server, talk: Talk) -> None:
    server.inject(Fault("status", status=502), Fault("status", status=503, times=2))
    assert statuses(talk, 4) == [502, 503, 503, 200]


@given(st.floats(0, 1), st.integers(0, 5))
def test_a_rate_is_drawn_the_same_for_a_seed(rate: float, seed: int) -> None:
    books = [FaultBook([Fault("status", rate=rate)], seed=seed) for _ in range(2)]
    hits = [[bool(book.draw("GET", "/", has_cursor=False)) for _ in range(300)] for book in books]
    if rate < 1:
        assert hits[0] == hits[1]
        assert sum(hits[0]) / 300 == pytest.approx(rate, abs=0.13)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "statuss"}, "did you mean 'status'"),
        ({"kind": "xyzzy"}, "one of"),
        ({"kind": "status", "rate": 2}, "rate"),
        ({"kind": "status", "status": 42}, "status"),
        ({"kind": "status", "after": -1}, "0 or more"),
        ({"kind": "status", "times": -2}, "times"),
        ({"kind": "status", "path": "("}, "path"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault(**options)


def test_every_kind_says_what_it_does() -> None:
    assert set(Fault.kinds()) == set(KINDS)
    assert all(text.endswith(".") for text in Fault.kinds().values())


def test_the_log_names_the_fault(server: Server, talk: Talk) -> None:
    spoilt(server, talk, "html")
    assert (server.requests[-1].fault, server.requests[-1].status) == ("html", 502)


# what is answered instead


def test_the_platforms_own_error_comes_in_its_envelope(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "status", status=503, retry_after=7)
    assert said.json == {"status": "error", "message": "503 Service Unavailable"}
    assert said.headers["retry-after"] == "7"
    assert "server-timing" in said.headers


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", "-1", ""])
def test_retry_after_is_sent_as_it_is(server: Server, talk: Talk, value: str) -> None:
    assert spoilt(server, talk, "status", retry_after=value).headers["retry-after"] == value


def test_an_error_without_retry_after_has_none(server: Server, talk: Talk) -> None:
    assert "retry-after" not in spoilt(server, talk, "status").headers


def test_a_message_can_be_chosen(server: Server, talk: Talk) -> None:
    assert spoilt(server, talk, "status", message="no").json["message"] == "no"


def test_a_gateways_page_is_html_without_timing(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "html")
    assert said.status == 502
    assert said.headers["content-type"] == "text/html"
    assert b"502 Bad Gateway" in said.body
    assert "server-timing" not in said.headers


def test_html_can_come_with_success(server: Server, talk: Talk) -> None:
    assert spoilt(server, talk, "html", status=200).status == 200


def test_a_redirect_leads_where_told(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "redirect", status=307, value="http://example.com/")
    assert (said.status, said.headers["location"]) == (307, "http://example.com/")


def test_an_error_can_claim_success_and_a_success_failure(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "error as ok")
    assert (said.status, said.json["status"]) == (200, "error")
    said = spoilt(server, talk, "ok as error")
    assert (said.status, said.json["status"]) == (500, "ok")


# what is wrong with the body


@pytest.mark.parametrize("kind", ["empty", "garbage", "truncated", "not utf-8"])
def test_some_bodies_are_no_json(server: Server, talk: Talk, kind: str) -> None:
    said = spoilt(server, talk, kind)
    assert said.status == 200
    assert int(said.headers["content-length"]) == len(said.body)
    with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
        json.loads(said.body.decode())


def test_a_deep_body_is_too_deep_for_python(server: Server, talk: Talk) -> None:
    with pytest.raises(RecursionError):
        _ = spoilt(server, talk, "deep").json


def test_numbers_can_be_none_that_json_has(server: Server, talk: Talk) -> None:
    assert b"NaN" in spoilt(server, talk, "not a number").body
    assert b"1e400" in spoilt(server, talk, "huge number").body


def test_a_key_can_come_twice(server: Server, talk: Talk) -> None:
    body = spoilt(server, talk, "duplicate key").body
    assert body.count(b'"status"') == 2
    assert len(json.loads(body)["comments"]) == 5


def test_a_body_can_be_big(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "big", size_bytes=3_000_000)
    assert len(said.body) == 3_000_000
    assert len(said.json["comments"]) == 5


def test_records_can_be_missing(server: Server, talk: Talk) -> None:
    assert "comments" not in spoilt(server, talk, "missing key").json


def test_records_can_be_doubled_reversed_and_gone(server: Server, talk: Talk) -> None:
    right = talk.get(INBOX, limit=5)
    for kind, rows in (
        ("duplicate rows", right["comments"] + right["comments"][:1]),
        ("reversed rows", right["comments"][::-1]),
        ("empty page", []),
    ):
        found = spoilt(server, talk, kind).json
        assert (found["comments"], found["continuation"]) == (rows, right["continuation"])


# what is wrong with the headers, and with paging


def test_timing_can_be_missing_and_anything(server: Server, talk: Talk) -> None:
    assert "server-timing" not in spoilt(server, talk, "no server timing").headers
    said = spoilt(server, talk, "server timing", value="total;dur=1, db")
    assert said.headers["server-timing"] == "total;dur=1, db"


def test_timing_can_come_in_several_fields(server: Server, talk: Talk) -> None:
    server.inject(Fault("server timing", value="db;dur=1\ntotal;dur=2"))
    talk.line.request("GET", "/")
    answer = talk.line.getresponse()
    answer.read()
    assert answer.headers.get_all("Server-Timing") == ["db;dur=1", "total;dur=2"]


def test_a_continuation_can_be_repeated_but_not_that_of_a_first_page(
    server: Server, talk: Talk
) -> None:
    server.inject(Fault("repeat continuation"))
    first = talk.get(INBOX, limit=5)["continuation"]
    assert talk.get(INBOX, limit=5, after=first)["continuation"] == first
    assert talk.get(INBOX, limit=5, after=first)["continuation"] != first


def test_a_continuation_can_be_lost_or_unknown(server: Server, talk: Talk) -> None:
    assert "continuation" not in spoilt(server, talk, "no continuation").json
    unknown = spoilt(server, talk, "unknown continuation").json["continuation"]
    assert talk.ask("GET", INBOX, after=unknown).status == 400


# what is wrong with the connection


@pytest.mark.parametrize("kind", ["reset", "reset in headers", "reset in body"])
def test_a_reset_is_a_reset(server: Server, talk: Talk, kind: str) -> None:
    with pytest.raises(ConnectionResetError) as found:
        spoilt(server, talk, kind)
    assert not isinstance(found.value, RemoteDisconnected)  # which would be a polite end


def test_a_close_is_polite_and_early(server: Server, talk: Talk) -> None:
    with pytest.raises(RemoteDisconnected):
        spoilt(server, talk, "close")


@pytest.mark.parametrize("kind", ["cut off", "cut off chunked"])
def test_a_cut_off_body_is_noticed_by_http(server: Server, talk: Talk, kind: str) -> None:
    with pytest.raises(IncompleteRead):
        spoilt(server, talk, kind)


def test_a_silently_cut_off_body_is_not_noticed_by_http(server: Server, talk: Talk) -> None:
    said = spoilt(server, talk, "cut off silently")
    assert "content-length" not in said.headers
    with pytest.raises(json.JSONDecodeError):
        json.loads(said.body)


def test_a_broken_gzip_does_not_unpack(server: Server, talk: Talk) -> None:
    with pytest.raises((OSError, EOFError, zlib.error)):
        spoilt(server, talk, "bad gzip")


@pytest.mark.parametrize("kind", ["stall", "stall in body", "drip"])
def test_a_slow_answer_takes_its_seconds_and_is_right(
    server: Server, talk: Talk, kind: str
) -> None:
    right = talk.get(INBOX, limit=5)
    started = time.perf_counter()
    said = spoilt(server, talk, kind, seconds=0.15)
    assert 0.14 <= time.perf_counter() - started < 5
    assert said.json == right
    assert said.server_ms < 140  # the stall is not the platform's time


@pytest.mark.parametrize("kind", sorted(DELIVERIES))
def test_the_server_goes_on_after_every_broken_connection(
    server: Server, talk: Talk, kind: str
) -> None:
    try:
        spoilt(server, talk, kind, seconds=0)
    except (OSError, EOFError, HTTPException):
        talk.line.close()
    assert statuses(talk, 1) == [200]
