"""Recordings of the wire, made from the sandbox: replayed with the network blocked, and audited.

To record them anew: ``python -m pytest tests/test_cassettes.py --record-mode=rewrite``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import vcr

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server

CASSETTES = Path(__file__).parent.parent / "cassettes"
HOME = CASSETTES / Path(__file__).stem
PORT = 8765
TOKEN = "a-made-up-token-of-the-sandbox"
UNSAFE = r'[/\\:*?"<>|]'
"""What pytest-recording replaces in the name of a file."""
SECRET = re.compile(r"(?i)authorization|bearer|set-cookie|x-auth-token|" + re.escape(TOKEN))


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, object]:
    """Keep what a replay needs, and no secret."""
    return {
        "filter_headers": ["authorization", "user-agent"],
        "decode_compressed_response": True,
        "match_on": ["method", "path", "query", "body"],
        "allow_playback_repeats": False,
    }


@pytest.fixture
def faults() -> list[Fault]:
    """What goes wrong while this test is recorded."""
    return []


@pytest.fixture
def client(
    vcr: vcr.cassette.Cassette, record_mode: str, faults: list[Fault]
) -> Iterator[rp.Client]:
    """Connect to the sandbox while recording, and to nothing but the cassette after that."""
    endpoint = f"http://127.0.0.1:{PORT}/acme/production/reinfer_"
    retry = rp.RetryPolicy(base_s=0)
    if record_mode == "none":
        with rp.Client(endpoint, TOKEN, retry=retry, workers=1) as connected:
            yield connected
        assert vcr.all_played, "the cassette holds requests that this test doesn't make"
        return
    server = Server(comments=60, latency=Latency(2.0), token=TOKEN, port=PORT, faults=faults)
    with server, rp.Client(endpoint, TOKEN, retry=retry, workers=1) as connected:
        yield connected


@pytest.mark.vcr
@pytest.mark.block_network
@pytest.mark.parametrize(
    "resource",
    [
        "auth/user",
        "datasets",
        "datasets/acme",
        "datasets/acme/claims",
        "datasets/acme/claims/comments",
        "sources",
        "sources/acme",
        "sources/acme/inbox",
        "sources/acme/inbox/comments",
        "sources/acme/inbox/statistics",
    ],
)
def test_each_resource_replays(client: rp.Client, resource: str) -> None:
    df = client.read(resource)
    assert len(df) > 0
    assert df.attrs["server_timing_ms"] > 0


@pytest.mark.vcr
@pytest.mark.block_network
def test_pages_replay_in_order(client: rp.Client) -> None:
    df = client.read("sources/acme/inbox/comments", page_size=15)
    assert df.attrs["reinfer"]["n_requests"] == 3
    assert df["timestamp"].is_monotonic_increasing


@pytest.mark.vcr
@pytest.mark.block_network
@pytest.mark.parametrize("faults", [[Fault("status", status=503, times=2)]], ids=["503-503"])
def test_two_503s_and_an_answer_replay_as_they_came(client: rp.Client) -> None:
    df = client.read("datasets")
    requests = df.reinfer.requests()
    assert requests["status"].tolist() == [503, 503, 200]
    assert df.attrs["server_timing_ms"] == requests["server_ms"].iloc[-1]


@pytest.mark.vcr
@pytest.mark.block_network
def test_a_missing_dataset_replays_its_error(client: rp.Client) -> None:
    with pytest.raises(rp.NotFoundError):
        client.read("datasets/acme/nothing")


def cassettes() -> list[Path]:
    return sorted(CASSETTES.rglob("*.yaml"))


@pytest.mark.parametrize("path", cassettes(), ids=lambda path: path.stem)
def test_no_cassette_holds_a_secret(path: Path) -> None:
    assert not SECRET.search(path.read_text())


def test_no_cassette_is_left_over(request: pytest.FixtureRequest) -> None:
    played = {
        HOME / f"{re.sub(UNSAFE, '-', item.name)}.yaml"
        for item in request.node.parent.collect()
        if item.get_closest_marker("vcr")
    }
    assert set(cassettes()) == played
