"""Users, projects, quotas and audit events: rows of the catalogue.

Source: Re:infer API guide, users, projects, quotas, audit events.
"""

from __future__ import annotations

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.columns import accounts as columns
from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._wire import Envelope, Paging

_PRIVATE = "/api/_private"

TENANT = (
    Resource(
        path="auth/user",
        meaning="who you are, and what you may do",
        route="/auth/user",
        schema=columns.USER,
        envelope=Envelope("user"),
        permission="any valid token",
        source="Re:infer API guide, users",
    ),
    *(
        Resource(
            path=path,
            meaning=meaning,
            route=f"/api/{path}" if path.startswith("v1/") else f"{_PRIVATE}/{path}",
            schema=schema,
            envelope=Envelope(key),
            permission=permission,
            source=f"Re:infer API guide, {about}",
        )
        for about, path, schema, key, permission, meaning in (
            ("users", "users", columns.USER, "users", "View users", "users"),
            ("users", "users/{user}", columns.USER, "user", "View users", "one user, by id"),
            (
                "users",
                "v1/users",
                columns.LISTED_USER,
                "users",
                "View tenant users and View users",
                "users by the public route",
            ),
            ("projects", "projects", columns.PROJECT, "projects", "", "projects"),
            ("projects", "projects/{project}", columns.PROJECT, "project", "", "one project"),
            (
                "projects",
                "projects/{project}/resource_counts",
                columns.RESOURCE_COUNTS,
                "",
                "",
                "how much a project has of what",
            ),
            (
                "projects",
                "v1/projects",
                columns.LISTED_PROJECT,
                "projects",
                "",
                "projects by the public route",
            ),
            (
                "quotas",
                "quotas",
                columns.QUOTA,
                "quotas",
                "tenant-quota-read",
                "limits of a tenant, and what is used of them",
            ),
            (
                "quotas",
                "quotas/{tenant}",
                columns.QUOTA,
                "quotas",
                "deployment-quota-read",
                "limits of a tenant, by its id",
            ),
        )
    ),
    Resource(
        path="audit_events",
        meaning="what was done in the tenant, and by whom",
        method="POST",
        route="/api/v1/audit_events/query",
        schema=columns.AUDIT_EVENT,
        envelope=Envelope(
            "audit_events",
            "continuation",
            beside=shapes.SIDE_TABLES,
            shape=shapes.each(shapes.audit_names),
        ),
        permission="Read audit logs",
        source="Re:infer API guide, audit events",
        paging=Paging(),
        options={
            "start": "json.filter.timestamp.minimum",
            "end": "json.filter.timestamp.maximum",
            "page_size": "json.limit",
        },
        body={"filter": {}},
    ),
)
