"""One request over a real socket: what is sent, what comes back, on which connection."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hostile import (
    HEAR,
    RESET,
    HostileServer,
    answer,
    certificate,
    chunk,
    drip,
    head,
    pause,
)
from sending import CANARY, READ, outcome, send_to, transport_to

from reinfer_pandas._sending.retry import RetryPolicy, retrying
from reinfer_pandas._wire import Response
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

JSON = b'{"status":"ok"}'


def test_a_request_is_appended_to_the_base_with_its_own_headers() -> None:
    with HostileServer([answer()]) as server:
        transport = transport_to(f"{server.url}/acme/prod/reinfer_")
        transport.send(replace(READ, path="/auth/user"))
        transport.close()
    line, *headers = server.heard[0].decode().rstrip().split("\r\n")
    assert line == "GET /acme/prod/reinfer_/auth/user HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: gzip",
        "Accept: application/json",
        f"Authorization: Bearer {CANARY}",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: reinfer-pandas/0.1.0",
    ]


def test_parameters_repeat_and_are_encoded_to_the_last_character() -> None:
    params = (("id", "a b"), ("id", "ä&=+/?#%"), ("start", "2026-01-01T00:00:00Z"), ("x", ""))
    _, server = send_to([answer()], request=replace(READ, params=params))
    target = server.heard[0].split(b" ")[1]
    assert target == (
        b"/api/v1/datasets?id=a%20b&id=%C3%A4%26%3D%2B%2F%3F%23%25"
        b"&start=2026-01-01T00%3A00%3A00Z&x="
    )


@pytest.mark.parametrize("path", ["/a/%2E%2E/b", "/a/../b", "/a//b", "/a%2Fb/id:0/;,=@", "/%7Ea"])
def test_a_path_is_sent_as_it_is(path: str) -> None:
    _, server = send_to([answer()], request=replace(READ, path=path))
    assert server.heard[0].split(b" ")[1] == path.encode()


@pytest.mark.parametrize(
    "path",
    ["@evil.example/", ".evil.example/", "a", "", "/a b", "/a?b", "/a#b", "/ä", "/%zz", "/\n"],
)
def test_a_path_that_could_mean_another_place_is_refused(path: str) -> None:
    error, server = send_to([answer()], request=replace(READ, path=path))
    assert isinstance(error, ConfigurationError)
    assert server.connections == 0


def test_a_body_is_sent_as_json() -> None:
    body = {"text": "naïve ✓", "n": [1, None]}
    _, server = send_to([answer()], request=replace(READ, method="POST", json=body))
    headers, _, sent = server.heard[0].partition(b"\r\n\r\n")
    assert json.loads(sent) == body
    assert b"Content-Type: application/json" in headers
    assert b"Content-Length: %d" % len(sent) in headers


@pytest.mark.parametrize("body", [float("nan"), {1, 2}, object()])
def test_a_body_that_is_no_json_is_refused(body: object) -> None:
    error, server = send_to([answer()], request=replace(READ, method="POST", json=body))
    assert isinstance(error, ConfigurationError)
    assert server.connections == 0


def test_no_cookie_is_kept() -> None:
    with HostileServer([answer(JSON, "Set-Cookie: a=b; Path=/"), HEAR, answer()]) as server:
        transport = transport_to(server)
        transport.send(READ)
        transport.send(READ)
        transport.close()
    assert [list(session.cookies) for session in transport._sessions.values()] == [[]]
    assert b"cookie" not in b"".join(server.heard).lower()


def test_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login eve password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate(tmp_path)))
    _, server = send_to([answer()], tls=True)
    assert f"Authorization: Bearer {CANARY}".encode() in server.heard[0]


def test_an_answer_has_status_headers_body_and_what_was_measured() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    ticks = itertools.count()  # the clock is asked at the start, at the headers and at the end
    headers = ("Server-Timing: db;dur=1", "Server-Timing: total;dur=37.7", "X-Name: Åsa ÿ\x85\x1c")
    result, _ = send_to(
        [answer(JSON, *headers)],
        request=replace(READ, resource="datasets", timeout_s=None, params=(("start", "x"),)),
        clock=lambda: next(ticks) / 8,
        now=lambda: at,
    )
    assert isinstance(result, Response)
    assert (result.status, result.body) == (200, JSON)
    assert result.headers["server-timing"] == "db;dur=1, total;dur=37.7"
    assert result.headers["x-name"] == "Åsa ÿ\x85\x1c"
    (attempt,) = result.attempts
    assert (attempt.started_at, attempt.method, attempt.path) == (at, "GET", READ.path)
    assert (attempt.resource, attempt.status, attempt.outcome) == ("datasets", 200, "ok")
    assert (attempt.server_ms, attempt.body_bytes) == (37.7, len(JSON))
    assert (attempt.headers_ms, attempt.body_ms, attempt.elapsed_ms) == (125, 125, 250)


def test_headers_and_body_are_timed_apart() -> None:
    script = [pause(0.1), head("Content-Length: 2"), pause(0.2), b"{}"]
    result, _ = send_to(script)
    assert isinstance(result, Response)
    (attempt,) = result.attempts
    assert (attempt.headers_ms or 0) >= 95
    assert (attempt.body_ms or 0) >= 195
    assert attempt.elapsed_ms == pytest.approx((attempt.headers_ms or 0) + (attempt.body_ms or 0))


@pytest.mark.parametrize("status", ["201 Created", "204 No Content"])
def test_every_2xx_is_ok(status: str) -> None:
    result, _ = send_to([head("Content-Length: 0", status=status)])
    assert outcome(result) == "ok"


@pytest.mark.parametrize(
    "status", ["304 Not Modified", "400 Bad Request", "429 Too Many", "503 Busy", "302 No Location"]
)
def test_any_other_status_is_an_answer_too(status: str) -> None:
    result, _ = send_to([answer(b"" if "304" in status else b"no", status=status)])
    assert isinstance(result, Response)
    assert outcome(result) == f"http {status[:3]}"


@pytest.mark.parametrize(
    ("script", "body"),
    [
        ([head("Content-Length: 2"), b"{", pause(0.02), b"}"], b"{}"),
        ([head("Transfer-Encoding: chunked"), chunk(b"{"), chunk(b"}"), b"0\r\n\r\n"], b"{}"),
        (
            [head("Transfer-Encoding: chunked"), *drip(chunk(b"{}") + b"0\r\n\r\n", every_s=0)],
            b"{}",
        ),
        ([head(), b"{}"], b"{}"),
        ([head("Connection: close"), b"{}"], b"{}"),
        ([b"HTTP/1.0 200 OK\r\n\r\n{}"], b"{}"),
        ([head("Content-Length: 2, 2"), b"{}", pause(30)], b"{}"),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n", answer()], JSON),
        (drip(answer(), every_s=0), JSON),
    ],
)
def test_a_body_is_read_however_it_is_framed(script: list, body: bytes) -> None:
    begun_s = time.perf_counter()
    result, _ = send_to(script)
    assert isinstance(result, Response)
    assert result.body == body
    assert time.perf_counter() - begun_s < 8  # not sat through


BARE = zlib.compressobj(wbits=-15)
zipped = partial(gzip.compress, mtime=0)  # the same in every process that collects the tests


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", zipped(JSON)),
        ("x-gzip", zipped(JSON)),
        ("GZIP", zipped(JSON)),
        ("gzip", zipped(JSON[:5]) + zipped(b"") + zipped(JSON[5:])),
        ("gzip", zipped(JSON) + b"\0" * 500),
        ("deflate", zlib.compress(JSON)),
        ("deflate", BARE.compress(JSON) + BARE.flush()),
        ("identity", JSON),
        ("gzip", JSON),
        ("", JSON),
        ("deflate, gzip", zipped(zlib.compress(JSON))),
    ],
)
def test_a_compressed_body_is_decompressed_and_its_length_as_sent_kept(
    encoding: str, sent: bytes
) -> None:
    result, _ = send_to([answer(sent, f"Content-Encoding: {encoding}")])
    assert isinstance(result, Response)
    assert result.body == JSON
    assert result.attempts[0].body_bytes == len(sent)


def test_no_body_needs_no_decompression() -> None:
    result, _ = send_to([answer(b"", "Content-Encoding: gzip")])
    assert isinstance(result, Response)
    assert result.body == b""


def test_a_large_body_arrives_whole() -> None:
    body = os.urandom(9_000_000)
    for framing in (
        [answer(body)],
        [head("Transfer-Encoding: chunked"), chunk(body), b"0\r\n\r\n"],
    ):
        result, _ = send_to(framing)
        assert isinstance(result, Response)
        assert result.body == body


def test_connections_are_used_again() -> None:
    with HostileServer([answer(), HEAR, answer(zipped=True), HEAR, answer()]) as server:
        transport = transport_to(server)
        for _ in range(3):
            transport.send(READ)
        transport.close()
    assert (len(server.heard), server.connections) == (3, 1)


def test_a_connection_with_something_left_on_it_is_not_used_again() -> None:
    for more in (answer(b"stale"), b"\r\n", b"HTTP/1.1 "):
        with HostileServer([answer() + more, HEAR, answer()], [answer(b"fresh")]) as server:
            transport = transport_to(server)
            transport.send(READ)
            assert transport.send(READ).body == b"fresh"
            transport.close()
        assert server.connections == 2


def test_a_closed_transport_opens_again() -> None:
    with HostileServer([answer(), HEAR]) as server:
        transport = transport_to(server)
        for _ in range(2):
            transport.send(READ)
            transport.close()
    assert server.connections == 2


def test_many_threads_send_at_once() -> None:
    with HostileServer([part for _ in range(50) for part in (HEAR, answer())]) as server:
        transport = transport_to(server, pool_size=8)
        requests = [replace(READ, path=f"/{number}") for number in range(200)]
        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(transport.send, requests))
        transport.close()
    assert [response.attempts[0].path for response in responses] == [r.path for r in requests]
    assert server.connections <= 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_opens_connections_of_its_own() -> None:
    script = [answer(b"parent"), HEAR, answer(b"parent")]
    with HostileServer(script, [answer(b"child")]) as server:
        transport = transport_to(server)
        transport.send(READ)
        child = os.fork()
        if child == 0:
            os._exit(0 if transport.send(READ).body == b"child" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert transport.send(READ).body == b"parent"
        transport.close()


@pytest.mark.parametrize("timeout_s", [(0.0, 1.0), (1.0, -1.0), (1.0, float("nan")), (1.0, 1e300)])
def test_a_timeout_that_cannot_be_is_refused(timeout_s: tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match="timeout="):
        transport_to("https://mydomain.reinfer.io", timeout_s=timeout_s)


def test_a_transport_is_used_under_a_retry() -> None:
    busy = answer(b"", "Server-Timing: total;dur=3", status="503 Busy")
    with HostileServer([RESET], [head("Content-Length: 9"), b"half"], [answer()], [busy]) as server:
        transport = transport_to(server)
        policy = RetryPolicy(base_s=0.01)
        response = retrying(transport.send, policy)(READ)
        transport.close()
    outcomes = [(attempt.number, attempt.outcome) for attempt in response.attempts]
    assert outcomes == [(1, "reset"), (2, "cut off"), (3, "ok")]
