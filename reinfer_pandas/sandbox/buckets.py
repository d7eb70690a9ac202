"""The routes of buckets, their e-mails, and how far their synchronisation has got.

Source: Re:infer API guide, buckets.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok, place_of, token
from reinfer_pandas.sandbox.checks import as_fields, as_limit, as_text, required
from reinfer_pandas.sandbox.clock import DAY_US, END_US, SECOND_US, START_US, timestamp
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.plans import BUCKETS, BucketPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.source import Source
    from reinfer_pandas.sandbox.world import World

DEFAULT_PAGE, MAX_PAGE = 64, 256
_END = "\r\n"
COUNTED_UP_TO = 2_000  # the platform stops counting somewhere


def _record(plan: BucketPlan) -> dict[str, Any]:
    made = timestamp(START_US - 40 * DAY_US, 4)
    return {
        "id": plan.id,
        "owner": plan.project,
        "name": plan.name,
        "title": plan.title,
        "created_at": made,
        "updated_at": made,
    }


def _asked_bucket(call: Call) -> BucketPlan:
    """Return the bucket that a path names or whose id it holds."""
    names = call.names
    for plan in BUCKETS:
        is_named = (plan.project, plan.name) == (names.get("owner"), names.get("name"))
        if is_named or plan.id == names.get("id"):
            return plan
    raise RefusedError(404)


def list_buckets(world: World, call: Call) -> Answer:
    """Answer with all buckets, or those of a project."""
    owner = call.names.get("owner")
    if owner:
        world.project(owner)
    return ok(buckets=[_record(plan) for plan in BUCKETS if owner in {None, plan.project}])


def get_bucket(_world: World, call: Call) -> Answer:
    """Answer with one bucket."""
    return ok(bucket=_record(_asked_bucket(call)))


def get_statistics(world: World, call: Call) -> Answer:
    """Answer with how many e-mails a bucket holds, or that they are many."""
    held = len(world.tenant.sources[_asked_bucket(call).source])
    kind = "exact" if held <= COUNTED_UP_TO else "lower_bound"
    return ok(statistics={"count": {"kind": kind, "value": min(held, COUNTED_UP_TO)}})


# e-mails


def list_emails(world: World, call: Call) -> Answer:
    """Answer with a page of a bucket's e-mails."""
    plan = _asked_bucket(call)
    source = world.tenant.sources[plan.source]
    body = as_fields(call.body, ("limit", "continuation"))
    limit = as_limit(body.get("limit"), default=DEFAULT_PAGE, maximum=MAX_PAGE)
    cursor = body.get("continuation")
    start = 0 if cursor is None else place_of(as_text(cursor), plan.id)
    end = min(start + limit, len(source))
    emails = [_email(source, rank) for rank in range(start, end)]
    rest = {"continuation": token(end, plan.id)} if end < len(source) else {}
    return ok(emails=emails, **rest)


def find_email(world: World, call: Call) -> Answer:
    """Answer with the e-mail that has an id, as a list of one or none."""
    source = world.tenant.sources[_asked_bucket(call).source]
    wanted = call.needed("id")
    digits = wanted.removeprefix("<").partition("@")[0]
    rank = source.rank_of("".join((source.plan.id_frame[0], digits, source.plan.id_frame[1])))
    is_ours = rank is not None and _message_id(source, rank) == wanted
    return ok(emails=[_email(source, rank)] if rank is not None and is_ours else [])


def _message_id(source: Source, rank: int) -> str:
    before, after = source.plan.id_frame
    digits = source.id_of(rank).removeprefix(before).removesuffix(after)
    return f"<{digits}@mail.{source.plan.project}.example>"


def _email(source: Source, rank: int) -> dict[str, Any]:
    """Return the e-mail that a comment was made from."""
    comment = source.write(rank).comment
    mime = _mime(source, rank, comment["messages"][0])
    return {
        "id": _message_id(source, rank),
        "mailbox": source.mailbox,
        "timestamp": comment["timestamp"],
        "mime_content": mime,
        "metadata": None if rank % 50 == 49 else _metadata(source, rank, mime, comment),
        "attachments": comment["attachments"],
        "created_at": None if rank % 40 == 39 else comment["created_at"],
        "updated_at": None,
    }


def _mime(source: Source, rank: int, message: Mapping[str, Any]) -> str:
    """Write an e-mail as it came, before any translation."""
    lines = [f"From: {message['from']}", f"To: {', '.join(message['to'])}"]
    if "cc" in message:
        lines.append(f"Cc: {', '.join(message['cc'])}")
    if "subject" in message:
        subject = Header(_original(message["subject"]), None, header_name="Subject")
        lines.append(f"Subject: {subject.encode(linesep=_END)}")
    texts = [_original(message[part]) for part in ("body", "signature") if part in message]
    text = b64encode("\n\n".join(texts).replace("\n", _END).encode()).decode()
    lines += [
        f"Date: {format_datetime(datetime.fromtimestamp(source.at_us(rank) // SECOND_US, UTC))}",
        f"Message-ID: {_message_id(source, rank)}",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
        "",
        *(text[start : start + 76] for start in range(0, len(text), 76)),
        "",
    ]
    return _END.join(lines)


def _original(content: Mapping[str, str]) -> str:
    return content.get("translated_from", content["text"])


def _metadata(source: Source, rank: int, mime: str, comment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sensitivity": None,
        "size": len(mime.encode()),
        "categories": ["Red category"] if rank % 11 == 0 else [],
        "importance": "High" if rank % 13 == 0 else "Normal",
        "has_attachments": bool(comment["attachments"]),
        "conversation_id": source.thread_id(rank),
        "conversation_topic": None,
        "is_read": rank % 3 > 0,
        "folder": ["Inbox"] if rank % 5 else ["Inbox", "Done"],
        "received_at": comment["timestamp"] if rank % 2 else None,
    }


# synchronisation


def list_sync_states(world: World, call: Call) -> Answer:
    """Answer with how far each folder and mailbox of a bucket has got."""
    plan = _asked_bucket(call)
    return ok(keyed_sync_states=[state for _, state in _sync_states(world, plan)])


def list_sync_state_ids(world: World, call: Call) -> Answer:
    """Answer with the keys of a mailbox's states."""
    plan = _asked_bucket(call)
    mailbox = as_text(required(as_fields(call.body, ("mailbox_name",)), "mailbox_name"))
    states = _sync_states(world, plan)
    return ok(
        keyed_sync_state_ids=[key for key, state in states if state["mailbox_name"] == mailbox]
    )


def get_sync_state(world: World, call: Call) -> Answer:
    """Answer with the state of one folder or mailbox."""
    for key, state in _sync_states(world, _asked_bucket(call)):
        if key == call.names["key"]:
            return ok(keyed_sync_state=state)
    raise RefusedError(404)


def _sync_states(world: World, plan: BucketPlan) -> list[tuple[str, dict[str, Any]]]:
    mailbox, synced = world.tenant.sources[plan.source].mailbox, timestamp(END_US, 4)
    folder: dict[str, Any] = {
        "mailbox_name": mailbox,
        "folder_id": f"AAMk{plan.id[:6]}",
        "folder_path": ["Inbox", "Done"],
        "status": "UP_TO_DATE",
        "synced_until": synced,
        "last_synced_at": synced,
        "fingerprint": None,
    }
    whole: dict[str, Any] = {
        "mailbox_name": f"old-{mailbox}",
        "status": "IN_PROGRESS",
        "synced_until": None,
        "last_synced_at": synced,
    }
    return [(ident("sync", state["mailbox_name"]), state) for state in (folder, whole)]


def get_bucket_sync_state(_world: World, call: Call) -> Answer:
    """Answer with how far a bucket has got as a whole."""
    synced = timestamp(END_US, 4)
    state = f"cursor-{_asked_bucket(call).id}"
    return ok(sync_state=state, progress_timestamp=synced, last_synced_at=synced)
