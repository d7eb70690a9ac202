"""What can become of a request other than an answer, told apart over real sockets."""

from __future__ import annotations

import gzip
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hostile import (
    RESET,
    HostileServer,
    answer,
    chunk,
    drip,
    free_port,
    head,
    pause,
)
from sending import READ, outcome, send_to, transport_to

from reinfer_pandas._sending.silence import Silence
from reinfer_pandas._wire import Response
from reinfer_pandas.exceptions import NetworkError, ResponseError

if TYPE_CHECKING:
    pass

JSON = b'{"status":"ok"}'
LONG = head("Content-Length: 100")
CHUNKED = head("Transfer-Encoding: chunked")
ZIPPED = gzip.compress(JSON * 100)
GZIP = "Content-Encoding: gzip"


@pytest.mark.parametrize(
    ("script", "reason", "status"),
    [
        ([], "closed", None),
        ([RESET], "reset", None),
        ([b"HTTP/1.1 200 OK\r\nServer-Ti", RESET], "reset", None),
        ([b"HTTP/1.1 200 OK\r\nServer-Ti"], "cut off", None),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"], "cut off", None),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "not http", None),
        ([b"\x00\xff\xfe" * 100], "not http", None),
        ([b"HTTP/1.1 2OO Fine\r\n\r\n"], "not http", None),
        ([b"HTTP/1.1 99 Odd\r\n\r\n"], "not http", None),
        ([b"HTTP/3.0 200 OK\r\n\r\n"], "not http", None),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, pause(1)], "not http", None),
        ([b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200, pause(1)], "not http", None),
        ([head("Content-Length: 5", "Content-Length: 6"), b"hello"], "not http", None),
        ([LONG, b"half"], "cut off", 200),
        ([LONG, b"half", pause(0.02), RESET], "reset", 200),
        ([CHUNKED, chunk(b"half")], "cut off", 200),
        ([CHUNKED, b"5\r\nha"], "cut off", 200),
        ([CHUNKED, b"zz\r\nhalf\r\n0\r\n\r\n"], "cut off", 200),
        ([CHUNKED, b"-5\r\nhalf\r\n0\r\n\r\n"], "not http", 200),
        ([CHUNKED, b"ffffffffffffffff\r\nhalf"], "cut off", 200),
        ([CHUNKED, chunk(b"half"), pause(0.02), RESET], "reset", 200),
        ([answer(b"\x1f\x8bno gzip", GZIP)], "bad gzip", 200),
        ([answer(ZIPPED[:-9], GZIP)], "bad gzip", 200),
        ([answer(ZIPPED[:40] + b"????" + ZIPPED[44:], GZIP)], "bad gzip", 200),
        ([answer(ZIPPED + ZIPPED[:20], GZIP)], "bad gzip", 200),
        ([answer(gzip.compress(b"") * 1_001, GZIP)], "bad gzip", 200),
        ([answer(b"?", "Content-Encoding: deflate")], "bad gzip", 200),
    ],
)
def test_answers_that_fail_are_told_apart(script: list, reason: str, status: int | None) -> None:
    error, server = send_to(script)
    assert isinstance(error, NetworkError)
    assert outcome(error) == reason
    assert (error.method, error.path) == ("GET", READ.path)
    assert error.status_code == error.log[0].status == status
    assert f"127.0.0.1:{server.port}" in str(error)
    assert error.hint
    assert (error.log[0].headers_ms is None) == (status is None)
    assert error.log[0].elapsed_ms > 0
    assert (error.__cause__ is None) == (reason == "bad gzip")


def test_a_refused_connection_says_so() -> None:
    port = free_port()
    with pytest.raises(NetworkError, match=f"127.0.0.1:{port} refused the connection") as refused:
        transport_to(f"http://127.0.0.1:{port}").send(READ)
    assert outcome(refused.value) == "refused"
    assert isinstance(refused.value.__cause__, ConnectionRefusedError)


def test_an_unknown_host_says_so() -> None:
    with pytest.raises(NetworkError, match=r"the name of nowhere.invalid isn't known") as unknown:
        transport_to("https://nowhere.invalid").send(READ)
    assert outcome(unknown.value) == "dns"
    assert isinstance(unknown.value.__cause__, socket.gaierror)


def test_a_host_that_accepts_no_connection_says_so() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        transport = transport_to(f"http://127.0.0.1:{full.getsockname()[1]}", timeout_s=(0.2, 5.0))
        with pytest.raises(NetworkError, match="accepted no connection in time") as late:
            transport.send(READ)
    assert outcome(late.value) == "connect timeout"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ([pause(3)], None),
        ([b"HTTP/1.1 200 OK\r\nX: ", pause(3)], None),
        ([LONG, b"half", pause(3)], 200),
        ([CHUNKED, chunk(b"half"), pause(3)], 200),
    ],
)
def test_silence_ends_at_the_timeout_for_reading(script: list, status: int | None) -> None:
    error, _ = send_to(script, timeout_s=(2.0, 0.15))
    assert isinstance(error, NetworkError)
    assert (outcome(error), error.status_code) == ("timeout", status)
    assert 145 <= error.log[0].elapsed_ms < 1500


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100, every_s=0.03),
        [b"HTTP/1.1 100 Continue\r\n\r\n", pause(0.03)] * 60,
        [b"HTTP/1.1 103 Early\r\n\r\n", pause(0.03)] * 60,
        [LONG, *drip(b"a" * 100, every_s=0.03)],
        [head(), *drip(b"a" * 100, every_s=0.03)],
        [CHUNKED, *drip(chunk(b"a") * 20, every_s=0.03)],
        [CHUNKED, b"1", *drip(b";" * 100, every_s=0.03)],
        [pause(2)],
    ],
)
def test_a_slow_drip_ends_when_the_time_of_the_request_is_over(script: list) -> None:
    error, _ = send_to(script, request=replace(READ, timeout_s=0.25))
    assert isinstance(error, NetworkError)
    assert outcome(error) == "timeout"
    assert 245 <= error.log[0].elapsed_ms < 1500


def test_a_silence_over_several_requests_ends_the_last_of_them() -> None:
    silence = Silence(0.4)
    with HostileServer([pause(3)]) as server:
        transport = transport_to(server, timeout_s=(2.0, 0.25))
        outcomes = []
        while silence.left_s > 0:
            with pytest.raises(NetworkError) as caught:
                transport.send(READ, silence=silence)
            outcomes.append(caught.value.log[0])
        transport.close()
    assert {one.outcome for one in outcomes} == {"timeout"}
    assert len(outcomes) == 2
    assert outcomes[-1].elapsed_ms < 245


def test_bytes_that_trickle_in_are_no_silence() -> None:
    script = [LONG, *drip(b"a" * 20, every_s=0.05)]
    error, _ = send_to(script, silence=Silence(0.4), request=replace(READ, timeout_s=0.8))
    assert isinstance(error, NetworkError)
    assert error.log[0].elapsed_ms >= 750


def test_a_request_whose_time_is_over_is_not_sent() -> None:
    error, server = send_to([answer()], request=replace(READ, timeout_s=-1.0))
    assert isinstance(error, NetworkError)
    assert outcome(error) == "timeout"
    assert server.heard == []


@pytest.mark.parametrize(
    "script",
    [
        [answer(b"a" * 1001)],
        [head("Content-Length: 1001"), pause(3)],
        [head("Content-Length: 99999999999999999999"), pause(3)],
        [CHUNKED, chunk(b"a" * 600), chunk(b"a" * 600), b"0\r\n\r\n"],
        [head(), b"a" * 1001],
        [answer(b"a" * 1001, zipped=True)],
        [answer(b"a" * 600, zipped=True)[:0] + answer(gzip.compress(b"a" * 600) * 2, GZIP)],
        [CHUNKED, b"-1\r\n", *[b"a" * 100_000] * 20, pause(3)],
        [b"HTTP/1.1 100 Continue\r\n" + b"X: a\r\n" * 90 + b"\r\n"] * 3_000,
    ],
)
def test_an_answer_beyond_the_bound_is_refused_while_it_comes(script: list) -> None:
    error, _ = send_to(script, max_body_bytes=1000)
    assert isinstance(error, ResponseError)
    assert outcome(error) == "too large"


def test_an_answer_at_the_bound_is_taken() -> None:
    body = b"a" * 1000
    for script in (
        [answer(body)],
        [answer(body, zipped=True)],
        [CHUNKED, chunk(body), b"0\r\n\r\n"],
    ):
        result, _ = send_to(script, max_body_bytes=1000)
        assert isinstance(result, Response)
        assert result.body == body


def test_a_content_encoding_that_nobody_asked_for_is_named() -> None:
    error, _ = send_to([answer(JSON, "Content-Encoding: br")])
    assert isinstance(error, ResponseError)
    assert outcome(error) == "encoding"
    assert "by br, which wasn't asked for" in str(error)


@pytest.mark.parametrize(
    "script",
    [
        [head("Content-Length: 100", status="404 Not Found"), b"half"],
        [head("Content-Length: 100", status="404 Not Found"), b"half", pause(0.02), RESET],
        [head("Content-Length: 100", status="404 Not Found"), b"half", pause(3)],
        [answer(b"\x1f\x8bno gzip", GZIP, status="404 Not Found")],
        [answer(b"a" * 20_000, status="404 Not Found")],
    ],
)
def test_the_status_of_an_error_counts_even_where_its_body_is_lost(script: list) -> None:
    result, _ = send_to(script, timeout_s=(1.0, 0.2), max_body_bytes=10_000)
    assert isinstance(result, Response)
    assert (outcome(result), result.body) == ("http 404", b"")
