"""JSON as it really comes: half characters, bottomless trees, bytes that are no text.

All of it takes time and memory in proportion to the bytes, whatever they are: no pattern looks
again at what it has passed, and nothing is kept for each token.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pyarrow as pa

MAX_DEPTH = 200
"""Values nested deeper than this become null where the parser gives up; no field lies so deep."""

_SURROGATES = re.compile(
    rb"(?:\\\\)++|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
_JSON_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def check_utf8(body: bytes) -> None:
    """Check at memory speed that a body is UTF-8; the decoder skips over text that isn't used.

    Raises
    ------
    UnicodeDecodeError
        It isn't.
    """
    if body.isascii():
        return
    offsets = pa.array([0, len(body)], pa.int64()).buffers()[1]
    array = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(body)])
    try:
        array.cast(pa.large_string())
    except pa.ArrowInvalid:
        body.decode()


def decode(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Decode; where that fails, once more without what no parser should stumble over."""
    try:
        return _decode_shallow(body, decoder)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = replace_lone_surrogates(body)
        if mended == body:
            raise
        return _decode_shallow(mended, decoder)


def _decode_shallow(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Decode; where the parser gives up on the depth, without what lies deeper than any field."""
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(prune(body, MAX_DEPTH))


def replace_lone_surrogates(body: bytes) -> bytes:
    r"""Replace escapes of half a character by U+FFFD.

    Text that was cut at a fixed length may end in half an emoji; JSON allows it, Unicode doesn't.

    >>> replace_lone_surrogates(rb'"\ud83d \ud83d\ude00 \\ud83d"')
    b'"\\ufffd \\ud83d\\ude00 \\\\ud83d"'
    """
    mended = bytearray(body)
    for found in _SURROGATES.finditer(body):
        if found[1]:
            mended[found.start() : found.end()] = rb"\ufffd"
    return bytes(mended)


def prune(body: bytes, depth: int) -> bytes:
    """Replace every value that lies deeper than `depth` by null.

    Markup trees nest without bound, and parsers that recurse give up near 1,000 levels.

    >>> prune(b'{"a": [1, [2, ["3]"]]]}', 2)
    b'{"a": [1, null]}'
    """
    kept = bytearray()
    level = start = 0
    for token in _JSON_TOKENS.finditer(body):
        mark = body[token.start()]
        if mark in b"[{":
            level += 1
            if level == depth + 1:
                kept += body[start : token.start()]
                kept += b"null"
        elif mark in b"]}":
            if level == depth + 1:
                start = token.end()
            level -= 1
    if level <= depth:  # else there is no end to what is left out
        kept += body[start:]
    return bytes(kept)
