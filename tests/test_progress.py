"""The line of progress: for whoever watches, and never in the way."""

from __future__ import annotations

import io
import re

import pytest

import reinfer_pandas as rp
from reinfer_pandas._reading.progress import Progress, is_watched
from reinfer_pandas.sandbox import Fault, Latency, Server

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"


@pytest.fixture(scope="module")
def server() -> Server:
    with Server(comments=400, latency=Latency(0)) as running:
        yield running


def shown(text: str) -> list[str]:
    return [line for line in re.split(r"[\r\n]+", text) if line.strip()]


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_asked_for_it_tells_rows_of_the_expected_total(
    server: Server, capsys: pytest.CaptureFixture[str], resource: str
) -> None:
    with rp.Client(server.endpoint, server.token) as client:
        df = client.read(resource, page_size=50, progress=True)
    last = shown(capsys.readouterr().err)[-1]
    assert f"{len(df)}/{len(df)}" in last
    assert "server" in last
    assert "100%" in last


def test_it_counts_with_one_statistics_call_under_the_same_filter(server: Server) -> None:
    before = len(server.requests)
    with rp.Client(server.endpoint, server.token) as client:
        client.read(INBOX, start="2026-01-01", end="2026-02-01", progress=True)
    counted = [seen for seen in server.requests[before:] if "statistics" in seen.path]
    (seen,) = counted
    assert seen.body["comment_filter"]["timestamp"]["minimum"].startswith("2026-01-01")


def test_nobody_watching_is_shown_nothing(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_watched()
    before = len(server.requests)
    with rp.Client(server.endpoint, server.token) as client:
        client.read(INBOX)
        client.read(INBOX, progress=False)
    assert capsys.readouterr().err == ""
    assert not [seen for seen in server.requests[before:] if "statistics" in seen.path]


def test_statistics_that_fail_leave_a_total_unknown(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.inject(Fault("status", status=403, path="statistics"))
    with rp.Client(server.endpoint, server.token) as client:
        assert len(client.read(INBOX, page_size=50, progress=True)) == 240
    assert "240 rows" in shown(capsys.readouterr().err)[-1]


def test_a_total_that_proves_too_small_grows(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("title", 10, delay_s=0)
    progress.advance(25)
    progress.close()
    assert "25/25" in shown(capsys.readouterr().err)[-1]


def test_a_long_wait_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("title", 10, delay_s=0)

    def refused(_: object) -> None:
        raise rp.RateLimitError("slow down", reason="http 429")

    with pytest.raises(rp.RateLimitError):
        progress.watch(refused)(None)
    slept: list[float] = []
    progress.waiting(slept.append)(12.0)
    assert slept == [12.0]
    assert "waiting 12 s: 429" in capsys.readouterr().err
    progress.close()


def test_chunks_are_told_of_with_every_request(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    with rp.Client(server.endpoint, server.token, workers=1) as client:
        chunks = list(client.read(INBOX, page_size=50, chunksize=30, progress=True))
    server_ms = rp.concat(chunks).attrs["server_timing_ms"]
    assert f"server {server_ms:,.0f} ms" in shown(capsys.readouterr().err)[-1]


def test_a_stream_that_is_gone_breaks_nothing() -> None:
    gone = io.StringIO()
    progress = Progress("title", 10, delay_s=0, file=gone)
    gone.close()
    progress.advance(5)
    progress.close()
