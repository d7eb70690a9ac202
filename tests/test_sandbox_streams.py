"""The sandbox's streams: reading does not move the cursor, advancing does."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from sandbox_talk import (
    CLAIMS_V1,
    Talk,
    all_results,
    talking_to,
)

from reinfer_pandas.sandbox import Latency, Server


@pytest.fixture
def own() -> Iterator[Talk]:
    with Server(comments=400, latency=Latency(0)) as server, talking_to(server) as line:
        yield line


LATE = f"{CLAIMS_V1}/streams/late-payouts"


def test_fetching_does_not_move_the_cursor_and_advancing_does(own: Talk) -> None:
    first = own.post(f"{LATE}/fetch", {"size": 2, "max_filtered": 1024})
    assert own.post(f"{LATE}/fetch", {"size": 2, "max_filtered": 1024}) == first
    moved = own.post(f"{LATE}/advance", {"sequence_id": first["sequence_id"]})
    assert moved["sequence_id"] == first["sequence_id"]
    assert own.post(f"{LATE}/fetch", {"size": 2})["results"] != first["results"]


def test_a_stream_gives_what_its_filter_takes_once_in_order_of_creation(own: Talk) -> None:
    filtered, rows = 0, []
    while True:
        batch = own.post(f"{LATE}/fetch", {"size": 3, "max_filtered": 50})
        filtered += batch["filtered"]
        rows += batch["results"]
        own.post(f"{LATE}/advance", {"sequence_id": batch["sequence_id"]})
        if not batch["results"] and not batch["filtered"]:
            break
    assert batch["is_end_sequence"]
    wanted = own.get(LATE)["stream"]["comment_filter"]
    kept = all_results(own, filter=wanted)
    uids = [row["comment"]["uid"] for row in rows]
    assert sorted(uids) == sorted(row["comment"]["uid"] for row in kept)
    assert filtered + len(rows) == 280
    times = [row["comment"]["created_at"] for row in rows]
    assert times == sorted(times)


def test_a_batch_may_be_filtered_whole_and_is_not_the_end(own: Talk) -> None:
    batch = own.post(f"{LATE}/fetch", {"size": 5, "max_filtered": 10})
    assert (batch["results"], batch["filtered"], batch["is_end_sequence"]) == ([], 10, False)


def test_advancing_with_a_results_own_id_acknowledges_up_to_it(own: Talk) -> None:
    everything = f"{CLAIMS_V1}/streams/everything"
    first = own.post(f"{everything}/fetch", {"size": 5})["results"]
    own.post(f"{everything}/advance", {"sequence_id": first[1]["sequence_id"]})
    assert own.post(f"{everything}/fetch", {"size": 3})["results"] == first[2:]


def test_resetting_goes_back_to_a_time_of_creation(own: Talk) -> None:
    everything = f"{CLAIMS_V1}/streams/everything"
    rows = own.post(f"{everything}/fetch", {"size": 50})["results"]
    since = rows[20]["comment"]["created_at"]
    own.post(f"{everything}/reset", {"to_comment_created_at": since})
    assert own.post(f"{everything}/fetch", {"size": 30})["results"] == rows[20:]


def test_results_walk_the_same_stream(own: Talk) -> None:
    fetched = own.post(f"{LATE}/fetch", {"size": 4})
    found = own.get(f"{LATE}/results", max_results=4)
    assert [row["comment"] for row in found["results"]] == [
        row["comment"] for row in fetched["results"]
    ]
    assert found["continuation"] == fetched["sequence_id"]
    own.post(f"{LATE}/advance", {"sequence_id": found["continuation"]})
    assert own.get(f"{LATE}/results", max_results=4)["results"] != found["results"]


def test_only_labels_above_the_streams_thresholds_come(own: Talk) -> None:
    own.post(f"{LATE}/reset", {"to_comment_created_at": "2026-01-01T00:00:00Z"})
    rows = own.post(f"{LATE}/fetch", {"size": 1024})["results"]
    labels = [label for row in rows for label in row.get("labels", [])]
    assert labels
    assert all(label["name"] == ["Payment", "Late payout"] for label in labels)
    assert all(label["probability"] >= 0.41 for label in labels)


def test_a_stream_without_a_model_gives_comments_alone(own: Talk) -> None:
    path = f"{CLAIMS_V1}/streams/no-model"
    assert set(own.post(f"{path}/fetch", {"size": 1})["results"][0]) == {"comment", "sequence_id"}
    assert own.get(f"{path}/results")["results"][0]["prediction"] is None
    assert own.get(path)["stream"]["updated_at"] is None


def test_streams_go_by_their_old_name_too(own: Talk) -> None:
    streams, triggers = own.get(f"{CLAIMS_V1}/streams"), own.get(f"{CLAIMS_V1}/triggers")
    assert streams["streams"] == triggers["triggers"]
    assert own.get(f"{CLAIMS_V1}/triggers/late-payouts")["trigger"] == streams["streams"][0]


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("fetch", {}),
        ("fetch", {"size": 0}),
        ("fetch", {"size": 1025}),
        ("advance", {}),
        ("advance", {"sequence_id": "qs8QcHIBAADJ1p3W2FtmBB3QiOJsCJlR"}),
        ("advance", {"sequence_id": b64encode(b"x").decode()}),
        ("advance", {"sequence_id": "é"}),
        ("reset", {"to_comment_created_at": "soon"}),
    ],
)
def test_a_wrong_step_is_a_400(talk: Talk, step: str, body: dict) -> None:
    assert talk.ask("POST", f"{LATE}/{step}", body).status == 400


def test_an_unknown_stream_is_a_404(talk: Talk) -> None:
    assert talk.ask("GET", f"{CLAIMS_V1}/streams/nothing").status == 404


def test_results_list_the_fields_that_were_not_found_too(own: Talk) -> None:
    path = f"{CLAIMS_V1}/streams/everything/results"
    rows = own.get(path, max_results=200)["results"]
    (kept,) = rows[0]["prediction"]["taxonomies"]
    assert {field["name"] for field in kept["general_fields"]} >= {"claim-number", "date"}
    labels = [label for row in rows for label in row["prediction"]["taxonomies"][0]["labels"]]
    fields = [
        field
        for label in labels
        if label["name"] == "Payment > Late payout"
        for field in label["fields"]
    ]
    assert {field["name"] for field in fields} == {"Claim number", "Monetary quantity"}
    assert None in [field["value"] for field in fields]
    assert all(field["text_spans"] for field in fields if field["value"])
