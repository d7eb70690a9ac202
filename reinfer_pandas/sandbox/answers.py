"""What a route gets and gives: the call, the answer, the refusal.

Source: Re:infer API guide, the envelope and its errors.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON = "application/json"


class RefusedError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str, optional
        For the envelope; the status in words where there is none.
    """

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message or f"{status} {HTTPStatus(status).phrase}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request on its way to a route.

    Attributes
    ----------
    names : Mapping of str to str
        What the path's placeholders stand for, decoded.
    params : Mapping of str to list of str
        The query string.
    body : object
        The parsed JSON; ``{}`` where there is none.
    accept : str
        The media types asked for.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, list[str]] = field(default_factory=dict)
    body: Any = field(default_factory=dict)
    accept: str = ""

    def param(self, name: str) -> str | None:
        """Return a query parameter's value, the last where it is repeated."""
        return self.params[name][-1] if self.params.get(name) else None

    def needed(self, name: str) -> str:
        """Return a query parameter that must be there."""
        value = self.param(name)
        if value is None:
            raise RefusedError(400, f"{name!r} is a required property")
        return value

    def flag(self, name: str) -> bool:
        """Return a query parameter that is ``true`` or ``false``."""
        value = self.param(name)
        if value not in {None, "true", "false"}:
            raise RefusedError(400, f"{value!r} is not of type 'boolean'")
        return value == "true"

    def number(self, name: str) -> int | None:
        """Return a query parameter that is a whole number."""
        value = self.param(name)
        if value is None:
            return None
        if not value.isascii() or not value.removeprefix("-").isdigit():
            raise RefusedError(400, f"{value!r} is not of type 'integer'")
        return int(value)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route gives back; ``rows`` counts the records in it."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    rows: int = 0


def ok(**payload: object) -> Answer:
    """Return the envelope of success."""
    rows = max((len(value) for value in payload.values() if isinstance(value, list)), default=0)
    text = json.dumps({"status": "ok", **payload}, ensure_ascii=False)
    return Answer(text.encode("utf-8", "replace"), rows=rows)


def error(status: int, message: str) -> Answer:
    """Return the envelope of failure."""
    return Answer(json.dumps({"status": "error", "message": message}).encode(), status)


def page(key: str, records: Sequence[str], **rest: object) -> Answer:
    """Return the envelope around records that are JSON already, and what else is not None."""
    kept = {name: value for name, value in rest.items() if value is not None}
    tail = json.dumps(kept, ensure_ascii=False)[1:-1]
    text = f'{{"status": "ok", "{key}": [{", ".join(records)}]{", " if tail else ""}{tail}}}'
    return Answer(text.encode("utf-8", "replace"), rows=len(records))


def token(place: int, *scope: str) -> str:
    """Return the opaque continuation for a place in what the scope names."""
    named = "\0".join((*scope, str(place))).encode("utf-8", "surrogatepass")
    digest = blake2b(named, digest_size=16).hexdigest()
    return f"{digest}-{place:016x}"


def place_of(continuation: str, *scope: str) -> int:
    """Return the place that a continuation stands for, or refuse one that isn't ours."""
    digits = continuation.rpartition("-")[2]
    is_hex = bool(digits) and set(digits) <= set("0123456789abcdef")
    place = int(digits, 16) if is_hex else 0
    if token(place, *scope) != continuation:
        raise RefusedError(400, f"{continuation!r} is not a valid continuation")
    return place
