"""Every route of the sandbox: its shape is the contract's, and its figures add up."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from email import message_from_string, policy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sandbox_talk import Talk, talking_to

from reinfer_pandas.sandbox import Latency, Server, routes
from reinfer_pandas.sandbox.dice import ident

EXAMPLES = Path(__file__).parent / "examples"
CLAIMS = "/api/_private/datasets/acme/claims"
CLAIMS_V1 = "/api/v1/datasets/acme/claims"
INBOX_ID = ident("source", "acme/inbox")
BUCKET = f"/api/_private/buckets/id:{ident('bucket', 'acme', 'mail')}"
RECENT = {"kind": "recent"}
TEXT = {"messages": [{"body": {"text": "Where does claim CLM-2000000 stand? I paid £12.50"}}]}
MAIL = {
    "raw_email": {
        "headers": {"raw": "From: a@b.example\r\nTo: c@d.example\r\nSubject: Cancel\r\n\r\n"},
        "body": {"plain": "Please cancel POL-12345-B"},
    }
}

# What an answer may leave out, by the contract; and maps, whose keys are data.
OPTIONAL = frozenset(
    "thread_id context subject signature from to cc text_format continuation after span predicted "
    "title instructions external_id moon_form content_hash attachment_reference bucket_id "
    "email_transform_tag email_transform_version auto_increase_up_to dataset_ids project_ids "
    "comment_filter model thread_properties thread_position moon_forms entities label_properties "
    "model_version folder_id folder_path fingerprint sentiment has_annotations field_id".split()
)
EXTRA = frozenset(
    "uninformative metadata translated_from bcc inline thread_id query seed num_results sentiment "
    "label_properties source_ids trigger_ids sources triggers auto_thresholds has_annotations "
    "attachment_reference content_hash text_format context user_ids predicted moon_forms source_counts "
    "thread_properties subject signature from to cc sent_at language to cc model".split()
)
MAPS = frozenset(
    "user_properties label_counts organisation_permissions derived_organisation_permissions labels "
    "inference_stats_by_version entities_by_def_id reviewed_counts thread_histogram_counts "
    "attachments_common_types_extensions attachments_file_extensions email_property_counts".split()
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=1_000, latency=Latency(0)) as running:
        yield running


@pytest.fixture(scope="module")
def talk(server: Server) -> Iterator[Talk]:
    with talking_to(server) as line:
        yield line


def merged(values: list[Any]) -> Any:
    """Make one example of a list's several."""
    if not all(isinstance(value, dict) for value in values):
        return values[0]
    keys = dict.fromkeys(key for value in values for key in value)
    return {
        key: next((value[key] for value in values if value.get(key) not in (None, [], {})), None)
        for key in keys
    }


def differences(example: Any, found: Any, where: str = "") -> Iterator[str]:
    """Yield where an answer is not of its example's shape."""
    name = where.rpartition(".")[2]
    if example is None or found is None:
        return
    if isinstance(example, dict) and isinstance(found, dict):
        if name in MAPS:
            for value in found.values():
                for known in list(example.values())[:1]:
                    if isinstance(known, (dict, list)):
                        yield from differences(known, value, f"{where}.*")
            return
        yield from (f"{where}.{key} is missing" for key in example.keys() - found.keys() - OPTIONAL)
        yield from (f"{where}.{key} is unknown" for key in found.keys() - example.keys() - EXTRA)
        for key in example.keys() & found.keys():
            yield from differences(example[key], found[key], f"{where}.{key}")
    elif isinstance(example, list) and isinstance(found, list):
        for value in found if example else []:
            yield from differences(merged(example), value, f"{where}[]")
    elif isinstance(example, (int, float)) and not isinstance(example, bool):
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            yield f"{where} is {found!r}, not a number"
    elif type(example) is not type(found):
        if not (name == "name" and {type(example), type(found)} == {str, list}):
            yield f"{where} is {found!r}, not like {example!r}"


ROUTES_LIKE = [
    ("datasets", "GET", "/api/v1/datasets", None),
    ("datasets", "GET", "/api/v1/datasets/acme", None),
    ("sources", "GET", "/api/v1/sources", None),
    ("sources", "GET", "/api/v1/sources/globex", None),
    ("source", "GET", "/api/v1/sources/acme/inbox", None),
    ("source-statistics", "POST", "/api/v1/sources/acme/inbox/statistics", {"comment_filter": {}}),
    ("threads", "GET", "/api/v1/sources/acme/inbox/threads", None),
    ("comments-page", "GET", "/api/_private/sources/acme/inbox/comments", None),
    ("comments-page", "GET", "/api/_private/sources/globex/chats/comments", None),
    ("label-groups", "GET", f"{CLAIMS}/label-groups", None),
    ("dataset-status", "GET", f"{CLAIMS}/labellers/status", None),
    (
        "labellings-page",
        "GET",
        f"{CLAIMS}/labellings?source_id={INBOX_ID}&return_predictions=true",
        None,
    ),
    (
        "labellings-page",
        "GET",
        f"{CLAIMS}/labellings?source_id={INBOX_ID}&return_predictions=false",
        None,
    ),
    ("query-page", "POST", f"{CLAIMS}/query", {"order": RECENT}),
    (
        "query-page",
        "POST",
        "/api/_private/datasets/globex/orders/query",
        {"order": {"kind": "sample", "seed": 1}, "limit": 100},
    ),
    (
        "dataset-statistics",
        "POST",
        f"{CLAIMS}/statistics",
        {"comment_filter": {}, "label_timeseries": True, "by_label_properties": []},
    ),
    ("dataset-summary", "POST", f"{CLAIMS}/summary", {"filter": {}}),
    ("user-properties", "GET", f"{CLAIMS}/user-properties", None),
    ("export-page", "POST", f"{CLAIMS_V1}/export", {}),
    ("predict", "POST", f"{CLAIMS_V1}/labellers/12/predict", {"documents": [TEXT, TEXT]}),
    ("predict", "POST", f"{CLAIMS}/labellers/predict", {"documents": [TEXT], "threshold": 0}),
    (
        "predict",
        "POST",
        f"{CLAIMS_V1}/labellers/live/predict",
        {"documents": [TEXT], "threshold": "auto"},
    ),
    (
        "predict-raw-emails",
        "POST",
        f"{CLAIMS_V1}/labellers/staging/predict-raw-emails",
        {"documents": [MAIL], "include_comments": True},
    ),
    ("labellers", "POST", f"{CLAIMS}/labellers", {}),
    ("model-tags", "GET", f"{CLAIMS_V1}/model-tags", None),
    ("validation-v1", "GET", f"{CLAIMS_V1}/labellers/12/validation", None),
    ("validation-private", "GET", f"{CLAIMS}/labellers/latest/validation", None),
    (
        "label-validation",
        "POST",
        f"{CLAIMS}/labellers/12/label-validation",
        {"label": "Claim > Status"},
    ),
    ("streams", "GET", f"{CLAIMS_V1}/streams", None),
    ("stream", "GET", f"{CLAIMS_V1}/streams/late-payouts", None),
    ("stream-fetch", "POST", f"{CLAIMS_V1}/streams/everything/fetch", {"size": 50}),
    ("stream-results", "GET", f"{CLAIMS_V1}/streams/everything/results?max_results=50", None),
    (
        "stream-reset",
        "POST",
        f"{CLAIMS_V1}/streams/late-payouts/reset",
        {"to_comment_created_at": "2025-10-01T00:00:00Z"},
    ),
    ("audit", "POST", "/api/v1/audit_events/query", {"filter": {}}),
    ("users-v1", "GET", "/api/v1/users", None),
    ("users", "GET", "/api/_private/users", None),
    ("current-user", "GET", "/auth/user", None),
    ("current-user", "GET", f"/api/_private/users/{ident('user', 'bob')}", None),
    ("projects-v1", "GET", "/api/v1/projects", None),
    ("projects", "GET", "/api/_private/projects", None),
    ("project-resource-counts", "GET", "/api/_private/projects/acme/resource_counts", None),
    ("buckets", "GET", "/api/_private/buckets", None),
    ("buckets", "GET", "/api/_private/buckets/acme", None),
    ("bucket-statistics", "GET", "/api/_private/buckets/acme/mail/statistics", None),
    ("bucket-emails", "POST", "/api/_private/buckets/acme/mail/emails", {}),
    ("keyed-sync-states", "GET", f"{BUCKET}/keyed-sync-states/", None),
    (
        "keyed-sync-state-ids",
        "POST",
        f"{BUCKET}/keyed-sync-state-ids",
        {"mailbox_name": "inbox@acme.example"},
    ),
    ("quotas", "GET", "/api/_private/quotas", None),
    ("integrations", "GET", "/api/_private/integrations", None),
]


@pytest.mark.parametrize(("example", "method", "path", "body"), ROUTES_LIKE)
def test_an_answer_is_of_its_examples_shape(
    talk: Talk, example: str, method: str, path: str, body: object
) -> None:
    known = json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))
    said = talk.ask(method, path, body)
    assert said.status == 200, said.body
    assert sorted(set(differences(known, said.json))) == []
    assert any(value for key, value in said.json.items() if key != "status")


def test_one_comment_is_of_its_examples_shape(server: Server, talk: Talk) -> None:
    known = json.loads((EXAMPLES / "comment.json").read_text(encoding="utf-8"))
    source = server.tenant.sources["acme/inbox"]
    for rank in range(20):
        found = talk.get(f"/api/v1/sources/acme/inbox/comments/{source.id_of(rank)}")
        assert sorted(differences(known, found)) == []


def test_predictions_of_comments_are_of_their_examples_shape(server: Server, talk: Talk) -> None:
    known = json.loads((EXAMPLES / "predict-comments.json").read_text(encoding="utf-8"))
    source = server.tenant.sources["acme/inbox"]
    uids = [source.uid_of(rank) for rank in range(0, 500, 25)]
    for threshold in (0.25, 0, "auto"):
        body = {"uids": uids, "threshold": threshold}
        found = talk.post(f"{CLAIMS_V1}/labellers/11/predict-comments", body)
        assert sorted(set(differences(known, found))) == []
        assert [each["uid"] for each in found["predictions"]] == uids


def test_every_route_is_asked_by_some_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    text += (Path(__file__).parent / "test_sandbox_server.py").read_text(encoding="utf-8")
    for route in routes.ROUTES:
        last = [part for part in route.template.split("/") if part and not part.startswith("{")]
        assert last[-1].partition("{")[0] in text, route.template


# figures that add up


def all_results(talk: Talk, **body: object) -> list[dict]:
    found = talk.post(f"{CLAIMS}/query", {"order": RECENT, "limit": 512, **body})
    rows = found["results"]
    while "continuation" in found:
        more = {"order": RECENT, "limit": 512, "continuation": found["continuation"], **body}
        found = talk.post(f"{CLAIMS}/query", more)
        rows += found["results"]
    return rows


def joined(name: str | list[str]) -> str:
    return name if isinstance(name, str) else " > ".join(name)


def expected_counts(rows: list[dict]) -> dict[str, Counter[str]]:
    """Count labels as the statistics say they do."""
    counts: dict[str, Counter[str]] = {"positive": Counter(), "negative": Counter()}
    for row in rows:
        (group,) = row["labelling"]
        is_reviewed = row["comment"]["has_annotations"] and (
            group["assigned"] or group["dismissed"] or "uninformative" in group
        )
        for label in group["assigned"] if is_reviewed else group.get("predicted", []):
            sign = label["sentiment"]
            is_positive = sign == "positive" if isinstance(sign, str) else sign >= 0
            side = counts["positive" if is_positive else "negative"]
            side[joined(label["name"])] += label.get("probability", 1)
    return counts


@pytest.mark.parametrize(
    "comment_filter",
    [
        {},
        {"timestamp": {"minimum": "2026-01-01T00:00:00Z"}},
        {"reviewed": "only_reviewed"},
        {"user_properties": {"string:Team": {"one_of": ["motor", "HOME"]}}},
    ],
)
def test_label_counts_are_those_of_the_comments(talk: Talk, comment_filter: dict) -> None:
    found = talk.post(f"{CLAIMS}/statistics", {"comment_filter": comment_filter})["statistics"]
    rows = all_results(talk, filter=comment_filter)
    assert found["num_comments"] == len(rows) > 0
    counts = expected_counts(rows)
    for name, by_sign in found["label_counts"].items():
        for sign, count in by_sign.items():
            assert count == pytest.approx(counts[sign][name])


@pytest.mark.parametrize("resolution", ["day", "week", "month", "year"])
def test_a_time_series_adds_up_to_the_totals(talk: Talk, resolution: str) -> None:
    body = {"label_timeseries": True, "time_resolution": resolution}
    found = talk.post(f"{CLAIMS}/statistics", body)["statistics"]
    series = found["label_timeseries"]
    assert sum(step["expected_count_any"] for step in series) == found["num_comments"]
    sums = [
        sum(step["label_sentiment_counts"][at] for step in series)
        for at in range(len(found["by_labels"]))
    ]
    totals = [sum(found["label_counts"][name].values()) for name in found["by_labels"]]
    assert sums == pytest.approx(totals)
    assert [step["timestamp_str"] for step in series] == sorted(
        {step["timestamp_str"] for step in series}
    )


def test_a_time_series_can_come_as_lists() -> None:
    with Server(comments=50, latency=Latency(0), label_timeseries="lists") as server:
        with talking_to(server) as talk:
            body = {"label_timeseries": True, "by_labels": {"top": {"num_top_labels": 2}}}
            series = talk.post(f"{CLAIMS}/statistics", body)["statistics"]["label_timeseries"]
    assert all(len(row) == 6 and isinstance(row[0], str) for row in series)
    with pytest.raises(ValueError, match="objects or lists"):
        Server(label_timeseries="tuples")


def test_only_the_labels_asked_for_are_counted(talk: Talk) -> None:
    body = {"by_labels": {"include": {"include_labels": ["Claim", "Urgent"]}}}
    found = talk.post(f"{CLAIMS}/statistics", body)["statistics"]
    assert found["by_labels"] == list(found["label_counts"]) == ["Claim", "Urgent"]


def test_counts_of_properties_sources_and_threads_add_up(talk: Talk) -> None:
    body = {
        "string_user_property_counts": [{"group_by": "string:Team"}],
        "source_counts": {},
        "thread_histogram": True,
    }
    found = talk.post(f"{CLAIMS}/statistics", body)["statistics"]
    rows = all_results(talk)
    teams = Counter(row["comment"]["user_properties"].get("string:Team") for row in rows)
    (by_team,) = found["string_user_property_counts"]
    assert {each["value"]: each["count"] for each in by_team["values"]} == {
        team: count for team, count in teams.items() if team
    }
    assert sum(each["count"] for each in found["source_counts"]) == len(rows)
    threads = {row["comment"]["thread_id"] for row in rows if "thread_id" in row["comment"]}
    assert sum(found["thread_histogram_counts"].values()) == len(threads)


def test_source_statistics_count_the_comments_that_pages_give(talk: Talk) -> None:
    path = "/api/v1/sources/acme/inbox/statistics"
    wanted = {"user_properties": {"number:Priority": {"minimum": 3}}}
    found = talk.post(path, {"comment_filter": wanted})["statistics"]["num_comments"]
    rows = all_results(talk, filter={**wanted, "sources": [INBOX_ID]})
    assert found == len(rows) > 0
    assert all(row["comment"]["user_properties"]["number:Priority"] >= 3 for row in rows)
    assert talk.ask("POST", path, {"comment_filter": {"annotations": {}}}).status == 400
    assert talk.ask("POST", path, {"attribute_filters": []}).status == 400


def test_user_properties_are_counted(talk: Talk) -> None:
    found = talk.get(f"{CLAIMS}/user-properties")["user_properties"]
    rows = all_results(talk)
    counts = Counter(name for row in rows for name in row["comment"]["user_properties"])
    every = found["string"] + found["number"]
    assert {each["full_name"]: each["count"] for each in every} == counts
    one = talk.post(f"{CLAIMS}/user-properties/values", {}, full_name="string:Team")
    assert one["user_property"] in found["string"]
    said = talk.ask("POST", f"{CLAIMS}/user-properties/values", {}, full_name="Team")
    assert said.status == 400


# filters, against the comments that they leave


def senders(row: dict) -> list[str]:
    return [message["from"] for message in row["comment"]["messages"] if "from" in message]


def names(row: dict) -> list[str]:
    return [joined(label["name"]) for label in row["labelling"][0]["assigned"]]


FILTERS = [
    ({"reviewed": "only_unreviewed"}, lambda row: row["labelling"][0]["assigned"] == []),
    ({"sources": [INBOX_ID]}, lambda row: row["comment"]["source_id"] == INBOX_ID),
    (
        {"user_properties": {"string:Team": {"not_one_of": ["Motor"]}}},
        lambda row: row["comment"]["user_properties"].get("string:Team") != "Motor",
    ),
    (
        {"user_properties": {"string:Team": {"one_of": ["Motor"], "include_missing": True}}},
        lambda row: row["comment"]["user_properties"].get("string:Team") in {None, "Motor"},
    ),
    (
        {"user_properties": {"number:Priority": {"one_of": [1, 4]}}},
        lambda row: row["comment"]["user_properties"]["number:Priority"] in {1, 4},
    ),
    (
        {"messages": {"from": {"domain_one_of": ["acme.example"]}}},
        lambda row: any(sender.endswith("@acme.example") for sender in senders(row)),
    ),
    (
        {"messages": {"to": {"one_of": ["INBOX@acme.example"]}}},
        lambda row: "inbox@acme.example" in row["comment"]["messages"][0]["to"],
    ),
    (
        {"messages": {"recipient": {"one_of": ["inbox@acme.example"]}}},
        lambda row: "inbox@acme.example" in str(row["comment"]["messages"][0]),
    ),
    (
        {"thread_properties": {"num_messages": {"minimum": 4}}},
        lambda row: row["thread_properties"]["num_messages"] >= 4,
    ),
    (
        {"thread_properties": {"response_time": {"maximum": 40_000}}},
        lambda row: row["thread_properties"]["response_time"] <= 40_000,
    ),
    (
        {"thread_properties": {"thread_position": {"minimum": 1, "maximum": 1}}},
        lambda row: row["thread_properties"]["thread_position"] == 1,
    ),
    (
        {"thread_properties": {"id": {"include_missing": True, "one_of": ["none"]}}},
        lambda row: "thread_id" not in row["comment"],
    ),
    (
        {"annotations": {"labels": {"one_of": ["Claim > Status"]}}},
        lambda row: "Claim > Status" in names(row),
    ),
    (
        {"entities": {"presence": [{"kind": "policy-number", "rule": "present"}]}},
        lambda row: any(each["kind"] == "policy-number" for each in row["entities"]["predicted"]),
    ),
]


@pytest.mark.parametrize(("comment_filter", "is_right"), FILTERS)
def test_a_filter_leaves_all_that_it_describes_and_nothing_else(
    talk: Talk, comment_filter: dict, is_right: Any
) -> None:
    everything = all_results(talk)
    kept = {row["comment"]["uid"] for row in all_results(talk, filter=comment_filter)}
    assert 0 < len(kept) < len(everything)
    for row in everything:
        try:
            expected = is_right(row)
        except KeyError:
            expected = False
        if comment_filter == {"reviewed": "only_unreviewed"} and expected:
            continue  # some reviewed comments got no label
        assert (row["comment"]["uid"] in kept) == expected


ATTRIBUTES = [
    ("labels", {"kind": "string_any_of", "any_of": ["Payment > Late payout"]}),
    ("labels", {"kind": "string_none_of", "none_of": ["Claim", "Policy"]}),
    ("labels", {"kind": "string_search", "query": "damage"}),
    (
        "labels",
        {
            "kind": "assigned_predicted_present",
            "any_assigned": ["Claim"],
            "any_predicted": [],
            "none_present": ["Urgent"],
        },
    ),
    ("entities", {"kind": "string_any_of", "any_of": ["date"]}),
    (
        "attachment_property_num_attachments",
        {"kind": "number_range", "minimum": 1, "maximum": None},
    ),
    ("attachment_property_extensions", {"kind": "string_any_of", "any_of": ["pdf"]}),
    ("attachment_property_total_size", {"kind": "number_range", "minimum": None, "maximum": 0}),
]


@pytest.mark.parametrize(("attribute", "condition"), ATTRIBUTES)
def test_an_attribute_filter_leaves_some_comments(
    talk: Talk, attribute: str, condition: dict
) -> None:
    wanted = [{"attribute": attribute, "filter": condition}]
    kept = all_results(talk, attribute_filters=wanted)
    assert 0 < len(kept) < 700
    for row in kept:
        if attribute == "attachment_property_num_attachments":
            assert row["comment"]["attachments"]
        if condition.get("any_of") == ["Payment > Late payout"]:
            (group,) = row["labelling"]
            found = group["assigned"] + group.get("predicted", [])
            assert "Payment > Late payout" in [joined(label["name"]) for label in found]


def test_an_attribute_filter_of_the_wrong_kind_is_a_400(talk: Talk) -> None:
    wrong = [
        {"attribute": "labels", "filter": {"kind": "number_range", "minimum": 1}},
        {"attribute": "attachment_property_size", "filter": {"kind": "string_search", "query": ""}},
        {"attribute": "labels", "filter": {"kind": "string_any_of", "any_of": []}},
        {"attribute": "entities", "filter": {"kind": "assigned_predicted_present"}},
    ]
    for each in wrong:
        body = {"order": RECENT, "attribute_filters": [each]}
        assert talk.ask("POST", f"{CLAIMS}/query", body).status == 400


# bulk reading


def labellings(talk: Talk, **params: object) -> list[dict]:
    rows: list[dict] = []
    after: dict[str, object] = {}
    while True:
        found = talk.get(f"{CLAIMS}/labellings", **params, **after)
        if not found["results"]:
            assert "after" not in found
            return rows
        rows += found["results"]
        after = {"after": found["after"]}


def test_labellings_end_with_an_empty_page_and_give_what_is_reviewed(talk: Talk) -> None:
    rows = labellings(talk, source_id=INBOX_ID, return_predictions="true", limit=7)
    wanted = {"reviewed": "only_reviewed", "sources": [INBOX_ID]}
    reviewed = all_results(talk, filter=wanted)
    assert sorted(rows, key=str) == sorted(reviewed, key=str) != []


def test_labellings_without_predictions_have_none(talk: Talk) -> None:
    for row in labellings(talk, source_id=INBOX_ID, return_predictions="false"):
        assert "predicted" not in row["labelling"][0]
        assert "predicted" not in row["entities"]


def test_labellings_can_be_asked_for_by_uid(server: Server, talk: Talk) -> None:
    claims = server.tenant.datasets["acme/claims"]
    uids = [annotator.source.uid_of(rank) for annotator, rank in list(claims)[:5]]
    for asked in ({"id": uids}, {"ids": ",".join(uids)}):
        found = talk.get(f"{CLAIMS}/labellings", **asked)["results"]
        assert [row["comment"]["uid"] for row in found] == uids
    assert talk.ask("GET", f"{CLAIMS}/labellings", id="a.b").status == 404
    assert talk.get(f"{CLAIMS}/labellings", id="a.b", allow_missing="true")["results"] == []
    assert talk.ask("GET", f"{CLAIMS}/labellings").status == 400


def exported(talk: Talk, **body: object) -> list[dict]:
    found = talk.post(f"{CLAIMS_V1}/export", body)
    rows = found["comments"]
    while "continuation" in found:
        found = talk.post(f"{CLAIMS_V1}/export", {**body, "continuation": found["continuation"]})
        rows += found["comments"]
    return rows


def test_an_export_gives_the_comments_of_the_query(talk: Talk) -> None:
    rows, queried = exported(talk, limit=90), all_results(talk)
    assert [row["comment"] for row in rows] == [row["comment"] for row in queried[::-1]]
    by_creation = exported(talk, order_by="created_at", limit=500)
    times = [row["comment"]["created_at"] for row in by_creation]
    assert times == sorted(times)
    assert len(by_creation) == len(rows)


def test_an_export_can_be_of_some_comments(talk: Talk) -> None:
    rows = exported(talk)
    uids = [row["comment"]["uid"] for row in rows[5:8]]
    assert exported(talk, comment_uids=uids) == rows[5:8]
    some = exported(talk, source_ids=[INBOX_ID], **{"from": "2026-01-01T00:00:00Z"})
    assert 0 < len(some) < len(rows)
    assert {row["comment"]["source_id"] for row in some} == {INBOX_ID}


def test_threads_list_the_comments_of_each(talk: Talk) -> None:
    found = talk.get("/api/v1/sources/acme/inbox/threads")["threads"]
    by_thread: dict[str, list[str]] = {}
    for row in all_results(talk, filter={"sources": [INBOX_ID]})[::-1]:
        if "thread_id" in row["comment"]:
            by_thread.setdefault(row["comment"]["thread_id"], []).append(row["comment"]["id"])
    assert {each["thread_id"]: each["comments"] for each in found} == by_thread


# labels


def test_one_label_group_and_one_label_are_found(talk: Talk) -> None:
    (group,) = talk.get(f"{CLAIMS}/label-groups")["label_groups"]
    assert talk.get(f"{CLAIMS}/label-groups/default")["label_group"] == group
    for label in group["label_defs"]:
        found = talk.get(f"{CLAIMS}/labels/default", label_name=label["name"])
        assert found["label_def"] == label
        path = f"{CLAIMS}/labels/default/{quote(label['name'], safe='')}"
        assert talk.get(f"{path}/history")["history"][0]["label_def"] == label
        for field in label.get("moon_form", []):
            history = talk.get(f"{path}/fields/{field['field_id']}/history")
            assert history["history"][0]["field"] == field
    for path in (
        "label-groups/other",
        "labels/default?label_name=No",
        "labels/default/No/history",
        "labels/default/Claim/fields/x/history",
    ):
        assert talk.ask("GET", f"{CLAIMS}/{path}").status == 404


# models


def test_models_come_the_latest_first_and_in_pages(talk: Talk) -> None:
    found = talk.post(f"{CLAIMS}/labellers", {})["labellers"]
    versions = [each["version"] for each in found]
    assert versions == sorted(versions, reverse=True)
    assert len(versions) > 1
    body = {"limit": 1, "older_than_version": versions[0]}
    assert talk.post(f"{CLAIMS}/labellers", body)["labellers"] == found[1:2]
    assert talk.ask("POST", f"{CLAIMS}/labellers", {"limit": 101}).status == 400
    assert talk.ask("POST", f"{CLAIMS}/labellers", {"limit": 0}).status == 400


@pytest.mark.parametrize("version", ["13", "0", "-1", "newest", "1e1"])
def test_an_unknown_model_is_a_404(talk: Talk, version: str) -> None:
    path = f"{CLAIMS_V1}/labellers/{version}"
    assert talk.ask("POST", f"{path}/predict-comments", {"uids": []}).status == 404
    assert talk.ask("GET", f"{path}/validation").status == 404


def test_a_dataset_without_a_model_has_no_validation(talk: Talk) -> None:
    path = "/api/_private/datasets/acme/archive/labellers"
    assert talk.ask("GET", f"{path}/latest/validation").status == 404
    assert talk.get(f"{path}/status")["dataset_status"]["training_complete"] == 0.0


def test_the_status_counts_the_predicted_comments(talk: Talk) -> None:
    found = talk.get(f"{CLAIMS}/labellers/status")["dataset_status"]
    rows = all_results(talk)
    done = sum("predicted" in row["labelling"][0] for row in rows)
    assert found["inference_complete"] == pytest.approx(done / len(rows))
    assert found["inference_stats_by_version"]["12"]["comments"] == done


def test_validation_counts_the_reviewed_comments(talk: Talk) -> None:
    reviewed = all_results(talk, filter={"reviewed": "only_reviewed"})
    scores = talk.get(f"{CLAIMS_V1}/labellers/12/validation")["validation"]
    assert scores["num_reviewed_comments"] == len(reviewed)
    found = talk.get(f"{CLAIMS}/labellers/12/validation")["validation"]
    assert found["reviewed_size"] == found["train_size"] + found["test_size"] == len(reviewed)
    counts = Counter(name for row in reviewed for name in set(names(row)))
    for name in ("Claim > Status", "Thanks"):
        assert found["labels"][name]["reviewed_size"] == counts[name]
    summary = talk.post(f"{CLAIMS}/summary", {"filter": {}})["summary"]
    by_name = {
        each["name"]: sum(each["unfiltered_assigned"].values()) for each in summary["labels"]
    }
    assert {name: count for name, count in by_name.items() if count} == counts


def test_a_labels_curve_falls_in_threshold_and_rises_in_recall(talk: Talk) -> None:
    for label in ("Claim", "Claim > Status", "Urgent"):
        found = talk.post(f"{CLAIMS}/labellers/12/label-validation", {"label": label})
        curve = found["label_validation"]
        assert curve["thresholds"] == sorted(curve["thresholds"], reverse=True)
        assert curve["recalls"] == sorted(curve["recalls"])
        assert curve["recalls"][-1] == 1.0
        assert len(curve["thresholds"]) == len(curve["precisions"]) == len(curve["recalls"])
        assert 0 < curve["average_precision"] <= 1
        limits = curve["optimal_thresholds"]
        assert 0 < limits["high_recall"] <= limits["balanced"] <= limits["high_precision"] < 1
    said = talk.ask("POST", f"{CLAIMS}/labellers/12/label-validation", {"label": "No"})
    assert said.status == 400


# predictions


def test_a_threshold_of_zero_gives_every_label(server: Server, talk: Talk) -> None:
    uid = server.tenant.sources["acme/inbox"].uid_of(0)
    path = f"{CLAIMS_V1}/labellers/12/predict-comments"
    every = talk.post(path, {"uids": [uid], "threshold": 0})["predictions"][0]["labels"]
    some = talk.post(path, {"uids": [uid]})["predictions"][0]["labels"]
    group = talk.get(f"{CLAIMS}/label-groups")["label_groups"][0]
    assert [" > ".join(each["name"]) for each in every] == [
        each["name"] for each in group["label_defs"]
    ]
    assert some == [each for each in every if each["probability"] >= 0.25]
    only = {"uids": [uid], "labels": [{"name": ["Claim", "Status"], "threshold": 0}]}
    (label,) = talk.post(path, only)["predictions"][0]["labels"]
    assert label["name"] == ["Claim", "Status"]


def test_automatic_thresholds_are_named(server: Server, talk: Talk) -> None:
    uids = [server.tenant.sources["acme/inbox"].uid_of(rank) for rank in range(30)]
    body = {"uids": uids, "threshold": "auto"}
    found = talk.post(f"{CLAIMS_V1}/labellers/12/predict-comments", body)["predictions"]
    labels = [label for each in found for label in each["labels"]]
    assert labels
    assert all("high_recall" in label["auto_thresholds"] for label in labels)


def test_an_unknown_uid_is_named(talk: Talk) -> None:
    said = talk.ask("POST", f"{CLAIMS_V1}/labellers/12/predict-comments", {"uids": ["a.b"]})
    assert (said.status, "a.b" in said.json["message"]) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"documents": []},
        {"documents": [{}]},
        {"documents": [{"messages": [{"body": {}}]}]},
        {"documents": [{"id": "x", **TEXT}]},
        {"documents": [TEXT], "threshold": 2},
        {"documents": [TEXT], "threshold": "high"},
        {"documents": [TEXT], "labels": [{"name": ["No"]}]},
        {"documents": [TEXT], "labels": [{"name": "Claim"}]},
        {"documents": [TEXT] * 4097},
    ],
)
def test_a_wrong_request_for_predictions_is_a_400(talk: Talk, body: dict) -> None:
    assert talk.ask("POST", f"{CLAIMS_V1}/labellers/12/predict", body).status == 400


def test_new_texts_get_labels_and_entities_of_their_own(talk: Talk) -> None:
    late = {"messages": [{"body": {"text": "😡 the payout of £430.20 was due, CLM-2000001"}}]}
    body = {"documents": [late, {"messages": [{"body": {"text": ""}}]}], "_include_comments": True}
    found = talk.post(f"{CLAIMS_V1}/labellers/12/predict", body)
    assert ["Payment", "Late payout"] in [each["name"] for each in found["predictions"][0]]
    assert found["predictions"][1] == found["entities"][1] == []
    text = late["messages"][0]["body"]["text"]
    for entity in found["entities"][0]:
        (span,) = entity["spans"]
        raw = text.encode("utf-16-le")[span["utf16_byte_start"] : span["utf16_byte_end"]]
        assert raw.decode("utf-16-le") == text[span["char_start"] : span["char_end"]]
        assert entity["formatted_value"] == raw.decode("utf-16-le")
    assert len(found["comments"]) == 2


def test_a_raw_email_is_read(talk: Talk) -> None:
    path = f"{CLAIMS_V1}/labellers/12/predict-raw-emails"
    found = talk.post(path, {"documents": [MAIL], "include_comments": True})
    (message,) = found["comments"][0]["messages"]
    assert (message["from"], message["subject"]["text"]) == ("a@b.example", "Cancel")
    wrong = {"documents": [MAIL], "transform_tag": "no.0.TAG"}
    said = talk.ask("POST", path, wrong)
    assert said.json["message"] == "The value 'no.0.TAG' is not a valid transform tag."
    assert said.status == 422


# streams


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


# audit, users, projects


def test_every_id_of_an_audit_page_is_in_its_side_tables(talk: Talk) -> None:
    found, events = talk.post("/api/v1/audit_events/query", {"filter": {}, "limit": 50}), []
    while True:
        tables = {
            name: {row["id"] for row in found[name]}
            for name in ("tenants", "users", "sources", "datasets", "triggers", "projects")
        }
        for event in found["audit_events"]:
            assert event["actor_user_id"] in tables["users"]
            assert event["actor_tenant_id"] in tables["tenants"]
            for kind in ("source", "dataset", "trigger", "project"):
                assert set(event.get(f"{kind}_ids", ())) <= tables[f"{kind}s"]
        events += found["audit_events"]
        if "continuation" not in found:
            break
        body = {"filter": {}, "limit": 50, "continuation": found["continuation"]}
        found = talk.post("/api/v1/audit_events/query", body)
    assert len({event["event_id"] for event in events}) == len(events) > 100
    wanted = {"timestamp": {"minimum": events[9]["timestamp"], "maximum": events[19]["timestamp"]}}
    some = talk.post("/api/v1/audit_events/query", {"filter": wanted})
    assert some["audit_events"] == events[9:20]


def test_users_and_projects_are_found_one_by_one(talk: Talk) -> None:
    for user in talk.get("/api/_private/users")["users"]:
        assert talk.get(f"/api/_private/users/{user['id']}")["user"] == user
    for project in talk.get("/api/_private/projects", cm_only="true")["projects"]:
        assert talk.get(f"/api/_private/projects/{project['name']}")["project"] == project
    for path in ("users/0000", "projects/nobody", "projects/nobody/resource_counts"):
        assert talk.ask("GET", f"/api/_private/{path}").status == 404


def test_permissions_have_nothing_to_refresh(talk: Talk) -> None:
    found = talk.post("/auth/refresh-user-permissions", {})
    assert found == {"status": "ok", "permissions_refreshed": None}


def test_resources_are_counted(talk: Talk) -> None:
    found = talk.get("/api/_private/projects/globex/resource_counts")
    assert found["sources"] == len(talk.get("/api/v1/sources/globex")["sources"])
    assert found["datasets"] == len(talk.get("/api/v1/datasets/globex")["datasets"])
    quotas = {each["quota_kind"]: each for each in talk.get("/api/_private/quotas")["quotas"]}
    assert quotas["comments"]["current_max_usage"] == 1_000
    assert talk.ask("GET", "/api/_private/quotas/0000").status == 404
    tenant = ident("tenant", "acme-group")
    assert talk.get(f"/api/_private/quotas/{tenant}")["quotas"]


# buckets, files


def test_a_buckets_emails_are_those_its_source_was_made_from(server: Server, talk: Talk) -> None:
    path, source = "/api/_private/buckets/acme/mail/emails", server.tenant.sources["acme/inbox"]
    found = talk.post(path, {"limit": 256})
    emails = found["emails"]
    while "continuation" in found:
        found = talk.post(path, {"limit": 256, "continuation": found["continuation"]})
        emails += found["emails"]
    assert len(emails) == len(source) == len({email["id"] for email in emails})
    for email, rank in zip(emails, range(60), strict=False):
        message = source.write(rank).comment["messages"][0]
        parsed = message_from_string(email["mime_content"], policy=policy.default)
        body = message["body"].get("translated_from", message["body"]["text"])
        assert parsed.get_content().replace("\r\n", "\n").startswith(body)
        assert parsed["from"] == message["from"]
        if message.get("subject", {}).get("text"):
            subject = message["subject"]
            assert parsed["subject"] == subject.get("translated_from", subject["text"])
        assert talk.get(path, id=email["id"])["emails"] == [email]
    assert talk.get(path, id="<none>")["emails"] == []
    assert talk.ask("POST", path, {"limit": 257}).status == 400


def test_a_bucket_is_found_by_name_and_id_and_counted(talk: Talk) -> None:
    for bucket in talk.get("/api/_private/buckets")["buckets"]:
        path = f"/api/_private/buckets/{bucket['owner']}/{bucket['name']}"
        assert talk.get(path)["bucket"] == bucket
        assert talk.get(f"/api/_private/buckets/id:{bucket['id']}")["bucket"] == bucket
        assert talk.get(f"{path}/statistics")["statistics"]["count"]["kind"] == "exact"
        state = f"/api/_private/bucket-sync-state/{bucket['owner']}/{bucket['name']}"
        assert talk.get(state)["sync_state"]
    assert talk.ask("GET", "/api/_private/buckets/acme/nothing").status == 404
    with Server(comments=4_000, latency=Latency(0)) as server, talking_to(server) as many:
        found = many.get("/api/_private/buckets/acme/mail/statistics")
    assert found["statistics"]["count"] == {"kind": "lower_bound", "value": 2_000}


@pytest.mark.parametrize("ending", ["", "/", "%2F"])
def test_sync_states_are_found_whatever_ends_their_path(talk: Talk, ending: str) -> None:
    states = talk.get(f"{BUCKET}/keyed-sync-states{ending}")["keyed_sync_states"]
    assert {state["status"] for state in states} == {"UP_TO_DATE", "IN_PROGRESS"}
    for state in states:
        body = {"mailbox_name": state["mailbox_name"]}
        (key,) = talk.post(f"{BUCKET}/keyed-sync-state-ids", body)["keyed_sync_state_ids"]
        assert talk.get(f"{BUCKET}/keyed-sync-state/{key}")["keyed_sync_state"] == state
    assert talk.ask("GET", f"{BUCKET}/keyed-sync-state/nothing").status == 404


def test_an_integration_is_found_by_name_and_id(talk: Talk) -> None:
    path = "/api/_private/integrations"
    (found,) = talk.get(path)["integrations"]
    assert talk.get(f"{path}/acme/exchange")["integration"] == found
    assert talk.get(f"{path}/id:{found['id']}")["integration"] == found
    assert talk.get(f"{path}/acme/exchange/errors")["errors"] == []
    assert talk.get(f"{path}/globex")["integrations"] == []
    assert talk.ask("GET", f"{path}/acme/other").status == 404


def test_attachments_come_as_bytes_without_an_envelope(server: Server, talk: Talk) -> None:
    rows = all_results(talk)
    held = [each for row in rows for each in row["comment"]["attachments"]]
    stored = [each for each in held if "attachment_reference" in each]
    for each in stored[:5]:
        reference = quote(each["attachment_reference"], safe="")
        said = talk.ask("GET", f"/api/v1/attachments/{reference}")
        assert (said.status, len(said.body)) == (200, each["size"])
    assert talk.ask("GET", "/api/v1/attachments/nothing").status == 404


def test_a_call_has_sound_and_mail_has_none(server: Server, talk: Talk) -> None:
    for name, status in (("acme/calls", 200), ("acme/inbox", 404)):
        source = server.tenant.sources[name]
        path = f"/api/_private/sources/id:{source.plan.id}/comments/{source.id_of(0)}/audio"
        said = talk.ask("GET", path)
        assert (said.status, said.body.startswith(b"RIFF")) == (status, status == 200)
