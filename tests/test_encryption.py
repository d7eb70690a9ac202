"""Certificates and proxies of the environment."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hostile import (
    RESET,
    SILENT,
    HostileServer,
    answer,
    certificate,
    drip,
    free_port,
    head,
    pause,
)
from sending import CANARY, READ, hide_proxies, outcome, send_to, transport_to

from reinfer_pandas._wire import Response
from reinfer_pandas.exceptions import NetworkError

if TYPE_CHECKING:
    from pathlib import Path

JSON = b'{"status":"ok"}'
LONG = head("Content-Length: 100")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_proxies(monkeypatch)


def test_a_certificate_that_is_not_trusted_says_so() -> None:
    error, server = send_to([answer()], tls=True)
    assert isinstance(error, NetworkError)
    assert outcome(error) == "certificate"
    assert "REQUESTS_CA_BUNDLE" in str(error)
    assert server.heard == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_of_the_environment_are_trusted(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(certificate(tmp_path)))
    result, _ = send_to([answer(zipped=True)], tls=True)
    assert isinstance(result, Response)
    assert result.body == JSON
    error, _ = send_to([LONG, b"half"], tls=True)
    assert outcome(error) == "cut off"
    error, _ = send_to(
        [LONG, *drip(b"a" * 100, every_s=0.03)], tls=True, request=replace(READ, timeout_s=0.4)
    )
    assert outcome(error) == "timeout"


def test_certificates_that_are_not_there_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    error, server = send_to([answer()], tls=True)
    assert isinstance(error, NetworkError)
    assert outcome(error) == "certificate"
    assert "missing.pem" in str(error.__cause__)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("script", "reason"),
    [([SILENT, answer()], "tls"), ([SILENT], "reset"), ([SILENT, pause(0.05), RESET], "reset")],
)
def test_a_server_that_does_not_encrypt_says_so(script: list, reason: str) -> None:
    with HostileServer(script) as server, pytest.raises(NetworkError) as failed:
        transport_to(server.url.replace("http:", "https:")).send(READ)
    assert outcome(failed.value) == reason


def test_a_proxy_of_the_environment_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer([b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NetworkError, match="the proxy before mydomain") as failed:
            transport_to("https://mydomain.reinfer.io").send(READ)
    assert outcome(failed.value) == "proxy"
    assert proxy.heard[0].startswith(b"CONNECT mydomain.reinfer.io:443 ")
    assert CANARY.encode() not in b"".join(proxy.heard)


def test_a_proxy_that_drips_ends_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileServer(drip(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100, every_s=0.03)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NetworkError) as failed:
            transport_to("https://mydomain.reinfer.io").send(replace(READ, timeout_s=0.25))
    assert failed.value.log[0].elapsed_ms < 1500


@pytest.mark.parametrize("proxy", ["http://user:s3cret@:99999/", "nonsense://user:s3cret@x"])
def test_a_proxy_that_cannot_be_is_named_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(NetworkError) as failed:
        transport_to("https://mydomain.reinfer.io").send(READ)
    assert outcome(failed.value) == "proxy"
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_loopback_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    result, _ = send_to([answer()])
    assert outcome(result) == "ok"
