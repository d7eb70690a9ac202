"""The routes of quotas, integrations, and files.

Source: Re:infer API guide, quotas, integrations, attachments.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.attachments import content
from reinfer_pandas.sandbox.audit import USERS
from reinfer_pandas.sandbox.clock import DAY_US, START_US, timestamp
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.plans import BUCKETS, DATASETS, PROJECTS, SOURCES, TENANT_ID
from reinfer_pandas.sandbox.reads import asked_source

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.world import World

_RATE_HZ = 8_000


def list_quotas(world: World, call: Call) -> Answer:
    """Answer with the tenant's limits, and how much of them is used."""
    if call.names.get("id", TENANT_ID) != TENANT_ID:
        raise RefusedError(404)
    comments = sum(map(len, world.tenant.sources.values()))
    return ok(
        quotas=[
            _quota("comments", 1_000_000, comments) | {"auto_increase_up_to": 2_000_000},
            _quota("sources", 100, len(SOURCES)),
            _quota("datasets", 100, len(DATASETS)),
            _quota("buckets", 100, len(BUCKETS)),
            _quota("projects", 100, len(PROJECTS)),
            _quota("users", 1_000, len(USERS)),
        ]
    )


def _quota(kind: str, limit: int, used: int) -> dict[str, Any]:
    return {"quota_kind": kind, "hard_limit": limit, "current_max_usage": used}


def _integration() -> dict[str, Any]:
    made, bucket = timestamp(START_US - 40 * DAY_US, 4), BUCKETS[0]
    specification = {"project_name": bucket.project, "name": bucket.name, "title": bucket.title}
    mailbox = {
        "email": "inbox@acme.example",
        "enabled": True,
        "start_timestamp": timestamp(START_US, 4),
        "bucket_specification": specification,
    }
    return {
        "id": ident("integration", "acme/exchange"),
        "owner": "acme",
        "name": "exchange",
        "title": "Exchange",
        "created_at": made,
        "updated_at": made,
        "configuration": {"mailboxes": [mailbox]},
        "enabled": True,
        "type": "exchange_online",
    }


def list_integrations(world: World, call: Call) -> Answer:
    """Answer with all integrations, or those of a project."""
    owner = call.names.get("owner")
    if owner:
        world.project(owner)
    return ok(integrations=[_integration()] if owner in {None, "acme"} else [])


def get_integration(_world: World, call: Call) -> Answer:
    """Answer with one integration, by name or by id."""
    _check_integration(call)
    return ok(integration=_integration())


def list_integration_errors(_world: World, call: Call) -> Answer:
    """Answer that an integration has no errors."""
    _check_integration(call)
    return ok(errors=[])


def _check_integration(call: Call) -> None:
    found, names = _integration(), call.names
    asked = {key: names[key] for key in ("id", "owner", "name") if key in names}
    if any(found[key] != value for key, value in asked.items()):
        raise RefusedError(404)


# files


def get_attachment(_world: World, call: Call) -> Answer:
    """Answer with an attachment's bytes, without an envelope."""
    found = content(call.names["reference"])
    if found is None:
        raise RefusedError(404)
    return Answer(found, content_type="application/octet-stream")


def get_audio(world: World, call: Call) -> Answer:
    """Answer with a call's sound, without an envelope: a short tone."""
    source = asked_source(world, call)
    rank = source.rank_of(call.names["comment"])
    if rank is None or source.plan.kind != "call":
        raise RefusedError(404)
    return Answer(_tone(220 + rank % 440), content_type="audio/wav")


def _tone(pitch_hz: int) -> bytes:
    samples = (
        int(8_000 * math.sin(2 * math.pi * pitch_hz * number / _RATE_HZ))
        for number in range(_RATE_HZ // 10)
    )
    frames = b"".join(struct.pack("<h", sample) for sample in samples)
    out = io.BytesIO()
    with wave.open(out, "wb") as found:
        found.setnchannels(1)
        found.setsampwidth(2)
        found.setframerate(_RATE_HZ)
        found.writeframes(frames)
    return out.getvalue()
