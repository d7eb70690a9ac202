"""Columns of users, projects, quotas and audit events.

Source: Re:infer API guide, users, projects, quotas, audit events.
"""

from __future__ import annotations

from reinfer_pandas._columns.schema import (
    BOOLEAN,
    INTEGER,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Schema,
)

USER = Schema(
    "user",
    (
        Column("id", STRING, "hexadecimal id", required=True),
        Column("username", STRING, "sign-in name", required=True),
        Column("email", STRING, "address", required=True),
        Column("created", TIMESTAMP, "creation"),
        Column("verified", BOOLEAN, "whether the address is verified"),
        Column("organisation_permissions", STRING, "by project, as JSON", free_form=True),
        Column("derived_organisation_permissions", STRING, "by project, as JSON", free_form=True),
        Column("global_permissions", STRINGS, "granted in the whole tenant"),
        Column("sso_global_permissions", STRINGS, "granted by single sign-on"),
        Column("derived_user_global_permissions", STRINGS, "derived for the user"),
        Column("derived_global_permissions", STRINGS, "derived in all"),
        Column("last_login_at", TIMESTAMP, "last sign-in"),
        Column("is_support_user", BOOLEAN, "whether of the vendor's support"),
    ),
    unique="id",
)
LISTED_USER = Schema(
    "user",
    (
        Column("username", STRING, "sign-in name", required=True),
        Column("email", STRING, "address", required=True),
        Column("last_login_at", TIMESTAMP, "last sign-in"),
    ),
)
PROJECT = Schema(
    "project",
    (
        Column("id", STRING, "hexadecimal id; older servers leave it out"),
        Column("name", STRING, "name", required=True),
        Column("title", STRING, "name for people"),
        Column("description", STRING, "what it is"),
        Column("created_at", TIMESTAMP, "creation"),
        Column("updated_at", TIMESTAMP, "last change"),
        Column("user_auto_join", BOOLEAN, "whether new users join by themselves"),
    ),
    unique="name",
)
LISTED_PROJECT = Schema(
    "project",
    (
        Column("name", STRING, "name", required=True),
        Column("title", STRING, "name for people"),
        Column("description", STRING, "what it is"),
    ),
    unique="name",
)
RESOURCE_COUNTS = Schema(
    "counts of a project",
    tuple(
        Column(name, INTEGER, f"how many {name.replace('_', ' ')} it has")
        for name in (
            "buckets",
            "dashboards",
            "datasets",
            "integrations",
            "sources",
            "users_with_permissions",
        )
    ),
)
QUOTA = Schema(
    "quota",
    (
        Column("quota_kind", STRING, "what is limited", required=True),
        Column("hard_limit", INTEGER, "the most there may be", required=True),
        Column("current_max_usage", INTEGER, "how many there are", required=True),
        Column("auto_increase_up_to", INTEGER, "how far the limit grows by itself"),
    ),
    unique="quota_kind",
)
AUDIT_EVENT = Schema(
    "audit event",
    (
        Column("event_id", STRING, "hexadecimal id", required=True),
        Column("event_type", STRING, "login_success, …", required=True),
        Column("timestamp", TIMESTAMP, "when it happened", required=True),
        Column("actor_user_id", STRING, "who did it"),
        Column("actor_username", STRING, "sign-in name of who did it; missing where unknown"),
        Column("actor_email", STRING, "address of who did it; missing where unknown"),
        Column("actor_tenant_id", STRING, "whose user it was"),
        Column("actor_tenant", STRING, "name of that tenant; missing where unknown"),
        *(
            column
            for kind in ("tenant", "user", "project", "source", "dataset", "trigger")
            for column in (
                Column(f"{kind}_ids", STRINGS, f"{kind}s that it concerns"),
                Column(f"{kind}s", STRINGS, "their names, in order; null where unknown"),
            )
        ),
    ),
    unique="event_id",
)
