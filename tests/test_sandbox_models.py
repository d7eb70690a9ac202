"""The sandbox's labels, models, validation and predictions."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

import pytest
from sandbox_talk import (
    CLAIMS,
    CLAIMS_V1,
    MAIL,
    TEXT,
    Talk,
    all_results,
    joined,
    names,
)

from reinfer_pandas.sandbox import Server

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


def test_predictions_of_the_latest_model_are_those_of_the_query(talk: Talk) -> None:
    rows = all_results(talk)[50:80]
    uids = [row["comment"]["uid"] for row in rows]
    body = {"uids": uids, "threshold": 0.05}
    found = talk.post(f"{CLAIMS_V1}/labellers/12/predict-comments", body)["predictions"]
    for row, each in zip(rows, found, strict=True):
        predicted = row["labelling"][0]["predicted"]
        listed = [
            (joined(label["name"]), label["probability"], label["sentiment"]) for label in predicted
        ]
        assert listed == [
            (joined(label["name"]), label["probability"], label["sentiment"])
            for label in each["labels"]
        ]
        assert row["entities"]["predicted"] == each["entities"]


def test_a_uid_asked_for_twice_is_answered_twice(server: Server, talk: Talk) -> None:
    uid = server.tenant.sources["acme/inbox"].uid_of(0)
    found = talk.post(f"{CLAIMS_V1}/labellers/12/predict-comments", {"uids": [uid, uid]})
    assert [each["uid"] for each in found["predictions"]] == [uid, uid]
