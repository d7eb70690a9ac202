"""The kinds of faults, as tables: each turns the right reply into a wrong one.

Source: RFC 9110 and RFC 9112 for what an HTTP server may do; Re:infer API guide for the rest.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.answers import JSON, error, token
from reinfer_pandas.sandbox.replies import Reply, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reinfer_pandas.sandbox.faults import Fault

_HTML = """<html>
<head><title>{status} {reason}</title></head>
<body><center><h1>{status} {reason}</h1></center><hr><center>nginx</center></body>
</html>
"""
_CURSORS = ("continuation", "after")
_SIDE_TABLES = frozenset({"entity_defs", "thread_properties"})
_DEPTH = 100_000


class _Answer(NamedTuple):
    """A kind that answers something else."""

    doc: str
    make: Callable[[Reply, Fault], Reply]


class _Body(NamedTuple):
    """A kind that changes the JSON text."""

    doc: str
    change: Callable[[bytes], bytes]


class _Page(NamedTuple):
    """A kind that changes the parsed JSON."""

    doc: str
    change: Callable[[dict[str, Any]], dict[str, Any]]


# instead of the answer


def _status(reply: Reply, fault: Fault) -> Reply:
    status = fault.status or 503
    body = error(status, fault.message or f"{status} {reason(status)}").body
    return replace(reply, status=status, body=body, content_type=JSON)


def _html(reply: Reply, fault: Fault) -> Reply:
    status = fault.status or 502
    body = _HTML.format(status=status, reason=reason(status)).encode()
    return replace(reply, status=status, body=body, content_type="text/html", timing=None)


def _redirect(reply: Reply, fault: Fault) -> Reply:
    headers = {**reply.headers, "Location": fault.value or ""}
    return replace(reply, status=fault.status or 302, body=b"", headers=headers)


def _error_as_ok(reply: Reply, fault: Fault) -> Reply:
    body = error(500, fault.message or "something failed").body
    return replace(reply, status=fault.status or 200, body=body)


def _ok_as_error(reply: Reply, fault: Fault) -> Reply:
    return replace(reply, status=fault.status or 500)


def _big(reply: Reply, fault: Fault) -> Reply:
    return replace(reply, body=reply.body.ljust(fault.size_bytes))


def _no_timing(reply: Reply, _fault: Fault) -> Reply:
    return replace(reply, timing=None)


def _timing(reply: Reply, fault: Fault) -> Reply:
    return replace(reply, timing=fault.value or "total;dur=many")


def _repeat(reply: Reply, _fault: Fault) -> Reply:
    if reply.sent_cursor is None:
        return reply
    found = _with_cursor(json.loads(reply.body), reply.sent_cursor)
    return replace(reply, body=json.dumps(found).encode())


_ANSWERS: Mapping[str, _Answer] = {
    "status": _Answer("The platform's own error (503), in its envelope.", _status),
    "html": _Answer("A gateway's error page (502), without Server-Timing.", _html),
    "redirect": _Answer("A redirect (302) to value, or to where it came from.", _redirect),
    "error as ok": _Answer("An error's envelope with a status of success.", _error_as_ok),
    "ok as error": _Answer("The right envelope with a status of failure (500).", _ok_as_error),
    "big": _Answer("The JSON, padded with blanks to size_bytes.", _big),
    "no server timing": _Answer("The answer without Server-Timing.", _no_timing),
    "server timing": _Answer("The answer with value as its Server-Timing.", _timing),
    "repeat continuation": _Answer("The continuation that the request held, again.", _repeat),
}


# the JSON text, changed


def _prefixed(extra: bytes) -> Callable[[bytes], bytes]:
    """Return the change that puts one more member at the head of the envelope."""
    return lambda body: b"{" + extra + b", " + body[1:]


def _only(text: bytes) -> Callable[[bytes], bytes]:
    """Return the change that leaves nothing of the body."""
    return lambda _body: text


_BODIES: Mapping[str, _Body] = {
    "empty": _Body("No body at all.", _only(b"")),
    "garbage": _Body("Bytes that are no JSON.", _only(b'\x00\xff{"status": ok, \xfe]}')),
    "truncated": _Body("Half of the JSON, as a whole body.", lambda body: body[: len(body) // 2]),
    "not utf-8": _Body("JSON with a string that isn't UTF-8.", _prefixed(b'"note": "\xff\xfe"')),
    "deep": _Body(
        f"JSON with {_DEPTH:,} lists in each other.",
        _prefixed(b'"deep": ' + b"[" * _DEPTH + b"]" * _DEPTH),
    ),
    "not a number": _Body("JSON with NaN, which JSON hasn't.", _prefixed(b'"x": [NaN, Infinity]')),
    "huge number": _Body("JSON with 1e400, beyond any float.", _prefixed(b'"x": 1e400')),
    "duplicate key": _Body("JSON with its status twice.", _prefixed(b'"status": "error"')),
}


# the parsed JSON, changed


def _with_cursor(found: dict[str, Any], cursor: str) -> dict[str, Any]:
    held = [name for name in _CURSORS if name in found]
    return found | dict.fromkeys(held, cursor)


def _with_records(
    change: Callable[[list[Any]], list[Any]],
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the change of an envelope that changes its records."""
    return lambda found: {
        name: change(value) if isinstance(value, list) and name not in _SIDE_TABLES else value
        for name, value in found.items()
    }


def _without_records(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if not isinstance(value, (list, dict))}


def _without_cursor(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in _CURSORS}


_PAGES: Mapping[str, _Page] = {
    "missing key": _Page("The envelope without its records.", _without_records),
    "unknown continuation": _Page(
        "A continuation that the server won't know.",
        lambda found: _with_cursor(found, token(0, "nowhere")),
    ),
    "no continuation": _Page("A page in the middle that claims to be the last.", _without_cursor),
    "empty page": _Page(
        "No records, and the continuation all the same.", _with_records(lambda records: records[:0])
    ),
    "duplicate rows": _Page(
        "The first record again at the end.", _with_records(lambda records: records + records[:1])
    ),
    "reversed rows": _Page(
        "The records the other way round.", _with_records(lambda records: records[::-1])
    ),
}


# the connection: what `wire` does with a right reply

DELIVERIES: Mapping[str, str] = {
    "reset": "The connection is reset before the answer.",
    "close": "The connection is closed before the answer.",
    "reset in headers": "The connection is reset within the headers.",
    "reset in body": "The connection is reset within the body.",
    "stall": "Nothing for so many seconds, then the answer.",
    "stall in body": "Half of the body, nothing for so many seconds, then the rest.",
    "drip": "The body in small pieces, over so many seconds.",
    "cut off": "Half of the body that Content-Length promised.",
    "cut off chunked": "A chunked body that ends without its last chunk.",
    "cut off silently": "Half of a body without Content-Length, up to the connection's end.",
    "bad gzip": "A body that says gzip, and is broken.",
}
KINDS: Mapping[str, str] = {
    **{name: kind.doc for name, kind in _ANSWERS.items()},
    **{name: kind.doc for name, kind in _BODIES.items()},
    **{name: kind.doc for name, kind in _PAGES.items()},
    **DELIVERIES,
}


# a request that one of these hits is not carried out; one that another hits is, in silence
UNHEARD = frozenset({"status", "html", "redirect"})


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Return the reply as a fault leaves it."""
    spoilt = _spoil(reply, fault)
    if fault.retry_after is None:
        return spoilt
    return replace(spoilt, headers={**spoilt.headers, "Retry-After": str(fault.retry_after)})


def _spoil(reply: Reply, fault: Fault) -> Reply:
    if fault.kind in _ANSWERS:
        return _ANSWERS[fault.kind].make(reply, fault)
    status = fault.status or reply.status
    if fault.kind in DELIVERIES:
        return replace(reply, status=status, delivery=fault.kind, seconds=fault.seconds)
    if fault.kind in _BODIES:
        return replace(reply, status=status, body=_BODIES[fault.kind].change(reply.body))
    if reply.content_type != JSON:
        return reply
    found = _PAGES[fault.kind].change(json.loads(reply.body))
    return replace(reply, status=status, body=json.dumps(found).encode())
