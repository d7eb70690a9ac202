"""Every route that the sandbox serves, one row each.

Source: Re:infer API guide, route inventory.
"""

from __future__ import annotations

from reinfer_pandas.sandbox import (
    accounts,
    audit,
    buckets,
    groups,
    models,
    platform,
    predictions,
    queries,
    reads,
    reviewed,
    statistics,
    streams,
    summaries,
    validation,
)
from reinfer_pandas.sandbox.routing import Route, Router

_V1 = "/api/v1"
_PRIVATE = "/api/_private"
_NAMED = "{owner}/{name}"
_SOURCE_V1 = f"{_V1}/sources/{_NAMED}"
_SOURCE = f"{_PRIVATE}/sources/{_NAMED}"
_DATASET_V1 = f"{_V1}/datasets/{_NAMED}"
_DATASET = f"{_PRIVATE}/datasets/{_NAMED}"
_MODEL_V1 = f"{_DATASET_V1}/labellers/{{version}}"
_MODEL = f"{_DATASET}/labellers/{{version}}"
_STREAM = f"{_DATASET_V1}/{{kind}}/{{stream}}"
_LABEL = f"{_DATASET}/labels/{{group}}"
_BUCKETS = f"{_PRIVATE}/buckets"
_BUCKET = f"{_BUCKETS}/{_NAMED}"
_BUCKET_ID = f"{_BUCKETS}/id:{{id}}"
_INTEGRATIONS = f"{_PRIVATE}/integrations"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/auth/user", accounts.get_current_user),
    Route("POST", "/auth/refresh-user-permissions", accounts.refresh_permissions),
    Route("GET", f"{_V1}/sources", reads.list_sources),
    Route("GET", f"{_V1}/sources/id:{{id}}", reads.get_source),
    Route("GET", f"{_V1}/sources/{{owner}}", reads.list_sources),
    Route("GET", _SOURCE_V1, reads.get_source),
    Route("GET", f"{_SOURCE_V1}/comments/{{comment}}", reads.get_comment),
    Route("POST", f"{_SOURCE_V1}/statistics", reads.source_statistics),
    Route("GET", f"{_SOURCE_V1}/threads", reads.list_threads),
    Route("GET", f"{_SOURCE}/comments", reads.list_comments),
    Route("GET", f"{_PRIVATE}/sources/id:{{id}}/comments/{{comment}}/audio", platform.get_audio),
    Route("GET", f"{_V1}/datasets", reads.list_datasets),
    Route("GET", f"{_V1}/datasets/id:{{id}}", reads.get_dataset),
    Route("GET", f"{_V1}/datasets/{{owner}}", reads.list_datasets),
    Route("GET", _DATASET_V1, reads.get_dataset),
    Route("POST", f"{_DATASET_V1}/export", reviewed.export),
    Route("GET", f"{_DATASET_V1}/model-tags", models.list_tags),
    Route("POST", f"{_MODEL_V1}/predict", predictions.predict_documents),
    Route("POST", f"{_MODEL_V1}/predict-comments", predictions.predict_comments),
    Route("POST", f"{_MODEL_V1}/predict-raw-emails", predictions.predict_emails),
    Route("GET", f"{_MODEL_V1}/validation", validation.get_scores),
    Route("GET", f"{_DATASET_V1}/{{kind}}", streams.list_streams),
    Route("GET", _STREAM, streams.get_stream),
    Route("GET", f"{_STREAM}/results", streams.list_results),
    Route("POST", f"{_STREAM}/fetch", streams.fetch),
    Route("POST", f"{_STREAM}/advance", streams.advance),
    Route("POST", f"{_STREAM}/reset", streams.reset),
    Route("POST", f"{_DATASET}/query", queries.query),
    Route("POST", f"{_DATASET}/statistics", statistics.dataset_statistics),
    Route("POST", f"{_DATASET}/summary", summaries.get_summary),
    Route("GET", f"{_DATASET}/user-properties", summaries.list_user_properties),
    Route("POST", f"{_DATASET}/user-properties/values", summaries.list_user_property_values),
    Route("GET", f"{_DATASET}/labellings", reviewed.list_labellings),
    Route("GET", f"{_DATASET}/label-groups", groups.list_groups),
    Route("GET", f"{_DATASET}/label-groups/{{group}}", groups.get_group),
    Route("GET", _LABEL, groups.get_label),
    Route("GET", f"{_LABEL}/{{label}}/history", groups.get_label_history),
    Route("GET", f"{_LABEL}/{{label}}/fields/{{field}}/history", groups.get_field_history),
    Route("POST", f"{_DATASET}/labellers", models.list_models),
    Route("GET", f"{_DATASET}/labellers/status", models.get_status),
    Route("POST", f"{_DATASET}/labellers/predict", predictions.predict_documents),
    Route("GET", f"{_MODEL}/validation", validation.get_validation),
    Route("POST", f"{_MODEL}/label-validation", validation.get_label_validation),
    Route("POST", f"{_V1}/audit_events/query", audit.query_events),
    Route("GET", f"{_V1}/users", accounts.list_users_briefly),
    Route("GET", f"{_PRIVATE}/users", accounts.list_users),
    Route("GET", f"{_PRIVATE}/users/{{id}}", accounts.get_user),
    Route("GET", f"{_V1}/projects", accounts.list_projects_briefly),
    Route("GET", f"{_PRIVATE}/projects", accounts.list_projects),
    Route("GET", f"{_PRIVATE}/projects/{{owner}}", accounts.get_project),
    Route("GET", f"{_PRIVATE}/projects/{{owner}}/resource_counts", accounts.count_resources),
    Route("GET", _BUCKETS, buckets.list_buckets),
    Route("GET", _BUCKET_ID, buckets.get_bucket),
    Route("GET", f"{_BUCKETS}/{{owner}}", buckets.list_buckets),
    Route("GET", _BUCKET, buckets.get_bucket),
    Route("GET", f"{_BUCKET}/statistics", buckets.get_statistics),
    Route("GET", f"{_BUCKET}/emails", buckets.find_email),
    Route("POST", f"{_BUCKET}/emails", buckets.list_emails),
    Route("GET", f"{_BUCKET_ID}/keyed-sync-states/", buckets.list_sync_states),
    Route("GET", f"{_BUCKET_ID}/keyed-sync-states", buckets.list_sync_states),
    Route("POST", f"{_BUCKET_ID}/keyed-sync-state-ids", buckets.list_sync_state_ids),
    Route("GET", f"{_BUCKET_ID}/keyed-sync-state/{{key}}", buckets.get_sync_state),
    Route("GET", f"{_PRIVATE}/bucket-sync-state/{_NAMED}", buckets.get_bucket_sync_state),
    Route("GET", f"{_PRIVATE}/quotas", platform.list_quotas),
    Route("GET", f"{_PRIVATE}/quotas/{{id}}", platform.list_quotas),
    Route("GET", _INTEGRATIONS, platform.list_integrations),
    Route("GET", f"{_INTEGRATIONS}/id:{{id}}", platform.get_integration),
    Route("GET", f"{_INTEGRATIONS}/{{owner}}", platform.list_integrations),
    Route("GET", f"{_INTEGRATIONS}/{_NAMED}", platform.get_integration),
    Route("GET", f"{_INTEGRATIONS}/{_NAMED}/errors", platform.list_integration_errors),
    Route("GET", f"{_V1}/attachments/{{reference}}", platform.get_attachment),
)
ROUTER = Router(ROUTES)
