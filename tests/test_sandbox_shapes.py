"""Every route of the sandbox answers in the shape of the contract's example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_talk import (
    CLAIMS,
    CLAIMS_V1,
    INBOX_ID,
    MAIL,
    RECENT,
    TEXT,
    Talk,
)

from reinfer_pandas.sandbox import Server, routes
from reinfer_pandas.sandbox.attachments import reference
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.routing import Route

EXAMPLES = Path(__file__).parent / "examples"
BUCKET = f"/api/_private/buckets/id:{ident('bucket', 'acme', 'mail')}"
# What an answer may leave out, by the contract; and maps, whose keys are data.
OPTIONAL = frozenset(
    {
        "thread_id",
        "context",
        "subject",
        "signature",
        "from",
        "to",
        "cc",
        "text_format",
        "continuation",
        "after",
        "span",
        "predicted",
        "title",
        "instructions",
        "external_id",
        "moon_form",
        "content_hash",
        "attachment_reference",
        "bucket_id",
        "email_transform_tag",
        "email_transform_version",
        "auto_increase_up_to",
        "dataset_ids",
        "project_ids",
        "comment_filter",
        "model",
        "label_thresholds",
        "thread_properties",
        "thread_position",
        "moon_forms",
        "entities",
        "label_properties",
        "model_version",
        "folder_id",
        "folder_path",
        "fingerprint",
        "sentiment",
        "has_annotations",
        "field_id",
    }
)
EXTRA = frozenset(
    {
        "uninformative",
        "metadata",
        "translated_from",
        "bcc",
        "inline",
        "thread_id",
        "query",
        "seed",
        "num_results",
        "sentiment",
        "label_properties",
        "source_ids",
        "trigger_ids",
        "sources",
        "triggers",
        "auto_thresholds",
        "has_annotations",
        "attachment_reference",
        "content_hash",
        "text_format",
        "context",
        "user_ids",
        "predicted",
        "moon_forms",
        "source_counts",
        "thread_properties",
        "subject",
        "signature",
        "from",
        "to",
        "cc",
        "sent_at",
        "language",
        "model",
    }
)
MAPS = frozenset(
    {
        "label_counts",
        "organisation_permissions",
        "derived_organisation_permissions",
        "labels",
        "inference_stats_by_version",
        "entities_by_def_id",
        "reviewed_counts",
        "thread_histogram_counts",
        "attachments_common_types_extensions",
        "attachments_file_extensions",
        "email_property_counts",
    }
)


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
    if example is None or found is None or name == "comment_filter":
        return
    if isinstance(example, dict) and isinstance(found, dict):
        if name in MAPS or (
            name == "user_properties" and not {"string", "number"} & example.keys()
        ):
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
    elif type(example) is not type(found) and name != "name":  # a label's, string or list
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


@pytest.mark.parametrize(
    "route", routes.ROUTES, ids=lambda route: f"{route.method} {route.template}"
)
def test_every_route_of_the_table_is_there(server: Server, talk: Talk, route: Route) -> None:
    kind = route.template.split("/")[3] if "/api/" in route.template else ""
    name = {"sources": "inbox", "buckets": "mail", "integrations": "exchange"}.get(kind, "claims")
    name = "mail" if kind == "bucket-sync-state" else name
    calls = server.tenant.sources["acme/calls"]
    found = {
        "sources": calls.plan.id if "audio" in route.template else INBOX_ID,
        "datasets": ident("dataset", "acme/claims"),
        "buckets": ident("bucket", "acme", "mail"),
        "integrations": ident("integration", "acme/exchange"),
        "users": ident("user", "alice"),
        "quotas": ident("tenant", "acme-group"),
    }
    inbox = server.tenant.sources["acme/inbox"]
    filled = route.template.format(
        owner="acme",
        name=name,
        id=found.get(kind),
        kind="streams",
        stream="everything",
        version="12",
        group="default",
        label="Claim%20%3E%20Status",
        field=ident("field", "acme/claims", "Claim > Status", "claim-number"),
        comment=calls.id_of(0) if "audio" in route.template else inbox.id_of(0),
        key=ident("sync", "inbox@acme.example"),
        reference=reference("x", 10).replace("=", "%3D"),
    )
    query = {"label_name": "Claim", "id": "<x>", "allow_missing": "true"}
    assert talk.ask(route.method, filled, {}, **query).status in {200, 400}
