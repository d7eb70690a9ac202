"""New texts as comments: documents and raw e-mails that a request holds.

Source: Re:infer API guide, predictions.
"""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import (
    as_array,
    as_fields,
    as_instant_us,
    as_object,
    as_option,
    as_text,
    required,
)
from reinfer_pandas.sandbox.clock import END_US, SECOND_US, timestamp
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
    messages = [_read_message(message) for message in as_array(required(found, "messages"))]
    at = as_text(found.get("timestamp"), timestamp(END_US, 4))
    as_instant_us(at)
    properties = found.get("user_properties")
    return {
        "id": ident("document", str(messages)),
        "timestamp": at,
        "user_properties": {} if properties is None else as_object(properties),
        "messages": messages,
        "text_format": as_option(found.get("text_format") or "plain", ("plain", "markdown")),
        "attachments": [],
        "thread_id": None,
    }


def _read_message(value: object) -> dict[str, Any]:
    message = as_object(value)
    required(message, "body")
    for part in ("body", "subject", "signature"):
        if part in message:
            as_text(required(as_object(message[part]), "text"))
    return message


def read_email(value: object) -> dict[str, Any]:
    """Return a raw e-mail as a comment."""
    found = as_fields(value, ("raw_email", "comment_id", "user_properties"))
    raw = as_fields(required(found, "raw_email"), ("headers", "body", "attachments"))
    fields = _read_headers(raw.get("headers"))
    body = as_fields(raw.get("body"), ("plain", "html"))
    message: dict[str, Any] = {"body": {"text": as_text(body.get("plain"), "")}, "language": "en"}
    if "subject" in fields:
        message["subject"] = {"text": fields["subject"]}
    if "from" in fields:
        message["from"] = fields["from"]
    if "to" in fields:
        message["to"] = [address.strip() for address in fields["to"].split(",")]
    if "date" in fields:
        message["sent_at"] = _sent_at(fields["date"])
    document = read_document(
        {"messages": [message], "user_properties": found.get("user_properties")}
    )
    return {**document, "id": as_text(found.get("comment_id"), document["id"])}


def _read_headers(value: object) -> dict[str, str]:
    """Return an e-mail's headers, parsed already or not, by their names in lower case."""
    found = as_fields(value, ("raw", "parsed"))
    if found.get("parsed") is not None:
        parsed = as_object(found["parsed"])
    else:
        parsed = dict(message_from_string(as_text(found.get("raw"), ""), policy=default).items())
    return {name.lower(): str(text) for name, text in parsed.items()}


def _sent_at(date: str) -> str:
    """Return the time of a header, as the platform writes it."""
    try:
        at = parsedate_to_datetime(date)
    except ValueError as error:
        raise RefusedError(422, f"The value {date!r} is not a valid date.") from error
    return timestamp(int(at.timestamp()) * SECOND_US, 4)
