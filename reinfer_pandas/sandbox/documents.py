"""New texts as comments: documents and raw e-mails that a request holds.

Source: Re:infer API guide, predictions.
"""

from __future__ import annotations

from email import message_from_string, policy
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import as_array, as_fields, as_object, as_text, required
from reinfer_pandas.sandbox.clock import END_US, timestamp
from reinfer_pandas.sandbox.dice import ident

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DOCUMENTS = 4096


def documents(body: Mapping[str, Any]) -> list[Any]:
    """Return the documents of a request, 1 to 4,096."""
    found = as_array(required(body, "documents"))
    if not 1 <= len(found) <= MAX_DOCUMENTS:
        raise RefusedError(400, f"the list of {len(found)} documents is too short or too long")
    return found


def read_document(value: object) -> dict[str, Any]:
    """Return a text as a comment."""
    found = as_fields(value, ("messages", "timestamp", "user_properties", "text_format"))
    messages = [as_object(message) for message in as_array(required(found, "messages"))]
    for message in messages:
        as_text(required(as_object(required(message, "body")), "text"))
    return {
        "id": ident("document", str(messages)),
        "timestamp": found.get("timestamp") or timestamp(END_US, 4),
        "user_properties": found.get("user_properties") or {},
        "messages": messages,
        "text_format": found.get("text_format") or "plain",
        "attachments": [],
        "thread_id": None,
    }


def read_email(value: object) -> dict[str, Any]:
    """Return a raw e-mail as a comment."""
    found = as_fields(value, ("raw_email", "comment_id", "user_properties"))
    raw = as_fields(required(found, "raw_email"), ("headers", "body", "attachments"))
    headers = as_fields(raw.get("headers"), ("raw", "parsed"))
    given = headers.get("parsed") or dict(
        message_from_string(headers.get("raw") or "", policy=policy.default).items()
    )
    fields = {name.lower(): str(text) for name, text in as_object(given).items()}
    body = as_fields(raw.get("body"), ("plain", "html"))
    message: dict[str, Any] = {"body": {"text": body.get("plain") or ""}}
    if "subject" in fields:
        message["subject"] = {"text": fields["subject"]}
    if "from" in fields:
        message["from"] = fields["from"]
    if "to" in fields:
        message["to"] = [address.strip() for address in fields["to"].split(",")]
    document = {"messages": [message], "user_properties": found.get("user_properties") or {}}
    comment_id = found.get("comment_id")
    return read_document(document) | ({"id": comment_id} if comment_id else {})
