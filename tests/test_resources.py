"""The catalogue against the sandbox: lists of it, look-ups, predictions, streams, attachments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pandas as pd
import pytest

import reinfer_pandas as rp
from reinfer_pandas._attachments import safe_name, write_whole
from reinfer_pandas._catalogue.catalogue import RESOURCES
from reinfer_pandas._columns.records import AnnotatedComment
from reinfer_pandas._listing import markdown
from reinfer_pandas._planning.checks import COMMON
from reinfer_pandas._planning.model_version import predicting
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._reading.pages import next_request
from reinfer_pandas._wire import Attempt, Page, Request, Response
from reinfer_pandas.sandbox import Fault, Latency, Server

README = (Path(__file__).parent.parent / "README.md").read_text()
INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims"
COMMENTS = f"{CLAIMS}/comments"
QUICK = rp.RetryPolicy(base_s=0.001, cap_s=0.01)


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with Server(comments=400, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def client(shared: Server) -> Iterator[rp.Client]:
    with rp.Client(shared.endpoint, shared.token, retry=QUICK, workers=2) as connected:
        yield connected


def asked(server: Server, path: str) -> int:
    return sum(path in seen.path for seen in server.requests)


# lists of the catalogue


def test_the_readmes_table_is_that_of_the_catalogue() -> None:
    (found,) = re.findall(r"<!-- resources -->\n(.*?)\n<!-- /resources -->", README, re.DOTALL)
    assert found == markdown()


def test_resources_are_a_row_each() -> None:
    df = rp.resources()
    assert df["path"].tolist() == [resource.path for resource in RESOURCES]
    assert df["path"].is_unique
    assert set(df["visibility"]) == {"public", "private"}
    row = df.set_index("path").loc["datasets/{project}/{dataset}/comments"]
    assert row["visibility"] == "private"
    assert row["permission"] == "View labels and View sources"
    assert "user_properties" in row["options"]
    assert df.loc[df["billed"], "path"].str.contains("predict").all()


def test_one_resource_is_its_options_and_columns() -> None:
    for path in (COMMENTS, "datasets/{project}/{dataset}/comments"):
        df = rp.resources(path)
        options = df.loc[df["kind"] == "option", "name"]
        assert {"start", "labels", "model_version", *COMMON} <= set(options)
        columns = df[df["kind"] == "column"].set_index("name")
        assert columns.loc["timestamp", "dtype"] == "datetime64[us, UTC]"
        assert columns.loc["thread_duration_s", "unit"] == "s"
    with pytest.raises(rp.ConfigurationError, match="Did you mean"):
        rp.resources("datasets/acme/claims/coments")


# what is the same, read by two routes


def test_the_routes_of_comments_agree(client: rp.Client) -> None:
    query = client.read(COMMENTS).set_index("uid")
    export = client.read(f"{CLAIMS}/export").set_index("uid")
    assert list(query.columns) == list(export.columns)
    columns = ["body", "timestamp", "string:Team", "thread_duration_s"]
    pd.testing.assert_frame_equal(query[columns], export.loc[query.index, columns])
    reviewed = client.read(f"{CLAIMS}/reviewed").set_index("uid")
    by_filter = client.read(COMMENTS, reviewed=True).set_index("uid")
    assert set(reviewed.index) == set(by_filter.index)
    uids = query.index[[7, 3, 5]].tolist()
    assert client.read(f"{CLAIMS}/labellings", uids=uids)["uid"].tolist() == uids


def test_reviewed_comments_are_read_source_by_source(client: rp.Client) -> None:
    df = client.read(f"{CLAIMS}/reviewed", page_size=10)
    sources = client.read(CLAIMS)["source_ids"].iloc[0]
    assert list(df["source_id"].unique()) == [one for one in sources if one in set(df["source_id"])]
    one = client.read(f"{CLAIMS}/reviewed", sources=["inbox"])
    assert one["source_id"].nunique() == 1
    assert 0 < len(one) < len(df)


def test_counts_add_up(client: rp.Client) -> None:
    statistics = client.read(f"{CLAIMS}/statistics").iloc[0]
    timeline = client.read(f"{CLAIMS}/statistics/timeline", resolution="month")
    labels = client.read(f"{CLAIMS}/statistics/labels").set_index("name")
    assert statistics["num_comments"] == len(client.read(COMMENTS, columns=["uid"]))
    months = timeline.drop_duplicates("timestamp")
    assert months["count_any"].sum() == statistics["num_comments"]
    by_label = timeline.groupby("label")["count"].sum()
    expected = labels["positive"] + labels["negative"]
    pd.testing.assert_series_equal(
        by_label.sort_index(), expected.sort_index(), check_names=False, check_index_type=False
    )


def test_models_are_paged_by_the_smallest_version(client: rp.Client) -> None:
    whole = client.read(f"{CLAIMS}/labellers")
    paged = client.read(f"{CLAIMS}/labellers", page_size=1)
    assert len(whole) == 3
    assert paged["version"].tolist() == whole["version"].tolist()
    assert paged.attrs["reinfer"]["n_requests"] == 4


def test_audit_events_are_paged(client: rp.Client) -> None:
    df = client.read("audit_events", page_size=50)
    assert df["event_id"].is_unique
    assert df.attrs["reinfer"]["n_requests"] == -(-len(df) // 50)
    assert df["actor_username"].notna().all()
    some = client.read("audit_events", start=df["timestamp"][10], end=df["timestamp"][20])
    assert len(some) == df["timestamp"].between(df["timestamp"][10], df["timestamp"][20]).sum()


def test_the_same_token_may_come_from_two_sources() -> None:
    plan = plan_read(f"{CLAIMS}/reviewed", {"sources": ["a" * 16, "b" * 16]})
    first, one = next_request(plan.request, answer({}, cursor="1"), plan.paging, ())
    assert dict(first.params)["after"] == one == "1"
    second, none = next_request(first, answer(), plan.paging, {one})
    assert none is None  # what came before is another request's
    assert dict(second.params) == {"source_id": "b" * 16, "return_predictions": "false"}
    assert next_request(second, answer({}, cursor="1"), plan.paging, ())[0] is not None
    assert next_request(second, answer(), plan.paging, ()) == (None, None)


# look-ups


def test_sources_are_taken_by_name(client: rp.Client) -> None:
    by_name = client.read(COMMENTS, sources=["inbox"], columns=["uid", "source_id"])
    source_id = client.read("sources/acme/inbox")["id"].iloc[0]
    assert set(by_name["source_id"]) == {source_id}
    by_id = client.read(COMMENTS, sources=[source_id, "acme/inbox"], columns=["uid"])
    assert by_id["uid"].tolist() == by_name["uid"].tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": ["Clam"]}, "Did you mean 'Claim'"),
        ({"exclude_labels": ["Nothing like it"]}, "there is no label"),
        ({"user_properties": {"Team": 5}}, "'Team' is text in datasets/acme/claims"),
        ({"user_properties": {"Priority": "high"}}, "'Priority' is a number"),
        ({"user_properties": {"string:Taem": "Motor"}}, "string:Team"),
        ({"sources": ["0123456789abcdef"]}, "isn't a source of"),
    ],
)
def test_names_that_there_are_not_are_told(
    client: rp.Client, shared: Server, options: dict[str, object], words: str
) -> None:
    before = asked(shared, "claims/query")
    with pytest.raises(rp.ConfigurationError, match=re.escape(words)):
        client.read(COMMENTS, **options)
    assert asked(shared, "claims/query") == before


def test_every_wrong_option_is_found_before_any_look_up(client: rp.Client, shared: Server) -> None:
    before = len(shared.requests)
    for wrong in ({"strat": 1}, {"order": "x"}, {"columns": ["nope"]}):
        with pytest.raises(rp.ConfigurationError):
            client.read(COMMENTS, labels=["Claim"], **wrong)
    assert len(shared.requests) == before


def test_a_label_with_children_is_a_label(client: rp.Client) -> None:
    some = client.read(COMMENTS, labels="Claim", columns=["uid"])
    others = client.read(COMMENTS, exclude_labels="Claim", columns=["uid"])
    every = client.read(COMMENTS, columns=["uid"])
    assert 0 < len(some) < len(every)
    assert set(some["uid"]) | set(others["uid"]) == set(every["uid"])
    assert not set(some["uid"]) & set(others["uid"])


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        (COMMENTS, {"model_version": 99}, "model_version='99'"),
        (f"{CLAIMS}/predict", {"texts": ["x"], "model_version": 99}, "model_version='99'"),
        (f"{CLAIMS}/label-validation", {"label": "Nope"}, "label='Nope'"),
        (f"{CLAIMS}/streams/nothing/fetch", {}, "streams/nothing/fetch"),
        (f"{CLAIMS}/predict-comments", {"uids": ["0.1"], "model_version": "live"}, "0.1"),
    ],
)
def test_the_platforms_errors_name_what_was_asked(
    client: rp.Client, path: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(rp.APIError) as caught:
        client.read(path, **options)
    assert words in str(caught.value)


# predictions


def test_another_models_predictions_take_the_place_of_the_latest(client: rp.Client) -> None:
    latest, *_, oldest = client.read(f"{CLAIMS}/labellers")["version"]
    plain = client.read(COMMENTS)
    other = client.read(COMMENTS, model_version=oldest, page_size=100, workers=1)
    assert other["uid"].tolist() == plain["uid"].tolist()
    assert set(other["model_version"]) == {oldest}
    predicted = client.read(
        f"{CLAIMS}/predict-comments", uids=plain["uid"].tolist(), model_version=oldest
    )
    for found, alone in zip(other["labels"], predicted["labels"], strict=True):
        names = [(x["name"], x["probability"]) for x in found if x["state"] == "predicted"]
        assert names == [(x["name"], x["probability"]) for x in alone]
    said = [[x for x in row if x["state"] != "predicted"] for row in plain["labels"]]
    assert said == [[x for x in row if x["state"] != "predicted"] for row in other["labels"]]
    facts = other.attrs["reinfer"]
    assert facts["n_requests"] == len(other.reinfer.requests()) == 2 * 3
    assert latest != oldest


def test_rows_know_their_own_page_among_the_requests(client: rp.Client) -> None:
    df = client.read(COMMENTS, model_version="staging", page_size=100, timing="row", workers=1)
    requests = df.reinfer.requests()
    pages = requests[requests["path"].str.endswith("/query")]
    assert df.groupby("request").size().tolist() == pages["rows"].tolist()
    assert set(df["request"]) == set(pages.index)


def answer(
    *records: dict[str, object],
    beside: dict[str, object] | None = None,
    cursor: str | None = None,
) -> Response:

    raws = tuple(msgspec.Raw(json.dumps(record).encode()) for record in records)
    attempt = Attempt(started_at=pd.Timestamp(0, tz="UTC"), method="POST", path="/")
    page = Page(len(raws), cursor, beside or {}, raws)
    return Response(status=200, headers={}, body=b"", attempts=(attempt,), page=page)


def test_comments_are_asked_about_in_batches_that_are_not_sent_twice() -> None:
    sent: list[Request] = []
    comments = [{"comment": {"uid": f"s.{number}"}} for number in range(1100)]

    def send(request: Request) -> Response:
        sent.append(request)
        return answer(*comments) if request.path.endswith("/query") else answer()

    plan = plan_read(COMMENTS, {"model_version": 3, "threshold": "auto"})
    response = predicting(COMMENTS, {"model_version": "3", "threshold": "auto"})(send)(plan.request)
    predictions = sent[1:]
    assert [len(request.json["uids"]) for request in predictions] == [512, 512, 76]
    assert not any(request.idempotent for request in predictions)
    assert {request.json["threshold"] for request in predictions} == {"auto"}
    assert len(response.further) == 3
    assert plan.complete is not None


def test_a_comment_without_an_answer_is_missing_not_shifted() -> None:
    def send(request: Request) -> Response:
        if request.path.endswith("/query"):
            return answer(*({"comment": {"uid": uid}} for uid in ("s.1", "s.2", "s.3")))
        found = {"uid": "s.3", "labels": [{"name": ["A"], "probability": 0.5}]}
        return answer(found, beside={"asked": request.envelope.asked, "model": {"version": 3}})

    plan = plan_read(COMMENTS, {"model_version": 3})
    response = plan.complete(send)(plan.request)
    comment = {"id": "1", "timestamp": "2024-01-01", "created_at": "2024-01-01", "messages": []}

    records = [
        msgspec.convert({"comment": {**comment, "uid": uid}}, AnnotatedComment)
        for uid in ("s.1", "s.2", "s.3")
    ]
    rows = plan.request.envelope.shape(records, response.page.beside)
    assert [row.model_version for row in rows] == [None, None, 3]
    assert rows[2].labelling[-1].predicted[0].name == ("A",)
    assert rows[0].labelling[-1].predicted is None


@pytest.mark.parametrize(("options", "tries"), [({}, 1), ({"idempotent": True}, 2)])
def test_what_is_billed_is_not_sent_again_after_it_may_have_arrived(
    options: dict[str, object], tries: int
) -> None:
    faults = [Fault("status", status=503, times=1)]
    with (
        Server(comments=60, latency=Latency(0), faults=faults) as server,
        rp.Client(server.endpoint, server.token, retry=QUICK) as client,
    ):
        try:
            client.read(f"{CLAIMS}/predict", texts=["x"], model_version="live", **options)
        except rp.ServerError:
            assert not options
        assert asked(server, "/predict") == tries


# streams


def test_reading_a_stream_leaves_its_cursor_and_advancing_moves_it() -> None:
    with (
        Server(comments=300, latency=Latency(0)) as server,
        rp.Client(server.endpoint, server.token, retry=QUICK) as client,
    ):
        stream = f"{CLAIMS}/streams/{client.read(f'{CLAIMS}/streams')['name'].iloc[0]}"
        first = client.read(f"{stream}/fetch", page_size=5)
        again = client.read(f"{stream}/results", limit=5, page_size=5)
        assert first["uid"].tolist() == again["uid"].tolist()
        assert first["sequence_id"].tolist() == again["sequence_id"].tolist()
        client.advance(f"{stream}/fetch", first.attrs["reinfer"]["sequence_id"])
        second = client.read(f"{stream}/fetch", page_size=5)
        assert not set(first["uid"]) & set(second["uid"])
        assert asked(server, "/advance") == 1
        client.advance(stream, first["sequence_id"].iloc[0])
        third = client.read(f"{stream}/fetch", limit=3)
        assert third["uid"].tolist() == first["uid"].tolist()[1:4]


def test_a_batch_of_which_rows_were_left_out_has_no_end(client: rp.Client) -> None:
    stream = f"{CLAIMS}/streams/{client.read(f'{CLAIMS}/streams')['name'].iloc[0]}"
    assert "sequence_id" not in client.read(f"{stream}/results", limit=2).attrs["reinfer"]
    assert "sequence_id" not in client.read(f"{stream}/fetch", limit=0).attrs["reinfer"]
    assert "sequence_id" in client.read(f"{stream}/fetch", limit=2).attrs["reinfer"]


@pytest.mark.parametrize(
    ("resource", "sequence_id"),
    [
        (COMMENTS, "x"),
        ("datasets", "x"),
        (f"{CLAIMS}/streams/s", ""),
        (f"{CLAIMS}/streams/s", None),
    ],
)
def test_only_a_stream_is_advanced(client: rp.Client, resource: str, sequence_id: object) -> None:
    with pytest.raises(rp.ConfigurationError):
        client.advance(resource, sequence_id)


# attachments


def test_attachments_are_saved_whole_and_listed(client: rp.Client, tmp_path: Path) -> None:
    df = client.read(INBOX)
    saved = client.download_attachments(df, tmp_path / "new" / "folder")
    n_listed = sum(map(len, df["attachments"]))
    assert len(saved) == n_listed
    done = saved.dropna(subset=["path"])
    assert 0 < len(done) < n_listed
    assert (done["saved_bytes"] == done["size"]).all()
    assert all(
        Path(path).stat().st_size == size
        for path, size in zip(done["path"], done["size"], strict=True)
    )
    assert done["path"].is_unique
    assert not list(tmp_path.rglob("*.part"))
    assert saved.attrs["reinfer"]["n_requests"] == len(done)
    again = client.download_attachments(
        done["attachment_reference"].tolist()[:2], tmp_path / "refs"
    )
    assert again["saved_bytes"].tolist() == done["saved_bytes"].tolist()[:2]
    tidy = client.download_attachments(df.reinfer.attachments(), tmp_path / "tidy")
    kept = ["uid", "attachment_index", "attachment_reference", "saved_bytes"]
    pd.testing.assert_frame_equal(tidy[kept], saved[kept])
    for one, other in zip(done["path"], tidy.dropna(subset=["path"])["path"], strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()


def test_a_failure_leaves_no_file_and_tells_what_was_saved(
    client: rp.Client, tmp_path: Path
) -> None:
    df = client.read(INBOX)
    reference = next(
        x["attachment_reference"]
        for row in df["attachments"]
        for x in row
        if x["attachment_reference"]
    )
    with pytest.raises(rp.NotFoundError) as caught:
        client.download_attachments([reference, "no-such-reference"], tmp_path)
    assert len(caught.value.partial) == 1
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    with pytest.raises(rp.ConfigurationError):
        client.download_attachments(7, tmp_path)
    with pytest.raises(rp.ConfigurationError):
        client.download_attachments(df[["uid"]], tmp_path)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a" / "b.bin", "text")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "con",
        "NUL.txt",
        "..",
        ".",
        "",
        "x" * 400,
        "a\x00b",
        "é" * 200,
        "end. ",
    ],
)
def test_names_of_files_are_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name
    assert safe not in (".", "..", "")
    assert len(safe.encode()) <= 140
    assert not re.search(r'[\x00-\x1f/\\<>:"|?*]', safe)
    assert safe_name(name) != safe_name(name + "x")


# the raw door


def test_csv_comes_through_the_raw_door(client: rp.Client) -> None:
    body = {"order": {"kind": "recent"}, "limit": 3}
    route = "/api/_private/datasets/acme/claims/query"
    response = client.request("POST", route, json=body, accept="text/csv")
    assert response.headers["content-type"].startswith("text/csv")
    lines = response.body.decode().splitlines()
    assert "uid" in lines[0]
    assert lines[1].startswith(client.read(COMMENTS, limit=1)["uid"].iloc[0])
