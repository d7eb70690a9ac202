"""The sandbox's other records: bulk reads, audit, users, buckets, files."""

from __future__ import annotations

from email import message_from_string, policy
from urllib.parse import quote

import pytest
from sandbox_talk import (
    CLAIMS,
    CLAIMS_V1,
    INBOX_ID,
    Talk,
    all_results,
    talking_to,
)

from reinfer_pandas.sandbox import Latency, Server
from reinfer_pandas.sandbox.dice import ident

BUCKET = f"/api/_private/buckets/id:{ident('bucket', 'acme', 'mail')}"


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
