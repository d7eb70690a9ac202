"""The sandbox's figures add up with its comments, and its filters leave what they describe."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sandbox_talk import (
    CLAIMS,
    INBOX_ID,
    RECENT,
    Talk,
    all_results,
    joined,
    names,
    talking_to,
)

from reinfer_pandas.sandbox import Latency, Server


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
    body = {"label_timeseries": True, "by_labels": {"top": {"num_top_labels": 2}}}
    server = Server(comments=50, latency=Latency(0), label_timeseries="lists")
    with server, talking_to(server) as talk:
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
        except (KeyError, TypeError):  # absent, or null
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
