"""Bodies to records to Arrow, with errors that name the record and the key.

`read_page` runs inside the retried call, so that a cut or garbled body is asked for again;
`record_batch` runs after it, in one thread.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from reinfer_pandas._arrow import build, json_texts
from reinfer_pandas._comments import Arrays, annotated_arrays, comment_arrays
from reinfer_pandas._schema import ANNOTATED_COMMENT, COMMENT, Column, Schema
from reinfer_pandas._wire import Envelope, Page
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_DEPTH = 200
"""Values nested deeper than this become null where the parser gives up; no field lies so deep."""

_BOM = b"\xef\xbb\xbf"
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
_JSON_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_page(body: bytes, envelope: Envelope) -> Page:
    """Return the records and the continuation that a 2xx body holds.

    Parameters
    ----------
    body : bytes
        JSON as sent.
    envelope : Envelope
        Where the records are and what they decode to.

    Raises
    ------
    ResponseError
        The body isn't the JSON that the contract describes. Its `reason` tells how: ``empty
        body``, ``not utf-8``, ``not json``, ``wrong envelope``, ``missing key``, ``wrong type``.
    """
    answer = _parse(body, _decoder(envelope))
    if not envelope.records:
        return _whole(answer, envelope)
    if answer.status != "ok":
        raise _wrong_envelope(f"status is {answer.status!r}", answer.message)
    if answer.records is msgspec.UNSET:
        raise ResponseError(f"the key {envelope.records!r} is missing", reason="missing key")
    records = answer.records if isinstance(answer.records, tuple) else (answer.records,)
    return Page(records, answer.cursor or None)


def _whole(answer: dict[str, Any], envelope: Envelope) -> Page:
    if answer.get("status") != "ok":
        raise _wrong_envelope(f"status is {answer.get('status')!r}", answer.get("message"))
    cursor = answer.get(envelope.cursor)
    return Page((answer,), cursor if isinstance(cursor, str) and cursor else None)


def _wrong_envelope(found: str, message: object) -> ResponseError:
    words = f"; the platform says: {message}" if message else ""
    return ResponseError(f"a success whose {found}{words}", reason="wrong envelope")


@cache
def _decoder(envelope: Envelope) -> msgspec.json.Decoder[Any]:
    """Return the decoder of an envelope; where the whole answer is the record, of a dict."""
    if not envelope.records:
        return msgspec.json.Decoder(dict[str, Any])
    fields = [
        ("status", str | None, None),
        ("message", str | None, None),
        ("records", _one_or_many(envelope.record), msgspec.UNSET),
        ("cursor", str | None, None),
    ]
    keys = {"records": envelope.records, "cursor": envelope.cursor or " no cursor"}
    return msgspec.json.Decoder(msgspec.defstruct("Answer", fields, rename=keys, gc=False))


def _one_or_many(record: Any) -> Any:
    """Return the type of a key that holds a record or a list of them, or isn't there."""
    return tuple[record, ...] | record | msgspec.UnsetType


def _parse(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    if not body.strip():
        raise ResponseError("the body is empty", reason="empty body")
    body = body.removeprefix(_BOM)
    try:
        check_utf8(body)
        return _decode_mending(body, decoder)
    except UnicodeDecodeError as error:
        raise ResponseError(f"the body is not UTF-8: {error}", reason="not utf-8") from None
    except msgspec.ValidationError as error:
        raise _breach(error) from None
    except msgspec.DecodeError as error:
        raise ResponseError(f"the body is not JSON: {error}", reason="not json") from None


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


def _decode_mending(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Decode; where that fails, once more without what no parser should stumble over."""
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(prune(body, MAX_DEPTH))
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = replace_lone_surrogates(body)
        if mended == body:
            raise
        return decoder.decode(mended)


def replace_lone_surrogates(body: bytes) -> bytes:
    r"""Replace escapes of half a character by U+FFFD.

    Text that was cut at a fixed length may end in half an emoji; JSON allows it, Unicode doesn't.

    >>> replace_lone_surrogates(rb'"\ud83d \ud83d\ude00 \\ud83d"')
    b'"\\ufffd \\ud83d\\ude00 \\\\ud83d"'
    """
    return _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def prune(body: bytes, depth: int) -> bytes:
    """Replace every value that lies deeper than `depth` by null.

    Markup trees nest without bound, and parsers that recurse give up near 1,000 levels.

    >>> prune(b'{"a": [1, [2, ["3]"]]]}', 2)
    b'{"a": [1, null]}'
    """
    kept: list[bytes] = []
    level = start = 0
    for token in _JSON_TOKENS.finditer(body):
        if token[0] in (b"[", b"{"):
            level += 1
            if level == depth + 1:
                kept += [body[start : token.start()], b"null"]
        elif token[0] in (b"]", b"}"):
            if level == depth + 1:
                start = token.end()
            level -= 1
    return b"".join(kept) + body[start:]


def _breach(error: msgspec.ValidationError) -> ResponseError:
    """Return the error for JSON that isn't what the contract says."""
    text = str(error)
    what, _, where = text.partition(" - at `$")
    if not where:
        return _wrong_envelope(f"JSON isn't an object ({what})", None)
    reason = "missing key" if what.startswith("Object missing") else "wrong type"
    return ResponseError(f"{what}, at {where.strip('.`')}", reason=reason)


def record_batch(
    records: Sequence[Any], schema: Schema, wanted: Callable[[str], bool]
) -> pa.RecordBatch:
    """Return the wanted columns of a page's records.

    Parameters
    ----------
    records : sequence
        Of one page, as `read_page` returns them.
    schema : Schema
        The columns to make.
    wanted : callable
        Tells of a column's name whether it is asked for.

    Raises
    ------
    ResponseError
        A record lacks a key that the contract requires, or holds a value of another type.
    """
    try:
        arrays = _arrays(records, schema, wanted)
    except _UNFIT as error:
        raise _unfit(records, schema, error) from None
    found = {name: array for name, array in arrays.items() if wanted(name)}
    return pa.RecordBatch.from_pydict(found)


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError, AttributeError)


def _arrays(records: Sequence[Any], schema: Schema, wanted: Callable[[str], bool]) -> Arrays:
    if schema is COMMENT:
        return comment_arrays(records, wanted)
    if schema is ANNOTATED_COMMENT:
        return annotated_arrays(records, wanted)
    return {c.name: _column(records, c) for c in schema.columns if wanted(c.name)}


def _column(records: Sequence[dict[str, Any]], column: Column) -> pa.Array:
    values = [record.get(column.key or column.name) for record in records]
    if column.required and None in values:
        key = column.key or column.name
        message = f"record {values.index(None)} lacks the key {key!r}, which the API requires"
        raise ResponseError(message, reason="missing key")
    return json_texts(values) if column.free_form else build(values, column.type)


def _unfit(records: Sequence[Any], schema: Schema, error: Exception) -> ResponseError:
    """Return an error that names the first record that can't become a row."""
    for index, record in enumerate(records):
        try:
            _arrays([record], schema, lambda _: True)
        except _UNFIT as found:
            message = f"record {index} holds a value of another type than the API says: {found}"
            return ResponseError(message, reason="wrong type")
    return ResponseError(f"the records can't be put in columns: {error}", reason="wrong type")
