"""Hostile bodies take time and memory in proportion to their bytes, by either way of parsing."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest
from pages import parser

from reinfer_pandas.exceptions import ResponseError

DEEP = 1_500
_COMMENT = (
    b'{"uid":"s.1","id":"1","timestamp":"2024-03-01T10:00:00Z",'
    b'"created_at":"2024-03-01T10:00:00Z","messages":[{"body":{"text":"%s"}}],"x":%s}'
)


def page(text: bytes = b"t", unknown: bytes = b"1", *, end: bytes = b"]}") -> bytes:
    return b'{"status":"ok","comments":[' + _COMMENT % (text, unknown) + end


def nested(inner: bytes) -> bytes:
    return b"[" * DEEP + inner + b"]" * DEEP


HALF = rb"\ud83d"
BODIES: dict[str, Callable[[int], bytes]] = {
    "texts without an end, nested": lambda n: b'{"a":["' * (n // 7),
    "quotes behind deep nesting": lambda n: b'{"a":' + b"[" * DEEP + b'"\\"' * (n // 3),
    "backslashes before deep nesting": lambda n: page(b"\\\\" * (n // 2), nested(b"1")),
    "backslashes before half a character": lambda n: page(b"\\\\" * (n // 2) + HALF),
    "a text behind deep nesting": lambda n: page(unknown=nested(b'"' + b"t" * n + b'"')),
    "deep nesting": lambda n: page(unknown=b"[" * (n // 2) + b"]" * (n // 2)),
    "deep nesting without an end": lambda n: page(unknown=b"[" * n, end=b""),
    "many lists, deep": lambda n: page(unknown=nested(b"[]," * (n // 3) + b"[]")),
    "many objects": lambda n: page(HALF, b"[" + b"{}," * (n // 3) + b"{}]"),
    "half characters": lambda n: page(HALF * (n // 6)),
    "whole characters behind half a one": lambda n: page(HALF + rb"\ud83d\ude00" * (n // 12)),
    "blanks": lambda n: page(HALF, b" " * n + b"1"),
    "the key of user properties": lambda n: page(
        unknown=b"{" + b",".join(b'"user_properties":"%d"' % i for i in range(n // 24)) + b"}"
    ),
    "label names with blanks": lambda n: page(unknown=b'{"name"' + b" " * n + b":1}"),
    "words like numbers": lambda n: page(b"NaN  Inf  " * (n // 10)),
}


def read(body: bytes, *, exact: bool) -> int | str | None:
    made = parser("comment", exact=exact)
    try:
        return made.reshape([made.parse(body)]).num_rows
    except ResponseError as error:
        return error.reason


def took_s(body: bytes, *, exact: bool) -> float:
    """Return the least of some times: others load the machine."""
    times = []
    for _ in range(3):
        start = time.process_time()
        read(body, exact=exact)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("kind", BODIES)
def test_twice_the_bytes_take_twice_the_time(kind: str, exact: bool) -> None:
    small, large = (BODIES[kind](n) for n in (300_000, 600_000))
    assert read(small, exact=exact) == read(large, exact=exact)
    assert took_s(large, exact=exact) <= 3 * took_s(small, exact=exact) + 0.02


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_takes_no_more_than_five_times_its_size(kind: str) -> None:
    body = BODIES[kind](1_000_000)
    read(page(), exact=True)
    tracemalloc.start()
    try:
        read(body, exact=True)
        assert tracemalloc.get_traced_memory()[1] <= 5 * len(body)
    finally:
        tracemalloc.stop()
