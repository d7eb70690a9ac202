"""The routes of users and projects.

Source: Re:infer API guide, users and projects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.audit import USERS
from reinfer_pandas.sandbox.clock import DAY_US, START_US, timestamp
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.plans import BUCKETS, DATASETS, PROJECTS, SOURCES

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.world import World

_PERMISSIONS = (
    "sources-read",
    "voc-readonly",
    "datasets-export",
    "triggers-read",
    "triggers-consume",
    "users-read",
    "buckets-read",
    "buckets-items-read",
    "integrations-read",
)


def user_record(username: str) -> dict[str, Any]:
    """Return a user as on the wire."""
    projects = {project: list(_PERMISSIONS) for project in PROJECTS}
    return {
        "id": ident("user", username),
        "created": "2022-05-01T09:00:00Z",
        "username": username,
        "email": f"{username}@acme.example",
        "verified": True,
        "organisation_permissions": projects,
        "derived_organisation_permissions": projects,
        "global_permissions": ["audit-read", "tenant-users-read", "tenant-quota-read"],
        "sso_global_permissions": [],
        "derived_user_global_permissions": [],
        "derived_global_permissions": [],
        "last_login_at": "2026-03-31T08:00:00Z" if username == "alice" else None,
        "is_support_user": False,
    }


def get_current_user(_world: World, _call: Call) -> Answer:
    """Answer with whose token it is."""
    return ok(user=user_record(USERS[0]))


def refresh_permissions(_world: World, _call: Call) -> Answer:
    """Answer that there is nothing to refresh."""
    return ok(permissions_refreshed=None)


def list_users(_world: World, _call: Call) -> Answer:
    """Answer with the tenant's users in full."""
    return ok(users=[user_record(username) for username in USERS])


def list_users_briefly(_world: World, _call: Call) -> Answer:
    """Answer with the tenant's users, as the public route gives them."""
    kept = ("email", "username", "last_login_at")
    return ok(users=[{key: user_record(name)[key] for key in kept} for name in USERS])


def get_user(_world: World, call: Call) -> Answer:
    """Answer with one user."""
    for username in USERS:
        if ident("user", username) == call.names["id"]:
            return ok(user=user_record(username))
    raise RefusedError(404)


def project_record(name: str) -> dict[str, Any]:
    """Return a project as on the wire."""
    made = timestamp(START_US - 60 * DAY_US, 4)
    return {
        "id": ident("project", name),
        "name": name,
        "title": PROJECTS[name],
        "description": "",
        "created_at": made,
        "updated_at": made,
        "user_auto_join": False,
    }


def list_projects(_world: World, call: Call) -> Answer:
    """Answer with the tenant's projects in full."""
    call.flag("cm_only")
    return ok(projects=[project_record(name) for name in PROJECTS])


def list_projects_briefly(_world: World, _call: Call) -> Answer:
    """Answer with the tenant's projects, as the public route gives them."""
    kept = ("name", "title", "description")
    return ok(projects=[{key: project_record(name)[key] for key in kept} for name in PROJECTS])


def get_project(world: World, call: Call) -> Answer:
    """Answer with one project."""
    return ok(project=project_record(world.project(call.names["owner"])))


def count_resources(world: World, call: Call) -> Answer:
    """Answer with how much there is in a project."""
    owner = world.project(call.names["owner"])
    return ok(
        buckets=sum(plan.project == owner for plan in BUCKETS),
        dashboards=0,
        datasets=sum(plan.project == owner for plan in DATASETS),
        integrations=int(owner == "acme"),
        sources=sum(plan.project == owner for plan in SOURCES),
        users_with_permissions=len(USERS),
    )
