"""Where an answer may lead, and that the token goes nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hostile import (
    HEAR,
    HostileServer,
    answer,
    certificate,
    head,
    pause,
)
from sending import CANARY, READ, outcome, send_to, transport_to

from reinfer_pandas._wire import Response
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
def test_a_redirect_within_the_host_is_followed(status: str) -> None:
    moved = [head("Location: ../v2/b c?d=é", "Content-Length: 0", status=status)]
    result, server = send_to(moved, [answer()])
    assert isinstance(result, Response)
    assert outcome(result) == "ok"
    assert [heard.split(b"\r\n")[0] for heard in server.heard] == [
        b"GET /api/v1/datasets HTTP/1.1",
        b"GET /api/v2/b%20c?d=%E9 HTTP/1.1",
    ]
    assert CANARY.encode() in server.heard[1]


def test_a_redirected_post_keeps_its_body() -> None:
    moved = [head("Location: /b", "Content-Length: 0", status="308 Permanent Redirect")]
    request = replace(READ, method="POST", json={"a": 1})
    result, server = send_to(moved, [answer()], request=request)
    assert outcome(result) == "ok"
    assert [heard.split(b" ")[0] for heard in server.heard] == [b"POST", b"POST"]
    assert server.heard[1].endswith(b'{"a":1}')


def test_a_post_is_not_turned_into_a_get() -> None:
    moved = [head("Location: /b", "Content-Length: 0", status="302 Found")]
    error, server = send_to(moved, [answer()], request=replace(READ, method="POST", json={}))
    assert isinstance(error, ResponseError)
    assert outcome(error) == "redirect"
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example/api?x=secret", "to https://evil.example,"),
        ("//evil.example/api", "to http://evil.example,"),
        ("https://127.0.0.1:{port}/api", "to https://127.0.0.1:{port},"),
        ("http://127.0.0.1:1/api", "to http://127.0.0.1:1,"),
        ("http://localhost:{port}/api", "to http://localhost:{port},"),
        ("http://user:secret@127.0.0.1:{port}/api", "to http://127.0.0.1:{port},"),
        ("http://127.0.0.1:{port}@evil.example/", "to http://evil.example,"),
        ("javascript:alert(1)", "to javascript://,"),
        ("http://[bad/", "to an address that can't be,"),
        ("http://127.0.0.1:port/", "to an address that can't be,"),
    ],
)
def test_a_redirect_elsewhere_gets_no_token(location: str, named: str) -> None:
    with HostileServer([pause(0)]) as elsewhere:
        port = elsewhere.port
        moved = head(
            f"Location: {location.format(port=port)}", "Content-Length: 0", status="302 Found"
        )
        error, server = send_to([moved, HEAR, answer()])
        assert elsewhere.connections == 0
    assert isinstance(error, ResponseError)
    assert (outcome(error), error.status_code) == ("redirect", 302)
    named = named.format(port=port)
    assert f"{named} and the token wasn't sent there" in str(error)
    assert "REINFER_ENDPOINT" in str(error)
    assert "secret" not in str(error)
    assert len(server.heard) == 1


def test_a_redirect_that_brings_a_user_name_is_not_followed() -> None:
    script: list = []
    with HostileServer(script) as server:
        target = f"http://user:secret@127.0.0.1:{server.port}/api"
        script += [head(f"Location: {target}", "Content-Length: 0", status="302 Found"), HEAR]
        transport = transport_to(server)
        with pytest.raises(ResponseError) as refused:
            transport.send(READ)
        transport.close()
    assert "secret" not in str(refused.value)
    assert len(server.heard) == 1


def test_a_redirect_from_https_to_http_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate(tmp_path)))
    moved = head("Location: http://127.0.0.1/", "Content-Length: 0", status="301 Moved")
    error, server = send_to([moved], tls=True)
    assert isinstance(error, ResponseError)
    assert len(server.heard) == 1


def test_a_redirect_without_end_is_given_up() -> None:
    moved = head("Location: /api", "Content-Length: 0", status="302 Found")
    error, server = send_to([moved])
    assert isinstance(error, ResponseError)
    assert "more than 5 times" in str(error)
    assert len(server.heard) == 6


def test_the_body_of_a_redirect_elsewhere_is_not_waited_for() -> None:
    moved = head("Location: //evil.example", "Content-Length: 99", status="302 Found")
    error, _ = send_to([moved, pause(3)])
    assert error.log[0].elapsed_ms < 1500
