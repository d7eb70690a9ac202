"""Attachments: what a comment says of them, and their bytes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.dice import pick
from reinfer_pandas.sandbox.threads import CUSTOMER

if TYPE_CHECKING:
    from random import Random

    from reinfer_pandas.sandbox.letters import Brief

_FILES = (
    ("invoice.pdf", "application/pdf", False),
    ("photo.jpg", "image/jpeg", False),
    ("Rechnung März.pdf", "application/pdf", False),
    ("claim: form?.docx", "application/vnd.openxmlformats-officedocument", False),
    ("logo.png", "image/png", True),
)
_OFTEN = frozenset({"Claim > Document", "Claim > Damage > Water", "Claim > Damage > Storm"})


def attachments(draw: Random, brief: Brief, *, uid: str) -> list[dict[str, Any]]:
    """Return what a comment says of its attachments; a fifth were never uploaded."""
    often = brief.role == CUSTOMER and brief.topic.label in _OFTEN
    count = int(draw.random() < (0.7 if often else 0.06))
    if count and draw.random() < 0.25:
        count = 2
    return [_attachment(draw, f"{uid}/{number}") for number in range(count)]


def _attachment(draw: Random, where: str) -> dict[str, Any]:
    name, content_type, inline = pick(draw, _FILES)
    found: dict[str, Any] = {
        "name": name,
        "size": 200 + int(draw.random() * 3_000),
        "content_type": content_type,
    }
    if inline:
        found["inline"] = True
    if draw.random() >= 0.2:
        found["attachment_reference"] = reference(where, found["size"])
        found["content_hash"] = sha256(content(found["attachment_reference"]) or b"").hexdigest()
    return found


def reference(where: str, size: int) -> str:
    """Return the opaque name of an attachment's bytes."""
    return urlsafe_b64encode(f"{size}:{where}".encode()).decode()


def content(reference: str) -> bytes | None:
    """Return the bytes that a reference stands for; None where it stands for nothing."""
    try:
        size, colon, where = urlsafe_b64decode(reference.encode()).decode().partition(":")
    except (Base64Error, UnicodeError):
        return None
    if not colon or not size.isdigit() or int(size) > 10_000:
        return None
    seed = sha256(where.encode()).digest()
    return (b"%PDF-1.4\n" + seed * (int(size) // len(seed) + 1))[: int(size)]
