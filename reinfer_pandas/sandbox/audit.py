"""The route of audit events: ids, with side tables that resolve them.

Source: Re:infer API guide, audit events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, ok, place_of, token
from reinfer_pandas.sandbox.checks import as_fields, as_instant_us, as_limit, as_text
from reinfer_pandas.sandbox.clock import DAYS, Calendar, timestamp
from reinfer_pandas.sandbox.dice import dice, ident, pick
from reinfer_pandas.sandbox.plans import DATASETS, PROJECTS, SOURCES, TENANT, TENANT_ID
from reinfer_pandas.sandbox.text import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from reinfer_pandas.sandbox.world import World

USERS = ("alice", "bob", "carol")
DEFAULT_PAGE, MAX_PAGE = 128, 1024
_EVENTS = 2 * DAYS
_TYPES = (
    ("login_success", ""),
    ("login_success", ""),
    ("login_failure", ""),
    ("dataset_updated", "dataset"),
    ("source_updated", "source"),
    ("trigger_updated", "trigger"),
    ("project_permissions_changed", "project"),
)


def query_events(world: World, call: Call) -> Answer:
    """Answer with a page of audit events, the oldest first, and what their ids stand for."""
    body = as_fields(call.body, ("filter", "limit", "continuation"))
    limit = as_limit(body.get("limit"), default=DEFAULT_PAGE, maximum=MAX_PAGE)
    wanted = as_fields(body.get("filter"), ("timestamp",))
    times = as_fields(wanted.get("timestamp"), ("minimum", "maximum"))
    first, last = (
        None if times.get(end) is None else as_instant_us(times[end])
        for end in ("minimum", "maximum")
    )
    events = [
        event
        for at_us, event in _all_events(world.tenant.seed)
        if (first is None or at_us >= first) and (last is None or at_us <= last)
    ]
    scope = ("audit", as_json(wanted))
    cursor = body.get("continuation")
    start = 0 if cursor is None else place_of(as_text(cursor), *scope)
    shown = events[start : start + limit]
    end = start + len(shown)
    rest = {"continuation": token(end, *scope)} if end < len(events) else {}
    return ok(audit_events=shown, **_side_tables(shown), **rest)


def _all_events(seed: int) -> list[tuple[int, dict[str, Any]]]:
    """Return the events of the tenant's time, with their times [us since 1970]."""
    draw, calendar = dice(seed, 71), Calendar()
    times = sorted(calendar.draw(draw) + 1000 * int(draw.random() * 1000) for _ in range(_EVENTS))
    return [(at_us, _event(draw, number, at_us)) for number, at_us in enumerate(times)]


def _event(draw: Random, number: int, at_us: int) -> dict[str, Any]:
    event_type, subject = pick(draw, _TYPES)
    event: dict[str, Any] = {
        "event_id": ident("event", str(number)),
        "event_type": event_type,
        "timestamp": timestamp(at_us, 6),
        "actor_user_id": ident("user", pick(draw, USERS)),
        "actor_tenant_id": TENANT_ID,
        "tenant_ids": [TENANT_ID],
    }
    if not subject:
        return event
    project, found = _subject(draw, subject)
    if subject != "project":
        event[f"{subject}_ids"] = [found]
    return event | {"project_ids": [ident("project", project)]}


def _subject(draw: Random, kind: str) -> tuple[str, str]:
    """Return the project and the id of what an event is about."""
    if kind == "dataset":
        dataset = pick(draw, DATASETS)
        return dataset.project, dataset.id
    if kind == "source":
        source = pick(draw, SOURCES)
        return source.project, source.id
    if kind == "trigger":
        return "acme", ident("stream", "acme/claims", "late-payouts")
    return pick(draw, tuple(PROJECTS)), ""


def _side_tables(events: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return what the ids of a page stand for."""
    used = {
        found
        for event in events
        for value in event.values()
        for found in (value if isinstance(value, list) else [value])
    }
    tables = {"tenants": [{"id": TENANT_ID, "name": TENANT}], **_EVERYTHING}
    return {name: [row for row in rows if row["id"] in used] for name, rows in tables.items()}


_EVERYTHING: dict[str, list[dict[str, Any]]] = {
    "users": [
        {
            "id": ident("user", name),
            "tenant_id": TENANT_ID,
            "username": name,
            "email": f"{name}@acme.example",
            "display_name": name.capitalize(),
        }
        for name in USERS
    ],
    "sources": [
        {
            "id": plan.id,
            "name": plan.name,
            "title": plan.title,
            "project_id": ident("project", plan.project),
        }
        for plan in SOURCES
    ],
    "datasets": [
        {
            "id": plan.id,
            "name": plan.name,
            "title": plan.title,
            "project_id": ident("project", plan.project),
        }
        for plan in DATASETS
    ],
    "triggers": [
        {
            "id": ident("stream", "acme/claims", "late-payouts"),
            "name": "late-payouts",
            "title": "Late payouts",
            "dataset_id": DATASETS[0].id,
        }
    ],
    "projects": [
        {"id": ident("project", name), "tenant_id": TENANT_ID, "name": name} for name in PROJECTS
    ],
}
