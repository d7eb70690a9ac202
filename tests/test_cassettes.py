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
from reinfer_pandas._catalogue.catalogue import RESOURCES, find
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


D = "datasets/acme/claims"
UID = "2fa6f2e32b18617e.3fcd1e15e67972f4"
LABEL = {"label": "Claim > Damage"}
TEXTS = {"texts": ["Where does my claim stand?"], "model_version": "live"}
RAW_EMAIL = {"raw_email": {"headers": {"raw": "Subject: Claim"}, "body": {"plain": "My claim?"}}}
CALLS: dict[str, dict[str, object]] = {
    "auth/user": {},
    "audit_events": {"limit": 5},
    "bucket-sync-state/acme/mail": {},
    "buckets": {},
    "buckets/acme": {},
    "buckets/acme/mail": {},
    "buckets/acme/mail/email": {"id": "<9e3779b97f4a7c15@mail.acme.example>"},
    "buckets/acme/mail/emails": {"limit": 3},
    "buckets/acme/mail/statistics": {},
    "buckets/id:f7da3b0ae79fe8ab": {},
    "buckets/id:f7da3b0ae79fe8ab/keyed-sync-state-ids": {"mailbox": "inbox@acme.example"},
    "buckets/id:f7da3b0ae79fe8ab/keyed-sync-state/e6f7741afe5a8a87": {},
    "buckets/id:f7da3b0ae79fe8ab/keyed-sync-states": {},
    "datasets": {},
    "datasets/acme": {},
    "datasets/id:f6473758f0891d10": {},
    D: {},
    f"{D}/comments": {},
    f"{D}/entity-defs": {},
    f"{D}/export": {"limit": 5},
    f"{D}/general-fields": {},
    f"{D}/label-defs": {},
    f"{D}/label-fields": {},
    f"{D}/label-groups": {},
    f"{D}/label-groups/default": {},
    f"{D}/label-validation": LABEL,
    f"{D}/label-validation/curve": LABEL,
    f"{D}/labellers": {},
    f"{D}/labellers/status": {},
    f"{D}/labellings": {"uids": [UID]},
    f"{D}/labels/default": LABEL,
    f"{D}/labels/default/Claim > Status/history": {},
    f"{D}/labels/default/Claim > Status/fields/217838fe90fdfb01/history": {},
    f"{D}/model-tags": {},
    f"{D}/predict": TEXTS,
    f"{D}/predict-comments": {"uids": [UID], "model_version": 12},
    f"{D}/predict-latest": {"texts": TEXTS["texts"]},
    f"{D}/predict-raw-emails": {"documents": [RAW_EMAIL], "model_version": "live"},
    f"{D}/reviewed": {"limit": 5},
    f"{D}/statistics": {},
    f"{D}/statistics/labels": {},
    f"{D}/statistics/timeline": {"resolution": "month"},
    f"{D}/streams": {},
    f"{D}/streams/everything": {},
    f"{D}/streams/everything/fetch": {"page_size": 5},
    f"{D}/streams/everything/results": {"page_size": 5},
    f"{D}/summary": {},
    f"{D}/summary/labels": {},
    f"{D}/summary/user-properties": {},
    f"{D}/user-properties": {},
    f"{D}/validation": {},
    f"{D}/validation/curve": {},
    f"{D}/validation/labels": {},
    f"{D}/validation/scores": {"model_version": 12},
    "integrations": {},
    "integrations/acme": {},
    "integrations/acme/exchange": {},
    "integrations/acme/exchange/errors": {},
    "integrations/id:b9daf94475df43ea": {},
    "projects": {},
    "projects/acme": {},
    "projects/acme/resource_counts": {},
    "quotas": {},
    "sources": {},
    "sources/acme": {},
    "sources/acme/inbox": {},
    "sources/acme/inbox/comments": {},
    "sources/acme/inbox/comments/9e3779b97f4a7c15": {},
    "sources/acme/inbox/statistics": {},
    "sources/acme/inbox/threads": {},
    "sources/id:2fa6f2e32b18617e": {},
    "users": {},
    "users/c6b7f4dbcc4733dc": {},
    "v1/projects": {},
    "v1/users": {},
}
"""One call for each resource."""

MAY_BE_EMPTY = ("errors", "history")


@pytest.mark.vcr
@pytest.mark.block_network
@pytest.mark.parametrize("resource", CALLS)
def test_each_resource_replays(client: rp.Client, resource: str) -> None:
    df = client.read(resource, **CALLS[resource])
    assert len(df) > 0 or resource.endswith(MAY_BE_EMPTY)
    assert df.attrs["server_timing_ms"] > 0


def test_each_resource_has_a_call() -> None:
    called = {find(resource)[0].path for resource in CALLS}
    # The tenant's id is shown nowhere, so nobody can ask for another's quotas by it.
    assert {resource.path for resource in RESOURCES} - called == {"quotas/{tenant}"}


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
